"""Text that a template engine fills in before it is YAML: Helm's and Jinja's `{{ }}`, `{% %}` and `{# #}`.

Directives are replaced by as many bytes, so that the rest of the file keeps its place.  What stands alone on its line,
and what only steers (if, range, end, comments), becomes blanks; what yields text becomes a word that no file writes
itself, by which `pieces` finds it again in a scalar's value.  CloudFormation's `{{resolve:…}}` is no directive.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rolecall.source.patterns import late

_OPENING = late(rb"\{\{(?!resolve:)|\{%|\{#")
_NEXT_OPENING = late(rb"\s*(?:\{\{(?!resolve:)|\{%|\{#)")
_CLOSING = {b"{{": b"}}", b"{%": b"%}", b"{#": b"#}"}
_COMMENT = late(rb"-?[ \t]*/\*")
_STEERING = late(rb"\{[%#]|\{\{-?\s*(?:/\*|(?:if|else|end|range|with|define|block)\b|\$\w+\s*:?=)")
_FILLED = "\ue000"
_ENDED = "\ue001"
#: A directive in a value: as it stands, or as `neutralise` left it.
_DIRECTIVE = late("\ue000x*\ue001?|\\{\\{(?!resolve:)[^{}]*\\}\\}")


def directives(data: bytes) -> Iterator[tuple[int, int]]:
    """The byte ranges of the directives of a file, in order; an unclosed one is none."""
    absent: set[bytes] = set()
    at = 0
    while opening := _OPENING.search(data, at):
        closing = _CLOSING[opening[0]]
        start = opening.end()
        if closing == b"}}" and _COMMENT.match(data, start):
            start = max(data.find(b"*/", start), start)
        end = -1 if closing in absent else data.find(closing, start)
        if end == -1:
            absent.add(closing)
            at = opening.end()
        else:
            at = end + 2
            yield opening.start(), at


def neutralise(data: bytes) -> bytes:
    """The file with its directives replaced, byte for byte as long."""
    out = bytearray(data)
    found = list(directives(data))
    alone = _alone(data, found)
    for start, end in found:
        if (start, end) in alone or _STEERING.match(data, start):
            out[start:end] = re.sub(rb"[^\r\n]", b" ", data[start:end])
        else:
            out[start:end] = _filler(end - start)
    return bytes(out)


def _alone(data: bytes, found: list[tuple[int, int]]) -> set[tuple[int, int]]:
    """Those directives that share their lines with nothing but other directives."""
    alone: set[tuple[int, int]] = set()
    run: list[tuple[int, int]] = []
    line_end = shared_until = -1
    for place, (start, end) in enumerate(found):
        if start < shared_until:
            continue
        if end > line_end:
            newline = data.find(b"\n", end)
            line_end = len(data) if newline == -1 else newline
        before = data[run[-1][1] : start] if run else data[data.rfind(b"\n", 0, start) + 1 : start]
        following = found[place + 1][0] if place + 1 < len(found) else len(data)
        if before.strip(b" \t"):
            run, shared_until = [], line_end
            continue
        run.append((start, end))
        if following >= line_end:
            if not data[end:line_end].strip():
                alone.update(run)
            run = []
    return alone


def _filler(length: int) -> bytes:
    if length < 6:
        return _FILLED.encode() + b"x" * (length - 3)
    return _FILLED.encode() + b"x" * (length - 6) + _ENDED.encode()


def has_directive(data: bytes, start: int, end: int) -> bool:
    """Whether a directive opens inside a byte range."""
    return _OPENING.search(data, start, end) is not None


def follows_directive(data: bytes, offset: int) -> bool:
    """Whether the next thing in a file, from an offset on, is a directive."""
    return _NEXT_OPENING.match(data, offset) is not None


def pieces(value: str) -> list[str | None]:
    """A scalar's value cut at its directives, which are None; `[value]` where there is none."""
    parts: list[str | None] = []
    at = 0
    for found in _DIRECTIVE.finditer(value):
        if found.start() > at:
            parts.append(value[at : found.start()])
        parts.append(None)
        at = found.end()
    if at < len(value) or not parts:
        parts.append(value[at:])
    return parts
