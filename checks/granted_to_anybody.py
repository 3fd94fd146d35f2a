"""A role for everybody on the internet.

What it does
    Finds roles that are bound to `allUsers` or `allAuthenticatedUsers`, on whatever resource: keys, secrets, service
    accounts, datasets, topics, buckets, whole projects; and access lists that do the same.

Why it matters
    No identity is needed to use the resource; any Google account is one that anybody can make.  On a service account
    or a secret it gives away the rest as well.

Fix
    Bind the role to the group or the workload that needs it.  What is meant to be public belongs into a bucket of its
    own, with `roles/storage.objectViewer` alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy import google

RULE = Rule(
    "RC353",
    "granted-to-anybody",
    "excess-privilege",
    "critical",
    "anybody may use a resource",
    controls=("NIST 800-53 AC-3", "NIST 800-53 AC-6", "CIS GCP 1.9", "CIS GCP 5.1", "PCI DSS 7.2.5", "OWASP NHI5"),
    level_now="W",
    level_target="L5",
    equivalents={
        "checkov": ("CKV_GCP_28", "CKV_GCP_112", "CKV_GCP_113"),
        "kics": ("16cc87d1-dd47-4f46-b3ce-4dfcac8fd2f5",),
    },
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each binding; public objects are of low severity, public services only noted."""
    yield from google.findings(model, RULE, "everybody", "name the group or the workload that needs it")


BAD = (
    Example(
        "a key, a secret and a bucket",
        {
            "main.tf": """\
resource "google_kms_crypto_key_iam_binding" "key" { # <- RC353
  crypto_key_id = "key"
  role          = "roles/cloudkms.cryptoKeyDecrypter"
  members       = ["allAuthenticatedUsers"]
}

data "google_iam_policy" "secret" {
  binding { # <- RC353
    role    = "roles/secretmanager.secretAccessor"
    members = ["allUsers"]
  }
}

resource "google_secret_manager_secret_iam_policy" "secret" {
  secret_id   = "token"
  policy_data = data.google_iam_policy.secret.policy_data
}

resource "google_storage_bucket_acl" "site" {
  bucket      = "site"
  role_entity = ["OWNER:user-jane@example.com", "READER:allUsers"] # <- RC353
}
"""
        },
    ),
)

GOOD = (
    Example(
        "a group",
        {
            "main.tf": """\
resource "google_kms_crypto_key_iam_binding" "key" {
  crypto_key_id = "key"
  role          = "roles/cloudkms.cryptoKeyDecrypter"
  members       = ["group:payments@example.com"]
}
"""
        },
    ),
)
