"""What stands in a template as a block of its own and belongs to a machine beside it."""

from __future__ import annotations

from collections.abc import Mapping

from rolecall.catalog.entries import Entry
from rolecall.frontends.resource import AUTHENTICATION, Resource


def is_part(resource: Resource, resources: Mapping[str, Resource], entries: Mapping[str, Entry]) -> bool:
    """Whether a resource is the credentials of a machine's set-up, which the machine's own metadata has already."""
    if resource.type != AUTHENTICATION:
        return False
    for other in resources.values():
        entry = entries.get(other.type) if other.address == resource.address else None
        if entry is not None and any(given.path == "$Metadata" for given in entry.inputs):
            return True
    return False
