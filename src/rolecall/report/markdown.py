"""Text of others inside Markdown, so that it is shown and never obeyed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from rolecall.report.masking import masked, named, visible
from rolecall.source.patterns import late

#: What Markdown, HTML or a forge gives a meaning to; a "_" inside a word and a "(" that no "]" is before have none
#: (https://github.github.com/gfm/#delimiter-run, #links), and text stays easier to read without their bars.
_SPECIAL = late(r"([\\`*{}\[\]#+!|<>~&@]|(?<![^\W_])_|_(?![^\W_])|(?<=\])\()")
_INLINE = late(r"`([^`\n]+)`")


def escaped(text: str) -> str:
    """Prose with every character that Markdown, HTML or a forge gives a meaning to escaped; `code` stays code."""
    text = named(text)
    out: list[str] = []
    at = 0
    for found in _INLINE.finditer(text):
        out += [_escaped(text[at : found.start()]), code(found[1])]
        at = found.end()
    return "".join(out) + _escaped(text[at:])


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)


def code(text: str) -> str:
    """Text as a code span, whatever is in it; a bar, which would end a table's cell, is written as its twin U+2223."""
    return _span(named(text))


def code_of_path(path: str) -> str:
    """The place of a scanned file as a code span: a long one may look like a key and is none."""
    return _span(visible(path))


def _span(text: str) -> str:
    text = text.replace("|", "\u2223")
    fence = "`" * (1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    pad = " " if text.startswith("`") or text.endswith("`") or not text else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def block(text: str) -> Iterator[str]:
    """Text as a block of code that can be copied as it is, whatever is in it."""
    text = visible(masked(text))
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    yield from (fence, *text.splitlines(), fence)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table of cells that are Markdown already."""
    yield "| " + " | ".join(head) + " |"
    yield "|" + "|".join(" --- " for _ in head) + "|"
    for row in rows:
        yield "| " + " | ".join(cell.replace("\n", " ") for cell in row) + " |"
