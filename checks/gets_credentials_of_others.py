"""A principal that may get the credentials of others.

What it does
    Finds actions that hand out somebody else's login, allowed on everything: database logins by IAM
    (rds-db:connect, redshift:GetClusterCredentials), an instance's password, federated sessions.

Why it matters
    It is then any user of any database, or whoever it says in the session.

Fix
    Name the database and the user; name the instances.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy.telling import findings

RULE = Rule(
    "RC312",
    "credentials-of-others",
    "excess-privilege",
    "medium",
    "a principal may get the credentials of others",
    controls=(
        "NIST 800-53 AC-6",
        "NIST 800-53 AC-6(1)",
        "PCI DSS 7.2.5",
        "ISO 27001 A.8.2",
        "OWASP NHI5",
        "ATT&CK T1552",
    ),
    level_now="W",
    level_target="L5",
    equivalents={
        "checkov": (
            "CKV_AWS_107",
            "CKV_AWS_287",
        ),
    },
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each principal, and for each policy whose principal is not seen."""
    yield from findings(model, RULE, "sessions", "name the database users and instances")


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
      { # <- RC312
        Effect   = "Allow"
        Action   = ["rds-db:connect"]
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
data "aws_iam_policy_document" "shared" { # <- RC312
  statement {
    effect    = "Allow"
    actions   = ["redshift:GetClusterCredentials"]
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
  Policy: # <- RC312
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: ec2:GetPasswordData
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
        Action   = ["rds-db:connect"]
        Resource = "arn:aws:rds-db:eu-west-2:111122223333:dbuser:cluster-ABCDEFGHIJKL/worker"
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
    actions   = ["ecr:GetAuthorizationToken"]
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
            Action: ec2:GetPasswordData
            Resource: arn:aws:ec2:eu-west-2:111122223333:instance/i-0123456789abcdef0
"""
        },
    ),
)
