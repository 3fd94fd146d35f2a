"""A service that may act here on behalf of anybody.

What it does
    Finds roles and resource policies that let in an AWS service which acts for customers of any account, with no
    condition on the account or the resource that it acts for.  Services that cannot be sent to another account's role
    (EC2, Lambda, ECS tasks …) are left out.

Why it matters
    Another customer may name your role, topic or bucket in their own settings, and the service then does to it what
    they want: it is the service that you let in, not its caller.

Fix
    Require `aws:SourceAccount`, or better `aws:SourceArn`.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy.trust import DEPUTIES, WRITERS, allowed, deputies, trusts

RULE = Rule(
    "RC405",
    "confused-deputy",
    "trust",
    "low",
    "a service may act on behalf of anybody",
    controls=("NIST 800-53 AC-3", "NIST 800-53 IA-9", "ISO 27001 A.5.15", "OWASP NHI6", "ATT&CK T1199"),
    level_now="L5·T",
    level_target="L5",
)

_HELP = "require aws:SourceAccount or aws:SourceArn"


def check(model: Model) -> Iterator[Finding]:
    """One finding for each statement."""
    for identity, statement in trusts(model):
        if services := deputies(statement, DEPUTIES):
            yield RULE.finding(
                f"{identity.site.address} can be assumed by {services[0]} for any of its customers",
                statement.span or identity.site.span,
                identity.site.address,
                identity=identity.site.address,
                key=identity.site.address,
                help=_HELP,
            )
    seen: set[tuple[str, int]] = set()
    for policy in model.resource_policies:
        for statement in allowed(policy.document):
            span = statement.span or policy.site.span
            services = deputies(statement, WRITERS)
            if not services or (span.path, span.start) in seen:
                continue
            seen.add((span.path, span.start))
            yield RULE.finding(
                f"{policy.site.address} lets {services[0]} in for any of its customers",
                span,
                policy.site.address,
                key=policy.site.address,
                help=_HELP,
            )


BAD = (
    Example(
        "a schedule of anybody's",
        {
            "main.tf": """\
resource "aws_iam_role" "schedule" {
  name = "schedule"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{ # <- RC405
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "scheduler.amazonaws.com" }
    }]
  })
}
"""
        },
    ),
    Example(
        "flow logs",
        {
            "stack.yaml": """\
Resources:
  FlowLogs:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow # <- RC405
            Principal:
              Service: vpc-flow-logs.amazonaws.com
            Action: sts:AssumeRole
"""
        },
    ),
)

GOOD = (
    Example(
        "for one account",
        {
            "main.tf": """\
resource "aws_iam_role" "schedule" {
  name = "schedule"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "scheduler.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = "111122223333" } }
    }]
  })
}
"""
        },
    ),
    Example(
        "instances",
        {
            "stack.yaml": """\
Resources:
  Instance:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal:
              Service: ec2.amazonaws.com
            Action: sts:AssumeRole
"""
        },
    ),
)
