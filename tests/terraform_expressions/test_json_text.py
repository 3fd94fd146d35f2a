"""JSON in strings: positions, unknown parts, and what is none."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.frontends.terraform.conversion import from_plain, json_text, to_plain
from rolecall.frontends.terraform.json_text import decode_json
from rolecall.frontends.values import Encoded, Mapping, Scalar, Sequence, Template, find, plain, render
from rolecall.source.text import SourceText
from terraform_expressions.place import body, entry, value

HEREDOC = """
policy = <<-EOF
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Sid": "One${"$"}{x}", "é": "ü",
          "Effect": "Allow",
          "Action": ["s3:*", "${var.action}"],
          "Resource": "${aws_s3_bucket.b.arn}/*",
          "Condition": ${jsonencode({ Bool = { a = var.flag } })},
          "Count": ${var.count}
        },
        ${jsonencode(local.more)}
      ]
    }
  EOF
more = { Effect = "Deny" }
"""


def decoded(source: str) -> Mapping:
    found = body(source).get("policy")
    assert found is not None
    result = decode_json(found)
    assert isinstance(result, Mapping)
    return result


def test_unknown_parts_go_back_to_their_place() -> None:
    found = decoded(HEREDOC)
    assert [render(one) for one in find(found, "Statement.Action")] == ["s3:*,${var.action}"]
    assert [render(one) for one in find(found, "Statement.Resource")] == ["${aws_s3_bucket.b.arn}/*"]
    assert [render(one) for one in find(found, "Statement.Condition.Bool.a")] == ["${var.flag}"]
    assert [render(one) for one in find(found, "Statement.Count")] == ["${var.count}"]
    assert [render(one) for one in find(found, "Statement.Effect")] == ["Allow", "Deny"]


def test_entries_have_the_places_of_their_text() -> None:
    found = decoded(HEREDOC)
    file = SourceText("main.tf", HEREDOC.encode())
    statements = found.get("Statement")
    assert isinstance(statements, Sequence)
    first = statements.items[0]
    assert isinstance(first, Mapping)
    texts = {one.name: file.text(one.span) for one in first.entries if one.span}
    assert texts["é"] == '"é": "ü"'
    assert texts["Effect"] == '"Effect": "Allow"'
    assert texts["Action"] == '"Action": ["s3:*", "${var.action}"]'
    assert texts["Resource"] == '"Resource": "${aws_s3_bucket.b.arn}/*"'
    assert first.span is not None
    assert file.text(first.span).startswith('{\n          "Sid"')
    assert file.text(first.span).endswith("}")
    version = entry(found, "Version").span
    assert version is not None
    assert file.text(version) == '"Version": "2012-10-17"'


def test_a_known_heredoc_has_places_too_also_with_doubled_signs() -> None:
    source = 'policy = <<EOF\n{"a": "$${aws:username} %%{x}", "b": [1,\n 2]}\nEOF\n'
    found = decoded(source)
    file = SourceText("main.tf", source.encode())
    assert plain(found) == {"a": "${aws:username} %{x}", "b": [1, 2]}
    assert [file.text(one.span) for one in found.entries if one.span] == [
        '"a": "$${aws:username} %%{x}"',
        '"b": [1,\n 2]',
    ]


def test_a_quoted_string_has_the_place_of_the_string() -> None:
    source = 'policy = "{\\"a\\": \\"${var.x}\\"}"\n'
    found = decoded(source)
    file = SourceText("main.tf", source.encode())
    assert [file.text(one.span) for one in found.entries if one.span] == ['"{\\"a\\": \\"${var.x}\\"}"']
    assert render(found) == "a=${var.x}"


def test_a_template_within_a_template() -> None:
    found = decode_json(value('"{\\"a\\": \\"${local.inner}\\"}"', inner='"x-${var.y}"'))
    assert isinstance(found, Mapping)
    assert render(found) == "a=x-${var.y}"


def test_encoded_gives_its_inside() -> None:
    assert decode_json(Encoded("json", Scalar(1))) == Scalar(1)
    assert decode_json(Encoded("base64", Scalar("x"))) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain",
        "{",
        "[1,]",
        "{'a': 1}",
        '{"a" 1}',
        '{"a": 1} x',
        "[01]",
        '["\x01"]',
        "[" * 500 + "]" * 500,
        "{1: 2}",
        "[nul]",
    ],
)
def test_what_is_no_json_is_none(text: str) -> None:
    assert decode_json(Scalar(text)) is None


def test_a_template_that_is_no_json_is_none() -> None:
    assert decode_json(Template((Scalar("{ "), Scalar(1), Scalar("}")))) is None
    assert decode_json(Template((Scalar('{"\U000f0000": 1}'), Scalar("")))) is None


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.integers(-(2**30), 2**30).map(lambda number: number / 8)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON, st.sampled_from([None, 0, 2]))
@settings(max_examples=150, deadline=None)
def test_json_is_read_as_json_is(data: object, indent: int | None) -> None:
    text = json.dumps([data], indent=indent)
    found = decode_json(Scalar(text))
    assert found is not None
    assert to_plain(found) == json.loads(text)


@given(JSON)
@settings(max_examples=150, deadline=None)
def test_encode_and_decode_round_trip(data: object) -> None:
    found = from_plain(data)
    assert json.loads(json_text(to_plain(found))) == data
    inner = decode_json(Encoded("json", found))
    assert inner is not None
    assert to_plain(inner) == data


@given(st.text(alphabet='{}[]",:0123eE.+-\\ntruefals\n \U000f0000', max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    found = decode_json(Scalar(text))
    try:
        expected = json.loads(text) if text.lstrip()[:1] in ("{", "[") else None
    except ValueError:
        expected = None
    assert (found is None) == (expected is None)
