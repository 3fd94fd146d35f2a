"""The comparison of two revisions says what is new and what is gone, and nothing of what only changed its order."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture(scope="module")
def ecosystem(project: Path) -> ModuleType:
    specification = importlib.util.spec_from_file_location("ecosystem", project / "tools" / "ecosystem.py")
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["ecosystem"] = module  # dataclasses look their module up there
    specification.loader.exec_module(module)
    return module


def finding(line: int, rule: str = "RC101") -> dict[str, Any]:
    return {"path": "main.tf", "start_line": line, "severity": "high", "rule": rule, "message": "a key"}


def test_added_and_removed(ecosystem: ModuleType) -> None:
    found = ecosystem.difference("repo", [finding(1), finding(2)], [finding(2), finding(3, "RC102")])
    assert found.removed == ("main.tf:1 high[RC101] a key",)
    assert found.added == ("main.tf:3 high[RC102] a key",)
    assert (found.before, found.after) == (2, 2)


def test_order_does_not_matter_but_number_does(ecosystem: ModuleType) -> None:
    twice = ecosystem.difference("repo", [finding(1), finding(2)], [finding(2), finding(1), finding(1)])
    assert (twice.added, twice.removed) == (("main.tf:1 high[RC101] a key",), ())


def test_a_work_tree_becomes_importable(ecosystem: ModuleType, project: Path, tmp_path: Path) -> None:
    package = ecosystem.importable(project, tmp_path / "path") / "rolecall"
    assert (package / "checks" / "__init__.py").samefile(project / "checks" / "__init__.py")
    assert (package / "model" / "parts.py").samefile(project / "src" / "rolecall" / "model" / "parts.py")


def test_a_folder_that_is_not_there_is_an_error(
    ecosystem: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ecosystem.main(["--corpora", str(tmp_path / "none")]) == 2
    assert "no folder" in capsys.readouterr().err
