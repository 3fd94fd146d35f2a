"""What values are, and the hops that brought them."""

from __future__ import annotations

import pytest

from rolecall.frontends.resource import Resource
from rolecall.frontends.values import Encoded, Mapping, Reference, Scalar, Unknown, Value, plain, references


def hops(value: Value | None) -> list[tuple[str, str, int]]:
    assert value is not None
    return [(hop.kind, hop.address, hop.span.line) for hop in value.via]


def test_a_value_keeps_every_hop(resources) -> None:
    found = resources(
        {
            "main.tf": """
variable "name" {
  default = "ci"
}
locals {
  user = var.name
}
module "m" {
  source = "./m"
  who    = local.user
}
resource "x" "y" {
  user = module.m.who
}
""",
            "m/main.tf": 'variable "who" {\n}\nlocals {\n  w = var.who\n}\noutput "who" {\n  value = local.w\n}\n',
        }
    )
    value = found["x.y"].get("user")
    assert isinstance(value, Scalar) and value.value == "ci"
    assert hops(value) == [
        ("variable", "var.name", 2),
        ("local", "local.user", 6),
        ("module-input", "module.m.var.who", 10),
        ("local", "module.m.local.w", 4),
        ("module-output", "module.m.who", 7),
    ]
    assert value.span is not None and (value.span.line, value.span.column) == (3, 13)


def test_references_between_modules_name_the_resource(resources) -> None:
    found = resources(
        {
            "main.tf": 'module "m" {\n  source = "./m"\n}\nresource "x" "y" {\n  a = module.m.key\n  b = x.z[0].w.0.v\n'
            '  c = data.d.e.f\n}\nresource "x" "z" {\n}\ndata "d" "e" {\n}\n',
            "m/main.tf": 'resource "aws_iam_access_key" "k" {\n}\noutput "key" {\n'
            "  value = aws_iam_access_key.k.secret\n}\n",
        }
    )
    body = found["x.y"].body
    assert [next(references(entry.value)).target for entry in body.entries] == [
        ".//module.m.aws_iam_access_key.k",
        ".//x.z",
        ".//data.d.e",
    ]
    assert [next(references(entry.value)).attribute for entry in body.entries] == ["secret", "w.0.v", "f"]


def test_a_variable_without_value_is_an_input_with_a_name(resources) -> None:
    found = resources({"main.tf": 'variable "v" {\n}\nresource "x" "y" {\n  a = var.v\n  b = var.undeclared\n}\n'})
    assert found["x.y"].get("a") == Reference(".//var.v", "", found["var.v"].header)
    undeclared = found["x.y"].get("b")
    assert isinstance(undeclared, Reference) and undeclared.target == "var.undeclared"


def test_remote_module_outputs_point_at_the_call(resources) -> None:
    found = resources(
        {
            "main.tf": 'module "m" {\n  source = "a/b/c"\n}\nresource "x" "y" {\n'
            "  a = module.m.key\n  b = module.n.key\n}\n"
        }
    )
    first, second = found["x.y"].get("a"), found["x.y"].get("b")
    assert isinstance(first, Reference) and (first.target, first.attribute) == (".//module.m", "key")
    assert isinstance(second, Reference) and (second.target, second.attribute) == ("module.n", "key")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("local.a", "local a refers to itself"),
        ("local.b", "local b refers to itself"),
    ],
)
def test_names_that_lead_to_themselves_are_unknown(resources, code: str, expected: str) -> None:
    found = resources(
        {
            "main.tf": f"locals {{\n  a = local.a\n  b = local.c\n  c = local.b\n}}\n"
            f'resource "x" "y" {{\n  v = {code}\n}}\n'
        }
    )
    value = found["x.y"].get("v")
    assert isinstance(value, Unknown) and value.reason == expected


def test_a_long_chain_of_names_ends(resources) -> None:
    chain = "".join(f"  l{n} = local.l{n + 1}\n" for n in range(5000))
    found = resources({"main.tf": f'locals {{\n{chain}  l5000 = 1\n}}\nresource "x" "y" {{\n  v = local.l0\n}}\n'})
    assert isinstance(found["x.y"].get("v"), Unknown)


TFVARS = {
    "terraform.tfvars": 'b = "terraform"\nc = "terraform"\nd = "terraform"\ne = "terraform"\n',
    "terraform.tfvars.json": '{"c": "json", "d": "json", "e": "json"}',
    "a.auto.tfvars": 'd = "a"\ne = "a"\n',
    "z.auto.tfvars.json": '{"e": "z"}',
    "other.tfvars": 'a = "other"\n',
    "named.tfvars": 'f = "named"\n',
    "terragrunt.hcl": 'inputs = {\n  b = "terragrunt"\n  g = "terragrunt"\n}\n',
}


def test_files_of_values_win_in_the_order_that_terraform_has(resources) -> None:
    declared = "".join(f'variable "{name}" {{\n  default = "default"\n}}\n' for name in "abcdefg")
    used = "".join(f"  {name} = var.{name}\n" for name in "abcdefg")
    found = resources({"main.tf": f'{declared}resource "x" "y" {{\n{used}}}\n', **TFVARS}, ["named.tfvars"])
    body = found["x.y"].body
    assert plain(body) == {
        "a": "default", "b": "terraform", "c": "json", "d": "a", "e": "z", "f": "named", "g": "terragrunt"
    }  # fmt: skip
    assert hops(body.get("a")) == [("variable", "var.a", 1)]
    assert hops(body.get("d")) == [("tfvars", "var.d", 1)]
    assert hops(body.get("g")) == [("tfvars", "var.g", 3)]


@pytest.mark.parametrize(
    ("type_", "given", "expected"),
    [
        ("string", "5", "5"),
        ("number", '"5"', 5),
        ("bool", '"true"', True),
        ('"string"', "true", "true"),
        ("list(string)", "[1, true]", ["1", "true"]),
        ("set(string)", '["b", "a", "b"]', ["a", "b"]),
        ("map(number)", '{ a = "1" }', {"a": 1}),
        ("object({ a = string, b = optional(number, 7) })", "{ a = 1, c = 2 }", {"a": "1", "b": 7}),
        ("object({ a = optional(string), b = optional(list(string), []) })", "{}", {"a": None, "b": []}),
        ("list(object({ a = optional(bool, true) }))", "[{}, { a = null }]", [{"a": True}, {"a": True}]),
        ("any", "{ a = 1 }", {"a": 1}),
    ],
)
def test_values_are_converted_to_the_declared_type(resources, type_: str, given: str, expected: object) -> None:
    found = resources(
        {
            "main.tf": f'variable "v" {{\n  type = {type_}\n}}\nresource "x" "y" {{\n  a = var.v\n}}\n',
            "a.auto.tfvars": f"v = {given}\n",
        }
    )
    value = found["x.y"].get("a")
    assert value is not None and plain(value) == expected


def test_null_takes_the_default_where_the_variable_is_not_nullable(resources) -> None:
    module = 'variable "a" {\n  default = 1\n}\nvariable "b" {\n  default  = 1\n  nullable = false\n}\n'
    found = resources(
        {
            "main.tf": 'module "m" {\n  source = "./m"\n  a = null\n  b = null\n}\n',
            "m/main.tf": module + 'resource "x" "y" {\n  a = var.a\n  b = var.b\n}\n',
        }
    )
    assert plain(found["module.m.x.y"].body) == {"a": None, "b": 1}


POLICY = """
data "aws_iam_policy_document" "p" {
  statement {
    actions   = ["s3:GetObject"]
    resources = [aws_s3_bucket.b.arn]
  }
}
resource "aws_s3_bucket" "b" {
}
resource "aws_iam_policy" "p" {
  policy = data.aws_iam_policy_document.p.json
}
"""


def test_policy_documents_are_evaluated(resources) -> None:
    policy = resources({"main.tf": POLICY})["aws_iam_policy.p"].get("policy")
    assert isinstance(policy, Encoded) and policy.encoding == "json"
    assert hops(policy) == [("data", "data.aws_iam_policy_document.p", 2)]
    (reference,) = references(policy)
    assert (reference.target, reference.attribute) == (".//aws_s3_bucket.b", "arn")


def test_template_files_are_rendered(resources) -> None:
    found = resources(
        {
            "main.tf": 'data "template_file" "t" {\n  template = file("${path.module}/t.tpl")\n  vars = {\n'
            '    key = aws_iam_access_key.k.secret\n    name = "n"\n  }\n}\nresource "aws_iam_access_key" "k" {\n}\n'
            'resource "x" "y" {\n  a = data.template_file.t.rendered\n'
            '  b = templatefile("t.tpl", { key = 1, name = 2 })\n}\n',
            "t.tpl": "KEY=${key}\nNAME=${name}\n",
        }
    )
    rendered = found["x.y"].get("a")
    assert rendered is not None
    (reference,) = references(rendered)
    assert (reference.target, reference.attribute) == (".//aws_iam_access_key.k", "secret")
    assert rendered.via[-1].kind == "template"
    whole = found["x.y"].get("b")
    assert isinstance(whole, Scalar) and whole.value == "KEY=1\nNAME=2\n"


@pytest.mark.parametrize("name", ["../secret", "/etc/hostname", "${path.module}/../../secret", "gone"])
def test_files_outside_the_root_are_not_read(resources, name: str) -> None:
    found = resources({"main.tf": f'resource "x" "y" {{\n  a = file("{name}")\n}}\n'})
    assert isinstance(found["x.y"].get("a"), Unknown)


def test_paths_are_as_terraform_sees_them(resources) -> None:
    found = resources(
        {
            "live/main.tf": 'module "m" {\n  source = "../mod"\n}\n',
            "mod/main.tf": 'resource "x" "y" {\n  m = path.module\n  r = path.root\n'
            '  f = file("${path.module}/f")\n}\n',
            "mod/f": "content",
        }
    )
    assert plain(found["module.m.x.y"].body) == {"m": "../mod", "r": ".", "f": "content"}


def instances(resource: Resource) -> tuple[str | int, ...] | None:
    assert resource.condition is not None
    return resource.condition.keys


COUNTED = """
variable "on" {
  default = true
}
variable "names" {
}
locals {
  make = var.on ? 1 : 0
}
resource "x" "one" {
  count = local.make
  n     = count.index
}
resource "x" "none" {
  count = var.on ? 0 : 1
}
resource "x" "two" {
  for_each = { a = 1, b = 2 }
  k        = each.key
  v        = each.value
}
resource "x" "set" {
  for_each = toset(["p"])
  k        = each.key
}
resource "x" "any" {
  for_each = var.names
  k        = each.key
}
resource "x" "uses" {
  one  = x.one[0].id
  all  = x.one[*].id
  none = x.none[*].id
  some = try(x.none[0].id, "fallback")
  b    = x.two["b"].id
}
"""


def test_conditions_tell_instances_and_what_decides_them(resources) -> None:
    found = resources({"main.tf": COUNTED})
    assert instances(found["x.one"]) == (0,)
    assert instances(found["x.none"]) == ()
    assert instances(found["x.two"]) == ("a", "b")
    assert instances(found["x.set"]) == ("p",)
    assert instances(found["x.any"]) is None
    condition = found["x.one"].condition
    assert condition is not None
    assert (condition.inputs, condition.called, condition.span and condition.span.line) == (("var.on",), False, 11)
    assert found["x.uses"].condition is None


def test_bodies_are_those_of_the_instance(resources) -> None:
    found = resources({"main.tf": COUNTED})
    assert plain(found["x.one"].body.get("n") or Unknown("")) == 0
    assert plain(found["x.set"].body.get("k") or Unknown("")) == "p"
    assert plain(found["x.two"].instance("b").get("v") or Unknown("")) == 2
    open_key = found["x.two"].body.get("k")
    assert isinstance(open_key, Unknown) and [plain(value) for value in open_key.about] == ["a", "b"]
    assert [next(references(found["x.any"].body.get("k") or Unknown(""))).target] == [".//var.names"]


def test_references_to_instances(resources) -> None:
    body = resources({"main.tf": COUNTED})["x.uses"].body
    for name in ("one", "all", "b"):
        value = body.get(name)
        assert isinstance(value, Reference) and value.attribute == "id"
    assert plain(body.get("none") or Unknown("")) == []
    assert plain(body.get("some") or Unknown("")) == "fallback"


def test_a_call_that_sets_the_input_is_told_from_a_default(resources) -> None:
    found = resources(
        {
            "main.tf": 'module "a" {\n  source = "./m"\n  on = true\n}\nmodule "b" {\n  source = "./m"\n}\n',
            "m/main.tf": 'variable "on" {\n  default = false\n}\nresource "x" "y" {\n  count = var.on ? 1 : 0\n}\n',
        }
    )
    first, second = found["module.a.x.y"].condition, found["module.b.x.y"].condition
    assert first is not None and second is not None
    assert (first.keys, first.inputs, first.called) == ((0,), ("module.a.var.on",), True)
    assert (second.keys, second.inputs, second.called) == ((), ("module.b.var.on",), False)


MODULE = (
    'variable "n" {\n}\nresource "x" "y" {\n  n = var.n\n}\noutput "n" {\n  value = x.y.n\n}\n'
    'output "v" {\n  value = var.n\n}\n'
)


def test_module_calls_with_keys_are_told_apart(resources) -> None:
    found = resources(
        {
            "main.tf": 'module "m" {\n  source = "./m"\n  for_each = { a = "A", b = "B" }\n  n = each.value\n}\n'
            'module "c" {\n  source = "./m"\n  count = 2\n  n = count.index\n}\n'
            'module "none" {\n  source = "./m"\n  count = 0\n  n = 1\n}\n'
            'module "some" {\n  source = "./m"\n  for_each = var.names\n  n = each.key\n}\nvariable "names" {\n}\n'
            'resource "x" "z" {\n  a = module.m["b"].v\n  all = module.c[*].v\n'
            "  map = { for k, m in module.m : k => m.v }\n"
            "  one = one(module.none[*].v)\n}\n",
            "m/main.tf": MODULE,
        }
    )
    assert plain(found['module.m["a"].x.y'].body) == {"n": "A"}
    assert plain(found["module.c[1].x.y"].body) == {"n": 1}
    assert instances(found["module.none.x.y"]) == ()
    assert instances(found["module.some.x.y"]) is None
    body = found["x.z"].body
    assert plain(body) == {"a": "B", "all": [0, 1], "map": {"a": "A", "b": "B"}, "one": None}


def test_dynamic_blocks_are_expanded(resources) -> None:
    found = resources(
        {
            "main.tf": 'resource "x" "y" {\n  dynamic "env" {\n    for_each = { A = 1, B = x.z.id }\n    content {\n'
            '      name  = env.key\n      value = env.value\n    }\n  }\n}\nresource "x" "z" {\n}\n'
        }
    )
    assert [plain(value) for value in found["x.y"].find("env.name")] == ["A", "B"]
    values = list(found["x.y"].find("env.value"))
    assert isinstance(values[1], Reference) and values[1].target == ".//x.z"


def test_entries_span_the_whole_attribute(resources) -> None:
    text = 'resource "x" "y" {\n  name = "a" # why\n  tags = {\n    k = "v"\n  }\n}\n'
    body = resources({"main.tf": text})["x.y"].body
    spans = [entry.span for entry in body.entries]
    assert [text[span.start : span.end] for span in spans if span is not None] == [
        'name = "a"',
        'tags = {\n    k = "v"\n  }',
    ]
    tags = body.get("tags")
    assert isinstance(tags, Mapping)
    inner = tags.entries[0].span
    assert inner is not None and text[inner.start : inner.end] == 'k = "v"'
