"""What usage evidence changes in migrations: a key in use that nobody sees using it is not switched off, a quiet one
has met what its soak asks for.  Evidence alone never deletes anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace

from rolecall.evidence.facts import Evidence, Use
from rolecall.model.linking import Model
from rolecall.planning.building import Built
from rolecall.planning.case import Case
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.endings import retirement
from rolecall.planning.endings.last_use import LastUse, of_credential
from rolecall.planning.migration import Disposition, Handover, Migration, Phase
from rolecall.planning.narrowing.used import with_use
from rolecall.planning.verdicts.steps import LAST_USE

#: Actions that are named in a hand-over, the latest first.
_TOLD = 5


def observed(built: Iterable[Built], evidence: Evidence, model: Model) -> Iterator[Built]:
    """The same migrations, each key's and each grant's with what is known of its use."""
    for item in built:
        found = None
        if item.case is not None:
            found = of_credential(evidence, item.case.credential, item.case.owner)
        if item.case is None:
            yield replace(item, migrations=tuple(with_use(one, model, evidence) for one in item.migrations))
        elif found is None:
            yield item
        else:
            yield replace(item, migrations=tuple(_observed(item.case, item.migrations, found, evidence)))


def _observed(case: Case, migrations: tuple[Migration, ...], use: LastUse, evidence: Evidence) -> Iterator[Migration]:
    ends = any(migration.about == "key" for migration in migrations)
    for migration in migrations:
        if migration.about != "key":
            # a key that the code only holds has no end of its own there
            yield migration if ends else _told(migration, use)
        elif use.in_use and not case.uses and len(migrations) == 1 and migration.disposition != "keep":
            yield _left_on(migration, use, evidence)
        elif use.quiet:
            yield _quiet(case, migration, use, seen=len(migrations) > 1)
        else:
            yield _told(migration, use)


def _told(migration: Migration, use: LastUse) -> Migration:
    """With what is known, and the programs that have to have moved before anything is deleted."""
    need = f"every program that called with it has moved: {', '.join(use.agents)}" if use.agents else ""
    phases = tuple(
        replace(phase, needs=(*phase.needs, need)) if need and phase.name in ("soak", "contract") else phase
        for phase in migration.phases
    )
    return replace(migration, reasons=(*migration.reasons, str(use)), phases=phases)


def _left_on(migration: Migration, use: LastUse, evidence: Evidence) -> Migration:
    """A key in use by nobody who is seen: it stays switched on until that one is found."""
    phases = tuple(phase for phase in migration.phases if phase.name not in ("soak", "contract"))
    reason = f"{use}; who uses it is not in the scanned code, so it is not switched off"
    disposition: Disposition = migration.disposition
    if migration.disposition in ("patch", "partial"):
        disposition = "partial" if phases else "advice"
    return replace(
        migration,
        disposition=disposition,
        reasons=(reason, *(r for r in migration.reasons if not r.startswith("the deletion is left"))),
        phases=phases,
        handover=(*migration.handover, _find(migration, use, evidence)),
    )


def _find(migration: Migration, use: LastUse, evidence: Evidence) -> Handover:
    calls = sorted(
        (call for principal in use.principals for call in evidence.uses_of(principal) if call.last is not None),
        key=lambda call: (call.last, call.action),
        reverse=True,
    )
    names = ", ".join(f"{one.name}{f' in {one.account}' if one.account else ''}" for one in use.principals[:3])
    told = [f"find the program that calls as {names}"]
    if use.agents:
        told.append(f"it says that it is {', '.join(use.agents)}")
    if calls:
        told.append("it called " + ", ".join(_called(call) for call in calls[:_TOLD]))
    elif use.what:
        told.append(f"it called {use.what}")
    return Handover(
        "; ".join(told),
        migration.subject.address,
        "the owner of the account",
        check="it has an identity of its own, and the last use of the key does not move any more",
    )


def _called(call: Use) -> str:
    where = f" on {call.resources[0]}" if call.resources else ""
    more = f" and {len(call.resources) - 1} more" if len(call.resources) > 1 else ""
    return f"{call.action}{where}{more} ({call.last:%Y-%m-%d})"


def _quiet(case: Case, migration: Migration, use: LastUse, seen: bool) -> Migration:
    """A key that nobody used: its soak can begin, and its end is decided as without evidence."""
    told = f"met: {use}"
    ask = LAST_USE.get((case.credential.cloud, case.credential.cls))
    phases = [
        replace(phase, needs=(*(need for need in phase.needs if need != ask and "last-used" not in need), told))
        if phase.name == "soak"
        else phase
        for phase in migration.phases
    ]
    added: tuple[Phase, ...] = ()
    if not seen and not phases and migration.disposition == "advice" and _switches(case):
        with suppress(Refused):
            added = (_soak(case, told),)
    return replace(
        migration,
        disposition="partial" if added else migration.disposition,
        reasons=(*migration.reasons, str(use)),
        phases=(*phases, *added),
        permissions=(*migration.permissions, *(("iam:UpdateAccessKey", "iam:GetAccessKeyLastUsed") if added else ())),
    )


def _switches(case: Case) -> bool:
    """Whether the key is one that Terraform can switch off in place, and only one."""
    return (
        case.credential.site.type == "aws_iam_access_key"
        and case.credential.form == "minted"
        and len(case.declaration.credentials) == 1
        and bool(case.ends)
    )


def _soak(case: Case, told: str) -> Phase:
    return Phase(
        "soak",
        tuple(retirement.soak(case)),
        (told, "whoever reads where it lies knows of it"),
        ("no error rate has moved; re-activate at once if one does",),
        'set status = "Active" again and apply: the key works at once',
    )
