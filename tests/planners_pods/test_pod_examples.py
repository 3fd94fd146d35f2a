"""The examples of the planner for pods: what is planned, and that each phase can be applied by itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from rolecall.analysis.run import Analysis, Options, analyse
from rolecall.model.finding import RANK
from rolecall.planners import load
from rolecall.planners.pod_role.examples import EXAMPLES
from rolecall.planners.pod_role.examples_seen import SHOWN, Shown
from rolecall.planning.example import PlannerExample
from rolecall.planning.plan import Plan, make_plan
from rolecall.planning.series import patch

VALIDATE = Path(__file__).parents[3] / "shared" / "tools" / "tfvalidate" / "tfvalidate.py"

NAMES = [example.title.replace(" ", "-") for example in EXAMPLES]
each = pytest.mark.parametrize("example", EXAMPLES, ids=NAMES)


def write(folder: Path, files: Mapping[str, bytes | None]) -> None:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if data is None:
            path.unlink(missing_ok=True)
        else:
            path.write_bytes(data)


def analysed(folder: Path) -> Analysis:
    return analyse([folder], Options(cache=False))


def planned(folder: Path) -> Plan:
    return make_plan(analysed(folder), load(), settings=False)


@pytest.fixture
def folder(example: PlannerExample, tmp_path: Path) -> Path:
    root = tmp_path / "estate"
    write(root, {name: text.encode() for name, text in example.files.items()})
    return root


@each
def test_the_plan_is_the_one_shown(example: PlannerExample, folder: Path) -> None:
    plan = planned(folder)
    assert {m.subject.address: m.disposition for m in plan.migrations} == dict(example.dispositions)
    assert {m.subject.address: m.targets for m in plan.migrations} == dict(example.targets)
    assert not plan.series.conflicts
    assert says(plan, example.says)
    for phase, text in example.patches.items():
        assert bare(patch(plan.series.step(phase)).decode()) == bare(text), phase


def bare(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines()]


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


@each
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


def git(folder: Path, *arguments: str, data: bytes | None = None) -> None:
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    run = subprocess.run(["git", *arguments], cwd=folder, input=data, capture_output=True, env=environment, check=False)
    assert run.returncode == 0, run.stderr.decode()


@each
@pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")
def test_terraform_fmt_has_nothing_to_do(example: PlannerExample, folder: Path) -> None:
    assert unformatted(folder) == "", "the example itself"
    for step in planned(folder).series.steps:
        if step.changes:
            write(folder, step.files)
            assert unformatted(folder) == "", f"after {step.name}"


def unformatted(folder: Path) -> str:
    environment = {**os.environ, "TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"}
    command = ["terraform", "fmt", "-check", "-diff", "-recursive", "-no-color", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False).stdout


@each
@pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")
@pytest.mark.skipif(not VALIDATE.is_file(), reason="the offline validator is not beside the checkout")
def test_terraform_finds_expand_and_the_last_phase_valid(example: PlannerExample, folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("grpc", reason="grpcio is not installed")
    steps = [step for step in planned(folder).series.steps if step.changes]
    if not steps:
        pytest.skip("no patch")
    for number, step in enumerate({steps[0].name: steps[0], steps[-1].name: steps[-1]}.values()):
        after = tmp_path / str(number)
        shutil.copytree(folder, after)
        write(after, step.files)
        command = [sys.executable, str(VALIDATE), "--baseline", str(folder), str(after)]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        assert run.returncode == 0, f"after {step.name}: {run.stdout}{run.stderr}"
