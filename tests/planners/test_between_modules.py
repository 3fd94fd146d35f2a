"""A key that one module makes and a workload of another takes: its role is handed to where the grants are, and the way
of the key between the modules ends with it.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from planner_estates import planned
from shown import apply, invalid, lay_out, needs_terraform, needs_validator, unformatted

from rolecall.planning.plan import Plan
from rolecall.planning.series import patch

_USER = """\
resource "aws_iam_user" "app" {
  name = "app"
}

resource "aws_iam_access_key" "app" {
  user = aws_iam_user.app.name
}

resource "aws_iam_user_policy" "app" {
  name = "app"
  user = aws_iam_user.app.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::in/*" }]
  })
}
"""
_OUTPUTS = """
output "key_id" {
  value = aws_iam_access_key.app.id
}

output "secret_key" {
  value     = aws_iam_access_key.app.secret
  sensitive = true
}
"""
_SERVICE = """\
variable "key_id" {
  type = string
}

variable "secret_key" {
  type      = string
  sensitive = true
}

resource "aws_iam_role" "task" {
  name = "app-task"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ecs-tasks.amazonaws.com" } }]
  })
}

resource "aws_ecs_task_definition" "app" {
  family        = "app"
  task_role_arn = aws_iam_role.task.arn
  container_definitions = jsonencode([{
    name  = "app"
    image = "app:1"
    environment = [
      { name = "AWS_ACCESS_KEY_ID", value = var.key_id },
      { name = "AWS_SECRET_ACCESS_KEY", value = var.secret_key },
    ]
  }])
}
"""
_CALLS = """\
module "user" {
  source = "./user"
}

module "service" {
  source     = "./service"
  key_id     = module.user.key_id
  secret_key = module.user.secret_key
}
"""
_BESIDE = {"main.tf": _CALLS, "user/main.tf": _USER + _OUTPUTS, "service/main.tf": _SERVICE}
_UNDER = {
    "main.tf": _USER
    + "\n"
    + _CALLS.partition("\n\n")[2]
    .replace("module.user.key_id", "aws_iam_access_key.app.id")
    .replace("module.user.secret_key", "aws_iam_access_key.app.secret"),
    "service/main.tf": _SERVICE,
    "service/outputs.tf": 'output "family" {\n  value = aws_ecs_task_definition.app.family\n}\n',
}
_OVER = {
    "main.tf": _CALLS.partition("\n\n")[0]
    + "\n\n"
    + _SERVICE.partition("\n}\n\nvariable")[2]
    .partition("}\n\n")[2]
    .replace("var.key_id", "module.user.key_id")
    .replace("var.secret_key", "module.user.secret_key"),
    "user/main.tf": _USER + _OUTPUTS,
}


def _dispositions(plan: Plan) -> list[str]:
    return [migration.disposition for migration in plan.migrations]


@needs_terraform
@needs_validator
@pytest.mark.parametrize("files", [_BESIDE, _UNDER, _OVER], ids=["beside", "under", "over"])
def test_the_way_between_modules_ends(files: dict[str, str], tmp_path: Path) -> None:
    old, new = (lay_out(tmp_path / name, files) for name in ("old", "new"))
    plan = planned(new)
    assert _dispositions(plan) == ["patch", "patch"]
    assert all(proof.holds for migration in plan.migrations for proof in migration.proof)
    handed = patch(plan.series.step("expand")).decode()
    assert "task_role_name = aws_iam_role.task.name" in handed or "module.service.task_role_name" in handed
    assert "secret_key" in patch(plan.series.step("contract")).decode()
    apply(new, plan)
    assert unformatted(new) == ""
    assert invalid(old, new) == ""
    assert not planned(new).migrations


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("main.tf", 'output "key" {\n  value     = module.user.secret_key\n  sensitive = true\n}\n'),
        ("service/main.tf", 'resource "local_file" "key" {\n  filename = "key"\n  content  = var.key_id\n}\n'),
    ],
    ids=["an output of the root", "a file in the module"],
)
def test_a_way_that_others_use_stays(path: str, code: str, tmp_path: Path) -> None:
    plan = planned(lay_out(tmp_path, {**_BESIDE, path: f"{_BESIDE[path]}\n{code}"}))
    assert not any(phase.name == "contract" for migration in plan.migrations for phase in migration.phases)


@pytest.mark.parametrize(
    "calls",
    [
        _CALLS
        + _CALLS.replace('"user" {', '"other" {').replace('"service" {', '"others" {').replace("e.user", "e.other"),
        _CALLS.replace('"./user"\n', '"./user"\n  depends_on = [module.service]\n'),
    ],
    ids=["called twice", "one waits for the whole other"],
)
def test_what_is_not_plainly_one_stays_with_people(calls: str, tmp_path: Path) -> None:
    plan = planned(lay_out(tmp_path, {**_BESIDE, "main.tf": calls}))
    assert not any(migration.phases for migration in plan.migrations)
