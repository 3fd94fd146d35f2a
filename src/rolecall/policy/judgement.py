"""What is too wide about one principal: at most one verdict for each idea.

The severities and the exemptions are those that engineers accept: what a narrowing condition, a permissions boundary or
a Deny with a condition stands before is one step lower.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from rolecall.model.finding import SEVERITIES, Finding, Severity
from rolecall.model.linking import Model
from rolecall.model.parts import Identity
from rolecall.model.rule import Rule
from rolecall.policy.breadth import (
    DATA,
    RIGHTS,
    SECRETS,
    TELEMETRY,
    Width,
    all_but,
    changes_on_everything,
    everything,
    is_whole,
    lasting_credentials,
    passes_anything,
    reads_on_everything,
    whole_services,
)
from rolecall.policy.escalation import Escalation, escalations
from rolecall.policy.holdings import Holdings, Permit, of_principal

#: More changing actions than this on everything are a habit rather than an oversight.
FEW = 3
#: How many of a list a message names.
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """One idea about one principal.  `idea` names the check, `says` fits after "<the principal> "."""

    idea: str
    severity: Severity
    says: str
    permit: Permit


def lower(severity: Severity, steps: int = 1) -> Severity:
    return SEVERITIES[min(SEVERITIES.index(severity) + steps, len(SEVERITIES) - 1)]


def judge(holdings: Holdings) -> Iterator[Verdict]:
    """Every idea that holds of a principal; nothing further about one that may do everything."""
    step = int(holdings.boundary)
    if (admin := everything(holdings)) is not None:
        idea = "everything-narrowed" if admin.hard else "everything"
        yield _verdict(idea, "critical", "is granted every action on every resource", admin, step)
        return
    if (most := all_but(holdings)) is not None:
        says = f"is granted every action but {_list(most.what)} on every resource"
        yield _verdict("all-but", "critical", says, most, step)
        return
    ways = [way for way in escalations(holdings) if not _told_by_service(way)]
    yield from _escalation(ways, step)
    if (passing := passes_anything(holdings)) is not None and not any(way.path.kind == "pass" for way in ways):
        says = "may pass every role to every service (iam:PassRole)"
        yield _verdict("pass-role", "high", says, passing, step)
    whole = list(whole_services(holdings))
    if any(way.path.kind == "grant" for way in ways):
        whole = [width for width in whole if width.what[0].partition(":")[0] not in RIGHTS]
    yield from _services(whole, step)
    told = frozenset(action.lower() for way in ways for action in way.actions) | {"iam:passrole"}
    lasting = list(lasting_credentials(holdings))
    changes = list(changes_on_everything(holdings, told | {width.what[0].lower() for width in lasting}))
    if any(way.path.kind == "grant" for way in ways):
        changes = [width for width in changes if width.what[0].partition(":")[0] not in RIGHTS]
        lasting = []
    policies = {width.permit.managed for width in whole} - {""}
    yield from _changes([width for width in changes if width.permit.managed not in policies], step)
    yield from _reads(holdings, policies, step)
    yield from _lasting([width for width in lasting if width.what[0].lower() not in told], step)


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


def _changes(changes: Sequence[Width], step: int) -> Iterator[Verdict]:
    if not changes:
        return
    free = [width for width in changes if not width.hard]
    best = (free or changes)[0]
    severity: Severity = "high" if len(free) > FEW or (not free and len(changes) > FEW) else "medium"
    names = [width.what[0] for width in free or changes]
    says = f"may do {_list(names)} on every resource"
    yield _verdict("changes", severity, says, best, step)


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
    return Verdict(idea, lower(severity, step + int(width.hard)), says + source, width.permit)


def _and(names: Sequence[str]) -> str:
    unique = list(dict.fromkeys(names))
    return " with ".join([unique[0], " and ".join(unique[1:])]) if len(unique) > 1 else unique[0]


def _list(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMED])
    return f"{shown} and {len(names) - _NAMED} more" if len(names) > _NAMED else shown


# -- the principals of an estate


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
    return any(kind in ("Service", "Federated") for kind, _ in principals) and not any(
        "saml-provider" in who for _, who in principals
    )


_JUDGED: WeakKeyDictionary[Model, Mapping[str, tuple[Verdict, ...]]] = WeakKeyDictionary()


def verdicts(model: Model) -> Mapping[str, tuple[Verdict, ...]]:
    """The verdicts on every judged principal of an estate, by its id: told once, since several checks ask."""
    found = _JUDGED.get(model)
    if found is None:
        found = _JUDGED[model] = {
            identity.id: tuple(judge(of_principal(model, identity)))
            for identity in model.identities.values()
            if is_judged(model, identity)
        }
    return found


def of_idea(model: Model, idea: str) -> Iterator[tuple[Identity, Verdict]]:
    """The verdicts of one idea with their principals; a block that several module calls share speaks once."""
    seen: set[tuple[str, int]] = set()
    for id, told in verdicts(model).items():
        identity = model.identities[id]
        for verdict in told:
            span = verdict.permit.span or identity.site.span
            if verdict.idea == idea and (span.path, span.start) not in seen:
                seen.add((span.path, span.start))
                yield identity, verdict


def findings(model: Model, rule: Rule, idea: str, help: str) -> Iterator[Finding]:
    """The findings of a rule that is about one idea."""
    for identity, verdict in of_idea(model, idea):
        yield rule.finding(
            f"{identity.site.address} {verdict.says}"
            + (" within its permissions boundary" if identity.boundary else ""),
            verdict.permit.span or identity.site.span,
            verdict.permit.address or identity.site.address,
            severity=verdict.severity,
            identity=identity.site.address,
            key=f"{identity.site.address} {idea}",
            help=help,
        )
