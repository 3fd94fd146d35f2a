"""An AWS access key written into the code.

What it does
    Finds literal access keys wherever they stand: provider and backend blocks, environments, user data, tfvars,
    parameter defaults, CloudFormation Authentication metadata, workflows, scripts.  Emulators' dummies, session keys
    and keys of other providers' S3-compatible stores are not AWS keys and are left alone.

Why it matters
    Whoever can read the repository, its history or a plan file holds the key.  Treat it as leaked: revoke first,
    migrate after.

Fix
    Revoke the key, then let what runs here take a role from where it runs: OIDC in a pipeline, the role of the host
    elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.nouns import a_key
from rolecall.model.parts import Credential
from rolecall.model.rule import Example, Related, Rule

RULE = Rule(
    "RC102",
    "literal-access-key",
    "static-credential",
    "critical",
    "an AWS access key is written in the code",
    controls=(
        "NIST 800-53 IA-5(7)",
        "NIST 800-53 SC-12",
        "CIS AWS 1.14",
        "PCI DSS 8.6.2",
        "ISO 27001 A.5.17",
        "OWASP NHI2",
        "OWASP NHI7",
        "ATT&CK T1552.001",
    ),
    level_now="L2·X",
    level_target="L5",
    equivalents={
        "checkov": ("CKV_AWS_41", "CKV_AWS_45", "CKV_AWS_46"),
        "kics": (
            "d7b9d850-3e06-4a75-852f-c46c2e92240b",
            "1402afd8-a95c-4e84-8b0b-6fb43758e6ce",
            "2564172f-c92b-4261-9acd-464aed511696",
        ),
    },
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each place where a literal key is written."""
    for credentials in model.declarations.values():
        first = credentials[0]
        if first.form != "literal":
            continue
        example = "example" in first.marks
        consumers = {c.workload.id: c for credential in credentials for c in model.flow(credential).consumptions}
        related = tuple(
            Related(c.steps[-1].span, f"the other half, for {c.workload.site.address}")
            for c in consumers.values()
            if c.steps[-1].span != first.span
        )
        yield RULE.finding(
            f"{_what(first)} is written in the code" + (" (a documented example)" if example else ""),
            first.span,
            first.site.address,
            severity="low" if example and not consumers else "medium" if example else "critical",
            related=related,
            key=first.field or first.site.type,
            help="take it out of the code; what runs here can take a role: rolecall plan"
            if example
            else "revoke it now, it is in the history; then rolecall plan",
        )


def _what(credential: Credential) -> str:
    return credential.hint if credential.cloud == "aws" else f"{a_key(credential)} ({credential.hint})"


BAD = (
    Example(
        "a provider",
        {
            "providers.tf": """\
provider "aws" {
  region     = "eu-west-2"
  access_key = "AKIAIOSFODNN7EXAMPLE" # <- RC102
  secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
}
"""
        },
    ),
    Example(
        "a workflow",
        {
            ".github/workflows/deploy.yml": """\
on: push
jobs:
  deploy:
    runs-on: ubuntu-latest
    env:
      AWS_ACCESS_KEY_ID: AKIAIOSFODNN7EXAMPLE # <- RC102
      AWS_SECRET_ACCESS_KEY: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
    steps:
      - run: aws s3 sync . s3://site
"""
        },
    ),
)

GOOD = (
    Example(
        "an emulator",
        {
            "providers.tf": """\
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  endpoints {
    s3 = "http://localhost:4566"
  }
}
"""
        },
    ),
    Example("a comment", {"main.tf": '# access_key = "AKIAIOSFODNN7EXAMPLE"\nlocals {\n  region = "eu-west-2"\n}\n'}),
)
