"""Every planner on its own examples: the plan that it shows, and patches that do what they say."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import pytest
from planner_estates import planned, write

from rolecall.model.finding import RANK
from rolecall.planners import PLANNERS
from rolecall.planning.example import PlannerExample
from rolecall.planning.plan import Plan
from rolecall.planning.proofs import schema_proof
from rolecall.planning.series import patch

VALIDATE = Path(__file__).parents[3] / "shared" / "tools" / "tfvalidate" / "tfvalidate.py"
needs_terraform = pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")


def test_every_planner_shows_what_it_does() -> None:
    for name in PLANNERS:
        assert import_module(f"rolecall.planners.{name}.examples").EXAMPLES


def test_the_plan_is_the_one_shown(example: PlannerExample, plan: Plan) -> None:
    assert {m.subject.address: m.disposition for m in plan.migrations} == dict(example.dispositions)
    assert {m.subject.address: m.targets for m in plan.migrations} == dict(example.targets)
    said = [reason for m in plan.migrations for reason in m.reasons]
    said += [text for m in plan.migrations for step in m.handover for text in (step.what, step.command, step.where)]
    for text in example.says:
        assert any(text in one for one in said), f"nothing says {text!r}: {said}"


def test_the_patches_are_those_shown(example: PlannerExample, plan: Plan) -> None:
    for phase, text in example.patches.items():
        assert lines(patch(plan.series.step(phase)).decode()) == lines(text), phase


def lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines()]


def test_nothing_is_taken_away_unless_every_consumer_moves(example: PlannerExample, plan: Plan) -> None:
    for migration in plan.migrations:
        names = {phase.name for phase in migration.phases}
        if migration.disposition != "patch":
            # the login of Terraform, or of the job that runs it, is patched on its side, and says what has to be there
            # before
            own = all(consumer.platform in ("terraform", "github-actions") for consumer in migration.consumers)
            phases = [phase for phase in migration.phases if phase.name == "migrate"]
            assert not phases or (own and phases[0].needs and migration.handover)
            assert "contract" not in names
        if "contract" in names:
            moves = [m for m in plan.migrations if m.id.startswith("move-") and m.identity == migration.identity]
            assert moves
            assert all(m.disposition == "patch" for m in moves)


def test_what_a_plan_says_is_complete(example: PlannerExample, plan: Plan) -> None:
    for migration in plan.migrations:
        assert migration.reasons or migration.disposition == "patch"
        assert migration.proof or not migration.phases
        # of a provider whose schema is not at hand nothing is shown, and nothing is said against it
        assert all(
            proof.holds or (proof.holds is None and proof.name == schema_proof.NAME) for proof in migration.proof
        )
        for phase in migration.phases:
            assert phase.rollback
            assert phase.verify or phase.name == "expand"
        for step in migration.handover:
            assert step.what


def test_the_patches_apply_in_order_and_nothing_is_left_to_do(
    example: PlannerExample, plan: Plan, folder: Path
) -> None:
    """Each phase with `git apply`; read and planned again after it: nothing worse, and at the end nothing to do."""
    before = {finding.fingerprint for finding in plan.analysis.findings}
    worst = max((RANK[finding.severity] for finding in plan.analysis.findings), default=0)
    again = plan
    git(folder, "init", "-q")
    for step in plan.series.steps:
        if not step.changes:
            continue
        git(folder, "apply", "--whitespace=nowarn", "-", data=patch(step))
        for name, data in step.files.items():
            assert (folder / name).read_bytes() == data, f"{name} after {step.name}"
            assert_tidy(data or b"", example)
        again = planned(folder)
        new = [f for f in again.analysis.findings if f.fingerprint not in before]
        assert all(RANK[f.severity] <= worst for f in new), [f"{f.span} {f.message}" for f in new]
    if again is plan:
        return
    # the rules about keys that are handed around; what else a service accepts is not what moved
    left = {finding.address for finding in again.analysis.findings if "RC101" <= finding.rule <= "RC106"}
    was = {migration.subject.address for migration in plan.migrations}
    for migration in plan.migrations:
        if migration.disposition == "patch":
            assert migration.subject.address not in left
    for migration in again.migrations:
        assert migration.subject.address in was
        assert {phase.name for phase in migration.phases} <= {"soak"}


def assert_tidy(data: bytes, example: PlannerExample) -> None:
    text = data.decode()
    assert text.count("\n") == text.count(example.newline)
    rows = text.replace("\r\n", "\n").split("\n")
    assert rows[0]
    assert not any(one == other == "" for one, other in pairwise(rows))
    assert all(row == row.rstrip() for row in rows)


def git(folder: Path, *arguments: str, data: bytes | None = None) -> None:
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    command = ["git", "-c", "core.autocrlf=false", *arguments]
    run = subprocess.run(command, cwd=folder, input=data, capture_output=True, env=environment, check=False)
    assert run.returncode == 0, run.stderr.decode()


def is_formatted(folder: Path) -> bool:
    command = ["terraform", "fmt", "-check", "-recursive", "-no-color", str(folder)]
    environment = {**os.environ, "TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"}
    return subprocess.run(command, capture_output=True, env=environment, check=False).returncode == 0


@needs_terraform
def test_what_was_formatted_stays_so(example: PlannerExample, plan: Plan, folder: Path) -> None:
    if not any(name.endswith(".tf") for name in example.files):
        pytest.skip("no Terraform code")
    if not is_formatted(folder):
        pytest.skip("the example itself is not formatted")
    for step in plan.series.steps:
        if step.changes:
            write(folder, step.files)
            assert is_formatted(folder), f"after {step.name}"


@pytest.mark.slow
@needs_terraform
@pytest.mark.skipif(not VALIDATE.is_file(), reason="the offline validator is not beside the checkout")
def test_terraform_finds_the_code_valid(example: PlannerExample, plan: Plan, folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("grpc", reason="grpcio is not installed")
    steps = [step for step in plan.series.steps if step.changes]
    if not steps or not any(name.endswith(".tf") for name in example.files):
        pytest.skip("no patch of Terraform code")
    after = tmp_path / "after"
    shutil.copytree(folder, after)
    for step in steps:
        write(after, step.files)
    command = [sys.executable, str(VALIDATE), "--baseline", str(folder), str(after)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_cfn_lint_finds_nothing_new(example: PlannerExample, plan: Plan) -> None:
    names = {name for name, text in example.files.items() if "AWSTemplateFormatVersion" in text}
    if not names:
        pytest.skip("no CloudFormation template")
    lint = pytest.importorskip("cfnlint.api", reason="cfn-lint is not installed").lint_all

    def errors(data: bytes | None) -> set[str]:
        return {f"{m.rule.id} {m.message}" for m in lint((data or b"").decode()) if m.rule.id.startswith("E")}

    for step in plan.series.steps:
        for name in names & set(step.changes):
            assert errors(step.files[name]) <= errors(step.before[name]), f"{name} after {step.name}"
