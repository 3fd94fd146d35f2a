"""What a plan is made of: a migration of one identity, credential, grant or trust, in phases that are patches.

The JSON form is the contract that other programs read (`rolecall/plan/1`): lines are 1-based, spans end-inclusive,
edits are byte ranges of the files as they were scanned.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from rolecall.frontends.values import Hop
from rolecall.source.edits import Edit

__all__ = [
    "PHASES",
    "Consumer",
    "Disposition",
    "Edit",
    "Handover",
    "Migration",
    "Phase",
    "Proof",
    "Subject",
    "about",
    "to_json",
]

#: The phases in the order in which they are applied.  Every one leaves the estate deployable.
PHASES = ("prepare", "expand", "migrate", "soak", "contract")

Disposition = Literal["patch", "partial", "advice", "keep"]


@dataclass(frozen=True, slots=True)
class Subject:
    """What a migration is about.  `type` is credential, identity, grant or trust; `kind` its class or resource type."""

    type: str
    kind: str
    cloud: str
    address: str
    path: str
    start_line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class Consumer:
    """A workload that reads the credential, and the hops from where the credential is declared to there."""

    kind: str
    platform: str
    address: str
    path: str
    start_line: int
    via: tuple[Hop, ...] = ()


@dataclass(frozen=True, slots=True)
class Phase:
    """One patch of a migration: `needs` what must be true before it, `verify` what to look at after it."""

    name: str
    edits: tuple[Edit, ...] = ()
    needs: tuple[str, ...] = ()
    verify: tuple[str, ...] = ()
    rollback: str = ""

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(sorted({edit.path for edit in self.edits}))


@dataclass(frozen=True, slots=True)
class Handover:
    """A step that no patch of this repository can do: what, where, by whom, the command, and how to see that it is
    done.
    """

    what: str
    where: str = ""
    who: str = ""
    command: str = ""
    check: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """One thing that was shown of a patch.  `holds` is None where it could not be decided; `detail` says why."""

    name: str
    holds: bool | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Migration:
    """The way from a static credential, a wrong identity, a wide grant or an open trust to what should be there.

    `reuses` is the address of a keyless identity that exists already and takes over, `targets` are from the closed
    list of the documentation, `risk` is 1-125 (impact x exposure x likelihood), `effort` in points, `wave` the
    0-based wave of the roadmap once it is known.  `permissions` are what the person or pipeline needs to apply the
    patches.
    """

    id: str
    subject: Subject
    identity: str
    consumers: tuple[Consumer, ...]
    targets: tuple[str, ...]
    disposition: Disposition
    reuses: str | None = None
    reasons: tuple[str, ...] = ()
    phases: tuple[Phase, ...] = ()
    handover: tuple[Handover, ...] = ()
    risk: int = 1
    effort: int = 1
    wave: int | None = None
    proof: tuple[Proof, ...] = ()
    prerequisites: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    #: The unit of the credential, since addresses are only unique in one; not part of the JSON.
    unit: str = ""
    #: The fingerprints of the findings that it ends, where these are not told by their place; not part of the JSON.
    answers: tuple[str, ...] = ()
    #: The ids of the moves that a key is to die after; not part of the JSON.
    waits: tuple[str, ...] = ()

    @property
    def about(self) -> str:
        """As `about` tells it of the id."""
        return about(self.id)

    @property
    def owner(self) -> str:
        """The id of the identity."""
        return f"{self.unit}//{self.identity}"

    def edits(self, phase: str) -> tuple[Edit, ...]:
        return tuple(edit for part in self.phases if part.name == phase for edit in part.edits)


def about(name: str) -> str:
    """What a migration does, the first word of its id: "move" a workload, end a "key", narrow a "grant", close a
    "trust", turn a "setting", give a workload an "account" of its own, or decide of a "dormant" credential.
    """
    return name.partition("-")[0]


def with_waiting(fallen: Iterable[str], migrations: Iterable[Migration]) -> list[str]:
    """The ids of migrations that lose their patches, and of the keys among `migrations` that wait for one of them."""
    fallen = dict.fromkeys(fallen)
    return [*fallen, *(m.id for m in migrations if m.id not in fallen and not fallen.keys().isdisjoint(m.waits))]


def hops_to_json(hops: Iterable[Hop]) -> list[dict[str, Any]]:
    return [
        {
            "path": hop.span.path,
            "start_line": hop.span.line,
            "end_line": hop.span.end_line,
            "kind": hop.kind,
            "address": hop.address,
            "note": hop.note,
        }
        for hop in hops
    ]


def _edit_to_json(edit: Edit) -> dict[str, Any]:
    data: dict[str, Any] = {"path": edit.path, "start_byte": edit.start, "end_byte": edit.end, "new": edit.new}
    if edit.delete:
        data["delete"] = True
    return data


def to_json(migration: Migration) -> dict[str, Any]:
    """The migration as the JSON contract has it: plain dicts, lists, strings, numbers, bools and None."""
    subject = migration.subject
    return {
        "id": migration.id,
        "subject": {
            "type": subject.type,
            "kind": subject.kind,
            "cloud": subject.cloud,
            "address": subject.address,
            "path": subject.path,
            "start_line": subject.start_line,
            "end_line": subject.end_line,
        },
        "identity": migration.identity,
        "consumers": [
            {
                "kind": consumer.kind,
                "platform": consumer.platform,
                "address": consumer.address,
                "path": consumer.path,
                "start_line": consumer.start_line,
                "via": hops_to_json(consumer.via),
            }
            for consumer in migration.consumers
        ],
        "targets": list(migration.targets),
        "reuses": migration.reuses,
        "disposition": migration.disposition,
        "reasons": list(migration.reasons),
        "phases": [
            {
                "name": phase.name,
                "edits": [_edit_to_json(edit) for edit in phase.edits],
                "files": list(phase.files),
                "needs": list(phase.needs),
                "verify": list(phase.verify),
                "rollback": phase.rollback,
            }
            for phase in migration.phases
        ],
        "handover": [
            {"what": step.what, "where": step.where, "who": step.who, "command": step.command, "check": step.check}
            for step in migration.handover
        ],
        "risk": migration.risk,
        "effort": migration.effort,
        "wave": migration.wave,
        "proof": [{"name": part.name, "holds": part.holds, "detail": part.detail} for part in migration.proof],
        "prerequisites": list(migration.prerequisites),
        "permissions": list(migration.permissions),
    }
