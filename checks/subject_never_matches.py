"""A trust that no token can meet.

What it does
    Finds trusts that compare a token's subject by StringEquals with a text that has a `*` in it: only StringLike reads
    it as a wildcard.

Why it matters
    Nobody gets the role, and whoever looks for the reason is likely to take the condition away, or to put a key in the
    role's place.

Fix
    Write the subject in full; where a part must stay open, use StringLike.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy.trust import never_holds, trusts

RULE = Rule(
    "RC407",
    "subject-never-matches",
    "trust",
    "low",
    "a trust compares the subject with a wildcard as if it were text",
    controls=("NIST 800-53 IA-9", "OWASP NHI4"),
    level_now="L5·T",
    level_target="L5",
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each statement."""
    for site, statement in trusts(model):
        if subject := never_holds(statement):
            yield RULE.finding(
                f"{site.address} cannot be assumed: no subject equals “{subject}”, whose * is plain text",
                statement.span or site.span,
                site.address,
                identity=site.address,
                key=site.address,
                help="write the subject in full, or compare with StringLike",
            )


_ISSUER = "token.actions.githubusercontent.com"
_TRUST = f"""\
resource "aws_iam_role" "deploy" {{
  name = "deploy"
  assume_role_policy = jsonencode({{
    Version = "2012-10-17"
    Statement = [{{MARK
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = {{ Federated = "arn:aws:iam::111122223333:oidc-provider/{_ISSUER}" }}
      Condition = {{ StringEquals = {{ "{_ISSUER}:sub" = "repo:my-org/site:SUBJECT" }} }}
    }}]
  }})
}}
"""
_STACK = f"""\
Resources:
  Deploy:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: AllowMARK
            Principal:
              Federated: !Sub arn:aws:iam::${{AWS::AccountId}}:oidc-provider/{_ISSUER}
            Action: sts:AssumeRoleWithWebIdentity
            Condition:
              StringEquals:
                {_ISSUER}:sub: repo:my-org/site:SUBJECT
"""
_MARK = " # <- RC407"

BAD = (
    Example("every tag", {"main.tf": _TRUST.replace("MARK", _MARK).replace("SUBJECT", "ref:refs/tags/*")}),
    Example("every branch", {"stack.yaml": _STACK.replace("MARK", _MARK).replace("SUBJECT", "ref:refs/heads/*")}),
)

GOOD = (
    Example("one branch", {"main.tf": _TRUST.replace("MARK", "").replace("SUBJECT", "ref:refs/heads/main")}),
    Example("an environment", {"stack.yaml": _STACK.replace("MARK", "").replace("SUBJECT", "environment:prod")}),
)
