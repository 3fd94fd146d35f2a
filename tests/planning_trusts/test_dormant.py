"""A credential that no file of values switches on: advice, and never a patch."""

from __future__ import annotations

from pathlib import Path

from rolecall.analysis.run import Options, analyse
from rolecall.planners import load
from rolecall.planning.plan import make_plan

ESTATE = """\
terraform {
  backend "azurerm" {}
}

variable "location" {}

variable "with_deployer" {
  default = false
}

resource "azuread_application_password" "deployer" {
  count          = var.with_deployer ? 1 : 0
  application_id = "deployer"
}
"""


def test_it_is_told_and_kept(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(ESTATE)
    (tmp_path / "projects").mkdir()
    (tmp_path / "projects" / "north.tfvars").write_text('location = "north"\n')
    plan = make_plan(analyse([tmp_path], Options(cache=False)), load())
    (migration,) = plan.migrations
    assert (migration.disposition, migration.phases) == ("advice", ())
    assert migration.targets == ("azure:managed-identity", "azure:federated-credential")
    assert (migration.subject.path, migration.subject.kind) == ("main.tf", "client-secret")
    assert "var.with_deployer" in migration.reasons[0]


def test_what_is_off_for_good_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(ESTATE.replace("var.with_deployer ? 1 : 0", "0"))
    assert make_plan(analyse([tmp_path], Options(cache=False)), load()).migrations == ()
