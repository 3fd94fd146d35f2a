"""The top level of an HCL file, mostly without a parse.

`outline` finds the top-level blocks of a file by regular expressions where it is laid out as `terraform fmt` does, and
by a parse of the whole where it is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TypeAlias

from rolecall.source.hcl import (
    MAX_FAULTS,
    QUIET,
    TAIL,
    Attribute,
    Block,
    Fault,
    faults_of,
    members_of_file,
    parse,
    reduced,
)
from rolecall.source.patterns import late
from rolecall.source.records import dataclass
from rolecall.source.text import BOM, SourceText

_IDENT = rb"[A-Za-z_][\w-]*"
_QUOTED = rb'"[^"\n\\$%]*"'
_LABELS = rb"((?:[ \t]+(?:" + _QUOTED + rb"|" + _IDENT + rb")|" + _QUOTED + rb")*)"
_HEADER = rb"(" + _IDENT + rb")" + _LABELS + rb"[ \t]*\{"
_HEADER_START = late(_HEADER)
_HEADER_LINES = late(rb"(?m)^" + _HEADER)
#: What may stand at column 0, by group: a header (1 type, 2 labels) that ends its line (3) or does not; a closing brace
#: (4) with nothing but a comment after it; anything else (5).  It begins with the newline before it, since such a
#: pattern is found twice as fast: for a text with one before its first line too, in which all offsets but the match's
#: own start are by one more.
_COLUMN_ZERO = re.compile(
    rb"(?m)\n(?:(" + _IDENT + rb")" + _LABELS + rb"[ \t]*\{(?:(" + TAIL + rb")|)|(\}" + TAIL + rb")|([^\s#]))"
)
_LINE_END = re.compile(rb"[^\n]*")
_LABEL = re.compile(rb'"([^"]*)"|(' + _IDENT + rb")")
_BLOCK_COMMENT = rb"/\*[^*]*(?:\*(?!/)[^*]*)*\*/"
_GAP = re.compile(rb"(?:\s+|(?:#|//)[^\n]*|" + _BLOCK_COMMENT + rb")*\Z")
_HEREDOC = rb"<<-?(?P<mark>" + _IDENT + rb")[ \t]*\r?\n(?:[^\n]*\n)*?[ \t]*(?P=mark)[ \t]*\r?(?=\n|\Z)"
#: Strings and line comments, and in `long` what may go over several lines.
_QUIET_OR_LONG = late(rb"(?P<long>" + _HEREDOC + rb"|" + _BLOCK_COMMENT + rb")|" + QUIET.pattern)


#: Files up to this size are looked up among those that were outlined before.
_ALIKE_BYTES = 16_384
#: A block's type, labels, start, end and the end of its header.
_Place: TypeAlias = tuple[str, tuple[str, ...], int, int, int]


@dataclass(frozen=True, slots=True)
class Outline:
    """The top level of a file.

    `faults` are those that hinder finding blocks; a block's own are found when it is parsed (`Block.faults`).
    """

    text: SourceText
    blocks: tuple[Block, ...]
    attributes: tuple[Attribute, ...] = ()
    faults: tuple[Fault, ...] = ()


def outline(text: SourceText) -> Outline:
    """The top-level blocks and attributes of a file, in order.  Memoised with the text itself."""
    known: Outline | None = text.__dict__.get("hcl_outline")
    if known is None:
        known = fast_outline(text) or full_outline(text)
        text.__dict__["hcl_outline"] = known  # as cached_property does: the text may be shared by several trees
    return known


def full_outline(text: SourceText) -> Outline:
    """The outline by a parse of the whole file.

    A file with errors is read again piece by piece, so that one broken block does not hide the others.
    """
    root = parse(text.data)
    if not root.has_error:
        attributes, blocks = members_of_file(text, root, 0)
        return Outline(text, _detached(blocks), attributes, tuple(_encoding_faults(text)))
    return _recovered(text)


def fast_outline(text: SourceText) -> Outline | None:
    """The outline of a canonically laid out file by regular expressions; None where a parse has to decide.

    Canonical: at column 0 there are only block headers that end in `{`, their `}`, one-line blocks and comments, and
    all brackets outside strings, comments and heredocs match up within each block.
    """
    data = text.data
    found = _places_of_many(data) if len(data) <= _ALIKE_BYTES else _places(data)
    if found is None:
        return None
    blocks = tuple(
        Block(text, kind, labels, start, end, header_end, start) for kind, labels, start, end, header_end in found
    )
    return Outline(text, blocks, (), tuple(_encoding_faults(text)))


@lru_cache(1024)
def _places_of_many(data: bytes) -> tuple[_Place, ...] | None:
    """The same for a file that many folders of an estate may have letter by letter."""
    return _places(data)


def _places(data: bytes) -> tuple[_Place, ...] | None:
    """Where the blocks of a canonical file are."""
    if b"\0" in data or (b"\r" in data and data.count(b"\r") != data.count(b"\r\n")):
        return None
    documents: list[tuple[int, int]] = []
    if b"<<" in data or b"/*" in data:
        documents, quiet = _long_and_quiet(data)
    else:
        quiet = QUIET.sub(b"", data)
    if b'"' in quiet or b"/*" in quiet or b"<<" in quiet:
        return None
    blocks: list[_Place] = []
    at = len(BOM) if data.startswith(BOM) else 0
    if at and not data[at : at + 1].isspace():
        return None  # what follows the mark directly is not at column 0
    opened: re.Match[bytes] | None = None
    document = 0
    for found in _COLUMN_ZERO.finditer(b"\n" + data, at):
        start = found.start()
        while document < len(documents) and documents[document][1] <= start:
            document += 1
        if document < len(documents) and documents[document][0] <= start:
            continue
        group = found.lastindex
        if group == 3 and opened is None:  # a header
            if not (data[at:start].isspace() or _GAP.match(data, at, start)):
                return None
            opened = found
        elif group == 4 and opened is not None:
            blocks.append(_place(opened, start + 1, opened.end(2) - 1))
            opened, at = None, start + 1
        elif group == 2 and opened is None:  # a header with more on its line
            if not _GAP.match(data, at, start):
                return None
            line = _LINE_END.match(data, found.end() - 1)
            inner = _one_line(line[0]) if line is not None else None
            if inner is None:
                return None
            at = found.end() - 1 + inner
            blocks.append(_place(found, at, found.end(2) - 1))
        elif not data.startswith(b"//", start):
            return None
    if opened is not None or not _GAP.match(data, at):
        return None
    if not _balanced(quiet):
        return None
    return tuple(blocks)


def _long_and_quiet(data: bytes) -> tuple[list[tuple[int, int]], bytes]:
    """The heredocs and block comments of a text, in order, and what is left without them, strings and comments."""
    documents, pieces, at = [], [], 0
    for found in _QUIET_OR_LONG.finditer(data):
        start, end = found.span()
        pieces.append(data[at:start])
        at = end
        if found.lastgroup == "long":
            documents.append((start, end))
    return documents, b"".join((*pieces, data[at:]))


def _one_line(rest: bytes) -> int | None:
    """The length up to and with the closing brace of the rest of a one-line block; None where it is not plainly one."""
    quiet = QUIET.sub(b"", rest).rstrip()
    if not quiet.endswith(b"}") or reduced(quiet[:-1]):
        return None
    comment = b"#" in rest or b"//" in rest
    return None if comment else rest.rindex(b"}") + 1


def _balanced(quiet: bytes) -> bool:
    """Whether each brace at column 0 closes just what its header opened; `quiet` has no strings and comments."""
    left = reduced(quiet.replace(b"\n}", b"\0"))
    return left == b"{\0" * (len(left) // 2)


def _place(header: re.Match[bytes], end: int, header_end: int) -> _Place:
    labels = header[2]
    return header[1].decode(), _labels(labels) if labels else (), header.start(), end, header_end


@lru_cache(4096)
def _labels(raw: bytes) -> tuple[str, ...]:
    return tuple((quoted or bare).decode("utf-8", "replace") for quoted, bare in _LABEL.findall(raw))


def _encoding_faults(text: SourceText) -> Iterator[Fault]:
    data = text.data
    if data.isascii():
        return
    try:
        data.decode()
    except UnicodeDecodeError as error:
        yield Fault("not UTF-8", error.start, error.start + 1)


def _detached(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """The same blocks without their nodes: an outline is kept for long, and a node keeps the whole tree."""
    return tuple(
        Block(block.text, block.type, block.labels, block.start, block.end, block.header_end, block.start)
        for block in blocks
    )


def _recovered(text: SourceText) -> Outline:
    data = text.data
    documents, _ = _long_and_quiet(data)
    starts = [
        found.start()
        for found in _HEADER_LINES.finditer(data)
        if not any(start < found.start() < end for start, end in documents)
    ]
    attributes: list[Attribute] = []
    blocks: list[Block] = []
    faults: list[Fault] = list(_encoding_faults(text))
    first = len(BOM) if data.startswith(BOM) else 0
    for start, end in zip([first, *starts], [*starts, len(data)], strict=True):
        piece = data[start:end]
        if not piece.strip():
            continue
        root = parse(piece)
        if root.has_error:
            faults.extend(faults_of(root, start, end))
        more, nested = members_of_file(text, root, start)
        header = _HEADER_START.match(data, start, end)
        if not nested and header is not None and start in starts:
            kind, labels, at, end, header_end = _place(header, start + len(piece.rstrip()), header.end(2))
            blocks.append(Block(text, kind, labels, at, end, header_end, at))
        else:
            attributes.extend(more)
            blocks.extend(_detached(nested))
    return Outline(text, tuple(blocks), tuple(attributes), tuple(faults[:MAX_FAULTS]))
