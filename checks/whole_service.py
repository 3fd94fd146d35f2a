"""A machine that may do everything in a service.

What it does
    Finds machines that are granted all actions of a service (`s3:*`), by a statement or by one of AWS's FullAccess
    policies: on everything, or, less bad, on resources that are named.  So is every action (`*`) on resources that are
    named, and a grant of everything under a condition that narrows it.
    A policy of which the code does not show who gets it is judged too, one step less severe.

Why it matters
    Deleting, opening to the public and changing policies are in it, which hardly any workload does.

Fix
    Grant the actions that it calls, on the resources it calls them on.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy.telling import findings

RULE = Rule(
    "RC304",
    "whole-service",
    "excess-privilege",
    "high",
    "a machine may do everything in a service",
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
        "checkov": ("CKV_AWS_49", "CKV_AWS_63", "CKV2_AWS_40"),
        "trivy": ("AWS-0345", "AWS-0346"),
    },
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each principal, and for each policy whose principal is not seen."""
    for idea in ("services", "any-action", "everything-narrowed"):
        yield from findings(model, RULE, idea, "grant the actions that it calls, on what it calls them on")


BAD = (
    Example(
        "all of S3",
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
      { # <- RC304
        Effect   = "Allow"
        Action   = ["s3:*"]
        Resource = "*"
      },
    ]
  })
}
"""
        },
    ),
    Example(
        "AWS's policy for it",
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
      ManagedPolicyArns:
        - arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess # <- RC304
"""
        },
    ),
)

GOOD = (
    Example(
        "what it calls",
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
        Action   = ["s3:GetObject", "s3:PutObject"]
        Resource = "arn:aws:s3:::uploads/*"
      },
    ]
  })
}
"""
        },
    ),
    Example(
        "a policy for its kind of workload",
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
      ManagedPolicyArns:
        - arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole
"""
        },
    ),
)
