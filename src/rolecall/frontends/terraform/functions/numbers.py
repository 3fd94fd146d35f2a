"""Functions of numbers."""

from __future__ import annotations

import math
import string
from decimal import Decimal

from rolecall.frontends.terraform.conversion import NotKnown, Refused, to_number
from rolecall.frontends.terraform.functions.call import Call, Function, pure
from rolecall.frontends.values import Sequence, Value

Number = int | float


def _parseint(text: str, base: int) -> int:
    if not 2 <= base <= 62 or len(text) > 200:
        raise Refused("base must be from 2 to 62")
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    alphabet = string.digits + string.ascii_lowercase + string.ascii_uppercase
    value = 0
    if not digits:
        raise Refused("not a number")
    for digit in digits if base > 36 else digits.lower():
        at = alphabet.find(digit)
        if not 0 <= at < base:
            raise Refused("not a number in this base")
        value = value * base + at
    return sign * value


def _power(base: Number, exponent: Number) -> Number:
    if isinstance(base, int) and isinstance(exponent, int) and exponent >= 0:
        if abs(base) > 1 and exponent * abs(base).bit_length() > 1024:
            raise NotKnown
        return int(base**exponent)
    return math.pow(base, exponent)


def _logarithm(value: Number, base: Number) -> float:
    return math.log(value) / math.log(base)


def _signum(value: int) -> int:
    return (value > 0) - (value < 0)


def _numbers(call: Call) -> list[Number]:
    if not call.arguments:
        raise Refused("at least one number is required")
    return [to_number(argument) for argument in call.arguments]


def _max(call: Call) -> Value:
    return call.result(max(_numbers(call)))


def _min(call: Call) -> Value:
    return call.result(min(_numbers(call)))


def _sum(call: Call) -> Value:
    if len(call.arguments) != 1 or (isinstance(call.argument(0), Sequence) and not call.items(0)):
        raise Refused("one list of numbers is required")
    total = sum((Decimal(repr(to_number(item))) for item in call.items(0)), Decimal(0))
    return call.result(int(total) if total == total.to_integral_value() else float(total))


TABLE: dict[str, Function] = {
    "abs": pure(abs, "n"),
    "ceil": pure(math.ceil, "n"),
    "floor": pure(math.floor, "n"),
    "log": pure(_logarithm, "nn"),
    "max": _max,
    "min": _min,
    "parseint": pure(_parseint, "si"),
    "pow": pure(_power, "nn"),
    "signum": pure(_signum, "i"),
    "sum": _sum,
}
