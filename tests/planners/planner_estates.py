"""Example estates on disk, and their plans."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path

from held_back import HELD_BACK

from rolecall.analysis.run import Options, analyse
from rolecall.planners import PLANNERS, load
from rolecall.planning.example import PlannerExample
from rolecall.planning.plan import Plan, make_plan


def examples() -> Iterator[tuple[str, PlannerExample]]:
    """Every example with a name of its own; pods have a folder of tests for themselves."""
    planners = [name for name in PLANNERS if name != "pod_role"]
    found = [(name, import_module(f"rolecall.planners.{name}.examples").EXAMPLES) for name in planners]
    for name, shown in (*found, ("held_back", HELD_BACK)):
        for example in shown:
            yield f"{name}: {example.title}", example


def write(folder: Path, files: Mapping[str, bytes | None]) -> None:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if data is None:
            path.unlink()
        else:
            path.write_bytes(data)


def lay_out(folder: Path, example: PlannerExample) -> None:
    write(folder, {name: encoded(example, text) for name, text in example.files.items()})


def encoded(example: PlannerExample, text: str) -> bytes:
    return text.replace("\n", example.newline).encode()


def planned(folder: Path) -> Plan:
    return make_plan(analyse([folder], Options(cache=False)), load(), settings=False)
