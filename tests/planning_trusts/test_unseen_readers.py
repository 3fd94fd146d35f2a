"""Keys whose readers are not followed: nothing switches them off, and the plan says where to look."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rolecall.analysis.run import Options, analyse
from rolecall.planners import load
from rolecall.planning.migration import Migration
from rolecall.planning.plan import make_plan

KEY = """\
resource "aws_iam_access_key" "monitoring" {
  user = "monitoring"
}
"""
PARAMETER = """\
resource "aws_ssm_parameter" "secret" {
  name  = "/monitoring/secret-key"
  type  = "SecureString"
  value = aws_iam_access_key.monitoring.secret
}
"""
PROVISIONER = """\
resource "aws_sns_topic" "alerts" {
  name = "alerts"
  provisioner "local-exec" {
    command = "./hand-over '${aws_iam_access_key.monitoring.secret}'"
  }
}
"""


def test_lines_that_name_a_parameter_are_told(tmp_path: Path) -> None:
    playbook = "secret: \"{{ lookup('aws_ssm', '/monitoring/secret-key') }}\"\n"
    migration = _of_key(tmp_path, {"main.tf": KEY + PARAMETER, "roles/monitoring/vars/main.yml": playbook})
    (step,) = [step for step in migration.handover if "find out who reads" in step.what]
    assert step.what == (
        "find out who reads /monitoring/secret-key (ssm); these lines name it: roles/monitoring/vars/main.yml:1"
    )


def test_a_longer_name_is_another(tmp_path: Path) -> None:
    migration = _of_key(tmp_path, {"main.tf": KEY + PARAMETER, "vars.yml": "name: /monitoring/secret-key-of-old\n"})
    assert not any("these lines name it" in step.what for step in migration.handover)


def test_a_key_whose_way_is_lost_is_not_switched_off(tmp_path: Path) -> None:
    migration = _of_key(tmp_path, {"main.tf": KEY + PROVISIONER})
    assert (migration.disposition, migration.phases) == ("advice", ())
    assert migration.reasons == ("main.tf:7 reads this key, and where it goes from there cannot be followed",)
    assert "find out what takes the key" in migration.handover[0].what


def _of_key(folder: Path, files: Mapping[str, str]) -> Migration:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    plan = make_plan(analyse([folder], Options(cache=False)), load())
    (migration,) = [one for one in plan.migrations if one.subject.kind == "access-key"]
    return migration
