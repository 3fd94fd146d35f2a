"""One module as one call makes it: its variables, locals, outputs and calls as values.

An `Instance` is made for the root module and for every (call, key) of a local module, since the same folder called
twice has two sets of values.  Values are evaluated when they are asked for, once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import field
from typing import Literal

from rolecall.frontends.resource import Condition, Problem
from rolecall.frontends.terraform.constraint import conform
from rolecall.frontends.terraform.data_sources import computed
from rolecall.frontends.terraform.declaration import Declaration
from rolecall.frontends.terraform.estate import Estate
from rolecall.frontends.terraform.kinds import DIFFERS, Instances, Invalid, OneOf, Splat, bounded
from rolecall.frontends.terraform.module import Module
from rolecall.frontends.terraform.place import Place
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
from rolecall.source.patterns import late
from rolecall.source.records import dataclass
from rolecall.source.text import Span

#: Module calls inside module calls.
MAX_DEPTH = 50
#: Names that lead to names: a chain longer than this is given up.
MAX_CHAIN = 60
#: Instances of one call or resource whose keys are told apart.
MAX_KEYS = 1000
MAX_CALL_KEYS = 100
_INPUT = late(rb"\b(var|local)\s*\.\s*([A-Za-z_][\w-]*)")

InstanceKey = str | int | None


@dataclass(eq=False, slots=True)
class Iteration:
    """The `each` and `count` of one declaration: of the instance `key`, or of any of them where that is None."""

    instance: Instance
    declaration: Declaration
    key: InstanceKey
    place: Place
    _made_members: list[tuple[Value, Value]] | Unknown | None = None

    def each(self, part: Literal["key", "value"]) -> Value:
        members = self._made_members
        if members is None:
            members = self._made_members = self._members()
        if isinstance(members, Unknown):
            return members
        if self.key is None:
            possible = tuple(member[0 if part == "key" else 1] for member in members)
            if len(possible) == 1:
                return possible[0]
            return OneOf(DIFFERS, possible)
        for key, value in members:
            if text(key) == self.key:
                return key if part == "key" else value
        return Unknown("for_each has no such key", tuple(value for _, value in members))

    def _members(self) -> list[tuple[Value, Value]] | Unknown:
        """Keys and values of what for_each goes over."""
        collection = self.declaration.value("for_each", self.place)
        if collection is None:
            return Unknown("each is used without for_each")
        members = _members(collection)
        return Unknown("for_each is not known", (collection,)) if members is None else members

    def index(self) -> Value:
        if isinstance(self.key, int):
            return Scalar(self.key)
        count = self.declaration.value("count", self.place)
        return Unknown("it differs between the instances of count", () if count is None else (count,))


def _members(collection: Value) -> list[tuple[Value, Value]] | None:
    """Keys and values of what a for_each goes over; None where it is no known collection."""
    via = collection.via
    match collection:
        case Mapping(entries=entries):
            pairs = [(entry.key, entry.value) for entry in entries]
        case Sequence(items=items):
            pairs = [(item, item) for item in items]
        case _:
            return None
    return [(_with_hops(key, via), _with_hops(value, via)) for key, value in pairs] if via else pairs


def _with_hops(value: Value, via: tuple[Hop, ...]) -> Value:
    for hop in via:
        value = through(value, hop)
    return value


@dataclass(eq=False)
class Instance:
    """A module with the arguments of one call.

    `prefix` is "" for the root, else the address of the call with a dot (`module.api["a"].`).  `arguments` is where the
    call's arguments are evaluated; None for the root, whose inputs are in `estate.inputs`.
    """

    estate: Estate
    module: Module
    prefix: str = ""
    key_path: str = ""
    parent: Instance | None = None
    call: Declaration | None = None
    arguments: Place | None = None
    calls: tuple[Span, ...] = ()
    condition: Condition | None = None
    _values: dict[tuple[str, str], Value] = field(default_factory=dict, repr=False)
    _running: set[tuple[str, str]] = field(default_factory=set, repr=False)
    _children: dict[str, list[tuple[InstanceKey, Instance]] | None] = field(default_factory=dict, repr=False)
    _conditions: dict[int, Condition | None] = field(default_factory=dict, repr=False)

    @property
    def unit(self) -> str:
        return self.estate.unit

    def identify(self, address: str) -> str:
        """The id of what has this address in the module."""
        return f"{self.unit}//{self.prefix}{address}"

    def place(self, declaration: Declaration, key: InstanceKey = None) -> Place:
        """Where the expressions of a declaration stand; `key` picks one instance of its count or for_each."""
        outside = Place(self, declaration.text)
        if not (declaration.mentions(b"for_each") or declaration.mentions(b"count")):
            return outside
        return Place(self, declaration.text, 0, Iteration(self, declaration, key, outside))

    def _once(self, kind: str, name: str, make: Callable[[], Value]) -> Value:
        """The value under a name, made at its first use; a name that leads to itself is unknown."""
        slot = (kind, name)
        known = self._values.get(slot)
        if known is not None:
            return known
        if slot in self._running:
            return Unknown(f"{kind} {name} refers to itself")
        if self.estate.depth >= MAX_CHAIN:
            return Unknown("names lead to names too deeply")
        self._running.add(slot)
        self.estate.depth += 1
        try:
            value = self._values[slot] = bounded(make())
        finally:
            self._running.discard(slot)
            self.estate.depth -= 1
        return value

    # Names

    def variable(self, name: str) -> Value:
        return self._once("variable", name, lambda: self._variable(name))

    def _variable(self, name: str) -> Value:
        declaration = self.module.variables.get(name)
        if declaration is None:
            return Reference(f"{self.prefix}var.{name}", "")
        place = Place(self, declaration.text)
        given = self._given(name)
        if given is None or (_is_null(given) and not self._nullable(declaration, place)):
            default = declaration.value("default", place)
            if default is None:
                return Reference(self.identify(f"var.{name}"), "", declaration.header)
            given = through(default, Hop("variable", f"{self.prefix}var.{name}", declaration.span))
        return conform(given, declaration, place)

    def _nullable(self, declaration: Declaration, place: Place) -> bool:
        if not declaration.mentions(b"nullable"):
            return True
        nullable = declaration.value("nullable", place)
        return not (isinstance(nullable, Scalar) and nullable.value is False)

    def _given(self, name: str) -> Value | None:
        """What the call, or a file of variable values, sets the variable to."""
        if self.call is None or self.arguments is None:
            entry = self.estate.inputs.get(name)
            if entry is None:
                return None
            value = entry.value(Place(self, entry.text))
            return through(value, Hop(entry.kind, f"var.{name}", entry.span, entry.note))
        span = self.call.attribute_span(name)
        value_or_none = self.call.value(name, self.arguments) if span is not None else None
        if value_or_none is None or span is None:
            return None
        return through(value_or_none, Hop("module-input", f"{self.prefix}var.{name}", span))

    def is_given(self, name: str) -> bool:
        """Whether somebody sets the variable, so that its default does not hold."""
        if self.call is None:
            return name in self.estate.inputs
        return self.call.attribute_span(name) is not None

    def local(self, name: str) -> Value:
        return self._once("local", name, lambda: self._local(name))

    def _local(self, name: str) -> Value:
        block = self.module.locals.get(name)
        value = block.value(name, Place(self, block.text)) if block is not None else None
        if block is None or value is None:
            return Reference(f"{self.prefix}local.{name}", "")
        return through(value, Hop("local", f"{self.prefix}local.{name}", block.attribute_span(name) or block.span))

    def output(self, name: str) -> Value:
        return self._once("output", name, lambda: self._output(name))

    def _output(self, name: str) -> Value:
        declaration = self.module.outputs.get(name)
        value = declaration.value("value", Place(self, declaration.text)) if declaration is not None else None
        if declaration is None or value is None:
            return Unknown(f"{self.prefix.rstrip('.')} has no output {name}")
        span = declaration.attribute_span("value") or declaration.span
        return through(value, Hop("module-output", f"{self.prefix}{name}", span))

    def path(self, part: str) -> Value:
        if part == "root":
            return Scalar(".")
        if part == "module":
            return Scalar(self.estate.from_root(self.module.folder))
        return Unknown(f"path.{part} is known only where Terraform runs")

    # Resources

    def resource_value(self, mode: str, type: str, name: str, attribute: str, key: Value | None, span: Span) -> Value:
        declaration = self.module.resources.get((mode, type, name))
        address = f"data.{type}.{name}" if mode == "data" else f"{type}.{name}"
        if declaration is None:
            return Reference(address, attribute, span)
        if mode == "data":
            instance_key = _instance_key(key)
            slot = f"{type}.{name}.{attribute}[{instance_key!r}]"
            found = self._values.get(("data", slot))
            if found is not None:
                return found
            if (make := computed(self, declaration, attribute, instance_key, address)) is not None:
                return self._once("data", slot, make)
        condition = self._own_condition(declaration)
        if condition is None:
            return Reference(self.identify(address), attribute, span)
        if condition.keys == ():
            return Instances((), span) if key is None else Invalid(f"{address} has no instances", (), span)
        return (Splat if key is None else Reference)(self.identify(address), attribute, span)

    # Conditions

    def condition_of(self, declaration: Declaration) -> Condition | None:
        """Why a declaration of this module may not be there; that of the module's own call where it has none itself."""
        return self._own_condition(declaration) or self.condition

    def _own_condition(self, declaration: Declaration) -> Condition | None:
        slot = id(declaration)
        if slot not in self._conditions:
            self._conditions[slot] = Condition(None)  # while it is looked at: a count that asks for its own resource
            self._conditions[slot] = self._condition(declaration)
        return self._conditions[slot]

    def _condition(self, declaration: Declaration) -> Condition | None:
        for name in ("count", "for_each"):
            written = declaration.written(name)
            if written is None:
                continue
            value = declaration.value(name, Place(self, declaration.text))
            inputs = tuple(self._inputs_of(written))
            called = any(self.is_given(variable) for variable in inputs)
            addresses = tuple(f"{self.prefix}var.{variable}" for variable in inputs)
            return Condition(_keys(name, value), addresses, called, declaration.attribute_span(name))
        return None

    def _inputs_of(self, written: bytes) -> Iterator[str]:
        """The variables of this module that an expression rests on, through its locals."""
        seen: set[tuple[bytes, bytes]] = set()
        texts = [written]
        while texts:
            for kind, raw in _INPUT.findall(texts.pop()):
                if (kind, raw) in seen:
                    continue
                seen.add((kind, raw))
                name = raw.decode()
                if kind == b"var":
                    yield name
                elif (block := self.module.locals.get(name)) is not None:
                    texts.append(block.written(name) or b"")

    # Module calls

    def children(self, name: str) -> list[tuple[InstanceKey, Instance]] | None:
        """The instances of a called local module; None where the module is not on disk."""
        if name not in self._children:
            self._children[name] = None  # while it is being made: a call whose count asks for its own output
            self._children[name] = self._make_children(name)
        return self._children[name]

    def _make_children(self, name: str) -> list[tuple[InstanceKey, Instance]] | None:
        call = self.module.calls[name]
        key_path = f"{self.key_path}.{name}" if self.key_path else name
        folder = self.estate.called_folder(self.module, name, key_path)
        if folder is None:
            return None
        module = self.estate.module(folder)
        ancestor: Instance | None = self
        while ancestor is not None:
            if ancestor.module.folder == folder:
                self.estate.report(Problem("cycle", f"module {name} calls itself", call.header))
                return None
            ancestor = ancestor.parent
        if len(self.calls) >= MAX_DEPTH:
            self.estate.report(Problem("limit", "modules are nested too deeply", call.header))
            return None
        condition = self._own_condition(call)
        keys: tuple[InstanceKey, ...] = (None,)
        if condition is not None and condition.keys and len(condition.keys) <= MAX_CALL_KEYS:
            keys = condition.keys
        made: list[tuple[InstanceKey, Instance]] = []
        for key in keys:
            if not self.estate.take_instance(call):
                break
            index = "" if key is None else f"[{key}]" if isinstance(key, int) else f'["{key}"]'
            child = Instance(
                self.estate,
                module,
                f"{self.prefix}module.{name}{index}.",
                key_path,
                self,
                call,
                self.place(call, key),
                (*self.calls, call.span),
                None if key is not None and self.condition is None else condition or self.condition,
            )
            made.append((key, child))
        return made

    def call_output(self, call: str, output: str | None, key: Value | None) -> Value:
        declaration = self.module.calls.get(call)
        if declaration is None:
            return Reference(f"{self.prefix}module.{call}", output or "")
        instances = self.children(call)
        if instances is None:
            return Reference(self.identify(f"module.{call}"), output or "", declaration.header)
        condition = self._own_condition(declaration)
        if condition is not None and condition.keys == ():
            header = declaration.header
            return Instances((), header) if key is None else Invalid(f"module {call} has no instances", (), header)
        wanted = _instance_key(key)
        if wanted is not None:
            instances = [pair for pair in instances if pair[0] == wanted or pair[0] is None] or instances
        values = [instance.output(output) if output is not None else instance.outputs() for _, instance in instances]
        if len(values) == 1 and (instances[0][0] is None or key is not None):
            return values[0]
        if key is not None:
            return OneOf("the key of the module instance is not known", tuple(values))
        if all(isinstance(index, int) for index, _ in instances):
            return Instances(tuple(values), declaration.header)
        return Mapping(
            tuple(Entry(Scalar(index), value) for (index, _), value in zip(instances, values, strict=True)),
            declaration.header,
        )

    def outputs(self) -> Mapping:
        """All outputs, as one object."""
        entries = [
            Entry(Scalar(name, declaration.header), self.output(name), declaration.span)
            for name, declaration in self.module.outputs.items()
        ]
        return Mapping(tuple(entries), self.call.header if self.call is not None else None)


def _is_null(value: Value) -> bool:
    return isinstance(value, Scalar) and value.value is None


def _instance_key(key: Value | None) -> InstanceKey:
    if isinstance(key, Scalar) and isinstance(key.value, (str, int)) and not isinstance(key.value, bool):
        return key.value
    return None


def _keys(kind: str, value: Value | None) -> tuple[str | int, ...] | None:
    if kind == "count":
        number = text(value)
        if number is None or not number.isdecimal() or int(number) > MAX_KEYS:
            return None
        return tuple(range(int(number)))
    members = _members(value) if value is not None else None
    if members is None or len(members) > MAX_KEYS:
        return None
    keys = [text(key) for key, _ in members]
    return None if None in keys else tuple(dict.fromkeys(key for key in keys if key is not None))
