"""New blocks and texts are quoted for the language that they land in."""

from __future__ import annotations

import unicodedata

import pygohcl
import pytest
import yaml as pyyaml
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import TemplateNotFound, UndefinedError
from jinja2.exceptions import SecurityError

from rolecall.planning.templates import _environment, code, hcl, ident, render, yaml

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(TEXTS | st.sampled_from(["${var.x}", "%{ if true }", "$${", "$$$${a}", '"\n# x', "\\", "a\u2028b"]))
def test_terraforms_own_parser_reads_a_quoted_string_back(text: str) -> None:
    assert pygohcl.loads(f"x = {hcl(text)}\n")["x"] == unicodedata.normalize("NFC", text)


def test_literals() -> None:
    literal = hcl({"a": [1, 2.5, True, None], "b c": {"${x}": "y"}, "e": {}})
    assert pygohcl.loads(f"x = {literal}\n")["x"] == {"a": [1, 2.5, True, None], "b c": {"${x}": "y"}, "e": {}}
    assert hcl("${var.x}", raw=True) == '"${var.x}"'
    with pytest.raises(ValueError, match="no HCL literal"):
        hcl(object())


@given(TEXTS)
def test_identifiers_are_legal(text: str) -> None:
    name = ident(text)
    assert pygohcl.loads(f'variable "{name}" {{}}\n{name} = 1\n')[name] == 1


@pytest.mark.parametrize(
    ("text", "name"), [("ci-deployer", "ci-deployer"), ("a.b/c", "a_b_c"), ("9x", "_9x"), ("", "_"), ("é", "_")]
)
def test_identifiers_look_like_the_text(text: str, name: str) -> None:
    assert ident(text) == name


@given(
    TEXTS | st.sampled_from(["on", "No", "1e3", "null", "a: b", "a #b", "- a", "0x1", "12:30", "2012-10-17", "=", "~"])
)
def test_yaml_reads_a_scalar_back(text: str) -> None:
    if "${{" not in text:
        assert pyyaml.safe_load(f"key: {yaml(text)}\n") == {"key": text}


def test_yaml_keeps_plain_text_plain_and_refuses_expressions() -> None:
    assert yaml("arn/with-dashes_and.dots") == "arn/with-dashes_and.dots"
    assert yaml("us-east-1") == "us-east-1"
    assert yaml(["a", 1]) == '["a", 1]'
    with pytest.raises(ValueError, match="workflow"):
        yaml("${{ github.event.issue.title }}")


@pytest.mark.parametrize(
    ("text", "span"), [("a\nb", "`a b`"), ("`x`", "`` `x` ``"), ("a``b", "``` a``b ```"), ("", "` `")]
)
def test_code_spans_cannot_be_left(text: str, span: str) -> None:
    assert code(text) == span


def test_templates_are_sandboxed_strict_and_inside_the_package() -> None:
    environment = _environment()
    assert environment.from_string("{{ x | hcl }} = {{ 'a b' | ident }}").render(x="$${") == '"$$${" = a_b'
    with pytest.raises(UndefinedError):
        environment.from_string("{{ missing }}").render()
    with pytest.raises(SecurityError):
        environment.from_string("{{ ''.__class__.__mro__ }}").render()
    for name in ("../pyproject.toml", "a/../../b.j2", "/etc/passwd", "none/none.tf.j2", "x\\y.j2"):
        with pytest.raises(TemplateNotFound):
            render(name)
