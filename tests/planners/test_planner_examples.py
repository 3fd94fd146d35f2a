"""Every planner on its own examples: the plan that it shows, and patches that do what they say."""

from __future__ import annotations

import re
import shutil
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import pytest
from planner_estates import planned
from shown import (
    git,
    has_terraform,
    invalid,
    lines,
    lint_errors,
    needs_terraform,
    needs_validator,
    templates,
    unformatted,
    write,
)

from rolecall.model.finding import RANK
from rolecall.planners import PLANNERS
from rolecall.planning.example import PlannerExample
from rolecall.planning.plan import Plan
from rolecall.planning.proofs import schema_proof
from rolecall.planning.series import patch

#: A text that is a reference alone, as it was written before Terraform 0.12: `terraform fmt` writes it anew.
BEFORE_0_12 = re.compile(r'(?m)= "\$\{[^"{}]+\}"$')


def has_formatted_terraform(example: PlannerExample) -> bool:
    return has_terraform(example) and not any(map(BEFORE_0_12.search, example.files.values()))


def has_patched_terraform(example: PlannerExample) -> bool:
    return has_terraform(example) and not {"patch", "partial"}.isdisjoint(example.dispositions.values())


#: How a hand-over begins that people have to make something by.
_MAKES = re.compile(r"(?:let|give|grant|make(?! sure)|create|register|trust|set|add|allow|choose|find out|write|put)\b")


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


def test_nothing_is_taken_away_unless_every_consumer_moves(example: PlannerExample, plan: Plan) -> None:
    for migration in plan.migrations:
        names = {phase.name for phase in migration.phases}
        if migration.disposition != "patch":
            # the login of Terraform or of a job is patched on its side, and says what has to be there before
            own = all(one.kind == "pipeline-job" or one.platform == "terraform" for one in migration.consumers)
            phases = [phase for phase in migration.phases if phase.name == "migrate"]
            assert not phases or (own and phases[0].needs and migration.handover)
            assert "contract" not in names
        if "contract" in names:
            moves = [m for m in plan.migrations if m.about == "move" and m.identity == migration.identity]
            assert moves
            assert all(m.disposition == "patch" for m in moves)


def test_a_patch_needs_nothing_that_people_have_to_make(example: PlannerExample, plan: Plan) -> None:
    """What is left beside a whole patch are checks, waiting, a release of the application, and what comes after it: an
    identity, a grant, a trust or a value that a phase needs, and that is not in the patches, makes it `partial`.
    """
    for migration in plan.migrations:
        if migration.disposition == "patch":
            assert not [step.what for step in migration.handover if _MAKES.match(step.what)]
            assert not any(reason.startswith("no patch") for reason in migration.reasons)


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


@needs_terraform
@pytest.mark.where(holds=has_formatted_terraform)
def test_what_was_formatted_stays_so(example: PlannerExample, plan: Plan, folder: Path) -> None:
    assert unformatted(folder) == "", "the example itself"
    for step in plan.series.steps:
        if step.changes:
            write(folder, step.files)
            assert unformatted(folder) == "", f"after {step.name}"


@pytest.mark.slow
@needs_terraform
@needs_validator
@pytest.mark.where(holds=has_patched_terraform)
def test_terraform_finds_the_code_valid(example: PlannerExample, plan: Plan, folder: Path, tmp_path: Path) -> None:
    steps = [step for step in plan.series.steps if step.changes]
    after = tmp_path / "after"
    shutil.copytree(folder, after)
    for step in steps:
        write(after, step.files)
    assert not steps or invalid(folder, after) == ""


@pytest.mark.where(holds=templates)
def test_cfn_lint_finds_nothing_new(example: PlannerExample, plan: Plan) -> None:
    for step in plan.series.steps:
        for name in templates(example) & step.changes.keys():
            assert lint_errors(step.files[name]) <= lint_errors(step.before[name]), f"{name} after {step.name}"
