"""All that a principal is given, in union: inline and attached documents, those of its groups, managed ones by name."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from rolecall.model.access.documents import possibly
from rolecall.model.linking import Model
from rolecall.model.parts import Document, Grant, Identity, Statement
from rolecall.source.records import dataclass, replace
from rolecall.source.text import Span

#: What may stand between `arn:` and `:iam::aws:policy/`: a partition, or a part that names it.
_BEFORE = "arn:"
_MANAGED = ":iam::aws:policy/"
#: Managed policies of which managed.toml has all, so that what they do not allow can be told.
COMPLETE = frozenset({"AdministratorAccess"})


@dataclass(frozen=True, slots=True)
class Permit:
    """One statement and where it came from: `address` of what it is written in, `block` all of that; `managed` is the
    AWS policy's name or "".
    """

    statement: Statement
    span: Span | None = None
    address: str = ""
    managed: str = ""
    block: Span | None = None


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a principal holds.  `gaps` say what could not be read; `own` are texts that name the principal itself.

    `boundary` says that a permissions boundary narrows it whose content is not known, `fence` are the statements of one
    that is: nothing is allowed that one of them does not allow too.  (What a known boundary denies is among `denies`.)
    """

    allows: tuple[Permit, ...]
    denies: tuple[Permit, ...] = ()
    gaps: tuple[str, ...] = ()
    boundary: bool = False
    own: frozenset[str] = frozenset()
    fence: tuple[Permit, ...] | None = None


def gather(permits: Iterable[Permit], gaps: Iterable[str] = ()) -> Holdings:
    """Statements sorted into what is allowed and what is denied; one whose effect is not known is a gap."""
    kept = list(permits)
    odd = [p for p in kept if p.statement.effect not in ("Allow", "Deny")]
    return Holdings(
        tuple(p for p in kept if p.statement.effect == "Allow"),
        tuple(p for p in kept if p.statement.effect == "Deny"),
        (*gaps, *("the effect of a statement is not known" for _ in odd)),
    )


def of_document(document: Document, address: str = "") -> Holdings:
    """A document by itself."""
    return gather(
        (Permit(statement, statement.span or document.span, address) for statement in document.statements),
        () if document.complete else (document.gap,),
    )


def of_principal(model: Model, identity: Identity) -> Holdings:
    """Everything that the scanned code gives to a principal, within its permissions boundary."""
    gaps = [f"the grants of group {grant.policy}" for grant in model.unseen_groups(identity)]
    found = of_grants(model, model.grants(identity))
    fence = _boundary(model, identity)
    outside = fence.denies if fence is not None else ()
    return Holdings(
        found.allows,
        (*found.denies, *outside),
        (*gaps, *found.gaps),
        identity.boundary and fence is None,
        found.own | {identity.site.address, identity.label} - {""},
        fence.allows if fence is not None else None,
    )


def of_grants(model: Model, grants: Iterable[Grant]) -> Holdings:
    """What grants come to in union."""
    permits: list[Permit] = []
    gaps: list[str] = []
    own = {"${aws:username}"}
    for grant in _each_way(grants):
        policy = model.policies.get(grant.policy)
        if policy is not None:
            own.add(policy.site.address)
        document = grant.document or (policy.document if policy is not None else None)
        if document is not None:
            site = policy.site if grant.document is None and policy is not None else grant.site
            place = site.span if site is not grant.site else grant.span or site.span
            entry = grant.span if site is grant.site and grant.site.id in (grant.principal, grant.label) else None
            block = entry or site.span
            statements = possibly(document, not grant.ways).statements
            permits.extend(Permit(s, s.span or place, site.address, block=block) for s in statements)
            if not document.complete:
                gaps.append(document.gap)
            continue
        place = grant.site.span if grant.how == "attached" else grant.span or grant.site.span
        name = policy.managed if policy is not None else managed_name(grant.policy)
        if name and name in managed():
            statements = tuple(replace(s, doubt="case" if grant.ways else "") for s in managed()[name])
            permits.extend(Permit(s, place, grant.site.address, name, place) for s in statements)
        gaps.append(grant.policy)
    found = gather(permits, gaps)
    return Holdings(found.allows, found.denies, found.gaps, own=frozenset(own))


def _each_way(grants: Iterable[Grant]) -> Iterator[Grant]:
    """Grants, one for each policy that it may be of."""
    for grant in grants:
        ways = () if grant.every else grant.ways
        yield from (replace(grant, policy=policy, ways=ways) for policy in grant.ways) if grant.ways else (grant,)


def _boundary(model: Model, identity: Identity) -> Holdings | None:
    """The statements of a principal's boundary; None where it has none, or it cannot be read to the end."""
    if not identity.boundary:
        return None
    policy = model.policies.get(identity.boundary_policy)
    if policy is not None and policy.document is not None:
        found = of_document(policy.document, policy.site.address)
        return None if found.gaps else found
    name = policy.managed if policy is not None else managed_name(identity.boundary_policy)
    return gather(Permit(s, managed=name) for s in managed()[name]) if name in COMPLETE else None


def managed_name(arn: str) -> str:
    """The name of an AWS managed policy, without its path; "" where the ARN is not one, in any partition."""
    before, found, rest = arn.partition(_MANAGED)
    return rest.rpartition("/")[2] if found and before.startswith(_BEFORE) else ""


@lru_cache(maxsize=1)
def managed() -> Mapping[str, tuple[Statement, ...]]:
    """What well-known AWS managed policies grant, as far as it is wide (managed.toml)."""
    table = tomllib.loads((Path(__file__).parent / "managed.toml").read_text("utf-8"))
    return {name: tuple(_facts(facts)) for name, facts in table.items()}


def _facts(facts: Mapping[str, Any]) -> Iterator[Statement]:
    if everything := facts.get("on_everything"):
        yield _allow(tuple(everything))
    if "all_but" in facts:
        yield Statement("Allow", (), tuple(facts["all_but"]), ("*",), (), (), (), None)
    for service in facts.get("passes", ()):
        conditions = () if service == "*" else (("StringEquals", "iam:PassedToService", (service,)),)
        yield _allow(("iam:PassRole",), conditions)


def _allow(actions: tuple[str, ...], conditions: tuple[tuple[str, str, tuple[str, ...]], ...] = ()) -> Statement:
    return Statement("Allow", actions, (), ("*",), (), (), conditions, None)
