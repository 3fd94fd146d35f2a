"""Programs and tools that know better, where they are installed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def project() -> Path:
    return Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def terraform() -> str:
    """The terraform program."""
    return shutil.which("terraform") or pytest.skip("no terraform program on PATH")


@pytest.fixture(scope="session")
def tfvalidate(terraform: str, project: Path) -> Path:
    """The tool that runs `terraform validate` offline with the providers' schemas."""
    pytest.importorskip("grpc", reason="tfvalidate needs grpcio")
    tool = project.parent / "shared" / "tools" / "tfvalidate" / "tfvalidate.py"
    return tool if tool.is_file() else pytest.skip("the tools are not beside the checkout")
