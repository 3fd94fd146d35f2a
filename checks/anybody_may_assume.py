"""A role that anybody can assume.

What it does
    Finds trust policies that allow every AWS principal (`"AWS": "*"` or `"*"`) with no condition that narrows who.

Why it matters
    Any account in the world can become this role.

Fix
    Name the accounts or roles, or require your organisation (`aws:PrincipalOrgID`) or an external id.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.parts import Statement
from rolecall.model.rule import Example, Rule

RULE = Rule(
    "RC401",
    "anybody-may-assume",
    "trust",
    "critical",
    "a role can be assumed by anybody",
    controls=(
        "NIST 800-53 AC-3",
        "NIST 800-53 IA-9",
        "CIS AWS 1.20",
        "PCI DSS 7.2.5",
        "OWASP NHI4",
        "OWASP NHI5",
        "ATT&CK T1199",
    ),
    level_now="L5·T",
    level_target="L5",
    equivalents={"checkov": ("CKV_AWS_60", "CKV_AWS_61")},
)

#: Condition keys that say who, so that `*` with one of them is not everybody.
NARROWING = (
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principalarn",
    "aws:principalaccount",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourcevpce",
    "aws:sourcevpc",
    "aws:sourceip",
    "sts:externalid",
    "aws:userid",
    "aws:principaltag/",
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each statement that trusts everybody."""
    seen: set[tuple[str, int]] = set()
    for identity in model.identities.values():
        if identity.assume is None:
            continue
        for statement in identity.assume.statements:
            if not trusts_everybody(statement):
                continue
            span = statement.span or identity.assume.span or identity.site.span
            if (span.path, span.start) in seen:
                continue
            seen.add((span.path, span.start))
            yield RULE.finding(
                f"{identity.site.address} can be assumed by any AWS principal of any account",
                span,
                identity.site.address,
                identity=identity.site.address,
                key=identity.site.address,
                help="name who may assume it, or require aws:PrincipalOrgID or an external id",
            )


def trusts_everybody(statement: Statement) -> bool:
    """Whether a trust statement lets every AWS principal in."""
    if statement.effect != "Allow" or statement.not_principals:
        return False
    if not any(kind in ("AWS", "*") and who == "*" for kind, who in statement.principals):
        return False
    return not any(
        key.lower().startswith(narrow) and not (values and all(v == "*" for v in values))
        for _, key, values in statement.conditions
        for narrow in NARROWING
    )


BAD = (
    Example(
        "everybody",
        {
            "main.tf": """\
resource "aws_iam_role" "open" {
  name = "open"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{ # <- RC401
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = "*" }
    }]
  })
}
"""
        },
    ),
    Example(
        "everybody, in a template",
        {
            "stack.yaml": """\
Resources:
  Open:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow # <- RC401
            Action: sts:AssumeRole
            Principal: "*"
"""
        },
    ),
)

GOOD = (
    Example(
        "an organisation",
        {
            "main.tf": """\
resource "aws_iam_role" "shared" {
  name = "shared"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = "*" }
      Condition = { StringEquals = { "aws:PrincipalOrgID" = "o-a1b2c3d4e5" } }
    }]
  })
}
"""
        },
    ),
)
