"""Trusts as migrations: what is patched, what is handed over, and that a patch does what it says."""

from __future__ import annotations

from pathlib import Path

import pytest
from shown import (
    apply,
    each,
    has_terraform,
    invalid,
    lay_out,
    lines,
    lint_errors,
    needs_terraform,
    needs_validator,
    planned,
    templates,
    unformatted,
)
from trust_estates import OIDC, PATCHED, TOLD, WORKFLOW

from rolecall.analysis.run import Options, analyse
from rolecall.planners import load
from rolecall.planning.choice import Choice
from rolecall.planning.example import PlannerExample
from rolecall.planning.plan import make_plan
from rolecall.planning.series import patch


@each(PATCHED + TOLD)
def test_the_plan_is_the_one_shown(example: PlannerExample, tmp_path: Path) -> None:
    plan = planned(lay_out(tmp_path, example.files))
    trusts = [m for m in plan.migrations if m.subject.type == "trust"]
    assert {m.subject.address: m.disposition for m in trusts} == dict(example.dispositions)
    assert {m.subject.address: m.targets for m in trusts} == dict(example.targets)
    said = [reason for m in trusts for reason in m.reasons]
    said += [text for m in trusts for step in m.handover for text in (step.what, step.command)]
    for text in example.says:
        assert any(text in one for one in said), f"nothing says {text!r}: {said}"
    for migration in trusts:
        assert migration.reasons
        assert migration.handover or migration.phases
        assert all(step.where and step.who for step in migration.handover)
        assert all(phase.needs and phase.verify and phase.rollback for phase in migration.phases)
        assert all(proof.holds for proof in migration.proof)
        assert bool(migration.proof) is bool(migration.phases)


@each(PATCHED)
def test_a_patch_ends_the_finding_and_nothing_is_left_to_do(example: PlannerExample, tmp_path: Path) -> None:
    plan = planned(lay_out(tmp_path, example.files))
    for phase, text in example.patches.items():
        assert lines(patch(plan.series.step(phase)).decode()) == lines(text)
    before = {finding.fingerprint for finding in plan.analysis.findings}
    apply(tmp_path, plan)
    again = planned(tmp_path)
    assert not any(finding.rule == "RC405" for finding in again.analysis.findings)
    assert {finding.fingerprint for finding in again.analysis.findings} < before
    assert not [m for m in again.migrations if m.subject.type == "trust"]


@needs_terraform
@each(PATCHED, has_terraform)
def test_what_was_formatted_stays_so(example: PlannerExample, tmp_path: Path) -> None:
    apply(lay_out(tmp_path, example.files), planned(tmp_path))
    assert unformatted(tmp_path) == ""


@needs_terraform
@needs_validator
@each(PATCHED, lambda example: "main.tf" in example.files)
def test_terraform_finds_nothing_new(example: PlannerExample, tmp_path: Path) -> None:
    before, after = (lay_out(tmp_path / name, example.files) for name in ("before", "after"))
    apply(after, planned(after))
    assert invalid(before, after) == ""


@each(PATCHED, lambda example: bool(templates(example)))
def test_cfn_lint_finds_nothing_wrong(example: PlannerExample, tmp_path: Path) -> None:
    apply(lay_out(tmp_path, example.files), planned(tmp_path))
    for name in templates(example):
        assert lint_errors((tmp_path / name).read_bytes()) == set()


def test_roles_that_share_a_data_source_get_one(tmp_path: Path) -> None:
    apply(lay_out(tmp_path, PATCHED[-1].files), planned(tmp_path))
    text = (tmp_path / "main.tf").read_text()
    assert text.count('data "aws_caller_identity" "current_2" {\n  provider = aws.logs\n}\n') == 1
    assert text.count("data.aws_caller_identity.current_2.account_id") == 2


def test_one_role_alone_can_be_asked_for(tmp_path: Path) -> None:
    analysis = analyse([lay_out(tmp_path, PATCHED[-1].files)], Options(cache=False))
    name = next(m.id for m in make_plan(analysis, load()).migrations if m.subject.address == "aws_iam_role.two")
    plan = make_plan(analysis, load(), Choice(ids=frozenset({name})))
    assert [m.disposition for m in plan.migrations] == ["patch"]
    assert b"current_2" in patch(plan.series.step("migrate"))


def test_a_finding_of_another_family_is_not_answered_by_its_trust(tmp_path: Path) -> None:
    plan = planned(lay_out(tmp_path, {"main.tf": OIDC, ".github/workflows/deploy.yml": WORKFLOW}))
    for finding in plan.to_json()["findings"]:
        assert finding["family"] == "trust" or not (finding["fix"] or {}).get("migration", "").startswith("trust-")


@pytest.mark.parametrize("name", ["x'; true #", "${var.name}", "a/b"])
def test_no_name_gets_into_a_command_that_iam_would_not_take(name: str, tmp_path: Path) -> None:
    role = TOLD[4].files["main.tf"].replace('name = "open"', f'name = "{name}"')
    plan = planned(lay_out(tmp_path, {"main.tf": role + '\nvariable "name" {}\n'}))
    told = [step.command for m in plan.migrations for step in m.handover]
    assert any('endswith("/ROLE")' in command for command in told)
    assert not any(name in command for command in told)


@pytest.mark.parametrize("name", ["a(", "a[", "\\udcff", ""])
def test_a_document_of_any_name_is_read(name: str, tmp_path: Path) -> None:
    text = (
        PATCHED[1].files["main.tf"].replace('"aws_iam_policy_document" "logs"', f'"aws_iam_policy_document" "{name}"')
    )
    (tmp_path / "main.tf").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert all(not migration.phases for migration in planned(tmp_path).migrations)
