"""The examples of the planner for pods: what is planned, and that each phase can be applied by itself."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest
from shown import each, git, invalid, lay_out, lines, needs_terraform, needs_validator, unformatted, write
from shown import planned as planned_with

from rolecall.analysis.run import Analysis, Options, analyse
from rolecall.model.finding import RANK
from rolecall.planners.pod_role.examples import EXAMPLES
from rolecall.planners.pod_role.examples_seen import SHOWN, Shown
from rolecall.planning.example import PlannerExample
from rolecall.planning.plan import Plan
from rolecall.planning.series import patch


def analysed(folder: Path) -> Analysis:
    return analyse([folder], Options(cache=False))


def planned(folder: Path) -> Plan:
    return planned_with(folder, settings=False)


@pytest.fixture
def folder(example: PlannerExample, tmp_path: Path) -> Path:
    return lay_out(tmp_path / "estate", example.files)


@each(EXAMPLES)
def test_the_plan_is_the_one_shown(example: PlannerExample, folder: Path) -> None:
    plan = planned(folder)
    assert {m.subject.address: m.disposition for m in plan.migrations} == dict(example.dispositions)
    assert {m.subject.address: m.targets for m in plan.migrations} == dict(example.targets)
    assert not plan.series.conflicts
    assert says(plan, example.says)
    for phase, text in example.patches.items():
        assert lines(patch(plan.series.step(phase)).decode()) == lines(text), phase


def says(plan: Plan, texts: Iterable[str]) -> bool:
    said = [text for m in plan.migrations for text in (*m.reasons, *m.prerequisites)]
    said += [text for m in plan.migrations for step in m.handover for text in (step.what, step.command, step.where)]
    return all(any(text in one for one in said) for text in texts)


@pytest.mark.parametrize(("example", "shown"), [(shown.example, shown) for shown in SHOWN], ids=range(len(SHOWN)))
def test_texts_are_those_shown_after_each_phase(example: PlannerExample, shown: Shown, folder: Path) -> None:
    plan = planned(folder)
    assert says(plan, shown.says)
    for phase, files in shown.after.items():
        texts = plan.series.step(phase).files
        assert {name: (texts[name] or b"").decode() for name in files} == dict(files), phase


@each(EXAMPLES)
def test_each_phase_applies_and_leaves_less_to_do(example: PlannerExample, folder: Path) -> None:
    plan = planned(folder)
    known = {finding.address for finding in plan.analysis.findings}
    worst = max((RANK[finding.severity] for finding in plan.analysis.findings), default=0)
    git(folder, "init", "-q")
    for step in plan.series.steps:
        if step.changes:
            git(folder, "apply", "-", data=patch(step))
            assert all(not (folder / name).exists() for name, data in step.files.items() if data is None)
            for found in analysed(folder).findings:
                assert found.address in known, f"after {step.name}: {found.message}"
                assert RANK[found.severity] <= worst, f"after {step.name}: {found.message}"
    again = planned(folder)
    patched = {m.subject.address for m in plan.migrations if m.disposition == "patch"}
    assert not patched & {m.subject.address for m in again.migrations}
    left = {m.subject.address for m in plan.migrations if m.disposition == "partial"}
    assert {m.subject.address for m in again.migrations if m.phases} <= left, "only what people had to do first is left"


@each(EXAMPLES)
@needs_terraform
def test_terraform_fmt_has_nothing_to_do(example: PlannerExample, folder: Path) -> None:
    assert unformatted(folder) == "", "the example itself"
    for step in planned(folder).series.steps:
        if step.changes:
            write(folder, step.files)
            assert unformatted(folder) == "", f"after {step.name}"


@each([example for example in EXAMPLES if set(example.dispositions.values()) & {"patch", "partial"}])
@needs_terraform
@needs_validator
def test_terraform_finds_expand_and_the_last_phase_valid(example: PlannerExample, folder: Path, tmp_path: Path) -> None:
    steps = [step for step in planned(folder).series.steps if step.changes]
    for step in {step.name: step for step in (*steps[:1], *steps[-1:])}.values():
        after = tmp_path / step.name
        shutil.copytree(folder, after)
        write(after, step.files)
        assert invalid(folder, after) == "", f"after {step.name}"
