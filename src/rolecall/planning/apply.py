"""Apply one phase of a plan to a work tree: all of its files or none, and only where the tree is as it was planned
for.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from rolecall.planning.migration import PHASES
from rolecall.planning.series import digest
from rolecall.source.diff import split_lines
from rolecall.source.edits import Edit, apply
from rolecall.source.tree import Tree, Unreadable

State = Literal["pending", "applied", "partial", "changed"]


class NotApplicable(Exception):
    """A phase that is not applied.  `files` are the (path, reason) pairs that stand against it, maybe none."""

    def __init__(self, message: str, files: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__("\n".join([message, *(f"  {path}: {reason}" for path, reason in files)]))
        self.files = files


@dataclass(frozen=True, slots=True)
class Applied:
    """What was written (or deleted), and which files of the phase were so already."""

    phase: str
    written: tuple[str, ...]
    already: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _File:
    """A file of one phase against the work tree: its bytes now and after the phase, where it can be told."""

    path: str
    state: Literal["pending", "applied", "changed"]
    now: bytes | None = None
    then: bytes | None = None
    reason: str = ""


def states(plan: Mapping[str, Any], root: Path) -> dict[str, State]:
    """How each phase of the plan stands in the work tree: `partial` where some of its files are done and some are
    not.
    """
    found: dict[str, State] = {}
    for name, files in _survey(plan, root):
        kinds = {file.state for file in files}
        found[name] = "changed" if "changed" in kinds else "partial" if len(kinds) > 1 else kinds.pop()
    return found


def apply_phase(plan: Mapping[str, Any], root: Path, phase: str) -> Applied:
    """Write the files of one phase of a plan (`plan.json` as read) below `root`.

    What is written already is left alone, so that an interrupted run can be repeated.  Raises NotApplicable, with
    nothing written, where a text to be replaced is not as planned, or where an earlier phase is still to come;
    OSError where writing fails, after putting back what was there.
    """
    if phase not in PHASES:
        raise NotApplicable(f"there is no phase {phase}; the phases are {', '.join(PHASES)}")
    survey = _survey(plan, root)
    files = next((files for name, files in survey if name == phase), ())
    if bad := tuple((file.path, file.reason) for file in files if file.state == "changed"):
        raise NotApplicable("the tree is not as it was when the plan was made", bad)
    pending = [file for file in files if file.state == "pending"]
    for name, earlier in itertools.takewhile(lambda part: part[0] != phase, survey):
        waiting = tuple((file.path, f"{name} is not applied") for file in earlier if file.state != "applied")
        if waiting and pending:
            raise NotApplicable(f"the phase {name} comes first", waiting)
    _write_all(root, pending)
    return Applied(
        phase,
        tuple(file.path for file in pending),
        tuple(file.path for file in files if file.state == "applied"),
    )


def _survey(plan: Mapping[str, Any], root: Path) -> list[tuple[str, tuple[_File, ...]]]:
    """Every phase that changes something, in order, with its files as they stand."""
    if plan.get("schema") != "rolecall/plan/1" or not isinstance(plan.get("series"), list):
        raise NotApplicable("this is not a plan with a series of patches")
    try:
        phases = [(str(part["name"]), list(part["files"])) for part in plan["series"]]
        tree = Tree(root)
        found: list[list[_File]] = [[] for _ in phases]
        for path in sorted({str(file["path"]) for _, files in phases for file in files}):
            steps = [(at, file) for at, (_, files) in enumerate(phases) for file in files if file["path"] == path]
            standing = _standing(tree, path, [file for _, file in steps])
            for (at, _), file in zip(steps, standing, strict=True):
                found[at].append(file)
    except (KeyError, TypeError, ValueError) as error:
        raise NotApplicable(f"the plan is damaged ({type(error).__name__})") from None
    return [(name, tuple(files)) for (name, _), files in zip(phases, found, strict=True)]


def _standing(tree: Tree, path: str, steps: list[dict[str, Any]]) -> list[_File]:
    """The file's state for each phase that changes it: applied up to some phase, pending after it."""
    if tree.resolve("", path) != path:
        return [_File(path, "changed", reason="the path leads out of the folder")] * len(steps)
    try:
        now = tree.read(path).data if tree.exists(path) or os.path.lexists(tree.absolute(path)) else None
    except Unreadable as error:
        return [_File(path, "changed", reason=error.reason)] * len(steps)
    current = digest(now)
    windows = _Windows(now or b"")
    done = next((at for at in reversed(range(len(steps))) if current == steps[at]["after"]), -1)
    if done < 0 and current != steps[0]["before"] and now is not None:
        done = next((at for at in reversed(range(len(steps))) if _done(windows, steps[at])), -1)
    result: list[_File] = []
    for at, step in enumerate(steps):
        if at <= done:
            result.append(_File(path, "applied", now, now))
        elif at > done + 1:
            result.append(_File(path, "pending", reason="an earlier phase changes the file first"))
        elif current == step["before"] or (now is not None and step["before"] is not None):
            result.append(_next(windows, path, now, step, current == step["before"]))
        else:
            reason = "the file is gone" if now is None else "there is a file of that name already"
            result.append(_File(path, "changed", now, reason=reason))
    return result


def _next(windows: _Windows, path: str, now: bytes | None, step: dict[str, Any], same: bool) -> _File:
    """The file for the first phase that is not applied to it."""
    if step["after"] is None:
        if same:
            return _File(path, "pending", now, None)
        return _File(path, "changed", now, reason="the file to delete has changed")
    places = [hunk["start_line"] - 1 for hunk in step["hunks"]] if same else _located(windows, step, "")
    if places is None:
        return _File(path, "changed", now, reason="the lines to change are not as planned, or not there once")
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
    return _File(path, "pending", now, then)


class _Windows:
    """Runs of lines of a text, by their hash."""

    def __init__(self, data: bytes) -> None:
        self.lines = split_lines(data)
        self.starts = [0, *itertools.accumulate(map(len, self.lines))]
        self._data = data
        self._known: dict[int, dict[str, list[int]]] = {}

    def find(self, size: int, wanted: str) -> list[int]:
        """The 0-based first lines of all runs of `size` lines with a hash."""
        if size not in self._known:
            known: dict[str, list[int]] = {}
            for first in range(len(self.lines) - size + 1):
                part = self._data[self.starts[first] : self.starts[first + size]]
                known.setdefault(sha256(part).hexdigest(), []).append(first)
            self._known[size] = known
        return self._known[size].get(wanted, [])


def _done(windows: _Windows, step: dict[str, Any]) -> bool:
    """True where a text has a phase's lines as they are after it, and not (as around a removal) those before it too."""
    return _located(windows, step, "_after") is not None and _located(windows, step, "") is None


def _located(windows: _Windows, step: dict[str, Any], suffix: str) -> list[int] | None:
    """Where the hunks of a phase are in a text, each there once and all in order; None where that is not so."""
    places: list[int] = []
    end = 0
    for hunk in step["hunks"]:
        size = int(hunk["lines" + suffix])
        found = windows.find(size, hunk["sha256" + suffix]) if size else []
        if len(found) != 1 or found[0] < end:
            return None
        places.append(found[0])
        end = found[0] + size
    return places or None


def _write_all(root: Path, files: list[_File]) -> None:
    """Replace, create and delete files so that either all of it is done or, after an error, nothing."""
    real_root = Path(os.path.realpath(root))
    with contextlib.ExitStack() as tidy, contextlib.ExitStack() as undo:
        ready: list[tuple[Path, Path | None]] = []
        for file in files:
            target = Path(os.path.realpath(real_root / file.path))
            if not target.is_relative_to(real_root):
                raise NotApplicable("nothing is written", ((file.path, "the path leads out of the folder"),))
            if file.then is None:
                ready.append((target, None))
                continue
            for folder in reversed([folder for folder in target.parents if not folder.exists()]):
                folder.mkdir()
                undo.callback(_quietly, os.rmdir, folder)
            temporary = _beside(target, "new")
            undo.callback(_quietly, os.unlink, temporary)
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
            with os.fdopen(handle, "wb") as stream:
                stream.write(file.then)
            if file.now is not None:
                shutil.copymode(target, temporary)
            ready.append((target, temporary))
        for (target, new), file in zip(ready, files, strict=True):
            if file.now is not None:
                backup = _beside(target, "old")
                tidy.callback(_quietly, os.unlink, backup)
                _keep(target, backup)
                undo.callback(os.replace, backup, target)
            else:
                undo.callback(_quietly, os.unlink, target)
            if new is None:
                target.unlink()
            else:
                os.replace(new, target)
        undo.pop_all()


def _beside(target: Path, kind: str) -> Path:
    return target.with_name(f".{target.name[:50]}.rolecall-{os.getpid()}.{kind}")


def _keep(target: Path, backup: Path) -> None:
    """A second name for a file's content, so that putting it back needs no writing; a copy where there are no links."""
    try:
        os.link(target, backup)
    except OSError:
        shutil.copy2(target, backup)


def _quietly(action: Callable[[Path], object], path: Path) -> None:
    with contextlib.suppress(OSError):
        action(path)
