"""The result: rows with a limit and a verdict, printed as one Markdown table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

HEADINGS = ("what", "best", "median", "ratio", "limit", "")


@dataclass(frozen=True, slots=True)
class Row:
    """One line.  `ratio` is to what `limit` speaks of; `holds` is None where there is no limit."""

    what: str
    best: str
    median: str = ""
    ratio: str = ""
    limit: str = ""
    holds: bool | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        verdict = "" if self.holds is None else "ok" if self.holds else "OVER"
        return (self.what, self.best, self.median, self.ratio, self.limit, verdict)


def render(title: str, rows: Iterable[Row]) -> str:
    lines = [HEADINGS, *(row.cells for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    text = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    text.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return f"## {title}\n\n" + "\n".join(text) + "\n"


def seconds(value: float) -> str:
    return f"{value:.3f} s" if value < 10 else f"{value:.1f} s"


def times(value: float) -> str:
    return f"{value:.2f} x"
