"""Proof that a role is granted nothing that it or the user was not granted before, and lacks nothing of the user's.

Both are read from the model after the last phase, not from the edits.  Statements are compared by what they allow
(policy.containment), policies that are not in the code by their id.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rolecall.model.access.policy_sites import OWN_ROLE
from rolecall.model.linking import Model
from rolecall.model.parts import Document, Grant, Identity, Statement, Workload
from rolecall.planning.migration import Migration
from rolecall.policy.containment import counterexample
from rolecall.policy.holdings import Holdings, Permit, gather, managed, managed_name


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A permission that is one too many or one too few; `migration` is to blame."""

    name: str
    migration: str
    detail: str


def permissions(model: Model, grants: Iterable[Grant]) -> set[Statement | str]:
    """What grants come to: statements (without their places), and the ids of policies whose content is not seen."""
    found: set[Statement | str] = set()
    for grant in grants:
        policy = model.policies.get(grant.policy)
        document = grant.document or (policy.document if policy is not None else None)
        found.update(_content(document) if document is not None else (grant.policy.rpartition("//")[2],))
    return found


def _content(document: Document) -> Iterator[Statement | str]:
    for statement in document.statements:
        yield replace(statement, span=None)
    if not document.complete:
        yield f"a policy that cannot be read ({document.gap})"


def counterexamples(before: Model, after: Model, migrations: Sequence[Migration]) -> Iterator[Counterexample]:
    """Every permission that a role has too many, and, where a move is a complete patch, that it has too few."""
    moves = [m for m in migrations if m.owner in before.identities and m.edits("expand")]
    held = {m.id: permissions(before, before.grants(before.identities[m.owner])) for m in moves}
    roles = _roles(after, moves)
    fresh = {
        f"${{{role.site.address}.arn}}"
        for role in after.identities.values()
        if role.kind == "aws:role" and role.id not in before.identities
    }
    for role in after.identities.values():
        if role.kind != "aws:role":
            continue
        now = permissions(after, after.grants(role))
        old = before.identities.get(role.id)
        was = permissions(before, before.grants(old)) if old is not None else set()
        came = {item for item in now - was if not _reaches(item, fresh)}
        opened = _opened(before, before.grants(old)) if old is not None else was
        if came and not is_within(_opened(after, after.grants(role)), opened):
            own = {move.id: _of_instance(before, role, move, held[move.id]) for move in moves}
            yield from _beyond(role.site.address, came, roles.get(role.id, ()), moves, own)
        for move in roles.get(role.id, ()):
            missing = held[move.id] - now
            if move.disposition == "patch" and (_denies(missing) or not is_within(missing, now)):
                yield Counterexample(
                    "the role can do what the key could",
                    move.id,
                    f"{role.site.address} is not granted {_tell(missing)}",
                )
    yield from _of_own_roles(before, after, moves, held)
    yield from _narrowed(before, after, [m for m in migrations if m.targets == ("narrow",)])
    known = module_roles(before)
    for call, policies in module_roles(after).items():
        came = policies - known.get(call, set())
        if came:
            users = [m for m in moves if f"{m.unit}//{m.reuses}" == call]
            yield from _beyond(call.rpartition("//")[2], came, users, moves, held)


def _of_own_roles(
    before: Model, after: Model, moves: Sequence[Migration], held: Mapping[str, set[Statement | str]]
) -> Iterator[Counterexample]:
    """The same of the roles that a template makes for its functions, which are no identities of the code."""
    was, now = own_roles(before), own_roles(after)
    for move in moves:
        holder, address = f"{move.unit}//{move.subject.address}", move.subject.address
        has = now.get(holder, set())
        came = has - was.get(holder, set())
        if came:
            users = [other for other in moves if f"{other.unit}//{other.subject.address}" == holder]
            yield from _beyond(address, came, users, moves, held)
        missing, workload = held[move.id] - has, after.workloads.get(holder)
        makes = workload is not None and not workload.identity and move.reuses == f"{address}Role"
        if makes and move.disposition == "patch" and (_denies(missing) or not is_within(missing, has)):
            says = f"the role of {address} is not granted {_tell(missing)}"
            yield Counterexample("the role can do what the key could", move.id, says)


def own_roles(model: Model) -> dict[str, set[Statement | str]]:
    """What the roles that templates make for functions are granted, by the function's id."""
    found: dict[str, set[Statement | str]] = {}
    for grant in model.every_grant():
        if grant.principal_kind == OWN_ROLE and grant.site.id == grant.label:
            found.setdefault(grant.label, set()).update(permissions(model, [grant]))
    return found


def _of_instance(before: Model, role: Identity, move: Migration, held: set[Statement | str]) -> set[Statement | str]:
    """What the user of a migration may do that the same call of a module makes as a role; `held` where none does."""
    place = role.site.address.rpartition("aws_iam_role.")[0]
    declaration = before.identities[move.owner].site.declaration
    for user in before.identities.values():
        beside = user.site.unit == role.site.unit and user.site.address.rpartition("aws_iam_user.")[0] == place
        if beside and user.site.declaration == declaration:
            return permissions(before, before.grants(user))
    return held


def _narrowed(before: Model, after: Model, migrations: Sequence[Migration]) -> Iterator[Counterexample]:
    """Every holder of a grant who may do, once grants are narrowed, what nobody could tell it might before."""
    if not migrations:
        return
    was, now = _held(before), _held(after)
    for migration in migrations:
        names = {migration.owner, f"{migration.unit}//{migration.subject.address}"}
        for holder in now.keys() & was.keys():
            came = now[holder] - was[holder]
            if names & set(holder) and came and not is_within(now[holder], was[holder]):
                says = f"{migration.subject.address} would be granted {_tell(came)}"
                yield Counterexample("nothing new is granted", migration.id, says)


def _held(model: Model) -> dict[tuple[str, str], set[Statement | str]]:
    """What everybody is granted, by the principal and the name that it goes by."""
    found: dict[tuple[str, str], set[Statement | str]] = {}
    for grant in model.every_grant():
        found.setdefault((grant.principal, grant.label), set()).update(_opened(model, [grant]))
    return found


def _opened(model: Model, grants: Iterable[Grant]) -> set[Statement | str]:
    """What grants come to, with the statements of AWS's own policies where they are known: those only allow."""
    found: set[Statement | str] = set()
    for item in permissions(model, grants):
        name = managed_name(item) if isinstance(item, str) else ""
        found.update(managed().get(name, (item,)))
    return found


def _beyond(
    address: str,
    came: set[Statement | str],
    known: Sequence[Migration],
    moves: Sequence[Migration],
    held: Mapping[str, set[Statement | str]],
) -> Iterator[Counterexample]:
    """What a role got beyond the users whose workloads took it; where none is known to, beyond every single user."""
    allowed = set().union(*(held[move.id] for move in known)) if known else set()
    extra = came - allowed
    if is_within(extra, allowed) or (not known and any(is_within(came, held[move.id]) for move in moves)):
        return
    for move in known or moves:
        yield Counterexample("nothing new is granted", move.id, f"{address} would be granted {_tell(extra)}")


def _reaches(item: Statement | str, fresh: Collection[str]) -> bool:
    """Whether a permission is to assume roles that the patch makes and nothing else: what those may do is proved of
    them.
    """
    return (
        isinstance(item, Statement)
        and (item.effect, item.actions) == ("Allow", ("sts:AssumeRole",))
        and bool(item.resources)
        and all(resource in fresh for resource in item.resources)
    )


def _denies(items: set[Statement | str]) -> bool:
    """Whether a Deny is among permissions: without it a role could do more than the key."""
    return any(isinstance(item, Statement) and item.effect != "Allow" for item in items)


def is_within(smaller: set[Statement | str], larger: set[Statement | str]) -> bool:
    """Whether permissions are provably among others.  A policy that only the larger side has, and that is not seen, may
    deny something: then nothing is proved.
    """
    if smaller <= larger:
        return True
    if {item for item in smaller - larger if isinstance(item, str)}:
        return False
    unseen = [item for item in larger - smaller if isinstance(item, str)]
    return counterexample(_holdings(smaller), _holdings(larger, unseen)) is None


def _holdings(items: Iterable[Statement | str], gaps: Iterable[str] = ()) -> Holdings:
    return gather((Permit(item) for item in items if isinstance(item, Statement)), gaps)


def _roles(after: Model, moves: Sequence[Migration]) -> dict[str, list[Migration]]:
    """The moves by the role that their workload has in the end."""
    workloads: dict[str, Workload] = {w.site.address: w for w in after.workloads.values()}
    workloads.update(after.workloads)
    found: dict[str, list[Migration]] = {}
    for move in moves:
        address = move.subject.address
        workload = workloads.get(f"{move.unit}//{address}") or workloads.get(address)
        if workload is not None and workload.identity:
            found.setdefault(_role_id(after, workload.identity), []).append(move)
    return found


def _role_id(model: Model, identifier: str) -> str:
    identity: Identity | None = model.identities.get(identifier)
    return identity.id if identity is not None else identifier


def module_roles(model: Model) -> dict[str, set[Statement | str]]:
    """What calls of modules that make roles for pods pass on, by the call's id."""
    found: dict[str, set[Statement | str]] = {}
    for fact in model.facts["role-module"]:
        if fact.site is None:
            continue
        held = found.setdefault(fact.site.id, set())
        for name in filter(None, fact.value.split("\n")):
            policy = model.policies.get(name)
            document = policy.document if policy is not None else None
            held.update(_content(document) if document is not None else (name.rpartition("//")[2],))
    return found


def _tell(items: set[Statement | str]) -> str:
    """One of the permissions in words."""
    first = min(items, key=str)
    if isinstance(first, str):
        return first
    actions = first.actions or tuple(f"all but {action}" for action in first.not_actions)
    resources = first.resources or tuple(f"all but {resource}" for resource in first.not_resources)
    return f"{first.effect} {', '.join(actions[:3])} on {', '.join(resources[:3])}"
