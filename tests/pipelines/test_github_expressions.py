"""The expression language of workflows: parsing, evaluation, and where parts of a scalar stand in the file."""

from __future__ import annotations

from collections.abc import Sequence as Items

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.frontends.pipelines.evaluation import MAX_TEXT, expression, string
from rolecall.frontends.pipelines.expressions import MAX_DEPTH, Access, ExpressionError, Operation, parse, split
from rolecall.frontends.pipelines.placed import Placed
from rolecall.frontends.values import (
    Encoded,
    Reference,
    Scalar,
    Template,
    Unknown,
    Value,
    plain,
    references,
    render,
    text,
)
from rolecall.source.text import SourceText, Span
from rolecall.source.yaml import YamlMapping, YamlScalar, load


class Contexts:
    """`known.X` is the text X, `list` a JSON list, anything else a reference."""

    def lookup(self, name: str, keys: Items[str], span: Span | None) -> tuple[Value, int]:
        if name == "known":
            return Scalar(keys[0] if keys else None, span), min(1, len(keys))
        return Reference(name, ".".join(keys), span), len(keys)


def place(start: int, end: int) -> Span:
    return SourceText("x", b" " * 50_000).span(start, end)


def value_of(written: str) -> Value:
    return expression(written, Contexts(), place)


KNOWN: list[tuple[str, object]] = [
    ("null", None),
    ("true", True),
    ("'it''s'", "it's"),
    ("''", ""),
    ("42", 42),
    ("-7", -7),
    ("0xff", 255),
    ("0o17", 15),
    ("1.5e2", 150.0),
    (".5", 0.5),
    ("1 == 1", True),
    ("1 != 1", False),
    ("'A' == 'a'", True),
    ("'1' == 1", True),
    ("'' == 0", True),
    ("null == 0", True),
    ("true == 1", True),
    ("'x' == 0", False),
    ("'x' != 0", True),
    ("NaN == NaN", False),
    ("2 < 10", True),
    ("'b' > 'A'", True),
    ("3 <= 3", True),
    ("3 >= 4", False),
    ("!true", False),
    ("!''", True),
    ("!!'x'", True),
    ("true && 'yes' || 'no'", "yes"),
    ("false && 'yes' || 'no'", "no"),
    ("'' || 'b'", "b"),
    ("'a' || 'b'", "a"),
    ("0 || null", None),
    ("1 && 2 && 3", 3),
    ("1 < 2 == true", True),
    ("!false && false", False),
    ("false || true && false", False),
    ("(false || true) && true", True),
    ("contains('Hello', 'ELL')", True),
    ("contains(fromJSON('[1,2]'), 2)", True),
    ("contains(fromJSON('[\"a\"]'), 'b')", False),
    ("startsWith('refs/heads/main', 'refs/')", True),
    ("endsWith('a.tf', '.TF')", True),
    ("format('{0}-{1}', 'a', 3)", "a-3"),
    ("format('{{0}} {0}', 'x')", "{0} x"),
    ('join(fromJSON(\'["a","b"]\'))', "a,b"),
    ("join(fromJSON('[1,2]'), '-')", "1-2"),
    ('fromJSON(\'{"a":{"B":[5,6]}}\').a.b[1]', 6),
    ("fromJSON('{\"a\":1}')['A']", 1),
    ('fromJSON(\'[{"id":1},{"id":2}]\').*.id', [1, 2]),
    ('fromJSON(\'{"x":{"id":1}}\').*.id', [1]),
    ("fromJSON('{}').missing", None),
    ("fromJSON('[1]')[4]", None),
    ("fromJSON('{}').a.b.c", None),
    ("fromJSON(toJSON(fromJSON('{\"a\":1}'))).a", 1),
    ("case(false, 1, true, 2, 3)", 2),
    ("case(false, 1, 3)", 3),
    ("known.x", "x"),
    ("known['y z']", "y z"),
    ("KNOWN.x", "x"),
]


@pytest.mark.parametrize(("written", "expected"), KNOWN)
def test_known_values(written: str, expected: object) -> None:
    assert plain(value_of(written)) == expected


NOT_KNOWN = [
    ("secrets.A", "Reference", {"secrets.A"}),
    ("secrets['a-b']", "Reference", {"secrets.a-b"}),
    ("secrets.A || 'x'", "Unknown", {"secrets.A"}),
    ("secrets.A && 'x'", "Unknown", {"secrets.A"}),
    ("github.ref == 'x' && secrets.A || secrets.B", "Unknown", {"github.ref", "secrets.A", "secrets.B"}),
    ("'' || secrets.A", "Reference", {"secrets.A"}),
    ("'k' || secrets.A", "Scalar", set()),
    ("!secrets.A", "Unknown", {"secrets.A"}),
    ("format('x{0}', secrets.A)", "Template", {"secrets.A"}),
    ("format(secrets.A, 1)", "Unknown", {"secrets.A"}),
    ("join(secrets.A)", "Unknown", {"secrets.A"}),
    ("toJSON(secrets)", "Encoded", {"secrets."}),
    ("fromJSON(toJSON(secrets.A))", "Reference", {"secrets.A"}),
    ("fromJSON(secrets.A).key", "Unknown", {"secrets.A"}),
    ("secrets[github.ref]", "Unknown", {"secrets.", "github.ref"}),
    ("secrets[format('{0}_KEY', 'PROD')]", "Reference", {"secrets.PROD_KEY"}),
    ("hashFiles(secrets.A)", "Unknown", {"secrets.A"}),
    ("contains(secrets.A, 'x')", "Unknown", {"secrets.A"}),
    ("nosuch(secrets.A)", "Unknown", {"secrets.A"}),
    ("fromJSON('{')", "Unknown", set()),
    ("case(github.ref, secrets.A, 'x')", "Unknown", {"github.ref", "secrets.A"}),
    ("success()", "Unknown", set()),
]


@pytest.mark.parametrize(("written", "shape", "made_of"), NOT_KNOWN)
def test_what_is_not_known_keeps_what_it_is_made_of(written: str, shape: str, made_of: set[str]) -> None:
    value = value_of(written)
    assert type(value).__name__ == shape
    assert {f"{found.target}.{found.attribute}" for found in references(value)} == made_of


@pytest.mark.parametrize(
    "written", ["", "a b", "a.", "a[", "(a", "f(", "f(a,)", "'open", "a..b", "1 2", "&& a", "a =", "#"]
)
def test_what_is_no_expression_is_refused_with_a_place(written: str) -> None:
    with pytest.raises(ExpressionError) as error:
        parse(written, 5)
    assert 5 <= error.value.offset <= 5 + len(written)
    assert isinstance(value_of(written), Unknown)


@pytest.mark.parametrize(
    "written", ["(" * 100 + "1" + ")" * 100, "!" * 5000 + "1", "1" + "==1" * 5000, "f(" * 60 + ")" * 60]
)
def test_depth_is_bounded(written: str) -> None:
    with pytest.raises(ExpressionError):
        parse(written)


def test_long_chains_are_not_deep() -> None:
    tree = parse("||".join(["a"] * 500))
    assert isinstance(tree, Operation)
    assert len(tree.operands) == 500
    chain = parse("a" + ".b" * 3000)
    assert isinstance(chain, Access)
    assert len(chain.keys) == 3000
    assert parse("(" * (MAX_DEPTH - 1) + "1" + ")" * (MAX_DEPTH - 1))


def test_strings_are_cut_at_their_expressions() -> None:
    written = "a ${{ 'x }} y' }} b ${{ z }}${{ open"
    pieces = list(split(written))
    assert [piece.text for piece in pieces] == ["a ", " 'x }} y' ", " b ", " z ", "${{ open"]
    assert [written[piece.start : piece.end] for piece in pieces if piece.expression] == ["${{ 'x }} y' }}", "${{ z }}"]


def test_strings_become_scalars_templates_or_the_value_itself() -> None:
    assert string("plain", Contexts(), place) == Scalar("plain", place(0, 5))
    assert text(string("a-${{ 1 }}-${{ true }}-${{ null }}", Contexts(), place)) == "a-1-true-"
    assert isinstance(string("${{ secrets.A }}", Contexts(), place), Reference)
    assert plain(string("${{ fromJSON('[1]') }}", Contexts(), place)) == [1]
    mixed = string("x ${{ secrets.A }} y", Contexts(), place)
    assert isinstance(mixed, Template)
    assert render(mixed) == "x ${secrets.A} y"
    assert mixed.parts[1].span == place(6, 15)


def test_growth_is_bounded() -> None:
    wide = "format('" + "{0}" * 5000 + "', toJSON(secrets))"
    assert isinstance(value_of(wide), Unknown)
    big = Scalar("x" * (MAX_TEXT - 10))

    class Big(Contexts):
        def lookup(self, name: str, keys: Items[str], span: Span | None) -> tuple[Value, int]:
            return big, len(keys)

    assert isinstance(string("${{ a }}${{ a }}", Big(), place), Unknown)
    deep = "fromJSON('" + "[" * 3000 + "]" * 3000 + "')"
    assert isinstance(value_of(deep), Unknown)


@given(st.text(alphabet="abAZ09.'\"[](){}$*!<>=&|,-_ \n\té€", max_size=80))
def test_any_text_gives_a_value(written: str) -> None:
    value = value_of(written)
    assert not isinstance(value, Encoded)
    whole = string("x" + written + "${{" + written + "}}", Contexts(), place)
    assert isinstance(render(whole), str)


SCALARS = [
    "key: plain ABC text\n",
    "key: 'it''s ABC'\n",
    'key: "tab\\t\\u00e9 ABC \\"q\\""\n',
    "key: |\n  première\n    indented\n\n  é ABC end\n",
    "key: |\r\n  one\r\n  two ABC\r\n",
    "key: |2\n    deeper\n  ABC\n",
    "key: >-\n  folded é\n  line ABC\n  more\n",
    "key: plain\n  over lines é\n  ABC more\n",
    "key: 'quoted\n  over ABC lines'\n",
    'key: "escaped \\\n  break ABC"\n',
    "key: &anchor !!str ABC\n",
    "key: ABC",
]


@pytest.mark.parametrize("written", SCALARS)
def test_parts_of_a_scalar_keep_their_place(written: str) -> None:
    source = SourceText("f.yml", written.encode())
    (root,) = load(source)[0]
    assert isinstance(root, YamlMapping)
    node = root.get("key")
    assert isinstance(node, YamlScalar)
    at = node.value.index("ABC")
    span = Placed(node).span(at, at + 3)
    assert source.text(span) == "ABC"
    assert span.start == source.data.index(b"ABC")


@given(st.text(max_size=60), st.sampled_from(["|", ">", "'", '"', ""]), st.integers(0, 60), st.integers(0, 60))
def test_places_stay_inside_the_scalar(content: str, style: str, start: int, end: int) -> None:
    lines = "\n".join("  " + line for line in content.splitlines())
    written = f"key: {style}\n{lines}\n" if style in ("|", ">") else f"key: {style}{content}{style}\nother: 1\n"
    for root in load(SourceText("f.yml", written.encode("utf-8", "replace")))[0]:
        node = root.get("key") if isinstance(root, YamlMapping) else None
        if isinstance(node, YamlScalar):
            span = Placed(node).span(min(start, end), max(start, end))
            assert node.start <= span.start <= span.end <= max(node.end, span.start)
