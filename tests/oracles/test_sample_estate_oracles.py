"""The sample estate is right in the eyes of the tools whose language it is written in."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

TERRAFORM = Path("sample_iac/aws-terraform")
CLOUDFORMATION = Path("sample_iac/aws-cloudformation")


def test_terraform_would_not_format_it_otherwise(project: Path, terraform: str) -> None:
    run = subprocess.run(
        [terraform, "fmt", "-check", "-recursive", "-diff", TERRAFORM],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout


def test_terraform_calls_it_valid(project: Path, tfvalidate: Path) -> None:
    folders = sorted({path.parent for path in (project / TERRAFORM).rglob("*.tf")})
    command = [sys.executable, tfvalidate, "--json", "--root", project / TERRAFORM, *folders]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    results = json.loads(run.stdout)
    assert len(results) == len(folders)
    assert [result for result in results if result["status"] != "ok"] == []


def test_cfn_lint_finds_nothing(project: Path) -> None:
    api = pytest.importorskip("cfnlint.api")
    for template in sorted((project / CLOUDFORMATION).glob("*.yaml")):
        matches = api.lint(template.read_text("utf-8"), regions=["eu-west-1"])
        assert [str(match) for match in matches] == [], template.name
