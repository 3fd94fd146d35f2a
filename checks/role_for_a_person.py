"""A role for one person, by name, in the code.

What it does
    Finds roles on a project, a folder or an organisation that are bound to single users; of medium severity where the
    account is a personal mailbox that no organisation keeps.

Why it matters
    When the person changes teams or leaves, the code still says otherwise.  A personal mailbox has no administrator who
    could close it, and no second factor that one could require.

Fix
    Bind the role to a group that the directory keeps.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy import google

RULE = Rule(
    "RC226",
    "role-for-a-person",
    "identity-choice",
    "low",
    "a role is bound to one person",
    controls=("NIST 800-53 AC-2", "CIS GCP 1.1", "PCI DSS 7.2.5"),
    level_now="L1",
    level_target="L5",
    equivalents={
        "trivy": ("GCP-0003", "GCP-0069"),
        "kics": ("704fcc44-a58f-4af5-82e2-93f2a58ef918", "9356962e-4a4f-4d06-ac59-dc8008775eaa"),
    },
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each binding."""
    yield from google.findings(model, RULE, "person", "bind the role to a group that the directory keeps")


BAD = (
    Example(
        "an employee and a mailbox",
        {
            "main.tf": """\
resource "google_project_iam_member" "jane" { # <- RC226
  project = "example"
  role    = "roles/logging.viewer"
  member  = "user:jane@example.com"
}

resource "google_project_iam_binding" "helpers" { # <- RC226
  project = "example"
  role    = "roles/logging.viewer"
  members = ["group:ops@example.com", "user:helper@gmail.com"]
}
"""
        },
    ),
)

GOOD = (
    Example(
        "a group, and a single secret",
        {
            "main.tf": """\
resource "google_project_iam_member" "ops" {
  project = "example"
  role    = "roles/logging.viewer"
  member  = "group:ops@example.com"
}

resource "google_secret_manager_secret_iam_member" "jane" {
  secret_id = "token"
  role      = "roles/secretmanager.secretAccessor"
  member    = "user:jane@example.com"
}
"""
        },
    ),
)
