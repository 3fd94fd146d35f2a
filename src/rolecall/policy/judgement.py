"""What is too wide about one principal: at most one verdict for each idea.

The severities and the exemptions are those that engineers accept: what a narrowing condition, an unread permissions
boundary or a Deny with a condition stands before is one step lower.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rolecall.model.finding import Severity, lower
from rolecall.policy.boundary import within
from rolecall.policy.breadth import (
    DATA,
    RIGHTS,
    SECRETS,
    SESSIONS,
    TELEMETRY,
    Width,
    all_but,
    any_action,
    changes_on_everything,
    everything,
    everywhere_but,
    is_whole,
    lasting_credentials,
    opens_to_others,
    passes_anything,
    reads_on_everything,
    whole_services,
)
from rolecall.policy.decision import is_everything
from rolecall.policy.escalation import Escalation, escalations
from rolecall.policy.holdings import Holdings, Permit
from rolecall.policy.patterns import UNKNOWN
from rolecall.source.records import dataclass

#: More changing actions than this on everything are a habit rather than an oversight.
FEW = 3
#: The way to more rights that is an idea of its own.
ASSUMING = "sts-001"
#: How many of a list a message names.
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """One idea about one principal.  `idea` names the check, `says` fits after "<the principal> ".

    `everywhere` is False where it is about named resources alone.
    """

    idea: str
    severity: Severity
    says: str
    permit: Permit
    everywhere: bool = True


def judge(holdings: Holdings) -> Iterator[Verdict]:
    """Every idea that holds of a principal; nothing further about one that may do everything."""
    step = int(holdings.boundary)
    holdings = within(holdings)
    if admins := list(everything(holdings)):
        for admin in admins:
            idea = "everything-narrowed" if admin.hard else "everything"
            what = f"is granted {admin.permit.managed or 'every action on every resource'}"
            yield Verdict(idea, lower("critical", step + int(admin.hard)), what, admin.permit)
        return
    if most := list(all_but(holdings)):
        yield from _all_but(most, step)
        if any(width.everything for width in most):
            return
    told = list(_ideas(holdings, step))
    yield from told
    spoken = {verdict.permit for verdict in told}
    for width in everywhere_but(holdings):
        if width.permit not in spoken:
            says = f"may do {_list(width.permit.statement.actions)} everywhere but on {left_out(width.what)}"
            yield _verdict("not-resource", "high", says, width, step)


def _all_but(most: Sequence[Width], step: int) -> Iterator[Verdict]:
    for width in most:
        where = "every resource" if width.everything else "what it names"
        says = f"is granted every action but {left_out(width.what)} on {where}"
        yield _verdict("all-but", "critical" if width.everything else "medium", says, width, step)


def _ideas(holdings: Holdings, step: int) -> Iterator[Verdict]:
    """What holds of a principal that may not do nearly everything."""
    ways = [way for way in escalations(holdings) if not _told_by_service(way)]
    assuming = [way for way in ways if way.path.id == ASSUMING]
    ways = [way for way in ways if way.path.id != ASSUMING]
    yield from _escalation(ways, step)
    for way in assuming:
        severity: Severity = "high" if way.sure else "medium"
        yield Verdict("assume-any", lower(severity, step), _assuming(way.pivot.permit), way.pivot.permit)
    passing = passes_anything(holdings)
    told = any(way.path.kind == "pass" for way in ways) or (
        passing is not None
        and is_whole(passing.permit, "iam:PassRole")
        and any(way.path.kind == "grant" for way in ways)
    )
    if passing is not None and not told:
        says = "may pass every role to every service (iam:PassRole)"
        yield _verdict("pass-role", "high", says, passing, step)
    whole = list(whole_services(holdings))
    if any(way.path.kind == "grant" for way in ways):
        whole = [width for width in whole if width.what[0].partition(":")[0] not in RIGHTS]
    yield from _services(whole, step)
    for width in any_action(holdings):
        says = f"is granted every action on {_list(width.what)}"
        yield _verdict("any-action", "high" if width.everything else "medium", says, width, step)
    spoken = frozenset(action.lower() for way in ways for action in way.actions) | {"iam:passrole", "sts:assumerole"}
    lasting = list(lasting_credentials(holdings))
    sessions = [width for width in reads_on_everything(holdings, SESSIONS) if width.what[0].lower() not in spoken]
    leave = spoken | {width.what[0].lower() for width in (*lasting, *sessions)}
    changes = list(changes_on_everything(holdings, leave))
    if any(way.path.kind == "grant" for way in ways):
        changes = [width for width in changes if width.what[0].partition(":")[0] not in RIGHTS]
        lasting = []
    policies = {width.permit.managed for width in whole} - {""}
    changes = [width for width in changes if width.permit.managed not in policies]
    rights = [width for width in changes if opens_to_others(width.what[0])]
    yield from _changes("rights", "may change who else may do what", rights, step)
    yield from _changes("changes", "may do", [width for width in changes if width not in rights], step)
    yield from _reads(holdings, policies, step)
    yield from _lasting([width for width in lasting if width.what[0].lower() not in spoken], step)
    sessions = [width for width in sessions if width.permit.managed not in policies]
    if sessions:
        says = f"may get the credentials of others: {_list([width.what[0] for width in sessions])}"
        yield _verdict("sessions", "medium", says, min(sessions, key=lambda width: width.hard), step)


def _assuming(permit: Permit) -> str:
    """Which roles a statement lets somebody take that names none: of every account, or of some that it names."""
    wide = [one for one in permit.statement.resources if is_everything(one)]
    accounts = {one.split(":", 5)[4] for one in wide if set(one) != {"*"} and len(one.split(":", 5)) > 5}
    if not wide or any(set(one) == {"*"} for one in wide) or any("*" in account for account in accounts):
        return "may take every role that trusts its account (sts:AssumeRole on everything)"
    which = f"{len(wide)} accounts" if len(wide) > 1 else "one account"
    return f"may take every role of {which} that trusts it (sts:AssumeRole on {_list(list(map(_shown, wide)))})"


def _shown(resource: str) -> str:
    """An ARN with an account that is not known left open."""
    return re.sub(r"\$\{[^}]*\}", "…", resource)


def _escalation(ways: Sequence[Escalation], step: int) -> Iterator[Verdict]:
    if not ways:
        return
    order = {"grant": 0, "pass": 1, "take-over": 2}
    ranked = sorted(ways, key=lambda way: (not way.sure and way.path.kind != "take-over", order[way.path.kind]))
    best = ranked[0]
    severity: Severity = "critical" if best.sure and best.path.kind != "take-over" else "high"
    if best.path.kind == "take-over" and not best.sure:
        severity = "medium"
    ending = {
        "grant": "can give itself further rights",
        "pass": "can run code with any role that it passes to a service",
        "take-over": "can take over what runs with other roles",
    }[best.path.kind]
    more = len({way.actions for way in ranked}) - 1
    others = f", and in {more} more way{'s' if more > 1 else ''}" if more else ""
    says = f"{ending}: {_and(best.actions)} on everything{others}"
    yield Verdict("escalation", lower(severity, step), says, best.pivot.permit)


def _told_by_service(way: Escalation) -> bool:
    """Taking over what runs is a part of what a whole service means, and said with it."""
    return way.path.kind == "take-over" and all(is_whole(way.pivot.permit, action) for action in way.actions)


def _services(whole: Sequence[Width], step: int) -> Iterator[Verdict]:
    if not whole:
        return
    wide = [width for width in whole if width.everything]
    loud = [width for width in wide if width.what[0].partition(":")[0] not in TELEMETRY]
    chosen = loud or wide or whole
    best = min(chosen, key=lambda width: width.hard)
    names = list(dict.fromkeys(width.what[0] for width in chosen))
    where = "on every resource" if best.everything else "on what it names"
    yield _verdict("services", "high" if loud else "medium", f"is granted {_list(names)} {where}", best, step)


def _changes(idea: str, what: str, changes: Sequence[Width], step: int) -> Iterator[Verdict]:
    if not changes:
        return
    free = [width for width in changes if not width.hard]
    best = (free or changes)[0]
    severity: Severity = "high" if len(free) > FEW or (not free and len(changes) > FEW) else "medium"
    names = _list([width.what[0] for width in free or changes])
    says = f"{what}: {names}, on every resource" if idea == "rights" else f"{what} {names} on every resource"
    yield _verdict(idea, severity, says, best, step)


def _reads(holdings: Holdings, leave: set[str], step: int) -> Iterator[Verdict]:
    """`leave` are managed policies of which a whole service has been said."""
    secrets = [width for width in reads_on_everything(holdings, SECRETS) if width.permit.managed not in leave]
    data = [width for width in reads_on_everything(holdings, DATA) if width.permit.managed not in leave]
    if not secrets and not data:
        return
    chosen = secrets or data
    free = [width for width in chosen if not width.hard]
    best = (free or chosen)[0]
    names = [width.what[0] for width in (free or chosen)]
    says = f"may read {'every secret' if secrets else 'the data of every resource'} of the account: {_list(names)}"
    yield _verdict("reads", "high" if secrets else "medium", says, best, step)


def _lasting(made: Sequence[Width], step: int) -> Iterator[Verdict]:
    if made:
        says = f"may make credentials that do not expire: {_list([width.what[0] for width in made])}"
        yield _verdict("lasting", "medium", says, min(made, key=lambda width: width.hard), step)


def _verdict(idea: str, severity: Severity, says: str, width: Width, step: int) -> Verdict:
    source = f" ({width.permit.managed})" if width.permit.managed else ""
    return Verdict(idea, lower(severity, step + int(width.hard)), says + source, width.permit, width.everything)


def _and(names: Sequence[str]) -> str:
    unique = list(dict.fromkeys(names))
    return " with ".join([unique[0], " and ".join(unique[1:])]) if len(unique) > 1 else unique[0]


def left_out(names: Sequence[str]) -> str:
    """What is left out, as a list; what is not known of it in words."""
    known = [name for name in names if UNKNOWN not in name]
    if len(known) == len(names):
        return _list(names)
    return f"{_list(known)} and a few that are not known here" if known else "a few that are not known here"


def _list(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMED])
    return f"{shown} and {len(names) - _NAMED} more" if len(names) > _NAMED else shown
