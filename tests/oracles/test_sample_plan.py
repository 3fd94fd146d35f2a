"""The plan of the sample estate, applied phase by phase to a copy, in the eyes of git, terraform and cfn-lint."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PHASES = ("prepare", "expand", "migrate", "soak", "contract")
ENTRY = "import sys; from rolecall.cli.main import main; sys.exit(main())"


def run(*command: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def estates(project: Path, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, Path]]:
    """The estate after each phase of its plan, in order: the name of the phase, and a folder."""
    if shutil.which("git") is None:
        pytest.skip("no git program on PATH")
    top = tmp_path_factory.mktemp("estate")
    estate = top / "0-before"
    shutil.copytree(project / "sample_iac", estate)
    plan = run(sys.executable, "-c", ENTRY, "plan", estate, "--no-cache", "--output", top / "plan", cwd=top)
    assert plan.returncode in (0, 1), plan.stderr
    found = [("before", estate)]
    for patch in sorted((top / "plan" / "phases").glob("*.patch")):
        after = top / patch.stem
        shutil.copytree(found[-1][1], after)
        applied = run("git", "apply", patch, cwd=after)
        assert applied.returncode == 0, f"{patch.name}: {applied.stderr}"
        found.append((patch.stem.partition("-")[2], after))
    return found


def every(estates: list[tuple[str, Path]], complaints: Callable[[Path], str]) -> dict[str, str]:
    """What is said of each phase, where anything is."""
    return {phase: said for phase, folder in estates if (said := complaints(folder))}


def test_phases_come_in_order_and_change_something(estates: list[tuple[str, Path]]) -> None:
    names = [phase for phase, _ in estates[1:]]
    assert names == [phase for phase in PHASES if phase in names]
    assert {"expand", "migrate", "contract"} <= set(names)


def test_terraform_would_not_format_any_phase_otherwise(estates: list[tuple[str, Path]], terraform: str) -> None:
    def complaints(folder: Path) -> str:
        return run(terraform, "fmt", "-check", "-recursive", "-diff", "aws-terraform", cwd=folder).stdout

    assert every(estates, complaints) == {}


def test_terraform_calls_every_phase_valid(estates: list[tuple[str, Path]], tfvalidate: Path) -> None:
    def complaints(folder: Path) -> str:
        roots = sorted({path.parent for path in (folder / "aws-terraform").rglob("*.tf")})
        said = run(sys.executable, tfvalidate, "--json", "--root", folder / "aws-terraform", *roots, cwd=folder)
        results = json.loads(said.stdout)
        assert len(results) == len(roots)
        return "\n".join(str(result["errors"]) for result in results if result["status"] != "ok")

    assert every(estates, complaints) == {}


def test_cfn_lint_finds_nothing_in_any_phase(estates: list[tuple[str, Path]]) -> None:
    api = pytest.importorskip("cfnlint.api")

    def complaints(folder: Path) -> str:
        return "\n".join(
            str(match)
            for template in sorted((folder / "aws-cloudformation").glob("*.yaml"))
            for match in api.lint(template.read_text("utf-8"), regions=["eu-west-1"])
        )

    assert every(estates, complaints) == {}
