"""A role that any certificate opens.

What it does
    Finds trusts in IAM Roles Anywhere with no condition on the trust anchor (`aws:SourceArn`) or on what the
    certificate says (`aws:PrincipalTag/x509Subject/…`, `x509Issuer`, `x509SAN`).

Why it matters
    Every certificate of every authority that the account trusts becomes this role: one authority for several systems
    makes each of them the others.

Fix
    Require the anchor's ARN by `aws:SourceArn`, and the certificate's subject by `aws:PrincipalTag/x509Subject/CN`.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy.trust import any_certificate, trusts

RULE = Rule(
    "RC415",
    "any-certificate",
    "trust",
    "medium",
    "any certificate of any trust anchor opens a role",
    controls=("NIST 800-53 AC-3", "NIST 800-53 IA-9", "PCI DSS 7.2.5", "OWASP NHI4", "ATT&CK T1199"),
    level_now="L5·T",
    level_target="L5",
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each statement."""
    for site, statement in trusts(model):
        if any_certificate(statement):
            yield RULE.finding(
                f"{site.address} can be assumed with any certificate of any trust anchor of the account",
                statement.span or site.span,
                site.address,
                identity=site.address,
                key=site.address,
                help="require aws:SourceArn (the anchor) and aws:PrincipalTag/x509Subject/CN",
            )


BAD = (
    Example(
        "a role",
        {
            "main.tf": """\
resource "aws_iam_role" "worker" {
  name = "worker"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{ # <- RC415
      Effect    = "Allow"
      Action    = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
      Principal = { Service = "rolesanywhere.amazonaws.com" }
    }]
  })
}
"""
        },
    ),
    Example(
        "a role of a template",
        {
            "stack.yaml": """\
Resources:
  Worker:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow # <- RC415
            Action: [sts:AssumeRole, sts:TagSession, sts:SetSourceIdentity]
            Principal:
              Service: rolesanywhere.amazonaws.com
"""
        },
    ),
)

GOOD = (
    Example(
        "a role that asks",
        {
            "main.tf": """\
resource "aws_iam_role" "worker" {
  name = "worker"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
      Principal = { Service = "rolesanywhere.amazonaws.com" }
      Condition = { StringEquals = { "aws:PrincipalTag/x509Subject/CN" = "worker.example.com" } }
    }]
  })
}
"""
        },
    ),
    Example(
        "a role of a template that asks",
        {
            "stack.yaml": """\
Resources:
  Worker:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: [sts:AssumeRole, sts:TagSession, sts:SetSourceIdentity]
            Principal:
              Service: rolesanywhere.amazonaws.com
            Condition:
              ArnEquals:
                aws:SourceArn: arn:aws:rolesanywhere:eu-west-2:111122223333:trust-anchor/a1b2c3d4
"""
        },
    ),
)
