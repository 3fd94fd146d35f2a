"""A policy that lets in everybody but some.

What it does
    Finds trust policies and resource policies with `NotPrincipal` in a statement that allows.

Why it matters
    Everybody who is not on the list gets in: every account in the world, and callers who have not signed in.  A list of
    exceptions only makes sense with Deny.

Fix
    Name in `Principal` who may come in, or turn the statement into a Deny.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding, Related
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy.exposure import exceptions, place_of
from rolecall.policy.trust import place_in, trust_documents

RULE = Rule(
    "RC408",
    "everybody-but",
    "trust",
    "critical",
    "a policy lets in everybody but some",
    controls=("NIST 800-53 AC-3", "NIST 800-53 AC-6", "CIS AWS 1.20", "PCI DSS 7.2.5", "OWASP NHI5", "ATT&CK T1199"),
    level_now="L5·T",
    level_target="L5",
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each statement."""
    seen: set[tuple[str, int]] = set()
    for site, document in trust_documents(model):
        for statement in document.statements:
            span = place_in(site, document, statement)
            if statement.effect == "Allow" and statement.not_principals and (span.path, span.start) not in seen:
                seen.add((span.path, span.start))
                yield RULE.finding(
                    f"{site.address} can be assumed by everybody but the principals that it names",
                    span,
                    site.address,
                    identity=site.address,
                    key=site.address,
                    help="name in Principal who may assume it",
                )
    for policy, statement, severity, what in exceptions(model):
        yield RULE.finding(
            f"{policy.site.address} lets everybody but the principals that it names {what}",
            place_of(policy, statement),
            policy.site.address,
            severity=severity,
            related=(Related(statement.span, "by this statement"),) if statement.span is not None else (),
            key=policy.site.address,
            help="name in Principal who may use it, or make the statement a Deny",
        )


BAD = (
    Example(
        "a bucket and a role",
        {
            "main.tf": """\
resource "aws_s3_bucket_policy" "data" {
  bucket = "data"
  policy = jsonencode({ # <- RC408
    Version = "2012-10-17"
    Statement = [{
      Effect       = "Allow"
      NotPrincipal = { AWS = "arn:aws:iam::111122223333:user/guest" }
      Action       = "s3:PutObject"
      Resource     = "arn:aws:s3:::data/*"
    }]
  })
}

resource "aws_iam_role" "deploy" {
  name = "deploy"
  assume_role_policy = jsonencode({ # <- RC408
    Version = "2012-10-17"
    Statement = [{
      Effect       = "Allow"
      NotPrincipal = { AWS = "arn:aws:iam::111122223333:user/guest" }
      Action       = "sts:AssumeRole"
    }]
  })
}
"""
        },
    ),
    Example(
        "a queue",
        {
            "stack.yaml": """\
Resources:
  Jobs:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [jobs]
      PolicyDocument: # <- RC408
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            NotPrincipal:
              AWS: arn:aws:iam::111122223333:user/guest
            Action: sqs:*
            Resource: "*"
"""
        },
    ),
)

GOOD = (
    Example(
        "a Deny for everybody else",
        {
            "main.tf": """\
resource "aws_s3_bucket_policy" "data" {
  bucket = "data"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect       = "Deny"
      NotPrincipal = { AWS = "arn:aws:iam::111122223333:role/reader" }
      Action       = "s3:*"
      Resource     = "arn:aws:s3:::data/*"
    }]
  })
}
"""
        },
    ),
    Example(
        "a Deny of a template",
        {
            "stack.yaml": """\
Resources:
  Jobs:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [jobs]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Deny
            NotPrincipal:
              AWS: arn:aws:iam::111122223333:role/worker
            Action: sqs:*
            Resource: "*"
"""
        },
    ),
)
