"""The expression language of GitHub workflows: from the text between `${{` and `}}` to a tree.

Offsets are those of characters in the text that was parsed, plus the `base` that the caller gives.  The bounds on
length and depth are GitHub's own, so what is refused here is refused there.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import TypeAlias

from rolecall.source.patterns import late
from rolecall.source.records import dataclass

MAX_LENGTH = 21_000
MAX_DEPTH = 50


class ExpressionError(ValueError):
    """The text is not an expression; `offset` is the character where that shows."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Literal:
    value: str | int | float | bool | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Star:
    """The `*` of `github.event.commits.*.id`: every member."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Access:
    """A context, or a value, and the members taken from it one after another: `steps.build.outputs['tag']`.

    `base` is the name of a context as it is written, or the expression in brackets or call that stands before the first
    member.
    """

    base: str | Expression
    keys: tuple[Expression | Star, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Call:
    """`name` is in lower case, since function names do not heed case."""

    name: str
    arguments: tuple[Expression, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Not:
    operand: Expression
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Operation:
    """`&&` and `||` have two operands or more, comparisons exactly two."""

    operator: str
    operands: tuple[Expression, ...]
    start: int
    end: int


Expression: TypeAlias = Literal | Access | Call | Not | Operation


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a string: literal text, or the inside of one `${{ }}` where `expression` is True.

    `start` and `end` bound the whole piece, brackets included; `inner` is where the expression's own text begins.
    """

    text: str
    expression: bool
    start: int
    end: int
    inner: int


def split(text: str) -> Iterator[Piece]:
    """The pieces of a string in order.  A `${{` that is never closed is literal text."""
    at = 0
    while True:
        start = text.find("${{", at)
        end = _closing(text, start + 3) if start != -1 else -1
        if end == -1:
            if at < len(text):
                yield Piece(text[at:], False, at, len(text), at)
            return
        if start > at:
            yield Piece(text[at:start], False, at, start, at)
        yield Piece(text[start + 3 : end], True, start, end + 2, start + 3)
        at = end + 2


def pieces_by(pattern: re.Pattern[str], text: str) -> Iterator[Piece]:
    """The pieces of a string in order, where a pattern's first group is the inside of an expression."""
    at = 0
    for match in pattern.finditer(text):
        if match.start() > at:
            yield Piece(text[at : match.start()], False, at, match.start(), at)
        yield Piece(match[1], True, match.start(), match.end(), match.start(1))
        at = match.end()
    if at < len(text):
        yield Piece(text[at:], False, at, len(text), at)


def _closing(text: str, at: int) -> int:
    """Where the `}}` stands that closes an expression, those inside a string literal not counted; -1 without one."""
    quoted = False
    while at < len(text):
        char = text[at]
        if char == "'":
            quoted = not quoted
        elif char == "}" and not quoted and text.startswith("}}", at):
            return at
        at += 1
    return -1


_TOKEN = late(
    r"""\s*(?:
      (?P<string>'(?:[^']|'')*')
    | (?P<number>[-+]?(?:0x[0-9a-fA-F]+|0o[0-7]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?))(?![\w])
    | (?P<name>[A-Za-z_][A-Za-z0-9_-]*)
    | (?P<operator>\|\||&&|==|!=|<=|>=|[<>!()\[\].,*])
    )""",
    re.VERBOSE,
)
_LEVELS = {"||": 1, "&&": 2, "==": 3, "!=": 3, "<": 4, "<=": 4, ">": 4, ">=": 4}
_KEYWORDS: dict[str, bool | float | None] = {
    "true": True,
    "false": False,
    "null": None,
    "NaN": math.nan,
    "Infinity": math.inf,
}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


def parse(text: str, base: int = 0) -> Expression:
    """The tree of one expression (without its `${{ }}`).  Raises ExpressionError where it is none."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"longer than {MAX_LENGTH} characters", base)
    parser = _Parser(list(_tokens(text, base)), base + len(text))
    tree = parser.binary(0, 0)
    if parser.token.kind != "end":
        raise ExpressionError(f"unexpected {parser.token.text}", parser.token.start)
    return tree


def _tokens(text: str, base: int) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            rest = text[at:].lstrip()
            if rest:
                raise ExpressionError(f"unexpected character {rest[0]!r}", base + len(text) - len(rest))
            return
        kind = match.lastgroup or ""
        yield _Token(kind, match[kind], base + match.start(kind), base + match.end(kind))
        at = match.end()


class _Parser:
    """Pratt's way: `binary(level)` takes all operators that bind tighter than `level`."""

    def __init__(self, tokens: list[_Token], end: int) -> None:
        self._tokens = tokens
        self._at = 0
        self._end = _Token("end", "end of the expression", end, end)

    @property
    def token(self) -> _Token:
        return self._tokens[self._at] if self._at < len(self._tokens) else self._end

    def _take(self) -> _Token:
        token = self.token
        self._at += 1
        return token

    def _is(self, operator: str) -> bool:
        return self.token.kind == "operator" and self.token.text == operator

    def _expect(self, operator: str) -> _Token:
        if not self._is(operator):
            raise ExpressionError(f"expected {operator}, found {self.token.text}", self.token.start)
        return self._take()

    def binary(self, level: int, depth: int) -> Expression:
        if depth > MAX_DEPTH:
            raise ExpressionError(f"nested deeper than {MAX_DEPTH}", self.token.start)
        left = self._unary(depth)
        while self.token.kind == "operator":
            operator = self.token.text
            binds = _LEVELS.get(operator, 0)
            if binds <= level:
                break
            operands = [left]
            while self._is(operator):
                self._take()
                operands.append(self.binary(binds, depth + 1))
                if binds > 2:
                    depth += 1  # `a == b == c` makes a tree as deep as it is long
                    break
            left = Operation(operator, tuple(operands), left.start, operands[-1].end)
            if depth > MAX_DEPTH:
                raise ExpressionError(f"nested deeper than {MAX_DEPTH}", left.start)
        return left

    def _unary(self, depth: int) -> Expression:
        if self._is("!"):
            start = self._take().start
            if depth >= MAX_DEPTH:
                raise ExpressionError(f"nested deeper than {MAX_DEPTH}", start)
            operand = self._unary(depth + 1)
            return Not(operand, start, operand.end)
        return self._members(self._primary(depth), depth)

    def _primary(self, depth: int) -> Expression:
        token = self._take()
        if token.kind == "string":
            return Literal(token.text[1:-1].replace("''", "'"), token.start, token.end)
        if token.kind == "number":
            return Literal(_number(token.text), token.start, token.end)
        if token.kind == "name":
            if self._is("("):
                return self._call(token, depth)
            if token.text in _KEYWORDS:
                return Literal(_KEYWORDS[token.text], token.start, token.end)
            return Access(token.text, (), token.start, token.end)
        if token.kind == "operator" and token.text == "(":
            inner = self.binary(0, depth + 1)
            self._expect(")")
            return inner
        raise ExpressionError(f"unexpected {token.text}", token.start)

    def _call(self, name: _Token, depth: int) -> Call:
        self._expect("(")
        arguments: list[Expression] = []
        while not self._is(")"):
            if arguments:
                self._expect(",")
            arguments.append(self.binary(0, depth + 1))
        return Call(name.text.lower(), tuple(arguments), name.start, self._take().end)

    def _members(self, base: Expression, depth: int) -> Expression:
        keys: list[Expression | Star] = []
        end = base.end
        while self._is(".") or self._is("["):
            if self._take().text == ".":
                token = self._take()
                if token.kind == "name":
                    keys.append(Literal(token.text, token.start, token.end))
                elif token.text == "*":
                    keys.append(Star(token.start, token.end))
                else:
                    raise ExpressionError(f"expected a name after the dot, found {token.text}", token.start)
                end = token.end
                continue
            if self._is("*"):
                star = self._take()
                keys.append(Star(star.start, star.end))
            else:
                keys.append(self.binary(0, depth + 1))
            end = self._expect("]").end
        if not keys:
            return base
        if isinstance(base, Access):
            return Access(base.base, (*base.keys, *keys), base.start, end)
        return Access(base, tuple(keys), base.start, end)


def _number(text: str) -> int | float:
    sign = -1 if text.startswith("-") else 1
    digits = text.lstrip("+-")
    if digits[:2] in ("0x", "0o"):
        return sign * int(digits, 0)
    if digits.isdigit() and len(digits) < 300:
        return sign * int(digits)
    return sign * float(digits)
