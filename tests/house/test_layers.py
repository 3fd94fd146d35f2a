"""Which package may know of which: a lower layer never imports a higher one, not even inside a function."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

#: Lowest first.  Packages of one layer may import each other.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("version", "source"),
    ("frontends", "catalog"),
    ("model",),
    ("policy",),
    ("evidence",),
    ("checks",),
    ("config", "analysis"),
    ("planning", "planners"),
    ("report",),
    ("cli",),
)
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
MAX_LINES = 500


def modules(project: Path) -> Iterator[tuple[str, Path]]:
    """Every module of the package with its first part: ("model", …/model/parts.py)."""
    package = project / "src" / "rolecall"
    for path in sorted(package.rglob("*.py")):
        part = path.relative_to(package).parts[0].removesuffix(".py")
        if part != "__init__":
            yield part, path
    for folder in ("checks", "planners"):
        for path in sorted((project / folder).rglob("*.py")):
            yield folder, path


def imported(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """The parts of rolecall that a module imports anywhere in it, with the line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module is not None:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            top, _, rest = name.partition(".")
            if top == "rolecall" and rest:
                yield rest.partition(".")[0], node.lineno


def higher_imports(part: str, source: str) -> list[tuple[str, int]]:
    return [(other, line) for other, line in imported(ast.parse(source)) if RANK[other] > RANK[part]]


def test_no_module_imports_a_higher_layer(project: Path) -> None:
    wrong = [
        f"{path.relative_to(project)}:{line} imports rolecall.{other}"
        for part, path in modules(project)
        for other, line in higher_imports(part, path.read_text("utf-8"))
    ]
    assert wrong == []


def test_every_part_has_a_layer(project: Path) -> None:
    assert {part for part, _ in modules(project)} <= set(RANK)


def test_every_room_is_on_the_map(project: Path) -> None:
    """docs/architecture.md says what is in each package of a layer that has several."""
    text = (project / "docs" / "architecture.md").read_text("utf-8")
    for layer in ("model", "planning"):
        folders = (project / "src" / "rolecall" / layer).glob("*/__init__.py")
        said = text.partition(f"Inside `{layer}`:")[2].partition("\nInside")[0].partition("\n\n")[0]
        assert {path.parent.name for path in folders} <= set(re.findall(r"`(\w+)`", said)), layer


def test_imports_are_absolute(project: Path) -> None:
    """A relative import would be invisible to the test above."""
    wrong = [
        f"{path.relative_to(project)}:{node.lineno}"
        for _, path in modules(project)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("part", "source", "found"),
    [
        ("model", "def late():\n    from rolecall.report.text import render", [("report", 2)]),
        ("source", "import rolecall.model.parts", [("model", 1)]),
        ("cli", "from rolecall import report", []),
        ("planning", "import json, rolecall.cli.main", [("cli", 1)]),
    ],
)
def test_the_rule_sees_all_forms_of_import(part: str, source: str, found: list[tuple[str, int]]) -> None:
    assert higher_imports(part, source) == found


def test_modules_are_small(project: Path) -> None:
    wrong = {
        str(path.relative_to(project)): lines
        for _, path in modules(project)
        if (lines := len(path.read_text("utf-8").splitlines())) > MAX_LINES
    }
    assert wrong == {}


def test_every_module_says_what_is_in_it(project: Path) -> None:
    """In its first line; the folder of a planner is told by its `planner.py`."""
    silent = [
        str(path.relative_to(project))
        for part, path in modules(project)
        if (part != "planners" or path.stem != "__init__")
        and not (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").partition("\n")[0].strip()
    ]
    assert silent == []


def test_no_module_is_called_for_what_is_left_over(project: Path) -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers"}
    wrong = [str(path.relative_to(project)) for _, path in modules(project) if {path.stem, path.parent.name} & vague]
    assert wrong == []


def test_planners_do_not_import_each_other_in_a_circle(project: Path) -> None:
    needs: dict[str, set[str]] = {}
    for path in sorted((project / "planners").rglob("*.py")):
        own = path.relative_to(project / "planners").parts[0]
        for name in re.findall(r"^from rolecall\.planners\.(\w+)", path.read_text(), re.M):
            if name != own and path.parent.name == own:
                needs.setdefault(own, set()).add(name)
    assert needs, "some planners share what they do"
    done: set[str] = set()
    while ready := {name for name, others in needs.items() if others <= done | (others - needs.keys())} - done:
        done |= ready
    assert needs.keys() == done
