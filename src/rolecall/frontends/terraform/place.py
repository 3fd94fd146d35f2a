"""Where an expression stands: the module instance whose names it sees, its file, and its own `each` and `count`."""

from __future__ import annotations

from collections.abc import Mapping as Bindings
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from tree_sitter import Node

from rolecall.frontends.values import Unknown, Value
from rolecall.source.text import SourceText, Span

if TYPE_CHECKING:
    from rolecall.frontends.terraform.instance import Instance, Iteration

_NOTHING: Bindings[str, Value] = MappingProxyType({})


class Place:
    """The scope of one expression (see `scope.Scope`)."""

    __slots__ = ("base", "bindings", "instance", "iteration", "text")

    def __init__(
        self,
        instance: Instance,
        text: SourceText,
        base: int = 0,
        iteration: Iteration | None = None,
        bindings: Bindings[str, Value] = _NOTHING,
    ) -> None:
        self.instance = instance
        self.text = text
        self.base = base
        self.iteration = iteration
        self.bindings = bindings

    def at(self, text: SourceText, base: int) -> Place:
        """The same names, for nodes of another slice."""
        if text is self.text and base == self.base:
            return self
        return Place(self.instance, text, base, self.iteration, self.bindings)

    def variable(self, name: str) -> Value:
        return self.instance.variable(name)

    def local(self, name: str) -> Value:
        return self.instance.local(name)

    def module_output(self, call: str, output: str | None, key: Value | None) -> Value:
        return self.instance.call_output(call, output, key)

    def resource(
        self, mode: Literal["resource", "data"], type: str, name: str, attribute: str, key: Value | None, span: Span
    ) -> Value:
        return self.instance.resource_value(mode, type, name, attribute, key, span)

    def each(self, part: Literal["key", "value"]) -> Value:
        if self.iteration is None:
            return Unknown("each is used without for_each")
        return self.iteration.each(part)

    def count_index(self) -> Value:
        if self.iteration is None:
            return Unknown("count.index is used without count")
        return self.iteration.index()

    def path(self, part: str) -> Value:
        return self.instance.path(part)

    def workspace(self) -> Value:
        return Unknown("the workspace is chosen when Terraform runs")

    def read_file(self, path: str) -> SourceText | None:
        return self.instance.estate.read_file(path)

    def list_files(self, folder: str) -> list[str] | None:
        return self.instance.estate.list_files(folder)

    def span(self, node: Node) -> Span:
        return self.text.span(self.base + node.start_byte, self.base + node.end_byte)

    def extent(self, start: int, end: int) -> Span:
        return self.text.span(self.base + start, self.base + end)

    def child(self, bindings: Bindings[str, Value]) -> Place:
        return Place(self.instance, self.text, self.base, self.iteration, {**self.bindings, **bindings})

    def binding(self, name: str) -> Value | None:
        return self.bindings.get(name)
