"""The functions of the Terraform language, as tables by theme."""

from __future__ import annotations

from rolecall.frontends.terraform.conversion import NotKnown, Refused
from rolecall.frontends.terraform.functions.call import Call, Function
from rolecall.frontends.terraform.functions.collections import TABLE as COLLECTIONS
from rolecall.frontends.terraform.functions.dates import TABLE as DATES
from rolecall.frontends.terraform.functions.encoding import TABLE as ENCODING
from rolecall.frontends.terraform.functions.filesystem import TABLE as FILESYSTEM
from rolecall.frontends.terraform.functions.hashing import TABLE as HASHING
from rolecall.frontends.terraform.functions.ip import TABLE as IP
from rolecall.frontends.terraform.functions.numbers import TABLE as NUMBERS
from rolecall.frontends.terraform.functions.strings import TABLE as STRINGS
from rolecall.frontends.terraform.functions.types import TABLE as TYPES
from rolecall.frontends.terraform.kinds import Invalid, unknown
from rolecall.frontends.values import Value

__all__ = ["FUNCTIONS", "Call", "call"]

FUNCTIONS: dict[str, Function] = {
    **COLLECTIONS,
    **DATES,
    **ENCODING,
    **FILESYSTEM,
    **HASHING,
    **IP,
    **NUMBERS,
    **STRINGS,
    **TYPES,
}


def call(asked: Call) -> Value:
    """What a function returns; unknown where it is not one of Terraform's own."""
    function = FUNCTIONS.get(asked.name.removeprefix("core::"))
    if function is None:
        reason = "belongs to a provider" if asked.name.startswith("provider::") else "does not exist"
        return unknown(f"function {asked.name} {reason}"[:200], asked.arguments, asked.span)
    try:
        return function(asked)
    except NotKnown as reason:
        return asked.unknown(str(reason))
    except Refused as refused:
        return Invalid(f"{asked.name}: {refused}", asked.arguments, asked.span)
    except (ValueError, ArithmeticError, LookupError, TypeError) as error:
        return Invalid(f"{asked.name}: {str(error)[:200]}", asked.arguments, asked.span)
