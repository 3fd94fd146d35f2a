"""YAML and JSON as nodes with exact byte spans.

The nodes are made from the parser's events, not by its own composer: events come one at a time, so nesting, aliases and
merges are bounded here before anything can grow, and a bad document does not take the good ones of its file with it.

`tolerant=True` reads files that a template engine fills in first (Helm, Jinja): where the text is not YAML as it
stands, its `{{ }}` are replaced by as many harmless bytes, so that spans stay those of the original file.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from rolecall.source.patterns import late
from rolecall.source.records import dataclass
from rolecall.source.text import BOM, SourceText, Span
from rolecall.source.yaml_template import follows_directive, has_directive, neutralise

#: Collections inside collections; a document that is deeper is reported and left out.
MAX_DEPTH = 128
#: Nodes that aliases and merge keys may add to one file.
MAX_ALIASED_NODES = 100_000
#: Documents of one file that may be broken before the rest is given up.
MAX_BROKEN_DOCUMENTS = 50

_Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True, eq=False)
class YamlScalar:
    """A scalar: `value` is its text with quotes and escapes resolved, `style` one of `` ' " | >`` or empty for plain.

    `tag` is an explicit tag as resolved by the parser (`!Ref`, `tag:yaml.org,2002:str`), empty where none is written.
    `[start, end)` covers tag and anchor too; `content_start` is where the text itself begins.
    `templated` says that a template engine fills part of it in; `opaque` that its value was not read at all (a limit).
    """

    text: SourceText
    start: int
    end: int
    tag: str
    anchor: str
    value: str
    style: str
    templated: bool = False
    opaque: bool = False

    @property
    def span(self) -> Span:
        return self.text.span(self.start, self.end)

    @property
    def content_start(self) -> int:
        return _content_start(self)


@dataclass(slots=True, eq=False)
class YamlSequence:
    """A sequence.

    `spots` are the byte ranges of its items as written here: that of `*name` where an item is an alias.
    """

    text: SourceText
    start: int
    end: int
    tag: str
    anchor: str
    flow: bool
    items: list[YamlNode]
    spots: list[tuple[int, int]]

    @property
    def span(self) -> Span:
        return self.text.span(self.start, self.end)

    @property
    def content_start(self) -> int:
        return _content_start(self)


@dataclass(slots=True, eq=False)
class YamlPair:
    """One `key: value`: `[start, end)` covers both as written here (an alias ends it where `*name` ends).

    `merged` is True where the pair came in through a merge key; its range is then the one of the merged mapping.
    """

    key: YamlNode
    value: YamlNode
    start: int
    end: int
    merged: bool = False

    @property
    def name(self) -> str | None:
        """The key's text, None where the key is a collection."""
        return self.key.value if isinstance(self.key, YamlScalar) else None

    @property
    def span(self) -> Span:
        return self.key.text.span(self.start, self.end)


@dataclass(slots=True, eq=False)
class YamlMapping:
    """A mapping: pairs in the order written, a key written twice is there twice.

    What merge keys bring in comes last, and stands in place of the `<<` pair.
    """

    text: SourceText
    start: int
    end: int
    tag: str
    anchor: str
    flow: bool
    pairs: list[YamlPair]

    @property
    def span(self) -> Span:
        return self.text.span(self.start, self.end)

    @property
    def content_start(self) -> int:
        return _content_start(self)

    def pair(self, name: str) -> YamlPair | None:
        """The pair of a key; of a key written twice the last, as parsers take it."""
        return next((pair for pair in reversed(self.pairs) if pair.name == name), None)

    def effective(self) -> list[YamlPair]:
        """The pairs without those that a later one of the same key replaces."""
        last = {pair.name: pair for pair in self.pairs}
        if len(last) == len(self.pairs):
            return self.pairs
        return [pair for pair in self.pairs if pair.name is None or last[pair.name] is pair]

    def get(self, name: str) -> YamlNode | None:
        pair = self.pair(name)
        return pair.value if pair else None


YamlNode: TypeAlias = YamlScalar | YamlSequence | YamlMapping


@dataclass(frozen=True, slots=True)
class YamlFault:
    """What is wrong with a file's syntax: `kind` is syntax or limit; `message` never quotes the file's content."""

    kind: str
    message: str
    span: Span


def load(text: SourceText, tolerant: bool = False) -> tuple[list[YamlNode], list[YamlFault]]:
    """The root nodes of a file's documents, and what is wrong with it.  Never raises.

    After a syntax error reading goes on at the next `---` line.
    """
    data = text.data
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return [], [YamlFault("syntax", "the file is UTF-16, not UTF-8", text.span(0, 0))]
    if b"\\u" in data:
        data = _SURROGATE.sub(
            rb"\\ufffd", data
        )  # JSON writes astral characters as two escapes, which YAML does not know
    reading = _read(text, data, tolerant, False)
    if reading.unreadable:
        data = _readable(data)
        reading = _read(text, data, tolerant, False)
        at = next((at for at, byte in enumerate(data) if byte != text.data[at]), 0)
        reading.faults.insert(0, YamlFault("syntax", "bytes that are not text, read as _", text.span(at, at + 1)))
    if tolerant and b"{" in data and (reading.broken or reading.braced):
        filled = neutralise(data)
        if filled != data:
            reading = _read(text, filled, True, True)
    return reading.roots, reading.faults


_DOCUMENT_START = late(rb"^---(?=[ \t\r\n]|\Z)", re.MULTILINE)
_UNREADABLE = late("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\udc80-\udcff\ufffe\uffff]")
_SURROGATE = late(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_PROPERTIES = late(rb"(?:[ \t\r\n]|#[^\n]*\n|![^ \t\r\n,\[\]{}]*|&[^ \t\r\n,\[\]{}]+)*")
_WIDE = late(rb"[\xc0-\xff][\x80-\xbf]+")


def values(roots: Iterable[YamlNode], keys: bool = False) -> Iterator[YamlNode]:
    """Every node below and including `roots` that is a value, once, however many aliases lead to it.

    With `keys` the keys of mappings too: these may have anchors as well.
    """
    stack = list(roots)
    seen: set[int] = set()
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        if isinstance(node, YamlSequence):
            stack.extend(node.items)
        elif isinstance(node, YamlMapping):
            stack.extend(pair.value for pair in node.pairs)
            if keys:
                stack.extend(pair.key for pair in node.pairs)


def _content_start(node: YamlNode) -> int:
    if not node.tag and not node.anchor:
        return node.start
    found = _PROPERTIES.match(node.text.data, node.start, node.end)
    return found.end() if found else node.start


def _readable(data: bytes) -> bytes:
    """The same bytes where YAML allows them, else as many underscores: one stray byte must not hide a whole file."""
    decoded = data.decode("utf-8", "surrogateescape")
    return _UNREADABLE.sub(lambda found: "_" * len(found[0].encode("utf-8", "surrogateescape")), decoded).encode()


def _byte_offsets(data: bytes, start: int) -> Callable[[int], int]:
    """What turns the parser's marks, code points counted from `start`, into byte offsets of the file."""
    if data.isascii():
        return start.__add__
    characters: list[int] = []
    extras: list[int] = [start]
    extra = 0
    for found in _WIDE.finditer(data, start):
        characters.append(found.start() - start - extra)
        extra += len(found[0]) - 1
        extras.append(start + extra)
    return lambda index: index + extras[bisect_left(characters, index)]


def _read(text: SourceText, data: bytes, templated: bool, filled: bool) -> _Reading:
    reading = _Reading(text, data, templated, filled)
    start = len(BOM) if data.startswith(BOM) else 0
    opening = len(data) - len(data[start:].lstrip())
    if data[opening : opening + 1] in (b"{", b"["):
        start = opening  # JSON may begin with a tab
    for _ in range(MAX_BROKEN_DOCUMENTS):
        failed_at = reading.run(start)
        reading.broken |= failed_at is not None
        following = None if failed_at is None else _DOCUMENT_START.search(data, max(failed_at, start + 1))
        if following is None:
            break
        start = following.start()
    return reading


class _TooDeepError(Exception):
    """A collection below `MAX_DEPTH` others, at a byte offset."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


class _Open:
    """A collection whose end has not come yet."""

    __slots__ = ("end", "height", "key", "key_start", "node", "size")

    def __init__(self, node: YamlSequence | YamlMapping) -> None:
        self.node = node
        self.key: YamlNode | None = None
        self.key_start = 0
        self.end = node.start
        self.size = 1
        self.height = 1


class _Reading:
    """One pass over a file's events."""

    def __init__(self, text: SourceText, data: bytes, templated: bool, filled: bool) -> None:
        self.text = text
        self.data = data
        self.templated = templated
        self.filled = filled
        self.roots: list[YamlNode] = []
        self.faults: list[YamlFault] = []
        self.unreadable = False
        self.broken = False
        self.braced = False  # a mapping as a mapping's key: `{{ }}` read as YAML
        self.budget = MAX_ALIASED_NODES
        self.stack: list[_Open] = []
        self.anchors: dict[str, tuple[YamlNode, int, int]] = {}

    def fault(self, kind: str, message: str, start: int, end: int | None = None) -> None:
        if len(self.faults) < 100:
            self.faults.append(YamlFault(kind, message, self.text.span(start, start if end is None else end)))

    def run(self, start: int) -> int | None:
        """Reads documents from a byte offset on.  The offset of the error that ended it, None at the file's end."""
        place = _byte_offsets(self.data, start)
        self.stack.clear()
        self.anchors.clear()
        before = len(self.roots)
        parser = None
        try:
            parser = _Parser(self.data[start:] if start else self.data)
            self._events(parser, place)
        except yaml.reader.ReaderError:
            self.unreadable = True
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            at = min(place(mark.index), len(self.data)) if mark else start
            self.fault("syntax", str(error.problem or error.context or "not YAML"), at)
            return max(at, self.roots[-1].end if len(self.roots) > before else start)
        except _TooDeepError as deep:
            self.fault("limit", f"nested deeper than {MAX_DEPTH} levels", deep.offset)
            return deep.offset
        finally:
            if parser is not None:
                parser.dispose()
        return None

    def _events(self, parser: Any, place: Callable[[int], int]) -> None:
        get = parser.get_event
        text, data, stack = self.text, self.data, self.stack
        while True:
            event = get()
            kind = type(event)
            if kind is ScalarEvent:
                start, end = place(event.start_mark.index), place(event.end_mark.index)
                style = event.style or ""
                if style in ("|", ">"):
                    end = _trimmed(data, start, end)
                node = YamlScalar(text, start, end, event.tag or "", event.anchor or "", event.value, style)
                if self.templated:
                    node.templated = self._templated(node)
                self._add(node, start, end, 1, 0)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                start = place(event.start_mark.index)
                if len(stack) >= MAX_DEPTH:
                    raise _TooDeepError(start)  # at once: the parser's own work per token grows with the depth
                tag, anchor, flow = event.tag or "", event.anchor or "", bool(event.flow_style)
                stack.append(
                    _Open(
                        YamlMapping(text, start, start, tag, anchor, flow, [])
                        if kind is MappingStartEvent
                        else YamlSequence(text, start, start, tag, anchor, flow, [], [])
                    )
                )
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                self._close(place(event.end_mark.index))
            elif kind is AliasEvent:
                self._alias(event.anchor, place(event.start_mark.index), place(event.end_mark.index))
            elif kind is DocumentEndEvent:
                self.anchors.clear()
            elif kind is StreamEndEvent or event is None:
                return

    def _templated(self, node: YamlScalar) -> bool:
        raw = self.text.data
        if raw.find(b"{{", node.start, node.end) != -1 and has_directive(raw, node.start, node.end):
            return True
        return self.filled and not node.value and not node.style and follows_directive(raw, node.end)

    def _add(self, node: YamlNode, start: int, end: int, size: int, height: int) -> None:
        """Puts a finished node, written at `[start, end)`, where it belongs."""
        if node.anchor:
            self.anchors[node.anchor] = (node, size, height)
        if not self.stack:
            if not (isinstance(node, YamlScalar) and node.start == node.end):
                self.roots.append(node)
            return
        top = self.stack[-1]
        top.size += size
        top.height = max(top.height, height + 1)
        top.end = max(top.end, end)
        if isinstance(top.node, YamlSequence):
            top.node.items.append(node)
            top.node.spots.append((start, end))
        elif top.key is None:
            top.key, top.key_start = node, start
            if isinstance(node, YamlMapping):
                self.braced = True
        else:
            top.node.pairs.append(YamlPair(top.key, node, top.key_start, end))
            top.key = None

    def _close(self, end: int) -> None:
        top = self.stack.pop()
        node = top.node
        node.end = end if node.flow else top.end
        if isinstance(node, YamlMapping):
            self._finish(node, top)
        self._add(node, node.start, node.end, top.size, top.height)

    def _alias(self, name: str, start: int, end: int) -> None:
        known = self.anchors.get(name)
        if known is None:
            self.fault("syntax", "an alias of an anchor that is not complete before it", start, end)
        else:
            node, size, height = known
            if size <= self.budget and len(self.stack) + height <= MAX_DEPTH:
                self.budget -= size
                self._add(node, start, end, size, height)
                return
            self.fault("limit", f"aliases expand to more than {MAX_ALIASED_NODES} values", start, end)
        self._add(YamlScalar(self.text, start, end, "", "", "", "", opaque=True), start, end, 1, 0)

    def _finish(self, mapping: YamlMapping, opened: _Open) -> None:
        """Reports keys written twice and brings in what merge keys name."""
        names: set[str] = set()
        merges: list[YamlPair] = []
        for pair in mapping.pairs:
            key = pair.key
            if not isinstance(key, YamlScalar):
                continue
            if key.value == "<<" and not key.style:
                merges.append(pair)
            elif key.value in names:
                if not self.filled:  # the branches of a template's `if` may write one key each
                    self.fault("syntax", "a key that is in this mapping twice", key.start, key.end)
            else:
                names.add(key.value)
        for pair in merges:
            sources = pair.value.items if isinstance(pair.value, YamlSequence) else [pair.value]
            if not all(isinstance(source, YamlMapping) for source in sources):
                continue
            mapping.pairs.remove(pair)
            for source in sources:
                for inner in source.pairs if isinstance(source, YamlMapping) else ():
                    if inner.name is not None and inner.name not in names and self.budget > 0:
                        names.add(inner.name)
                        self.budget -= 1
                        mapping.pairs.append(YamlPair(inner.key, inner.value, pair.start, pair.end, True))


def _trimmed(data: bytes, start: int, end: int) -> int:
    """The end of a block scalar's last line that holds text, without its newline."""
    return start + len(data[start:end].rstrip(b" \t\r\n"))
