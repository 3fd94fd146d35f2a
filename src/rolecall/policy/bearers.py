"""Who holds grants in the scanned code: machines, people, and whoever it does not show.

A machine is judged by all that it holds together.  What is not given to a machine in sight is judged too, since a
policy that is wide is wide for whoever gets it; but that nobody knows who that is, is said, and weighs less.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from rolecall.model.access.policy_sites import DOCUMENT, OWN_ROLE, PERMISSION_SET
from rolecall.model.linking import Model
from rolecall.model.nature import speaks, words
from rolecall.model.parts import Grant, Identity, PolicySite, Site
from rolecall.policy.breadth import ADMINISTRATORS
from rolecall.policy.decision import is_everything
from rolecall.policy.holdings import Holdings, Permit, gather, managed, of_document, of_grants, of_principal
from rolecall.policy.patterns import UNKNOWN
from rolecall.source.records import dataclass, replace
from rolecall.source.text import Span

#: machine: a workload's or a machine's user.  unknown: nobody can tell.  person: people's.  nobody: no block of the
#: scanned code takes the policy.
Standing = Literal["machine", "unknown", "person", "nobody"]

#: How a sign-on page hands people a role
#: (https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithSAML.html).
_BY_SAML = "sts:assumerolewithsaml"
#: Words of folders and files that hold what people sign on to.
_SIGN_ON = frozenset({"sso", "identity-center", "saml"})


@dataclass(frozen=True, slots=True)
class Bearer:
    """A principal, or whoever gets a policy.  `identity` is its address where it is declared, else ""."""

    name: str
    standing: Standing
    holdings: Holdings
    span: Span
    identity: str = ""
    bounded: bool = False


def is_judged(model: Model, identity: Identity) -> bool:
    """Whether a principal is a machine's: a machine's user with a key or its like; a role of a service or a workload.

    What a library only makes when somebody asks for it is judged where it is asked for.
    """
    if identity.cloud != "aws" or (identity.library and identity.gate is not None):
        return False
    if identity.kind == "aws:user":
        return identity.nature == "machine" or (identity.nature == "mixed" and bool(model.credentials_of(identity)))
    if identity.kind != "aws:role" or identity.assume is None:
        return False
    principals = [pair for s in identity.assume.statements if s.effect == "Allow" for pair in s.principals]
    return any(kind in ("Service", "Federated") for kind, _ in principals) and not _is_people(identity)


def _is_people(identity: Identity) -> bool:
    """A role that people take: signed in by SAML, which is a browser's way, or asked for a second factor."""
    allowed = [s for s in identity.assume.statements if s.effect == "Allow"] if identity.assume is not None else []
    saml = any("saml-provider" in who for s in allowed for _, who in s.principals)
    saml = saml or any(action.lower() == _BY_SAML for s in allowed for action in s.actions)
    factor = any("multifactorauth" in key.lower() for s in allowed for _, key, _ in s.conditions)
    return saml or factor


def bearers(model: Model) -> Iterator[Bearer]:
    """Everybody who holds something on AWS: machines first, then the others, then policies that nobody seen holds.

    What one of them was told about is not told again of the next: the statements that a later bearer shares with an
    earlier one are there, but a verdict on them is the earlier one's.
    """
    others: list[Identity] = []
    for identity in model.identities.values():
        if is_judged(model, identity):
            site = identity.site
            yield Bearer(
                site.address, "machine", of_principal(model, identity), site.span, site.address, identity.boundary
            )
        elif identity.cloud == "aws" and not (identity.library and identity.gate is not None):
            others.append(identity)
    blocks = _Blocks(model.policies.values())
    for identity in others:
        holdings = _placed(of_principal(model, identity), blocks)
        if is_wide(holdings):
            site = identity.site
            yield Bearer(site.address, _standing(model, identity), holdings, site.span, site.address, identity.boundary)
    yield from _undeclared(model, blocks)
    yield from _policies(model, blocks)


def _standing(model: Model, identity: Identity) -> Standing:
    names = (identity.label, identity.path_label, identity.site.name)
    if _is_of_people(identity.site, *names):
        return "person"
    if identity.kind == "aws:user":
        return "person" if identity.nature in ("human", "mixed") else "unknown"
    if identity.kind == "aws:role":
        return "person" if _is_people(identity) else "unknown"
    members = _members(model).get(identity.id, [])
    return "person" if members and all(member.nature == "human" for member in members) else "unknown"


def _is_of_people(site: Site, *names: str) -> bool:
    """Whether the name or the file says that people get it."""
    said = any(speaks(kind, site.name, *names) for kind in ("developer", "human", "break_glass"))
    return said or bool(speaks("human", site.span.path)) or bool(words(site.span.path) & _SIGN_ON)


def _members(model: Model) -> Mapping[str, list[Identity]]:
    found: dict[str, list[Identity]] = defaultdict(list)
    for identity in model.identities.values():
        for grant in model.own_grants(identity):
            if grant.how == "membership":
                found[grant.policy].append(identity)
    return found


def _undeclared(model: Model, blocks: _Blocks) -> Iterator[Bearer]:
    """Grants whose principal the scanned code does not declare, together where they name the same one."""
    found: dict[tuple[str, str, str], list[Grant]] = defaultdict(list)
    for grant in model.every_grant():
        if grant.principal in model.identities or grant.level or grant.how == "membership":
            continue
        if grant.principal_kind in ("user", "role", "group", PERMISSION_SET, OWN_ROLE):
            label = "" if UNKNOWN in grant.label else grant.label
            name = grant.principal or label or grant.site.id
            found[(grant.site.unit, grant.principal_kind, name)].append(grant)
    standings: Mapping[str, Standing] = {PERMISSION_SET: "person", OWN_ROLE: "machine"}
    for (_, kind, name), grants in found.items():
        holdings = of_grants(model, grants)
        site = grants[0].site
        if kind == OWN_ROLE:
            yield Bearer(f"the role of {site.address}", "machine", holdings, site.span)
            continue
        holdings = _placed(holdings, blocks)
        if is_wide(holdings):
            standing: Standing = "person" if _is_of_people(site, name) else standings.get(kind, "unknown")
            yield Bearer("", standing, holdings, site.span)


def _policies(model: Model, blocks: _Blocks) -> Iterator[Bearer]:
    """Policies by themselves; those that only bound, or that stand on something else than a principal, are none."""
    boundaries = {identity.boundary_policy for identity in model.identities.values()} - {""}
    for policy in model.policies.values():
        site = policy.site
        if policy.kind or (policy.library and policy.gate is not None) or site.id in boundaries:
            continue
        if "boundary" in site.name.lower() or any(name.endswith(f"/{site.name}") for name in boundaries):
            continue
        if policy.managed:
            if policy.managed in ADMINISTRATORS and not _is_named(model, site.id):
                permits = [
                    Permit(s, site.span, site.address, policy.managed, site.span) for s in managed()[policy.managed]
                ]
                yield Bearer("", "nobody", gather(permits), site.span)
            continue
        if policy.document is None:
            continue
        holdings = of_document(policy.document, site.address)
        allows = tuple(replace(permit, block=site.span) for permit in holdings.allows)
        holdings = _placed(replace(holdings, allows=allows), blocks)
        if is_wide(holdings):
            alone = site.type == DOCUMENT and not policy.taken_by
            standing: Standing = "person" if _is_of_people(site) else "nobody" if alone else "unknown"
            yield Bearer("", standing, holdings, site.span)


def _is_named(model: Model, policy: str) -> bool:
    return any(grant.policy == policy for grant in model.every_grant())


class _Blocks:
    """Where policy documents are written, to find the block of a statement that came from one."""

    def __init__(self, policies: Iterable[PolicySite]) -> None:
        self._by_path: dict[str, list[tuple[int, PolicySite]]] = defaultdict(list)
        for policy in policies:
            if policy.site.type == DOCUMENT:
                self._by_path[policy.site.span.path].append((policy.site.span.start, policy))
        for entries in self._by_path.values():
            entries.sort(key=lambda entry: entry[0])

    def of(self, span: Span) -> PolicySite | None:
        entries = self._by_path.get(span.path, [])
        at = bisect_right(entries, span.start, key=lambda entry: entry[0]) - 1
        return entries[at][1] if at >= 0 and entries[at][1].site.span.contains(span) else None


def _placed(holdings: Holdings, blocks: _Blocks) -> Holdings:
    """With each allowing statement in the block that its text is in: a document's own, where it came from one."""
    allows = []
    for permit in holdings.allows:
        policy = blocks.of(permit.span) if permit.span is not None else None
        if policy is not None:
            permit = replace(permit, address=policy.site.address, block=policy.site.span)
        allows.append(permit)
    return replace(holdings, allows=tuple(allows))


def is_wide(holdings: Holdings) -> bool:
    """Whether any statement could be too wide: a cheap question that spares most policies the dear ones."""
    for permit in holdings.allows:
        statement = permit.statement
        if permit.managed or statement.not_actions or statement.not_resources:
            return True
        if any(is_everything(resource) for resource in statement.resources):
            return True
    return False
