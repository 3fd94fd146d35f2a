"""Findings that the code says are accepted, and why.

    # rolecall: ignore[RC101] the vendor takes no role until=2027-01-31

stands on the line where a finding starts, or in the comment lines directly above it.  In CloudFormation, where JSON has
no comments, `Metadata: {rolecall: {ignore: ["RC101 the vendor takes no role until=2027-01-31"]}}` holds for its whole
resource.  A rule id and a reason are mandatory.  Nobody else's comments (`checkov:skip=…`) are obeyed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolecall.source.patterns import late
from rolecall.source.records import dataclass
from rolecall.source.text import SourceText, Span

if TYPE_CHECKING:
    from rolecall.frontends.resource import Unit

_MARK = b"rolecall:"
_COMMENT = late(
    r"(?:^|(?<=[\s;{}]))(?:#|//|/\*|<!--)[ \t]*rolecall:[ \t]*ignore\b[ \t]*(?:\[(?P<rules>[^\]]*)\])?(?P<rest>.*)"
)
_ONLY_COMMENT = late(r"^\s*(?:#|//|/\*|\*|<!--)")
_ITEM = late(r"(?P<rules>RC\d+(?:\s*,\s*RC\d+)*)\s*:?(?P<rest>.*)", re.DOTALL)
_UNTIL = late(r"\buntil\s*=\s*(\S+)")


@dataclass(frozen=True, slots=True)
class Suppression:
    """One comment: the rules it names, why, and the lines (inclusive) of its file on which a finding must start.

    `until` is as written, "" where there is none.
    """

    rules: tuple[str, ...]
    reason: str
    until: str
    span: Span
    first_line: int
    last_line: int


def in_file(source: SourceText) -> Iterator[Suppression]:
    """The suppression comments of one file."""
    data = source.data
    at = data.find(_MARK)
    seen = 0
    while at != -1:
        line, _ = source.position(at)
        content = source.line_text(line)
        found = _COMMENT.search(content) if line != seen else None
        seen = line
        if found is not None:
            start = source.line_starts[line - 1] + len(content[: found.start()].encode("utf-8", "replace"))
            span = source.span(start, source.line_starts[line - 1] + len(content.encode("utf-8", "replace")))
            last = line
            if _ONLY_COMMENT.match(content):
                last += 1
                while _ONLY_COMMENT.match(source.line_text(last)):
                    last += 1
            names = tuple(name.strip() for name in (found["rules"] or "").split(",") if name.strip())
            yield _suppression(names, found["rest"], span, line, last)
        at = data.find(_MARK, at + 1)


def in_metadata(unit: Unit) -> Iterator[Suppression]:
    """The suppressions in the `Metadata` of CloudFormation resources."""
    if unit.format != "cloudformation":
        return
    from rolecall.frontends.values import Mapping, scalars, text

    for resource in unit.resources:
        if resource.mode != "resource":
            continue
        metadata = resource.body.get("$Metadata")
        own = metadata.get("rolecall") if isinstance(metadata, Mapping) else None
        ignore = own.get("ignore") if isinstance(own, Mapping) else None
        for item in scalars(ignore) if ignore is not None else ():
            content = text(item) or ""
            found = _ITEM.match(content.strip())
            names = tuple(name.strip() for name in found["rules"].split(",")) if found else ()
            lines = resource.span.line, resource.span.end_line
            yield _suppression(names, found["rest"] if found else content, item.span or resource.header, *lines)


def _suppression(names: tuple[str, ...], rest: str, span: Span, first: int, last: int) -> Suppression:
    until = _UNTIL.search(rest)
    reason = _UNTIL.sub("", rest).strip().removesuffix("*/").removesuffix("-->").strip(" \t:-")
    return Suppression(names, reason, until[1] if until else "", span, first, last)
