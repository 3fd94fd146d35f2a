"""Workflows written for a test, read as the program reads them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from rolecall.frontends.pipelines import github
from rolecall.frontends.resource import Resource, Unit
from rolecall.source.tree import Tree


class Estate:
    """The units of a folder of files; indexing gives a resource of any unit by its address."""

    def __init__(self, root: Path, files: dict[str, str | bytes]) -> None:
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(dedent(content).encode() if isinstance(content, str) else content)
        self.tree = Tree(root)
        self.plans = github.units(self.tree, self.tree.paths())
        self.units: list[Unit] = [github.read_unit(self.tree, plan) for plan in self.plans]

    def __getitem__(self, address: str) -> Resource:
        return next(resource for unit in self.units for resource in unit.resources if resource.address == address)

    def addresses(self) -> list[str]:
        return [resource.address for unit in self.units for resource in unit.resources]

    def problems(self) -> list[str]:
        return [problem.kind for unit in self.units for problem in unit.problems]


@pytest.fixture
def estate(tmp_path: Path) -> Callable[[dict[str, str | bytes]], Estate]:
    return lambda files: Estate(tmp_path, files)


@pytest.fixture
def workflow(tmp_path: Path) -> Callable[[str], Estate]:
    """One workflow file, `.github/workflows/w.yml`."""
    return lambda content: Estate(tmp_path, {".github/workflows/w.yml": content})
