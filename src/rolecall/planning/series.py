"""The series of patches as files: what `git apply` takes, and the part of `plan.json` that `rolecall apply` works from.

`plan.json` holds under `series` one entry per phase that changes something:

    {"name": "expand", "files": [{"path": ..., "before": SHA | null, "after": SHA | null, "hunks": [
        {"start_line": ..., "lines": ..., "sha256": SHA, "lines_after": ..., "sha256_after": SHA,
         "edits": [{"start_byte": ..., "end_byte": ..., "new": ...}], "migrations": [ID]}],
        "migrations": [ID]}]}

`before` and `after` are the SHA-256 of the whole file around the phase, null where there is no file.  A hunk is a run
of whole lines, context included: `sha256` is that of its `lines` lines before the phase and `sha256_after` that of
its `lines_after` lines after it, and its edits count bytes from its own start.  So a hunk is found again in a file
that changed elsewhere, and the plan holds nothing of the text that it takes away.  `migrations` are those that the
hunk (the change of the file) is there for.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from rolecall.planning.composition import Series, Step
from rolecall.source.diff import hunks, split_lines, unified
from rolecall.source.edits import Edit, apply


def patch(step: Step) -> bytes:
    """One phase as a patch for `git apply`; empty where the phase changes nothing."""
    return b"".join(unified(path, step.before[path], edits) for path, edits in sorted(step.changes.items()))


def to_json(series: Series) -> list[dict[str, Any]]:
    """The value of `series` in `plan.json`."""
    return [
        {
            "name": step.name,
            "files": [
                _file_to_json(path, step.before[path], step.files[path], edits, step.owners[path])
                for path, edits in sorted(step.changes.items())
            ],
        }
        for step in series.steps
        if step.changes
    ]


def digest(data: bytes | None) -> str | None:
    return None if data is None else sha256(data).hexdigest()


def _file_to_json(
    path: str, old: bytes | None, new: bytes | None, edits: tuple[Edit, ...], owners: tuple[frozenset[str], ...]
) -> dict[str, Any]:
    parts: list[dict[str, Any]] = []
    if new is not None:
        text = old or b""
        starts = [0]
        for line in split_lines(text):
            starts.append(starts[-1] + len(line))
        for hunk in hunks(text, edits):
            start, end = starts[hunk.start], starts[hunk.end]
            own = [at for at, edit in enumerate(edits) if start <= edit.start and edit.end <= end]
            inside = [Edit(path, edits[at].start - start, edits[at].end - start, edits[at].new) for at in own]
            after = apply(text[start:end], inside)
            parts.append(
                {
                    "start_line": hunk.start + 1,
                    "lines": hunk.end - hunk.start,
                    "sha256": digest(text[start:end]),
                    "lines_after": len(split_lines(after)),
                    "sha256_after": digest(after),
                    "edits": [{"start_byte": one.start, "end_byte": one.end, "new": one.new} for one in inside],
                    "migrations": sorted(frozenset().union(*(owners[at] for at in own))),
                }
            )
    return {
        "path": path,
        "before": digest(old),
        "after": digest(new),
        "hunks": parts,
        "migrations": sorted(frozenset().union(*owners)),
    }
