"""A principal that is none.

What it does
    Finds trust and resource policies that name a principal which AWS does not take: an account's root without the
    account, a role's or a user's name with a wildcard in it, a service with one.

Why it matters
    Only `*` alone is a wildcard in a principal.  AWS refuses the policy, or lets nobody in by it, and the next who
    makes it work is likely to write `*`.

Fix
    Write the account's number or the whole ARN.  To let in roles by a pattern, let in their account and compare
    `aws:PrincipalArn`.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy.trust import allowed, no_principal, place_in, resource_policies, trust_documents

RULE = Rule(
    "RC413",
    "no-principal",
    "trust",
    "low",
    "a policy names a principal that is none",
    controls=("NIST 800-53 AC-3", "NIST 800-53 IA-9", "PCI DSS 7.2.5", "OWASP NHI4", "ATT&CK T1199"),
    level_now="L5·T",
    level_target="L5",
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each statement."""
    seen: set[tuple[str, int]] = set()
    policies = ((policy.site, policy.document, policy.place) for policy in resource_policies(model))
    trusts = ((site, document, None) for site, document in trust_documents(model))
    for site, document, place in (*trusts, *policies):
        for statement in allowed(document):
            span = place or place_in(site, document, statement)
            if not (who := no_principal(statement)) or (span.path, span.start) in seen:
                continue
            seen.add((span.path, span.start))
            yield RULE.finding(
                f"{site.address} lets in “{who}”, which is no principal",
                span,
                site.address,
                key=site.address,
                help="write the account's number or the whole ARN, or compare aws:PrincipalArn",
            )


BAD = (
    Example(
        "a role of any account",
        {
            "main.tf": """\
resource "aws_sqs_queue_policy" "jobs" {
  queue_url = "jobs"
  policy = jsonencode({ # <- RC413
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::*:role/worker" }
      Action    = "sqs:SendMessage"
      Resource  = "*"
    }]
  })
}
"""
        },
    ),
    Example(
        "the root of no account",
        {
            "stack.yaml": """\
Resources:
  Worker:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: # <- RC413
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal:
              AWS: arn:aws:iam::root
            Action: sts:AssumeRole
"""
        },
    ),
)

GOOD = (
    Example(
        "a pattern where patterns are read",
        {
            "main.tf": """\
resource "aws_sqs_queue_policy" "jobs" {
  queue_url = "jobs"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::111122223333:root" }
      Action    = "sqs:SendMessage"
      Resource  = "*"
      Condition = { ArnLike = { "aws:PrincipalArn" = "arn:aws:iam::111122223333:role/worker-*" } }
    }]
  })
}
"""
        },
    ),
    Example(
        "the account of the stack",
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
            Principal:
              AWS: !Sub arn:aws:iam::${AWS::AccountId}:root
            Action: sts:AssumeRole
"""
        },
    ),
)
