"""A plan in a few lines for the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rolecall.report.masking import masked, named, visible
from rolecall.report.text import Style, counted, wrapped

#: How many settings with nothing but advice a wave may have before they are counted and not listed.
_MOST = 20
_ROLES = {"patch": "low", "partial": "medium", "advice": "note", "keep": "note"}


def summary(data: Mapping[str, Any], folder: Path, style: Style) -> Iterator[str]:
    """One line for each migration by waves, then what was written and what to do next."""
    migrations = {record["id"]: record for record in data["migrations"]}
    width = max((len(name) for name in migrations), default=0)
    said = Counter(map(_label, migrations.values()))
    for wave in data["waves"]:
        if not wave["migrations"]:
            continue
        yield style.paint(f"wave {wave['wave']}", "strong")
        advised = [name for name in wave["migrations"] if migrations[name]["disposition"] == "advice"]
        hidden = {name for name in advised if name.startswith("setting-")}
        if len(hidden) <= _MOST:
            hidden = set()
        for name in wave["migrations"]:
            if name in hidden:
                continue
            record = migrations[name]
            what = named(_label(record))
            if said[_label(record)] > 1:
                what += f" ({style.path(record['subject']['path'])}:{record['subject']['start_line']})"
            label = style.paint(f"{record['disposition']:<8}", _ROLES[record["disposition"]])
            indent = " " * (width + 13)
            first, *rest = wrapped(f"{what} → {', '.join(record['targets'])}", "", "", style.width - len(indent))
            yield f"  {name:<{width}}  {label} {first}"
            yield from (indent + line for line in rest)
            for reason in record["reasons"][:1]:
                for line in wrapped(visible(masked(reason)), indent, indent, style.width):
                    yield style.paint(line, "faint")
        if hidden:
            yield f"  and {counted(len(hidden), 'setting')} with advice (roadmap.md)"
        yield ""
    counts = data["kpis"].get("migrations_by_disposition", {})
    told = ", ".join(f"{number} {name}" for name, number in counts.items())
    yield f"{counted(len(migrations), 'migration')}{f' ({told})' if told else ''}; written to {folder}"
    for read in data.get("evidence", ()):
        when = f", {read['start'][:10]} to {read['end'][:10]}" if read["start"] else ""
        yield f"usage evidence: {read['format']}, {read['records']} records{when}"
        for note in read["notes"]:
            yield f"  {visible(note)}"
    if data.get("series"):
        yield f"read {folder / 'roadmap.md'}, then: rolecall apply {folder} --phase {data['series'][0]['name']}"


def _label(record: Mapping[str, Any]) -> str:
    return str(record["identity"] or record["subject"]["address"])
