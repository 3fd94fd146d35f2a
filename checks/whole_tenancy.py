"""A machine that manages a kind of resource in the whole tenancy.

What it does
    Finds statements that let dynamic groups, and groups of machine users, manage a family of resources or a resource
    type everywhere in the tenancy, or everything in a compartment.

Why it matters
    The tenancy holds the resources of every team and stage.  What one workload needs of its own compartment it may then
    change and delete in all of them.

Fix
    Name the compartment (`in compartment id …`) and the verb that the workload needs (`use`, `read`), or say which
    resource (`where target.bucket.name = '…'`).
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy import oci

RULE = Rule(
    "RC355",
    "whole-tenancy",
    "excess-privilege",
    "high",
    "a machine manages a kind of resource in the whole tenancy",
    controls=("NIST 800-53 AC-6", "PCI DSS 7.2.5", "OWASP NHI5"),
    level_now="W",
    level_target="L5",
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each statement and machine."""
    yield from oci.findings(model, RULE, "family", "name the compartment, the verb that it needs, and which resource")


BAD = (
    Example(
        "a family in the tenancy",
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
    "Allow dynamic-group ${oci_identity_dynamic_group.fn.name} to manage object-family in tenancy", # <- RC355
    "Allow dynamic-group ${oci_identity_dynamic_group.fn.name} to read repos in tenancy",
  ]
}
"""
        },
    ),
)

GOOD = (
    Example(
        "one compartment",
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
    "Allow dynamic-group ${oci_identity_dynamic_group.fn.name} to manage objects in compartment apps",
  ]
}
"""
        },
    ),
)
