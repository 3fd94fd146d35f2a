"""A plan's series against a work tree: which files are as before a phase, which as after it, and which are neither.

A hunk is found by the hash of its lines, wherever they stand now: so what changed elsewhere in a file is no obstacle.
"""

from __future__ import annotations

import itertools
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from rolecall.planning.series import digest
from rolecall.source.diff import split_lines
from rolecall.source.edits import Edit, apply
from rolecall.source.tree import Tree, Unreadable

FileState = Literal["pending", "applied", "changed"]
_AMBIGUOUS = "the lines to change are not as planned, or not there once"


class DamagedPlan(Exception):
    """A document that is no plan, or one whose parts do not fit together.  `str()` says what is wrong."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of one phase against the work tree: its bytes now and after the phase, where it can be told."""

    path: str
    state: FileState
    now: bytes | None = None
    then: bytes | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """A file of the tree, and the phases of the plan that change it: `at` are their places in the series, `steps`
    what it says of the file there.  `windows` is None where the file cannot be read (or may not); `reason` says why.
    """

    path: str
    at: tuple[int, ...]
    steps: tuple[dict[str, Any], ...]
    windows: Windows | None
    missing: bool = False
    reason: str = ""


def standings(plan: Mapping[str, Any], root: Path) -> tuple[tuple[str, ...], list[Standing]]:
    """The names of the phases that change something, in order, and every file of the plan.

    Raises DamagedPlan where the document is none.
    """
    if plan.get("schema") != "rolecall/plan/1" or not isinstance(plan.get("series"), list):
        raise DamagedPlan("this is not a plan with a series of patches")
    try:
        phases = [(str(part["name"]), list(part["files"])) for part in plan["series"]]
        tree = Tree(root)
        found: list[Standing] = []
        for path in sorted({str(file["path"]) for _, files in phases for file in files}):
            steps = [(at, file) for at, (_, files) in enumerate(phases) for file in files if file["path"] == path]
            found.append(_standing(tree, path, tuple(at for at, _ in steps), tuple(file for _, file in steps)))
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedPlan(f"the plan is damaged ({type(error).__name__})") from None
    return tuple(name for name, _ in phases), found


def survey(plan: Mapping[str, Any], root: Path) -> list[tuple[str, tuple[File, ...]]]:
    """Every phase that changes something, in order, with its files as they stand.  Raises DamagedPlan."""
    names, every = standings(plan, root)
    found: list[list[File]] = [[] for _ in names]
    try:
        for standing in every:
            for at, file in zip(standing.at, _files(standing), strict=True):
                found[at].append(file)
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedPlan(f"the plan is damaged ({type(error).__name__})") from None
    return [(name, tuple(files)) for name, files in zip(names, found, strict=True)]


def _standing(tree: Tree, path: str, at: tuple[int, ...], steps: tuple[dict[str, Any], ...]) -> Standing:
    if tree.resolve("", path) != path:
        return Standing(path, at, steps, None, reason="the path leads out of the folder")
    try:
        now = tree.read(path).data if tree.exists(path) or os.path.lexists(tree.absolute(path)) else None
    except Unreadable as error:
        return Standing(path, at, steps, None, reason=error.reason)
    return Standing(path, at, steps, Windows(now or b""), missing=now is None)


def _files(standing: Standing) -> Iterator[File]:
    """The file's state for each phase that changes it: applied up to some phase, pending after it."""
    path, steps, windows = standing.path, standing.steps, standing.windows
    if windows is None:
        yield from [File(path, "changed", reason=standing.reason)] * len(steps)
        return
    now = None if standing.missing else windows.data
    current = digest(now)
    done = exactly(standing)
    if done is None:
        done = -1
        if now is not None:
            done = next((at for at in reversed(range(len(steps))) if _done(windows, steps[at])), -1)
    for at, step in enumerate(steps):
        if at <= done:
            yield File(path, "applied", now, now)
        elif at > done + 1:
            yield File(path, "pending", reason="an earlier phase changes the file first")
        elif current == step["before"] or (now is not None and step["before"] is not None):
            yield _next(windows, path, now, step, current == step["before"])
        else:
            reason = "the file is gone" if now is None else "there is a file of that name already"
            yield File(path, "changed", now, reason=reason)


def exactly(standing: Standing) -> int | None:
    """The last step that is done (-1: none) where the whole file is as the plan knows it; None where it is not."""
    if standing.windows is None:
        return None
    current = None if standing.missing else digest(standing.windows.data)
    steps = standing.steps
    done = next((at for at in reversed(range(len(steps))) if current == steps[at]["after"]), -1)
    return done if done >= 0 or current == steps[0]["before"] else None


def _next(windows: Windows, path: str, now: bytes | None, step: dict[str, Any], same: bool) -> File:
    """The file for the first phase that is not applied to it."""
    if step["after"] is None:
        if same:
            return File(path, "pending", now, None)
        return File(path, "changed", now, reason="the file to delete has changed")
    places = [hunk["start_line"] - 1 for hunk in step["hunks"]] if same else _located(windows, step, "")
    if places is None or (not same and any(hunk_state(windows, hunk) != "pending" for hunk in step["hunks"])):
        return File(path, "changed", now, reason=_AMBIGUOUS)
    edits: list[Edit] = []
    for place, hunk in zip(places, step["hunks"], strict=True):
        base = windows.starts[place]
        edits.extend(
            Edit(path, base + int(one["start_byte"]), base + int(one["end_byte"]), str(one["new"]))
            for one in hunk["edits"]
        )
    then = apply(now or b"", edits)
    if same and digest(then) != step["after"]:
        raise ValueError(path)
    return File(path, "pending", now, then)


class Windows:
    """Runs of lines of a text, by their hash."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.lines = split_lines(data)
        self.starts = [0, *itertools.accumulate(map(len, self.lines))]
        self._known: dict[int, dict[str, list[int]]] = {}

    def find(self, size: int, wanted: str) -> list[int]:
        """The 0-based first lines of all runs of `size` lines with a hash."""
        if size not in self._known:
            known: dict[str, list[int]] = {}
            for first in range(len(self.lines) - size + 1):
                part = self.data[self.starts[first] : self.starts[first + size]]
                known.setdefault(sha256(part).hexdigest(), []).append(first)
            self._known[size] = known
        return self._known[size].get(wanted, [])


def hunk_state(windows: Windows, hunk: Mapping[str, Any]) -> FileState:
    """How one hunk stands in a text, by its own lines alone.

    At an end of the file the lines of one side hold those of the other (context has nothing beyond it): then the
    longer run is the truth.  Where both are there and apart, nobody can tell which of them is the one that is meant.
    """
    sizes = int(hunk["lines"]), int(hunk["lines_after"])
    before = windows.find(sizes[0], hunk["sha256"]) if sizes[0] else []
    after = windows.find(sizes[1], hunk["sha256_after"]) if sizes[1] else []
    if before and after:
        if _inside(before, sizes[0], after, sizes[1]):
            return "applied"
        return "pending" if _inside(after, sizes[1], before, sizes[0]) else "changed"
    return "applied" if after else "pending" if before else "changed"


def _inside(inner: list[int], size: int, outer: list[int], room: int) -> bool:
    """Whether every run of `size` lines lies in one of the runs of `room` lines, which are longer."""
    return size < room and all(any(o <= i and i + size <= o + room for o in outer) for i in inner)


def _done(windows: Windows, step: dict[str, Any]) -> bool:
    """True where a text has a phase's lines as they are after it, every hunk's."""
    return _located(windows, step, "_after") is not None and all(
        hunk_state(windows, hunk) == "applied" for hunk in step["hunks"]
    )


def _located(windows: Windows, step: dict[str, Any], suffix: str) -> list[int] | None:
    """Where the hunks of a phase are in a text, all in order; None where that is not so.

    Each is there once, or as often as the phase has hunks of the same lines.
    """
    keys = [(int(hunk["lines" + suffix]), hunk["sha256" + suffix]) for hunk in step["hunks"]]
    alike = Counter(keys)
    met: Counter[tuple[int, str]] = Counter()
    places: list[int] = []
    end = 0
    for key in keys:
        found = windows.find(*key) if key[0] else []
        if len(found) != alike[key] or found[met[key]] < end:
            return None
        places.append(found[met[key]])
        end = found[met[key]] + key[0]
        met[key] += 1
    return places or None
