"""A machine that administers a whole service of a project.

What it does
    Finds service accounts and federated workloads with an administrator's role of a service (`roles/storage.admin`,
    `roles/compute.admin`) on a project, a folder or an organisation.  Roles that lead to any other are findings of
    administrator-grant or privilege-escalation.

Why it matters
    The machine may read, change and delete everything of that service, and mostly say who else may.

Fix
    Bind the role that the machine uses on the bucket, the dataset, the cluster that it uses it on.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy import google

RULE = Rule(
    "RC351",
    "service-admin-role",
    "excess-privilege",
    "medium",
    "a machine administers a whole service",
    controls=("NIST 800-53 AC-6", "CIS GCP 1.5", "PCI DSS 7.2.5", "OWASP NHI5", "ATT&CK T1078.004"),
    level_now="W",
    level_target="L5",
    equivalents={
        "checkov": ("CKV_GCP_42",),
        "trivy": ("GCP-0007",),
        "kics": ("84d36481-fd63-48cb-838e-635c44806ec2", "cefdad16-0dd5-4ac5-8ed2-a37502c78672"),
    },
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each binding."""
    yield from google.findings(model, RULE, "service-admin", "bind the role that it uses, on the resource that it uses")


BAD = (
    Example(
        "all buckets of a project",
        {
            "main.tf": """\
resource "google_service_account" "app" {
  account_id = "app"
}

resource "google_project_iam_member" "app" { # <- RC351
  project = "example"
  role    = "roles/storage.admin"
  member  = "serviceAccount:${google_service_account.app.email}"
}
"""
        },
    ),
)

GOOD = (
    Example(
        "one bucket",
        {
            "main.tf": """\
resource "google_service_account" "app" {
  account_id = "app"
}

resource "google_storage_bucket_iam_member" "app" {
  bucket = "uploads"
  role   = "roles/storage.admin"
  member = "serviceAccount:${google_service_account.app.email}"
}
"""
        },
    ),
)
