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
from pathlib import Path
from typing import Any

from rolecall.planning.migration import PHASES
from rolecall.planning.proofs.recheck import objections
from rolecall.planning.survey import DamagedPlan, File, survey


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


def apply_phase(plan: Mapping[str, Any], root: Path, phase: str) -> Applied:
    """Write the files of one phase of a plan (`plan.json` as read) below `root`.

    What is written already is left alone, so that an interrupted run can be repeated.  Raises NotApplicable, with
    nothing written, where a text to be replaced is not as planned, where an earlier phase is still to come, or where
    a file would no longer parse or a name no longer resolve;
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
    if bad := tuple(objections(root, pending)):
        raise NotApplicable("with what has changed since the plan was made, the phase would break the tree", bad)
    _write_all(root, pending)
    return Applied(
        phase,
        tuple(file.path for file in pending),
        tuple(file.path for file in files if file.state == "applied"),
    )


def _survey(plan: Mapping[str, Any], root: Path) -> list[tuple[str, tuple[File, ...]]]:
    try:
        return survey(plan, root)
    except DamagedPlan as error:
        raise NotApplicable(str(error)) from None


def _write_all(root: Path, files: list[File]) -> None:
    """Replace, create and delete files so that either all of it is done or, after an error, nothing."""
    real_root = Path(os.path.realpath(root))
    with contextlib.ExitStack() as tidy, contextlib.ExitStack() as undo:
        ready: list[tuple[Path, Path | None]] = []
        for at, file in enumerate(files):
            target = Path(os.path.realpath(real_root / file.path))
            if not target.is_relative_to(real_root):
                raise NotApplicable("nothing is written", ((file.path, "the path leads out of the folder"),))
            if file.then is None:
                ready.append((target, None))
                continue
            for folder in reversed([folder for folder in target.parents if not folder.exists()]):
                folder.mkdir()
                undo.callback(_quietly, os.rmdir, folder)
            temporary = _beside(target, at, "new")
            undo.callback(_quietly, os.unlink, temporary)
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
            with os.fdopen(handle, "wb") as stream:
                stream.write(file.then)
            if file.now is not None:
                shutil.copymode(target, temporary)
            ready.append((target, temporary))
        for at, ((target, new), file) in enumerate(zip(ready, files, strict=True)):
            if file.now is not None:
                backup = _beside(target, at, "old")
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


def _beside(target: Path, at: int, kind: str) -> Path:
    """A name for the use of this run, of one file alone: those of long names that begin alike differ by `at`."""
    return target.with_name(f".{target.name[:50]}.rolecall-{os.getpid()}.{at}.{kind}")


def _keep(target: Path, backup: Path) -> None:
    """A second name for a file's content, so that putting it back needs no writing; a copy where there are no links."""
    try:
        os.link(target, backup)
    except OSError:
        shutil.copy2(target, backup)


def _quietly(action: Callable[[Path], object], path: Path) -> None:
    with contextlib.suppress(OSError):
        action(path)
