"""Plan files over source: exact values where the source is open, links where it refers, spans of the source."""

from __future__ import annotations

import json

import pytest

from rolecall.frontends.values import Encoded, Reference, Unknown, plain, references

SOURCE = """
variable "names" {
}
variable "name" {
}
resource "aws_iam_user" "u" {
  for_each = var.names
  name     = each.key
}
resource "aws_iam_access_key" "k" {
  user = aws_iam_user.u["a"].name
}
resource "aws_iam_policy" "p" {
  name   = var.name
  policy = jsonencode({ Statement = [{ Action = var.name, Resource = aws_iam_user.u["a"].arn }] })
}
resource "aws_iam_user" "gone" {
  count = var.name == "x" ? 1 : 0
}
module "m" {
  source   = "./m"
  for_each = var.names
}
"""
MODULE = 'resource "x" "y" {\n  n = 1\n}\n'


def instance(address: str, values: dict[str, object], index: str | None = None) -> dict[str, object]:
    type_, name = address.split(".")
    found = {"address": address, "mode": "managed", "type": type_, "name": name, "values": values}
    return found if index is None else {**found, "index": index}


PLAN = {
    "format_version": "1.2",
    "planned_values": {
        "root_module": {
            "resources": [
                instance("aws_iam_user.u", {"name": "a", "path": "/"}, "a"),
                instance("aws_iam_user.u", {"name": "b", "path": "/"}, "b"),
                instance("aws_iam_access_key.k", {"user": "a", "pgp_key": None}),
                instance(
                    "aws_iam_policy.p",
                    {
                        "name": "planned",
                        "policy": '{"Statement":[{"Action":"planned","Resource":"arn:aws:iam::1:user/a"}]}',
                    },
                ),
                instance("aws_s3_bucket.elsewhere", {"bucket": "b"}),
            ],
            "child_modules": [
                {"address": 'module.m["a"]', "resources": [instance("x.y", {"n": 2})]},
                {"address": 'module.m["b"]', "resources": [instance("x.y", {"n": 3})]},
            ],
        }
    },
    "resource_changes": [
        {"address": "aws_iam_access_key.k", "change": {"after_unknown": {"secret": True, "id": True}}},
    ],
}


@pytest.fixture
def planned(units):
    files = {"main.tf": SOURCE, "m/main.tf": MODULE, "plan.json": json.dumps(PLAN), "lib/other.tf": MODULE}
    found = {unit.name: unit for unit in units(files, (), ["plan.json"])}
    assert set(found) == {".", "lib"}
    return found["."]


def by_address(unit):
    return {resource.address: resource for resource in unit.resources}


def test_planned_instances_are_known(planned) -> None:
    user = by_address(planned)["aws_iam_user.u"]
    assert user.condition is not None and user.condition.keys == ("a", "b")
    assert plain(user.instance("b").get("name") or Unknown("")) == "b"
    assert plain(user.instance("b").get("path") or Unknown("")) == "/"
    assert (user.span.path, user.span.line) == ("main.tf", 6)


def test_links_survive_and_open_inputs_are_filled_in(planned) -> None:
    found = by_address(planned)
    link = found["aws_iam_access_key.k"].get("user")
    assert isinstance(link, Reference) and link.target == ".//aws_iam_user.u"
    assert isinstance(found["aws_iam_access_key.k"].get("secret"), Unknown)
    policy = found["aws_iam_policy.p"]
    name = policy.get("name")
    assert name is not None and plain(name) == "planned"
    assert name.span is not None and name.span.path == "main.tf"
    document = policy.get("policy")
    assert isinstance(document, Encoded)
    assert [plain(value) for value in policy.find("policy.Statement.Action")] == ["planned"]
    assert [reference.target for reference in references(document)] == [".//aws_iam_user.u"]


def test_modules_are_told_apart_by_their_keys(planned) -> None:
    found = by_address(planned)
    values = {address: plain(resource.body) for address, resource in found.items() if address.endswith("x.y")}
    assert values == {'module.m["a"].x.y': {"n": 2}, 'module.m["b"].x.y': {"n": 3}}
    assert {found[address].span.path for address in values} == {"m/main.tf"}


def test_what_is_not_planned_has_no_instances(planned) -> None:
    condition = by_address(planned)["aws_iam_user.gone"].condition
    assert condition is not None and condition.keys == ()


def test_what_the_source_does_not_show_points_at_the_plan(planned) -> None:
    elsewhere = by_address(planned)["aws_s3_bucket.elsewhere"]
    assert elsewhere.span.path == "plan.json"
    assert plain(elsewhere.body) == {"bucket": "b"}
    assert "plan.json" in planned.files


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"planned_values": [1]}',
        '{"planned_values": {"root_module": {"resources": [1, {"type": 3}]}}}',
        "[" * 50_000,
    ],
)
def test_a_file_that_is_no_plan_changes_nothing(units, content: str) -> None:
    found = units({"main.tf": MODULE, "plan.json": content}, (), ["plan.json"])
    assert [resource.address for unit in found for resource in unit.resources] == ["x.y"]
    assert plain(found[0].resources[0].body) == {"n": 1}


def test_a_plan_that_is_missing_is_a_problem(units) -> None:
    found = units({"main.tf": MODULE}, (), ["gone.json"])
    assert [problem.kind for unit in found for problem in unit.problems] == ["unreadable"]
