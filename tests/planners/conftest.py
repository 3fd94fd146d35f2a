"""Every test that takes an `example` is made for each of them, or for those of which its mark `where` holds."""

from __future__ import annotations

from pathlib import Path

import pytest
from planner_estates import examples, lay_out, planned

from rolecall.planning.example import PlannerExample
from rolecall.planning.plan import Plan

_PLANS: dict[str, Plan] = {}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "where(holds): only for the examples of which `holds` is true")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "example" in metafunc.fixturenames:
        mark = metafunc.definition.get_closest_marker("where")
        chosen = [(name, example) for name, example in examples() if mark is None or mark.kwargs["holds"](example)]
        metafunc.parametrize("example", [pytest.param(example, id=name) for name, example in chosen])


@pytest.fixture
def folder(example: PlannerExample, tmp_path: Path) -> Path:
    """The example's estate on disk, for one test alone."""
    root = tmp_path / "estate"
    lay_out(root, example)
    return root


@pytest.fixture
def plan(request: pytest.FixtureRequest, example: PlannerExample, tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """The example's plan, made once."""
    name = request.node.callspec.id
    if name not in _PLANS:
        root = tmp_path_factory.mktemp("planned")
        lay_out(root, example)
        _PLANS[name] = planned(root)
    return _PLANS[name]
