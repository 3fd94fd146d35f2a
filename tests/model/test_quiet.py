"""What is no static AWS key: people, sessions, libraries, emulators, other providers' stores, comments."""

from __future__ import annotations

from pathlib import Path

import pytest

from rolecall.checks import load

from .estate import model_of, parse

QUIET = sorted(Path(__file__).parent.joinpath("quiet").glob("*.txt"))


@pytest.mark.parametrize("path", QUIET, ids=[path.stem for path in QUIET])
def test_nothing_is_said(path: Path, tmp_path: Path) -> None:
    case = parse(path.read_text("utf-8"))
    assert case.files
    model = model_of(tmp_path, case.files)
    said = [(f.rule, str(f.span), f.message) for check in load() for f in check.check(model)]
    assert [finding for finding in said if finding[0] != "RC901"] == []
