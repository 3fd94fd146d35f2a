"""Where the house stands."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def project() -> Path:
    """The top folder of the repository."""
    return Path(__file__).resolve().parents[2]
