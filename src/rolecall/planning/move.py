"""What a planner answers: how one workload leaves a key behind, in edits by phase.

A planner is a module of `rolecall.planners` with `RECIPES`, `CLOUD` (the credential's), `PLATFORMS` (of the workloads)
and `plan(case, use) -> Move`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from rolecall.planning.case import Case, Use
from rolecall.planning.migration import Disposition, Edit, Handover


@dataclass(slots=True)
class Move:
    """One workload's way off the key.

    `complete` is False where a part of it is left to people; then `reasons` says why.  `reuses` is the address of an
    identity that was there already.  Edits are over the original text.  `unseen` says that
    the consumer is inferred from where the key lies and no reader is seen, so that the key itself is never deleted;
    `others` says who else may read it, where the consumer is seen.  `one_sided` says that the patch is whole and waits
    for something that is not in the code at all: the login of whatever runs it; `waits` are the reasons that say so.
    `platform` says that the platform itself used the key (to pull an image), so that no application has read it.
    """

    target: str
    complete: bool = True
    reuses: str = ""
    edits: dict[str, list[Edit]] = field(default_factory=lambda: defaultdict(list))
    reasons: list[str] = field(default_factory=list)
    handover: list[Handover] = field(default_factory=list)
    prerequisites: list[str] = field(default_factory=list)
    permissions: list[str] = field(default_factory=list)
    needs: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    verify: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    also: list[str] = field(default_factory=list)
    unseen: bool = False
    others: str = ""
    one_sided: bool = False
    waits: list[str] = field(default_factory=list)
    platform: bool = False

    @property
    def targets(self) -> tuple[str, ...]:
        """The target, and what it may be instead where that is not decided."""
        return tuple(dict.fromkeys((self.target, *self.also)))

    def add(self, phase: str, edits: Iterable[Edit]) -> None:
        """Adds edits, each once."""
        for edit in edits:
            if edit not in self.edits[phase]:
                self.edits[phase].append(edit)

    def hold(self, reason: str, handover: Handover | None = None) -> None:
        """Leaves a part to people, and says why."""
        self.complete = False
        if self.one_sided:  # what nothing is patched for has nothing to wait for; the steps stay
            self.reasons = [said for said in self.reasons if said not in self.waits]
            self.one_sided = False
        if reason not in self.reasons:
            self.reasons.append(reason)
        if handover is not None and handover not in self.handover:
            self.handover.append(handover)

    def wait_for(self, reason: str, *steps: Handover) -> None:
        """The patch is whole, and people have to do the other side of it first."""
        if self.complete:
            self.one_sided = True
            self.waits.append(reason)
            if reason not in self.reasons:
                self.reasons.append(reason)
        self.handover.extend(step for step in steps if step not in self.handover)

    @property
    def disposition(self) -> Disposition:
        if self.complete:
            return "partial" if self.one_sided else "patch"
        return "partial" if self.edits.get("prepare") or self.edits.get("expand") else "advice"


class Planner(Protocol):
    """A module of `rolecall.planners`: the recipes it follows, the cloud and platforms it serves, and the plan."""

    RECIPES: tuple[str, ...]
    CLOUD: str
    PLATFORMS: tuple[str, ...]

    def plan(self, case: Case, use: Use) -> Move: ...
