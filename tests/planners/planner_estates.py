"""Example estates on disk, and their plans."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import shown
from held_back import HELD_BACK

from rolecall.planners import PLANNERS
from rolecall.planning.example import PlannerExample
from rolecall.planning.plan import Plan


def examples() -> Iterator[tuple[str, PlannerExample]]:
    """Every example with a name of its own; pods have a folder of tests for themselves."""
    planners = [name for name in PLANNERS if name != "pod_role"]
    found = [(name, import_module(f"rolecall.planners.{name}.examples").EXAMPLES) for name in planners]
    for name, own in (*found, ("held_back", HELD_BACK)):
        for example in own:
            yield f"{name}: {example.title}", example


def lay_out(folder: Path, example: PlannerExample) -> None:
    shown.lay_out(folder, example.files, example.newline)


def planned(folder: Path) -> Plan:
    return shown.planned(folder, settings=False)
