"""Which folders are applied, what they are made of, and what is said about what cannot be read."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.frontends.resource import Unit
from rolecall.frontends.terraform.root import read_unit
from rolecall.frontends.terraform.root import units as plan_units
from rolecall.source.tree import Tree

USER = 'resource "aws_iam_user" "u" {\n  name = "u"\n}\n'


def addresses(unit: Unit) -> list[str]:
    return [resource.address for resource in unit.resources]


def kinds(unit: Unit) -> list[tuple[str, str]]:
    return [(problem.kind, problem.span.path) for problem in unit.problems]


def test_a_called_folder_is_read_inside_its_caller(units) -> None:
    (unit,) = units(
        {
            "live/main.tf": 'module "a" {\n  source = "../mod"\n}\nmodule "b" {\n  source = "../mod"\n}\n',
            "mod/main.tf": USER,
        }
    )
    assert unit.name == "live"
    assert unit.folders == ("live", "mod")
    assert addresses(unit) == ["module.a", "module.b", "module.a.aws_iam_user.u", "module.b.aws_iam_user.u"]
    assert [resource.id for resource in unit.resources][2] == "live//module.a.aws_iam_user.u"
    first = unit.resources[2]
    assert [span.line for span in first.calls] == [1]
    assert (first.module, first.span.path) == ("mod", "mod/main.tf")


def test_the_root_folder_is_named_by_a_dot(units) -> None:
    (unit,) = units({"main.tf": USER})
    assert (unit.name, unit.resources[0].id) == (".", ".//aws_iam_user.u")


@pytest.mark.parametrize(
    ("more", "library"),
    [
        ({}, True),
        ({"m/p.tf": 'provider "aws" {\n}\n'}, False),
        ({"m/b.tf": 'terraform {\n  backend "s3" {\n  }\n}\n'}, False),
        ({"m/b.tf": "terraform {\n  cloud {\n  }\n}\n"}, False),
        ({"m/b.tf": 'terraform {\n  required_version = "1"\n}\n'}, True),
        ({"m/x.auto.tfvars": "a = 1\n"}, False),
        ({"live/terragrunt.hcl": 'terraform {\n  source = "../m"\n}\n'}, False),
        ({"m/terragrunt.hcl": "inputs = {}\n"}, False),
    ],
)
def test_what_shows_no_sign_of_being_applied_is_a_library(units, more: dict[str, str], library: bool) -> None:
    (unit,) = units({"m/main.tf": USER, **more})
    assert unit.library is library


def test_a_called_folder_with_a_backend_is_also_applied(units) -> None:
    found = units(
        {
            "a/main.tf": 'module "b" {\n  source = "../b"\n}\n',
            "b/main.tf": 'terraform {\n  backend "s3" {\n  }\n}\n' + USER,
        }
    )
    assert [unit.name for unit in found] == ["a", "b"]


def test_modules_that_call_each_other_are_read_once_and_named(units) -> None:
    (unit,) = units(
        {
            "a/main.tf": 'module "b" {\n  source = "../b"\n}\n' + USER,
            "b/main.tf": 'module "a" {\n  source = "../a"\n}\n',
        }
    )
    assert ("cycle", "b/main.tf") in kinds(unit)
    assert "aws_iam_user.u" in addresses(unit)


def test_a_module_that_calls_itself_ends(units) -> None:
    (unit,) = units({"a/main.tf": 'module "a" {\n  source = "../a"\n}\n'})
    assert kinds(unit) == [("cycle", "a/main.tf")]


def test_a_remote_module_is_named_once_per_source(units) -> None:
    call = 'module "{}" {{\n  source = "hashicorp/vpc/aws"\n}}\n'
    (unit,) = units({"main.tf": call.format("a") + call.format("b")})
    assert kinds(unit) == [("remote-module", "main.tf")]
    assert [(resource.mode, resource.type) for resource in unit.resources] == [("module", "hashicorp/vpc/aws")] * 2


def test_a_module_outside_the_root_is_not_read(units) -> None:
    (unit,) = units({"main.tf": 'module "a" {\n  source = "../../etc"\n}\n'})
    assert kinds(unit) == [("remote-module", "main.tf")]


def test_a_local_module_without_code_is_a_problem(units) -> None:
    (unit,) = units({"main.tf": 'module "a" {\n  source = "./gone"\n}\n'})
    assert kinds(unit) == [("unresolved", "main.tf")]


def test_installed_modules_are_read(units) -> None:
    listed = {"Modules": [{"Key": "", "Dir": "."}, {"Key": "a", "Source": "x/y/z", "Dir": ".terraform/modules/a"}]}
    (unit,) = units(
        {
            "main.tf": 'module "a" {\n  source = "x/y/z"\n}\n',
            ".terraform/modules/a/main.tf": USER,
            ".terraform/modules/modules.json": json.dumps(listed),
        }
    )
    assert "module.a.aws_iam_user.u" in addresses(unit)
    assert not unit.problems
    assert ".terraform/modules/a/main.tf" in unit.files


@pytest.mark.parametrize(
    "content", ["", "[]", '{"Modules": 1}', '{"Modules": [{"Key": "a", "Dir": "../../x"}]}', "[" * 9999]
)
def test_a_bad_list_of_installed_modules_is_ignored(units, content: str) -> None:
    (unit,) = units({"main.tf": 'module "a" {\n  source = "x/y/z"\n}\n', ".terraform/modules/modules.json": content})
    assert kinds(unit) == [("remote-module", "main.tf")]


def test_override_files_replace_attributes_and_nested_blocks(units) -> None:
    (unit,) = units(
        {
            "a.tf": 'resource "x" "y" {\n  a = 1\n  b = 2\n  n {\n    c = 1\n  }\n  n {\n    c = 2\n  }\n}\n',
            "override.tf": 'resource "x" "y" {\n  b = 3\n  n {\n    c = 9\n  }\n}\n',
            "z_override.tf": 'resource "x" "y" {\n  b = 4\n}\n',
        }
    )
    body = unit.resources[0].body
    assert [getattr(body.get(name), "value", None) for name in ("a", "b")] == [1, 4]
    assert [value.value for value in unit.resources[0].find("n.c")] == [9]
    assert unit.resources[0].span.path == "a.tf"


def test_two_declarations_of_one_name_are_a_problem(units) -> None:
    (unit,) = units({"a.tf": USER, "b.tf": USER})
    assert kinds(unit) == [("syntax", "b.tf")]
    assert len(unit.resources) == 1


def test_everything_declared_is_a_resource(units) -> None:
    (unit,) = units(
        {
            "main.tf": """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 5.0" }
    old = "~> 1.0"
  }
  backend "s3" {
    bucket = "b"
  }
}
provider "aws" {
  region = "eu-west-1"
}
provider "aws" {
  alias  = "ses"
  region = "us-east-1"
}
variable "v" {
  default = 1
}
output "o" {
  value = 2
}
data "aws_region" "here" {}
ephemeral "random_password" "p" {
  length = 8
}
resource "aws_iam_user" "u" {
  provider = aws.ses
  name     = "u"
  lifecycle {
    prevent_destroy = true
    ignore_changes  = [tags, path]
  }
}
locals {
  x = 1
}
"""
        }
    )
    assert sorted((resource.mode, resource.type, resource.name, resource.address) for resource in unit.resources) == [
        ("backend", "s3", "", "terraform.backend.s3"),
        ("data", "aws_region", "here", "data.aws_region.here"),
        ("data", "random_password", "p", "ephemeral.random_password.p"),
        ("output", "output", "o", "output.o"),
        ("provider", "aws", "", "provider.aws"),
        ("provider", "aws", "ses", "provider.aws.ses"),
        ("resource", "aws_iam_user", "u", "aws_iam_user.u"),
        ("variable", "variable", "v", "var.v"),
    ]
    assert unit.provider_versions == {"aws": "~> 5.0", "old": "~> 1.0"}
    user = next(resource for resource in unit.resources if resource.type == "aws_iam_user")
    assert (user.provider, user.prevent_destroy, user.ignore_changes) == ("aws.ses", True, ("tags", "path"))
    assert (user.header.line, user.header.column, user.header.end_column) == (28, 1, 27)
    assert (user.span.line, user.span.end_line) == (28, 35)


def test_files_of_a_plan_are_all_that_reading_may_look_at(tmp_path: Path) -> None:
    files = {
        "live/main.tf": 'module "a" {\n  source = "../mod"\n}\n',
        "live/terraform.tfvars": "x = 1\n",
        "live/other.tfvars": "x = 1\n",
        "mod/main.tf": 'locals {\n  p = file("${path.module}/p.json")\n}\n',
        "mod/p.json": "{}",
        "mod/q.json": "{}",
        "extra.tfvars": "x = 2\n",
    }
    tree = Tree(tmp_path, {path: content.encode() for path, content in files.items()})
    (plan,) = plan_units(tree, tree.paths(), ["extra.tfvars"])
    assert set(plan.files) == {
        "live/main.tf", "live/terraform.tfvars", "mod/main.tf", "mod/p.json", "extra.tfvars"
    }  # fmt: skip
    assert read_unit(tree, plan).files == plan.files


def test_a_link_out_of_the_root_is_not_followed(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (outside / "main.tf").write_text(USER)
    (root / "main.tf").write_text('module "a" {\n  source = "./link"\n}\n')
    (root / "link").symlink_to(outside)
    (root / "linked.tf").symlink_to(outside / "main.tf")
    (root / "fifo.tf").exists()
    os.mkfifo(root / "fifo.tf")
    tree = Tree(root)
    (plan,) = plan_units(tree, [*tree.paths(), "fifo.tf", "linked.tf"])
    unit = read_unit(tree, plan)
    assert addresses(unit) == ["module.a"]
    assert kinds(unit) == [("unresolved", "main.tf")]


def test_a_file_too_large_is_a_problem(units, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("rolecall.source.tree.MAX_FILE_BYTES", 100)
    (tmp_path / "big.tf").write_text("# " + "x" * 200)
    (unit,) = units({"main.tf": USER})
    assert kinds(unit) == [("unreadable", "big.tf")]


def test_syntax_errors_are_problems_once_the_block_is_read(units) -> None:
    (unit,) = units({"main.tf": 'resource "a" "b" {\n  x = = 1\n  y = 2\n}\n' + USER})
    for resource in unit.resources:
        assert resource.body is not None
    assert set(kinds(unit)) == {("syntax", "main.tf")}
    assert unit.problems[0].span.line == 2
    assert unit.resources[1].get("name") is not None


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet='abc{}[]()"=<>EOF-\n\r\t #/*$%.,\0é', max_size=150), st.binary(max_size=60))
def test_reading_never_raises(tmp_path_factory: pytest.TempPathFactory, content: str, tail: bytes) -> None:
    wrapped = f'resource "a" "b" {{\n  {content}\n}}\nmodule "m" {{\n  source = "./m"\n  x = {content}\n}}\n'
    overlay = {
        "main.tf": wrapped.encode() + tail,
        "other.tf.json": content.encode(),
        "m/main.tf": content.encode() + b'\nvariable "x" {\n  type = ' + content.encode() + b"\n}\n",
        "terraform.tfvars": content.encode(),
        "x.auto.tfvars.json": tail,
        "terragrunt.hcl": content.encode(),
    }
    tree = Tree(tmp_path_factory.getbasetemp(), overlay)
    for plan in plan_units(tree, list(overlay)):
        unit = read_unit(tree, plan)
        for resource in unit.resources:
            assert resource.body is not None
            assert resource.span.start <= resource.header.end <= resource.span.end
            assert resource.condition is None or resource.condition.span is not None
