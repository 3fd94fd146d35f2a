"""What a planner does, shown: a small estate and what becomes of it: for tests and the documentation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rolecall.planning.migration import Disposition


@dataclass(frozen=True, slots=True)
class PlannerExample:
    """An estate, file name to text, and its plan.

    `dispositions` and `targets` are those of its migrations, by the address of what each is about (the workload that
    moves, the key that dies); there are no others.  `patches` are the patches by phase, exact but for blanks at the end
    of lines; phases may be left out.  `says` are texts that the reasons have to hold.  `newline` is what the lines of
    the files end with.
    """

    title: str
    files: Mapping[str, str]
    dispositions: Mapping[str, Disposition]
    targets: Mapping[str, tuple[str, ...]]
    patches: Mapping[str, str] = field(default_factory=dict)
    says: tuple[str, ...] = ()
    newline: str = "\n"
