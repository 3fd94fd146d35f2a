"""The tools that judge AWS's own policies."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest


def _tool(name: str) -> ModuleType:
    folder = str(Path(__file__).resolve().parents[2] / "tools")
    if folder not in sys.path:
        sys.path.append(folder)
    return import_module(name)


@pytest.fixture(scope="session")
def calibration() -> ModuleType:
    return _tool("policy_calibration")


@pytest.fixture(scope="session")
def table_of_policies() -> ModuleType:
    return _tool("managed_policies")
