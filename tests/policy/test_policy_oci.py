"""OCI's statements and matching rules: read word by word, and judged."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.analysis.run import Options, analyse
from rolecall.model.access.oci_statements import Compared, Conditions, Statement, matching_rule, parse
from rolecall.policy.oci import openness


@pytest.mark.parametrize(
    ("text", "statement"),
    [
        (
            "Allow dynamic-group 'Default'/'fn' to manage all-resources in tenancy",
            Statement("allow", "dynamic-group", ("fn",), "", "manage", "all-resources", (), "tenancy"),
        ),
        (
            "ALLOW GROUP id ocid1.group.oc1..a, Bs TO {SECRET_READ, secret_bundle_read} IN COMPARTMENT A:B",
            Statement(
                "allow", "group", ("ocid1.group.oc1..a", "Bs"), "", "", "", ("SECRET_READ", "SECRET_BUNDLE_READ"),
                "compartment", "A:B",
            ),
        ),
        (
            "Admit any-user of tenancy Partner to read buckets in tenancy",
            Statement("admit", "any-user", (), "tenancy Partner", "read", "buckets", (), "tenancy"),
        ),
        (
            "Endorse group Readers to read objects in any-tenancy",
            Statement("endorse", "group", ("Readers",), "", "read", "objects", (), "any-tenancy"),
        ),
        ("Define tenancy Partner as ocid1.tenancy.oc1..p", Statement("define", "tenancy", ("Partner",))),
        (
            "Allow any-user to use keys in compartment c where ALL {request.principal.type = 'x', "
            "any {target.key.id != 'a', target.key.id = /b*/}}",
            Statement(
                "allow", "any-user", (), "", "use", "keys", (), "compartment", "c",
                Conditions(
                    "all",
                    (
                        Compared("request.principal.type", "=", "x"),
                        Conditions(
                            "any", (Compared("target.key.id", "!=", "a"), Compared("target.key.id", "=", "/b*/"))
                        ),
                    ),
                ),
            ),
        ),
    ],
)  # fmt: skip
def test_a_statement_is_read(text: str, statement: Statement) -> None:
    assert parse(text) == statement


@pytest.mark.parametrize(
    "text", ["", "hello", "${var.statement}", "Allow nobody to x in tenancy", "allow group", "x" * 9999]
)
def test_what_is_no_statement_says_why(text: str) -> None:
    assert isinstance(parse(text), str)


@given(st.text("alowgrup-{}${},'\"=! any", max_size=80))
def test_any_text_is_a_statement_or_says_why_not(text: str) -> None:
    parsed = parse("allow group " + text)
    assert isinstance(parsed, Statement) or parsed
    rule = matching_rule(text)
    assert rule.complete or not openness(rule)


@pytest.mark.parametrize(
    ("rule", "open_"),
    [
        ("ALL {resource.type = 'fnfunc', resource.compartment.id = 'ocid1.compartment.oc1..c'}", False),
        ("instance.compartment.id = 'ocid1.compartment.oc1..c'", False),
        ("ANY {instance.id = 'ocid1.instance.oc1..a', instance.id = 'ocid1.instance.oc1..b'}", False),
        ("tag.team.role.value = 'runner'", False),
        ("ALL {resource.type = 'fnfunc'}", True),
        ("ANY {resource.type = 'fnfunc', resource.compartment.id = 'ocid1.compartment.oc1..c'}", True),
        ("ANY {instance.compartment.id = 'ocid1.tenancy.oc1..t'}", True),
        ("ALL {instance.compartment.id != 'ocid1.compartment.oc1..c'}", True),
        ("${var.rule}", False),
        ("ALL {", False),
    ],
)
def test_who_is_in_a_dynamic_group(rule: str, open_: bool) -> None:
    assert bool(openness(matching_rule(rule))) is open_


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("Allow dynamic-group ci to manage all-resources in tenancy", {("RC301", "critical")}),
        ("Allow dynamic-group ci to manage policies in tenancy", {("RC301", "critical")}),
        ("Allow dynamic-group ci to {POLICY_CREATE} in tenancy", {("RC302", "high")}),
        ("Allow dynamic-group ci to manage policies in compartment c", {("RC302", "high")}),
        ("Allow dynamic-group ci to manage object-family in tenancy", {("RC355", "high")}),
        ("Allow dynamic-group ci to manage repos in tenancy", {("RC355", "medium")}),
        ("Allow dynamic-group ci to manage repos in tenancy where target.repo.name = 'x'", {("RC355", "low")}),
        ("Allow dynamic-group ci to read secret-bundles in tenancy", {("RC356", "medium")}),
        ("Allow dynamic-group ci to use keys in tenancy", {("RC356", "high")}),
        ("Allow dynamic-group ci to read repos in tenancy", set()),
        ("Allow group Administrators to manage all-resources in tenancy", set()),
        ("Allow any-user to manage buckets in compartment c", {("RC301", "critical")}),
        ("Allow any-user to inspect buckets in tenancy", {("RC301", "medium")}),
        ("Allow any-user to use keys in tenancy where request.principal.type = 'db'", {("RC434", "high")}),
        ("Allow any-user to use keys in tenancy where request.principal.id = 'x'", set()),
        ("Admit any-user of tenancy P to use objects in tenancy", {("RC432", "high")}),
    ],
)
def test_a_statement_is_judged(tmp_path: Path, statement: str, expected: set[tuple[str, str]]) -> None:
    (tmp_path / "main.tf").write_text(
        'resource "oci_identity_policy" "p" {\n  compartment_id = "t"\n  name = "p"\n  description = "p"\n'
        f'  statements = ["{statement}"]\n}}\n'
    )
    found = analyse([tmp_path], Options(cache=False)).findings
    assert {(f.rule, f.severity) for f in found if f.rule[:3] in ("RC3", "RC4")} == expected
