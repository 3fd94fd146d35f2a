"""The catalogs of Google Cloud and OCI against the schemas of every major of their providers."""

from __future__ import annotations

import pytest
from provider_schemas import attributes, needs_schemas

from rolecall.catalog.entries import Entry, catalog

PATHS = (
    *("name", "owner", "rotates", "half", "bounds", "status", "scope", "principal", "users", "group_list"),
    *("policy", "document", "condition", "mapping", "pool", "subjects", "url", "identity", "parent"),
)
ENTRIES = [entry for entry in catalog().values() if entry.cloud in ("gcp", "oci")]


def paths(entry: Entry) -> set[str]:
    named = {path for key in PATHS if (path := getattr(entry, key))} | {
        *entry.id,
        *entry.secret,
        *entry.smtp,
        *entry.values,
    }
    for way in entry.inputs:
        named.add(way.path)
        if way.style == "pairs":
            named |= {f"{way.path}.{way.key}", f"{way.path}.{way.value}"}
        if way.style == "containers":
            named |= {f"{way.path}.{way.list}.{part}" for part in (way.key, way.value)}
            named.add(f"{way.path}.{way.stores}.{way.store_value}")
    for setting in entry.settings:
        named.update(setting.path.split("|"))
        named.update(path for path, _ in setting.when if "->" not in path)
    named.update(path for secret in entry.secrets for path in secret.path.split("|"))
    # The keys of an instance's metadata are free; every resource may have a connection and provisioners.
    return {path for path in named if path and path.partition(".")[0] not in ("metadata", "connection", "provisioner")}


@needs_schemas
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.type)
def test_every_path_is_in_the_schema(entry: Entry) -> None:
    known = attributes(entry.type)
    assert known, "no major of the provider has this type"
    assert {path for path in paths(entry) if path not in known} == set()
