"""README.md shows what rolecall prints, and names what it has."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from rolecall.cli.program import cli


@pytest.fixture(scope="module")
def readme(project: Path) -> str:
    return (project / "README.md").read_text("utf-8")


def test_the_output_shown_is_real(project: Path) -> None:
    run = subprocess.run(
        [sys.executable, "tools/readme.py", "--check"], cwd=project, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr


def test_every_command_and_option_named_exists(readme: str) -> None:
    top = CliRunner().invoke(cli, ["--help"]).output
    commands = re.findall(r"^  ([a-z]+)  ", top, re.MULTILINE)
    assert {"check", "plan", "apply", "explain", "rules"} <= set(commands)
    named = set(re.findall(r"(?:`|^\$ |^    )rolecall ([a-z]+)\b", readme, re.MULTILINE))
    assert named - set(commands) == set()
    known = "".join(CliRunner().invoke(cli, [command, "--help"]).output for command in commands)
    prose = re.sub(r"^```console\n.*?^```$", "", readme, flags=re.MULTILINE | re.DOTALL)
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", prose)) - set(re.findall(r"--[a-z-]+", known)) == set()


def test_every_file_named_exists(project: Path, readme: str) -> None:
    named = re.findall(r"`((?:docs|sample_iac|src|checks|planners|tests|bench|tools)/[^`\s]*|[A-Z]+\.md)`", readme)
    assert named
    assert [name for name in named if not (project / name).exists()] == []
