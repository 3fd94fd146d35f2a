"""Minted credentials as people see them: one block, however many module instances it has, with everything it feeds."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from rolecall.model.finding import Related
from rolecall.model.linking import Consumption, Flow, Model, OpenEnd
from rolecall.model.nature import speaks, words
from rolecall.model.parts import Credential, Identity, Workload
from rolecall.source.patterns import late
from rolecall.source.records import dataclass
from rolecall.source.text import Span

MAX_RELATED = 8
_EXAMPLES = frozenset({"example", "examples"})
#: A part of a name that is not known, or that a template engine fills in: what a variable is called says nothing of
#: whom the name is for.
_UNKNOWN = late(r"\$\{[^}]*\}|\{\{[^}]*\}\}")


@dataclass(frozen=True)
class Declaration:
    """One declaring block; `credentials` are its instances in the estate (one for each module call)."""

    model: Model
    credentials: tuple[Credential, ...]

    @property
    def first(self) -> Credential:
        return self.credentials[0]

    @property
    def owner(self) -> Identity | None:
        return next((owner for c in self.credentials if (owner := self.model.owner(c)) is not None), None)

    @cached_property
    def flow(self) -> Flow:
        flows = [self.model.flow(credential) for credential in self.credentials]
        return Flow(
            tuple(c for flow in flows for c in flow.consumptions),
            tuple(o for flow in flows for o in flow.open_ends),
            tuple(s for flow in flows for s in flow.stores),
            frozenset(part for flow in flows for part in flow.parts),
        )

    @property
    def place(self) -> Span:
        """Where a finding belongs: the block; the call that asked for it where an input of the module decides."""
        first = self.first
        if first.gate is not None and first.site.calls:
            return first.site.calls[-1]
        return first.span

    @property
    def at_call(self) -> bool:
        return self.place is not self.first.span

    @property
    def label(self) -> str:
        owner = self.owner
        name = owner.label if owner is not None else self.first.owner_label
        return (
            name
            if name and "${" not in name
            else (owner.site.address if owner is not None else self.first.site.address)
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that may tell who it is for; of several instances, what is common to all of them."""
        found: list[str] = []
        for credential in self.credentials:
            owner = self.model.owner(credential)
            label = owner.label if owner is not None else credential.owner_label
            path = owner.path_label if owner is not None else ""
            found.append(_UNKNOWN.sub(" ", f"{label} {path}"))
        own = (self.owner.site.name,) if self.owner is not None else ()
        shared = (
            found[0] if len(set(found)) == 1 else " ".join(sorted(frozenset.intersection(*(words(n) for n in found))))
        )
        return (shared, *own, self.first.site.name)

    @property
    def lost(self) -> Span | None:
        """Where the code names it and its way is lost; None where a reader or a store is seen, or nothing names it."""
        if self.flow.consumptions or self.flow.open_ends:
            return None
        mine = {credential.id for credential in self.credentials}
        return next((fact.span for fact in self.model.facts["lost-way"] if fact.name in mine), None)

    @property
    def is_broker(self) -> bool:
        """Whether it is a service broker's binding: one key per tenant, made and destroyed by the broker."""
        path = self.first.span.path
        return bool(speaks("broker", path.rpartition("/")[0]) and self.owner is not None and "${" in self.owner.label)

    def workloads(self) -> tuple[Workload, ...]:
        return self.flow.workloads

    def related(self) -> tuple[Related, ...]:
        """The hops of the flow, each place once, consumers first; before them the block, where a call asks for it.

        What an example of a library asks for is told of the example alone.
        """
        found: dict[tuple[str, int], Related] = {}
        if self.at_call:
            if _EXAMPLES & set(self.place.path.split("/")[:-1]):
                return ()
            _add(found, self.first.span, f"{self.first.site.address} is declared here")
        for consumption in self.flow.consumptions:
            _add(found, consumption.steps[-1].span, f"consumed here by {consumption.workload.site.address}")
        for end in self.flow.open_ends:
            _add(found, end.steps[-1].span, f"put into {end.store.site.address}; nothing seen reads it")
        ways = [*(c.steps for c in self.flow.consumptions), *(e.steps for e in self.flow.open_ends)]
        for steps in ways:
            for step in steps:
                _add(found, step.span, f"passes through {step.holder.rpartition('//')[2]}")
        return tuple(found.values())[:MAX_RELATED]


def _add(found: dict[tuple[str, int], Related], span: Span, message: str) -> None:
    found.setdefault((span.path, span.start), Related(span, message))


def declarations(model: Model) -> Iterator[Declaration]:
    """Minted credentials that the scanned code really makes; a library that may make one is left to its callers."""
    for credentials in model.declarations.values():
        kept = tuple(c for c in credentials if c.form == "minted" and exists(c))
        if kept:
            yield Declaration(model, kept)


def exists(credential: Credential) -> bool:
    """Whether the code makes it: not where a library's own input decides and nothing in the code calls it.

    An input that is the name of an environment decides where it is made, not whether.
    """
    gate = credential.gate
    if "maybe" in credential.marks:
        return False
    if gate is None:
        return True
    if gate.open is False:
        return False
    if gate.open is None and all(speaks("environment", name) for name in gate.inputs):
        return True
    return not (credential.library and not credential.site.calls)


def tell(consumptions: tuple[Consumption, ...], ends: tuple[OpenEnd, ...]) -> str:
    """Who consumes it, in a few words."""
    names = list(dict.fromkeys(name_of(c.workload) for c in consumptions))
    if names:
        return f"consumed by {_listed(names)}"
    stores = list(dict.fromkeys(e.store.site.address for e in ends))
    if stores:
        return (
            f"handed over through {_listed(stores)}, "
            + ("whose reader is" if len(stores) == 1 else "whose readers are")
            + " not seen"
        )
    return "with no reader in the scanned code"


def _listed(names: list[str]) -> str:
    """`a`, `a and b`, `a, b, c and 2 more`."""
    if len(names) > 3:
        return f"{', '.join(names[:3])} and {len(names) - 3} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def name_of(workload: Workload) -> str:
    return (
        f"{workload.label} ({workload.site.address})"
        if workload.kind == "saas" and workload.label
        else workload.site.address
    )
