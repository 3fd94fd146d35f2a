"""Spans point at the text that wrote a value; hops tell the way it took."""

from __future__ import annotations

from rolecall.frontends.values import Encoded, Mapping, Scalar, Sequence, Template, Value, references, scalars
from rolecall.source.text import SourceText, Span
from terraform_expressions.place import body, entry, value

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


def cut(source: str, span: Span | None) -> str:
    assert span is not None
    return SourceText("main.tf", source.encode()).text(span)


def hops(found: Value) -> list[str]:
    return [hop.address for one in scalars(found) for hop in one.via]


def test_attributes_and_values_have_their_spans() -> None:
    source = 'a = "é${var.x}ü" # note\nb {\n  c = [1, { d = "x" }]\n}\n'
    found = body(source)
    assert cut(source, entry(found, "a").span) == 'a = "é${var.x}ü"'
    template = found.get("a")
    assert isinstance(template, Template)
    assert [cut(source, part.span) for part in template.parts if part.span] == ["é", "ü"]
    block = found.get("b")
    assert isinstance(block, Sequence) and isinstance(block.items[0], Mapping)
    assert cut(source, block.items[0].span) == 'b {\n  c = [1, { d = "x" }]\n}'
    items = block.items[0].get("c")
    assert isinstance(items, Sequence) and isinstance(items.items[1], Mapping)
    assert cut(source, items.items[1].entries[0].span) == 'd = "x"'
    assert cut(source, items.items[1].entries[0].value.span) == '"x"'


def test_references_have_the_span_of_the_whole_traversal() -> None:
    source = "a = [aws_k.x[0].id, local.b]\nb = 1\n"
    found = body(source).get("a")
    assert isinstance(found, Sequence)
    assert cut(source, found.items[0].span) == "aws_k.x[0].id"
    assert cut(source, found.items[1].span) == "1"


def test_hops_through_locals_collections_and_functions() -> None:
    for expression in (
        "local.creds.key",
        'local.creds["key"]',
        "values(local.creds)[0]",
        'lookup(local.creds, "key", null)',
        "merge({}, local.creds).key",
        "[for k, v in local.creds : v][0]",
        'trimspace("${local.creds.key} ")',
        '"x-${local.creds.key}"',
        "base64encode(local.creds.key)",
        'format("%s", local.creds.key)',
        'join("", [local.creds.key])',
        "local.creds[*].key[0]",
        "jsondecode(jsonencode(local.creds)).key",
        "flatten([[local.creds.key]])[0]",
        "tolist([local.creds.key])[0]",
        "coalesce(null, local.creds.key)",
        "try(local.none.x, local.creds.key)",
        "true ? local.creds.key : null",
        'split("/", local.creds.key)',
        "concat([local.creds.key], [])[0]",
        'zipmap(["a"], [local.creds.key]).a',
        "[local.creds][0].key",
        '"%{ for k, v in local.creds }${v}%{ endfor }"',
    ):
        found = value(expression, creds=f'{{ key = "{SECRET}" }}', none="{}")
        assert "local.creds" in hops(found), expression


def test_references_inside_a_value_collect_the_hops_around_them() -> None:
    found = value("local.outer.env", outer="{ env = local.inner }", inner="{ KEY = aws_k.x.id }")
    assert [[hop.address for hop in one.via] for one in references(found)] == [["local.inner", "local.outer"]]


def test_template_files_are_hops_and_their_parts_lie_in_the_file() -> None:
    files = {"user.tpl": "é export KEY=${key}\nexport B=${b}\n".encode()}
    found = value('templatefile("user.tpl", { key = aws_k.x.id, b = "lit" })', files)
    assert isinstance(found, Template)
    assert [(hop.kind, hop.address) for hop in found.via] == [("template", "user.tpl")]
    first, _, middle, known, end = found.parts
    assert [part.span.path for part in (first, middle, end) if part.span] == ["user.tpl"] * 3
    text = SourceText("user.tpl", files["user.tpl"])
    assert first.span and middle.span and known.span
    assert (text.text(first.span), text.text(middle.span)) == ("é export KEY=", "\nexport B=")
    assert known.span.path == "main.tf"


def test_files_are_hops_and_their_json_lies_in_the_file() -> None:
    files = {"policy.json": b'{\n  "Version": "2012-10-17",\n  "Statement": [{"Effect": "Allow"}]\n}\n'}
    found = value('jsondecode(file("policy.json"))', files)
    assert isinstance(found, Mapping)
    statement = entry(found, "Statement").span
    assert statement is not None
    assert (statement.path, statement.line) == ("policy.json", 3)
    assert SourceText("policy.json", files["policy.json"]).text(statement) == '"Statement": [{"Effect": "Allow"}]'
    assert [hop.kind for hop in found.via] == ["file"]


def test_yaml_files_too() -> None:
    files = {"users.yaml": "users:\n  - name: ann # é\n    key: x\n".encode()}
    found = value('yamldecode(file("users.yaml")).users[0]', files)
    assert isinstance(found, Mapping)
    assert found.span is not None and found.span.path == "users.yaml"
    place = entry(found, "key").span
    assert place is not None
    assert SourceText("users.yaml", files["users.yaml"]).text(place) == "key: x"


def test_encodings_keep_the_spans_inside() -> None:
    source = 'a = jsonencode({\n  Statement = [{\n    Action = "*"\n  }]\n})\n'
    found = body(source).get("a")
    assert isinstance(found, Encoded)
    assert [cut(source, one.span) for one in scalars(found) if one.value == "*"] == ['"*"']


def test_a_known_string_is_one_scalar() -> None:
    found = value('"${"a"}-${1 + 1}-${true}"')
    assert isinstance(found, Scalar)
    assert found.value == "a-2-true"


def test_positions_in_files_that_are_not_ascii() -> None:
    line = "é" * 700
    files = {"p.json": f'\ufeff{{"{line}": "{line}",\n "b": ["ü", "x"]}}'.encode()}
    text = SourceText("p.json", files["p.json"])
    found = value('jsondecode(file("p.json"))', files)
    assert isinstance(found, Mapping)
    assert [text.text(one.span) for one in found.entries if one.span] == [f'"{line}": "{line}"', '"b": ["ü", "x"]']
    template = value('templatefile("p.json", {})', {"p.json": files["p.json"].replace(b'"x"', b'"${x}"')})
    assert isinstance(template, Template)
    at = files["p.json"].index(b'"x"')
    assert [part.span.start for part in template.parts if part.span][1:] == [at + len('"${'), at + len('"${x}')]


def test_bytes_that_are_no_text_have_the_place_of_the_whole_file() -> None:
    files = {"t": b'\xff {"a": 1}', "u": b"\xff ${x}"}
    found = value('file("t")', files)
    assert found.span is not None and (found.span.start, found.span.end) == (0, 10)
    parts = value('templatefile("u", { x = var.x })', files)
    assert isinstance(parts, Template)
    assert parts.parts[0].span is not None and parts.parts[0].span.end == len(files["u"])
