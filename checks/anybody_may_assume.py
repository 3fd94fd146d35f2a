"""A role that anybody can assume.

What it does
    Finds trust policies that allow every AWS principal (`"AWS": "*"` or `"*"`) with no condition that a stranger cannot
    meet.  An external id, a tag or a role's name in any account is none: a stranger can have it too.

Why it matters
    Any account in the world can become this role.

Fix
    Name the accounts or roles, or require your organisation (`aws:PrincipalOrgID`).
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding, lower
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy.conditions import narrowing
from rolecall.policy.telling import DOUBTS
from rolecall.policy.trust import allowed, is_shut, lets_anybody_in, place_in, taker, trust_documents

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
    equivalents={
        "checkov": ("CKV_AWS_60",),
        "kics": ("12b7e704-37f0-4d1e-911a-44bf60c48c21", "f80e3aa7-7b34-4185-954e-440a6894dde6"),
    },
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each statement that trusts everybody."""
    seen: set[tuple[str, int]] = set()
    for site, document in trust_documents(model):
        for statement in allowed(document):
            span = place_in(site, document, statement)
            if not lets_anybody_in(statement) or is_shut(statement, document) or (span.path, span.start) in seen:
                continue
            seen.add((span.path, span.start))
            steps, whose = taker(model, site)
            yield RULE.finding(
                f"{site.address} can be assumed by any AWS principal of any account{DOUBTS[statement.doubt]}{whose}",
                span,
                site.address,
                confidence="medium" if statement.doubt else RULE.confidence,
                severity=lower("high" if narrowing(statement.conditions) == "hard" else "critical", steps),
                identity=site.address,
                key=site.address,
                help="name who may assume it, or require aws:PrincipalOrgID",
            )


BAD = (
    Example(
        "everybody",
        {
            "main.tf": """\
resource "aws_iam_role" "open" {
  name = "open"
  assume_role_policy = jsonencode({ # <- RC401
    Version = "2012-10-17"
    Statement = [{
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
      AssumeRolePolicyDocument: # <- RC401
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: sts:AssumeRole
            Principal: "*"
"""
        },
    ),
    Example(
        "a name that a role of any account may have, in a document that something else takes",
        {
            "main.tf": """\
data "aws_iam_policy_document" "trust" {
  statement { # <- RC401
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = ["*"]
    }
    condition {
      test     = "ArnLike"
      variable = "aws:PrincipalArn"
      values   = ["arn:aws:iam::*:role/deploy"]
    }
  }
}

output "trust" {
  value = data.aws_iam_policy_document.trust.json
}
"""
        },
    ),
)

GOOD = (
    Example(
        "roles of two accounts, by a pattern",
        {
            "stack.yaml": """\
Resources:
  Shared:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: sts:AssumeRole
            Principal: "*"
            Condition:
              ArnLike:
                aws:PrincipalArn: arn:aws:iam::111122223333:role/deploy-*
"""
        },
    ),
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
