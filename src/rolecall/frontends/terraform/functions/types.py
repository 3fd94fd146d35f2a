"""Conversions between types, marks, and functions that react to refusal."""

from __future__ import annotations

from rolecall.frontends.terraform.conversion import Refused, same_type, scalar_text, to_bool, to_number
from rolecall.frontends.terraform.functions.call import Call, Function, taking
from rolecall.frontends.terraform.kinds import OneOf, Set, entries_of, is_refused, items_of
from rolecall.frontends.values import (
    Encoded,
    Entry,
    Mapping,
    Reference,
    Scalar,
    Sequence,
    Template,
    Unknown,
    Value,
    references,
)
from rolecall.source.records import replace


@taking(1)
def _tostring(call: Call) -> Value:
    value = call.argument(0)
    if isinstance(value, Scalar):
        return value if value.value is None else Scalar(scalar_text(value.value), value.span, value.via)
    if isinstance(value, (Sequence, Mapping)):
        raise Refused("a collection is not a string")
    return value


@taking(1)
def _tonumber(call: Call) -> Value:
    value = call.argument(0)
    if isinstance(value, Scalar) and value.value is None:
        return value
    return call.result(to_number(value))


@taking(1)
def _tobool(call: Call) -> Value:
    value = call.argument(0)
    if isinstance(value, Scalar) and value.value is None:
        return value
    return call.result(to_bool(value))


def one_type(items: tuple[Value, ...]) -> tuple[Value, ...]:
    """The members of a list as they are once all have one type."""
    plain = [item.value if isinstance(item, Scalar) else None for item in items]
    if any(isinstance(item, (Template, Encoded)) for item in items):
        plain.append("")
    converted = same_type(list(plain))
    return tuple(
        Scalar(new, item.span, item.via)  # type: ignore[arg-type]
        if isinstance(item, Scalar) and new is not item.value
        else item
        for item, new in zip(items, converted, strict=False)
    )


@taking(1)
def _tolist(call: Call) -> Value:
    value = call.argument(0)
    if isinstance(value, Sequence):
        return Sequence(one_type(items_of(value)), call.span)
    return _unchanged(value)


@taking(1)
def _toset(call: Call) -> Value:
    value = call.argument(0)
    return as_set(items_of(value), call) if isinstance(value, Sequence) else _unchanged(value)


def as_set(items: tuple[Value, ...], call: Call) -> Value:
    """A set of these members: each known one once, strings in order."""
    converted = one_type(items)
    known: dict[tuple[str, object], Value] = {}
    rest: list[Value] = []
    for item in converted:
        if isinstance(item, Scalar):
            known.setdefault((type(item.value).__name__, item.value), item)
        elif item not in rest or len(rest) > 200:
            rest.append(item)
    ordered = sorted(known.items(), key=lambda pair: (not isinstance(pair[0][1], (int, float)), _rank(pair[0][1])))
    return Set((*(item for _, item in ordered), *rest), call.span)


def _rank(value: object) -> tuple[float, str]:
    return (float(value), "") if isinstance(value, (int, float)) else (0.0, str(value))


@taking(1)
def _tomap(call: Call) -> Value:
    value = call.argument(0)
    if isinstance(value, Mapping):
        entries = entries_of(value)
        converted = one_type(tuple(entry.value for entry in entries))
        return Mapping(
            tuple(Entry(entry.key, new, entry.span) for entry, new in zip(entries, converted, strict=True)), call.span
        )
    return _unchanged(value)


def _unchanged(value: Value) -> Value:
    """What converts to a collection because it is one, or is not known."""
    if isinstance(value, Scalar) and value.value is not None:
        raise Refused("a collection is required")
    return value


@taking(1)
def _itself(call: Call) -> Value:
    return call.argument(0)


def _try(call: Call) -> Value:
    """The first argument that Terraform would not refuse.

    A reference may still turn out to be refused: then the value is one of it and what comes after, unless nothing there
    is a reference.
    """
    for at, value in enumerate(call.arguments):
        if is_refused(value):
            continue
        if isinstance(value, (Unknown, Reference)):
            later = [one for one in call.arguments[at + 1 :] if not is_refused(one)]
            if isinstance(value, Unknown) or any(True for one in later for _ in references(one)):
                return OneOf("the first choice is not known", (value, *later), call.span) if later else value
        return value
    raise Refused("no argument can be evaluated")


@taking(1)
def _can(call: Call) -> Value:
    value = call.argument(0)
    if is_refused(value):
        return call.result(False)
    if isinstance(value, (Unknown, Reference)):
        return replace(call.unknown(), about=())  # a truth value hands nothing of its argument on
    return call.result(True)


@taking(1)
def _issensitive(call: Call) -> Value:
    return call.unknown("sensitivity is not followed")


@taking(1)
def _type(call: Call) -> Value:
    return call.unknown("function type is for the console")


TABLE: dict[str, Function] = {
    "can": _can,
    "ephemeralasnull": _itself,
    "issensitive": _issensitive,
    "nonsensitive": _itself,
    "sensitive": _itself,
    "tobool": _tobool,
    "tolist": _tolist,
    "tomap": _tomap,
    "tonumber": _tonumber,
    "toset": _toset,
    "tostring": _tostring,
    "try": _try,
    "type": _type,
}
