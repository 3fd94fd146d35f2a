"""An estate on disk, and a cache of its own for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from .estate import ESTATE, write


@pytest.fixture
def estate(tmp_path: Path) -> Path:
    folder = tmp_path / "estate"
    write(folder, ESTATE)
    return folder


@pytest.fixture(autouse=True)
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("ROLECALL_CACHE_DIR", str(folder))
    return folder
