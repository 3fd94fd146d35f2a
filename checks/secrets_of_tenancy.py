"""A machine that has every secret or key of the tenancy.

What it does
    Finds statements that let dynamic groups, and groups of machine users, read secrets or use keys everywhere in the
    tenancy.

Why it matters
    One workload that is taken over gives away what all others keep in their vaults.

Fix
    Name the compartment, and the secret or key (`where target.secret.name = '…'`, `target.key.id`).
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy import oci

RULE = Rule(
    "RC356",
    "secrets-of-tenancy",
    "excess-privilege",
    "high",
    "a machine has every secret of the tenancy",
    controls=("NIST 800-53 AC-6", "PCI DSS 7.2.5", "OWASP NHI5", "ATT&CK T1555.006"),
    level_now="W",
    level_target="L5",
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each statement and machine."""
    yield from oci.findings(model, RULE, "secrets", "name the compartment, and the secret or key")


BAD = (
    Example(
        "all secrets",
        {
            "main.tf": """\
variable "tenancy_ocid" {}

variable "compartment_ocid" {}

resource "oci_identity_dynamic_group" "fn" {
  compartment_id = var.tenancy_ocid
  name           = "fn"
  description    = "functions"
  matching_rule  = "ALL {resource.type = 'fnfunc', resource.compartment.id = '${var.compartment_ocid}'}"
}

resource "oci_identity_policy" "fn" {
  compartment_id = var.tenancy_ocid
  name           = "fn"
  description    = "functions"
  statements = [
    "Allow dynamic-group ${oci_identity_dynamic_group.fn.name} to read secret-bundles in tenancy", # <- RC356
    "Allow dynamic-group ${oci_identity_dynamic_group.fn.name} to use keys in tenancy", # <- RC356
  ]
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
variable "tenancy_ocid" {}

variable "compartment_ocid" {}

resource "oci_identity_dynamic_group" "fn" {
  compartment_id = var.tenancy_ocid
  name           = "fn"
  description    = "functions"
  matching_rule  = "ALL {resource.type = 'fnfunc', resource.compartment.id = '${var.compartment_ocid}'}"
}

resource "oci_identity_policy" "fn" {
  compartment_id = var.tenancy_ocid
  name           = "fn"
  description    = "functions"
  statements = [
    "Allow dynamic-group fn to read secret-bundles in compartment apps where target.secret.name = 'token'",
  ]
}
"""
        },
    ),
)
