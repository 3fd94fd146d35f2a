"""What an expression of a workflow stands for.

The contexts (`secrets`, `env`, `steps` …) come from outside: `Contexts.lookup` gives the value at a path, everything
else here is pure.  What cannot be told is an Unknown that keeps the values it would be made of.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from collections.abc import Sequence as Items
from dataclasses import replace
from typing import Protocol, TypeAlias

from rolecall.frontends.pipelines.expressions import (
    Access,
    Call,
    Expression,
    ExpressionError,
    Literal,
    Not,
    Operation,
    Star,
    parse,
    split,
)
from rolecall.frontends.values import (
    Encoded,
    Entry,
    Mapping,
    Plain,
    Reference,
    Scalar,
    Sequence,
    Template,
    Unknown,
    Value,
    children,
    is_known,
    text,
)
from rolecall.source.text import Span

#: A value that would hold more parts than this, or a string longer than that, is not built.
MAX_PARTS = 1_000
MAX_TEXT = 1024 * 1024
MAX_JSON_DEPTH = 100

Place: TypeAlias = Callable[[int, int], Span | None]


class Contexts(Protocol):
    def lookup(self, name: str, keys: Items[str], span: Span | None) -> tuple[Value, int]:
        """The value at the longest part of `name.keys…` that the context understands, and how many keys that took.

        `name` is in lower case.  Called without keys it gives the whole context.
        """


def string(written: str, contexts: Contexts, place: Place) -> Value:
    """A string of a workflow with its `${{ }}` resolved; one lone expression keeps its type."""
    if "${{" not in written:
        return Scalar(written, place(0, len(written)))
    parts: list[Value] = []
    pieces = list(split(written))
    for piece in pieces:
        span = place(piece.start, piece.end)
        if not piece.expression:
            parts.append(Scalar(piece.text, span))
        elif len(pieces) == 1:
            return expression(piece.text, contexts, place, piece.inner)
        else:
            parts.append(expression(piece.text, contexts, place, piece.inner))
    return joined(parts, place(0, len(written)))


def expression(written: str, contexts: Contexts, place: Place, base: int = 0) -> Value:
    """One expression without its `${{ }}`; `base` is where its text begins in the string that `place` knows."""
    try:
        tree = parse(written, base)
    except ExpressionError as error:
        return Unknown(f"the expression does not parse: {error}", span=place(base, base + len(written)))
    value = _Evaluator(contexts, place).value(tree)
    if size(value) > MAX_PARTS:
        return Unknown("the value has too many parts", span=place(base, base + len(written)))
    return value


def joined(parts: Items[Value], span: Span | None) -> Value:
    """A string made of parts: known when all of them are, else a Template."""
    if all(isinstance(part, Scalar) for part in parts):
        known = "".join(text(part) or "" for part in parts)
        hops = tuple(dict.fromkeys(hop for part in parts for hop in part.via))
        return Scalar(known, span, hops) if len(known) <= MAX_TEXT else Unknown("the string is too long", span=span)
    if sum(map(size, parts)) > MAX_PARTS:
        return Unknown("the value has too many parts", span=span)
    return Template(tuple(parts), span)


def size(value: Value, limit: int = MAX_PARTS) -> int:
    """How many values a value holds, itself included, counted no further than just above the limit."""
    count, stack = 0, [value]
    while stack and count <= limit:
        count += 1
        stack.extend(children(stack.pop()))
    return count


def truthy(value: Value) -> bool | None:
    """Whether GitHub takes a value as true; None when it cannot be told."""
    match value:
        case Scalar(value=inner):
            return not (inner is None or inner is False or inner == "" or inner == 0 or inner != inner)
        case Sequence() | Mapping():
            return True
        case _:
            return None


class _Evaluator:
    def __init__(self, contexts: Contexts, place: Place) -> None:
        self._contexts = contexts
        self._place = place

    def value(self, node: Expression) -> Value:
        match node:
            case Literal(value=inner, start=start, end=end):
                return Scalar(inner, self._place(start, end))
            case Access():
                return self._access(node)
            case Call(name=name, arguments=arguments):
                return self._call(name, [self.value(argument) for argument in arguments], self._span(node))
            case Not(operand=operand):
                negated = self.value(operand)
                known = truthy(negated)
                if known is None:
                    return Unknown("it depends on a value that is not known", (negated,), self._span(node))
                return Scalar(not known, self._span(node))
            case Operation(operator="&&" | "||"):
                return self._logical(node)
            case Operation(operator=operator, operands=(left, right)):
                return _compare(operator, self.value(left), self.value(right), self._span(node))
        raise AssertionError(node)  # pragma: no cover

    def _span(self, node: Expression) -> Span | None:
        return self._place(node.start, node.end)

    def _logical(self, node: Operation) -> Value:
        """`&&` and `||` give one of their operands, so that what is possible is kept when the choice is not known."""
        stops_at = node.operator == "||"
        possible: list[Value] = []
        for index, operand in enumerate(node.operands):
            value = self.value(operand)
            last = index == len(node.operands) - 1
            known = truthy(value)
            if known is stops_at or (last and known is not None):
                possible.append(value)
                break
            if known is None:
                possible.append(value)
        if len(possible) == 1:
            return possible[0]
        return Unknown("which of several values it is depends on the run", tuple(possible), self._span(node))

    def _access(self, node: Access) -> Value:
        keys: list[Value | Star] = [key if isinstance(key, Star) else self.value(key) for key in node.keys]
        if isinstance(node.base, str):
            names: list[str] = []
            for key in keys:
                name = None if isinstance(key, Star) else text(key)
                if name is None:
                    break
                names.append(name)
            value, taken = self._contexts.lookup(node.base.lower(), names, self._span(node))
        else:
            value, taken = self.value(node.base), 0
        for position in range(taken, len(keys)):
            key = keys[position]
            if isinstance(key, Star):
                value = self._every(value, node)
            elif position and isinstance(keys[position - 1], Star) and isinstance(value, Sequence):
                found = [member(item, key, self._span(node)) for item in value.items]
                value = Sequence(tuple(found), value.span, value.via)
            else:
                value = member(value, key, self._span(node))
        return value

    def _every(self, value: Value, node: Access) -> Value:
        match value:
            case Sequence():
                return value
            case Mapping(entries=entries):
                return Sequence(tuple(entry.value for entry in entries), value.span, value.via)
            case _:
                return Unknown("its members are not known", (value,), self._span(node))

    def _call(self, name: str, arguments: list[Value], span: Span | None) -> Value:
        if name in _RUNTIME:
            return Unknown(f"{name}() is known only in the run", tuple(arguments), span)
        function = _FUNCTIONS.get(name)
        if function is None:
            return Unknown(f"there is no function {name}", tuple(arguments), span)
        value = function(arguments, span)
        if value is None:
            return Unknown(f"{name}() of a value that is not known", tuple(arguments), span)
        return value


def member(value: Value, key: Value, span: Span | None) -> Value:
    """The member of a value: null where a known value has none, Unknown where that cannot be told."""
    name = text(key)
    if name is None and not isinstance(key, Scalar):
        return Unknown("the name of the member is not known", (value, key), span)
    match value:
        case Encoded() | Template() | Unknown():
            return Unknown("its members are not known", (value,), span)
        case Reference(attribute=attribute):
            return replace(value, attribute=f"{attribute}.{name}" if attribute else str(name))
        case Mapping(entries=entries):
            wanted = (name or "").lower()
            for entry in entries:
                if (entry.name or "").lower() == wanted:
                    return replace(entry.value, via=(*entry.value.via, *value.via))
        case Sequence(items=items):
            index = key.value if isinstance(key, Scalar) else None
            if isinstance(index, int) and 0 <= index < len(items):
                return items[index]
        case Scalar():
            pass
    return Scalar(None, span)


def _compare(operator: str, left: Value, right: Value, span: Span | None) -> Value:
    if not isinstance(left, Scalar) or not isinstance(right, Scalar):
        return Unknown("it depends on a value that is not known", (left, right), span)
    one, other = left.value, right.value
    if isinstance(one, str) and isinstance(other, str):
        first, second = one.upper(), other.upper()
        holds = _ORDER[operator]((first > second) - (first < second))
    else:
        number, against = _as_number(one), _as_number(other)
        if math.isnan(number) or math.isnan(against):
            holds = operator == "!="
        else:
            holds = _ORDER[operator]((number > against) - (number < against))
    return Scalar(holds, span)


_ORDER: dict[str, Callable[[int], bool]] = {
    "==": lambda order: order == 0,
    "!=": lambda order: order != 0,
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
}


def _as_number(value: str | int | float | bool | None) -> float:
    if value is None or value == "":
        return 0.0
    try:
        return float(value)
    except (ValueError, OverflowError):
        return math.nan


def _contains(arguments: list[Value], span: Span | None) -> Value | None:
    if len(arguments) != 2:
        return None
    where, what = arguments
    if isinstance(where, Sequence) and is_known(where) and isinstance(what, Scalar):
        return Scalar(any(truthy(_compare("==", item, what, None)) for item in where.items), span)
    if isinstance(where, Scalar) and isinstance(what, Scalar):
        return Scalar(_text(what).lower() in _text(where).lower(), span)
    return None


def _affix(method: Callable[[str, str], bool]) -> Callable[[list[Value], Span | None], Value | None]:
    def function(arguments: list[Value], span: Span | None) -> Value | None:
        match arguments:
            case [Scalar() as where, Scalar() as what]:
                return Scalar(method(_text(where).lower(), _text(what).lower()), span)
        return None

    return function


def _text(value: Scalar) -> str:
    return text(value) or ""


def _format(arguments: list[Value], span: Span | None) -> Value | None:
    if not arguments or not isinstance(arguments[0], Scalar):
        return None
    template, parts, literal, at = _text(arguments[0]), [], "", 0
    while at < len(template):
        char = template[at]
        if char in "{}" and template[at : at + 2] == char * 2:
            literal, at = literal + char, at + 2
            continue
        end = template.find("}", at) if char == "{" else -1
        number = template[at + 1 : end] if end != -1 else ""
        if char in "{}" and (not number.isdecimal() or len(number) > 4 or int(number) + 1 >= len(arguments)):
            return None
        if number:
            parts += [Scalar(literal, span), arguments[int(number) + 1]]
            literal, at = "", end + 1
            continue
        literal, at = literal + char, at + 1
    return joined([*parts, Scalar(literal, span)] if literal else parts, span)


def _join(arguments: list[Value], span: Span | None) -> Value | None:
    if not arguments or not isinstance(arguments[0], (Sequence, Scalar)):
        return None
    between = arguments[1] if len(arguments) > 1 else Scalar(",", span)
    items = arguments[0].items if isinstance(arguments[0], Sequence) else (arguments[0],)
    parts: list[Value] = []
    for index, item in enumerate(items):
        parts += [between, item] if index else [item]
    return joined(parts, span)


def _to_json(arguments: list[Value], span: Span | None) -> Value | None:
    return Encoded("json", arguments[0], span) if len(arguments) == 1 else None


def _from_json(arguments: list[Value], span: Span | None) -> Value | None:
    if len(arguments) != 1:
        return None
    argument = arguments[0]
    if isinstance(argument, Encoded) and argument.encoding == "json":
        return replace(argument.inner, via=(*argument.inner.via, *argument.via))
    if not isinstance(argument, Scalar) or len(_text(argument)) > MAX_TEXT:
        return None
    try:
        return _from_plain(json.loads(_text(argument)), argument, 0)
    except (ValueError, RecursionError):
        return None


def _from_plain(data: Plain, source: Scalar, depth: int) -> Value:
    if depth > MAX_JSON_DEPTH:
        raise ValueError("nested too deeply")
    if isinstance(data, list):
        return Sequence(tuple(_from_plain(item, source, depth + 1) for item in data), source.span, source.via)
    if isinstance(data, dict):
        entries = tuple(
            Entry(Scalar(key, source.span), _from_plain(item, source, depth + 1), source.span)
            for key, item in data.items()
        )
        return Mapping(entries, source.span, source.via)
    return Scalar(data, source.span, source.via)


def _case(arguments: list[Value], span: Span | None) -> Value | None:
    for index in range(0, len(arguments) - 1, 2):
        known = truthy(arguments[index])
        if known is None:
            return None
        if known:
            return arguments[index + 1]
    return arguments[-1] if len(arguments) % 2 else None


_RUNTIME = frozenset({"success", "failure", "always", "cancelled", "hashfiles"})
_FUNCTIONS: dict[str, Callable[[list[Value], Span | None], Value | None]] = {
    "contains": _contains,
    "startswith": _affix(str.startswith),
    "endswith": _affix(str.endswith),
    "format": _format,
    "join": _join,
    "tojson": _to_json,
    "fromjson": _from_json,
    "case": _case,
}
