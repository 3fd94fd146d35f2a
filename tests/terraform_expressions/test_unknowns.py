"""What is not known keeps what it was made from, and never turns into a guess."""

from __future__ import annotations

import pytest

from rolecall.frontends.terraform.kinds import Invalid, OneOf, Splat, is_refused
from rolecall.frontends.values import (
    Encoded,
    Mapping,
    Reference,
    Scalar,
    Sequence,
    Template,
    Unknown,
    children,
    plain,
    references,
    render,
    text,
)
from terraform_expressions.place import body, value

KEY = "aws_iam_access_key.ci.secret"


def targets(expression: str) -> set[str]:
    return {f"{one.target}.{one.attribute}" for one in references(value(expression))}


@pytest.mark.parametrize(
    "expression",
    [
        KEY,
        f"aws_iam_access_key.ci[0].{KEY.rpartition('.')[2]}",
        f'"${{{KEY}}}"',
        f'"id:${{{KEY}}}"',
        f"<<EOT\n${{{KEY}}}\nEOT",
        f"jsonencode({{ key = {KEY} }})",
        f"yamlencode([{KEY}])",
        f"base64encode({KEY})",
        f'base64encode("x:${{{KEY}}}")',
        f"base64decode(base64encode({KEY}))",
        f"jsondecode(jsonencode([{KEY}]))[0]",
        f"merge(var.env, {{ SECRET = {KEY} }})",
        f'lookup({{ a = {KEY} }}, "a", null)',
        f'lookup({{ a = {KEY} }}, var.which, "")',
        f"{{ a = {KEY} }}[var.which]",
        f"[{KEY}, 1][count.index]",
        f"element([{KEY}], 0)",
        f"coalesce(var.given, {KEY})",
        f"try({KEY}, null)",
        f"try(var.a.b, {KEY})",
        f"var.on ? {KEY} : null",
        f'upper("${{{KEY}}}")',
        f"md5({KEY})",
        f'replace({KEY}, "a", "b")',
        f'split(",", {KEY})',
        f'format("%s:%05d", {KEY}, var.n)',
        f'formatlist("%s", [{KEY}])',
        f"sensitive({KEY})",
        f'join(",", ["a", {KEY}])',
        f"concat(var.list, [{KEY}])",
        f"flatten([[{KEY}]])",
        f"toset([{KEY}])",
        f"compact([{KEY}])",
        f'zipmap(["a"], [{KEY}])',
        f"values({{ a = {KEY} }})",
        f"[for x in [{KEY}] : x]",
        f"[for x in var.list : {KEY}]",
        f"{{ for k, v in var.map : k => {KEY} }}",
        f'[for x in [{KEY}] : x if x != ""]',
        f"{{ (var.k) = {KEY} }}",
        f'"%{{ if var.on }}${{{KEY}}}%{{ endif }}"',
        f'"%{{ for x in var.list }}${{{KEY}}}%{{ endfor }}"',
        f"provider::some::thing({KEY})",
        f"no_such_function({KEY})",
        f"-{KEY}",
        f"{KEY} == 1",
        f"concat([{KEY}], var.more)[0]",
        f"slice([{KEY}, 2], 0, 1)",
        f"one([{KEY}])",
        f"[{{ a = {KEY} }}][*].a",
        f"trimspace(<<EOT\n{{ ${{{KEY}}} }}\nEOT\n)",
        f"setproduct([{KEY}], [1])",
        f"tolist([{KEY}])",
        f"tomap({{ a = {KEY} }})",
        f"max({KEY}, 1)",
        f"nonsensitive({KEY})",
        f'regex("a", {KEY})',
        f"func([{KEY}]...)",
    ],
)
def test_the_reference_survives(expression: str) -> None:
    assert "//aws_iam_access_key.ci.secret" in targets(expression)


def test_a_lone_interpolation_is_the_value_itself() -> None:
    assert isinstance(value(f'"${{{KEY}}}"'), Reference)


def test_a_template_keeps_its_parts_in_order() -> None:
    found = value('"postgres://${var.user}:${aws_db_instance.main.password}@host"')
    assert isinstance(found, Template)
    assert render(found) == "postgres://${var.user}:${aws_db_instance.main.password}@host"


@pytest.mark.parametrize(
    ("expression", "attribute"),
    [
        ("aws_x.y", ""),
        ("aws_x.y.arn", "arn"),
        ("aws_x.y[0].arn", "arn"),
        ('aws_x.y["k"].arn', "arn"),
        ("aws_x.y.0.arn", "arn"),
        ("aws_x.y.*.arn[0]", "arn"),
        ("aws_x.y[*].arn", "arn"),
        ("aws_x.y.*.arn", "arn"),
        ("aws_x.y.identity[0].oidc[0].issuer", "identity.0.oidc.0.issuer"),
        ("aws_x.y.identity.0.oidc.0.issuer", "identity.0.oidc.0.issuer"),
        ("aws_x.y.identity[var.i].issuer", "identity.*.issuer"),
        ("aws_x.y.blocks[*].name", "blocks.*.name"),
        ("element(aws_x.y.*.arn, 0)", "arn"),
        ("element(aws_x.y[*].arn, var.i)", "arn"),
        ('join("", aws_x.y.*.arn)', "arn"),
        ("one(aws_x.y[*].arn)", "arn"),
        ("values(aws_x.y)[*].arn", "arn"),
        ("values(aws_x.y)[0].arn", "arn"),
    ],
)
def test_references_name_the_attribute_and_not_the_instance(expression: str, attribute: str) -> None:
    found = value(expression)
    assert isinstance(found, Reference)
    assert (found.target, found.attribute) == ("//aws_x.y", attribute)


def test_data_and_module_references() -> None:
    assert targets("data.aws_x.y.json") == {"//data.aws_x.y.json"}
    assert targets("module.m.out") == targets("module.m[0].out") == targets("module.m.*.out[0]") == {"//module.m.out"}
    assert targets("module.m.out.part") == {"//module.m.out.part"}
    assert targets("ephemeral.aws_x.y.secret") == {"ephemeral.aws_x.y.secret"}


def test_the_elements_of_a_counted_resource_in_a_for_expression() -> None:
    assert targets("[for k in aws_x.y : k.secret]") == {"//aws_x.y.", "//aws_x.y.secret"}
    assert targets("{ for k, v in aws_x.y : k => v.secret }") == {"//aws_x.y.secret"}


def test_a_splat_over_all_instances_is_a_list() -> None:
    assert isinstance(value("aws_x.y[*].arn"), Splat)
    assert isinstance(value("length(aws_x.y[*].arn)"), Unknown)
    assert isinstance(value("aws_x.y[*].arn == null"), Unknown)


def test_an_attribute_of_a_choice_is_that_of_each_way() -> None:
    found = value("(var.prod ? { key = aws_k.a.id, x = 1 } : { key = aws_k.b.id, x = 2 }).key")
    assert isinstance(found, OneOf)
    assert [render(one) for one in found.about] == ["${aws_k.a.id}", "${aws_k.b.id}"]


def test_a_member_at_an_unknown_index_is_one_of_all() -> None:
    found = value("[{ n = 1 }, { n = 2 }][var.i].n")
    assert isinstance(found, OneOf)
    assert [plain(one) for one in found.about if isinstance(one, Scalar)] == [1, 2]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("false && var.x", False),
        ("true || var.x", True),
        ("var.x && false", False),
        ('"${var.x}-a" == null', False),
        ("[var.x] != null", True),
        ("length([var.x, var.y])", 2),
        ("length({ a = var.x })", 1),
        ("contains([var.x, 1], 1)", True),
        ("keys({ a = var.x })", ["a"]),
        ("can(5.a)", False),
        ("try([var.x][3], 7)", 7),
        ("alltrue([var.x, false])", False),
        ("anytrue([var.x, true])", True),
        ('merge(var.env, { a = 1 })["a"]', 1),
        ('coalesce("", null, "x", var.y)', "x"),
        ('jsondecode("[${jsonencode("a")}]")', ["a"]),
    ],
)
def test_known_in_spite_of_unknown_parts(expression: str, expected: object) -> None:
    assert plain(value(expression)) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "var.x == 1",
        "var.x == null",
        "true && var.x",
        "contains([var.x, 1], 2)",
        'merge({ a = 1 }, var.env)["a"]',
        'merge(var.env, { a = 1 })["b"]',
        "length(merge(var.env, {}))",
        "keys(merge(var.env, {}))",
        "length(toset([var.a, var.b]))",
        "length(concat(var.a, [1]))",
        "can(var.x.y)",
        "sort([var.x])",
        "var.x ? 1 : 1",
        "timestamp()",
        "uuid()",
        'bcrypt("x")',
        "plantimestamp()",
        'file("not/here")',
        'fileexists("not/here")',
        'templatefile("not/here", {})',
        'pathexpand("~/x")',
        'abspath("x")',
        "regex(var.p, var.s)",
        'regex("(a+)+b", "aaaa")',
        'regex("a(?=b)", "ab")',
        "1 / 0",
        "self.id",
        "terraform.applying",
    ],
)
def test_what_nobody_can_tell_is_unknown_and_not_refused(expression: str) -> None:
    found = value(expression)
    assert isinstance(found, Unknown)
    assert not isinstance(found, Invalid)
    assert found.reason


@pytest.mark.parametrize(
    "expression",
    ["{ a = 1 }.b", "[1][1]", "null.a", '"a" + 1', '"x${[1]}"', '1 ? "a" : "b"', "upper([])", "foo", 'toset(["a"])[0]'],
)
def test_what_terraform_refuses_says_why(expression: str) -> None:
    found = value(expression)
    assert is_refused(found)
    assert any(one.reason for one in (found, *children(found)) if isinstance(one, Invalid))


def test_merge_with_an_unknown_map_shows_what_is_known() -> None:
    found = value("merge({ A = 1, B = 2 }, var.env, { A = 3 })")
    assert isinstance(found, Mapping)
    assert plain(found.get("A") or Scalar(None)) == 3
    assert [entry.name for entry in found.entries] == ["B", None, "A"]
    assert {one.target for one in references(found)} == {"//var.env"}


def test_a_for_expression_goes_over_the_known_part_of_a_map() -> None:
    found = value("{ for k, v in merge(var.env, { A = aws_k.x.id }) : lower(k) => v }")
    assert isinstance(found, Mapping)
    assert render(found.get("a") or Scalar(None)) == "${aws_k.x.id}"
    assert [entry.name for entry in found.entries] == ["a", None]


def test_an_encoding_keeps_its_structure_known_or_not() -> None:
    known, unknown = value("jsonencode({ a = 1 })"), value("base64encode(jsonencode({ a = var.x }))")
    assert isinstance(known, Encoded)
    assert isinstance(unknown, Encoded)
    assert isinstance(unknown.inner, Encoded)
    assert plain(value("sha256(jsonencode({ a = 1 }))")) == plain(value('sha256("{\\"a\\":1}")'))


def test_dynamic_blocks() -> None:
    found = body(
        """
        dynamic "env" {
          for_each = { A = 1, B = aws_k.x.id }
          content {
            name  = env.key
            value = env.value
          }
        }
        dynamic "rule" {
          for_each = ["x", "y"]
          iterator = it
          labels   = [it.value]
          content {
            at = it.key
            dynamic "inner" {
              for_each = [it.value]
              content { from = "${it.value}-${inner.value}" }
            }
          }
        }
        dynamic "many" {
          for_each = var.things
          content { id = many.value.id }
        }
        dynamic "none" {
          for_each = []
          content { id = none.value }
        }
        dynamic "maybe" {
          for_each = var.on ? [1] : []
          content { id = "fixed" }
        }
        """
    )
    env, rule, many, maybe = (found.get(name) for name in ("env", "rule", "many", "maybe"))
    assert isinstance(env, Sequence) and isinstance(rule, Sequence) and isinstance(many, Sequence)
    assert [render(one.get("value") or Scalar(None)) for one in env.items if isinstance(one, Mapping)] == [
        "1",
        "${aws_k.x.id}",
    ]
    second = rule.items[1]
    assert isinstance(second, Mapping)
    assert [text(second.get("at")), render(second.get("$labels") or Scalar(None))] == ["1", "y"]
    assert "from=y-y" in render(second)
    assert found.get("none") is None
    only = many.items[0]
    assert isinstance(only, Mapping) and only.get("$dynamic") is not None
    assert render(only.get("id") or Scalar(None)) == "${var.things.id}"
    assert isinstance(maybe, Sequence) and isinstance(maybe.items[0], Mapping)
    assert maybe.items[0].get("$dynamic") is not None


def test_nested_blocks() -> None:
    found = body('a "l" m { x = 1 }\nb = 2\na {}\na { c { y = 3 } }\n')
    blocks = found.get("a")
    assert isinstance(blocks, Sequence)
    assert [entry.name for entry in found.entries] == ["a", "b"]
    assert render(blocks) == "$labels=l,m,x=1,,c=y=3"
    assert [item.span.line for item in blocks.items if item.span] == [1, 3, 4]
