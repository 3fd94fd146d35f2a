"""People who may be every service account of a project.

What it does
    Finds roles by which one becomes a service account, or says who may (Service Account User, Token Creator, Key Admin,
    and those that grant any role), bound on a whole project, folder or organisation to people, groups or members that
    are not known.  For machines they are findings of administrator-grant.

Why it matters
    The roles of a person are then all that any service account has, also those that are made tomorrow, and the log
    names the account.

Fix
    Bind the role on the one service account that they deploy with (`google_service_account_iam_member`).
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy import google

RULE = Rule(
    "RC225",
    "impersonation-of-all",
    "identity-choice",
    "medium",
    "every service account may be taken on",
    controls=("NIST 800-53 AC-6", "NIST 800-53 AC-5", "CIS GCP 1.6", "CIS GCP 1.8", "PCI DSS 7.2.5", "OWASP NHI5"),
    level_now="W",
    level_target="L5",
    equivalents={
        "checkov": ("CKV_GCP_41", "CKV_GCP_44", "CKV_GCP_45", "CKV_GCP_49"),
        "trivy": ("GCP-0005", "GCP-0009", "GCP-0011"),
        "kics": ("617ef6ff-711e-4bd7-94ae-e965911b1b40", "c68b4e6d-4e01-4ca1-b256-1e18e875785c"),
    },
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each binding."""
    yield from google.findings(model, RULE, "impersonation", "bind the role on the one service account that is meant")


BAD = (
    Example(
        "developers on a project",
        {
            "main.tf": """\
resource "google_project_iam_member" "developers" { # <- RC225
  project = "example"
  role    = "roles/iam.serviceAccountUser"
  member  = "group:developers@example.com"
}
"""
        },
    ),
)

GOOD = (
    Example(
        "one service account",
        {
            "main.tf": """\
resource "google_service_account_iam_member" "developers" {
  service_account_id = "projects/example/serviceAccounts/deploy@example.iam.gserviceaccount.com"
  role               = "roles/iam.serviceAccountUser"
  member             = "group:developers@example.com"
}
"""
        },
    ),
)
