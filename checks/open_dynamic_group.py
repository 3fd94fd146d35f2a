"""A dynamic group that has nearly everything for a member.

What it does
    Finds matching rules of dynamic groups that name neither a compartment nor a resource nor a tag, that let every
    resource of a type in, or everything in the root compartment.

Why it matters
    Whoever may start an instance or deploy a function anywhere makes a member of the group, and the policies that were
    meant for one workload are everybody's.

Fix
    Ask for the compartment (`ALL {resource.type = 'fnfunc', resource.compartment.id = '…'}`), or for the resource's
    OCID.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy import oci

RULE = Rule(
    "RC433",
    "open-dynamic-group",
    "trust",
    "medium",
    "a dynamic group lets nearly everything in",
    controls=("NIST 800-53 AC-3", "NIST 800-53 AC-6", "PCI DSS 7.2.5", "OWASP NHI6", "ATT&CK T1199"),
    level_now="L5·T",
    level_target="L5",
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each group; of high severity where it may use or manage something."""
    yield from oci.findings(model, RULE, "open-group", "ask for the compartment, or for the resource")


BAD = (
    Example(
        "a type, and the root compartment",
        {
            "main.tf": """\
variable "tenancy_ocid" {}

resource "oci_identity_dynamic_group" "fn" {
  compartment_id = var.tenancy_ocid
  name           = "fn"
  description    = "functions"
  matching_rule  = "ALL {resource.type = 'fnfunc'}" # <- RC433
}

resource "oci_identity_dynamic_group" "instances" {
  compartment_id = var.tenancy_ocid
  name           = "instances"
  description    = "instances"
  matching_rule  = "ANY {instance.compartment.id = '${var.tenancy_ocid}'}" # <- RC433
}
"""
        },
    ),
)

GOOD = (
    Example(
        "a compartment, an instance",
        {
            "main.tf": """\
variable "compartment_ocid" {}

variable "instance_ocid" {}

resource "oci_identity_dynamic_group" "fn" {
  compartment_id = "ocid1.tenancy.oc1..example"
  name           = "fn"
  description    = "functions"
  matching_rule  = "ALL {resource.type = 'fnfunc', resource.compartment.id = '${var.compartment_ocid}'}"
}

resource "oci_identity_dynamic_group" "runner" {
  compartment_id = "ocid1.tenancy.oc1..example"
  name           = "runner"
  description    = "one instance"
  matching_rule  = "instance.id = '${var.instance_ocid}'"
}
"""
        },
    ),
)
