"""Checks, planners and packages are found by lists: nothing may be left out of them.  Every check explains itself."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from rolecall.checks import CHECKS, load
from rolecall.model.finding import SEVERITIES
from rolecall.model.rule import Check
from rolecall.planners import PLANNERS

HEADINGS = ("What it does", "Why it matters", "Fix")
RULES = load()
IDS = [module.RULE.id for module in RULES]


def test_every_file_in_checks_is_listed(project: Path) -> None:
    files = {path.stem for path in (project / "checks").glob("*.py")} - {"__init__"}
    assert files == set(CHECKS)


def test_the_list_knows_the_id_of_each_check() -> None:
    assert {module.__name__.rpartition(".")[2]: module.RULE.id for module in RULES} == CHECKS


def test_rule_ids_and_names_are_unique() -> None:
    assert len(set(IDS)) == len(IDS)
    assert len({module.RULE.name for module in RULES}) == len(RULES)


def test_every_folder_in_planners_is_listed(project: Path) -> None:
    folders = {path.parent.name for path in (project / "planners").glob("*/__init__.py")}
    assert folders == set(PLANNERS)
    assert len(PLANNERS) == len(set(PLANNERS))


def test_every_package_is_part_of_the_distribution(project: Path) -> None:
    import tomllib

    settings = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
    packages = set(settings["tool"]["setuptools"]["packages"])
    top = {"rolecall.checks": project / "checks", "rolecall.planners": project / "planners"}
    found = {
        name + "".join(f".{part}" for part in path.parent.relative_to(folder).parts)
        for name, folder in top.items()
        for path in folder.rglob("__init__.py")
    }
    source = project / "src"
    found |= {".".join(path.parent.relative_to(source).parts) for path in source.rglob("__init__.py")}
    assert found == packages


@pytest.mark.parametrize("check", RULES, ids=IDS)
def test_a_check_explains_itself(check: Check) -> None:
    lines = (check.__doc__ or "").splitlines()
    places = [lines.index(heading) for heading in HEADINGS if heading in lines]
    assert len(places) == len(HEADINGS), f"needs the headings {HEADINGS}"
    assert places == sorted(places)
    assert lines[0].strip()
    for start, end in zip(places, [*places[1:], len(lines)], strict=True):
        assert any(line.strip() for line in lines[start + 1 : end]), f"nothing below {lines[start]}"


@pytest.mark.parametrize("check", RULES, ids=IDS)
def test_a_rule_is_complete(check: Check) -> None:
    rule = check.RULE
    assert re.fullmatch(r"RC[1-9]\d\d", rule.id)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", rule.name)
    assert rule.severity in SEVERITIES
    assert rule.summary
    if rule.family != "analysis":
        assert rule.controls, "name the controls"
        assert check.BAD, "give a bad example"
        assert check.GOOD, "give a good example"


def test_a_check_is_pure(project: Path) -> None:
    """It reads the model and nothing else."""
    forbidden = {"os", "subprocess", "socket", "pathlib", "io", "urllib", "random", "time", "shutil"}
    wrong = [
        f"{path.name}: {name}"
        for path in (project / "checks").glob("*.py")
        if path.stem != "__init__"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
        if name.partition(".")[0] in forbidden
    ]
    assert wrong == []
