"""An identity pool that gives credentials to guests.

What it does
    Finds Cognito identity pools that allow unauthenticated identities.

Why it matters
    Whoever knows the pool's id, which stands in the page or the app, gets keys of the pool's guest role without signing
    in: whatever that role may do, anybody may.

Fix
    Switch unauthenticated identities off.  Where guests are meant (real user monitoring, maps), keep the guest role to
    the one action that they need, and say so by an `ignore` comment.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule

RULE = Rule(
    "RC411",
    "guest-credentials",
    "trust",
    "medium",
    "an identity pool gives credentials to guests",
    controls=("NIST 800-53 AC-3", "NIST 800-53 IA-9", "PCI DSS 7.2.5", "OWASP NHI4", "ATT&CK T1199"),
    level_now="L5·T",
    level_target="L5",
    equivalents={"checkov": ("CKV_AWS_366",)},
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each resource that is set so."""
    for misset in model.missets["guest-credentials"]:
        yield RULE.finding(
            f"{misset.site.address} {misset.says}",
            misset.span,
            misset.site.address,
            severity=misset.severity or RULE.severity,
            key=misset.path,
            help="switch unauthenticated identities off, or keep the guest role to one action",
        )


BAD = (
    Example(
        "Terraform",
        {
            "main.tf": """\
resource "aws_cognito_identity_pool" "app" {
  identity_pool_name               = "app"
  allow_unauthenticated_identities = true # <- RC411
}
"""
        },
    ),
    Example(
        "CloudFormation",
        {
            "stack.yaml": """\
Resources:
  App:
    Type: AWS::Cognito::IdentityPool
    Properties:
      AllowUnauthenticatedIdentities: true # <- RC411
"""
        },
    ),
)

GOOD = (
    Example(
        "Terraform, with a sign-in",
        {
            "main.tf": """\
resource "aws_cognito_identity_pool" "app" {
  identity_pool_name               = "app"
  allow_unauthenticated_identities = false
}
"""
        },
    ),
    Example(
        "CloudFormation, with a sign-in",
        {
            "stack.yaml": """\
Resources:
  App:
    Type: AWS::Cognito::IdentityPool
    Properties:
      AllowUnauthenticatedIdentities: false
"""
        },
    ),
)
