"""A trust that does not say how a role is assumed.

What it does
    Finds trust policies whose action is a wildcard (`*`, `sts:*`), all but some (`NotAction`), or no action of STS.

Why it matters
    With a wildcard the caller may also set session tags and a source identity, by which other policies tell sessions
    apart, and come in by ways that nobody thought of.  An action of another service does nothing in a trust: it
    belongs in the role's own policy.

Fix
    Name the action: `sts:AssumeRole`, and `sts:TagSession` where the caller is to set tags.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy.trust import place_in, trust_documents, ways

RULE = Rule(
    "RC410",
    "any-way-to-assume",
    "trust",
    "low",
    "a trust does not say how the role is assumed",
    controls=("NIST 800-53 AC-3", "NIST 800-53 IA-9", "PCI DSS 7.2.5", "OWASP NHI4", "ATT&CK T1199"),
    level_now="L5·T",
    level_target="L5",
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each statement."""
    seen: set[tuple[str, int]] = set()
    for site, document in trust_documents(model):
        for statement in document.statements:
            span = place_in(site, document, statement)
            if statement.effect != "Allow" or not (way := ways(statement)) or (span.path, span.start) in seen:
                continue
            seen.add((span.path, span.start))
            yield RULE.finding(
                f"{site.address} can be assumed by {way}, which is no one way of assuming a role",
                span,
                site.address,
                identity=site.address,
                key=site.address,
                help="write sts:AssumeRole, or the one other action of STS by which it is assumed",
            )


BAD = (
    Example(
        "all of STS",
        {
            "main.tf": """\
resource "aws_iam_role" "worker" {
  name = "worker"
  assume_role_policy = jsonencode({ # <- RC410
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:*"
      Principal = { Service = "ec2.amazonaws.com" }
    }]
  })
}
"""
        },
    ),
    Example(
        "everything",
        {
            "stack.yaml": """\
Resources:
  Worker:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: # <- RC410
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: "*"
            Principal:
              Service: ec2.amazonaws.com
"""
        },
    ),
)

GOOD = (
    Example(
        "two actions by their names",
        {
            "main.tf": """\
resource "aws_iam_role" "worker" {
  name = "worker"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = ["sts:AssumeRole", "sts:TagSession"]
      Principal = { Service = "pods.eks.amazonaws.com" }
    }]
  })
}
"""
        },
    ),
    Example(
        "one action of a template",
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
            Action: sts:AssumeRole
            Principal:
              Service: ec2.amazonaws.com
"""
        },
    ),
)
