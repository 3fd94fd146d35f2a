"""The named values that come into a holder: each environment variable, argument, secret item or line of a script.

Checks and flows ask "what is in there, under which name, written where"; this module answers for every layout that the
catalog names (Input.style), so that nothing above it knows how ECS differs from CodeBuild.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.catalog.entries import Entry, Input
from rolecall.frontends.resource import Resource
from rolecall.frontends.terraform.json_text import decode_json
from rolecall.frontends.terraform.kinds import Joined, Judged, OneOf, choices
from rolecall.frontends.values import (
    Encoded,
    Hop,
    Mapping,
    Reference,
    Scalar,
    Sequence,
    Template,
    Value,
    children,
    find,
    text,
)
from rolecall.model.access.choices import is_nothing
from rolecall.source.records import dataclass, replace
from rolecall.source.text import Span

#: Values that stand for several: a list, one of which a part is known, one of several.
_LISTS = (Sequence, Joined, OneOf)
#: What a container runs, where a key may be an argument.
_COMMANDS = ("command", "entryPoint")
#: What CodeBuild calls the stores that a variable may come from.
STORE_TYPES = {"PARAMETER_STORE": "ssm", "SECRETS_MANAGER": "secretsmanager"}


@dataclass(frozen=True, slots=True)
class Field:
    """One named value.  `name` is "" where the place has none (a script); `span` covers what to remove to take it
    out.  `store` is set where the value names a store to read rather than being what is read: its kind, or "any".
    `attribute` is where the holder itself writes it, which a map or a template elsewhere may be put into.
    """

    name: str
    value: Value
    span: Span
    path: str
    style: str
    store: str = ""
    attribute: Span | None = None


def fields(resource: Resource, inputs: tuple[Input, ...]) -> Iterator[Field]:
    """Every field of the inputs that the code writes."""
    for entry in inputs:
        for value, attribute in attributes(resource, entry.path):
            for item in _layout(value, entry, place_in(value, attribute) or resource.span):
                yield item if attribute is None or attribute.contains(item.span) else replace(item, attribute=attribute)


def place_in(value: Value, attribute: Span | None) -> Span | None:
    """Where a value is written; its attribute where it comes from elsewhere as it is."""
    if isinstance(value, Reference) and attribute is not None:
        return attribute
    return value.span or attribute


def attributes(resource: Resource, path: str) -> Iterator[tuple[Value, Span | None]]:
    """The values at a path with the spans of the attributes that give them."""
    outer, _, name = path.rpartition(".")
    for holder in find(resource.body, outer):
        for body in holder.items if isinstance(holder, Sequence) else (holder,):
            if isinstance(body, Mapping):
                yield from ((entry.value, entry.span) for entry in body.entries if entry.name == name)
            else:
                yield from ((value, None) for value in find(body, name))


def slot_of(resource: Resource, entry: Entry) -> tuple[Value | None, Span | None]:
    """What a workload is given as its identity, and where that is written."""
    if not entry.identity_pair:
        value = resource.get(entry.identity) if entry.identity else None
        if value is None and "." in entry.identity:
            value = _in_text(resource, *entry.identity.split(".", 1))
        return value, next((span for _, span in attributes(resource, entry.identity)), None)
    path, name, wanted, inner = entry.identity_pair
    for holder, _ in attributes(resource, path):
        for pair in holder.items if isinstance(holder, Sequence) else (holder,):
            if isinstance(pair, Mapping) and text(pair.get(name)) == wanted:
                return pair.get(inner), pair.span
    return None, None


def _in_text(resource: Resource, outer: str, inner: str) -> Value | None:
    """A member of a document that an attribute has as JSON text."""
    document = resource.get(outer)
    if not isinstance(document, (Scalar, Template)):
        return None
    structure = structured(document)
    return next(find(structure, inner), None) if structure is not None else None


def _layout(value: Value, entry: Input, fallback: Span) -> Iterator[Field]:
    match entry.style:
        case "map" | "store-map":
            yield from _members(value, entry, fallback, "any" if entry.style == "store-map" else "")
        case "pairs" | "store-pairs":
            yield from _pairs(
                value, entry.key, entry.value, entry, fallback, "any" if entry.style == "store-pairs" else ""
            )
        case "containers":
            yield from _containers(value, entry, fallback)
        case "value":
            yield Field(entry.key or entry.path.rpartition(".")[2], value, fallback, entry.path, entry.style)
        case _:
            yield from scripts(value, entry, fallback)


def _members(value: Value, entry: Input, fallback: Span, store: str) -> Iterator[Field]:
    if isinstance(value, _LISTS):
        for item in listed(value):
            yield from _members(within(item, value), entry, fallback, store)
    elif isinstance(value, Mapping):
        for member in value.entries:
            yield Field(
                member.name or "", within(member.value, value), member.span or fallback, entry.path, entry.style, store
            )
    else:
        yield Field("", value, value.span or fallback, entry.path, entry.style, store)


def listed(value: Value) -> tuple[Value, ...]:
    """The members of a list, as far as they are known, or what a value may be; what counts as nothing is left out."""
    inside = choices(value) if isinstance(value, OneOf) else children(value)
    return tuple(one for one in inside if not is_nothing(one))


def within(value: Value, outer: Value) -> Value:
    """A value with the hops of the value around it behind its own."""
    return replace(value, via=(*value.via, *outer.via)) if outer.via else value


def _pairs(value: Value, key: str, inner: str, entry: Input, fallback: Span, store: str) -> Iterator[Field]:
    if isinstance(value, _LISTS):
        for item in listed(value):
            yield from _pairs(within(item, value), key, inner, entry, fallback, store)
    elif isinstance(value, Mapping) and (found := next(find(value, inner), None)) is not None:
        name = text(next(find(value, key), None)) or ""
        written = text(value.get(entry.type)) if entry.type else None
        yield Field(
            name,
            within(found, value),
            value.span or fallback,
            entry.path,
            entry.style,
            store or STORE_TYPES.get(written or "", ""),
        )
    elif not isinstance(value, (Mapping, Scalar)):
        yield Field("", value, value.span or fallback, entry.path, entry.style, store)


def _containers(value: Value, entry: Input, fallback: Span) -> Iterator[Field]:
    structure = structured(value)
    if structure is None:
        yield Field("", value, value.span or fallback, entry.path, entry.style)
        return
    names = (entry.list, entry.stores, entry.key, entry.value, entry.store_value, *_COMMANDS)
    structure = _in_case(structure, {name.lower(): name for name in names})
    containers = [structure]
    while any(isinstance(one, _LISTS) for one in containers):
        containers = [each for one in containers for each in (listed(one) if isinstance(one, _LISTS) else (one,))]
    for container in containers:
        if not isinstance(container, Mapping):
            yield Field("", container, container.span or fallback, entry.path, entry.style)
            continue
        for found in find(container, entry.list):
            yield from _pairs(found, entry.key, entry.value, entry, fallback, "")
        for found in find(container, entry.stores):
            yield from _pairs(found, entry.key, entry.store_value, entry, fallback, "any")
        for name in _COMMANDS:
            for found in find(container, name):
                yield from scripts(found, entry, found.span or fallback)


def _in_case(value: Value, names: dict[str, str]) -> Value:
    """A container, or what lies in it, with the names as they are documented: the provider takes them in any case, as
    Go reads JSON (https://pkg.go.dev/encoding/json#Unmarshal).  `names` are those, by their lower case.
    """
    if isinstance(value, Sequence):
        return replace(value, items=tuple(_in_case(item, names) for item in value.items))
    if not isinstance(value, Mapping):
        return value
    entries = []
    for item in value.entries:
        name = names.get((item.name or "").lower())
        if name is not None:
            item = replace(item, key=Scalar(name, item.key.span), value=_in_case(item.value, names))
        entries.append(item)
    return replace(value, entries=tuple(entries))


def structured(value: Value) -> Value | None:
    """The list or object that a value is or is the JSON text of; None where it cannot be told."""
    if isinstance(value, (Sequence, Mapping)):
        return value
    if isinstance(value, Encoded) and value.encoding in ("json", "yaml"):
        return value.inner
    return decode_json(value) if isinstance(value, (Scalar, Template)) else None


def held(value: Value) -> Iterator[Reference]:
    """The references that a value holds or is made from: not what a comparison or a hash has only looked at."""
    stack: list[tuple[Value, tuple[Hop, ...]]] = [(value, ())]
    while stack:
        node, outer = stack.pop()
        below = (*node.via, *outer)
        if isinstance(node, Reference):
            yield replace(node, via=below)
        elif not isinstance(node, Judged):
            stack.extend((child, below) for child in reversed(children(node)))


def scripts(value: Value, entry: Input, fallback: Span) -> Iterator[Field]:
    """A script or any other text: one field for the whole, and one for each value inside a structure."""
    if isinstance(value, Encoded) and value.encoding == "base64":
        yield from scripts(value.inner, entry, value.span or fallback)
    elif isinstance(value, Sequence):
        for item in value.items:
            yield from scripts(item, entry, item.span or fallback)
    elif isinstance(value, Mapping):
        for member in value.entries:
            span = member.span or fallback
            if isinstance(member.value, (Mapping, Sequence, Encoded)):
                yield from scripts(member.value, entry, span)
            else:
                yield Field(member.name or "", member.value, span, entry.path, "any")
    elif isinstance(value, Encoded):
        yield from scripts(value.inner, entry, value.span or fallback)
    else:
        yield Field("", value, place_in(value, fallback) or fallback, entry.path, "script")
