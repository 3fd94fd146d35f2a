"""A resource's policy that gives somebody every action.

What it does
    Finds resource policies that allow a named principal `*`, all actions of the service (`sqs:*`) or all but some
    (`NotAction`).  A key's own policy is left out: all of `kms:*` to the account is what lets the account's policies
    count there.

Why it matters
    Every action has among them those that change the policy itself, take the logs away and delete the resource.  Who
    was to read a queue can let others in.

Fix
    Name the actions that the principal is there for.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding, Related
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy.exposure import place_of, whole_services

RULE = Rule(
    "RC409",
    "every-action-by-policy",
    "trust",
    "low",
    "a resource's policy gives somebody every action",
    controls=("NIST 800-53 AC-3", "NIST 800-53 AC-6", "CIS AWS 1.20", "PCI DSS 7.2.5", "OWASP NHI5", "ATT&CK T1199"),
    level_now="L5·T",
    level_target="L5",
    equivalents={
        "trivy": ("AWS-0097",),
        "kics": ("816ea8cf-d589-442d-a917-2dd0ce0e45e3", "db0ec4c4-852c-46a2-b4f3-7ec13cdb12a8"),
    },
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each statement."""
    for policy, statement, who, what in whole_services(model):
        yield RULE.finding(
            f"{policy.site.address} gives {who} {what}, which includes changing the policy and deleting the resource",
            place_of(policy, statement),
            policy.site.address,
            related=(Related(statement.span, "by this statement"),) if statement.span is not None else (),
            key=policy.site.address,
            help="name the actions that it needs",
        )


BAD = (
    Example(
        "a queue",
        {
            "main.tf": """\
resource "aws_sqs_queue_policy" "jobs" {
  queue_url = "jobs"
  policy = jsonencode({ # <- RC409
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::111122223333:role/worker" }
      Action    = "sqs:*"
      Resource  = "*"
    }]
  })
}
"""
        },
    ),
    Example(
        "all but some",
        {
            "stack.yaml": """\
Resources:
  Data:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: data
      PolicyDocument: # <- RC409
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal:
              AWS: arn:aws:iam::111122223333:role/reader
            NotAction: s3:DeleteBucket
            Resource: arn:aws:s3:::data/*
"""
        },
    ),
)

GOOD = (
    Example(
        "what it needs, and a key's own account",
        {
            "main.tf": """\
resource "aws_sqs_queue_policy" "jobs" {
  queue_url = "jobs"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::111122223333:role/worker" }
      Action    = ["sqs:ReceiveMessage", "sqs:DeleteMessage"]
      Resource  = "*"
    }]
  })
}

resource "aws_kms_key" "data" {
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::111122223333:root" }
      Action    = "kms:*"
      Resource  = "*"
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
  Data:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: data
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Deny
            Principal:
              AWS: arn:aws:iam::111122223333:role/reader
            Action: s3:*
            Resource: arn:aws:s3:::data/secret/*
"""
        },
    ),
)
