"""One declaration of a module, in whichever syntax: what is known of it without evaluating it, and how to evaluate.

`HclDeclaration` reads a block of HCL, `json_syntax.JsonDeclaration` an object of a `.tf.json` file, `Overridden` lays
what override files say over either.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Protocol

from rolecall.frontends.terraform.expressions import evaluate, evaluate_body
from rolecall.frontends.terraform.plain_body import plain_body
from rolecall.frontends.values import Entry, Mapping, Value
from rolecall.source.hcl import Block, Fault
from rolecall.source.records import dataclass
from rolecall.source.text import SourceText, Span

if TYPE_CHECKING:
    from rolecall.frontends.terraform.place import Place


#: Blocks whose attributes name nothing: to evaluate all of them for the sake of one cannot go in circles.
_CONSTANT = ("variable",)


@cache
def _whole_word(word: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"(?<![\w.-])" + re.escape(word) + rb"(?![\w-])")


class Declaration(Protocol):
    """A block `TYPE LABELS… { … }` of a module."""

    @property
    def type(self) -> str: ...
    @property
    def labels(self) -> tuple[str, ...]: ...
    @property
    def text(self) -> SourceText: ...
    @property
    def span(self) -> Span: ...
    @property
    def header(self) -> Span: ...

    def mentions(self, word: bytes) -> bool:
        """Whether a name stands anywhere in its body: False says that there is no such attribute or nested block."""
        ...

    def names(self) -> list[str]:
        """The names of its attributes, in order."""
        ...

    def attribute_span(self, name: str) -> Span | None:
        """Where `name = value` stands."""
        ...

    def written(self, name: str) -> bytes | None:
        """The text of an attribute's value as written (a JSON string with its quotes); None without that attribute."""
        ...

    def literal(self, name: str) -> str | None:
        """An attribute that is a plain word or a string without interpolation; None without that, or another value."""
        ...

    def value(self, name: str, place: Place) -> Value | None:
        """The value of one attribute."""
        ...

    def body(self, place: Place) -> Mapping:
        """All attributes and nested blocks."""
        ...

    def nested(self, kind: str) -> Sequence[Declaration]:
        """The nested blocks of a type, as written (`dynamic` ones are not expanded)."""
        ...

    def faults(self) -> list[Fault]:
        """What of its text could not be read; known once it was asked for something."""
        ...


@dataclass(eq=False, slots=True)
class HclDeclaration:
    """A block of a `.tf` file."""

    block: Block

    @property
    def type(self) -> str:
        return self.block.type

    @property
    def labels(self) -> tuple[str, ...]:
        return self.block.labels

    @property
    def text(self) -> SourceText:
        return self.block.text

    @property
    def span(self) -> Span:
        return self.block.span

    @property
    def header(self) -> Span:
        return self.block.header

    def mentions(self, word: bytes) -> bool:
        data, block = self.block.text.data, self.block
        if data.find(word, block.start, block.end) < 0:
            return False
        return _whole_word(word).search(data, block.header_end, block.end) is not None

    def names(self) -> list[str]:
        return [attribute.name for attribute in self.block.attributes]

    def attribute_span(self, name: str) -> Span | None:
        attribute = self.block.attribute(name)
        return self.block.text.span(attribute.start, attribute.end) if attribute is not None else None

    def written(self, name: str) -> bytes | None:
        if not self.mentions(name.encode()):
            return None
        attribute = self.block.attribute(name)
        return None if attribute is None else self.text.data[attribute.value_start : attribute.value_end]

    def literal(self, name: str) -> str | None:
        plain = self.block.plain(name)
        return plain or (_literal(self.written(name)) if plain is None else None)

    def value(self, name: str, place: Place) -> Value | None:
        if self.block.type in _CONSTANT and not self.block.is_parsed:
            plain = plain_body(self.block, place)
            if plain is not None:
                return plain.get(name)
        attribute = self.block.attribute(name)
        if attribute is None:
            return None
        return evaluate(attribute.node, place.at(self.block.text, attribute.base))

    def body(self, place: Place) -> Mapping:
        if not self.block.is_parsed:
            plain = plain_body(self.block, place)
            if plain is not None:
                return plain
        node = self.block.body
        if node is None:
            return Mapping((), self.block.span)
        return evaluate_body(node, place.at(self.block.text, self.block.base))

    def nested(self, kind: str) -> Sequence[Declaration]:
        if not self.mentions(kind.encode()):
            return ()
        return [HclDeclaration(block) for block in self.block.blocks if block.type == kind]

    def faults(self) -> list[Fault]:
        return self.block.faults() if self.block.is_parsed else []


@dataclass(eq=False, slots=True)
class Overridden:
    """A declaration with those of override files laid over it, the last one winning, as Terraform merges them."""

    base: Declaration
    layers: tuple[Declaration, ...]

    @property
    def type(self) -> str:
        return self.base.type

    @property
    def labels(self) -> tuple[str, ...]:
        return self.base.labels

    @property
    def text(self) -> SourceText:
        return self.base.text

    @property
    def span(self) -> Span:
        return self.base.span

    @property
    def header(self) -> Span:
        return self.base.header

    def _all(self) -> tuple[Declaration, ...]:
        return (*reversed(self.layers), self.base)

    def mentions(self, word: bytes) -> bool:
        return any(layer.mentions(word) for layer in self._all())

    def names(self) -> list[str]:
        return list(dict.fromkeys(name for layer in (self.base, *self.layers) for name in layer.names()))

    def attribute_span(self, name: str) -> Span | None:
        return next((span for layer in self._all() if (span := layer.attribute_span(name)) is not None), None)

    def written(self, name: str) -> bytes | None:
        return next((text for layer in self._all() if (text := layer.written(name)) is not None), None)

    def literal(self, name: str) -> str | None:
        return next((plain for layer in self._all() if (plain := layer.literal(name)) is not None), None)

    def value(self, name: str, place: Place) -> Value | None:
        return next((value for layer in self._all() if (value := layer.value(name, place)) is not None), None)

    def body(self, place: Place) -> Mapping:
        body = self.base.body(place)
        for layer in self.layers:
            body = laid_over(body, layer.body(place))
        return body

    def nested(self, kind: str) -> Sequence[Declaration]:
        return next((blocks for layer in self._all() if (blocks := layer.nested(kind))), ())

    def faults(self) -> list[Fault]:
        return self.base.faults()


def laid_over(base: Mapping, layer: Mapping) -> Mapping:
    """What an override block makes of a body: its attributes replace those of the same name, its nested blocks of one
    type replace all of that type."""
    entries: dict[str, Entry] = {entry.name or "": entry for entry in base.entries}
    entries.update((entry.name or "", entry) for entry in layer.entries if entry.name != "$labels")
    return Mapping(tuple(entries.values()), base.span, base.via)


def _literal(written: bytes | None) -> str | None:
    if written is None:
        return None
    found = written.decode("utf-8", "replace").strip()
    if not found.startswith('"'):
        return found
    if len(found) < 2 or not found.endswith('"') or "${" in found or "%{" in found:
        return None
    return found[1:-1].replace('\\"', '"').replace("\\\\", "\\")
