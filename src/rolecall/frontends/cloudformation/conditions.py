"""Conditions in three values: true, false, or not to be told from the code."""

from __future__ import annotations

from collections.abc import Mapping as Bindings
from typing import TYPE_CHECKING

from rolecall.frontends.cloudformation.loops import members
from rolecall.frontends.cloudformation.template import call, scalar_text
from rolecall.frontends.values import Reference, Scalar, Sequence, Value, children, is_known, plain, text
from rolecall.source.records import dataclass
from rolecall.source.yaml import YamlMapping, YamlNode, YamlScalar, YamlSequence

if TYPE_CHECKING:
    from rolecall.frontends.cloudformation.stack import Stack


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a condition holds (None: cannot be told), and the addresses of the parameters that decide it."""

    holds: bool | None
    inputs: tuple[str, ...] = ()


UNDECIDED = Decision(None)


class Conditions:
    """The conditions of one stack, each decided once."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._decided: dict[str, Decision] = {}
        self._deciding: set[str] = set()
        self._nodes: dict[str, tuple[YamlNode, Bindings[str, str]]] | None = None

    def decide(self, name: str) -> Decision:
        """The condition of a name; undecided where none is declared or it leads back to itself."""
        if self._nodes is None:
            declared = members(self._stack, self._stack.template.conditions, {})
            self._nodes = {member.name: (member.pair.value, member.bindings) for member in declared}
        if name in self._deciding or name not in self._nodes:
            return UNDECIDED
        if name not in self._decided:
            self._deciding.add(name)
            self._decided[name] = self.of(*self._nodes[name])
            self._deciding.discard(name)
        return self._decided[name]

    def of(self, node: YamlNode, bindings: Bindings[str, str]) -> Decision:
        """What an expression of condition functions comes to."""
        if isinstance(node, YamlScalar) and not node.tag:
            known = {"true": True, "false": False}.get(node.value.lower())
            return Decision(known)
        called = call(node)
        if called is None:
            name = scalar_text(node.get("Condition")) if isinstance(node, YamlMapping) else ""
            return self.decide(self._stack.bound(name, bindings)) if name else UNDECIDED
        function, argument = called
        if function == "Condition":
            return self.decide(self._stack.bound(scalar_text(argument), bindings))
        items = argument.items if isinstance(argument, YamlSequence) else []
        if function == "Fn::Equals" and len(items) == 2:
            left, right = (self._operand(item, bindings) for item in items)
            inputs = tuple(dict.fromkeys((*inputs_of(left), *inputs_of(right))))
            return Decision(_equal(left, right), inputs)
        decisions = [self.of(item, bindings) for item in items]
        inputs = tuple(dict.fromkeys(name for decision in decisions for name in decision.inputs))
        holds = [decision.holds for decision in decisions]
        if function == "Fn::Not" and len(holds) == 1:
            return Decision(None if holds[0] is None else not holds[0], inputs)
        if function in ("Fn::And", "Fn::Or") and holds:
            decisive = function == "Fn::Or"
            if decisive in holds:
                return Decision(decisive, inputs)
            return Decision(None if None in holds else not decisive, inputs)
        return Decision(None, inputs)

    def _operand(self, node: YamlNode, bindings: Bindings[str, str]) -> Value:
        """A side of an equation: every default counts here, since only the equation's truth comes out."""
        return self._stack.evaluate(node, bindings, deciding=True)


def _equal(left: Value, right: Value) -> bool | None:
    if isinstance(left, Scalar) and isinstance(right, Scalar):
        return (text(left) or "") == (text(right) or "")
    if isinstance(left, Sequence) and isinstance(right, Sequence) and is_known(left) and is_known(right):
        return plain(left) == plain(right)
    return None


def inputs_of(value: Value) -> tuple[str, ...]:
    """The addresses of the parameters that a value came through or still waits for."""
    found: dict[str, None] = {}
    stack: list[Value] = [value]
    while stack:
        node = stack.pop()
        found.update((hop.address, None) for hop in node.via if hop.kind == "parameter")
        if isinstance(node, Reference) and "//" in node.target:
            address = node.target.rpartition("//")[2]
            if "Parameters/" in address:
                found[address] = None
        stack.extend(children(node))
    return tuple(found)
