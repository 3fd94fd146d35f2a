"""Which units can have anything to do with each other.

Units meet in the model by ids, by the names of stores and of identities, and by places in files that they share.  Two
that share none of these cannot change each other's findings, so after an edit only the islands that hold a changed unit
are linked and checked again.  Joining too much costs time, joining too little would be wrong: every name that the model
matches by is a key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rolecall.model.clusters.parts import Binding, ClusterRole, PodSettings, ServiceAccount
from rolecall.model.parts import Fragment
from rolecall.source.digests import blake2b
from rolecall.source.records import dataclass

#: Facts that are about their own unit alone, whatever their name and value.
_OWN_FACTS = frozenset({"problem", "provider-version", "remote-module"})


@dataclass(frozen=True, slots=True)
class Joins:
    """The keys, as 64-bit numbers, by which a unit can meet others.

    What is offered (a store's name) joins nobody by itself: many units may have a store of the same name.  What is
    asked for (the name that a reader reads) joins all that offer it or ask for it.
    """

    offers: frozenset[int]
    asks: frozenset[int]


def joins(fragment: Fragment, files: Iterable[str]) -> Joins:
    """By what a fragment, read from `files`, can meet others."""
    return Joins(
        frozenset(_number(key) for key in _offers(fragment)), frozenset(_number(key) for key in _asks(fragment, files))
    )


def _number(key: str) -> int:
    return int.from_bytes(blake2b(key.encode("utf-8", "replace"), digest_size=8).digest(), "big")


def _offers(fragment: Fragment) -> Iterator[str]:
    for store in fragment.stores:
        yield f"store {store.kind} {store.name}"
        if store.kind == "secretsmanager":  # is also found by the last part of its name
            yield f"store {store.kind} {store.name.rpartition('/')[2]}"
    for identity in fragment.identities:
        yield f"name {identity.label}"
    for grant in fragment.grants:
        yield f"name {grant.label}"
    for part in fragment.cluster:
        if isinstance(part, (ClusterRole, ServiceAccount)):
            yield f"cluster {type(part).__name__} {part.name}"


def _asks(fragment: Fragment, files: Iterable[str]) -> Iterator[str]:
    yield f"unit {fragment.unit}"
    for path in files:
        yield f"file {path}"
    for target in _targets(fragment):
        unit, mark, _ = target.partition("//")
        if target:
            yield f"unit {unit}" if mark else f"name {target}"
    for reading in fragment.readings:
        yield f"store {reading.kind} {reading.name}"
    for part in fragment.cluster:
        if isinstance(part, Binding):
            yield f"cluster ClusterRole {part.role}"
            yield from (f"cluster ServiceAccount {who.name}" for who in part.subjects if who.kind == "ServiceAccount")
        elif isinstance(part, PodSettings):
            yield f"cluster ServiceAccount {part.account or 'default'}"


def _targets(fragment: Fragment) -> Iterator[str]:
    """Every id that a fragment speaks of, and the names that it looks principals up by."""
    for edge in fragment.edges:
        yield edge.source
        yield edge.holder
    for mention in fragment.mentions:
        yield mention.target
    for store in fragment.stores:
        yield store.parent
    for workload in fragment.workloads:
        yield workload.identity
    for credential in fragment.credentials:
        yield credential.owner
        yield credential.owner_label
    for grant in fragment.grants:
        yield grant.principal
        if grant.how == "membership" or "//" in grant.policy:
            yield grant.policy
    for fact in fragment.facts:
        if fact.kind not in _OWN_FACTS:
            yield fact.name
            yield fact.value


def partition(units: Sequence[Joins]) -> list[int]:
    """The island of each unit: the lowest index among those it is joined with, directly or not."""
    parent = list(range(len(units)))

    def find(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    first: dict[int, int] = {}
    for asking in (True, False):
        for index, unit in enumerate(units):
            for key in unit.asks if asking else unit.offers:
                other = first.setdefault(key, index) if asking else first.get(key, index)
                if other != index:
                    one, two = find(index), find(other)
                    if one != two:
                        parent[max(one, two)] = min(one, two)
    return [find(index) for index in range(len(units))]
