"""`format` and `formatlist`."""

from __future__ import annotations

import re

from rolecall.frontends.terraform.conversion import (
    MAX_ITEMS,
    MAX_STRING,
    NotKnown,
    Refused,
    json_text,
    scalar_text,
    to_bool,
    to_number,
    to_plain,
    to_text,
)
from rolecall.frontends.terraform.functions.call import Call
from rolecall.frontends.terraform.kinds import gathered, items_of
from rolecall.frontends.values import Mapping, Scalar, Sequence, Template, Value
from rolecall.source.patterns import late

_VERB = late(r"%(?:(%)|([-+# 0]*)(?:\[(\d+)\])?(\d+)?(?:\.(\d+))?(?:\[(\d+)\])?([a-zA-Z]))")


def format_call(call: Call) -> Value:
    """`format(spec, …)`: a template where an argument that is put in as it is is not known."""
    if not call.arguments:
        raise Refused("a format is required")
    return _formatted(call.string(0), call.arguments[1:], call)


def formatlist_call(call: Call) -> Value:
    """`formatlist(spec, …)`: lists in the arguments go side by side, the rest is repeated."""
    if not call.arguments:
        raise Refused("a format is required")
    spec, arguments = call.string(0), call.arguments[1:]
    lists = [items_of(argument) for argument in arguments if isinstance(argument, Sequence)]
    if any(not isinstance(argument, (Sequence, Scalar, Template, Mapping)) for argument in arguments):
        raise NotKnown
    lengths = {len(items) for items in lists}
    if len(lengths) > 1:
        raise Refused("lists have different lengths")
    count = lengths.pop() if lengths else 1
    if count > MAX_ITEMS:
        raise NotKnown
    rows: list[Value] = []
    for at in range(count):
        row = tuple(items_of(one)[at] if isinstance(one, Sequence) else one for one in arguments)
        rows.append(_formatted(spec, row, call))
    return Sequence(tuple(rows), call.span)


def _formatted(spec: str, arguments: tuple[Value, ...], call: Call) -> Value:
    parts: list[Value | str] = []
    at = 0
    following = 0
    used = 0
    while at < len(spec):
        start = spec.find("%", at)
        if start < 0:
            parts.append(spec[at:])
            break
        parts.append(spec[at:start])
        match = _VERB.match(spec, start)
        if match is None:
            raise Refused("not a valid format")
        at = match.end()
        if match.group(1):
            parts.append("%")
            continue
        chosen = match.group(3) or match.group(6)
        following = int(chosen) if chosen else following + 1
        if not 1 <= following <= len(arguments):
            raise Refused("not enough arguments")
        used = max(used, following)
        parts.append(_verb(match, arguments[following - 1]))
    if used < len(arguments) and "[" not in spec:
        raise Refused("too many arguments")
    via = gathered((*arguments, call.argument(0)))
    if all(isinstance(part, str) for part in parts):
        text = "".join(part for part in parts if isinstance(part, str))
        if len(text) > MAX_STRING:
            raise NotKnown
        return Scalar(text, call.span, via)
    place = call.argument(0).span
    pieces = tuple(Scalar(part, place) if isinstance(part, str) else part for part in parts if part != "")
    return (
        pieces[0]
        if len(pieces) == 1 and not isinstance(pieces[0], (Sequence, Mapping))
        else Template(pieces, call.span)
    )


def _verb(match: re.Match[str], value: Value) -> str | Value:
    flags, width, precision, verb = match.group(2), int(match.group(4) or 0), match.group(5), match.group(7)
    if width > 10_000 or int(precision or 0) > 10_000:
        raise NotKnown
    try:
        text = _text(verb, flags, None if precision is None else int(precision), value)
    except NotKnown:
        if verb in "sv" and not width and precision is None and "#" not in flags:
            return value
        raise
    if len(text) >= width:
        return text
    if "-" in flags:
        return text.ljust(width)
    if "0" in flags:
        sign = text[:1] if text[:1] in ("+", "-") and verb not in "sqv" else ""
        return sign + text[len(sign) :].rjust(width - len(sign), "0")
    return text.rjust(width)


def _text(verb: str, flags: str, precision: int | None, value: Value) -> str:
    if verb == "v" and "#" in flags:
        return json_text(to_plain(value))
    if verb == "v":
        if isinstance(value, (Sequence, Mapping)) or (isinstance(value, Scalar) and value.value is None):
            return json_text(to_plain(value))
        if isinstance(value, Scalar) and isinstance(value.value, (int, float)) and not isinstance(value.value, bool):
            verb = "g"
        else:
            verb = "s"
    if verb in "sq":
        text = to_text(value)
        text = text if precision is None else text[:precision]
        return json_text(text) if verb == "q" else text
    if verb == "t":
        return scalar_text(to_bool(value))
    if verb not in "bdoxXeEfFgG":
        raise Refused(f"%{verb} is not a format verb")
    return _number(verb, flags, precision, to_number(value))


def _number(verb: str, flags: str, precision: int | None, value: int | float) -> str:
    negative = value < 0
    size = abs(value)
    if verb in "bdoxX":
        text = format(int(size), verb)
        if "#" in flags and verb in "oxX":
            text = {"o": "0", "x": "0x", "X": "0X"}[verb] + text
    elif verb in "gG":
        text = scalar_text(size) if precision is None else f"{size:.{precision}{verb}}"
        if precision is None and isinstance(size, (int, float)) and (size >= 1e21 or 0 < size < 1e-4):
            text = _exponent(repr(float(size)))
    else:
        text = f"{size:.{6 if precision is None else precision}{verb}}"
    sign = "-" if negative else "+" if "+" in flags else " " if " " in flags else ""
    return sign + text


def _exponent(text: str) -> str:
    return text.replace(".0e", "e")
