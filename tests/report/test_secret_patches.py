"""A plan's patches never quote a live key; what they leave out is said and can be applied all the same."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from rolecall.cli.main import cli

#: Made up, in the shape of a key, put together so that no scanner takes this file for a leak.
SECRET = "abcdEFGH1234" + "ijklMNOP5678" + "qrstUVWX9012" + "yzAB"


def write_provider(folder: Path, secret: str) -> None:
    (folder / "main.tf").write_text(f'provider "aws" {{\n  region     = "eu-west-2"\n  secret_key = "{secret}"\n}}\n')


def plan(folder: Path, output: Path) -> None:
    result = CliRunner().invoke(cli, ["plan", str(folder), "--output", str(output)])
    assert result.exit_code == 0, result.output


def test_a_live_key_is_in_no_file_of_the_plan(tmp_path: Path) -> None:
    estate = tmp_path / "estate"
    estate.mkdir()
    write_provider(estate, SECRET)
    plan(estate, tmp_path / "plan")
    for path in (tmp_path / "plan").rglob("*"):
        if path.is_file():
            assert SECRET not in path.read_text(), path
    data = json.loads((tmp_path / "plan" / "plan.json").read_text())
    assert [part["name"] for part in data["series"]] == ["migrate"]
    assert "main.tf" in (tmp_path / "plan" / "roadmap.md").read_text()
    result = CliRunner().invoke(
        cli, ["apply", str(tmp_path / "plan"), "--phase", "migrate", "--root", str(estate)], catch_exceptions=False
    )
    assert result.exit_code == 0, result.output
    assert "secret_key" not in (estate / "main.tf").read_text()


def test_a_documented_example_stays_in_the_patch(tmp_path: Path) -> None:
    estate = tmp_path / "estate"
    estate.mkdir()
    write_provider(estate, "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    plan(estate, tmp_path / "plan")
    assert (tmp_path / "plan" / "phases" / "3-migrate.patch").exists()
