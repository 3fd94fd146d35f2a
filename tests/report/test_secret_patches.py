"""A plan's patches never quote a live key; what they leave out is said and can be applied all the same."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from rolecall.cli.program import cli

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
    (migration,) = [record["id"] for record in data["migrations"] if record["phases"]]
    roadmap = (tmp_path / "plan" / "roadmap.md").read_text()
    assert "The patches leave these migrations out" in roadmap
    assert migration in roadmap
    assert "git apply" not in roadmap
    assert (
        "rolecall apply PLAN --phase migrate"
        in (tmp_path / "plan" / "migrations" / migration / "runbook.md").read_text()
    )
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


MINTED = """\
resource "aws_iam_user" "NAME" {
  name = "NAME"
}

resource "aws_iam_user_policy" "NAME" {
  user   = aws_iam_user.NAME.name
  policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::NAME/*" }] })
}

resource "aws_iam_access_key" "NAME" {
  user = aws_iam_user.NAME.name
}
"""
FUNCTION = """\
resource "aws_iam_role" "NAME" {
  name               = "NAME-function"
  assume_role_policy = jsonencode({
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}

resource "aws_lambda_function" "NAME" {
  function_name = "NAME"
  role          = aws_iam_role.NAME.arn
  runtime       = "python3.13"
  handler       = "main.handler"
  filename      = "NAME.zip"
  environment {
    variables = {
      OTHER                 = "plain"
      AWS_ACCESS_KEY_ID     = aws_iam_access_key.NAME.id
      AWS_SECRET_ACCESS_KEY = aws_iam_access_key.NAME.secret
    }
  }
}
"""


def test_no_migration_is_shown_by_halves(tmp_path: Path) -> None:
    """The function of one key has a password beside the lines that change: nothing of that key's is in a patch."""
    estate = tmp_path / "estate"
    estate.mkdir()
    for name in ("orders", "carts"):
        (estate / f"{name}.tf").write_text(MINTED.replace("NAME", name))
    (estate / "f_orders.tf").write_text(FUNCTION.replace("NAME", "orders").replace('"plain"', "var.password"))
    (estate / "f_carts.tf").write_text(
        FUNCTION.replace("NAME", "carts").replace('"plain"', '"plain"\n      DB_PASSWORD = "correct-horse-Battery9"')
    )
    plan(estate, tmp_path / "plan")
    for path in (tmp_path / "plan").rglob("*"):
        assert not path.is_file() or "correct-horse-Battery9" not in path.read_text(), path
    patches = "".join(path.read_text() for path in (tmp_path / "plan" / "phases").glob("*.patch"))
    assert "aws_iam_access_key.orders.secret" in patches
    assert "carts" not in patches
    data = json.loads((tmp_path / "plan" / "plan.json").read_text())
    assert "f_carts.tf" in {edit["path"] for m in data["migrations"] for p in m["phases"] for edit in p["edits"]}


def test_a_long_path_is_no_key(tmp_path: Path) -> None:
    name = "CloudFormation/MacrosExamples/S3Objects/Provider2/main.tf"
    folder = tmp_path / "estate" / Path(name).parent
    folder.mkdir(parents=True)
    write_provider(folder, "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    plan(tmp_path / "estate", tmp_path / "plan")
    assert name in (tmp_path / "plan" / "phases" / "3-migrate.patch").read_text()
    [runbook] = (tmp_path / "plan" / "migrations").glob("*/runbook.md")
    assert f"`{name}:" in runbook.read_text()
    assert "`git apply PLAN/phases/3-migrate.patch`" in (tmp_path / "plan" / "roadmap.md").read_text()
