"""Is every permission of one principal also one of another's: a proof, or a permission that is not.

A permission is a pair of an action and a resource; a statement is a rectangle of them.  The strings of an action
pattern fall into classes by the statements that hold them, and within a class the resources do: what the larger
side allows and denies is the same for all of a class, so that one string of each decides.

Conditions are not computed with: a statement of the larger side counts where its conditions are among those of the
smaller one's, its Deny always, the smaller side's Deny where it has none.  What cannot be told is not contained, so
that a proof is never wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rolecall.model.parts import Statement
from rolecall.policy.boundary import within
from rolecall.policy.holdings import Holdings
from rolecall.policy.patterns import UNKNOWN, TooLargeError, classes, has_symbol, meet, opened
from rolecall.source.records import dataclass, replace


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A permission that the one side has and the other may lack.

    It is an exact one (`sure`) where neither unknown parts nor conditions, boundaries or unread documents play a role.
    """

    action: str
    resource: str
    reason: str
    sure: bool = False


@dataclass(frozen=True, slots=True)
class _Selector:
    """One side of a rectangle: what patterns hold, or what they do not.

    `generous` selectors (a Deny of the larger side) must hold whatever they may hold, the others only what they do for
    certain; unknown parts are taken accordingly.
    """

    patterns: tuple[str, ...]
    inverted: bool
    generous: bool

    def against(self, inner: str) -> tuple[str, ...]:
        """The patterns to put to the strings of `inner`."""
        if self.generous == self.inverted:
            return self.patterns
        if has_symbol(inner):
            return tuple("*" if meet(pattern, inner) else pattern for pattern in self.patterns)
        return tuple(opened(pattern) for pattern in self.patterns)

    def takes(self, held: bool) -> bool:
        return held != self.inverted


def counterexample(smaller: Holdings, larger: Holdings) -> Counterexample | None:
    """A permission of `smaller` that `larger` may lack; None where there is provably none.

    Where a side has documents that could not be read, or an unknown boundary narrows the larger one, nothing is proved.
    """
    for holdings, whose in ((smaller, "smaller"), (larger, "larger")):
        if holdings.gaps:
            return Counterexample(UNKNOWN, UNKNOWN, f"the {whose} side is not fully known: {holdings.gaps[0]}")
    if larger.boundary:
        return Counterexample(UNKNOWN, UNKNOWN, "a permissions boundary narrows the larger side")
    if larger.fence is not None:
        inside = counterexample(smaller, replace(larger, fence=None))
        return inside or counterexample(smaller, replace(larger, allows=larger.fence, fence=None))
    cut = smaller.fence is not None
    smaller = within(smaller)
    known = {_bare(permit.statement) for permit in smaller.denies}
    denies = [permit.statement for permit in larger.denies if _bare(permit.statement) not in known]
    own = [permit.statement for permit in smaller.denies if not permit.statement.conditions]
    for permit in smaller.allows:
        asked = permit.statement
        allows = [p.statement for p in larger.allows if set(p.statement.conditions) <= set(asked.conditions)]
        sure = not cut and not asked.conditions and len(allows) == len(larger.allows)
        sure = sure and not any(statement.conditions for statement in denies)
        try:
            found = next(_outside(asked, own, allows, denies), None)
        except TooLargeError:
            return Counterexample(asked.actions[0] if asked.actions else "*", UNKNOWN, "there is too much to compare")
        if found is not None:
            exact = (
                sure and not has_symbol("".join(found)) and not any(map(_has_symbol, (*allows, *denies, *own, asked)))
            )
            return Counterexample(
                *found, "the larger side does not allow it" if exact else "it may not allow it", exact
            )
    return None


def _bare(statement: Statement) -> Statement:
    return replace(statement, span=None)


def _has_symbol(statement: Statement) -> bool:
    return has_symbol(
        "".join((*statement.actions, *statement.not_actions, *statement.resources, *statement.not_resources))
    )


def _outside(
    asked: Statement, own: Sequence[Statement], allows: Sequence[Statement], denies: Sequence[Statement]
) -> Iterator[tuple[str, str]]:
    """Pairs that a statement allows, its side does not deny, and the larger side does not allow."""
    rules = (
        [(s, "own", False) for s in own] + [(s, "allow", False) for s in allows] + [(s, "deny", True) for s in denies]
    )
    left_out = _Selector(asked.not_actions, True, True)
    on_action = [left_out, *(_actions(statement, generous) for statement, _, generous in rules)]
    for inner in ("*",) if asked.not_actions else asked.actions:
        for action, chosen in _split(on_action, inner, fold=True):
            if not chosen[0]:
                continue
            spoken = [rule for rule, speaks in zip(rules, chosen[1:], strict=True) if speaks]
            yield from ((action, resource) for resource in _resources(asked, spoken))


def _resources(asked: Statement, spoken: Sequence[tuple[Statement, str, bool]]) -> Iterator[str]:
    left_out = _Selector(asked.not_resources, True, True)
    on_resource = [left_out, *(_named(statement, generous) for statement, _, generous in spoken)]
    for inner in ("*",) if asked.not_resources else asked.resources:
        for resource, chosen in _split(on_resource, inner, fold=False):
            said = {part for (_, part, _), speaks in zip(spoken, chosen[1:], strict=True) if speaks}
            if chosen[0] and "own" not in said and ("allow" not in said or "deny" in said):
                yield resource


def _actions(statement: Statement, generous: bool) -> _Selector:
    inverted = bool(statement.not_actions)
    return _Selector(statement.not_actions if inverted else statement.actions, inverted, generous)


def _named(statement: Statement, generous: bool) -> _Selector:
    inverted = bool(statement.not_resources)
    return _Selector(statement.not_resources if inverted else statement.resources, inverted, generous)


def _split(selectors: Sequence[_Selector], inner: str, fold: bool) -> Iterator[tuple[str, list[bool]]]:
    """One string of each class of `inner`, with which of the selectors take it."""
    patterns = [selector.against(inner) for selector in selectors]
    flat = [pattern for several in patterns for pattern in several]
    for held, string in classes(flat, inner, fold):
        taken: list[bool] = []
        place = 0
        for selector, several in zip(selectors, patterns, strict=True):
            taken.append(selector.takes(any(place + at in held for at in range(len(several)))))
            place += len(several)
        yield string, taken
