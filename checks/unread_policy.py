"""A policy that cannot be read as one.

What it does
    Finds policies of AWS identities whose text is written out but is no JSON, or is put together so that nobody can
    tell before it is applied; and statements with actions that are not written as a service and a name.

Why it matters
    AWS refuses such a policy, or it does not allow what its author thinks.  Until it can be read, what it grants is
    unknown: no other finding about it is complete.

Fix
    Write it with `jsonencode` or `aws_iam_policy_document`, so that the parts that are only known later stay inside
    their strings; write actions as `service:Name`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rolecall.model.documents import HALF_KNOWN, NOT_JSON
from rolecall.model.finding import Finding, Severity
from rolecall.model.linking import Model
from rolecall.model.parts import Document, Site
from rolecall.model.rule import Example, Rule
from rolecall.policy.patterns import has_symbol
from rolecall.source.text import Span

#: A service and a name, either with wildcards; or everything.
_ACTION = re.compile(r"\*|[A-Za-z0-9*?-]+:[A-Za-z0-9*?]+")
RULE = Rule("RC905", "unread-policy", "analysis", "low", "a policy could not be read as one")


def check(model: Model) -> Iterator[Finding]:
    """One finding for each block, about the first thing that is wrong with its policies."""
    seen: set[tuple[str, int]] = set()
    for site, document in _documents(model):
        told = _wrong(document)
        span = document.span or site.span
        if told is None or site.declaration in seen:
            continue
        seen.add(site.declaration)
        severity, says, place = told
        yield RULE.finding(
            f"{site.address}: {says}",
            place or span,
            site.address,
            severity=severity,
            key=f"{site.address} {says}",
            help="write it with jsonencode or as a policy document, with actions as service:Name",
        )


def _documents(model: Model) -> Iterator[tuple[Site, Document]]:
    for grant in model.every_grant():
        if grant.document is not None and not grant.level:
            yield grant.site, grant.document
    for policy in model.policies.values():
        if policy.document is not None and policy.site.type.startswith(("aws_", "AWS::")):
            yield policy.site, policy.document
    for identity in model.identities.values():
        if identity.cloud == "aws" and identity.assume is not None:
            yield identity.site, identity.assume


def _wrong(document: Document) -> tuple[Severity, str, Span | None] | None:
    if document.gap == NOT_JSON:
        return "low", "its policy is no JSON, so that what it grants is not known", document.span
    if document.gap == HALF_KNOWN:
        return (
            "note",
            "its policy is put together from parts that are not known, and so is what it grants",
            document.span,
        )
    for statement in document.statements:
        for action in (*statement.actions, *statement.not_actions):
            if not has_symbol(action) and not _ACTION.fullmatch(action):
                return "low", f"{action} is no action, so that the statement does nothing", statement.span
    return None


BAD = (
    Example(
        "quotes that JSON does not have",
        {
            "main.tf": """\
resource "aws_iam_policy" "reports" {
  policy = "{'Statement': [{'Effect': 'Allow', 'Action': 's3:GetObject', 'Resource': '*'}]}" # <- RC905
}
"""
        },
    ),
    Example(
        "a dot for a colon",
        {
            "stack.yaml": """\
Resources:
  Reports:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow # <- RC905
            Action: s3.GetObject
            Resource: arn:aws:s3:::reports/*
"""
        },
    ),
)

GOOD = (
    Example(
        "parts that are known later",
        {
            "main.tf": """\
variable "bucket" {
  type = string
}

resource "aws_iam_policy" "reports" {
  policy = <<EOT
{
  "Version": "2012-10-17",
  "Statement": [
    { "Effect": "Allow", "Action": ["s3:GetObject", "logs:*", "*:List*"], "Resource": "arn:aws:s3:::${var.bucket}/*" }
  ]
}
EOT
}
"""
        },
    ),
    Example(
        "an action of a young service",
        {
            "stack.yaml": """\
Resources:
  Reports:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: bedrock:SomethingNew
            Resource: "*"
"""
        },
    ),
)
