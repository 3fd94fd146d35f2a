"""The named values that come into a holder: each environment variable, argument, secret item or line of a script.

Checks and flows ask "what is in there, under which name, written where"; this module answers for every layout that the
catalog names (Input.style), so that nothing above it knows how ECS differs from CodeBuild.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rolecall.catalog.entries import Input
from rolecall.frontends.resource import Resource
from rolecall.frontends.terraform.json_text import decode_json
from rolecall.frontends.values import Encoded, Mapping, Scalar, Sequence, Template, Value, find, text
from rolecall.source.text import Span


@dataclass(frozen=True, slots=True)
class Field:
    """One named value.  `name` is "" where the place has none (a script); `span` covers what to remove to take it
    out.
    """

    name: str
    value: Value
    span: Span
    path: str
    style: str
    from_store: bool = False


def fields(resource: Resource, inputs: tuple[Input, ...]) -> Iterator[Field]:
    """Every field of the inputs that the code writes."""
    for entry in inputs:
        for value in find(resource.body, entry.path):
            yield from _layout(value, entry, value.span or resource.span)


def _layout(value: Value, entry: Input, fallback: Span) -> Iterator[Field]:
    match entry.style:
        case "map" | "store-map":
            yield from _members(value, entry, fallback, entry.style == "store-map")
        case "pairs":
            yield from _pairs(value, entry.key, entry.value, entry, fallback, False)
        case "containers":
            yield from _containers(value, entry, fallback)
        case "value":
            yield Field(entry.path.rpartition(".")[2], value, fallback, entry.path, entry.style)
        case _:
            yield from scripts(value, entry, fallback)


def _members(value: Value, entry: Input, fallback: Span, from_store: bool) -> Iterator[Field]:
    if isinstance(value, Sequence):
        for item in value.items:
            yield from _members(item, entry, fallback, from_store)
    elif isinstance(value, Mapping):
        for member in value.entries:
            yield Field(member.name or "", member.value, member.span or fallback, entry.path, entry.style, from_store)
    else:
        yield Field("", value, value.span or fallback, entry.path, entry.style, from_store)


def _pairs(value: Value, key: str, inner: str, entry: Input, fallback: Span, from_store: bool) -> Iterator[Field]:
    if isinstance(value, Sequence):
        for item in value.items:
            yield from _pairs(item, key, inner, entry, fallback, from_store)
    elif isinstance(value, Mapping) and (found := next(find(value, inner), None)) is not None:
        name = text(next(find(value, key), None)) or ""
        yield Field(name, found, value.span or fallback, entry.path, entry.style, from_store)
    elif not isinstance(value, (Mapping, Scalar)):
        yield Field("", value, value.span or fallback, entry.path, entry.style, from_store)


def _containers(value: Value, entry: Input, fallback: Span) -> Iterator[Field]:
    structure = structured(value)
    if structure is None:
        yield Field("", value, value.span or fallback, entry.path, entry.style)
        return
    containers = structure.items if isinstance(structure, Sequence) else (structure,)
    for container in containers:
        if not isinstance(container, Mapping):
            yield Field("", container, container.span or fallback, entry.path, entry.style)
            continue
        for found in find(container, entry.list):
            yield from _pairs(found, entry.key, entry.value, entry, fallback, False)
        for found in find(container, entry.stores):
            yield from _pairs(found, entry.key, entry.store_value, entry, fallback, True)


def structured(value: Value) -> Value | None:
    """The list or object that a value is or is the JSON text of; None where it cannot be told."""
    if isinstance(value, (Sequence, Mapping)):
        return value
    if isinstance(value, Encoded) and value.encoding in ("json", "yaml"):
        return value.inner
    return decode_json(value) if isinstance(value, (Scalar, Template)) else None


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
        yield Field("", value, value.span or fallback, entry.path, "script")
