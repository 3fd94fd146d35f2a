"""A permissions boundary as a policy: what is left of a principal's grants inside it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rolecall.model.parts import Statement
from rolecall.policy.holdings import Holdings
from rolecall.policy.patterns import covers, meet
from rolecall.source.records import replace


def within(holdings: Holdings) -> Holdings:
    """The same with every allowing statement cut down to what the boundary allows too.

    Two patterns that overlap without one holding the other leave both: at least the overlap is in it, so that what is
    left is never too little.
    """
    if holdings.fence is None:
        return holdings
    allows = []
    for permit in holdings.allows:
        for fence in holdings.fence:
            statement = _common(permit.statement, fence.statement)
            if statement is not None:
                allows.append(replace(permit, statement=statement))
    return replace(holdings, allows=tuple(dict.fromkeys(allows)), fence=None)


def _common(one: Statement, other: Statement) -> Statement | None:
    actions = _meeting(one.actions, one.not_actions, other.actions, other.not_actions, fold=True)
    resources = _meeting(one.resources, one.not_resources, other.resources, other.not_resources, fold=False)
    if actions is None or resources is None:
        return None
    conditions = tuple(dict.fromkeys((*one.conditions, *other.conditions)))
    return replace(
        one,
        actions=actions[0],
        not_actions=actions[1],
        resources=resources[0],
        not_resources=resources[1],
        conditions=conditions,
    )


def _meeting(
    one: tuple[str, ...], one_but: tuple[str, ...], other: tuple[str, ...], other_but: tuple[str, ...], fold: bool
) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """What two selections have in common, as (patterns, all but patterns); None for nothing."""
    if one_but and other_but:
        return (), tuple(dict.fromkeys((*one_but, *other_but)))
    if one_but or other_but:
        named, left_out = (other, one_but) if one_but else (one, other_but)
        if any(set(pattern) <= {"*", ":"} for pattern in named):
            return (), left_out
        kept = tuple(p for p in named if not any(covers(out, p, fold) for out in left_out))
        return (kept, ()) if kept else None
    found = tuple(dict.fromkeys(_narrower(one, other, fold)))
    return (found, ()) if found else None


def _narrower(one: Iterable[str], other: Iterable[str], fold: bool) -> Iterator[str]:
    others = tuple(other)
    for pattern in one:
        for against in others:
            if covers(against, pattern, fold):
                yield pattern
            elif covers(pattern, against, fold):
                yield against
            elif meet(pattern, against, fold):
                yield from (pattern, against)
