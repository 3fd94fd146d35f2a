"""Examples of plans laid out on disk, planned, patched, and looked at by the tools of their languages.

A program that is not installed skips its test.  A test about one language is made only for the examples in it, so that
a skipped test always means that a program is missing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest

from rolecall.analysis.run import Options, analyse
from rolecall.planners import load
from rolecall.planning.example import PlannerExample
from rolecall.planning.plan import Plan, make_plan

_VALIDATE = Path(__file__).parents[2] / "shared" / "tools" / "tfvalidate" / "tfvalidate.py"
_ENVIRONMENT = {**os.environ, "TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"}

needs_terraform = pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")
needs_validator = pytest.mark.skipif(not _VALIDATE.is_file(), reason="the offline validator is not beside the checkout")


def each(
    examples: Iterable[PlannerExample], where: Callable[[PlannerExample], bool] = lambda example: True
) -> pytest.MarkDecorator:
    """A test for each example of which `where` holds, by its title."""
    chosen = [pytest.param(example, id=example.title) for example in examples if where(example)]
    return pytest.mark.parametrize("example", chosen)


def has_terraform(example: PlannerExample) -> bool:
    return any(name.endswith(".tf") for name in example.files)


def templates(example: PlannerExample) -> frozenset[str]:
    """The names of the CloudFormation templates; none where there are none."""
    return frozenset(name for name, text in example.files.items() if "AWSTemplateFormatVersion" in text)


def write(folder: Path, files: Mapping[str, bytes | None]) -> None:
    """Lay files over a folder; None removes one."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if data is None:
            path.unlink(missing_ok=True)
        else:
            path.write_bytes(data)


def lay_out(folder: Path, files: Mapping[str, str], newline: str = "\n") -> Path:
    """Write an estate's texts, and give back its folder."""
    write(folder, {name: text.replace("\n", newline).encode() for name, text in files.items()})
    return folder


def planned(folder: Path, settings: bool = True) -> Plan:
    return make_plan(analyse([folder], Options(cache=False)), load(), settings=settings)


def apply(folder: Path, plan: Plan) -> None:
    """Lay the files of every phase over the folder, in order."""
    for step in plan.series.steps:
        if step.changes:
            write(folder, step.files)


def lines(text: str) -> list[str]:
    """The lines of a patch without blanks at their ends and without git's heads, as two patches are compared."""
    return [line.rstrip() for line in text.splitlines() if not line.startswith("diff ")]


def git(folder: Path, *arguments: str, data: bytes | None = None) -> None:
    """Run git as if its user had set nothing."""
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    command = ["git", "-c", "core.autocrlf=false", *arguments]
    run = subprocess.run(command, cwd=folder, input=data, capture_output=True, env=environment, check=False)
    assert run.returncode == 0, run.stderr.decode()


def unformatted(folder: Path) -> str:
    """What `terraform fmt` would change below a folder, as a diff; its own words where it cannot read a file."""
    command = ["terraform", "fmt", "-check", "-diff", "-recursive", "-no-color", str(folder)]
    run = subprocess.run(command, capture_output=True, text=True, env=_ENVIRONMENT, check=False)
    return run.stdout + run.stderr if run.returncode else ""


def invalid(before: Path, after: Path) -> str:
    """What `terraform validate` has against a folder and not against the one before; empty where there is nothing."""
    pytest.importorskip("grpc", reason="grpcio is not installed")
    command = [sys.executable, str(_VALIDATE), "--baseline", str(before), str(after)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return run.stdout + run.stderr if run.returncode else ""


def lint_errors(template: bytes | None) -> set[str]:
    """The errors that cfn-lint sees in a template, without their places."""
    lint = pytest.importorskip("cfnlint.api", reason="cfn-lint is not installed").lint_all
    return {f"{m.rule.id} {m.message}" for m in lint((template or b"").decode()) if m.rule.id.startswith("E")}
