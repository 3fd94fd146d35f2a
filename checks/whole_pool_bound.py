"""A role for everything that a workload identity pool lets in.

What it does
    Finds roles bound to all identities of a workload identity pool (`principalSet://…/*`), to all of one customer of
    the issuer (`attribute.repository_owner`), or to an attribute that anybody can set (`attribute.ref`), where the
    pool's providers do not pin one caller themselves.

Why it matters
    A pool has as many members as its issuer has callers.  Each of them has the role, or becomes the service account.

Fix
    Bind the role to one subject (`principal://…/subject/…`) or to one repository
    (`principalSet://…/attribute.repository/owner/name`).
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy.google_pools import wide_members

RULE = Rule(
    "RC430",
    "whole-pool-bound",
    "trust",
    "medium",
    "a role is bound to a whole pool",
    controls=("NIST 800-53 AC-3", "NIST 800-53 IA-8", "PCI DSS 7.2.5", "OWASP NHI4", "OWASP NHI6", "ATT&CK T1199"),
    level_now="L5·T",
    level_target="L5",
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each binding."""
    seen: set[tuple[str, int]] = set()
    for wide in wide_members(model):
        span = wide.binding.span
        if (span.path, span.start) in seen:
            continue
        seen.add((span.path, span.start))
        role = wide.binding.role if wide.binding.role and "//" not in wide.binding.role else "a role"
        yield RULE.finding(
            f"{wide.binding.site.address} gives {role} to {wide.says}",
            span,
            wide.binding.site.address,
            severity=wide.severity,
            key=wide.member.name,
            help="bind the role to one subject, or to one repository",
        )


BAD = (
    Example(
        "a whole pool, and all repositories of an owner",
        {
            "main.tf": """\
resource "google_service_account_iam_member" "ci" { # <- RC430
  service_account_id = "projects/example/serviceAccounts/ci@example.iam.gserviceaccount.com"
  role               = "roles/iam.workloadIdentityUser"
  member             = "principalSet://iam.googleapis.com/projects/123/locations/global/workloadIdentityPools/ci/*"
}

resource "google_iam_workload_identity_pool" "github" {
  workload_identity_pool_id = "github"
}

resource "google_service_account_iam_member" "owner" { # <- RC430
  service_account_id = "projects/example/serviceAccounts/ci@example.iam.gserviceaccount.com"
  role               = "roles/iam.workloadIdentityUser"
  member             = "principalSet://iam.googleapis.com/${google_iam_workload_identity_pool.github.name}/attribute.owner/example"
}
"""
        },
    ),
)

GOOD = (
    Example(
        "one repository; a pool that only one can enter",
        {
            "main.tf": """\
resource "google_iam_workload_identity_pool" "github" {
  workload_identity_pool_id = "github"
}

resource "google_iam_workload_identity_pool_provider" "github" {
  workload_identity_pool_id          = google_iam_workload_identity_pool.github.workload_identity_pool_id
  workload_identity_pool_provider_id = "github"
  attribute_mapping                  = { "google.subject" = "assertion.sub" }
  attribute_condition                = "assertion.repository == 'example/app'"
  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}

resource "google_service_account_iam_member" "pool" {
  service_account_id = "projects/example/serviceAccounts/ci@example.iam.gserviceaccount.com"
  role               = "roles/iam.workloadIdentityUser"
  member             = "principalSet://iam.googleapis.com/${google_iam_workload_identity_pool.github.name}/*"
}

resource "google_service_account_iam_member" "one" {
  service_account_id = "projects/example/serviceAccounts/ci@example.iam.gserviceaccount.com"
  role               = "roles/iam.workloadIdentityUser"
  member             = "principal://iam.googleapis.com/projects/123/locations/global/workloadIdentityPools/ci/subject/app"
}
"""
        },
    ),
)
