"""A trust in SAML that does not ask whom an assertion is for.

What it does
    Finds trusts by `sts:AssumeRoleWithSAML` with no condition on `SAML:aud` (nor on `SAML:iss` or `SAML:sub`).

Why it matters
    The identity provider signs assertions for all of its applications.  One that was made for another application, and
    that this one's administrators can see, is taken here as well.

Fix
    Require `SAML:aud` to be `https://signin.aws.amazon.com/saml`.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy.trust import trusts, without_audience

RULE = Rule(
    "RC414",
    "assertion-for-anybody",
    "trust",
    "low",
    "a trust in SAML does not ask whom an assertion is for",
    controls=("NIST 800-53 AC-3", "NIST 800-53 IA-9", "PCI DSS 7.2.5", "OWASP NHI4", "ATT&CK T1199"),
    level_now="L5·T",
    level_target="L5",
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each statement."""
    for site, statement in trusts(model):
        if without_audience(statement):
            yield RULE.finding(
                f"{site.address} takes SAML assertions whoever they were made for",
                statement.span or site.span,
                site.address,
                identity=site.address,
                key=site.address,
                help="require SAML:aud to be https://signin.aws.amazon.com/saml",
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
    Statement = [{ # <- RC414
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithSAML"
      Principal = { Federated = "arn:aws:iam::111122223333:saml-provider/corporate" }
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
          - Effect: Allow # <- RC414
            Action: sts:AssumeRoleWithSAML
            Principal:
              Federated: arn:aws:iam::111122223333:saml-provider/corporate
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
      Action    = "sts:AssumeRoleWithSAML"
      Principal = { Federated = "arn:aws:iam::111122223333:saml-provider/corporate" }
      Condition = { StringEquals = { "SAML:aud" = "https://signin.aws.amazon.com/saml" } }
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
            Action: sts:AssumeRoleWithSAML
            Principal:
              Federated: arn:aws:iam::111122223333:saml-provider/corporate
            Condition:
              StringEquals:
                SAML:aud: https://signin.aws.amazon.com/saml
"""
        },
    ),
)
