"""What an expression may ask of the place it stands in.

`Scope` is the whole interface between evaluation and the reading of modules: the evaluator knows no files and no
modules, and a module knows no expressions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, Protocol

from tree_sitter import Node

from rolecall.frontends.values import Value
from rolecall.source.records import dataclass
from rolecall.source.text import SourceText, Span


class Scope(Protocol):
    """The names, files and positions that an expression sees.

    No method raises: what is not there is an `Unknown` or a `Reference`.  Values come with the hops they took to get
    here.
    """

    def variable(self, name: str) -> Value:
        """`var.NAME`."""
        ...

    def local(self, name: str) -> Value:
        """`local.NAME`."""
        ...

    def module_output(self, call: str, output: str | None, key: Value | None) -> Value:
        """`module.CALL.OUTPUT`, or `module.CALL[KEY].OUTPUT`; the whole module object where `output` is None."""
        ...

    def resource(
        self, mode: Literal["resource", "data"], type: str, name: str, attribute: str, key: Value | None, span: Span
    ) -> Value:
        """`TYPE.NAME[KEY].ATTRIBUTE`.

        `attribute` is the dotted path (`identity.0.oidc.0.issuer`), "" for the whole object, "*" for a part that is not
        known.  `key` is None without an index and for a splat: then the answer stands for the attribute of every
        instance.
        """
        ...

    def each(self, part: Literal["key", "value"]) -> Value:
        """`each.key` or `each.value`."""
        ...

    def count_index(self) -> Value:
        """`count.index`."""
        ...

    def path(self, part: str) -> Value:
        """`path.module`, `path.root` or `path.cwd`: known strings, relative to the scanned root."""
        ...

    def workspace(self) -> Value:
        """`terraform.workspace`."""
        ...

    def read_file(self, path: str) -> SourceText | None:
        """The file that `file(path)` would read, when it lies inside the scanned root; else None."""
        ...

    def list_files(self, folder: str) -> list[str] | None:
        """Every file below a folder, relative to it, for `fileset`; None where it cannot be told."""
        ...

    def span(self, node: Node) -> Span:
        """Where a node of the syntax tree that is being evaluated stands in its file."""
        ...

    def extent(self, start: int, end: int) -> Span:
        """As `span`, for a byte range in the coordinates of the nodes (a part of a string is no node)."""
        ...

    def child(self, bindings: Mapping[str, Value]) -> Scope:
        """This scope with some names bound (a `for` expression, a `dynamic` iterator)."""
        ...

    def binding(self, name: str) -> Value | None:
        """What a `for` expression, a `dynamic` block or a template file bound this name to, nearest first."""
        ...


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A scope for text that was parsed apart from its surroundings: names as there, positions of its own."""

    outer: Scope
    locate: Callable[[int, int], Span]
    bindings: Mapping[str, Value]

    def variable(self, name: str) -> Value:
        return self.outer.variable(name)

    def local(self, name: str) -> Value:
        return self.outer.local(name)

    def module_output(self, call: str, output: str | None, key: Value | None) -> Value:
        return self.outer.module_output(call, output, key)

    def resource(
        self, mode: Literal["resource", "data"], type: str, name: str, attribute: str, key: Value | None, span: Span
    ) -> Value:
        return self.outer.resource(mode, type, name, attribute, key, span)

    def each(self, part: Literal["key", "value"]) -> Value:
        return self.outer.each(part)

    def count_index(self) -> Value:
        return self.outer.count_index()

    def path(self, part: str) -> Value:
        return self.outer.path(part)

    def workspace(self) -> Value:
        return self.outer.workspace()

    def read_file(self, path: str) -> SourceText | None:
        return self.outer.read_file(path)

    def list_files(self, folder: str) -> list[str] | None:
        return self.outer.list_files(folder)

    def span(self, node: Node) -> Span:
        return self.locate(node.start_byte, node.end_byte)

    def extent(self, start: int, end: int) -> Span:
        return self.locate(start, end)

    def child(self, bindings: Mapping[str, Value]) -> Scope:
        return Elsewhere(self.outer, self.locate, {**self.bindings, **bindings})

    def binding(self, name: str) -> Value | None:
        bound = self.bindings.get(name)
        return self.outer.binding(name) if bound is None else bound
