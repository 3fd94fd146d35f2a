"""The literals that a Terraform expression may come to, found in one line of text that nobody parsed."""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.source.patterns import late
from rolecall.source.records import dataclass

#: Functions whose value is an argument, or is made of it.
_HANDED_ON = frozenset(
    {"base64encode", "chomp", "coalesce", "format", "join", "nonsensitive", "sensitive", "tostring", "trimspace", "try"}
)
_PIECE = late(r"(?:[^\\\"$%]|\\.?|[$%](?!\{))+")
_FUNCTION = late(r"\w+$")
#: What only stands between the parts of a text: `"${var.user}:${var.password}"`.
_BETWEEN = late(r"[\s:/@.,;=_-]*")
_CLOSING = {"(": ")", "[": "]", "{": "}"}
#: As far as a function's name is looked for before its bracket.
_LONGEST_NAME = 30


@dataclass(slots=True)
class _Open:
    """A string, brackets or an interpolation, by what closes it; `live` where the expression may come to what is in
    it.
    """

    closing: str
    live: bool


def literals(line: str, start: int) -> Iterator[tuple[int, int]]:
    """The ranges of the texts that the expression from `start` may come to: its own, the arms of conditions, what
    functions hand on.  Indices, names of files and what is compared are none.  What a line leaves open ends with it.
    """
    inside = [_Open("", live=True)]
    before = "("  # the last sign of the code around
    at = start
    while at < len(line):
        here, sign = inside[-1], line[at]
        if here.closing == '"' and sign != '"':
            if line.startswith(("${", "%{"), at):
                inside.append(_Open("}", here.live))
                at, before = at + 2, "("
                continue
            piece = _PIECE.match(line, at)
            assert piece is not None  # whatever is no quote and opens nothing
            if here.live and (len(inside) == 2 or not _BETWEEN.fullmatch(piece[0])):
                yield piece.span()
            at = piece.end()
            continue
        if sign == here.closing:
            inside.pop()
        elif sign == '"':
            inside.append(_Open(sign, here.live and before in "?:(,"))
        elif sign in _CLOSING:
            name = _FUNCTION.search(line[max(start, at - _LONGEST_NAME) : at])
            hands_on = sign == "(" and (name is None or name[0] in _HANDED_ON)
            inside.append(_Open(_CLOSING[sign], here.live and hands_on))
        elif not here.closing and sign in ",)]}#":
            return
        if not sign.isspace():
            before = sign
        at += 1
