"""A principal that may take every role.

What it does
    Finds sts:AssumeRole on every role: `*`, or every role of an account.

Why it matters
    A role that trusts the whole account, or another account that trusts this one, is then its to take, and every such
    role that is made later.

Fix
    Name the roles that it takes.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy.telling import findings

RULE = Rule(
    "RC310",
    "assume-any-role",
    "excess-privilege",
    "high",
    "a principal may take every role that lets it",
    controls=(
        "NIST 800-53 AC-6",
        "NIST 800-53 AC-6(1)",
        "PCI DSS 7.2.5",
        "ISO 27001 A.8.2",
        "OWASP NHI5",
        "ATT&CK T1550.001",
    ),
    level_now="W",
    level_target="L5",
    equivalents={
        "checkov": ("CKV_AWS_61",),
        "kics": (
            "bcdcbdc6-a350-4855-ae7c-d1e6436f7c97",
            "e835bd0d-65da-49f7-b6d1-b646da8727e6",
        ),
    },
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each principal, and for each policy whose principal is not seen."""
    yield from findings(model, RULE, "assume-any", "name the roles that it takes")


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
      { # <- RC310
        Effect   = "Allow"
        Action   = ["sts:AssumeRole"]
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
data "aws_iam_policy_document" "shared" { # <- RC310
  statement {
    effect    = "Allow"
    actions   = ["sts:AssumeRole"]
    resources = ["arn:aws:iam::*:role/*"]
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
  Policy: # <- RC310
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: sts:AssumeRole
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
        Action   = ["sts:AssumeRole"]
        Resource = "arn:aws:iam::111122223333:role/deploy"
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
    actions   = ["sts:GetCallerIdentity"]
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
            Action: sts:AssumeRole
            Resource: arn:aws:iam::111122223333:role/team/reader
"""
        },
    ),
)
