"""Estates of a few files, read from memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import pytest

from rolecall.frontends.resource import Resource, Unit
from rolecall.frontends.terraform.root import read
from rolecall.source.tree import Tree

Files: TypeAlias = dict[str, str]
Read: TypeAlias = "Callable[..., list[Unit]]"


@pytest.fixture
def units(tmp_path: Path) -> Read:
    def reader(files: Files, variable_files: Sequence[str] = (), plan_files: Sequence[str] = ()) -> list[Unit]:
        tree = Tree(tmp_path, {path: content.encode() for path, content in files.items()})
        return list(read(tree, tree.paths(), variable_files, plan_files))

    return reader


@pytest.fixture
def resources(units: Read) -> Callable[..., dict[str, Resource]]:
    """The resources of the only unit, by address."""

    def reader(files: Files, *arguments: Sequence[str]) -> dict[str, Resource]:
        (unit,) = units(files, *arguments)
        return {resource.address: resource for resource in unit.resources}

    return reader
