"""Names and what follows them: attributes, indexes and splats."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from tree_sitter import Node

from rolecall.frontends.terraform.conversion import NotKnown, Refused, to_number, to_text
from rolecall.frontends.terraform.kinds import (
    Instances,
    Invalid,
    OneOf,
    Set,
    Splat,
    choices,
    element_of,
    items_of,
    seen_through,
    unknown,
)
from rolecall.frontends.terraform.scope import Scope
from rolecall.frontends.values import Encoded, Mapping, Reference, Scalar, Sequence, Template, Unknown, Value, text
from rolecall.source.hcl import node_text
from rolecall.source.records import dataclass, replace
from rolecall.source.text import Span

Evaluate = Callable[[Node, Scope], Value]

#: Splats after splats in one expression.
_MAX_SPLATS = 20
#: `.0` belongs to the `.*` before it, where `[0]` is an index into the list that `.*` makes.
_IN_ATTRIBUTE_SPLAT = ("attribute", "legacy-index")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a traversal: `.name`, `[key]`, `.0`, `.*` or `[*]`."""

    kind: Literal["attribute", "index", "legacy-index", "attribute-splat", "splat"]
    key: Value | None = None


def _steps(nodes: list[Node], scope: Scope, evaluate: Evaluate) -> list[Step]:
    """The steps in a flat list; the grammar puts what follows a splat inside it."""
    steps: list[Step] = []
    stack = list(reversed(nodes))
    while stack:
        node = stack.pop()
        match node.type:
            case "get_attr":
                steps.append(Step("attribute", Scalar(node_text(node.children[-1]))))
            case "index" | "splat":
                stack.extend(reversed(node.children))
            case "new_index":
                inner = next((child for child in node.children if child.type == "expression"), None)
                key = evaluate(inner, scope) if inner else Invalid("index is missing", (), scope.span(node))
                steps.append(Step("index", key))
            case "legacy_index":
                number = (node.text or b"")[1:].strip()
                steps.append(Step("legacy-index", Scalar(int(number) if number.isdigit() else 0, scope.span(node))))
            case "attr_splat" | "full_splat":
                steps.append(Step("attribute-splat" if node.type == "attr_splat" else "splat"))
                stack.extend(reversed(node.children[1:]))
            case _:
                pass
    return steps


def follow(value: Value, nodes: list[Node], scope: Scope, evaluate: Evaluate) -> Value:
    """What a traversal leads to from a value."""
    span = scope.extent(nodes[0].start_byte, nodes[-1].end_byte)
    return _followed(value, _steps(nodes, scope, evaluate), span)


def _followed(value: Value, steps: list[Step], span: Span) -> Value:
    if sum(1 for step in steps if step.kind in ("splat", "attribute-splat")) > _MAX_SPLATS:
        return Unknown("expression is nested too deeply", (value,), span)
    at = 0
    while at < len(steps):
        step = steps[at]
        at += 1
        if step.kind == "splat":
            return _splat(value, steps[at:], span)
        if step.kind == "attribute-splat":
            start = at
            while at < len(steps) and steps[at].kind in _IN_ATTRIBUTE_SPLAT:
                at += 1
            value = _splat(value, steps[start:at], span)
        elif step.key is not None:
            value = member(value, step.key, span)
    return value


def _splat(value: Value, steps: list[Step], span: Span) -> Value:
    match value:
        case Sequence():
            return Sequence(tuple(_followed(item, steps, span) for item in items_of(value)), span)
        case Scalar(value=None):
            return Sequence((), span, value.via)
        case Reference():
            one = _followed(element_of(value) or value, steps, span)
            return Splat(one.target, one.attribute, one.span, one.via) if isinstance(one, Reference) else one
        case OneOf():
            return OneOf(value.reason, tuple(_splat(one, steps, span) for one in choices(value)), span)
        case Invalid():
            return value
        case Unknown():
            return unknown(value.reason, value.about, span)
        case _:
            return Sequence((_followed(value, steps, span),), span)


def member(value: Value, key: Value, span: Span) -> Value:
    """`value.key` or `value[key]`."""
    match value:
        case Mapping():
            return _entry(value, key, span)
        case Sequence():
            return _item(value, key, span)
        case Splat():
            return replace(element_of(value) or value, span=span)
        case Reference(attribute=attribute):
            name = text(key) or "*"
            return replace(value, attribute=f"{attribute}.{name}" if attribute else name, span=span)
        case OneOf():
            found = tuple(
                one for one in (member(one, key, span) for one in choices(value)) if not isinstance(one, Invalid)
            )
            return OneOf(value.reason, found, span) if found else Invalid("no such attribute", (value,), span)
        case Invalid():
            return value
        case Unknown():
            return Unknown(value.reason, value.about, span, value.via)
        case Scalar() | Template() | Encoded():
            reason = "value is null" if isinstance(value, Scalar) and value.value is None else "value has no members"
            return Invalid(reason, (value,), span)


def _entry(mapping: Mapping, key: Value, span: Span) -> Value:
    try:
        name = to_text(key)
    except Refused as refused:
        return Invalid(str(refused), (mapping, key), span)
    except NotKnown:
        members = tuple(seen_through(entry.value, mapping.via) for entry in mapping.entries)
        return OneOf("key is not known", (*members, key) if len(members) <= 40 else (mapping, key), span)
    found: Value | None = None
    later: list[Value] = []
    for entry in mapping.entries:
        if entry.name == name:
            found, later = entry.value, []
        elif not isinstance(entry.key, Scalar):
            later.append(entry.value)
    if found is None and not later:
        return Invalid(f"there is no {name} here"[:200], (mapping,), span)
    if found is not None and not later:
        return seen_through(found, mapping.via)
    about = later if found is None else [found, *later]
    return OneOf("not all keys are known", tuple(seen_through(one, mapping.via) for one in about), span)


def _item(sequence: Sequence, key: Value, span: Span) -> Value:
    if isinstance(sequence, Set):
        return Invalid("a set has no indexes", (sequence,), span)
    try:
        at = to_number(key)
    except Refused as refused:
        return Invalid(str(refused), (sequence, key), span)
    except NotKnown:
        members = items_of(sequence)
        return OneOf("index is not known", (*members, key) if len(members) <= 40 else (sequence, key), span)
    if not isinstance(at, int) or not 0 <= at < len(sequence.items):
        return Invalid("index is out of range", (sequence,), span)
    return seen_through(sequence.items[at], sequence.via)


def name(head: Node, nodes: list[Node], scope: Scope, evaluate: Evaluate) -> Value:
    """What a name and the traversal after it stand for."""
    root = node_text(head)
    bound = scope.binding(root)
    if bound is not None:
        return follow(bound, nodes, scope, evaluate) if nodes else bound
    steps = _steps(nodes, scope, evaluate)
    simple = _NAMED.get(root)
    if simple is not None and len(steps) == 1 and steps[0].kind == "attribute":
        return simple(scope, _named(steps[0]))
    return _resolved(root, steps, scope, scope.extent(head.start_byte, nodes[-1].end_byte if nodes else head.end_byte))


def dotted(names: list[str], scope: Scope, span: Span) -> Value:
    """What `a.b.c` stands for, where the first of the names is not bound."""
    return _resolved(names[0], [Step("attribute", Scalar(one)) for one in names[1:]], scope, span)


def _resolved(root: str, steps: list[Step], scope: Scope, span: Span) -> Value:
    simple = _NAMED.get(root)
    if simple is not None and steps:
        if steps[0].kind != "attribute":
            return Invalid("a name is required", (), span)
        return _followed(simple(scope, _named(steps[0])), steps[1:], span)
    reader = _ROOTS.get(root)
    if not steps or (steps[0].kind != "attribute" and reader is None):
        return Invalid(f"{root} is not a value here"[:200], (), span)
    if reader is None:
        return _resource("resource", root, steps, scope, span)
    return reader(steps, scope, span)


def _named(step: Step) -> str:
    return text(step.key) or ""


def _each(scope: Scope, part: str) -> Value:
    if part == "key":
        return scope.each("key")
    return scope.each("value") if part == "value" else Invalid(f"each.{part} does not exist"[:200])


def _count(scope: Scope, part: str) -> Value:
    return scope.count_index() if part == "index" else Invalid(f"count.{part} does not exist"[:200])


def _terraform(scope: Scope, part: str) -> Value:
    return (
        scope.workspace()
        if part == "workspace"
        else Unknown(f"terraform.{part} is only known when it is applied"[:200])
    )


def _self(scope: Scope, part: str) -> Value:
    return Unknown("self is only known when it is applied")


def _data(steps: list[Step], scope: Scope, span: Span) -> Value:
    if len(steps) < 2 or steps[0].kind != "attribute" or steps[1].kind != "attribute":
        return Invalid("data source needs a type and a name", (), span)
    return _resource("data", _named(steps[0]), steps[1:], scope, span)


def _ephemeral(steps: list[Step], scope: Scope, span: Span) -> Value:
    if len(steps) < 2 or steps[0].kind != "attribute" or steps[1].kind != "attribute":
        return Invalid("ephemeral resource needs a type and a name", (), span)
    value = Reference(f"ephemeral.{_named(steps[0])}.{_named(steps[1])}", "", span)
    return _followed(value, steps[2:], span)


def _instance(steps: list[Step]) -> tuple[Value | None, bool, list[Step]]:
    """The instance key that the first step selects, whether it is a splat, and the steps below.

    `x.*.id[0]` selects an instance too: the index is into the list of all of them.
    """
    if not steps:
        return None, False, steps
    if steps[0].kind in ("index", "legacy-index"):
        return steps[0].key, False, steps[1:]
    if steps[0].kind == "splat":
        return None, True, steps[1:]
    if steps[0].kind == "attribute-splat":
        at = 1
        while at < len(steps) and steps[at].kind in _IN_ATTRIBUTE_SPLAT:
            at += 1
        if at < len(steps) and steps[at].kind == "index":
            return steps[at].key, False, steps[1:at] + steps[at + 1 :]
        return None, True, steps[1:]
    return None, False, steps


def _resource(mode: Literal["resource", "data"], type_: str, steps: list[Step], scope: Scope, span: Span) -> Value:
    """`TYPE.NAME…`: the first of `steps` is the name."""
    key, splat, rest = _instance(steps[1:])
    path = ".".join(text(step.key) or "*" for step in rest)
    value = scope.resource(mode, type_, _named(steps[0]), path, key, span)
    return _all_instances(value, span) if splat else value


def _all_instances(value: Value, span: Span) -> Value:
    """The list of something over all instances, where the scope told of one that stands for all."""
    if isinstance(value, Reference):
        return Splat(value.target, value.attribute, value.span, value.via)
    return value if isinstance(value, (Unknown, Instances)) else Sequence((value,), span)


def _module(steps: list[Step], scope: Scope, span: Span) -> Value:
    if steps[0].kind != "attribute":
        return Invalid("module needs a name", (), span)
    key, splat, rest = _instance(steps[1:])
    output = _named(rest[0]) if rest and rest[0].kind == "attribute" else None
    value = scope.module_output(_named(steps[0]), output, key)
    below = rest if output is None else rest[1:]
    if below and isinstance(value, Instances):
        return _splat(value, below, span)
    if below:
        value = _followed(value, below, span)
    return _all_instances(value, span) if splat else value


#: Roots whose first attribute is a name; what follows is looked up in the value.
_NAMED: dict[str, Callable[[Scope, str], Value]] = {
    "var": lambda scope, name: scope.variable(name),
    "local": lambda scope, name: scope.local(name),
    "path": lambda scope, name: scope.path(name),
    "each": _each,
    "count": _count,
    "terraform": _terraform,
    "self": _self,
}
_ROOTS: dict[str, Callable[[list[Step], Scope, Span], Value]] = {
    "data": _data,
    "ephemeral": _ephemeral,
    "module": _module,
}
