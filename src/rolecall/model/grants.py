"""Grants that are not policy documents: roles given to members (Google Cloud), statements in words (OCI).

Statement syntax: https://docs.oracle.com/en-us/iaas/Content/Identity/policysyntax/policysyntax.htm
Members: https://cloud.google.com/iam/docs/principal-identifiers
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolecall.catalog.entries import Entry
from rolecall.frontends.resource import Resource
from rolecall.frontends.values import Value, find, references
from rolecall.model.azure_roles import role_name
from rolecall.model.parts import Grant, Site
from rolecall.model.scopes import azure_level
from rolecall.source.text import Span

if TYPE_CHECKING:
    from rolecall.model.extraction import Extraction

#: What `how` a catalog entry has that is read here.
WAYS = frozenset({"role", "role-list", "role-document", "statement"})
_STATEMENT = re.compile(
    r"^\s*(?:allow|endorse)\s+(?P<who>any-user|any-group|(?:dynamic-group|group|service)\s+.+?)\s+to\s+"
    r"(?P<what>\S+(?:\s+[\w-]+)?|\{[^}]*\})\s+in\s+(?P<where>tenancy|any-tenancy|compartment\s+(?:id\s+)?\S+)\b"
    r"(?:.*?\bwhere\s+(?P<condition>.+))?",
    re.IGNORECASE | re.DOTALL,
)
#: A longer statement is no statement.
MAX_STATEMENT = 4096


def read_grants(extraction: Extraction, resource: Resource, entry: Entry, site: Site) -> Iterator[Grant]:
    """Every (principal, role) or statement of one block."""
    scope = resource.get(entry.scope) if entry.scope else None
    named = extraction.principal(scope)[0] or extraction.label(scope) if scope is not None else ""
    if entry.how == "statement":
        from rolecall.model.extraction import members

        for item in members(resource.get(entry.document)):
            yield from _statement(extraction, item, site, item.span or resource.span)
        return
    for role, who, condition in _bindings(extraction, resource, entry):
        principal, label = extraction.principal(who)
        condition = condition or (resource.get(entry.condition) if entry.condition else None)
        yield Grant(
            site,
            entry.how,
            principal,
            "member",
            label,
            role_name(extraction, role) if entry.cloud == "azure" else extraction.label(role),
            span=who.span,
            level=azure_level(named) if entry.cloud == "azure" else entry.level,
            scope=named,
            condition=extraction.label(condition) if condition is not None else "",
        )


def _bindings(extraction: Extraction, resource: Resource, entry: Entry) -> Iterator[tuple[Value, Value, Value | None]]:
    from rolecall.model.extraction import members

    if entry.how != "role-document":
        yield from _to_each(resource.get(entry.policy), resource.get(entry.principal or entry.users), resource.body)
        return
    document = resource.get(entry.document)
    for reference in references(document) if document is not None else ():
        source = extraction.resources.get(reference.target)
        if source is None or source.type != "google_iam_policy":
            continue
        for binding in members(source.get("binding")):
            yield from _to_each(next(find(binding, "role"), None), next(find(binding, "members"), None), binding)


def _to_each(role: Value | None, whos: Value | None, around: Value) -> Iterator[tuple[Value, Value, Value | None]]:
    from rolecall.model.extraction import members

    if role is not None:
        for who in members(whos):
            yield role, who, next(find(around, "condition.expression"), None)


def _statement(extraction: Extraction, value: Value, site: Site, span: Span) -> Iterator[Grant]:
    text = extraction.label(value)
    found = _STATEMENT.match(text) if len(text) <= MAX_STATEMENT else None
    if found is None:
        return
    kind, _, names = found["who"].partition(" ")
    kind = kind.lower()
    what = " ".join(found["what"].lower().split())
    condition = (found["condition"] or "").strip()
    level = found["where"].split()[0].lower()
    for name in names.split(",") if names.strip() else [""]:
        label = name.strip().removeprefix("id ").rpartition("/")[2].strip("'\" ")
        principal = _declared(extraction, value, label)
        yield Grant(site, "statement", principal, kind, label, what, span=span, level=level, condition=condition)


def _declared(extraction: Extraction, value: Value, label: str) -> str:
    """The declared group that a statement means by a name, where it refers to it."""
    for reference in references(value):
        target = extraction.resources.get(reference.target)
        entry = extraction.entries.get(target.type) if target is not None else None
        if target is None or entry is None or entry.part != "identity":
            continue
        name = target.get(entry.name)
        if target.address in label or (name is not None and extraction.label(name) == label):
            return target.id
    return ""
