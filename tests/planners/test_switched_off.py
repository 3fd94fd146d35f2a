"""A key that the code holds Inactive already is not set Inactive once more."""

from __future__ import annotations

from pathlib import Path

import pytest

from rolecall.analysis.run import Options, analyse
from rolecall.planners import load
from rolecall.planning.plan import make_plan

ESTATE = """\
resource "aws_iam_user" "app" {
  name = "app"
}

resource "aws_iam_user_policy" "app" {
  user = aws_iam_user.app.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::data/*" }]
  })
}

resource "aws_iam_access_key" "app" {
  user   = aws_iam_user.app.name
  status = "Active"
}

resource "aws_iam_role" "app" {
  name = "app"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}

resource "aws_lambda_function" "app" {
  function_name = "app"
  role          = aws_iam_role.app.arn
  runtime       = "python3.13"
  handler       = "app.handler"
  filename      = "app.zip"

  environment {
    variables = {
      AWS_ACCESS_KEY_ID     = aws_iam_access_key.app.id
      AWS_SECRET_ACCESS_KEY = aws_iam_access_key.app.secret
    }
  }
}
"""


@pytest.mark.parametrize(("status", "phases"), [("Active", ["soak", "contract"]), ("Inactive", ["contract"])])
def test_a_key_is_switched_off_once(tmp_path: Path, status: str, phases: list[str]) -> None:
    (tmp_path / "main.tf").write_text(ESTATE.replace('"Active"', f'"{status}"'))
    plan = make_plan(analyse([tmp_path], Options(cache=False)), load(), settings=False)
    (key,) = [one for one in plan.migrations if one.about == "key"]
    assert [phase.name for phase in key.phases] == phases
    assert key.disposition == "patch"
    assert key.phases[-1].needs[0].startswith("the soak is over: 14 days")


def test_what_has_to_be_true_before_fits_the_case(tmp_path: Path) -> None:
    for code, needed in (
        (ESTATE, "every consumer has moved"),
        (ESTATE[: ESTATE.index("  environment {")] + "}\n", "90 days"),
    ):
        (tmp_path / "main.tf").write_text(code)
        plan = make_plan(analyse([tmp_path], Options(cache=False)), load(), settings=False)
        (key,) = [one for one in plan.migrations if one.about == "key"]
        soak = next(phase for phase in key.phases if phase.name == "soak")
        assert any(needed in need for need in soak.needs)
