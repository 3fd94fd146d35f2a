"""May a principal do an action on a resource: yes, no, or it depends on what the code does not say.

The order is that of IAM: a matching Deny wins over every Allow, and what nothing allows is not allowed.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

from rolecall.model.parts import Statement
from rolecall.policy.conditions import Context, Narrowing, all_hold, is_soft, narrowing
from rolecall.policy.holdings import Holdings, Permit
from rolecall.policy.patterns import covers, escape_from, has_symbol, meet
from rolecall.source.patterns import late
from rolecall.source.records import dataclass, replace

Answer = Literal["yes", "conditional", "no"]
NOTHING: Context = MappingProxyType({})


def selects(patterns: Iterable[str], wanted: str, fold: bool = False) -> Answer:
    """Whether patterns hold a text (or all of a pattern): conditional where unknown parts, or a part of it, decide."""
    kept = tuple(patterns)
    if escape_from(kept, wanted, fold) is None:
        return "yes"
    return "conditional" if any(meet(pattern, wanted, fold) for pattern in kept) else "no"


def _opposite(answer: Answer) -> Answer:
    return "no" if answer == "yes" else "yes" if answer == "no" else "conditional"


def _both(*answers: Answer) -> Answer:
    return "no" if "no" in answers else "conditional" if "conditional" in answers else "yes"


def action_answer(statement: Statement, action: str) -> Answer:
    """Whether a statement speaks of an action."""
    if statement.not_actions:
        return _opposite(_selects_action(statement.not_actions, action))
    return _selects_action(statement.actions, action)


def speaks_of(statement: Statement, services: Iterable[str]) -> bool:
    """Whether a statement may speak of an action of one of some services."""
    if statement.not_actions:
        return True
    named = _by_service(statement.actions)
    return bool(named[""]) or any(service in named for service in services)


def _selects_action(patterns: tuple[str, ...], action: str) -> Answer:
    service = action.partition(":")[0].lower()
    if _is_open(service):
        return _selected(patterns, action)
    by_service = _by_service(patterns)
    near = by_service.get(service, by_service[""])
    return _selected(near, action) if near else "no"


def _is_open(service: str) -> bool:
    return any(sign in service for sign in "*?$")


@lru_cache(maxsize=2048)
def _by_service(patterns: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """Patterns by the service that they name; those that name none are with every service, and under "" alone."""
    named = {pattern: pattern.partition(":")[0].lower() for pattern in patterns}
    several = tuple(pattern for pattern, service in named.items() if _is_open(service))
    found: dict[str, tuple[str, ...]] = {"": several}
    for pattern, service in named.items():
        if not _is_open(service):
            found[service] = (*found.get(service, several), pattern)
    return found


@lru_cache(maxsize=65536)
def _selected(patterns: tuple[str, ...], action: str) -> Answer:
    return selects(patterns, action, fold=True)


def resource_answer(statement: Statement, resource: str) -> Answer:
    """Whether a statement speaks of a resource."""
    if statement.not_resources:
        return _opposite(selects(statement.not_resources, resource))
    return selects(statement.resources, resource)


def _speaks(statement: Statement, action: str, resource: str) -> Answer:
    answer = _both(action_answer(statement, action), resource_answer(statement, resource))
    if answer == "no":
        return "no"
    fulfilled = all_hold(statement.conditions, NOTHING)
    return _both(answer, "yes" if fulfilled else "conditional" if fulfilled is None else "no")


def may(holdings: Holdings, action: str, resource: str) -> Answer:
    """Whether a principal may do `action` on `resource` (or on all that a pattern of resources holds).

    A permissions boundary that is known has to allow it too.  One that is not, and documents that could not be read,
    may take a yes away, and the latter may make one of a no: both are conditional then.
    """
    best = _allowed(holdings.allows, action, resource)
    if holdings.fence is not None:
        best = _both(best, _allowed(holdings.fence, action, resource))
    for permit in holdings.denies:
        answer = _speaks(permit.statement, action, resource)
        if answer == "yes":
            return "no"
        if answer == "conditional" and best == "yes":
            best = "conditional"
    if (best == "no" and holdings.gaps) or (best == "yes" and (holdings.boundary or holdings.gaps)):
        return "conditional"
    return best


def _allowed(permits: Iterable[Permit], action: str, resource: str) -> Answer:
    best: Answer = "no"
    for permit in permits:
        answer = _speaks(permit.statement, action, resource)
        if answer == "yes":
            return "yes"
        if answer == "conditional":
            best = "conditional"
    return best


# -- how far an action reaches

#: The first word of an ARN's last part, where it says what kind of thing follows rather than which one.
_KINDS = """
    role user group policy instance-profile mfa server-certificate function layer table index stream secret parameter
    key alias instance volume snapshot image network-interface security-group subnet vpc launch-template log-group
    repository cluster service task task-definition container-instance project stack stackSet stateMachine execution
    build rule event-bus schedule job job-definition job-queue endpoint model notebook-instance training-job workgroup
    catalog database crawler db distribution hostedzone certificate domain app application environment document
    automation-definition association deliverystream broker loadbalancer targetgroup listener fleet bot agent
    identity configuration-set userpool identitypool cluster-snapshot access-point file-system backup-vault workspace
    loadBalancer targetGroup autoScalingGroup launchConfiguration
"""
KINDS = frozenset(_KINDS.split())
_TAIL = late(r"(?:([A-Za-z-]+)[:/])?\*(?:[:/]\*)*")


@lru_cache(maxsize=16384)
def is_everything(resource: str) -> bool:
    """Whether a pattern names no resource in particular: `*`, or every role, every secret, every bucket of an account.

    An unknown account, region or partition changes nothing; an unknown name is a name.
    """
    if set(resource) == {"*"}:
        return True
    parts = re.sub(r"\$\{[^}]*\}", "\0", resource).split(":", 5)
    if len(parts) < 6 or not meet(parts[0], "arn") or parts[4] == "aws":
        return False
    tail = _TAIL.fullmatch(parts[5])
    return tail is not None and (tail[1] is None or tail[1] in KINDS)


@dataclass(frozen=True, slots=True)
class Reach:
    """One statement that gives an action: on everything, on the principal itself, or on what it names.

    `sure` is False where an unread condition, or a Deny with one, may take it away.  `narrowed` says what its own
    condition does.
    """

    permit: Permit
    everything: bool
    own: bool
    sure: bool
    narrowed: Narrowing


def reaches(holdings: Holdings, action: str, context: Context = NOTHING) -> Iterator[Reach]:
    """Every statement that gives an action and is not denied.  Keys of `context` are told, so do not narrow."""
    for permit in holdings.allows:
        statement = permit.statement
        if action_answer(statement, action) != "yes" or all_hold(statement.conditions, context) is False:
            continue
        narrowed = narrowing(statement.conditions, tuple(context))
        for resource in ("*",) if statement.not_resources else statement.resources:
            if not _fits(statement, action, resource):
                continue
            denied = _denied(holdings, action, resource, context)
            if denied != "yes":
                own = any(_names(resource, name) for name in holdings.own)
                yield Reach(permit, is_everything(resource), own, denied == "no", narrowed)


#: Services whose actions are on the resources of another one.
_ELSEWHERE = {"sts": "iam", "ec2-instance-connect": "ec2", "rds-data": "rds", "ssm": "ec2", "rds-db": "rds-db"}


def _fits(statement: Statement, action: str, resource: str) -> bool:
    """Whether an action can be on a resource: where a statement allows all actions, only those of the resource's
    service matter.
    """
    named = [p for p in statement.actions if p not in ("*", "*:*")]
    parts = resource.split(":", 3)
    if len(parts) < 4 or action_answer(replace(statement, actions=tuple(named), not_actions=()), action) == "yes":
        return True
    service = action.partition(":")[0].lower()
    return meet(parts[2], service) or meet(parts[2], _ELSEWHERE.get(service, service))


def _names(resource: str, name: str) -> bool:
    return resource.endswith(("/" + name, f"${{{name}.arn}}", f"${{{name}.Arn}}", f"${{{name}}}"))


def _denied(holdings: Holdings, action: str, resource: str, context: Context) -> Answer:
    """Whether a Deny takes an action away from all that a pattern holds; a soft condition takes nothing away."""
    worst: Answer = "no"
    for permit in holdings.denies:
        statement = permit.statement
        if action_answer(statement, action) != "yes" or all_hold(statement.conditions, context) is False:
            continue
        if not statement.not_resources and not any(_takes(r, resource) for r in statement.resources):
            continue
        if any(is_soft(condition) and condition[0].lower() != "null" for condition in statement.conditions):
            continue
        if not statement.conditions or all_hold(statement.conditions, context):
            return "yes"
        worst = "conditional"
    return worst


def _takes(denied: str, resource: str) -> bool:
    return covers(denied, resource) or (is_everything(resource) and is_everything(denied) and not has_symbol(denied))
