"""The Azure catalog against the schemas of every major of its providers."""

from __future__ import annotations

from provider_schemas import attributes, needs_schemas

from rolecall.catalog.entries import Entry, catalog

#: Attributes of azuread before 1.0, of which no schema is at hand, and paths that only some types of a table have.
OLDER = {("azuread_application", "name"), ("azuread_application", "reply_urls")}
PATHS = ("name", "tags", "sign_in", "same_as", "owner", "rotates", "given", "scope", "principal", "policy")
MORE = ("condition", "url", "subjects", "identity", "document")
AZURE = [entry for entry in catalog().values() if entry.cloud == "azure" and not entry.type.startswith("azapi:")]
ASKED = [entry for entry in catalog().values() if entry.type.removeprefix("data:").startswith(("azurerm_", "azuread_"))]
#: What the schema says nothing of: an attribute's content that may be written as blocks, Terraform's own blocks.
UNTOLD = ("access_policy.", "connection.", "provisioner.")


def paths(entry: Entry) -> set[str]:
    named = {one for key in (*PATHS, *MORE) for one in getattr(entry, key).split("|") if one}
    named |= {*entry.id, *entry.secret, *entry.values}
    for way in entry.inputs:
        named.add(way.path)
        if way.style == "pairs":
            named |= {f"{way.path}.{way.key}", f"{way.path}.{way.value}"}
    return named


@needs_schemas
def test_every_type_is_one_of_the_provider() -> None:
    assert [entry.type for entry in AZURE if not attributes(entry.type)] == []


@needs_schemas
def test_every_path_is_in_the_schema_of_a_type_of_its_table() -> None:
    """Types that share a table differ in a few inputs: a path must be in one of them."""
    tables: dict[frozenset[str], list[Entry]] = {}
    for entry in AZURE:
        tables.setdefault(frozenset({*paths(entry), entry.part, entry.platform, entry.cls}), []).append(entry)
    wrong = {
        (entries[0].type, path)
        for entries in tables.values()
        for path in paths(entries[0])
        if not any(path in attributes(entry.type) for entry in entries)
    }
    assert wrong - OLDER == set()


def settled(entry: Entry) -> set[tuple[str, str]]:
    """(type, path) of everything that a type's settings and secrets ask; of renamed attributes, all names."""
    named = {(entry.type, secret.path) for secret in entry.secrets}
    for setting in entry.settings:
        named.add((entry.type, setting.path))
        named |= {(entry.type, path.rpartition("->")[0] or path) for path, _ in setting.when}
        named |= set(setting.unless)
    return {(kind, path) for kind, path in named if path and not path.startswith(UNTOLD)}


@needs_schemas
def test_every_setting_and_secret_is_in_the_schema() -> None:
    """Of an attribute that goes by several names, one must be."""
    wrong = {
        (kind, path)
        for entry in ASKED
        for kind, path in settled(entry)
        if not any(one in attributes(kind) for one in path.split("|"))
    }
    assert wrong == set()
