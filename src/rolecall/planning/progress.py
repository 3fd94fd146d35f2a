"""How far a tree has come with a plan: each phase, and each migration's part of it, hunk by hunk.

What is compared is text alone: that a phase is in the tree does not say that it is deployed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from rolecall.planning.migration import PHASES
from rolecall.planning.series import digest
from rolecall.planning.survey import DamagedPlan, FileState, Standing, Windows, exactly, hunk_state, standings
from rolecall.source.diff import CONTEXT

#: `changed`: what stands around an edit is neither the old text nor the new one.  `partial`: one part is done, another
#: is still to come.
Progress = Literal["done", "partial", "not-yet", "changed"]
_SAID: Mapping[FileState, Progress] = {"applied": "done", "pending": "not-yet", "changed": "changed"}
_CHANGED = "the lines around an edit are neither the old ones nor the new ones"


@dataclass(frozen=True, slots=True)
class Place:
    """One file's part of a phase.  `reason` says what stands against it where it is `changed`."""

    path: str
    state: Progress
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Reached:
    """How far one phase has come, with its files."""

    name: str
    state: Progress
    files: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Course:
    """One migration with the phases in which it changes something."""

    migration: str
    identity: str
    phases: tuple[Reached, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """All phases that change something, of all migrations together and of each that has patches."""

    phases: tuple[Reached, ...]
    migrations: tuple[Course, ...]

    def reached(self, phase: str | None = None) -> bool:
        """Whether everything of a phase and of those before it (None: of all) is in the tree."""
        last = len(PHASES) if phase is None else PHASES.index(phase)
        return all(part.state == "done" for part in self.phases if PHASES.index(part.name) <= last)


def progress(plan: Mapping[str, Any], root: Path) -> Report:
    """Compare a plan (`plan.json` as read) with the tree below `root`.  Raises DamagedPlan."""
    names, every = standings(plan, root)
    if unknown := set(names) - set(PHASES):
        raise DamagedPlan(f"the plan has a phase {min(unknown)!r}, which there is not")
    try:
        parts = [part for standing in every for part in _parts(standing)]
        known = [
            (str(record["id"]), str(record["identity"] or record["subject"]["address"]))
            for record in plan["migrations"]
            if record["phases"]
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedPlan(f"the plan is damaged ({type(error).__name__})") from None
    return Report(
        tuple(_reached(names, parts)),
        tuple(
            Course(name, identity, tuple(_reached(names, [part for part in parts if name in part.owners])))
            for name, identity in known
        ),
    )


def to_json(report: Report, phase: str | None) -> dict[str, Any]:
    """The report as the JSON contract has it; `phase` is the one that was asked for."""

    def reached(phases: Iterable[Reached]) -> list[dict[str, Any]]:
        return [
            {
                "name": part.name,
                "state": part.state,
                "files": [{"path": file.path, "state": file.state, "reason": file.reason} for file in part.files],
            }
            for part in phases
        ]

    return {
        "schema": "rolecall/verify/1",
        "phase": phase,
        "reached": report.reached(phase),
        "phases": reached(report.phases),
        "migrations": [
            {"id": one.migration, "identity": one.identity, "phases": reached(one.phases)} for one in report.migrations
        ],
    }


@dataclass(frozen=True, slots=True)
class _Part:
    """One hunk, or a file that a phase deletes or that nobody can read: of a phase, by its place in the series."""

    at: int
    path: str
    state: FileState
    owners: tuple[str, ...]
    reason: str


@dataclass(slots=True)
class _Hunk:
    """A hunk with its lines (0-based, end-exclusive) in the text before its phase and in the text after it."""

    at: int
    state: FileState
    before: tuple[int, int]
    after: tuple[int, int]
    owners: tuple[str, ...]
    new: tuple[bytes, ...]


def _reached(names: Sequence[str], parts: Sequence[_Part]) -> Iterable[Reached]:
    for at, name in enumerate(names):
        files: dict[str, list[_Part]] = {}
        for part in parts:
            if part.at == at:
                files.setdefault(part.path, []).append(part)
        if files:
            places = tuple(
                Place(path, _together(_SAID[part.state] for part in own), next((p.reason for p in own if p.reason), ""))
                for path, own in files.items()
            )
            yield Reached(name, _together(place.state for place in places), places)


def _together(states: Iterable[Progress]) -> Progress:
    kinds = set(states)
    return "changed" if "changed" in kinds else kinds.pop() if len(kinds) == 1 else "partial"


def _parts(standing: Standing) -> Iterable[_Part]:
    """Every hunk of a file with its state."""
    path, windows = standing.path, standing.windows
    done = exactly(standing)
    lost = windows is None or (standing.missing and done is None)
    if done is not None or lost or windows is None:
        for nth, (at, step) in enumerate(zip(standing.at, standing.steps, strict=True)):
            state: FileState = "changed" if done is None else "applied" if nth <= done else "pending"
            reason = (standing.reason or "the file is gone") if done is None else ""
            for owners in [hunk["migrations"] for hunk in step["hunks"]] or [step["migrations"]]:
                yield _Part(at, path, state, tuple(owners), reason)
        return
    found = _hunks(standing, windows)
    _settle(found, windows.data)
    for hunk in found:
        yield _Part(hunk.at, path, hunk.state, hunk.owners, _CHANGED if hunk.state == "changed" else "")


def _hunks(standing: Standing, windows: Windows) -> list[_Hunk]:
    """The hunks by their own lines alone."""
    found: list[_Hunk] = []
    for at, step in zip(standing.at, standing.steps, strict=True):
        if step["after"] is None:  # a deletion stands for all lines, and the whole file has to be as it was
            state: FileState = "pending" if digest(windows.data) == step["before"] else "changed"
            found.append(_Hunk(at, state, (0, 1 << 60), (0, 0), tuple(step["migrations"]), ()))
            continue
        shift = 0
        for hunk in step["hunks"]:
            first, size, then = int(hunk["start_line"]) - 1, int(hunk["lines"]), int(hunk["lines_after"])
            found.append(
                _Hunk(
                    at,
                    hunk_state(windows, hunk),
                    (first, first + size),
                    (first + shift, first + shift + then),
                    tuple(hunk["migrations"]),
                    tuple(text for edit in hunk["edits"] if (text := str(edit["new"]).encode().strip())),
                )
            )
            shift += then - size
    return found


def _settle(hunks: list[_Hunk], data: bytes) -> None:
    """Decide on hunks whose lines are not there by those of other phases in the same place.

    A later phase that found its place says that the earlier one was there (what that wrote must be there still, or lie
    inside what the later one is known to be); an earlier phase that is to come says that the later one is, too.
    """
    for one in reversed(hunks):
        if one.state == "changed":
            later = [other for other in hunks if other.at > one.at and other.state != "changed"]
            over = [other for other in later if _meet(_carried(one.after, one.at, other.at, hunks), other.before)]
            if over and (all(text in data for text in one.new) or any(_core_in(one, other, hunks) for other in over)):
                one.state = "applied"
    for one in hunks:
        if one.state == "changed" and any(
            other.at < one.at
            and other.state == "pending"
            and _meet(_carried(other.after, other.at, one.at, hunks), one.before)
            for other in hunks
        ):
            one.state = "pending"


def _carried(lines: tuple[int, int], since: int, until: int, hunks: Sequence[_Hunk]) -> tuple[int, int]:
    """Lines of the text after one phase, as they are counted in the text before a later one."""
    start, end = lines
    for at in range(since + 1, until):
        between = [hunk for hunk in hunks if hunk.at == at]
        first = sum(_growth(hunk) for hunk in between if hunk.before[1] <= start)
        last = sum(_growth(hunk) for hunk in between if hunk.before[0] < end)
        start, end = start + first, max(start + first, end + last)
    return start, end


def _growth(hunk: _Hunk) -> int:
    return hunk.after[1] - hunk.after[0] - (hunk.before[1] - hunk.before[0])


def _core_in(one: _Hunk, other: _Hunk, hunks: Sequence[_Hunk]) -> bool:
    """Whether what a hunk writes, without the context, lies inside the place of a later one."""
    start, end = one.after
    start, end = _carried((start + CONTEXT, max(start + CONTEXT, end - CONTEXT)), one.at, other.at, hunks)
    return other.before[0] <= start and end <= other.before[1]


def _meet(a: tuple[int, int], b: tuple[int, int]) -> bool:
    """Whether two runs of lines have a line in common."""
    return a[0] < b[1] and b[0] < a[1]
