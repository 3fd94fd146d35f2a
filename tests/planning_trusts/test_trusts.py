"""Trusts as migrations: what is patched, what is handed over, and that a patch does what it says."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from trust_estates import OIDC, PATCHED, TOLD, WORKFLOW

from rolecall.analysis.run import Options, analyse
from rolecall.planners import load
from rolecall.planning.choice import Choice
from rolecall.planning.example import PlannerExample
from rolecall.planning.plan import Plan, make_plan
from rolecall.planning.series import patch

VALIDATE = Path(__file__).parents[3] / "shared" / "tools" / "tfvalidate" / "tfvalidate.py"
needs_terraform = pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")


def lay_out(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode())
    return folder


def planned(folder: Path) -> Plan:
    return make_plan(analyse([folder], Options(cache=False)), load())


def each(examples: tuple[PlannerExample, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("example", examples, ids=[example.title for example in examples])


def patched(folder: Path, plan: Plan) -> None:
    for step in plan.series.steps:
        for name, data in step.files.items():
            if step.changes:
                (folder / name).write_bytes(data or b"")


def rows(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines() if not line.startswith("diff ")]


@each(PATCHED + TOLD)
def test_the_plan_is_the_one_shown(example: PlannerExample, tmp_path: Path) -> None:
    plan = planned(lay_out(tmp_path, dict(example.files)))
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
    plan = planned(lay_out(tmp_path, dict(example.files)))
    for phase, text in example.patches.items():
        assert rows(patch(plan.series.step(phase)).decode()) == rows(text)
    before = {finding.fingerprint for finding in plan.analysis.findings}
    patched(tmp_path, plan)
    again = planned(tmp_path)
    assert not any(finding.rule == "RC405" for finding in again.analysis.findings)
    assert {finding.fingerprint for finding in again.analysis.findings} < before
    assert not [m for m in again.migrations if m.subject.type == "trust"]


@needs_terraform
@each(PATCHED)
def test_what_was_formatted_stays_so(example: PlannerExample, tmp_path: Path) -> None:
    if not any(name.endswith(".tf") for name in example.files):
        pytest.skip("no Terraform code")
    patched(lay_out(tmp_path, dict(example.files)), planned(tmp_path))
    command = ["terraform", "fmt", "-check", "-diff", "-no-color", str(tmp_path)]
    environment = {**os.environ, "TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"}
    run = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


@needs_terraform
@pytest.mark.skipif(not VALIDATE.is_file(), reason="the offline validator is not beside the checkout")
def test_terraform_finds_the_code_valid(tmp_path: Path) -> None:
    pytest.importorskip("grpc", reason="grpcio is not installed")
    folders: list[str] = []
    for number, example in enumerate(PATCHED):
        if "main.tf" in example.files:
            folder = lay_out(tmp_path / str(number), dict(example.files))
            patched(folder, planned(folder))
            folders.append(str(folder))
    run = subprocess.run([sys.executable, str(VALIDATE), *folders], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


@each(PATCHED)
def test_cfn_lint_finds_nothing_wrong(example: PlannerExample, tmp_path: Path) -> None:
    names = [name for name, text in example.files.items() if "AWSTemplateFormatVersion" in text]
    if not names:
        pytest.skip("no CloudFormation template")
    lint = pytest.importorskip("cfnlint.api", reason="cfn-lint is not installed").lint_all
    patched(lay_out(tmp_path, dict(example.files)), planned(tmp_path))
    assert not [m for m in lint((tmp_path / names[0]).read_text()) if m.rule.id.startswith("E")]


def test_roles_that_share_a_data_source_get_one(tmp_path: Path) -> None:
    patched(lay_out(tmp_path, dict(PATCHED[-1].files)), planned(tmp_path))
    text = (tmp_path / "main.tf").read_text()
    assert text.count('data "aws_caller_identity" "current_2" {\n  provider = aws.logs\n}\n') == 1
    assert text.count("data.aws_caller_identity.current_2.account_id") == 2


def test_one_role_alone_can_be_asked_for(tmp_path: Path) -> None:
    analysis = analyse([lay_out(tmp_path, dict(PATCHED[-1].files))], Options(cache=False))
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
