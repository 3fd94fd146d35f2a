"""A machine that may make credentials that do not expire.

What it does
    Finds machines that may make access keys, passwords, service-specific credentials or SSH keys for named users.
    Where they may for every user, that is a finding of privilege-escalation instead; a user that renews its own key is
    none.
    A policy of which the code does not show who gets it is judged too, one step less severe.

Why it matters
    Every such key is one more that somebody has to find, rotate and take back, and it outlives the machine's own login.

Fix
    Hand out roles rather than users; where keys must be made, let one place make them, for users below one path.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy.telling import findings

RULE = Rule(
    "RC307",
    "makes-lasting-credentials",
    "excess-privilege",
    "medium",
    "a machine may make credentials that do not expire",
    controls=(
        "NIST 800-53 AC-6",
        "NIST 800-53 AC-6(1)",
        "PCI DSS 7.2.5",
        "ISO 27001 A.8.2",
        "OWASP NHI5",
        "NIST 800-53 IA-5",
        "OWASP NHI7",
        "ATT&CK T1098.001",
    ),
    level_now="W",
    level_target="L5",
    equivalents={
        "checkov": (
            "CKV_AWS_107",
            "CKV_AWS_287",
        )
    },
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each principal, and for each policy whose principal is not seen."""
    yield from findings(model, RULE, "lasting", "hand out roles rather than users with keys")


BAD = (
    Example(
        "keys for a path of users",
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
      { # <- RC307
        Effect   = "Allow"
        Action   = ["iam:CreateAccessKey", "iam:DeleteAccessKey"]
        Resource = "arn:aws:iam::111122223333:user/tenants/*"
      },
    ]
  })
}
"""
        },
    ),
    Example(
        "a password",
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
              - Effect: Allow # <- RC307
                Action:
                  - iam:CreateServiceSpecificCredential
                Resource: arn:aws:iam::111122223333:user/git
"""
        },
    ),
)

GOOD = (
    Example(
        "its own key",
        {
            "main.tf": """\
resource "aws_iam_user" "relay" {
  name = "relay"
}

resource "aws_iam_access_key" "relay" {
  user = aws_iam_user.relay.name
}

resource "aws_iam_user_policy" "relay" {
  user = aws_iam_user.relay.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["iam:CreateAccessKey", "iam:DeleteAccessKey"]
      Resource = aws_iam_user.relay.arn
    }]
  })
}
"""
        },
    ),
    Example(
        "looking at keys",
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
                  - iam:ListAccessKeys
                  - iam:GetAccessKeyLastUsed
                Resource: "*"
"""
        },
    ),
)
