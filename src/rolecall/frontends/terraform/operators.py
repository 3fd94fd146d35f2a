"""Terraform's operators on values."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Context, Decimal, InvalidOperation

from rolecall.frontends.terraform.conversion import (
    NotKnown,
    Refused,
    scalar_text,
    settled,
    to_bool,
    to_number,
    to_plain,
)
from rolecall.frontends.terraform.kinds import Invalid, gathered, judged, unknown
from rolecall.frontends.values import Encoded, Mapping, Plain, Scalar, Sequence, Template, Value
from rolecall.source.text import Span

#: As many digits as 512 bits hold.
_PRECISION = Context(prec=155)
Number = int | float


def _decimal(value: Number) -> Decimal:
    return Decimal(value) if isinstance(value, int) else Decimal(repr(value))


def _number(value: Decimal) -> Number:
    if not value.is_finite():
        raise Refused("number is not finite")
    if value == value.to_integral_value():
        return settled(int(value))
    return settled(float(value))


def _exact(operation: Callable[[Decimal, Decimal], Decimal]) -> Callable[[Number, Number], Number]:
    return lambda left, right: _number(operation(_decimal(left), _decimal(right)))


def _divided(left: Number, right: Number) -> Number:
    if right == 0:
        raise NotKnown  # Terraform's answer is infinity
    return _number(_PRECISION.divide(_decimal(left), _decimal(right)))


def _remainder(left: Number, right: Number) -> Number:
    if right == 0:
        raise Refused("division by zero")
    return _number(_PRECISION.remainder(_decimal(left), _decimal(right)))


_ARITHMETIC: dict[str, Callable[[Number, Number], Number]] = {
    "+": _exact(_PRECISION.add),
    "-": _exact(_PRECISION.subtract),
    "*": _exact(_PRECISION.multiply),
    "/": _divided,
    "%": _remainder,
}
_COMPARISON: dict[str, Callable[[Number, Number], bool]] = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}
BINARY = frozenset({*_ARITHMETIC, *_COMPARISON, "==", "!=", "&&", "||"})


def unary(operator: str, value: Value, span: Span) -> Value:
    """`-x` and `!x`."""
    try:
        result = -to_number(value) if operator == "-" else not to_bool(value)
    except Refused as refused:
        return Invalid(str(refused), (value,), span)
    except NotKnown:
        return judged(unknown("operand is not known", (value,), span))
    return Scalar(result, span, gathered((value,)))


def binary(operator: str, left: Value, right: Value, span: Span) -> Value:
    """Two operands and what stands between them."""
    try:
        result = _result(operator, left, right)
    except Refused as refused:
        return Invalid(str(refused), (left, right), span)
    except (NotKnown, InvalidOperation):
        return judged(unknown("operand is not known", (left, right), span))
    return Scalar(result, span, gathered((left, right)))


def _result(operator: str, left: Value, right: Value) -> Number | bool:
    if operator in _ARITHMETIC:
        return _ARITHMETIC[operator](to_number(left), to_number(right))
    if operator in _COMPARISON:
        return _COMPARISON[operator](to_number(left), to_number(right))
    if operator in ("==", "!="):
        return equal(left, right) is (operator == "==")
    deciding = operator == "||"
    known: list[bool] = []
    for value in (left, right):
        try:
            known.append(to_bool(value))
        except NotKnown:
            continue
    if deciding in known:
        return deciding
    if len(known) < 2:
        raise NotKnown
    return not deciding


def equal(left: Value, right: Value) -> bool:
    """Whether two values are equal.  Raises NotKnown or Refused."""
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Invalid):
            raise Refused(one.reason)
        if isinstance(one, Scalar) and one.value is None and isinstance(other, (Template, Encoded, Sequence, Mapping)):
            return False
    return _same(to_plain(left), to_plain(right))


def _same(left: Plain, right: Plain) -> bool:
    """Equality with types: 1 is not "1" and true is not 1."""
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(_same(one, other) for one, other in zip(left, right, strict=True))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(item, right[key]) for key, item in left.items())
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return (type(left) is type(right) and left == right) or (_numbers(left, right) and left == right)


def _numbers(left: Plain, right: Plain) -> bool:
    return isinstance(left, (int, float)) and isinstance(right, (int, float))


def as_other(value: Scalar, other: Value) -> Value:
    """The number or bool that a conditional chose, as a string where the other way is a string: both have one type."""
    if isinstance(other, (Template, Encoded)) or (isinstance(other, Scalar) and isinstance(other.value, str)):
        return Scalar(scalar_text(value.value), value.span, value.via)
    return value
