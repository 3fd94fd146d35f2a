"""Settings that decide about identity: local keys accepted beside an identity provider, a machine without an identity,
a password for logging in.

What is asked of each type is a row of the catalog (catalog/entries.py, `settings`).  Only what stands wrong becomes a
part of the model; a value that cannot be told, or that a library leaves to its callers, says nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from rolecall.catalog.entries import Entry, Setting, catalog
from rolecall.frontends.resource import Resource, Unit
from rolecall.frontends.values import Mapping as MappingValue
from rolecall.frontends.values import Scalar, Sequence, Value, references, render, text
from rolecall.model.fields import attributes
from rolecall.model.parts import Fragment, Misset, Site
from rolecall.model.secret_values import read_secret_values
from rolecall.model.sites import absent, site_of
from rolecall.source.text import Span

#: What stands for an attribute that is not written and has no default that matters, and for a block that is there.
ABSENT, PRESENT = "absent", "present"


def read_wrong(unit: Unit, fragment: Fragment) -> None:
    """Adds to a fragment what is set wrong, and which secrets are written, on every type that the catalog asks of."""
    entries = catalog()
    types: dict[str, list[Resource]] = {}
    for resource in unit.resources:
        if resource.mode == "resource":
            types.setdefault(resource.type, []).append(resource)
    resources = {resource.id: resource for resource in unit.resources if resource.mode == "parameter"}
    for name, found in types.items():
        entry = entries.get(name)
        if entry is None or not (entry.settings or entry.secrets):
            continue
        for resource in found:
            if absent(resource, unit.library):
                continue
            site = site_of(resource)
            fragment.missets.extend(read_settings(resource, entry, site, unit.library, types))
            fragment.secret_values.extend(read_secret_values(resource, entry, site, unit.library, resources))


def read_settings(
    resource: Resource, entry: Entry, site: Site, library: bool, types: Mapping[str, Collection[Resource]]
) -> Iterator[Misset]:
    """What is set wrong on one resource; `types` are the unit's resources by type."""
    for setting in entry.settings:
        if not all(_holds(resource, path, wanted, library) for path, wanted in setting.when):
            continue
        if any(_companion(resource, kind, path, types) for kind, path in setting.unless):
            continue
        for value, span in _values(resource, setting, library):
            if _bad(setting, value):
                yield Misset(
                    site, setting.idea, setting.path.partition("|")[0], value, setting.says, setting.severity, span
                )


def _values(resource: Resource, setting: Setting, library: bool) -> Iterator[tuple[str, Span]]:
    """The written values at the setting's path (each item of a list), or its default where none is written; unknown
    ones are left out.
    """
    if not setting.path:
        yield PRESENT, resource.header
        return
    for path in setting.path.split("|"):
        found = [(value, span) for value, span in attributes(resource, path) if not _null(value)]
        if found:
            for value, span in found:
                for item in _items(value):
                    if (said := told(item, library)) is not None:
                        yield said, (span or item.span or resource.header)
            return
    outer = setting.path.partition("|")[0].rpartition(".")[0]
    around = resource.get(outer) if outer else None
    if outer and setting.inside and around is None:
        return
    yield setting.default, (around.span if around is not None and around.span else resource.header)


def _items(value: Value) -> tuple[Value, ...]:
    """The items of a list of plain values; anything else as it is."""
    if isinstance(value, Sequence) and value.items and not any(isinstance(i, MappingValue) for i in value.items):
        return value.items
    return (value,)


def told(value: Value, library: bool) -> str | None:
    """A value as the catalog compares it, lower case; None where it cannot be told.

    What a library's own variable defaults to is for its callers to decide.
    """
    if library and any(hop.kind == "variable" for hop in value.via):
        return None
    if isinstance(value, (MappingValue, Sequence)):
        if isinstance(value, Sequence) and not value.items:
            return ABSENT
        inner = render(value)
        return PRESENT if isinstance(value, MappingValue) or "=" in inner else inner.lower()
    said = text(value)
    return None if said is None else said.lower()


def _null(value: Value) -> bool:
    return isinstance(value, Scalar) and value.value is None


def _bad(setting: Setting, value: str) -> bool:
    if value in setting.bad:
        return True
    if setting.good and value not in setting.good:
        return True
    try:
        number = float(value)
    except ValueError:
        return False
    return (setting.above is not None and number > setting.above) or (
        setting.below is not None and number < setting.below
    )


def _holds(resource: Resource, path: str, wanted: tuple[str, ...], library: bool) -> bool:
    value = resource.get(path)
    said = ABSENT if value is None or _null(value) else told(value, library)
    return said is not None and said in wanted


def _companion(resource: Resource, kind: str, path: str, types: Mapping[str, Collection[Resource]]) -> bool:
    """Whether a resource of another type speaks for this one."""
    for other in types.get(kind, ()):
        value = other.get(path) if path else None
        if not path or (value is not None and any(r.target == resource.id for r in references(value))):
            return True
    return False
