"""A policy that allows changes on every resource but those that it names.

What it does
    Finds statements that allow actions which change something with `NotResource`.  Where such a statement also opens a
    way to more rights, that is the finding.

Why it matters
    Every resource that is made later is allowed too, and so is every one of another kind that the actions fit.

Fix
    Name the resources in `Resource`.  To keep a few out, use a Deny on them.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy.telling import findings

RULE = Rule(
    "RC309",
    "allow-with-not-resource",
    "excess-privilege",
    "high",
    "a policy allows changes everywhere but on a few resources",
    controls=(
        "NIST 800-53 AC-6",
        "NIST 800-53 AC-6(1)",
        "PCI DSS 7.2.5",
        "ISO 27001 A.8.2",
        "OWASP NHI5",
    ),
    level_now="W",
    level_target="L5",
    equivalents={},
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each principal, and for each policy whose principal is not seen."""
    yield from findings(model, RULE, "not-resource", "name the resources in Resource, and keep others out by a Deny")


BAD = (
    Example(
        "a machine's role",
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
      { # <- RC309
        Effect   = "Allow"
        Action   = ["s3:PutObject", "s3:DeleteObject"]
        NotResource = "arn:aws:s3:::audit/*"
      },
    ]
  })
}
"""
        },
    ),
    Example(
        "a document that others take",
        {
            "main.tf": """\
data "aws_iam_policy_document" "shared" { # <- RC309
  statement {
    effect        = "Allow"
    actions       = ["sqs:DeleteQueue"]
    not_resources = ["arn:aws:sqs:eu-west-2:111122223333:jobs"]
  }
}

output "policy" {
  value = data.aws_iam_policy_document.shared.json
}
"""
        },
    ),
    Example(
        "a managed policy",
        {
            "stack.yaml": """\
Resources:
  Policy: # <- RC309
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: dynamodb:DeleteTable
            NotResource: arn:aws:dynamodb:eu-west-2:111122223333:table/audit
"""
        },
    ),
)

GOOD = (
    Example(
        "a machine's role",
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
        Effect   = "Deny"
        Action   = ["s3:*"]
        NotResource = "arn:aws:s3:::uploads/*"
      },
    ]
  })
}
"""
        },
    ),
    Example(
        "a document that others take",
        {
            "main.tf": """\
data "aws_iam_policy_document" "shared" {
  statement {
    effect        = "Allow"
    actions       = ["sqs:ListQueues"]
    not_resources = ["arn:aws:sqs:eu-west-2:111122223333:jobs"]
  }
}

output "policy" {
  value = data.aws_iam_policy_document.shared.json
}
"""
        },
    ),
    Example(
        "a managed policy",
        {
            "stack.yaml": """\
Resources:
  Policy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: dynamodb:PutItem
            Resource: arn:aws:dynamodb:eu-west-2:111122223333:table/jobs
"""
        },
    ),
)
