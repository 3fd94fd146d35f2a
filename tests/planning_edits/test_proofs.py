"""What each proof of files refuses, and what it lets pass."""

from __future__ import annotations

from pathlib import Path

import pygohcl
import pytest

from rolecall.planning.proofs.reference_proof import dangling
from rolecall.planning.proofs.syntax_proof import syntax
from rolecall.source.edits import Edit, apply
from rolecall.source.tree import Tree

GOOD = b"""resource "aws_iam_user" "ci" {
  name = "ci"
  tags = { a = 1, b = 2 }
}

output "x" { value = "y" }
"""


def parses(path: str, old: bytes | None, new: bytes | None) -> list[bool | None]:
    return [proof.holds for proof in syntax(path, old, new)]


@pytest.mark.parametrize(
    ("was", "now"),
    [
        (b'"ci"\n', b'"ci" path = "/"\n'),
        (b'"ci"\n', b'"ci"\n  name = "x"\n'),
        (b'"ci"\n', b'"ci\n'),
        (b"a = 1, b", b"a = 1 b"),
        (b'{ value = "y" }', b'{ value = "y"\n}'),
        (b'{ value = "y" }', b'{\n value = "y" }'),
        (b'{ value = "y" }', b'{ value = "y"\n sensitive = true }'),
        (b'{ value = "y" }', b"{ precondition {} }"),
        (b"}\n\noutput", b"\n\noutput"),
    ],
)
def test_what_terraform_rejects_does_not_pass(was: bytes, now: bytes) -> None:
    new = GOOD.replace(was, now, 1)
    assert new != GOOD
    with pytest.raises(pygohcl.HCLParseError):
        _strictly(new)
    assert parses("main.tf", GOOD, new) == [False]
    assert parses("main.tf", None, new) == [False]


def _strictly(data: bytes) -> None:
    """Terraform's own parser; a block on one line holds one argument at most, which it leaves to a later step."""
    pygohcl.loads(data.decode())
    if b"{ precondition {} }" in data:
        raise pygohcl.HCLParseError("nested in one line")


@pytest.mark.parametrize("path", ["main.tf", "x.tfvars"])
def test_what_is_right_passes_and_old_faults_are_not_ours(path: str) -> None:
    assert parses(path, None, GOOD) == [True]
    assert parses(path, b"\xef\xbb\xbf" + GOOD, b"\xef\xbb\xbf" + GOOD + b"a = 1\n") == [True]
    broken = GOOD + b"resource {{\n"
    (proof,) = syntax(path, broken, broken.replace(b'"ci"\n', b'"cd"\n'))
    assert proof.holds
    assert "tree alone" in proof.detail
    assert parses(path, broken, broken.replace(b'"ci"\n', b'"cd" x = 1\n')) == [False]
    assert parses(path, GOOD, None) == []


def test_only_what_was_edited_may_differ() -> None:
    at = GOOD.index(b'"ci"\n')
    edits = [Edit("main.tf", at, at + 4, '"cd"'), Edit("main.tf", len(GOOD), len(GOOD), "\nlocals {\n  a = 1\n}\n")]
    new = apply(GOOD, edits)
    assert [(p.name, p.holds) for p in syntax("main.tf", GOOD, new, edits)] == [("parses", True), ("untouched", True)]
    (_, untouched) = syntax("main.tf", GOOD, new.replace(b'"y"', b'"z"'), edits)
    assert untouched.holds is False
    assert "output" in untouched.detail


def test_an_edit_that_swallows_the_next_block_is_seen() -> None:
    at = GOOD.index(b"}\n\noutput")
    edits = [Edit("main.tf", at, at + 1, "nested {")]
    (_, untouched) = syntax("main.tf", GOOD, apply(GOOD, edits), edits)
    assert untouched.holds is False


@pytest.mark.parametrize(
    ("path", "old", "new", "holds"),
    [
        ("a.yml", b"a: 1\n", b"a: 1\nb: 2\n", True),
        ("a.yml", b"a: 1\n", b"a: 1\na: 2\n", False),
        ("a.yml", b"a: 1\na: 2\n", b"a: 1\na: 2\nb: 1\n", True),
        ("a.yml", b"a: 1\n", b"a: 1\n b: [\n", False),
        ("a.json", b'{"a": 1}', b'{"a": 1,}', False),
        ("a.json", b'{"a": 1}', b'{"a": 1, "b": 2}', True),
        ("a.template", b'{"a": 1}', b'{"a": 1, "a": 2}', False),
        ("a.template", None, b"A: !Ref B\n", True),
        ("a.json", None, b"a: 1\n", False),
        ("run.sh", b"a", b"b", None),
    ],
)
def test_yaml_and_json(path: str, old: bytes | None, new: bytes, holds: bool | None) -> None:
    assert parses(path, old, new) == [holds]


MAIN = b"""variable "used" {}
locals {
  a = { for each_one, name_x in var.used : each_one => name_x.y }
}
resource "aws_iam_user" "ci" { name = local.a.b }
resource "aws_iam_access_key" "ci" { user = aws_iam_user.ci.name }
data "aws_region" "now" {}
module "app" {
  source = "./app"
  key    = aws_iam_access_key.ci[0].secret
  region = data.aws_region.now.name
}
module "far" {
  source = "example/far/aws"
  any    = "x"
}
output "old" { value = "${module.app.out}-${module.far.anything}" }
output "was_broken" { value = aws_missing.one.id }
moved {
  from = aws_iam_user.before
  to   = aws_iam_user.ci
}
dynamic_like "x" {
  dynamic "some_set" {
    for_each = []
    iterator = it_em
    content { v = "${some_set.value.x}${it_em.value.y}" }
  }
  depends_on = ["aws_iam_user.ci"]
}
"""
APP = b"""variable "key" {}
variable "region" { default = "" }
output "out" { value = var.key }
"""


def tree(**files: bytes) -> Tree:
    named = {"main.tf": MAIN, "app/main.tf": APP}
    return Tree(
        Path("/nonexistent"), {**named, **{path.replace("__", "/") + ".tf": data for path, data in files.items()}}
    )


@pytest.mark.parametrize(
    ("was", "now", "name"),
    [
        (b'resource "aws_iam_user" "ci" { name = local.a.b }\n', b"", "aws_iam_user.ci"),
        (b'resource "aws_iam_access_key" "ci" { user = aws_iam_user.ci.name }\n', b"", "aws_iam_access_key.ci"),
        (b'variable "used" {}\n', b"", "var.used"),
        (b"  a = {", b"  b = {", "local.a"),
        (b'data "aws_region" "now" {}\n', b"", "data.aws_region.now"),
        (b'module "app" {', b'module "other" {', "module.app"),
        (b'module "app" {', b'module "other" {', "module.app.out"),
        (b"  key    = aws_iam_access_key.ci[0].secret\n", b"", "module.app without its input key"),
        (b"  region = data", b"  nation = data", "module.app input nation"),
        (b'"${module.app.out}-', b'"${module.app.gone}-', "module.app.gone"),
        (b'"${module.app.out}-', b'"${aws_iam_role.new.arn}-', "aws_iam_role.new"),
    ],
)
def test_what_a_patch_of_terraform_leaves_dangling(was: bytes, now: bytes, name: str) -> None:
    assert was in MAIN
    found = dangling(tree(), tree(main=MAIN.replace(was, now)), [""])
    assert name in [one.name for one in found]
    assert all(one.path == "main.tf" and one.line >= 1 for one in found)


@pytest.mark.parametrize(
    ("was", "now", "name"),
    [
        (b'variable "key" {}\n', b"", "module.app input key"),
        (b'output "out" { value = var.key }\n', b"", "module.app.out"),
        (b'{ default = "" }', b'{}\nvariable "more" {}', "module.app without its input more"),
    ],
)
def test_callers_of_a_patched_module_are_looked_at(was: bytes, now: bytes, name: str) -> None:
    found = dangling(tree(), tree(app__main=APP.replace(was, now)), ["app"])
    assert ("main.tf", name) in [(one.path, one.name) for one in found]


def test_nothing_dangles_where_all_goes_together() -> None:
    assert dangling(tree(), tree(), ["", "app"]) == []
    assert dangling(tree(), tree(main=b""), [""]) == []
    assert dangling(tree(), tree(more=b'resource "aws_x" "n" { a = aws_iam_user.ci.arn }\n'), [""]) == []


TEMPLATE = b"""Parameters:
  Env: {Type: String}
Conditions:
  Prod: !Equals [!Ref Env, prod]
Resources:
  User: {Type: "AWS::IAM::User"}
  Key:
    Type: AWS::IAM::AccessKey
    DependsOn: [User]
    Condition: Prod
    Properties: {UserName: !Ref User, Note: !Ref AWS::Region, Odd: !Ref Missing}
Outputs:
  A: {Value: !Sub "${Key.SecretAccessKey}-${AWS::Region}-${!Literal}"}
  B: {Value: !Sub ["${Local}${Env}", {Local: !GetAtt [Key, X]}]}
  C: {Value: {"Fn::GetAtt": ["Key", "SecretAccessKey"]}}
  D: {Value: {"Ref": "Key"}}
"""


@pytest.mark.parametrize(
    ("was", "now", "name"),
    [
        (b'  User: {Type: "AWS::IAM::User"}\n', b"", "User"),
        (b"  Env: {Type: String}\n", b"  Other: {Type: String}\n", "Env"),
        (b"  Key:\n", b"  Renamed:\n", "Key"),
        (b"  Prod:", b"  Test:", "condition Prod"),
        (b'{"Ref": "Key"}', b'{"Ref": "Role"}', "Role"),
    ],
)
def test_what_a_patch_of_cloudformation_leaves_dangling(was: bytes, now: bytes, name: str) -> None:
    before = Tree(Path("/nonexistent"), {"t.yaml": TEMPLATE})
    after = Tree(Path("/nonexistent"), {"t.yaml": TEMPLATE.replace(was, now)})
    assert [one.name for one in dangling(before, after, [], ["t.yaml"])] == [name]
    assert dangling(before, before, [], ["t.yaml"]) == []


CIRCLE = b"""Resources:
  Bucket: {Type: AWS::S3::Bucket}
  Topic: {Type: AWS::SNS::Topic}
  Reports:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        New: {Type: S3, Properties: {Bucket: !Ref Bucket}}
        Told: {Type: SNS, Properties: {Topic: !Ref Topic}}
      Environment: {Variables: {TOPIC: !Ref Topic}}
"""


def test_what_a_patch_makes_depend_on_itself(tmp_path: Path) -> None:
    """Whoever calls a function of SAM needs it; what lies between a topic and its function is needed by neither."""
    (tmp_path / "t.yaml").write_bytes(CIRCLE)
    before = Tree(tmp_path)
    after = before.with_overlay({"t.yaml": CIRCLE.replace(b"TOPIC: !Ref Topic", b"BUCKET: !GetAtt Bucket.Arn")})
    found = [one.detail for one in dangling(before, after, [], ["t.yaml"])]
    assert found == ["t.yaml:2: Bucket and Reports would depend on each other in a circle"]
    assert dangling(before, before, [], ["t.yaml"]) == dangling(after, after, [], ["t.yaml"]) == []
