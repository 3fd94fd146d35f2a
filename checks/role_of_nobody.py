"""A role that nobody can become.

What it does
    Finds roles whose trust policy, read to its end, lets nobody in.

Why it matters
    What is left over is what nobody watches.  A role that waits for use keeps its rights, and the next line in its
    trust policy gives them to somebody without anybody asking.

Fix
    Delete it, or name who takes it.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.parts import Identity
from rolecall.model.rule import Example, Rule

RULE = Rule(
    "RC508",
    "role-of-nobody",
    "lifecycle",
    "low",
    "a role that nobody can become",
    controls=("NIST 800-53 AC-2(3)", "PCI DSS 8.2.6", "ISO 27001 A.5.18", "OWASP NHI1"),
    level_now="L3",
    level_target="L4",
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each role that nobody can become."""
    seen: set[tuple[str, int]] = set()
    for identity in model.identities.values():
        site = identity.site
        if identity.library or site.declaration in seen or not _is_closed(identity):
            continue
        seen.add(site.declaration)
        yield RULE.finding(
            f"the trust policy of {site.address} lets nobody in, so nobody can become it",
            site.header,
            site.address,
            identity=site.address,
            key=site.address,
            help="delete it, or name who takes it",
        )


def _is_closed(identity: Identity) -> bool:
    """Whether a trust policy that is known to its end allows nobody."""
    document = identity.assume
    return (
        document is not None
        and document.complete
        and not any(statement.effect == "Allow" for statement in document.statements)
    )


BAD = (
    Example(
        "a trust policy that only denies",
        {
            "main.tf": """\
provider "aws" {
  region = "eu-west-1"
}

resource "aws_iam_role" "old" { # <- RC508
  name = "old"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Deny", Action = "sts:AssumeRole", Principal = "*" }]
  })
}
"""
        },
    ),
    Example(
        "the same in a template",
        {
            "stack.yaml": """\
Resources:
  Old: # <- RC508
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Deny, Action: "sts:AssumeRole", Principal: "*"}
"""
        },
    ),
)

GOOD = (
    Example(
        "a service takes it, or who does is not known",
        {
            "main.tf": """\
provider "aws" {
  region = "eu-west-1"
}

variable "trust" {
  type = string
}

resource "aws_iam_role" "other" {
  name               = "other"
  assume_role_policy = var.trust
}

resource "aws_iam_role" "app" {
  name = "app"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }]
  })
}
"""
        },
    ),
)
