"""A key of another account: a policy on the workload's own role would open nothing there."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_switched_off import ESTATE

from rolecall.analysis.run import Options, analyse
from rolecall.planners import load
from rolecall.planning.plan import Plan, make_plan
from rolecall.planning.series import patch

DEFAULT = """\
provider "aws" {
  region = "eu-west-2"
}
"""
ASSUMES = """\

provider "aws" {
  alias  = "data"
  region = "eu-west-2"
  assume_role {
    role_arn = "arn:aws:iam::222233334444:role/terraform"
  }
}
"""
REGION = """\

provider "aws" {
  alias  = "data"
  region = "us-east-1"
}
"""


def planned(folder: Path, files: dict[str, str]) -> Plan:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return make_plan(analyse([folder], Options(cache=False)), load(), settings=False)


def of(name: str) -> str:
    """The estate with everything of the user made by a provider configuration of that name."""
    made = ("aws_iam_user", "aws_iam_user_policy", "aws_iam_access_key")
    text = ESTATE
    for kind in made:
        text = text.replace(f'resource "{kind}" "app" {{\n', f'resource "{kind}" "app" {{\n  provider = {name}\n')
    return text


@pytest.mark.parametrize(
    ("providers", "other"),
    [
        (DEFAULT + ASSUMES, True),
        (DEFAULT + REGION, False),
        (DEFAULT + REGION.replace("}\n", '  profile = "data"\n}\n'), True),
        (DEFAULT, True),
    ],
    ids=["another role", "another region", "another profile", "not declared"],
)
def test_what_is_moved_between_providers(tmp_path: Path, providers: str, other: bool) -> None:
    plan = planned(tmp_path, {"main.tf": providers + of("aws.data")})
    move, key = plan.migrations
    assert (move.disposition, key.disposition) == (("partial", "partial") if other else ("patch", "patch"))
    if other:
        assert move.targets == ("aws:assume-role",)
        assert [phase.name for phase in move.phases] == ["expand"]
        assert not key.phases
        assert any("lets aws_iam_role.app alone in" in step.what for step in move.handover)
        assert all(step.what and step.where and step.who and step.command and step.check for step in move.handover)


def test_the_role_of_the_other_account_lets_the_workload_s_own_in(tmp_path: Path) -> None:
    plan = planned(tmp_path, {"main.tf": DEFAULT + ASSUMES + of("aws.data")})
    added = patch(plan.series.step("expand")).decode()
    assert "+      Principal = { AWS = aws_iam_role.app.arn }" in added
    assert 'Action = "sts:AssumeRole", Resource = aws_iam_role.app_assumed.arn' in added
    assert added.count("+  provider = aws.data") == 2  # the role and its policy, not the grant to assume it
    assert all(proof.holds for proof in plan.migrations[0].proof)


@pytest.mark.parametrize(("handed", "other"), [("aws.data", True), ("aws", False)])
def test_a_module_is_handed_its_provider(tmp_path: Path, handed: str, other: bool) -> None:
    user, _, rest = ESTATE.partition('resource "aws_iam_role" "app"')
    outputs = """\
output "id" {
  value = aws_iam_access_key.app.id
}

output "secret" {
  value = aws_iam_access_key.app.secret
}
"""
    call = f"""
module "user" {{
  source    = "./user"
  providers = {{ aws = {handed} }}
}}

resource "aws_iam_role" "app\""""
    inside = rest.replace("aws_iam_access_key.app.", "module.user.")
    plan = planned(tmp_path, {"main.tf": DEFAULT + ASSUMES + call + inside, "user/main.tf": user + outputs})
    move = next(one for one in plan.migrations if one.about == "move")
    assert any("is made by aws.data" in reason for reason in move.reasons) is other
