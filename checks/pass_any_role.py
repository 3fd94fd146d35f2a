"""A machine that may pass every role to every service.

What it does
    Finds iam:PassRole on every role without `iam:PassedToService`.  Where a known way to use it is granted as well,
    that is a finding of privilege-escalation instead.
    A policy of which the code does not show who gets it is judged too, one step less severe.

Why it matters
    The first service that the machine is allowed to start something in gives it any role of the account.

Fix
    Name the roles, and the service that they are passed to.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy.telling import findings

RULE = Rule(
    "RC303",
    "pass-any-role",
    "excess-privilege",
    "high",
    "a machine may pass every role",
    controls=(
        "NIST 800-53 AC-6",
        "NIST 800-53 AC-6(1)",
        "PCI DSS 7.2.5",
        "ISO 27001 A.8.2",
        "OWASP NHI5",
    ),
    level_now="W",
    level_target="L5",
    equivalents={"trivy": ("AWS-0342",), "kics": ("e39bee8c-fe54-4a3f-824d-e5e2d1cca40a",)},
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each principal, and for each policy whose principal is not seen."""
    yield from findings(
        model, RULE, "pass-role", "name the roles that it passes, and the service with iam:PassedToService"
    )


BAD = (
    Example(
        "every role",
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
      { # <- RC303
        Effect   = "Allow"
        Action   = ["iam:PassRole"]
        Resource = "*"
      },
    ]
  })
}
"""
        },
    ),
    Example(
        "every role of the account",
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
              - Effect: Allow # <- RC303
                Action:
                  - iam:PassRole
                Resource: !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:role/*
"""
        },
    ),
)

GOOD = (
    Example(
        "one service",
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
        Action   = ["iam:PassRole"]
        Resource = "*"
        Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
      },
    ]
  })
}
"""
        },
    ),
    Example(
        "some roles",
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
                  - iam:PassRole
                Resource: !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:role/tasks/*
"""
        },
    ),
)
