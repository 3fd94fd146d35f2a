"""Wide statements of OCI are told with the statement to write, and never patched."""

from __future__ import annotations

from pathlib import Path

import pytest
from planner_estates import planned

from rolecall.planning.migration import Migration

GROUP = """\
resource "oci_identity_dynamic_group" "orders" {
  compartment_id = "ocid1.tenancy.oc1..example"
  name           = "orders"
  description    = "Orders"
  matching_rule  = "ALL {resource.type = 'fnfunc', resource.compartment.id = 'ocid1.compartment.oc1..example'}"
}

"""
POLICY = """\
resource "oci_identity_policy" "orders" {
  compartment_id = "ocid1.tenancy.oc1..example"
  name           = "orders"
  description    = "Orders"
  statements     = ["%s"]
}
"""
NAMED = "Allow dynamic-group ${oci_identity_dynamic_group.orders.name} to"


def only(root: Path, text: str) -> Migration:
    (root / "main.tf").write_text(text)
    (migration,) = planned(root).migrations
    return migration


@pytest.mark.parametrize(
    ("statement", "target", "written"),
    [
        (
            f"{NAMED} manage all-resources in tenancy",
            "narrow",
            "allow dynamic-group orders to VERB TYPE in compartment",
        ),
        (f"{NAMED} manage object-family in tenancy", "narrow", "object-family is a whole family"),
        (f"{NAMED} read secret-bundles in tenancy", "narrow", "to read secret-bundles in compartment id"),
        (f"{NAMED} manage policies in compartment Shop", "narrow", "leave manage policies to people"),
        ("Allow any-user to manage objects in tenancy", "pin-trust", "allow them to manage objects in compartment"),
        (
            "Allow any-user to use keys in tenancy where request.principal.type = 'workload'",
            "pin-trust",
            "allow any-user to use keys in compartment id COMPARTMENT_OCID where all {request.principal.type",
        ),
    ],
)
def test_a_statement(tmp_path: Path, statement: str, target: str, written: str) -> None:
    migration = only(tmp_path, GROUP + POLICY % statement)
    assert (migration.targets, migration.disposition) == ((target,), "advice")
    assert written in migration.handover[-1].what
    assert migration.handover[-1].where == "main.tf:12"


def test_an_open_group(tmp_path: Path) -> None:
    text = GROUP.replace(", resource.compartment.id = 'ocid1.compartment.oc1..example'", "")
    migration = only(tmp_path, text)
    assert (migration.targets, migration.disposition) == (("pin-trust",), "advice")
    assert "resource.id = 'RESOURCE_OCID'" in migration.handover[-1].what
