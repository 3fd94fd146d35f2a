"""What calls of the registry's modules for AWS grant, and whom they let in, by their arguments.

Which arguments do so is data: catalog/aws_modules.toml.

A module that is not on disk is not guessed at: these are the arguments that it puts into a policy as they are.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from rolecall.catalog.entries import written
from rolecall.frontends.resource import Resource
from rolecall.frontends.terraform.policy_document import document
from rolecall.frontends.values import Entry, Scalar, Sequence, Value, render, truth
from rolecall.frontends.values import Mapping as MappingValue
from rolecall.model.access.admissions import may_matter
from rolecall.model.access.choices import opened
from rolecall.model.access.documents import UNKNOWN, possibly, read_document
from rolecall.model.access.policy_sites import DOCUMENT, OWN_ROLE
from rolecall.model.parts import Document, Grant, PolicySite, ResourcePolicy, Statement
from rolecall.model.sites import absent, gate_of, site_of
from rolecall.source.patterns import late
from rolecall.source.records import replace

if TYPE_CHECKING:
    from rolecall.model.extraction import Extraction

#: The module and its submodule in a source of the registry or of its repository, with or without a mirror before it.
_SOURCE = late(
    r"terraform-aws-modules/(?:terraform-aws-)?([\w-]+?)(?:/aws|\.git)?(?://(?:modules/)?([\w-]+))?(?:\?.*)?$"
)
_WORDS = late(r"[a-z]\w+")
#: What a row has of a module that makes a principal; one of a resource matters where its policy is wide.
_GIVES = frozenset({"who", "policy"})
_AWS = "arn:aws:iam::aws:policy/"
_KINDS = {"machine": OWN_ROLE}


@cache
def _table() -> Mapping[str, dict[str, Any]]:
    return tomllib.loads(written("aws_modules.toml"))


def read_calls(extraction: Extraction) -> None:
    """Adds what calls of known modules give to the fragment; a module that is on disk tells by itself."""
    entered = {span for resource in extraction.unit.resources for span in resource.calls}
    for resource in extraction.unit.resources:
        if resource.mode != "module" or "terraform-aws-" not in resource.type or resource.span in entered:
            continue
        found = _SOURCE.search(resource.type)
        name = "//".join(part for part in found.groups() if part) if found is not None else ""
        row = _table().get(name)
        if row is None or not extraction.written(resource, _arguments(name)):
            continue
        if _GIVES.isdisjoint(row) and not may_matter(extraction, resource):
            continue
        if not absent(resource, extraction.unit.library):
            _Call(extraction, resource, row).read()


@cache
def _arguments(name: str) -> re.Pattern[bytes]:
    """What the text of a call must hold to give anything: one of the arguments that the catalog names."""
    row = _table()[name]
    lists = (value for value in row.values() if isinstance(value, list))
    words = {word for value in lists for item in value for word in _WORDS.findall(str(item))} | {
        *row.get("managed", ())
    }
    return re.compile(rb"\b(?:" + "|".join(sorted(words)).encode() + rb")\s*=")


class _Call:
    """One call, and what the catalog says of its module."""

    def __init__(self, extraction: Extraction, resource: Resource, row: dict[str, Any]) -> None:
        self.extraction = extraction
        self.resource = resource
        self.row = row
        self.site = site_of(resource)

    def read(self) -> None:
        fragment = self.extraction.fragment
        for found, sure in self._documents("documents", "statements"):
            self._grant("", possibly(found, sure))
        for item, sure in (pair for value, whole in self._values("arns") for pair in _members(value, whole)):
            self._grant(self.extraction.policy_key(item), None, item, sure)
        for switch, name in self.row.get("managed", {}).items():
            if truth(value := self.resource.get(switch)) and value is not None:
                self._grant(_AWS + name, None, value)
        for found, sure in self._documents("policy"):
            gate = gate_of(self.resource)
            policy = PolicySite(self.site, possibly(found, sure), library=self.extraction.unit.library, gate=gate)
            fragment.policies.append(policy)
        open_to_all = truth(self.resource.get(self.row["shut"])) is False if "shut" in self.row else True
        for found, sure in self._documents("resource", "resource_statements"):
            shut = "" if open_to_all else "public access is blocked"
            fragment.resource_policies.append(ResourcePolicy(self.site, possibly(found, sure), shut, found.place))
        trust = replace(self.site, type=DOCUMENT)
        for found, sure in self._documents("trust", "trust_statements"):
            fragment.resource_policies.append(ResourcePolicy(trust, possibly(found, sure), "", found.place))
        for told in self._tokens():
            fragment.resource_policies.append(ResourcePolicy(trust, told))

    def _grant(self, policy: str, given: Document | None, value: Value | None = None, sure: bool = True) -> None:
        kind = _KINDS.get(self.row["who"], self.row["who"])
        label = self.resource.id if kind == OWN_ROLE else self.site.address
        how = "inline" if given is not None else "managed-list"
        span = value.span if value is not None else given.span if given is not None else None
        inside = span if span is not None and self.resource.span.contains(span) else None
        ways = () if sure else (policy,)
        grant = Grant(self.site, how, "", kind, label, policy, given, inside or self.resource.span, ways=ways)
        self.extraction.fragment.grants.append(grant)

    def _values(self, key: str) -> Iterator[tuple[Value, bool]]:
        """The arguments of one sort that count, and whether they do so for sure."""
        for written_as in self.row.get(key, ()):
            switch, _, name = written_as.rpartition(" ? ")
            value = self.resource.get(name)
            on = self.resource.get(switch) if switch else None
            if value is not None and (not switch or (on is not None and truth(on) is not False)):
                yield value, not switch or truth(on) is True

    def _documents(self, texts: str, statements: str = "") -> Iterator[tuple[Document, bool]]:
        for value, whole in self._values(texts):
            for one, sure in _members(value, whole):
                if (found := read_document(one)) is not None and found.statements:
                    yield replace(found, place=self._place(value)), sure
        for value, whole in self._values(statements):
            found = read_document(document(_as_block(value)))
            if found is not None and found.statements:
                yield replace(found, place=self._place(value)), whole

    def _place(self, value: Value) -> Any:
        span = value.span
        return span if span is not None and self.resource.span.contains(span) else None

    def _tokens(self) -> Iterator[Document]:
        """Trusts in tokens of other issuers."""
        for row in self.row.get("oidc", ()):
            if "when" in row and truth(self.resource.get(row["when"])) is not True:
                continue
            values = [self.resource.get(name) for name in row["issuers"]]
            named = [render(one) for value in values if value is not None for one, _ in opened(value)]
            issuers = [name.removeprefix("https://") for name in named if name] or [row.get("default", "")]
            conditions = []
            for operator, names in (("StringEquals", row.get("equals", ())), ("StringLike", row.get("like", ()))):
                given = [one for name in names for one, _ in opened(self.resource.get(name))]
                subjects = tuple(row.get("before", "") + render(one).removeprefix("repo:") for one in given)
                conditions += [(operator, f"{issuer}:sub", subjects) for issuer in issuers[:1] if subjects]
            if self.resource.get(row.get("also", "")) is not None:
                conditions.append(UNKNOWN)
            whos = tuple(("Federated", f"arn:aws:iam::${{?}}:oidc-provider/{issuer}") for issuer in issuers if issuer)
            action = ("sts:AssumeRoleWithWebIdentity",)
            span = self.resource.span
            if whos:
                yield Document((Statement("Allow", action, (), (), (), whos, tuple(conditions), span),), True, span)


def _members(value: Value, sure: bool) -> Iterator[tuple[Value, bool]]:
    """The items of a list, or the values of a map, in each way that they may be."""
    for one, certain in opened(value, sure):
        if isinstance(one, MappingValue):
            yield from ((item, each) for entry in one.entries for item, each in opened(entry.value, certain))
        else:
            yield one, certain


def _as_block(value: Value) -> MappingValue:
    """Statements, in a list or a map, as the blocks of a policy document."""
    blocks: list[Value] = []
    for one, _ in opened(value):
        maps = isinstance(one, MappingValue) and all(isinstance(e.value, MappingValue) for e in one.entries)
        blocks.extend((e.value for e in one.entries) if isinstance(one, MappingValue) and maps else (one,))
    statements = Sequence(tuple(_listed(block) for block in blocks), value.span)
    return MappingValue((Entry(Scalar("statement"), statements),), value.span)


def _listed(block: Value) -> Value:
    """A statement whose repeated parts are lists: modules take maps of them too, and have two names for conditions."""
    if not isinstance(block, MappingValue):
        return block
    entries = []
    for entry in block.entries:
        name = {"conditions": "condition"}.get(entry.name or "", entry.name or "")
        inner = entry.value
        if name in ("condition", "principals", "not_principals") and isinstance(inner, MappingValue):
            parts = [part.value for part in inner.entries]
            inner = Sequence(tuple(parts) if all(isinstance(p, MappingValue) for p in parts) else (inner,), inner.span)
        entries.append(Entry(Scalar(name), inner, entry.span))
    return MappingValue(tuple(entries), block.span, block.via)
