"""Edits of YAML and JSON files that leave every other byte as it is.

A place is named by a span as `source.yaml` gives it: of a pair (the whole of it or its value), of a sequence's item,
of a collection.  Keys and values to write are YAML as it should stand there, further lines written as at column 0; in
JSON they are JSON, the key without its quotes.  Every function raises Refused where it cannot be sure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rolecall.planning.edits.line_edit import (
    Refused,
    about_more,
    indentation,
    is_blank,
    line_end,
    line_start,
    refuse_generated,
    remove_members,
    remove_script_lines,
    without_lines,
)
from rolecall.source.edits import Edit
from rolecall.source.text import SourceText, Span
from rolecall.source.yaml import YamlMapping, YamlNode, YamlPair, YamlScalar, YamlSequence, load, values

_TAIL = re.compile(rb"[ \t]*,?[ \t]*(?:(?<=[ \t])#[^\n]*)?\r?(?:\n|\Z)")
_COMMENT_LINE = re.compile(rb"([ \t]*)#[^\n]*(?:\n|\Z)")
_DASH = re.compile(rb"[ \t]*-[ \t]+")


@dataclass(frozen=True, slots=True)
class _Member:
    """A pair or an item: its place in its collection, and `[start, end)` as written there."""

    container: YamlMapping | YamlSequence
    at: int
    start: int
    end: int
    holder: _Member | None

    @property
    def key(self) -> tuple[int, int]:
        return id(self.container), self.at


def remove(text: SourceText, spans: Iterable[Span], prune: bool = False) -> tuple[Edit, ...]:
    """Remove pairs and items, each with the comment lines directly above it.

    A collection that loses all its members is written as `{}` or `[]`; with `prune` the pair that holds it goes
    instead.
    """
    members = _members(text)
    targets = {target.key: target for target in (_target(members, span) for span in spans)}
    while True:
        emptied = {
            target.holder.key: target.holder
            for target in targets.values()
            if prune
            and target.holder is not None
            and isinstance(target.holder.container, YamlMapping)
            and all((id(target.container), at) in targets for at in range(len(_ranges(target.container))))
        }
        if not emptied.keys() - targets.keys():
            break
        targets.update(emptied)
    edits: list[Edit] = []
    done: set[int] = set()
    for target in sorted(targets.values(), key=lambda one: (one.start, -one.end)):
        if target.holder is not None and _inside(target.holder, targets):
            continue
        if id(target.container) not in done:
            done.add(id(target.container))
            places = {at for container, at in targets if container == id(target.container)}
            edits.extend(_without(text, target, places))
    _refuse_anchors(text, edits)
    return tuple(edits)


def replace_value(text: SourceText, span: Span, value: str) -> tuple[Edit, ...]:
    """Give a pair (named by the whole of it or by its value) another value."""
    member = _target(_members(text), span)
    if not isinstance(member.container, YamlMapping):
        edits: tuple[Edit, ...] = (
            Edit(text.path, member.start, member.end, _indented(text, value, _column(text, member))),
        )
    else:
        pair = member.container.pairs[member.at]
        colon = text.data.index(b":", pair.key.end)
        new = value if member.container.flow else _after_key(text, value, _column(text, member))
        blank = " " if not new.startswith(("\n", "\r")) else ""
        start = pair.value.start if member.container.flow else colon + 1
        if not member.container.flow and b"#" in text.data[colon + 1 : pair.value.start]:
            raise Refused("a comment is in the way")
        edits = (Edit(text.path, start, max(start, pair.end), new if member.container.flow else blank + new),)
    _refuse_anchors(text, edits)
    return edits


def insert_pair(text: SourceText, mapping: Span, key: str, value: str, after: Span | None = None) -> tuple[Edit, ...]:
    """Add a pair to a mapping, as the last one or after another.  Raises Refused where the key is there already."""
    node = _collection(text, mapping)
    if not isinstance(node, YamlMapping):
        raise Refused("no mapping is written there")
    if node.get(key) is not None:
        raise Refused("the key is there already")
    if node.pairs and node.flow:
        quoted = text.data[node.pairs[0].start : node.pairs[0].start + 1] == b'"'
    else:
        quoted = text.data.lstrip()[:1] in (b"{", b"[")
    name = json.dumps(key, ensure_ascii=False) if quoted else key
    return _inserted(text, node, f"{name}: ", value, after)


def insert_item(text: SourceText, sequence: Span, item: str) -> tuple[Edit, ...]:
    """Add an item to a sequence, as the last one."""
    node = _collection(text, sequence)
    if not isinstance(node, YamlSequence):
        raise Refused("no sequence is written there")
    return _inserted(text, node, "" if node.flow else "- ", item)


def insert_item_before(text: SourceText, start: int, lines: Sequence[str]) -> Edit:
    """Lines as a new item before the one that starts at a byte offset, apart from it where that is apart from what
    stands before; Refused where items are not one to a line.
    """
    line = line_start(text.data, start)
    indent = text.data[line:start].decode("utf-8", "replace")
    if indent.strip() != "-":
        raise Refused("the job's steps are not written one to a line")
    first, *others = lines
    written = [indent + first, *(" " * len(indent) + one for one in others)]
    if line and not text.data[line_start(text.data, line - 1) : line].strip():
        written.append("")
    return Edit(text.path, line, line, "".join(one + text.newline for one in written))


def remove_block_lines(text: SourceText, span: Span) -> tuple[Edit, ...]:
    """Remove the whole lines of a literal block scalar (`run: |`) that a span touches; commands are kept whole."""
    for node in values(_roots(text)):
        if isinstance(node, YamlScalar) and node.start <= span.start and span.end <= node.end and node.style == "|":
            begin, finish = line_end(text.data, node.content_start), line_end(text.data, node.end - 1)
            return tuple(remove_script_lines(text.path, text.data, begin, finish, span.start, span.end))
    raise Refused("no literal block is written there")


def _roots(text: SourceText) -> list[YamlNode]:
    refuse_generated(text)
    known: list[YamlNode] | None = text.__dict__.get("yaml_roots")
    if known is None:
        known, faults = load(text)
        if faults:
            raise Refused(f"{faults[0].kind} error in line {faults[0].span.line}")
        text.__dict__["yaml_roots"] = known
    return known


def _ranges(node: YamlMapping | YamlSequence) -> list[tuple[int, int]]:
    if isinstance(node, YamlSequence):
        return node.spots
    return [(pair.start, pair.end) for pair in node.pairs if not pair.merged]


def _members(text: SourceText) -> dict[tuple[int, int], _Member]:
    """The pairs and items of a file by what may name them: their own range, or that of a pair's value.

    Where ranges are the same, an item comes before the only pair in it, and that before the pair whose value it is.
    """
    found: dict[tuple[int, int], _Member] = {}
    by_value: dict[tuple[int, int], _Member] = {}
    stack: list[tuple[YamlNode, _Member | None]] = [(root, None) for root in reversed(_roots(text))]
    seen: set[int] = set()
    while stack:
        node, holder = stack.pop()
        if isinstance(node, YamlScalar) or id(node) in seen:
            continue
        seen.add(id(node))
        parts: list[YamlNode | YamlPair] = [*node.items] if isinstance(node, YamlSequence) else [*node.pairs]
        for at, (start, end) in enumerate(_ranges(node)):
            member = _Member(node, at, start, end, holder)
            found.setdefault((start, end), member)
            value = parts[at]
            inner = value.value if isinstance(value, YamlPair) else value
            by_value.setdefault((inner.start, inner.end), member)
            if start <= inner.start and inner.end <= end:  # an alias stands for what is written elsewhere
                stack.append((inner, member))
    return {**by_value, **found}


def _target(members: dict[tuple[int, int], _Member], span: Span) -> _Member:
    member = members.get((span.start, span.end))
    if member is None:
        raise Refused("no pair or item is written there")
    return member


def _collection(text: SourceText, span: Span) -> YamlMapping | YamlSequence:
    for node in values(_roots(text)):
        if (node.start, node.end) == (span.start, span.end) and not isinstance(node, YamlScalar):
            return node
    raise Refused("no mapping or sequence is written there")


def _inside(holder: _Member, targets: dict[tuple[int, int], _Member]) -> bool:
    at: _Member | None = holder
    while at is not None:
        if at.key in targets:
            return True
        at = at.holder
    return False


def _column(text: SourceText, member: _Member) -> int:
    return member.start - line_start(text.data, member.start)


def _without(text: SourceText, target: _Member, places: set[int]) -> Iterator[Edit]:
    node, data, path = target.container, text.data, text.path
    ranges = _ranges(node)
    if node.flow:
        _refuse_bare(data, node)
        yield from remove_members(path, data, node.content_start + 1, node.end - 1, ranges, places, _TAIL, strict=True)
        return
    lines = {at: _own_lines(data, node, *ranges[at]) for at in places}
    if len(places) == len(ranges):
        yield from _emptied(text, target, lines)
        return
    left = [at for at in range(len(ranges)) if at not in places]
    for at in sorted(places):
        found = lines[at]
        if found is not None:
            yield from without_lines(path, data, *found, at < left[0], at > left[-1])
            continue
        following = next((one for one in range(at, len(ranges)) if one not in places), None)
        start = ranges[at][0]
        if at or following is None or not _DASH.fullmatch(data[line_start(data, start) : start]):
            raise Refused("other text is on the same line")
        end = ranges[following][0]
        if b"#" in data[ranges[following - 1][1] : end]:
            raise Refused("a comment is in the way")
        yield Edit(path, start, end, "")


def _emptied(text: SourceText, target: _Member, lines: dict[int, tuple[int, int] | None]) -> Iterator[Edit]:
    node, holder, data = target.container, target.holder, text.data
    if holder is None:
        raise Refused("nothing would be left of the document")
    kept = data[node.start : node.end]
    for start, end in filter(None, lines.values()):
        kept = kept.replace(data[max(start, node.start) : min(end, node.end)], b"", 1)
    if re.search(rb"(?m)(?:^|[ \t])#", kept):
        raise Refused("a comment is in the way")
    properties = data[node.start : node.content_start].decode().split()
    empty = " ".join([*properties, "{}" if isinstance(node, YamlMapping) else "[]"])
    if not isinstance(holder.container, YamlMapping):
        yield Edit(text.path, node.start, node.end, empty)
        return
    colon = data.index(b":", holder.container.pairs[holder.at].key.end)
    begin = min([node.start, *(found[0] for found in lines.values() if found is not None)])
    if b"#" in data[colon + 1 : begin]:  # `key: # remark`: the empty value goes before the remark
        yield Edit(text.path, colon + 1, colon + 1, " " + empty)
        yield Edit(text.path, line_start(data, begin), line_end(data, node.end - 1), "")
        return
    yield Edit(text.path, colon + 1, node.end, " " + empty)


def _refuse_bare(data: bytes, node: YamlMapping | YamlSequence) -> None:
    """Raises Refused for the one kind of flow collection that has no brackets: the pair in `[a, b: c]`."""
    if data[node.content_start : node.content_start + 1] not in (b"{", b"["):
        raise Refused("a pair without braces")


def _own_lines(data: bytes, node: YamlMapping | YamlSequence, start: int, end: int) -> tuple[int, int] | None:
    """The whole lines of a member of a block collection, with its comments; None where it shares its first line."""
    begin = line_start(data, start)
    before, after = data[begin:start], _TAIL.match(data, end)
    alone = not before.strip() if isinstance(node, YamlMapping) else _DASH.fullmatch(before)
    if not alone or after is None:
        return None
    column = len(before) - len(before.lstrip(b" \t")) if isinstance(node, YamlSequence) else len(before)
    return _comments_above(data, begin, column), _comments_below(data, after.end(), column)


def _comments_above(data: bytes, start: int, column: int) -> int:
    first = start
    while first > 0:
        above = line_start(data, first - 1)
        comment = _COMMENT_LINE.match(data, above, first)
        if comment is None or len(comment[1]) != column:
            break
        first = above
    return start if about_more(data[first:start]) else first


def _comments_below(data: bytes, end: int, column: int) -> int:
    """Comments after a member's last line that are indented deeper than it are part of it."""
    at = end
    while True:
        comment = _COMMENT_LINE.match(data, at)
        if comment is not None and len(comment[1]) > column:
            end = at = comment.end()
        elif is_blank(data, at):
            at = line_end(data, at)
        else:
            return end


def _inserted(
    text: SourceText, node: YamlMapping | YamlSequence, head: str, value: str, after: Span | None = None
) -> tuple[Edit, ...]:
    ranges, data, path, newline = _ranges(node), text.data, text.path, text.newline
    if not ranges:
        if data[node.content_start + 1 : node.end - 1].strip():
            raise Refused("a comment is in the way")
        marks = "{}" if isinstance(node, YamlMapping) else "[]"
        new = marks[0] + head + value.replace("\n", newline) + marks[1]
        return (Edit(path, node.content_start, node.end, new),)
    at = len(ranges) - 1
    if after is not None:
        at = next((at for at, place in enumerate(ranges) if place == (after.start, after.end)), -1)
        if at < 0:
            raise Refused("what to insert after is not there")
    start, end = ranges[at]
    if node.flow:
        _refuse_bare(data, node)
        first = line_start(data, start)
        split = not data[first:start].strip()
        margin = data[first:start].decode() if split else indentation(data, start)
        lead = "," + newline + margin if split else ", "
        return (Edit(path, end, end, lead + head + _indented(text, value, margin)),)
    column = _block_column(data, node, ranges)
    if isinstance(node, YamlMapping):
        code = head.removesuffix(" ") + _spaced(_after_key(text, value, column))
    else:
        code = head + _indented(text, value, column + len(head))
    begin = line_start(data, start)
    place = _comments_below(data, line_end(data, max(start, end - 1)), column)
    before = line_start(data, begin - 1) if begin else begin
    apart = at > 0 and before < begin and is_blank(data, before)
    gap = newline if apart else ""
    line = " " * column + code
    if not data[:place].endswith(b"\n"):
        return (Edit(path, place, place, newline + gap + line),)
    return (Edit(path, place, place, gap + line + newline),)


def _block_column(data: bytes, node: YamlMapping | YamlSequence, ranges: list[tuple[int, int]]) -> int:
    """The column at which the members of a block collection start (a sequence's: its dashes)."""
    start = ranges[0][0]
    line = line_start(data, start)
    if isinstance(node, YamlMapping):
        return start - line
    dash = data.rfind(b"-", 0, start)  # on the line above where the first item stands below its dash
    if dash < 0 or data[dash + 1 : start].strip():
        raise Refused("its dashes are not beside its items")
    return dash - line_start(data, dash)


def _after_key(text: SourceText, value: str, column: int) -> str:
    """A value as it stands after `key:` of a pair at a column: on the same line, or below it where it has several.

    A block scalar (`|`, `>`) keeps its first line beside the key.
    """
    first, _, rest = value.partition("\n")
    if not rest:
        return value
    if first[:1] in ("|", ">"):
        return first + text.newline + " " * (column + 2) + _indented(text, rest, column + 2)
    return text.newline + " " * (column + 2) + _indented(text, value, column + 2)


def _spaced(value: str) -> str:
    return value if value.startswith(("\n", "\r")) else " " + value


def _indented(text: SourceText, value: str, margin: int | str) -> str:
    """A value whose further lines get a margin: blanks, or so many of them."""
    before = " " * margin if isinstance(margin, int) else margin
    lines = value.replace("\r\n", "\n").strip("\n").split("\n")
    return text.newline.join([lines[0], *(before + line if line.strip() else "" for line in lines[1:])])


def _refuse_anchors(text: SourceText, edits: Iterable[Edit]) -> None:
    """Raises Refused where an anchor would go that something outside the edits still names."""
    gone = [(edit.start, edit.end) for edit in edits]
    for node in values(_roots(text), keys=True):
        if node.anchor and any(start <= node.start < end for start, end in gone):
            alias = re.compile(rb"\*" + re.escape(node.anchor.encode()) + rb"(?![\w-])")
            for found in alias.finditer(text.data):
                if not any(start <= found.start() < end for start, end in gone):
                    raise Refused("an alias elsewhere in the file stands for this text")
