"""Proof that statements of OCI policies grant a new principal nothing that a user's groups were not granted.

A statement that is new after the last phase has to be one that was there for such a group, in the same words apart from
its subject.  It may ask for more of whoever calls (`request.principal.*`), never for less.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from rolecall.model.access.oci_statements import Compared, Conditions, Statement
from rolecall.model.access.parts import PolicyStatement
from rolecall.model.linking import Model
from rolecall.planning.migration import Migration
from rolecall.planning.proofs.containment_proof import Counterexample

_WHO = "request.principal."
_LISTING = "oci_identity_domains_group"


def counterexamples(before: Model, after: Model, migrations: Sequence[Migration]) -> Iterator[Counterexample]:
    """Every new statement that grants more than the groups of the users had."""
    moves = [m for m in migrations if m.subject.cloud == "oci" and m.about == "move" and m.edits("expand")]
    if not moves:
        return
    known = {(part.site.id, part.said) for part in _statements(before)}
    groups = {name for move in moves for name in _groups(before, move)}
    had = {_bare(part.said) for part in _statements(before) if part.said is not None and groups & set(_named(part))}
    for part in _statements(after):
        said = part.said
        if said is None or (part.site.id, said) in known or said.kind != "allow" or _bare(said) in had:
            continue
        for move in moves:
            if part.site.span.path in {path for phase in move.phases for path in phase.files}:
                who, where = ", ".join(said.names) or said.subject, said.where or said.place
                yield Counterexample(
                    "nothing new is granted", move.id, f"{who} would be granted {said.policy} in {where}"
                )


def _statements(model: Model) -> Iterator[PolicyStatement]:
    return (part for part in model.roles if isinstance(part, PolicyStatement))


def _groups(model: Model, move: Migration) -> Iterator[str]:
    """The ids and the names of the groups of a move's user; of an identity domain, whose groups list their members
    themselves, every group.
    """
    user = model.identities.get(move.owner)
    own = {grant.policy for grant in model.own_grants(user) if grant.how == "membership"} if user is not None else set()
    for group in model.identities.values():
        listed = user is not None and group.site.type == _LISTING and group.site.unit == user.site.unit
        if group.id in own or listed:
            yield group.id
            if "${" not in group.label:
                yield group.label


def _named(part: PolicyStatement) -> tuple[str, ...]:
    names = part.said.names if part.said is not None and part.said.subject == "group" else ()
    return (*part.declared, *names)


def _bare(said: Statement) -> Statement:
    """A statement without its subject, and without what it asks of whoever calls."""
    conditions = said.conditions
    if conditions is not None and conditions.how == "all":
        parts = tuple(p for p in conditions.parts if not (isinstance(p, Compared) and p.name.startswith(_WHO)))
        conditions = Conditions("all", parts, conditions.complete) if parts else None
    return replace(said, subject="", names=(), conditions=conditions)
