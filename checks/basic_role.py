"""A basic role on a whole project, folder or organisation.

What it does
    Finds `roles/owner`, `roles/editor` and `roles/viewer` bound to people, groups or members that are not known.  For a
    machine, owner and editor are findings of administrator-grant, and viewer is one here.

Why it matters
    Basic roles are from before there were others: thousands of permissions over every service, among them all that
    will be added.  Nobody needs them all.

Fix
    Bind the predefined roles of the services that are used, to a group, on the resource that is used.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy import google

RULE = Rule(
    "RC350",
    "basic-role",
    "excess-privilege",
    "low",
    "a basic role covers a whole project",
    controls=("NIST 800-53 AC-6", "CIS GCP 1.5", "PCI DSS 7.2.5", "OWASP NHI5"),
    level_now="W",
    level_target="L5",
    equivalents={"checkov": ("CKV_GCP_115", "CKV_GCP_116", "CKV_GCP_117")},
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each binding."""
    yield from google.findings(model, RULE, "basic-role", "bind the roles of the services that are used")


BAD = (
    Example(
        "everywhere in an organisation, and in a policy",
        {
            "main.tf": """\
resource "google_organization_iam_binding" "owners" { # <- RC350
  org_id  = "123456789012"
  role    = "roles/owner"
  members = ["group:cloud@example.com"]
}

resource "google_service_account" "reporter" {
  account_id = "reporter"
}

resource "google_project_iam_member" "reporter" { # <- RC350
  project = "example"
  role    = "roles/viewer"
  member  = "serviceAccount:${google_service_account.reporter.email}"
}
"""
        },
    ),
)

GOOD = (
    Example(
        "a service's role",
        {
            "main.tf": """\
resource "google_project_iam_member" "ops" {
  project = "example"
  role    = "roles/monitoring.viewer"
  member  = "group:ops@example.com"
}
"""
        },
    ),
)
