"""Edits of Terraform files that leave every other byte as it is.

A place is named by a span as the frontends give it: of a block, of an attribute or object entry (the whole of it or its
value), of a list item.  The spacing of `=` among neighbours is the business of `composition`, which lays out what all
edits of a phase have touched.  Every function raises Refused where it cannot be sure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tree_sitter import Node

from rolecall.planning.edits.alignment import lines
from rolecall.planning.edits.line_edit import (
    Refused,
    about_more,
    indentation,
    is_blank,
    line_end,
    line_start,
    own_lines,
    refuse_generated,
    remove_members,
    remove_script_lines,
    without_lines,
)
from rolecall.source.edits import Edit
from rolecall.source.hcl import File, node_text, parse_file
from rolecall.source.text import SourceText, Span

_THINGS = ("block", "attribute", "object_elem")
_COMMENT = rb"(?:(?:#|//)[^\n]*|/\*[^\n]*?\*/[ \t]*)?"
#: What may follow a thing on its last line, to and with the newline.
_TAIL = re.compile(rb"[ \t]*" + _COMMENT + rb"\r?(?:\n|\Z)")
_MEMBER_TAIL = re.compile(rb"[ \t]*,?[ \t]*" + _COMMENT + rb"\r?(?:\n|\Z)")
#: Arguments that by convention come last.
_LAST_ARGUMENTS = frozenset({"depends_on", "tags", "tags_all", "labels"})


def remove(text: SourceText, spans: Iterable[Span], prune: bool = False) -> tuple[Edit, ...]:
    """Remove blocks, attributes, object entries and list items, each with the comment lines directly above it.

    `prune` also removes what holds nothing any more: the attribute or entry of an emptied object or list, an emptied
    nested block; never a whole top-level block, and nothing that still has a comment inside.
    """
    file = _checked(text)
    things = {}
    for span in spans:
        thing = _thing(file, text, span)
        things[thing.id] = thing
    while True:
        groups: dict[int, list[Node]] = {}
        containers: dict[int, Node] = {}
        for thing in things.values():
            if not any(parent.id in things for parent in _ancestors(thing)):
                container = _parent(thing)
                containers[container.id] = container
                groups.setdefault(container.id, []).append(thing)
        holders = [
            holder
            for at, container in containers.items()
            if prune and (holder := _holder(container)) is not None and _emptied(file, text, container, groups[at])
        ]
        if not holders:
            break
        things.update((holder.id, holder) for holder in holders)
    edits: list[Edit] = []
    for at in sorted(groups, key=lambda one: containers[one].start_byte):
        edits.extend(_without(file, text, containers[at], groups[at]))
    return tuple(edits)


def replace_expression(text: SourceText, span: Span, new: str) -> tuple[Edit, ...]:
    """Put `new` (HCL) in place of an expression."""
    file = _checked(text)
    _refuse_faults(file, text, span.start)
    node = _exact(file, span)
    while node.type != "expression":
        parent = node.parent
        if parent is None or (parent.start_byte, parent.end_byte) != (span.start, span.end):
            raise Refused("no expression is written there")
        node = parent
    return (Edit(span.path, span.start, span.end, _indented(new, indentation(text.data, span.start), text.newline)),)


def set_attribute(text: SourceText, block: Span, name: str, value: str) -> tuple[Edit, ...]:
    """Give an attribute of a block a value (HCL): in place of the one it has, else as the last of its plain arguments.

    A value over several lines is written as at column 0; its further lines are indented here.
    """
    file = _checked(text)
    node = _block(file, text, block)
    body = _child(node, "body")
    inner = _inner_indentation(text, node)
    members = [child for child in body.children if child.type in _THINGS] if body is not None else []
    for member in members:
        if member.type == "attribute" and member.children[0].text == name.encode():
            old = member.children[-1]
            new = _indented(value, indentation(text.data, member.start_byte), text.newline)
            return (Edit(block.path, old.start_byte, old.end_byte, new),)
    line = _indented(f"{name} = {value}", inner, text.newline)
    if _on_one_line(text, node):
        return (_opened_up(text, node, members, inner, line),)
    leading: list[Node] = []
    for member in members:
        if member.type != "attribute":
            break
        leading.append(member)
    plain = [one for one in leading if node_text(one.children[0]) not in _LAST_ARGUMENTS]
    short = [one for one in plain if one.start_point.row == one.end_point.row]
    if short or plain:
        at = line_end(text.data, (short or plain)[-1].end_byte)
        return (Edit(block.path, at, at, inner + line + text.newline),)
    at = line_end(text.data, _child_of(node, "block_start").end_byte)
    gap = text.newline if members and not is_blank(text.data, at) else ""
    return (Edit(block.path, at, at, inner + line + text.newline + gap),)


def set_entry(text: SourceText, obj: Span, key: str, value: str) -> tuple[Edit, ...]:
    """Give an entry of an object expression a value: in place of the one it has, else as the last entry.

    `key` is HCL as it should stand there (quoted where it has to be); an entry counts as the same with or without
    quotes.  A new one has the sign of the others (`=` or `:`).
    """
    file = _checked(text)
    node = _collection(file, text, obj, "object")
    members = [child for child in node.children if child.type == "object_elem"]
    for member in members:
        if (member.children[0].text or b"").strip(b'"') == key.encode().strip(b'"'):
            old = member.children[-1]
            new = _indented(value, indentation(text.data, member.start_byte), text.newline)
            return (Edit(obj.path, old.start_byte, old.end_byte, new),)
    commas = any(child.type == "," for child in node.children)
    signs = [text.data[one.children[0].end_byte : one.children[-1].start_byte].strip() for one in members]
    sign = ":" if b":" in signs else "="
    return tuple(_appended(text, obj.path, node, members, f"{key} {sign} {value}", commas, spaced=True))


def append_item(text: SourceText, items: Span, item: str) -> tuple[Edit, ...]:
    """Add an item (HCL) at the end of a list expression, one per line where the list is written so."""
    file = _checked(text)
    node = _collection(file, text, items, "tuple")
    members = [child for child in node.children if child.type == "expression"]
    return tuple(_appended(text, items.path, node, members, item, True, spaced=False))


def insert_nested_block(text: SourceText, block: Span, code: str) -> tuple[Edit, ...]:
    """Add a nested block (HCL, written as at column 0) as the last thing in a block."""
    file = _checked(text)
    node = _block(file, text, block)
    body = _child(node, "body")
    inner = _inner_indentation(text, node)
    new = _indented(code.strip("\n"), inner, text.newline)
    members = [child for child in body.children if child.type in _THINGS] if body is not None else []
    if _on_one_line(text, node):
        gap = text.newline + inner if members else ""
        return (_opened_up(text, node, members, inner, new, gap),)
    at = line_start(text.data, node.end_byte - 1)
    gap = text.newline if members and not is_blank(text.data, line_start(text.data, at - 1)) else ""
    return (Edit(block.path, at, at, gap + inner + new + text.newline),)


def insert_after(text: SourceText, block: Span, code: str) -> tuple[Edit, ...]:
    """Put top-level blocks (HCL) after a top-level block, with a blank line on both sides."""
    file = _checked(text)
    node = _block(file, text, block)
    data, newline = text.data, text.newline
    at = line_end(data, node.end_byte)
    new = newline + _indented(code.strip("\n"), "", newline)
    if at == len(data):
        return (Edit(block.path, at, at, new + newline if data.endswith(b"\n") else newline + new),)
    gap = "" if is_blank(data, at) else newline
    return (Edit(block.path, at, at, new + newline + gap),)


def remove_heredoc_lines(text: SourceText, span: Span) -> tuple[Edit, ...]:
    """Remove the whole lines of a heredoc that a span touches.  Shell commands over several lines are kept whole."""
    file = _checked(text)
    _refuse_faults(file, text, span.start)
    node = file.root.descendant_for_byte_range(span.start, span.end)
    while node is not None and node.type != "heredoc_template":
        node = node.parent
    if node is None:
        raise Refused("no heredoc is written there")
    begin, finish = line_end(text.data, node.start_byte), line_start(text.data, node.end_byte)
    return tuple(remove_script_lines(span.path, text.data, begin, finish, span.start, span.end))


def _checked(text: SourceText) -> File:
    if text.path.endswith(".json"):
        raise Refused("Terraform's JSON syntax is not patched")
    refuse_generated(text)
    known: File | None = text.__dict__.get("hcl_file")
    if known is None:
        try:
            text.data.decode()
        except UnicodeDecodeError as error:
            raise Refused(f"line {text.position(error.start)[0]} is not UTF-8, which Terraform does not read") from None
        known = text.__dict__["hcl_file"] = parse_file(text)
    return known


def _fault(text: SourceText, at: int) -> Refused:
    return Refused(f"syntax error in line {text.position(at)[0]}")


def _refuse_faults(file: File, text: SourceText, at: int) -> None:
    """Raises Refused where the top-level block around an offset is broken, or could not be read at all."""
    around = next((block for block in file.blocks if block.start <= at < block.end), None)
    for fault in file.faults:
        if around is None or (fault.start < around.end and around.start <= fault.end):
            raise _fault(text, fault.start)


def _exact(file: File, span: Span) -> Node:
    node = file.root.descendant_for_byte_range(span.start, span.end)
    if node is None or span.start >= span.end or (node.start_byte, node.end_byte) != (span.start, span.end):
        raise Refused("the text is not there by itself")
    return node


def _thing(file: File, text: SourceText, span: Span) -> Node:
    """The block, attribute, object entry or list item that a span is the whole, or the value, of."""
    _refuse_faults(file, text, span.start)
    node = _exact(file, span)
    while True:
        parent = node.parent
        if node.type in _THINGS:
            return node
        if parent is None:
            raise Refused("no block, attribute or entry is written there")
        if node.type == "expression" and parent.type == "tuple":
            return node
        if parent.type in ("attribute", "object_elem"):
            return parent
        same = (parent.start_byte, parent.end_byte) == (node.start_byte, node.end_byte)
        if not same and not (parent.type in _WRAPPERS and _content(parent) == [node]):
            raise Refused("the text is a part of an expression")
        node = parent


#: Nodes that add only marks around an expression: `"${...}"`, `(...)`.
_WRAPPERS = ("expression", "template_interpolation", "quoted_template")


def _content(node: Node) -> list[Node]:
    return [child for child in node.named_children if not child.type.endswith(("_start", "_end"))]


def _parent(node: Node) -> Node:
    parent = node.parent
    if parent is None:
        raise Refused("the text is not inside anything")
    return parent


def _ancestors(node: Node) -> Iterator[Node]:
    parent = node.parent
    while parent is not None:
        yield parent
        parent = parent.parent


def _child(node: Node, kind: str) -> Node | None:
    return next((child for child in node.children if child.type == kind), None)


def _child_of(node: Node, kind: str) -> Node:
    child = _child(node, kind)
    if child is None:
        raise Refused("the block is cut off")
    return child


def _holder(container: Node) -> Node | None:
    """What is of no use once `container` is empty: a nested block, or the attribute or entry whose value it is."""
    parent = _parent(container)
    if container.type == "body":
        return parent if parent.type == "block" and _parent(_parent(parent)).type == "block" else None
    while parent.type in ("collection_value", "expression"):
        container, parent = parent, _parent(parent)
    return parent if parent.type in ("attribute", "object_elem") else None


def _members(container: Node) -> list[Node]:
    if container.type == "tuple":
        return [child for child in container.children if child.type == "expression"]
    return [child for child in container.children if child.type in _THINGS]


def _emptied(file: File, text: SourceText, container: Node, things: list[Node]) -> bool:
    if {thing.id for thing in things} != {member.id for member in _members(container)}:
        return False
    gone = [(edit.start, edit.end) for edit in _without(file, text, container, things)]
    outer = _parent(container) if container.type == "body" else container
    return all(
        any(start <= comment.start and comment.end <= end for start, end in gone)
        for comment in file.comments
        if outer.start_byte <= comment.start < outer.end_byte
    )


def _without(file: File, text: SourceText, container: Node, things: list[Node]) -> Iterator[Edit]:
    members = _members(container)
    removed = {thing.id for thing in things}
    path, data = text.path, text.data
    if container.type != "body":
        ranges = [(member.start_byte, member.end_byte) for member in members]
        places = {at for at, member in enumerate(members) if member.id in removed}
        opened, closed = container.children[0].end_byte, container.children[-1].start_byte
        above = [_above(file, data, member.start_byte) for member in members if member.id in removed]
        comments = [lines for lines in above if lines is not None]
        yield from remove_members(path, data, opened, closed, ranges, places, _MEMBER_TAIL, comments)
        return
    left = [at for at, member in enumerate(members) if member.id not in removed]
    for at, member in enumerate(members):
        if member.id not in removed:
            continue
        found = own_lines(data, member.start_byte, member.end_byte, _TAIL)
        if found is None:
            block = _parent(container)
            if len(members) > 1 or block.type != "block" or not _on_one_line(text, block):
                raise Refused("other code is on the same line")
            yield Edit(path, _child_of(block, "block_start").end_byte, block.end_byte - 1, "")
            continue
        start, end = found
        comments_above = _above(file, data, member.start_byte)
        if comments_above is not None:
            start = comments_above[0]
        yield from without_lines(path, data, start, end, not left or at < left[0], not left or at > left[-1])


def _above(file: File, data: bytes, start: int) -> tuple[int, int] | None:
    """The whole lines of the comments directly above a thing that are about that thing."""
    comments = file.comments_above(start)
    if not comments:
        return None
    first, last = line_start(data, comments[0].start), line_end(data, comments[-1].end)
    return None if about_more(data[first:last]) else (first, last)


def _block(file: File, text: SourceText, span: Span) -> Node:
    _refuse_faults(file, text, span.start)
    node = file.root.descendant_for_byte_range(span.start, span.end)
    while node is not None and node.type != "block":
        node = node.parent
    if node is None or (node.start_byte, node.end_byte) != (span.start, span.end):
        raise Refused("no block is written there")
    return node


def _collection(file: File, text: SourceText, span: Span, kind: str) -> Node:
    _refuse_faults(file, text, span.start)
    node = _exact(file, span)
    while node.type != kind:
        inner = [child for child in node.named_children if child.type in ("expression", "collection_value", kind)]
        parent = node.parent
        if len(inner) == 1 and (inner[0].start_byte, inner[0].end_byte) == (span.start, span.end):
            node = inner[0]
        elif parent is not None and (parent.start_byte, parent.end_byte) == (span.start, span.end):
            node = parent
        else:
            raise Refused("no such list or object is written there")
    return node


def _on_one_line(text: SourceText, block: Node) -> bool:
    return b"\n" not in text.data[_child_of(block, "block_start").start_byte : block.end_byte]


def _inner_indentation(text: SourceText, block: Node) -> str:
    """The indentation of what stands in a block: that of its first member, else one step more than its own."""
    outer = indentation(text.data, block.start_byte)
    body = _child(block, "body")
    if body is not None and body.start_point.row > block.start_point.row:
        return indentation(text.data, body.start_byte)
    return outer + ("\t" if outer.startswith("\t") else "  ")


def _opened_up(text: SourceText, block: Node, members: list[Node], inner: str, new: str, gap: str = "") -> Edit:
    """Write a one-line block over several lines, with `new` as its last member."""
    newline = text.newline
    kept = "".join(
        newline + inner + text.data[member.start_byte : member.end_byte].decode("utf-8", "surrogateescape")
        for member in members
    )
    outer = indentation(text.data, block.start_byte)
    start, end = _child_of(block, "block_start").end_byte, block.end_byte - 1
    if b"/*" in text.data[start:end]:
        raise Refused("a comment is in the way")
    return Edit(text.path, start, end, f"{kept}{gap.removesuffix(inner)}{newline}{inner}{new}{newline}{outer}")


def _appended(
    text: SourceText, path: str, node: Node, members: list[Node], new: str, commas: bool, spaced: bool
) -> Iterator[Edit]:
    data, newline = text.data, text.newline
    opened, closed = node.children[0].end_byte, node.children[-1].start_byte
    if not members:
        if data[opened:closed].strip():
            raise Refused("a comment is in the way")
        blank = " " if spaced else ""
        yield Edit(
            path, node.start_byte, node.end_byte, f"{'{' if spaced else '['}{blank}{new}{blank}{'}' if spaced else ']'}"
        )
        return
    last = members[-1]
    following = [child for child in node.children if child.start_byte >= last.end_byte and child.type == ","]
    found = own_lines(data, last.start_byte, last.end_byte, _MEMBER_TAIL)
    if found is None or found[1] > closed:
        at = following[0].end_byte if following else last.end_byte
        prefix = indentation(data, last.start_byte)
        yield Edit(path, at, at, (" " if following else ", ") + _indented(new, prefix, newline))
        return
    if commas and not following:
        yield Edit(path, last.end_byte, last.end_byte, ",")
    indent = indentation(data, last.start_byte)
    yield Edit(path, found[1], found[1], indent + _indented(new, indent, newline) + ("," if commas else "") + newline)


def _indented(code: str, indent: str, newline: str) -> str:
    """HCL written as at column 0, with `indent` before its further lines, heredocs left alone, in a file's newlines."""
    data = code.replace("\r\n", "\n").encode("utf-8", "surrogateescape")
    parts = [data[line.start : line.end].decode("utf-8", "surrogateescape") for line in lines(data)]
    joined = parts[0] + "".join("\n" + (indent + part if part.strip() else part) for part in parts[1:])
    return joined.replace("\n", newline)
