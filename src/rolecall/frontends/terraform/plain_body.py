"""Bodies of blocks that hold one plain thing a line, evaluated without a parse.

Most blocks of most estates are lists of strings, names and maps of those.  To read them by lines gives the same values
and spans as `evaluate_body` gives for their trees, in a fraction of the time; whatever is not plain is left to it.
"""

from __future__ import annotations

import re

from rolecall.frontends.terraform.kinds import bounded
from rolecall.frontends.terraform.place import Place
from rolecall.frontends.terraform.traversal import dotted
from rolecall.frontends.values import Entry, Mapping, Scalar, Sequence, Value
from rolecall.source.hcl import Block
from rolecall.source.text import Span

_COMMENT = rb"[ \t]*(?:(?:#|//)[^\n]*)?\r?\n"
_REST = re.compile(_COMMENT)
#: A line by groups: name (1) or quoted name (2), and after `=` a string (3), a dotted name (4), a number (5), an object
#: that is empty (6) or goes on (7); a nested block (8), empty (9) or going on; a closing brace (10); a comma (11).
_LINE = re.compile(
    rb"[ \t]*(?:"
    rb"(?:([A-Za-z_][\w-]*)|\"([^\"\\$%\r\n]*)\")[ \t]*=[ \t]*"
    rb"(?:(\"[^\"\\$%\r\n]*\")|([A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*)|([1-9]\d{0,14}|0)|(\{[ \t]*\})|(\{))"
    rb"|([A-Za-z_][\w-]*)[ \t]*\{([ \t]*\})?"
    rb"|(\}))?[ \t]*(,)?" + _COMMENT
)
#: Names that the grammar does not take for names everywhere.
_KEYWORDS = (b"true", b"false", b"null", b"for", b"if", b"in", b"endif", b"endfor", b"else")
_WORDS: dict[bytes, bool | None] = {b"true": True, b"false": False, b"null": None}


class _Open:
    """A collection that is being read: the body of a block (whose `key` is its type), or an object.

    `start` is where its entry begins, `value_start` where its braces or, for a block, its type do.
    """

    __slots__ = ("end", "entries", "is_object", "key", "kinds", "start", "value_start")

    def __init__(self, key: Scalar, start: int, value_start: int, is_object: bool) -> None:
        self.key = key
        self.start = start
        self.value_start = value_start
        self.end = start
        self.is_object = is_object
        self.entries: list[Entry] = []
        self.kinds: dict[str | None, list[Value]] = {}

    def add(self, key: Scalar, value: Value, span: Span) -> None:
        if not self.is_object and isinstance(value, Mapping):
            value = bounded(value)
        self.entries.append(Entry(key, value, span))

    def add_block(self, kind: Scalar, body: Mapping) -> None:
        """Joins the blocks of one type at the place of the first."""
        name = str(kind.value)
        bodies = self.kinds.get(name)
        if bodies is None:
            self.kinds[name] = [body]
            self.entries.append(Entry(kind, body, body.span))
        else:
            bodies.append(body)

    def finished(self) -> tuple[Entry, ...] | None:
        """The entries; None where a key of an object comes twice."""
        if self.is_object:
            names = {entry.name for entry in self.entries}
            return tuple(self.entries) if len(names) == len(self.entries) else None
        if not self.kinds:
            return tuple(self.entries)
        return tuple(
            Entry(entry.key, Sequence(tuple(self.kinds[entry.name]), entry.span), entry.span)
            if entry.name in self.kinds and self.kinds[entry.name][0] is entry.value
            else entry
            for entry in self.entries
        )


def plain_body(block: Block, place: Place) -> Mapping | None:
    """The body of a block as `evaluate_body` gives it; None where it is not plain."""
    text = block.text
    data = text.data
    opening = data.find(b"{", block.header_end, block.end)
    end = data.rfind(b"\n", opening, block.end) + 1
    header = _REST.match(data, opening + 1, end)
    if header is None or data[end : block.end].strip() != b"}" or place.bindings:
        return None
    scope = place.at(text, 0)
    whole = _Open(Scalar(""), 0, 0, False)
    stack = [whole]
    at = header.end()
    while at < end:
        line = _LINE.match(data, at, end)
        if line is None:
            return None
        at = line.end()
        current = stack[-1]
        bare, quoted, string, name, number, empty, goes_on, kind, kind_empty, closing, comma = line.group(
            1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
        )
        if comma is not None and not (current.is_object and (bare or quoted is not None or closing)):
            return None
        if bare is not None or quoted is not None:
            if bare in _KEYWORDS:
                return None
            if bare is not None:
                start, key = line.start(1), Scalar(bare.decode())
            else:
                if not current.is_object:
                    return None
                start = line.start(2) - 1
                key = Scalar((quoted or b"").decode("utf-8", "replace"), text.span(start, line.end(2) + 1))
            if goes_on is not None:
                if comma is not None:
                    return None
                stack.append(_Open(key, start, line.start(7), True))
                continue
            group = 3 if string is not None else 4 if name is not None else 5 if number is not None else 6
            value_start, value_end = line.span(group)
            value: Value
            if name is not None and name.startswith(b"var.") and name.count(b".") == 1:
                value = place.variable(name[4:].decode())  # by far the most names, and it needs no span
                current.add(key, value, text.span(start, value_end))
                current.end = value_end
                continue
            span = text.span(value_start, value_end)
            if string is not None:
                value = Scalar(string[1:-1].decode("utf-8", "replace"), span)
            elif number is not None:
                value = Scalar(int(number), span)
            elif empty is not None:
                value = Mapping((), span)
            elif name in _WORDS:
                value = Scalar(_WORDS[name], span)
            else:
                value = dotted(name.decode().split("."), scope, span)
            current.add(key, value, text.span(start, value_end))
            current.end = value_end
        elif kind is not None:
            if current.is_object or comma is not None or kind in _KEYWORDS:
                return None
            opened = _Open(Scalar(kind.decode()), line.start(8), line.start(8), False)
            if kind_empty is None:
                stack.append(opened)
                continue
            current.end = line.end(9)
            current.add_block(opened.key, Mapping((), text.span(opened.start, current.end)))
        elif closing is not None:
            done = stack.pop()
            entries = done.finished()
            if not stack or entries is None:
                return None
            outer = stack[-1]
            outer.end = line.end(10)
            if comma is not None and not outer.is_object:
                return None
            made = Mapping(entries, text.span(done.value_start, outer.end))
            if done.is_object:
                outer.add(done.key, made, text.span(done.start, outer.end))
            else:
                outer.add_block(done.key, made)
    entries = whole.finished()
    if len(stack) != 1 or not whole.entries or entries is None:
        return None
    first = whole.entries[0].span
    return Mapping(entries, text.span(first.start, whole.end) if first is not None else None)
