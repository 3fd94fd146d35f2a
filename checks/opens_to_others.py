"""A principal that may open every resource of a kind to others.

What it does
    Finds actions that manage permissions (bucket and queue policies, grants on keys, shares, function permissions) and
    are allowed on all resources.  Those that raise its own rights are a finding of privilege-escalation, and whole
    services one of their own.

Why it matters
    One call makes a bucket public or gives another account a key, and the thief does not even have to stay.

Fix
    Name the resources whose policies it manages.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy.telling import findings

RULE = Rule(
    "RC311",
    "permissions-on-everything",
    "excess-privilege",
    "high",
    "a principal may change who else may use every resource of a kind",
    controls=(
        "NIST 800-53 AC-6",
        "NIST 800-53 AC-6(1)",
        "PCI DSS 7.2.5",
        "ISO 27001 A.8.2",
        "OWASP NHI5",
        "ATT&CK T1098",
    ),
    level_now="W",
    level_target="L5",
    equivalents={
        "checkov": (
            "CKV_AWS_109",
            "CKV_AWS_289",
        ),
    },
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each principal, and for each policy whose principal is not seen."""
    yield from findings(model, RULE, "rights", "name the resources whose permissions it manages")


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
      { # <- RC311
        Effect   = "Allow"
        Action   = ["s3:PutBucketPolicy"]
        Resource = "*"
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
data "aws_iam_policy_document" "shared" { # <- RC311
  statement {
    effect    = "Allow"
    actions   = ["sqs:AddPermission", "sns:AddPermission", "lambda:AddPermission", "s3:PutBucketPolicy"]
    resources = ["*"]
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
  Policy: # <- RC311
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: ['sqs:AddPermission', 'sns:AddPermission']
            Resource: "*"
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
        Effect   = "Allow"
        Action   = ["s3:PutBucketPolicy"]
        Resource = "arn:aws:s3:::site"
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
    effect    = "Allow"
    actions   = ["s3:GetBucketPolicy"]
    resources = ["*"]
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
            Action: sqs:AddPermission
            Resource: arn:aws:sqs:eu-west-2:111122223333:jobs
"""
        },
    ),
)
