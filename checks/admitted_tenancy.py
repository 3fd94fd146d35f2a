"""Everybody of another tenancy is admitted, or somebody to everything.

What it does
    Finds `Admit` statements that let any user of another tenancy in, or let a group of one manage everything.

Why it matters
    Who is in the other tenancy's groups, and who its users are, is for its administrators to say.

Fix
    Admit one group, defined by its OCID, to one resource type in one compartment.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy import oci

RULE = Rule(
    "RC432",
    "admitted-tenancy",
    "trust",
    "high",
    "another tenancy is let in as a whole",
    controls=("NIST 800-53 AC-3", "NIST 800-53 AC-20", "PCI DSS 7.2.5", "OWASP NHI6", "ATT&CK T1199"),
    level_now="L5·T",
    level_target="L5",
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each statement."""
    yield from oci.findings(model, RULE, "admitted", "admit one group to one resource type in one compartment")


BAD = (
    Example(
        "any user",
        {
            "main.tf": """\
variable "tenancy_ocid" {}

resource "oci_identity_policy" "fn" {
  compartment_id = var.tenancy_ocid
  name           = "fn"
  description    = "functions"
  statements = [
    "Define tenancy Partner as ocid1.tenancy.oc1..partner",
    "Admit any-user of tenancy Partner to manage objects in tenancy", # <- RC432
  ]
}
"""
        },
    ),
)

GOOD = (
    Example(
        "one group",
        {
            "main.tf": """\
variable "tenancy_ocid" {}

resource "oci_identity_policy" "fn" {
  compartment_id = var.tenancy_ocid
  name           = "fn"
  description    = "functions"
  statements = [
    "Define tenancy Partner as ocid1.tenancy.oc1..partner",
    "Define group Readers as ocid1.group.oc1..readers",
    "Admit group Readers of tenancy Partner to read objects in compartment exchange",
  ]
}
"""
        },
    ),
)
