"""One stack: a template with its parameters bound, and the values of its nodes."""

from __future__ import annotations

from collections.abc import Mapping as Bindings
from dataclasses import replace

from rolecall.frontends.cloudformation.conditions import Conditions
from rolecall.frontends.cloudformation.functions import MAX_ITEMS, apply
from rolecall.frontends.cloudformation.loops import MAX_MEMBERS, Member, members
from rolecall.frontends.cloudformation.strings import joined, stored_name
from rolecall.frontends.cloudformation.template import Template, call, long_call, scalar_text
from rolecall.frontends.resource import Problem
from rolecall.frontends.values import (
    Entry,
    Hop,
    Mapping,
    Reference,
    Scalar,
    Sequence,
    Unknown,
    Value,
    text,
    through,
)
from rolecall.frontends.yaml_values import key_value, plain_scalar, scalar_value
from rolecall.source.patterns import late
from rolecall.source.records import dataclass
from rolecall.source.text import Span
from rolecall.source.yaml import YamlMapping, YamlNode, YamlPair, YamlScalar, YamlSequence

#: Functions and collections inside each other, through parameters and outputs too.
MAX_NESTING = 180
NO_VALUE = "AWS::NoValue"
_VARIABLE = late(r"[$&]\{(\w+)\}")
_LIST_TYPE = late(r"CommaDelimitedList\Z|List<")
_STORE_TYPE = "AWS::SSM::Parameter::Value<"


@dataclass(frozen=True, slots=True)
class Argument:
    """What a nested stack is given as a parameter: the pair in its caller, and the loops around that."""

    caller: Stack
    pair: YamlPair
    bindings: Bindings[str, str]


class Nesting:
    """Where evaluation is at this moment, over all stacks of a unit: how deep, and whether it decides a condition."""

    __slots__ = ("deciding", "depth")

    def __init__(self) -> None:
        self.depth = 0
        self.deciding = False


class Stack:
    """A template as it is deployed once: the root of a unit, or a nested stack with an address prefix (`Child.`)."""

    def __init__(
        self,
        unit: str,
        template: Template,
        problems: list[Problem],
        nesting: Nesting,
        prefix: str = "",
        given: Bindings[str, Argument] | None = None,
        values: Bindings[str, Entry] | None = None,
    ) -> None:
        self.unit = unit
        self.template = template
        self.prefix = prefix
        self.given = given or {}
        #: Parameters whose values are known from outside: by the code that deploys the template.
        self.values = values or {}
        self.conditions = Conditions(self)
        #: The logical ids of its resources, and the stacks nested under some of them.
        self.logical_ids: set[str] = set()
        self.nested: dict[str, Stack] = {}
        self._problems = problems
        self._nesting = nesting
        self._parameters: dict[tuple[str, bool], Value] = {}
        self._outputs: dict[str, Member] | None = None
        self._output_values: dict[str, Value] = {}
        self._members_left = MAX_MEMBERS
        self._following: set[str] = set()

    def id_of(self, address: str) -> str:
        return f"{self.unit}//{self.prefix}{address}"

    def allow_member(self) -> bool:
        """Counts one more member made by a loop; False, and a problem once, where there are too many."""
        self._members_left -= 1
        if self._members_left == -1:
            span = self.template.resources.span
            self._problems.append(Problem("limit", f"loops make more than {MAX_MEMBERS} members", span))
        return self._members_left >= 0

    def bound(self, name: str, bindings: Bindings[str, str]) -> str:
        """A text with the variables of the loops around it filled in."""
        if not bindings or "{" not in name:
            return name
        return _VARIABLE.sub(lambda found: bindings.get(found[1], found[0]), name)

    def evaluate(self, node: YamlNode, bindings: Bindings[str, str], deciding: bool = False) -> Value:
        """The value of a node; functions that give `AWS::NoValue` take their member or item out of what holds it.

        `deciding` is for the sides of a condition's equation: see `parameter`.
        """
        if not deciding or self._nesting.deciding:
            return self._nested(node, call(node), bindings)
        self._nesting.deciding = True
        try:
            return self._nested(node, call(node), bindings)
        finally:
            self._nesting.deciding = False

    def content(self, node: YamlNode, bindings: Bindings[str, str]) -> Value:
        """The value of a node without regard to its tag: the argument of a function in its short form."""
        return self._nested(node, long_call(node), bindings)

    def _nested(self, node: YamlNode, called: tuple[str, YamlNode] | None, bindings: Bindings[str, str]) -> Value:
        if called is None and isinstance(node, YamlScalar):
            return self._scalar(node, bindings)
        nesting = self._nesting
        if nesting.depth >= MAX_NESTING:
            return Unknown("it is nested too deeply", (), node.span)
        nesting.depth += 1
        try:
            if called is not None:
                return apply(self, called[0], called[1], node, bindings)
            if isinstance(node, YamlMapping):
                return self.mapping(node, bindings)
            return self._sequence(node, bindings)
        finally:
            nesting.depth -= 1

    def _scalar(self, node: YamlScalar, bindings: Bindings[str, str]) -> Value:
        if node.opaque or node.templated:
            return scalar_value(node)
        value = plain_scalar(node)
        if isinstance(value, str):
            value = self.bound(value, bindings)
            if "{{resolve:" in value:
                return joined([Scalar(value, node.span)], node.span, self.template.text)
        return Scalar(value, node.span)

    def _sequence(self, node: YamlNode, bindings: Bindings[str, str]) -> Value:
        items: list[Value] = []
        for item in node.items if isinstance(node, YamlSequence) else ():
            value = self.evaluate(item, bindings)
            if not _is_no_value(value):
                items.append(value)
        return Sequence(tuple(items), node.span)

    def mapping(self, node: YamlMapping, bindings: Bindings[str, str]) -> Mapping:
        """A mapping's members with their values, loops unrolled."""
        entries: list[Entry] = []
        for member in members(self, node, bindings):
            value = self.evaluate(member.pair.value, member.bindings)
            if not _is_no_value(value):
                key = Scalar(member.name, member.pair.key.span) if member.name else key_value(member.pair.key)
                entries.append(Entry(key, value, member.pair.span))
        return Mapping(tuple(entries), node.span)

    def ref(self, name: str, span: Span, bindings: Bindings[str, str]) -> Value:
        """What `Ref` of a name gives: a loop's variable, a pseudo parameter, a parameter's value, a resource."""
        if name in bindings:
            return Scalar(bindings[name], span)
        if name.startswith("AWS::"):
            return Reference(name, "", span)
        given = self.parameter(name)
        if given is not None:
            waits = isinstance(given, Reference) and given.target == self.id_of(f"Parameters/{name}")
            return replace(given, span=span) if waits else given
        if name in self.logical_ids:
            return Reference(self.id_of(name), "Ref", span)
        return Reference(name, "", span)

    def get_att(self, name: str, attribute: str, span: Span) -> Value:
        """What `Fn::GetAtt` gives; the output of a nested stack that was read is followed."""
        nested = self.nested.get(name)
        if nested is not None and attribute.startswith("Outputs."):
            value = nested.output(attribute.removeprefix("Outputs."))
            if value is not None:
                return value
        return Reference(self.id_of(name) if name in self.logical_ids else name, attribute, span)

    def output(self, name: str) -> Value | None:
        """The value of an output, one hop on; None where there is no such output, or it leads back to itself."""
        if name in self._output_values:
            return self._output_values[name]
        if self._outputs is None:
            self._outputs = {member.name: member for member in members(self, self.template.outputs, {})}
        member = self._outputs.get(name)
        value = member.pair.value.get("Value") if member and isinstance(member.pair.value, YamlMapping) else None
        if member is None or value is None or name in self._following:
            return None
        self._following.add(name)
        try:
            found = self.evaluate(value, member.bindings)
        finally:
            self._following.discard(name)
        hop = Hop("output", f"{self.prefix}Outputs/{name}", member.pair.span)
        self._output_values[name] = through(found, hop)
        return self._output_values[name]

    def parameter(self, name: str) -> Value | None:
        """The value of a parameter: what the caller gives, else its default; None where none is declared.

        Without either it is a reference to the parameter itself.  So it is with a default that is empty or that of a
        `NoEcho` parameter, for those stand for something to be given; but to decide a condition they count.
        """
        deciding = self._nesting.deciding
        key = (name, deciding)
        if key not in self._parameters:
            pair = self.template.parameters.pair(name)
            if pair is None or not isinstance(pair.value, YamlMapping):
                return None
            address = f"Parameters/{name}"
            # A parameter that waits for itself, through outputs of nested stacks, stays a reference.
            self._parameters[key] = Reference(self.id_of(address), "", pair.key.span)
            self._parameters[key] = self._bind(name, address, pair, pair.value, deciding)
        return self._parameters[key]

    def _bind(self, name: str, address: str, pair: YamlPair, declared: YamlMapping, deciding: bool) -> Value:
        argument, outside = self.given.get(name), self.values.get(name)
        kind = scalar_text(declared.get("Type"))
        if outside is not None:
            value, hop = outside.value, Hop("parameter", self.prefix + address, outside.span or pair.span)
        elif argument is not None:
            value = argument.caller.evaluate(argument.pair.value, argument.bindings)
            hop = Hop("parameter", self.prefix + address, argument.pair.span)
        else:
            default = declared.get("Default")
            stands_in = scalar_text(declared.get("NoEcho")).lower() == "true" or _is_empty(default)
            if default is None or (stands_in and not deciding):
                return Reference(self.id_of(address), "", pair.key.span)
            value = self.evaluate(default, {})
            hop = Hop("parameter", self.prefix + address, pair.span, "default")
        return through(_typed(value, kind), hop)


def _typed(value: Value, kind: str) -> Value:
    """A parameter's text as its type has it: the value of a stored parameter, a list."""
    known = text(value)
    if known is None:
        return value
    if kind.startswith(_STORE_TYPE):
        return Reference(f"ssm:{stored_name(known)}", "", value.span, value.via)
    if _LIST_TYPE.match(kind) and known.count(",") < MAX_ITEMS:
        words = known.split(",") if known else []
        return Sequence(tuple(Scalar(word.strip(), value.span) for word in words), value.span, value.via)
    return value


def _is_empty(default: YamlNode | None) -> bool:
    return isinstance(default, YamlScalar) and not default.value


def _is_no_value(value: Value) -> bool:
    return isinstance(value, Reference) and value.target == NO_VALUE
