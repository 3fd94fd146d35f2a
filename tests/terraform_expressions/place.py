"""A scope for tests: names given as expressions, references for everything else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tree_sitter import Node

from rolecall.frontends.terraform.expressions import evaluate, evaluate_body
from rolecall.frontends.terraform.kinds import bounded
from rolecall.frontends.terraform.templates import parse
from rolecall.frontends.values import Entry, Hop, Reference, Scalar, Unknown, Value, through
from rolecall.frontends.values import Mapping as Map
from rolecall.source.text import SourceText, Span


@dataclass
class Place:
    text: SourceText
    locals_: dict[str, Node] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    bindings: Mapping[str, Value] = field(default_factory=dict)
    kept: dict[str, Value | None] = field(default_factory=dict)

    def variable(self, name: str) -> Value:
        return Reference(f"//var.{name}", "")

    def local(self, name: str) -> Value:
        node = self.locals_.get(name)
        kept = self.kept.get(name)
        if kept is not None:
            return kept
        if node is None or name in self.kept:
            return Unknown(f"local {name} is not declared or depends on itself")
        self.kept[name] = None
        value = bounded(evaluate(node, self))
        self.kept[name] = through(value, Hop("local", f"local.{name}", self.span(node)))
        return self.local(name)

    def module_output(self, call: str, output: str | None, key: Value | None) -> Value:
        return Reference(f"//module.{call}", output or "")

    def resource(
        self, mode: Literal["resource", "data"], type: str, name: str, attribute: str, key: Value | None, span: Span
    ) -> Value:
        prefix = "data." if mode == "data" else ""
        return Reference(f"//{prefix}{type}.{name}", attribute, span)

    def each(self, part: Literal["key", "value"]) -> Value:
        return Unknown(f"each.{part}")

    def count_index(self) -> Value:
        return Unknown("count.index")

    def path(self, part: str) -> Value:
        return Scalar(".")

    def workspace(self) -> Value:
        return Scalar("default")

    def read_file(self, path: str) -> SourceText | None:
        data = self.files.get(path.removeprefix("./"))
        return None if data is None else SourceText(path.removeprefix("./"), data)

    def list_files(self, folder: str) -> list[str] | None:
        prefix = "" if folder == "." else f"{folder}/"
        return sorted(path.removeprefix(prefix) for path in self.files if path.startswith(prefix))

    def span(self, node: Node) -> Span:
        return self.text.span(node.start_byte, node.end_byte)

    def extent(self, start: int, end: int) -> Span:
        return self.text.span(start, end)

    def child(self, bindings: Mapping[str, Value]) -> Place:
        return Place(self.text, self.locals_, self.files, {**self.bindings, **bindings}, self.kept)

    def binding(self, name: str) -> Value | None:
        return self.bindings.get(name)


def body(source: str | bytes, files: Mapping[str, bytes] | None = None) -> Map:
    """The attributes and blocks of some HCL; each top-level attribute is also a local."""
    data = source.encode() if isinstance(source, str) else source
    root = parse(data)
    node = next((child for child in root.children if child.type == "body"), None)
    place = Place(SourceText("main.tf", data), files=dict(files or {}))
    for child in node.children if node else ():
        if child.type == "attribute" and child.children[0].text and child.children[-1].type == "expression":
            place.locals_[child.children[0].text.decode()] = child.children[-1]
    return evaluate_body(node, place)


def value(expression: str, files: Mapping[str, bytes] | None = None, **others: str) -> Value:
    """The value of one expression; `others` are expressions that it may use as locals."""
    source = "".join(f"{name} = {text}\n" for name, text in others.items()) + f"result = {expression}\n"
    found = body(source, files).get("result")
    assert found is not None, source
    return found


def entry(mapping: Value | None, name: str) -> Entry:
    assert isinstance(mapping, Map)
    return next(entry for entry in mapping.entries if entry.name == name)
