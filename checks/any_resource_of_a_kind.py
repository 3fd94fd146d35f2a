"""A statement for every resource of a kind.

What it does
    Finds statements for `any-user` whose condition only asks what kind of resource is calling
    (`request.principal.type`).

Why it matters
    Whoever may make a gateway, a cluster or a database anywhere in the tenancy has what the statement grants.

Fix
    Ask for the resource too (`request.principal.id`), or for its compartment (`request.principal.compartment.id`).
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy import oci

RULE = Rule(
    "RC434",
    "any-resource-of-a-kind",
    "trust",
    "high",
    "every resource of a kind is let in",
    controls=("NIST 800-53 AC-3", "NIST 800-53 AC-6", "PCI DSS 7.2.5", "OWASP NHI6", "ATT&CK T1199"),
    level_now="L5·T",
    level_target="L5",
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each statement; of medium severity where it only reads, or uses one type in one compartment."""
    yield from oci.findings(
        model, RULE, "any-of-a-kind", "ask for the resource (request.principal.id) or its compartment"
    )


BAD = (
    Example(
        "every gateway",
        {
            "main.tf": """\
variable "tenancy_ocid" {}

resource "oci_identity_policy" "fn" {
  compartment_id = var.tenancy_ocid
  name           = "fn"
  description    = "functions"
  statements = [
    "Allow any-user to use functions-family in compartment apps where request.principal.type = 'ApiGateway'", # <- RC434
  ]
}
"""
        },
    ),
)

GOOD = (
    Example(
        "one gateway",
        {
            "main.tf": """\
variable "tenancy_ocid" {}

variable "gateway" {}

resource "oci_identity_policy" "fn" {
  compartment_id = var.tenancy_ocid
  name           = "fn"
  description    = "functions"
  statements = [
    "Allow any-user to use fn-function in compartment apps where request.principal.id = '${var.gateway}'",
  ]
}
"""
        },
    ),
)
