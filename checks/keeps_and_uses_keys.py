"""The same member keeps keys and uses them.

What it does
    Finds members who have `roles/cloudkms.admin` and a role to encrypt or decrypt.

Why it matters
    Whoever may do both can read the data, and can change or destroy the key and who may use it, with nobody to ask.

Fix
    Give the administration of keys to others than those who use them.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy import google

RULE = Rule(
    "RC354",
    "keeps-and-uses-keys",
    "excess-privilege",
    "low",
    "the same member keeps keys and uses them",
    controls=("NIST 800-53 AC-5", "CIS GCP 1.11", "PCI DSS 3.7.6", "OWASP NHI5"),
    level_now="W",
    level_target="L5",
    equivalents={"kics": ("92e4464a-4139-4d57-8742-b5acc0347680",)},
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each role to use keys."""
    yield from google.findings(
        model, RULE, "key-separation", "give the administration of keys to others than those who use them"
    )


BAD = (
    Example(
        "both",
        {
            "main.tf": """\
resource "google_project_iam_member" "keeper" {
  project = "example"
  role    = "roles/cloudkms.admin"
  member  = "group:payments@example.com"
}

resource "google_project_iam_member" "user" { # <- RC354
  project = "example"
  role    = "roles/cloudkms.cryptoKeyEncrypter"
  member  = "group:payments@example.com"
}
"""
        },
    ),
)

GOOD = (
    Example(
        "two groups",
        {
            "main.tf": """\
resource "google_project_iam_member" "keeper" {
  project = "example"
  role    = "roles/cloudkms.admin"
  member  = "group:security@example.com"
}

resource "google_project_iam_member" "user" {
  project = "example"
  role    = "roles/cloudkms.cryptoKeyEncrypter"
  member  = "group:payments@example.com"
}
"""
        },
    ),
)
