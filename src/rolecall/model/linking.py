"""All fragments of an estate together: who owns, holds, hands over and consumes each credential.

Fragments meet by resource ids inside a unit and by names across units: a secret's name, a parameter's path, an output,
a user's name.  What cannot be matched stays an open end; nothing is guessed.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import field
from functools import cached_property
from itertools import takewhile

from rolecall.catalog.entries import catalog
from rolecall.frontends.values import Hop
from rolecall.model.flow.registry import key_entry
from rolecall.model.flow.store_names import same_state
from rolecall.model.nature import natured
from rolecall.model.parts import (
    Credential,
    Edge,
    Fact,
    Fragment,
    Grant,
    Identity,
    Mention,
    Misset,
    PolicySite,
    Reading,
    ResourcePolicy,
    SecretValue,
    Store,
    Trust,
    Workload,
)
from rolecall.model.pipelines.systems import CI_STORES
from rolecall.model.secrets.object_stores import owned_by_stores
from rolecall.source.records import dataclass, replace
from rolecall.source.text import Span

MAX_PATH = 24


@dataclass(frozen=True, slots=True)
class Step:
    """One edge of a path: from `source` into `field` of `holder`, at `span`; by reference or, for readings, by name."""

    source: str
    holder: str
    field: str
    attribute: str
    span: Span
    hops: tuple[Hop, ...]
    by_name: bool = False

    @property
    def place(self) -> Span:
        """Where to show it: of what comes in by a whole file, where the holder names that file."""
        last = self.hops[-1] if self.hops and self.span.start == 0 else None
        return last.span if last is not None and last.kind == "resource" else self.span


@dataclass(frozen=True, slots=True)
class Consumption:
    """One way a credential reaches a workload: the steps from the credential to it, in order."""

    workload: Workload
    steps: tuple[Step, ...]

    @property
    def fields(self) -> tuple[str, ...]:
        return (self.steps[-1].field,)


@dataclass(frozen=True, slots=True)
class OpenEnd:
    """A store where a credential lies and whose reader is not seen."""

    store: Store
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """Where a credential goes.  `parts` says which halves leave its own block: id, secret, smtp."""

    consumptions: tuple[Consumption, ...]
    open_ends: tuple[OpenEnd, ...]
    stores: tuple[OpenEnd, ...]
    parts: frozenset[str]

    @property
    def workloads(self) -> tuple[Workload, ...]:
        return tuple({c.workload.id: c.workload for c in self.consumptions}.values())


@dataclass(slots=True)
class _Indexes:
    edges: dict[str, list[Edge]] = field(default_factory=lambda: defaultdict(list))
    readings: dict[tuple[str, str], list[Reading]] = field(default_factory=lambda: defaultdict(list))
    grants: dict[str, list[Grant]] = field(default_factory=lambda: defaultdict(list))


class Model:
    """The estate's identities and how they hang together.  Build it with `link`; it is read-only afterwards."""

    def __init__(self, fragments: Iterable[Fragment]) -> None:
        self.fragments = sorted(fragments, key=lambda f: (f.unit, f.format))
        self.stores: dict[str, Store] = {}
        self.workloads: dict[str, Workload] = {}
        self.policies: dict[str, PolicySite] = {}
        self.cluster = [part for fragment in self.fragments for part in fragment.cluster]
        self.ci = [part for fragment in self.fragments for part in fragment.ci]
        self.roles = [part for fragment in self.fragments for part in fragment.roles]
        self.resource_policies: list[ResourcePolicy] = []
        self.trusts: list[Trust] = []
        self.mentions: dict[str, list[Mention]] = defaultdict(list)
        self.facts: dict[str, list[Fact]] = defaultdict(list)
        self.missets: dict[str, list[Misset]] = defaultdict(list)
        self.secret_values: list[SecretValue] = []
        self._index = _Indexes()
        self._flows: dict[str, Flow] = {}
        identities: list[Identity] = []
        credentials: list[Credential] = []
        for fragment in self.fragments:
            identities.extend(fragment.identities)
            credentials.extend(fragment.credentials)
            self.stores.update((store.id, store) for store in fragment.stores)
            self.workloads.update((workload.id, workload) for workload in fragment.workloads)
            self.policies.update((policy.site.id, policy) for policy in fragment.policies)
            self.resource_policies.extend(fragment.resource_policies)
            self.trusts.extend(fragment.trusts)
            self.secret_values.extend(fragment.secret_values)
            for misset in fragment.missets:
                self.missets[misset.idea].append(misset)
            for edge in fragment.edges:
                self._index.edges[edge.source].append(edge)
            for reading in fragment.readings:
                self._index.readings[(reading.kind, reading.name)].append(reading)
            for fact in fragment.facts:
                self.facts[fact.kind].append(fact)
        self._names = {(i.site.unit, i.label): i.id for i in identities if i.label}
        for fragment in self.fragments:
            for grant in fragment.grants:
                principal = grant.principal or self._names.get((grant.site.unit, grant.label), "")
                self._index.grants[principal or grant.label].append(replace(grant, principal=principal))
            for mention in fragment.mentions:
                self.mentions[mention.target].append(mention)
        credentials = owned_by_stores([self._owned(credential) for credential in credentials], self.facts)
        owned: dict[str, list[Credential]] = defaultdict(list)
        for credential in credentials:
            owned[credential.owner].append(credential)
        logins = {fact.name for fact in self.facts["login-profile"]}
        self.credentials: dict[str, Credential] = {c.id: c for c in credentials}
        self.identities: dict[str, Identity] = {}
        for identity in identities:
            self.identities[identity.id] = natured(
                identity,
                keys=owned[identity.id],
                login=identity.id in logins or identity.label in logins,
                grouped=any(g.how == "membership" for g in self._index.grants.get(identity.id, ())),
                flows=[self.flow(c) for c in owned[identity.id]],
            )
        self._owned_by = owned

    # -- ownership and grants

    def _owned(self, credential: Credential) -> Credential:
        if credential.owner or not credential.owner_label:
            return credential
        return replace(credential, owner=self._names.get((credential.site.unit, credential.owner_label), ""))

    def owner(self, credential: Credential) -> Identity | None:
        return self.identities.get(credential.owner)

    def credentials_of(self, identity: Identity) -> list[Credential]:
        return self._owned_by.get(identity.id, [])

    def own_grants(self, identity: Identity) -> list[Grant]:
        """What is granted to the principal itself, memberships among it."""
        return self._index.grants.get(identity.id, [])

    def every_grant(self) -> Iterator[Grant]:
        """All grants of the estate, with their principal where it is declared by the name that they give."""
        for grants in self._index.grants.values():
            yield from grants

    def grants(self, identity: Identity) -> list[Grant]:
        """All permissions of a principal: its own and those of its groups."""
        found: list[Grant] = []
        for grant in self.own_grants(identity):
            if grant.how == "membership":
                found.extend(g for g in self._index.grants.get(grant.policy, ()) if g.how != "membership")
            else:
                found.append(grant)
        return found

    def unseen_groups(self, identity: Identity) -> list[Grant]:
        """Memberships of groups whose own grants are not in the scanned code."""
        return [
            grant
            for grant in self.own_grants(identity)
            if grant.how == "membership"
            and grant.policy not in self.identities
            and not self._index.grants.get(grant.policy)
        ]

    # -- flow

    def flow(self, credential: Credential) -> Flow:
        """Every path from a credential to its consumers and open ends.

        A way of more than MAX_PATH steps is cut off there: its last store is an open end.
        """
        flow = self._flows.get(credential.id)
        if flow is None:
            flow = self._flows[credential.id] = self._followed(credential)
        return flow

    def _followed(self, credential: Credential) -> Flow:
        consumptions: list[Consumption] = []
        ends: list[OpenEnd] = []
        stores: list[OpenEnd] = []
        parts: set[str] = set()
        kind = credential.site.type
        entry = (catalog().get(kind) or key_entry(kind)) if credential.form == "minted" else None
        seen: set[tuple[str, str, str, Span]] = set()
        queue: deque[tuple[str, tuple[Step, ...]]] = deque([(credential.id, ())])
        while queue:
            node, steps = queue.popleft()
            onward: list[Step] = []
            for edge in self._index.edges.get(node, ()):
                if steps and not _taken(edge.key, steps[-1]):
                    continue
                part = ""
                if not steps:
                    part = _part(entry, edge.attribute) if entry else edge.attribute
                    parts.add(part)
                onward.append(Step(node, edge.holder, edge.field, part or edge.attribute, edge.span, edge.hops))
            store = self.stores.get(node)
            if store is not None:
                onward.extend(self._readers(store, steps))
                if steps:
                    stores.append(OpenEnd(store, steps))
                if steps and (not onward or len(steps) >= MAX_PATH):
                    ends.append(OpenEnd(store, steps))
            for step in onward:
                once = (step.holder, step.field, steps[0].attribute if steps else step.attribute, step.span)
                if once in seen or len(steps) >= MAX_PATH:
                    continue
                seen.add(once)
                path = (*steps, step)
                workload = self.workloads.get(step.holder)
                if workload is not None:
                    consumptions.append(Consumption(workload, path))
                else:
                    queue.append((step.holder, path))
        unique = {(o.store.id, o.steps[-1].field): o for o in ends}
        return Flow(tuple(consumptions), tuple(unique.values()), tuple(stores), frozenset(parts))

    def _readers(self, store: Store, steps: tuple[Step, ...]) -> Iterator[Step]:
        """Who reads a store by its name; its parent's readers too (a secret's version is read through the secret)."""
        nodes = [store]
        if store.parent in self.stores:
            nodes.append(self.stores[store.parent])
            for edge in self._index.edges.get(store.parent, ()):
                if steps and not _taken(edge.key, steps[-1]):
                    continue
                yield Step(store.id, edge.holder, edge.field, edge.attribute, edge.span, edge.hops)
        for node in nodes:
            if not node.name or "${?}" in node.name:
                continue
            for reading in self._index.readings.get((node.kind, node.name), ()):
                if not self._in_scope(reading, node) or (steps and not _taken(reading.key, steps[-1])):
                    continue
                yield Step(store.id, reading.holder, reading.field, reading.key, reading.span, reading.hops, True)

    def _in_scope(self, reading: Reading, store: Store) -> bool:
        if reading.kind == "tf-output" and reading.scope:
            return any(same_state(reading.scope, name) for name in self._states.get(store.site.unit, ()))
        if reading.scope and store.scope:
            return _same_scope(reading.scope, store.scope)
        return self._is_nearest(reading, store)

    def _is_nearest(self, reading: Reading, store: Store) -> bool:
        """Whether a store is the one that a name alone means, where several of that name are in the estate: the one
        whose folder is nearest to the reader's.  Whose secret a pipeline reads does not depend on folders: then none.
        """
        rivals = self._rivals.get((store.kind, store.name), ())
        if len(rivals) < 2:
            return True
        if store.kind == "tf-output" or store.kind in CI_STORES:
            return len({rival.scope for rival in rivals}) == 1
        reader = reading.holder.partition("//")[0]
        return _shared(reader, store.site.unit) == max(_shared(reader, rival.site.unit) for rival in rivals)

    @cached_property
    def _rivals(self) -> dict[tuple[str, str], list[Store]]:
        """Stores by what they are called."""
        found: dict[tuple[str, str], list[Store]] = defaultdict(list)
        for store in self.stores.values():
            if store.name:
                found[(store.kind, store.name)].append(store)
        return found

    @cached_property
    def _states(self) -> dict[str, list[str]]:
        """The names of the state that each unit writes."""
        found: dict[str, list[str]] = defaultdict(list)
        for fact in self.facts["state"]:
            found[fact.name].append(fact.value)
        return found

    # -- views

    @cached_property
    def declarations(self) -> dict[tuple[str, int], list[Credential]]:
        """Credentials by the block that declares them: one block in a module called twice is one declaration."""
        found: dict[tuple[str, int], list[Credential]] = defaultdict(list)
        for credential in self.credentials.values():
            found[(credential.span.path, credential.span.start)].append(credential)
        return dict(found)

    def fed_by(self, credential: Credential) -> Credential | None:
        """The minted credential that an input really is (the CI secret that Terraform writes), where the estate shows
        it.
        """
        return self._fed.get(credential.id)

    @cached_property
    def _fed(self) -> dict[str, Credential]:
        holders: dict[tuple[str, int], Credential] = {}
        for credential in self.credentials.values():
            if credential.form == "minted":
                for consumption in self.flow(credential).consumptions:
                    last = consumption.steps[-1]
                    holders.setdefault((last.span.path, last.span.start), credential)
        fed: dict[str, Credential] = {}
        for credential in self.credentials.values():
            if credential.form != "minted":
                for edge in self._index.edges.get(credential.id, ()):
                    source = holders.get((edge.span.path, edge.span.start))
                    if source is not None:
                        fed[credential.id] = source
                        break
        return fed


def _part(entry: object, attribute: str) -> str:
    head = attribute.partition(".")[0]
    for part in ("id", "secret", "smtp"):
        if head in getattr(entry, part):
            return part
    return "secret"


def _taken(key: str, step: Step) -> bool:
    """Whether a reader of one key of a store takes what lies in the field that a step filled."""
    return not key or not step.field or key == step.field or step.field == "value"


def _shared(one: str, other: str) -> int:
    """How many folders two paths have in common from the root."""
    pairs = zip(one.split("/"), other.split("/"), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _same_scope(one: str, other: str) -> bool:
    """Whether two scopes may be the same; one that is not known may be any."""
    return one == other or "${" in one or "${" in other


def link(fragments: Iterable[Fragment]) -> Model:
    """The model of an estate."""
    return Model(fragments)
