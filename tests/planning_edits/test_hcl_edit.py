"""Edits of HCL change the bytes that must change, and refuse where they cannot be sure."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pygohcl
import pytest
from patching import migration
from tree_sitter import Node

from rolecall.planning.composition import compose
from rolecall.planning.edits import hcl_edit
from rolecall.planning.edits.line_edit import Refused
from rolecall.source.edits import Edit
from rolecall.source.hcl import parse, walk
from rolecall.source.text import SourceText, Span
from rolecall.source.tree import Tree

ESTATE = (Path(__file__).parent / "estate.tf").read_bytes()


def text_of(source: str | bytes, path: str = "main.tf") -> SourceText:
    return SourceText(path, source.encode() if isinstance(source, str) else source)


def at(text: SourceText, part: str) -> Span:
    """The span of a part of a text that is there once."""
    assert text.data.count(part.encode()) == 1, part
    start = text.data.index(part.encode())
    return text.span(start, start + len(part.encode()))


def result(text: SourceText, *edits: Edit) -> str:
    series = compose(Tree(Path("/nonexistent"), {text.path: text.data}), [migration("m", expand=list(edits))])
    assert not series.conflicts
    return (series.step("expand").files.get(text.path) or text.data).decode()


def things(data: bytes) -> Iterator[Node]:
    for node in walk(parse(data)):
        item = node.type == "expression" and node.parent is not None and node.parent.type == "tuple"
        if item or node.type in ("block", "attribute", "object_elem"):
            yield node


@pytest.mark.parametrize("prune", [False, True])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_anything_can_be_removed_and_what_is_left_is_as_fmt_writes_it(
    tmp_path: Path, prune: bool, newline: str
) -> None:
    text = text_of(ESTATE.decode().replace("\n", newline))
    for number, node in enumerate(things(text.data)):
        new = result(text, *hcl_edit.remove(text, [text.span(node.start_byte, node.end_byte)], prune))
        pygohcl.loads(new)
        assert len(new) < len(text.data)
        assert newline * 3 not in new
        assert "{" + newline * 2 not in new
        assert new.count("\r\n") == new.count("\n") * (newline == "\r\n")
        (tmp_path / f"{number}.tf").write_bytes(new.encode())
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not installed")
    environment = {**os.environ, "TF_CLI_CONFIG_FILE": os.devnull}
    run = subprocess.run(
        ["terraform", "fmt", "-check", "-diff", "-no-color", str(tmp_path)],
        capture_output=True,
        env=environment,
        check=False,
    )
    assert run.stdout.decode() == ""
    assert run.returncode == 0


def removed(source: str, *parts: str, prune: bool = False) -> str:
    text = text_of(source)
    return result(text, *hcl_edit.remove(text, [at(text, part) for part in parts], prune))


LAMBDA = """a "b" {
  environment {
    variables = {
      A   = 1
      BCD = 2
    }
  }
}
"""


@pytest.mark.parametrize(
    ("source", "parts", "want"),
    [
        (LAMBDA, ["BCD = 2"], LAMBDA.replace("      BCD = 2\n", "").replace("A   =", "A =")),
        (LAMBDA, ["A   = 1", "BCD = 2"], 'a "b" {\n  environment {\n    variables = {}\n  }\n}\n'),
        ('a "b" {\n  x = [1, 2, 3]\n}\n', ["1", "3"], 'a "b" {\n  x = [2]\n}\n'),
        ('a "b" {\n  x = ["p", "q"]\n}\n', ['"p"', '"q"'], 'a "b" {\n  x = []\n}\n'),
        ('a "b" {\n  x = "${c.d}"\n  y = 1\n}\n', ["c.d"], 'a "b" {\n  y = 1\n}\n'),
        ('a "b" {\n  x = "${c.d}"\n  y = 1\n}\n', ['"${c.d}"'], 'a "b" {\n  y = 1\n}\n'),
        ('a "b" { x = 1 }\n', ["x = 1"], 'a "b" {}\n'),
        ("# about a\na {}\n\n# about b\nb {}\n", ["a {}"], "# about b\nb {}\n"),
        ("# Copyright me\na {}\n\nb {}\n", ["a {}"], "# Copyright me\n\nb {}\n"),
        ("# section\n\n# about a\na {}\n\nb {}\n", ["a {}"], "# section\n\nb {}\n"),
        ("a {}\n\nb {}\n\nc {}\n", ["b {}", "c {}"], "a {}\n"),
        ("a {}\n\nb {}\n\nc {}\n", ["a {}", "b {}"], "c {}\n"),
        ("\ufeffa {}\nb {}\n", ["a {}"], "\ufeffb {}\n"),
        ("a {}\n\nb {}", ["b {}"], "a {}\n"),
    ],
)
def test_removal(source: str, parts: list[str], want: str) -> None:
    assert removed(source, *parts) == want


@pytest.mark.parametrize(
    ("source", "parts", "want"),
    [
        (LAMBDA, ["A   = 1", "BCD = 2"], 'a "b" {\n}\n'),
        (LAMBDA, ["A   = 1"], LAMBDA.replace("      A   = 1\n", "")),
        (LAMBDA.replace("      A ", "      # why\n\n      A "), ["A   = 1", "BCD = 2"], None),
        ("a {\n  x = { b = [{ c = 1 }] }\n  y = 1\n}\n", ["{ c = 1 }"], "a {\n  y = 1\n}\n"),
        ("a {\n  x = { b = [{ c = 1 }] }\n  y = 1\n}\n", ["c = 1"], "a {\n  x = { b = [{}] }\n  y = 1\n}\n"),
        ("a {\n  x = merge(b, { c = 1 })\n}\n", ["c = 1"], "a {\n  x = merge(b, {})\n}\n"),
        ("a {\n  x = 1\n}\n", ["x = 1"], "a {\n}\n"),
    ],
)
def test_pruning(source: str, parts: list[str], want: str | None) -> None:
    new = removed(source, *parts, prune=True)
    assert new == want if want is not None else "# why" in new


@pytest.mark.parametrize(
    ("source", "part", "reason"),
    [
        ("# Code generated by x. DO NOT EDIT.\na {}\n", "a {}", "generates"),
        ("a {\n  b = [1\n}\n", "b = [1", "syntax error in line"),
        ("a {\n  b = c(1)\n}\n", "1", "a part of an expression"),
        ('a {\n  b = "x-${c.d}"\n}\n', "c.d", "a part of an expression"),
        ('a {\n  b = "x-${c.d}"\n}\n', "x-$", "not there by itself"),
        ("a {\n  b = <<E\n  c\n  E\n}\n", "  c\n", "not there by itself"),
    ],
)
def test_refusal(source: str, part: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        removed(source, part)


def test_json_is_refused() -> None:
    text = text_of('{"a": 1}', "main.tf.json")
    with pytest.raises(Refused, match="JSON"):
        hcl_edit.remove(text, [at(text, '"a": 1')])


def test_a_fault_elsewhere_does_not_matter() -> None:
    source = "a {\n  b = 1\n  c = 2\n}\n\nd {\n  e = [1\n}\n"
    assert removed(source, "b = 1") == source.replace("  b = 1\n", "")


SET = [
    ("a {\n  b = 1\n}\n", "b", "2", "a {\n  b = 2\n}\n"),
    ("a {\n  b = 1 # c\n}\n", "long", "2", "a {\n  b    = 1 # c\n  long = 2\n}\n"),
    ("a {\n  b = 1\n\n  c {\n  }\n}\n", "d", "2", "a {\n  b = 1\n  d = 2\n\n  c {\n  }\n}\n"),
    ("a {\n  c {\n  }\n}\n", "d", "2", "a {\n  d = 2\n\n  c {\n  }\n}\n"),
    (
        "a {\n  b = 1\n\n  tags = {\n    x = 1\n  }\n}\n",
        "d",
        "2",
        "a {\n  b = 1\n  d = 2\n\n  tags = {\n    x = 1\n  }\n}\n",
    ),
    ("a {}\n", "d", "2", "a {\n  d = 2\n}\n"),
    ("a {\n}\n", "d", "2", "a {\n  d = 2\n}\n"),
    ("a { b = 1 }\n", "dd", "2", "a {\n  b  = 1\n  dd = 2\n}\n"),
    ("a {\r\n  b = 1\r\n}\r\n", "d", "{\n  x = 1\n}", "a {\r\n  b = 1\r\n  d = {\r\n    x = 1\r\n  }\r\n}\r\n"),
    ("a {\n  b = {\n    x = 1\n  }\n}\n", "b", "[\n  2,\n]", "a {\n  b = [\n    2,\n  ]\n}\n"),
    ("a {\n  b = 1\n}\n", "d", "<<-E\n  x\n  E", "a {\n  b = 1\n  d = <<-E\n  x\n  E\n}\n"),
]


@pytest.mark.parametrize(("source", "name", "value", "want"), SET)
def test_setting_an_attribute(source: str, name: str, value: str, want: str) -> None:
    text = text_of(source)
    block = parse(text.data).children[0].children[0]
    edits = hcl_edit.set_attribute(text, text.span(block.start_byte, block.end_byte), name, value)
    assert result(text, *edits) == want
    again = text_of(want)
    block = parse(again.data).children[0].children[0]
    again_edits = hcl_edit.set_attribute(again, again.span(block.start_byte, block.end_byte), name, value)
    assert result(again, *again_edits) == want


@pytest.mark.parametrize(
    ("source", "obj", "want"),
    [
        ("a = { b = 1 }\n", "{ b = 1 }", 'a = { b = 1, "k" = v }\n'),
        ("a = {}\n", "{}", 'a = { "k" = v }\n'),
        ("a = {\n  bcdef = 1 # c\n}\n", "{\n  bcdef = 1 # c\n}", 'a = {\n  bcdef = 1 # c\n  "k"   = v\n}\n'),
        ("a = {\n  b = 1,\n}\n", "{\n  b = 1,\n}", 'a = {\n  b   = 1,\n  "k" = v,\n}\n'),
        ("a = {\n  k = 1\n}\n", "{\n  k = 1\n}", "a = {\n  k = v\n}\n"),
    ],
)
def test_setting_an_entry(source: str, obj: str, want: str) -> None:
    text = text_of(source)
    assert result(text, *hcl_edit.set_entry(text, at(text, obj), '"k"', "v")) == want


@pytest.mark.parametrize(
    ("source", "items", "want"),
    [
        ("a = [1, 2]\n", "[1, 2]", "a = [1, 2, x]\n"),
        ("a = [1, 2,]\n", "[1, 2,]", "a = [1, 2, x]\n"),
        ("a = []\n", "[]", "a = [x]\n"),
        ("a = [\n  1,\n  2 # c\n]\n", "[\n  1,\n  2 # c\n]", "a = [\n  1,\n  2, # c\n  x,\n]\n"),
        ("a = [\n  1,\n]\n", "[\n  1,\n]", "a = [\n  1,\n  x,\n]\n"),
    ],
)
def test_appending_an_item(source: str, items: str, want: str) -> None:
    text = text_of(source)
    new = result(text, *hcl_edit.append_item(text, at(text, items), "x"))
    assert new.replace("2 x", "2, x").replace(", ]", "]").replace(",]", "]") == want.replace(",]", "]")
    pygohcl.loads(new.replace("x", "1"))


def test_two_migrations_append_to_one_list_and_put_blocks_in_one_place() -> None:
    text = text_of("a {\n  l = [\n    1\n  ]\n}\nb {}\n")
    block = at(text, "a {\n  l = [\n    1\n  ]\n}")
    lists = at(text, "[\n    1\n  ]")
    ms = [
        migration(
            name,
            expand=[*hcl_edit.append_item(text, lists, value), *hcl_edit.insert_after(text, block, f"{name} {{}}")],
        )
        for name, value in (("one", "2"), ("two", "3"))
    ]
    series = compose(Tree(Path("/nonexistent"), {"main.tf": text.data}), ms)
    assert not series.conflicts
    new = (series.step("expand").files["main.tf"] or b"").decode()
    assert new.startswith("a {\n  l = [\n    1,\n    2,\n    3,\n  ]\n}\n\none {}\n")
    assert "\ntwo {}\n\n" in new
    assert new.endswith("\nb {}\n")


@pytest.mark.parametrize(
    ("source", "want"),
    [
        ("a {}\n", "a {}\n\nn {\n  x = 1\n}\n"),
        ("a {}", "a {}\n\nn {\n  x = 1\n}"),
        ("a {}\n\nb {}\n", "a {}\n\nn {\n  x = 1\n}\n\nb {}\n"),
        ("a {} # c\nb {}\n", "a {} # c\n\nn {\n  x = 1\n}\n\nb {}\n"),
        ("a {}\r\n", "a {}\r\n\r\nn {\r\n  x = 1\r\n}\r\n"),
    ],
)
def test_a_block_after_a_block(source: str, want: str) -> None:
    text = text_of(source)
    assert result(text, *hcl_edit.insert_after(text, at(text, "a {}"), "n {\n  x = 1\n}\n")) == want


@pytest.mark.parametrize(
    ("source", "want"),
    [
        ("a {}\n", "a {\n  n {\n    x = 1\n  }\n}\n"),
        ("a {\n}\n", "a {\n  n {\n    x = 1\n  }\n}\n"),
        ("a { b = 1 }\n", "a {\n  b = 1\n\n  n {\n    x = 1\n  }\n}\n"),
        ("a {\n  b = 1\n}\n", "a {\n  b = 1\n\n  n {\n    x = 1\n  }\n}\n"),
    ],
)
def test_a_nested_block(source: str, want: str) -> None:
    text = text_of(source)
    assert result(text, *hcl_edit.insert_nested_block(text, at(text, source.strip()), "n {\n  x = 1\n}\n")) == want


def test_replacing_an_expression() -> None:
    text = text_of("a {\n  b = [c.d, 1]\n}\n")
    assert result(text, *hcl_edit.replace_expression(text, at(text, "c.d"), "e.f")) == "a {\n  b = [e.f, 1]\n}\n"
    for part in ("a {", "b =", "c", "d, 1"):
        with pytest.raises(Refused):
            hcl_edit.replace_expression(text, Span("main.tf", *_range(text, part), 1, 1, 1, 1), "x")


def _range(text: SourceText, part: str) -> tuple[int, int]:
    start = text.data.index(part.encode())
    return start, start + len(part)


SCRIPT = """a {
  u = <<-E
    #!/bin/sh
    export KEY=${b.c}
    curl x \\
      --key ${b.c.d} \\
      --out y
    run
  E
}
"""


@pytest.mark.parametrize(
    ("part", "want"),
    [
        ("${b.c}", SCRIPT.replace("    export KEY=${b.c}\n", "")),
        ("${b.c.d}", SCRIPT.replace("      --key ${b.c.d} \\\n", "")),
        ("--out y", SCRIPT.replace(" \\\n      --out y", "")),
        ("curl x \\\n      --key ${b.c.d} \\\n      --out y", SCRIPT[: SCRIPT.index("    curl")] + "    run\n  E\n}\n"),
    ],
)
def test_removing_script_lines(part: str, want: str) -> None:
    text = text_of(SCRIPT)
    assert result(text, *hcl_edit.remove_heredoc_lines(text, at(text, part))) == want


def test_a_script_is_not_torn_apart() -> None:
    text = text_of(SCRIPT)
    for part, reason in (("curl x", "goes on"), ("a {", "no heredoc"), ("<<-E\n    #!", "not all inside")):
        with pytest.raises(Refused, match=reason):
            hcl_edit.remove_heredoc_lines(text, at(text, part))
    text = text_of("a = <<E\nx\nE\n")
    with pytest.raises(Refused, match="nothing would be left"):
        hcl_edit.remove_heredoc_lines(text, at(text, "x"))
