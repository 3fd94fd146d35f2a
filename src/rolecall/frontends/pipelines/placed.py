"""Where the characters of a YAML scalar's value stand in its file.

A block scalar's lines lose their indentation, a quoted one's escapes are resolved: the value is not the file's bytes.
`Placed` finds the way back, so that an expression inside a script still has its own span.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property
from typing import Protocol

from rolecall.source.patterns import late
from rolecall.source.text import Span
from rolecall.source.yaml import YamlScalar

_ESCAPE = late(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|\r?\n[ \t]*|.)", re.DOTALL)
_BLANKS = late(r"[ \t\r\n]*")


class PlacedText(Protocol):
    """A text, and where ranges of its characters stand in its file."""

    @property
    def value(self) -> str: ...

    def span(self, start: int, end: int) -> Span:
        """The span of the characters `[start, end)` of the value."""


class Placed:
    """The value of one scalar, and spans for ranges of its characters."""

    __slots__ = ("__dict__", "node", "value")

    def __init__(self, node: YamlScalar) -> None:
        self.node = node
        self.value = node.value

    def span(self, start: int, end: int) -> Span:
        """The span of the characters `[start, end)` of the value, which are cut to what there is."""
        node, length = self.node, len(self.value)
        if start <= 0 and end >= length:
            return node.text.span(node.content_start, node.end)
        offsets = self._offsets
        start, end = min(start, length), min(end, length)
        if end <= start:
            return node.text.span(offsets[start], offsets[start])
        stop = offsets[end - 1] + self._width(end - 1)
        return node.text.span(offsets[start], min(max(offsets[start], stop), node.end))

    def _width(self, index: int) -> int:
        """How many bytes of the file the character at an index takes."""
        following = self._offsets[index + 1]
        character = len(self.value[index].encode("utf-8", "replace"))
        here = self._offsets[index]
        escaped = self.node.style in ("'", '"') and following - here > character
        return following - here if escaped else character

    @cached_property
    def _offsets(self) -> list[int]:
        """The byte offset of every character of the value, and that of its end."""
        node = self.node
        begin = node.content_start
        raw = node.text.data[begin : node.end].decode("utf-8", "replace")
        quote = 1 if node.style in ("'", '"') else 0
        if raw[quote : len(raw) - quote] == self.value:
            places = list(range(quote, quote + len(self.value) + 1))
        elif node.style in ("|", ">"):
            places = _block(raw, self.value, node.style)
        else:
            places = _flow(raw, self.value, node.style)
        if raw.isascii():
            return [begin + place for place in places]
        table = [begin]
        for char in raw:
            table.append(table[-1] + len(char.encode("utf-8", "replace")))
        return [min(table[min(place, len(raw))], node.end) for place in places]


class PlacedLines:
    """Several scalars that run as one script, each from a line of its own on; none of the list may be empty."""

    __slots__ = ("_parts", "_starts", "value")

    def __init__(self, nodes: Sequence[YamlScalar]) -> None:
        self._parts = [Placed(node) for node in nodes]
        self._starts: list[int] = []
        at = 0
        for part in self._parts:
            self._starts.append(at)
            at += len(part.value) + 1
        self.value = "\n".join(part.value for part in self._parts)

    def span(self, start: int, end: int) -> Span:
        """The span of the characters `[start, end)`, cut at the end of the scalar in which it begins."""
        index = max(0, bisect_right(self._starts, start) - 1)
        begin = self._starts[index]
        return self._parts[index].span(start - begin, end - begin)


def _block(raw: str, value: str, style: str) -> list[int]:
    """Places in a block scalar: line by line in a literal one, word by word in a folded one."""
    header = raw.find("\n") + 1
    if not header:
        return [0] * (len(value) + 1)
    if style == ">":
        return _words(raw, value, header)
    indent = _indent(raw, value, header)
    places: list[int] = []
    at = header
    for line in value.split("\n"):
        end = raw.find("\n", at)
        end = len(raw) if end == -1 else end
        start = min(at + indent, end)
        places.extend(min(start + column, end) for column in range(len(line) + 1))
        at = min(end + 1, len(raw))
    return places


def _indent(raw: str, value: str, at: int) -> int:
    """What the lines of a literal block are indented by: seen at the first line that is not blank."""
    for line in value.split("\n"):
        end = raw.find("\n", at)
        end = len(raw) if end == -1 else end
        if line.strip():
            return max(0, len(raw[at:end].rstrip("\r")) - len(line))
        at = min(end + 1, len(raw))
    return 0


def _words(raw: str, value: str, at: int) -> list[int]:
    """Places where the value's blanks stand for any run of blanks in the file."""
    places: list[int] = []
    blank = True
    for char in value:
        if char.isspace():
            places.append(min(at, len(raw)))
            blank = True
            continue
        if blank:
            found = _BLANKS.match(raw, at)
            at = found.end() if found else at
            blank = False
        places.append(min(at, len(raw)))
        at += 1
    places.append(min(at, len(raw)))
    return places


def _flow(raw: str, value: str, style: str) -> list[int]:
    """Places in a plain or quoted scalar with escapes or line breaks in it."""
    if not style:
        return _words(raw, value, 0)
    places: list[int] = []
    at = 1
    for char in value:
        if style == '"' and (escape := _ESCAPE.match(raw, at)):
            while escape and escape[0][1:2] in ("\n", "\r"):  # a line folded away
                at = escape.end()
                escape = _ESCAPE.match(raw, at)
            places.append(at)
            at = escape.end() if escape else at + 1
        elif style == "'" and raw.startswith("''", at):
            places.append(at)
            at += 2
        elif char in " \n" and (blanks := _BLANKS.match(raw, at)) and "\n" in blanks[0]:
            places.append(at)
            at = blanks.end() if char == " " else at + 1
        else:
            places.append(at)
            at += 1
    places.append(at)
    return [min(place, len(raw)) for place in places]
