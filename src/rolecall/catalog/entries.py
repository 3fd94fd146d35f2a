"""The catalog: which part each resource type plays in the model, and where its attributes lie.

One TOML table per type.  Keys:

part        identity, login, credential, grant, policy, membership, oidc-provider, profile, pod-identity, workload,
            deployment, store, resource-policy, pod, service-account, external-secret, rbac (a role or binding of a
            cluster), manifest
kind        what kind of identity, workload or store
name path tags boundary scope namespace url status pgp of service_account   attribute paths
owner       credential or login: the attribute that names its identity
class       credential: its class (access-key, client-secret …)
id secret smtp   credential: attributes that give its public half, its secret half, an SMTP password made from it
how principal principal_kind users roles group_list document policy inline managed groups trust login   grants and roles
identity    workload: the attribute of the identity that it runs as; platform, target: model/parts.py, model/targets.py
implicit_identity  workload: where that attribute is empty, it is given an identity of its own all the same
identity_pair  the same where it is one of a list of pairs: the list, the member with the name, that name, the member
            with the value
inputs      workload: where values come in.  style: map, pairs, containers, script, value, store-map,
            store-pairs (names of stores rather than values), any;
            type: the member of a pair that says whether its value names a store
values      store: the attributes whose content it keeps; parent: the attribute that names the store it belongs to
half        credential: the attribute that takes the public half of a key pair, whose private half is the secret
rotates bounds   credential: attributes that make a new one when they change, limit its use
level       grant: how much it is granted on: project, folder, organization …; scope: the attribute that says of what
condition mapping pool subjects   federation: what a token must be like, what its claims become, who may have it
given       credential: the argument that the code may set the secret by
same_as     identity: the attribute that names the declared identity whose other side this is
sign_in     identity: attributes by which people sign in through it
also        more types that the same table serves; a type that several tables name has the keys of all
document    also of a type that plays another part: a policy on it that names principals
action asks resource-policy: attributes of a permission that is one statement: what it allows, and what it asks of
            the caller (`condition key = attribute`); principal: who
acls        attributes with a canned ACL or the URI of a grantee
settings    attributes that decide about identity and may be set wrong; each row: idea (which check speaks of it), path
            ("" for the resource itself, which is `present`; a list is judged item by item), bad or good (the values,
            lower case; `present` for a block, `absent` where nothing is written and no default is given), like (a
            pattern to look for in the value as the code writes it, references too), default (what the provider takes
            where nothing is written), above, below (numbers), when (path → values that must hold for the row to apply;
            `written` for any), unless (type → its attribute that names this resource, or `attribute=value`: another
            resource that settles it), inside (only where the block around the attribute is written), longer (days: of a
            duration, or of a date that stands for never), same (an attribute that must have another value), pem (the
            text of a certificate, which says itself what is wrong), pair (of a list of pairs: the member with the name,
            the names that count, the member with the value), says, severity. An empty path is the declaration
            itself; `reference->attribute` in `when` is an attribute of the resource that one refers to
secrets     attributes that take a secret's value: path and class; store: it keeps any text, of an object its secret
            members; named: only where the store's name is a secret's; when as above

A table needs no part where it only has settings or secrets; those of a type that several files speak of add up.

An attribute that providers renamed is written `new|old` (Resource.get).

A file of IDEAS is laid out the other way round: a list of settings for each idea, each with the `types` that it holds
for.  The types `provider:NAME` and `module:SOURCE` are provider blocks and calls of a registry module.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from rolecall.source.patterns import late
from rolecall.source.records import dataclass

#: A file is called after its cloud: `aws_secrets.toml` has more rows for the types of `aws.toml` and for others.
CATALOGS = (
    "aws.toml",
    "aws_secrets.toml",
    "aws_settings.toml",
    "azure.toml",
    "azure_secrets.toml",
    "kubernetes.toml",
    "ci.toml",
    "gcp.toml",
    "oci.toml",
    "other_secrets.toml",
)
#: Files of settings by idea; more of them hold for the types of the files above and for others.
IDEAS = (
    "audiences.toml",
    "azure_api.toml",
    "azure_settings.toml",
    "clusters.toml",
    "gcp_settings.toml",
    "lifecycle.toml",
    "saas.toml",
    "transport.toml",
)
#: Whose a type is that only a file of ideas names, by how it starts.
_CLOUDS = {"aws_": "aws", "AWS::": "aws", "azure": "azure", "azapi:": "azure", "google_": "gcp", "oci_": "oci"}


@dataclass(frozen=True, slots=True)
class Input:
    """One way into a workload; `style` says how names and values are laid out below `path`."""

    path: str
    style: str
    key: str = ""
    value: str = ""
    list: str = ""
    stores: str = ""
    type: str = ""
    store_value: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """One attribute that decides about identity, and which of its values are wrong; see the head of this module."""

    idea: str
    path: str
    says: str
    bad: tuple[str, ...] = ()
    good: tuple[str, ...] = ()
    default: str = "absent"
    above: float | None = None
    below: float | None = None
    like: str = ""
    when: tuple[tuple[str, tuple[str, ...]], ...] = ()
    unless: tuple[tuple[str, str], ...] = ()
    inside: bool = False
    longer: float | None = None
    same: str = ""
    pem: bool = False
    pair: tuple[str, ...] = ()
    severity: str = ""


@dataclass(frozen=True, slots=True)
class SecretField:
    """An attribute that takes a secret's value; `cls` is the class of credential."""

    path: str
    cls: str = "password"
    store: bool = False
    named: bool = False
    when: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """What the catalog says of one type.  Empty strings and tuples where a key does not apply."""

    type: str
    part: str
    cloud: str
    kind: str = ""
    platform: str = ""
    target: str = ""
    name: str = ""
    path: str = ""
    tags: str = ""
    boundary: str = ""
    scope: str = ""
    namespace: str = ""
    service_account: str = ""
    url: str = ""
    status: str = ""
    pgp: str = ""
    of: str = ""
    parent: str = ""
    owner: str = ""
    identity: str = ""
    identity_pair: tuple[str, ...] = ()
    implicit_identity: bool = False
    trust: str = ""
    login: str = ""
    inline: str = ""
    managed: str = ""
    groups: str = ""
    how: str = ""
    principal: str = ""
    principal_kind: str = ""
    users: str = ""
    roles: str = ""
    group_list: str = ""
    document: str = ""
    policy: str = ""
    action: str = ""
    half: str = ""
    rotates: str = ""
    bounds: str = ""
    level: str = ""
    condition: str = ""
    mapping: str = ""
    pool: str = ""
    subjects: str = ""
    cls: str = ""
    given: str = ""
    same_as: str = ""
    sign_in: str = ""
    id: tuple[str, ...] = ()
    secret: tuple[str, ...] = ()
    smtp: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    inputs: tuple[Input, ...] = ()
    asks: tuple[str, ...] = ()
    acls: tuple[str, ...] = ()
    settings: tuple[Setting, ...] = ()
    secrets: tuple[SecretField, ...] = ()


def _setting(row: dict[str, Any]) -> Setting:
    known = dict(row)
    known.update((key, tuple(row[key])) for key in ("bad", "good", "pair") if key in row)
    known["when"] = tuple((path, tuple(values)) for path, values in row.get("when", {}).items())
    known["unless"] = tuple(row.get("unless", {}).items())
    return Setting(**known)


def _secret(row: dict[str, Any]) -> SecretField:
    when = tuple((path, tuple(values)) for path, values in row.get("when", {}).items())
    return SecretField(
        row["path"], row.get("class", "password"), row.get("store", False), row.get("named", False), when
    )


def _entry(type_name: str, cloud: str, table: dict[str, Any]) -> Entry:
    known: dict[str, Any] = {}
    for key, value in table.items():
        if key == "inputs":
            value = tuple(Input(**item) for item in value)
        elif key == "settings":
            value = tuple(_setting(item) for item in value)
        elif key == "secrets":
            value = tuple(_secret(item) for item in value)
        elif isinstance(value, list):
            value = tuple(value)
        known["cls" if key == "class" else key] = value
    known.setdefault("part", "")
    return Entry(type=type_name, cloud=cloud, **known)


#: Where a table of a file begins: nothing else stands at the start of a line with a bracket.
_TABLE = late(r"^(?=\[)", re.MULTILINE)


def _together(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Two tables of one type: lists one after the other, of anything else the last."""
    lists = {key: one[key] + value for key, value in other.items() if isinstance(value, list) and key in one}
    return {**one, **other, **lists}


def written(name: str) -> str:
    """The text of a file of the catalog.  (`importlib.resources` would take a tenth of a small check to import.)"""
    return (Path(__file__).parent / name).read_text("utf-8")


class Catalog(Mapping[str, Entry]):
    """Every type that the catalogs name.

    A table of a file is parsed when a type is asked for whose name stands in it: a small estate needs few of them, and
    parsing all would be half of its run.
    """

    def __init__(self) -> None:
        self._texts = {name: written(name) for name in (*CATALOGS, *IDEAS)}
        self._tables: dict[str, list[str]] = {}
        self._parsed: dict[tuple[str, int], dict[str, dict[str, Any]]] = {}
        self._entries: dict[str, Entry | None] = {}

    def __getitem__(self, type_name: str) -> Entry:
        entry = self._entries.get(type_name)
        if entry is None and type_name not in self._entries:
            entry = self._entries[type_name] = self._read(type_name)
        if entry is None:
            raise KeyError(type_name)
        return entry

    def get(self, type_name: str, default: Any = None) -> Any:  # asked of every block: no exception on the way
        if type_name not in self._entries:
            self._entries[type_name] = self._read(type_name)
        entry = self._entries[type_name]
        return default if entry is None else entry

    def __iter__(self) -> Iterator[str]:
        every = (self._of(file, at) for file in self._texts for at in range(len(self._split(file))))
        return iter(dict.fromkeys(name for found in every for name in found))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _read(self, type_name: str) -> Entry | None:
        cloud, table = "", None
        for file, text in self._texts.items():
            if type_name not in text:
                continue
            marks = f'"{type_name}"', f"[{type_name}]", f"[{type_name}."  # as a value, as a table, as a part of one
            for at, part in enumerate(self._split(file)):
                if any(mark in part for mark in marks) and (found := self._of(file, at).get(type_name)) is not None:
                    table = _together(table or {}, found)
                    if file in CATALOGS:
                        cloud = file.removesuffix(".toml").partition("_")[0]
        if table is None:
            return None
        if not cloud:
            cloud = next((cloud for start, cloud in _CLOUDS.items() if type_name.startswith(start)), "other")
        return _entry(type_name, cloud, table)

    def _split(self, file: str) -> list[str]:
        """The text of each table of a file."""
        known = self._tables.get(file)
        if known is None:
            known = self._tables[file] = _TABLE.split(self._texts[file])
        return known

    def _of(self, file: str, at: int) -> dict[str, dict[str, Any]]:
        """The types of one table of a file, each with what holds for it."""
        known = self._parsed.get((file, at))
        if known is None:
            rows = tomllib.loads(self._split(file)[at])
            known = self._parsed[file, at] = dict(_by_type(rows) if file in CATALOGS else _by_idea(rows))
        return known


def _by_type(rows: dict[str, dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for first, table in rows.items():
        for type_name in (first, *table.pop("also", ())):
            yield type_name, table


def _by_idea(rows: dict[str, list[dict[str, Any]]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The settings of a file of ideas, by the types that they hold for."""
    found: dict[str, list[dict[str, Any]]] = {}
    for idea, settings in rows.items():
        for row in settings:
            for type_name in row.pop("types"):
                found.setdefault(type_name, []).append({"idea": idea, **row})
    for type_name, settings in found.items():
        yield type_name, {"settings": settings}


@cache
def catalog() -> Catalog:
    """Every type that the catalogs name."""
    return Catalog()


@cache
def hints() -> dict[str, Any]:
    """The vocabulary of catalog/hints.toml: words in names that tell who an identity is for, vendors, registry
    modules.
    """
    return tomllib.loads(written("hints.toml"))
