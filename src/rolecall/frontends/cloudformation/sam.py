"""What SAM's `Globals` section adds to the resources of its types."""

from __future__ import annotations

from dataclasses import replace

from rolecall.frontends.values import Mapping, Sequence, Value

_PREFIX = "AWS::Serverless::"


def globals_section(type_name: str) -> str:
    """The name of the part of `Globals` that holds for a type; empty where none does."""
    return type_name.removeprefix(_PREFIX) if type_name.startswith(_PREFIX) else ""


def with_globals(shared: Value, own: Mapping) -> Mapping:
    """A resource's properties over the shared ones: maps are merged, lists are added to, everything else replaces."""
    if not isinstance(shared, Mapping):
        return own
    entries = {entry.name: entry for entry in shared.entries}
    for entry in own.entries:
        over = entries.get(entry.name)
        entries[entry.name] = replace(entry, value=_merged(over.value, entry.value)) if over else entry
    return Mapping(tuple(entries.values()), own.span, own.via)


def _merged(shared: Value, own: Value) -> Value:
    if isinstance(shared, Mapping) and isinstance(own, Mapping):
        return with_globals(shared, own)
    if isinstance(shared, Sequence) and isinstance(own, Sequence):
        return Sequence((*shared.items, *own.items), own.span, own.via)
    return own
