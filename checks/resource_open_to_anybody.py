"""A resource that anybody may use.

What it does
    Finds resource policies (of buckets, queues, topics, keys, repositories, secrets, file systems, search domains) that
    let every AWS principal of every account in, with no condition that says who or from where.

Why it matters
    No identity is needed to get in, so none of the roles and keys around it protects it.

Fix
    Name the principals, or require your organisation (`aws:PrincipalOrgID`), a VPC endpoint or the source's account.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy.exposure import open_statements

RULE = Rule(
    "RC403",
    "resource-open-to-anybody",
    "trust",
    "critical",
    "anybody may use a resource",
    controls=("NIST 800-53 AC-3", "CIS AWS 1.20", "PCI DSS 7.2.5", "ISO 27001 A.5.15", "OWASP NHI6", "ATT&CK T1199"),
    level_now="L5·T",
    level_target="L5",
    equivalents={
        "checkov": ("CKV_AWS_33", "CKV_AWS_168", "CKV_AWS_169", "CKV_AWS_283", "CKV_AWS_387"),
        "trivy": ("AWS-0097",),
    },
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each statement that lets anybody in."""
    for policy, statement, severity, what in open_statements(model):
        yield RULE.finding(
            f"{policy.site.address} lets any AWS principal of any account {what}",
            statement.span or policy.document.span or policy.site.span,
            policy.site.address,
            severity=severity,
            key=policy.site.address,
            help="name who may use it, or require aws:PrincipalOrgID, a VPC endpoint or aws:SourceAccount",
        )


BAD = (
    Example(
        "a bucket, beside a user that has a key to it",
        {
            "main.tf": """\
resource "aws_iam_user" "uploader" {
  name = "uploader"
}

resource "aws_iam_access_key" "uploader" {
  user = aws_iam_user.uploader.name
}

resource "aws_s3_bucket_policy" "drop" {
  bucket = "drop"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { # <- RC403
        Effect    = "Allow"
        Principal = "*"
        Action    = ["s3:PutObject"]
        Resource  = "arn:aws:s3:::drop/*"
      },
      {
        Effect    = "Allow"
        Principal = { AWS = aws_iam_user.uploader.arn }
        Action    = ["s3:GetObject"]
        Resource  = "arn:aws:s3:::drop/*"
      },
    ]
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
  Sender:
    Type: AWS::IAM::User
  Jobs:
    Type: AWS::SQS::Queue
  JobsPolicy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Jobs]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow # <- RC403
            Principal: "*"
            Action: sqs:*
            Resource: !GetAtt Jobs.Arn
"""
        },
    ),
)

GOOD = (
    Example(
        "from a topic alone",
        {
            "stack.yaml": """\
Resources:
  Sender:
    Type: AWS::IAM::User
  Jobs:
    Type: AWS::SQS::Queue
  JobsPolicy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Jobs]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: "*"
            Action: sqs:SendMessage
            Resource: !GetAtt Jobs.Arn
            Condition:
              ArnEquals:
                aws:SourceArn: arn:aws:sns:eu-west-2:111122223333:jobs
"""
        },
    ),
)
