"""A machine that may change every resource of a kind.

What it does
    Finds actions that write, tag or manage permissions, could be confined to a resource, and are allowed on all.  What
    can only be allowed on `*`, and what every workload of its kind is told to allow on `*` (logs, traces, metrics, the
    network interfaces of a function), is left out; so are whole services, which are a finding of their own.
    A policy of which the code does not show who gets it is judged too, one step less severe.

Why it matters
    One mistake, or one stolen key, reaches everything in the account that is of the same kind.

Fix
    Name the resources, or require a tag that they carry.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy.telling import findings

RULE = Rule(
    "RC305",
    "changes-on-everything",
    "excess-privilege",
    "high",
    "a machine may change every resource of a kind",
    controls=(
        "NIST 800-53 AC-6",
        "NIST 800-53 AC-6(1)",
        "PCI DSS 7.2.5",
        "ISO 27001 A.8.2",
        "OWASP NHI5",
    ),
    level_now="W",
    level_target="L5",
    equivalents={
        "checkov": (
            "CKV_AWS_111",
            "CKV_AWS_290",
            "CKV_AWS_355",
            "CKV_AWS_356",
        )
    },
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each principal, and for each policy whose principal is not seen."""
    yield from findings(model, RULE, "changes", "name the resources that it changes, or require a tag of theirs")


BAD = (
    Example(
        "every table and queue",
        {
            "main.tf": """\
resource "aws_iam_role" "worker" {
  name = "worker"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "worker" {
  role = aws_iam_role.worker.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { # <- RC305
        Effect   = "Allow"
        Action   = ["dynamodb:PutItem", "dynamodb:DeleteItem", "sqs:SendMessage", "sqs:DeleteMessage"]
        Resource = "*"
      },
    ]
  })
}
"""
        },
    ),
    Example(
        "every bucket",
        {
            "stack.yaml": """\
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal:
              Service: lambda.amazonaws.com
            Action: sts:AssumeRole
      Policies:
        - PolicyName: own
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow # <- RC305
                Action:
                  - s3:PutObject
                Resource: arn:aws:s3:::*
"""
        },
    ),
)

GOOD = (
    Example(
        "one table",
        {
            "main.tf": """\
resource "aws_iam_role" "worker" {
  name = "worker"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "worker" {
  role = aws_iam_role.worker.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["dynamodb:PutItem", "dynamodb:DeleteItem"]
        Resource = "arn:aws:dynamodb:eu-west-2:111122223333:table/jobs"
      },
    ]
  })
}
"""
        },
    ),
    Example(
        "what only goes on everything",
        {
            "stack.yaml": """\
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal:
              Service: lambda.amazonaws.com
            Action: sts:AssumeRole
      Policies:
        - PolicyName: own
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action:
                  - logs:CreateLogGroup
                  - logs:PutLogEvents
                  - xray:PutTraceSegments
                  - cloudwatch:PutMetricData
                  - ec2:DescribeInstances
                  - ec2:CreateNetworkInterface
                Resource: "*"
"""
        },
    ),
)
