"""A credential that nothing scanned switches on: advice, and never a patch."""

from __future__ import annotations

from pathlib import Path

from rolecall.analysis.run import Options, analyse
from rolecall.planners import load
from rolecall.planning.plan import make_plan

MODULE = """\
variable "with_deployer" {
  default = true
}

resource "azuread_application_password" "deployer" {
  count          = var.with_deployer ? 1 : 0
  application_id = "deployer"
}
"""
CALL = """\
module "vault" {
  source        = "../../modules/vault"
  with_deployer = false
}
"""


def test_what_a_sample_leaves_out_is_told_and_kept(tmp_path: Path) -> None:
    for name, content in (("modules/vault/main.tf", MODULE), ("examples/basic/main.tf", CALL)):
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text(content)
    plan = make_plan(analyse([tmp_path], Options(cache=False)), load())
    (migration,) = plan.migrations
    assert (migration.disposition, migration.phases) == ("advice", ())
    assert migration.targets == ("azure:managed-identity", "azure:federated-credential")
    assert migration.subject.path == "modules/vault/main.tf"
    assert migration.subject.kind == "client-secret"
    assert "var.with_deployer" in migration.reasons[0]


def test_what_a_caller_leaves_out_is_not_there(tmp_path: Path) -> None:
    for name, content in (("modules/vault/main.tf", MODULE), ("live/basic/main.tf", CALL)):
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text(content)
    assert make_plan(analyse([tmp_path], Options(cache=False)), load()).migrations == ()
