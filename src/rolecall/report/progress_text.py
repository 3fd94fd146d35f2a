"""How far a tree has come with a plan, as a table for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rolecall.planning.progress import Progress, Reached, Report
from rolecall.report.masking import masked, visible
from rolecall.report.text import Style

_SAID: Mapping[Progress, str] = {
    "done": "done",
    "partial": "in part",
    "not-yet": "not yet",
    "changed": "changed otherwise",
}
_ROLES: Mapping[Progress, str] = {"done": "low", "partial": "medium", "not-yet": "note", "changed": "high"}


def lines(report: Report, phase: str | None, style: Style) -> Iterator[str]:
    """A row for each migration with patches, one for all together, what has changed otherwise, and the sum."""
    names = [part.name for part in report.phases]
    if not names:
        yield "the plan changes nothing"
        return
    rows = [("", "", names)]
    rows += [(one.migration, one.identity, _cells(one.phases, names)) for one in report.migrations]
    rows.append(("all together", "", _cells(report.phases, names)))
    known = [(visible(name), visible(masked(identity)), cells) for name, identity, cells in rows]
    first, second = (max(len(row[column]) for row in known) for column in (0, 1))
    widths = [max(len(row[2][at]) for row in known) for at in range(len(names))]
    paint = {_SAID[state]: role for state, role in _ROLES.items()}
    for name, identity, cells in known:
        painted = (
            style.paint(f"{cell:<{width}}", paint[cell]) if cell in paint else f"{cell:<{width}}"
            for cell, width in zip(cells, widths, strict=True)
        )
        yield f"{name:<{first}}  {identity:<{second}}  {'  '.join(painted)}".rstrip()
    changed = [(part.name, file) for part in report.phases for file in part.files if file.state == "changed"]
    if changed:
        yield ""
    for name, file in changed:
        yield f"{visible(file.path)}, {name}: {file.reason}"
    yield ""
    what = "all of the plan" if phase is None else f"all up to {phase}"
    yield f"{what} is reached" if report.reached(phase) else f"not {what} is reached"


def _cells(phases: tuple[Reached, ...], names: list[str]) -> list[str]:
    states = {part.name: _SAID[part.state] for part in phases}
    return [states.get(name, "-") for name in names]
