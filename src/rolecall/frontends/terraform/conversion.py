"""Terraform's conversions between types, and between values and Python data."""

from __future__ import annotations

import json
import re
from decimal import Decimal

from rolecall.frontends.terraform.kinds import Invalid
from rolecall.frontends.values import (
    Encoded,
    Entry,
    Hop,
    Mapping,
    Plain,
    Scalar,
    Sequence,
    Template,
    Value,
)
from rolecall.source.patterns import late
from rolecall.source.text import Span

MAX_STRING = 1024 * 1024
MAX_ITEMS = 10_000
#: Terraform keeps 512 bits of a number.
MAX_NUMBER = 1 << 512
MAX_PARTS = 100_000
_NUMBER = late(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\Z", re.ASCII)
_HTML = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


class NotKnown(Exception):
    """Something that has to be known is not."""


class Refused(Exception):
    """Terraform would refuse this; the message says why, as a short phrase."""


def number(text: str) -> int | float | None:
    """A number as Terraform reads it from a string; None where it is none or too large to hold."""
    if not _NUMBER.match(text) or len(text) > 200:
        return None
    value = Decimal(text)
    if value == value.to_integral_value():
        whole = int(value)
        return whole if abs(whole) < MAX_NUMBER else None
    return float(value)


def settled(value: int | float) -> int | float:
    """A number in the one form it is kept in: whole numbers are int."""
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            raise Refused("number is not finite")
        if value.is_integer():
            value = int(value)
    if abs(value) >= MAX_NUMBER:
        raise Refused("number is too large")
    return value


def number_text(value: int | float) -> str:
    """A number as Terraform writes it: never with an exponent."""
    return str(value) if isinstance(value, int) else format(Decimal(repr(value)), "f")


def scalar_text(value: str | int | float | bool | None) -> str:
    """Raises Refused for null."""
    if isinstance(value, str):
        return value
    if value is None:
        raise Refused("null is not a string")
    if isinstance(value, bool):
        return "true" if value else "false"
    return number_text(value)


def to_text(value: Value) -> str:
    """The string that a value is or converts to.  Raises NotKnown or Refused."""
    match value:
        case Scalar(value=inner):
            return scalar_text(inner)
        case Encoded(encoding="json", inner=inner):
            return json_text(to_plain(inner))
        case Encoded(encoding="base64", inner=inner):
            import base64

            return base64.b64encode(to_text(inner).encode("utf-8", "surrogatepass")).decode()
        case Sequence() | Mapping():
            raise Refused("a collection is not a string")
        case Invalid():
            raise Refused(value.reason)
        case _:
            raise NotKnown


def to_number(value: Value) -> int | float:
    """Raises NotKnown or Refused."""
    if isinstance(value, Scalar):
        inner = value.value
        if isinstance(inner, str):
            inner = number(inner)
        if inner is None or isinstance(inner, bool):
            raise Refused("a number is required")
        return settled(inner)
    if isinstance(value, (Sequence, Mapping)):
        raise Refused("a number is required")
    if isinstance(value, Invalid):
        raise Refused(value.reason)
    raise NotKnown


def to_bool(value: Value) -> bool:
    """Raises NotKnown or Refused."""
    if isinstance(value, Scalar):
        if isinstance(value.value, bool):
            return value.value
        if value.value in ("true", "false"):
            return value.value == "true"
        raise Refused("a bool is required")
    if isinstance(value, (Sequence, Mapping)):
        raise Refused("a bool is required")
    if isinstance(value, Invalid):
        raise Refused(value.reason)
    raise NotKnown


def to_plain(value: Value) -> Plain:
    """A wholly known value as Python data.  Raises NotKnown or Refused."""
    left = [MAX_PARTS]
    return _plain(value, left, 0)


def _plain(value: Value, left: list[int], depth: int) -> Plain:
    left[0] -= 1
    if left[0] < 0 or depth > 150:
        raise NotKnown
    match value:
        case Scalar(value=inner):
            return inner
        case Sequence(items=items):
            return [_plain(item, left, depth + 1) for item in items]
        case Mapping(entries=entries):
            plain: dict[str, Plain] = {}
            for entry in entries:
                plain[to_text(entry.key)] = _plain(entry.value, left, depth + 1)
            return plain
        case Template(parts=parts):
            return "".join(to_text(part) for part in parts)
        case _:
            return to_text(value)


def from_plain(data: object, span: Span | None = None, via: tuple[Hop, ...] = ()) -> Value:
    """Python data as a value; all parts get the span, the whole the hops.  Raises Refused where it is too large."""
    left = [MAX_PARTS]
    return _value(data, span, via, left, 0)


def _value(data: object, span: Span | None, via: tuple[Hop, ...], left: list[int], depth: int) -> Value:
    left[0] -= 1
    if left[0] < 0 or depth > 150:
        raise Refused("value is too large")
    if data is None or isinstance(data, (bool, int)):
        return Scalar(data if data is None or isinstance(data, bool) else settled(data), span, via)
    if isinstance(data, str):
        if len(data) > MAX_STRING:
            raise Refused("string is too long")
        return Scalar(data, span, via)
    if isinstance(data, float):
        return Scalar(settled(data), span, via)
    if isinstance(data, (list, tuple)):
        return Sequence(tuple(_value(item, span, (), left, depth + 1) for item in data), span, via)
    if isinstance(data, dict):
        entries = (
            Entry(Scalar(str(key), span), _value(item, span, (), left, depth + 1), span) for key, item in data.items()
        )
        return Mapping(tuple(entries), span, via)
    return Scalar(str(data), span, via)


def json_text(data: Plain) -> str:
    """JSON as Terraform writes it: keys sorted, no spaces, `<`, `>` and `&` escaped."""
    if isinstance(data, dict):
        members = (f"{json_text(key)}:{json_text(item)}" for key, item in sorted(data.items()))
        return "{" + ",".join(members) + "}"
    if isinstance(data, list):
        return "[" + ",".join(json_text(item) for item in data) + "]"
    if isinstance(data, str):
        return json.dumps(data, ensure_ascii=False).translate(_HTML)
    if data is None:
        return "null"
    return scalar_text(data)


def same_type(values: list[Plain]) -> list[Plain]:
    """The elements of a list that must be of one type: strings where one of them is a string.

    Raises Refused where there is no type that all can have.
    """
    if all(value is None or isinstance(value, (str, int, float)) for value in values):
        kinds = {
            type(value) if not isinstance(value, (int, float)) or isinstance(value, bool) else float for value in values
        }
        kinds.discard(type(None))
        if str in kinds and len(kinds) > 1:
            return [None if value is None else scalar_text(value) for value in values]  # type: ignore[arg-type]
        if len(kinds) > 1:
            raise Refused("all elements must be of one type")
    return values
