"""A machine that may read or change all data of a project.

What it does
    Finds service accounts and federated workloads with a role for data or secrets on a whole project, folder or
    organisation, where it could be bound on the secret, the key, the bucket or the dataset.

Why it matters
    A workload that needs one secret has all of them, also those that are made tomorrow.

Fix
    Bind the role on what the workload uses (`google_secret_manager_secret_iam_member`,
    `google_storage_bucket_iam_member` …).
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy import google

RULE = Rule(
    "RC352",
    "data-of-whole-project",
    "excess-privilege",
    "low",
    "a machine may use all data of a project",
    controls=("NIST 800-53 AC-6", "PCI DSS 7.2.5", "OWASP NHI5", "ATT&CK T1530"),
    level_now="W",
    level_target="L5",
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each binding."""
    yield from google.findings(model, RULE, "data", "bind the role on the secret, bucket or dataset that is used")


BAD = (
    Example(
        "every secret",
        {
            "main.tf": """\
resource "google_service_account" "app" {
  account_id = "app"
}

resource "google_project_iam_member" "app" { # <- RC352
  project = "example"
  role    = "roles/secretmanager.secretAccessor"
  member  = google_service_account.app.member
}
"""
        },
    ),
)

GOOD = (
    Example(
        "one secret",
        {
            "main.tf": """\
resource "google_service_account" "app" {
  account_id = "app"
}

resource "google_secret_manager_secret_iam_member" "app" {
  secret_id = "token"
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.app.member
}
"""
        },
    ),
)
