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
from rolecall.policy.exposure import place_of
from rolecall.policy.trust import DEPUTIES, PERMISSIONS, WRITERS, allowed, deputies, is_shut, resource_policies, trusts

RULE = Rule(
    "RC405",
    "confused-deputy",
    "trust",
    "low",
    "a service may act on behalf of anybody",
    controls=("NIST 800-53 AC-3", "NIST 800-53 IA-9", "ISO 27001 A.5.15", "OWASP NHI6", "ATT&CK T1199"),
    level_now="L5·T",
    level_target="L5",
    equivalents={"trivy": ("AWS-0067",)},
)

_HELP = "require aws:SourceAccount or aws:SourceArn"


def check(model: Model) -> Iterator[Finding]:
    """One finding for each statement."""
    for site, statement in trusts(model):
        if services := deputies(statement, DEPUTIES):
            yield RULE.finding(
                f"{site.address} can be assumed by {services[0]} for any of its customers",
                statement.span or site.span,
                site.address,
                identity=site.address,
                key=site.address,
                help=_HELP,
            )
    seen: set[tuple[str, int]] = set()
    for policy in resource_policies(model):
        writers = None if policy.site.type in PERMISSIONS else WRITERS
        for statement in allowed(policy.document):
            span = place_of(policy, statement)
            services = deputies(statement, writers)
            if not services or (span.path, span.start) in seen or is_shut(statement, policy.document):
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
        "a topic that calls a function",
        {
            "main.tf": """\
resource "aws_lambda_permission" "topic" { # <- RC405
  function_name = "resize"
  action        = "lambda:InvokeFunction"
  principal     = "sns.amazonaws.com"
}
"""
        },
    ),
    Example(
        "a bucket's notifications",
        {
            "stack.yaml": """\
Resources:
  Jobs:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [jobs]
      PolicyDocument: # <- RC405
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal:
              Service: s3.amazonaws.com
            Action: sqs:SendMessage
            Resource: "*"
"""
        },
    ),
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
        "one topic",
        {
            "main.tf": """\
resource "aws_lambda_permission" "topic" {
  function_name = "resize"
  action        = "lambda:InvokeFunction"
  principal     = "sns.amazonaws.com"
  source_arn    = "arn:aws:sns:eu-west-2:111122223333:uploads"
}
"""
        },
    ),
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
