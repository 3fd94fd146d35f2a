"""Permissions that hang on a user itself.

What it does
    Finds IAM users that are given policies directly, inline or attached, by their own block, an attachment or a list of
    users in a policy.  Users that stand for a workload are left to the findings about their keys: they should be roles.

Why it matters
    What one person may do is then told in many places, and stays when that person changes teams.

Fix
    Attach the policy to a group that the user is in, or give people roles through IAM Identity Center.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Related, Rule

RULE = Rule(
    "RC204",
    "policy-on-user",
    "identity-choice",
    "low",
    "a policy hangs on a user itself",
    confidence="medium",
    controls=("NIST 800-53 AC-6", "NIST 800-53 AC-2", "CIS AWS 1.15", "PCI DSS 7.2.2", "ISO 27001 A.5.15"),
    level_now="L2",
    level_target="L4",
    equivalents={
        "checkov": ("CKV_AWS_40",),
        "trivy": ("AWS-0143",),
        "kics": (
            "b4378389-a9aa-44ee-91e7-ef183f11079e",
            "edc95c10-7366-4f30-9b4b-f995c84eceb5",
            "e4239438-e639-44aa-adb8-866e400e3ade",
            "0e5872b4-19a0-4165-8b2f-56d9e14b909f",
        ),
    },
)
_HOW = ("inline", "attached", "managed-list", "exclusive")


def check(model: Model) -> Iterator[Finding]:
    """One finding for each block that gives a user something."""
    seen: set[tuple[str, int]] = set()
    for grant in model.every_grant():
        if grant.principal_kind != "user" or grant.how not in _HOW or grant.level or grant.site.declaration in seen:
            continue
        identity = model.identities.get(grant.principal)
        if identity is not None and (
            identity.cloud != "aws" or identity.nature == "machine" or model.credentials_of(identity)
        ):
            continue
        if not grant.site.type.startswith(("aws_iam_", "AWS::IAM::")):
            continue
        if identity is not None and identity.library and identity.gate is not None:
            continue
        seen.add(grant.site.declaration)
        own = identity is not None and identity.site.id == grant.site.id
        who = identity.site.address if identity is not None else f"user {grant.label}"
        yield RULE.finding(
            f"{who} has policies of its own" if own else f"{grant.site.address} gives permissions to {who} itself",
            grant.site.span,
            grant.site.address,
            identity=identity.site.address if identity is not None else "",
            related=(Related(identity.site.header, "the user"),) if identity is not None and not own else (),
            key=f"{grant.site.address} policy-on-user",
            help="attach the policy to a group, or give people roles",
        )


BAD = (
    Example(
        "an attachment and an inline policy",
        {
            "main.tf": """\
resource "aws_iam_user" "jane" {
  name = "jane.doe"
}

resource "aws_iam_user_policy_attachment" "jane" { # <- RC204
  user       = aws_iam_user.jane.name
  policy_arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
}

resource "aws_iam_user_policy" "jane" { # <- RC204
  user = aws_iam_user.jane.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::reports/*" }]
  })
}
"""
        },
    ),
    Example(
        "a user with policies, and a policy with users",
        {
            "stack.yaml": """\
Resources:
  Jane: # <- RC204
    Type: AWS::IAM::User
    Properties:
      ManagedPolicyArns:
        - arn:aws:iam::aws:policy/ReadOnlyAccess
  Reports: # <- RC204
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: reports
      Users:
        - jane.doe
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: s3:GetObject
            Resource: arn:aws:s3:::reports/*
"""
        },
    ),
)

GOOD = (
    Example(
        "by a group",
        {
            "main.tf": """\
resource "aws_iam_user" "jane" {
  name = "jane.doe"
}

resource "aws_iam_group" "readers" {
  name = "readers"
}

resource "aws_iam_user_group_membership" "jane" {
  user   = aws_iam_user.jane.name
  groups = [aws_iam_group.readers.name]
}

resource "aws_iam_group_policy_attachment" "readers" {
  group      = aws_iam_group.readers.name
  policy_arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
}
"""
        },
    ),
    Example(
        "a group's policy",
        {
            "stack.yaml": """\
Resources:
  Readers:
    Type: AWS::IAM::Group
    Properties:
      ManagedPolicyArns:
        - arn:aws:iam::aws:policy/ReadOnlyAccess
  Jane:
    Type: AWS::IAM::User
    Properties:
      Groups:
        - !Ref Readers
"""
        },
    ),
)
