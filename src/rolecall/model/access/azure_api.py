"""Resources of Azure that Terraform declares by Azure's own API (the provider azapi), as declarations of that type.

`azapi_resource` names type and version in one attribute and takes the object as a value or, before version 2 of the
provider, as JSON text: https://registry.terraform.io/providers/Azure/azapi/latest/docs/resources/resource.  In the
catalog such a type is `azapi:Microsoft.Storage/storageAccounts`.
"""

from __future__ import annotations

from rolecall.frontends.resource import Resource, Unit
from rolecall.frontends.values import Entry, Mapping, text
from rolecall.model.flow.fields import structured
from rolecall.source.records import replace

_TYPE = "azapi_resource"


def declared(unit: Unit) -> Unit:
    """The unit, with its resources of the API by their own types."""
    if not any(resource.type == _TYPE for resource in unit.resources):
        return unit
    return replace(unit, resources=tuple(map(_named, unit.resources)))


def _named(resource: Resource) -> Resource:
    if resource.type != _TYPE or resource.mode != "resource":
        return resource
    name = (text(resource.get("type")) or "").partition("@")[0]
    return resource.seen_as(f"azapi:{name}", Mapping(tuple(map(_opened, resource.body.entries)))) if name else resource


def _opened(entry: Entry) -> Entry:
    inner = structured(entry.value) if entry.name == "body" else None
    return replace(entry, value=inner) if inner is not None else entry
