"""One call of a function: its arguments, in the forms that functions want them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tree_sitter import Node

from rolecall.frontends.terraform.conversion import (
    NotKnown,
    Refused,
    from_plain,
    to_bool,
    to_number,
    to_plain,
    to_text,
)
from rolecall.frontends.terraform.kinds import Invalid, entries_of, gathered, items_of, unknown
from rolecall.frontends.terraform.scope import Scope
from rolecall.frontends.values import Entry, Mapping, Plain, Scalar, Sequence, Unknown, Value
from rolecall.source.records import dataclass
from rolecall.source.text import Span


@dataclass(frozen=True, slots=True)
class Call:
    """`name(arguments…)` with the scope it stands in.

    The methods that read an argument raise NotKnown where it is not known enough, Refused where Terraform would not
    take it.
    """

    name: str
    arguments: tuple[Value, ...]
    scope: Scope
    span: Span
    evaluate: Callable[[Node, Scope], Value]

    def argument(self, at: int) -> Value:
        return self.arguments[at]

    def string(self, at: int) -> str:
        return to_text(self.arguments[at])

    def number(self, at: int) -> int | float:
        return to_number(self.arguments[at])

    def integer(self, at: int) -> int:
        value = to_number(self.arguments[at])
        if not isinstance(value, int):
            raise Refused("a whole number is required")
        return value

    def bool(self, at: int) -> bool:
        return to_bool(self.arguments[at])

    def plain(self, at: int) -> Plain:
        return to_plain(self.arguments[at])

    def strings(self, at: int) -> list[str]:
        """A list of known strings."""
        return [to_text(item) for item in self.items(at)]

    def items(self, at: int) -> tuple[Value, ...]:
        """The members of a list, known or not."""
        value = self.arguments[at]
        if isinstance(value, Sequence):
            return items_of(value)
        raise self._unfit(value, "a list is required")

    def entries(self, at: int) -> tuple[Entry, ...]:
        """The entries of a map, known or not."""
        value = self.arguments[at]
        if isinstance(value, Mapping):
            return entries_of(value)
        raise self._unfit(value, "a map is required")

    def _unfit(self, value: Value, reason: str) -> Exception:
        if isinstance(value, Invalid):
            return Refused(value.reason)
        return NotKnown() if not isinstance(value, (Scalar, Sequence, Mapping)) else Refused(reason)

    def result(self, data: object) -> Value:
        """Python data as the value of this call, with the hops of all arguments."""
        return from_plain(data, self.span, gathered(self.arguments))

    def unknown(self, reason: str = "") -> Unknown:
        return unknown(reason or f"an argument of {self.name} is not known", self.arguments, self.span)


Function = Callable[[Call], Value]

_READERS: dict[str, Callable[[Call, int], Any]] = {
    "s": Call.string,
    "n": Call.number,
    "i": Call.integer,
    "b": Call.bool,
    "p": Call.plain,
    "l": Call.strings,
}


def pure(function: Callable[..., object], signature: str) -> Function:
    """A function of wholly known arguments.

    `signature` has one letter for each: s string, n number, i whole number, b bool, l list of strings, p anything; what
    follows "?" may be left out, and "*" repeats the letter before it.
    """
    required = signature.partition("?")[0].replace("*", "")
    letters = signature.replace("?", "").replace("*", "")
    many = signature.endswith("*")

    def called(call: Call) -> Value:
        count = len(call.arguments)
        if count < len(required) - many or (count > len(letters) and not many):
            raise Refused("wrong number of arguments")
        return call.result(function(*(_READERS[letters[min(at, len(letters) - 1)]](call, at) for at in range(count))))

    return called


def taking(least: int, most: int | None = None) -> Callable[[Function], Function]:
    """Says how many arguments a function takes; `most` is `least` where it is not given, any number where it is -1."""

    def wrap(function: Function) -> Function:
        top = least if most is None else most

        def called(call: Call) -> Value:
            if len(call.arguments) < least or (0 <= top < len(call.arguments)):
                raise Refused("wrong number of arguments")
            return function(call)

        return called

    return wrap
