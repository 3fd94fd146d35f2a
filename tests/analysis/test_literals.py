"""Key ids in files that nobody evaluates."""

from __future__ import annotations

from pathlib import Path

import pytest

from rolecall.analysis import literals
from rolecall.analysis.run import Options, analyse
from rolecall.source.text import SourceText

KEY = "AKIAIOSFODNN7EXAMPLE"


def hits(data: bytes) -> list[tuple[int, int]]:
    return [(c.span.line, c.span.column) for c in literals.scan(SourceText("f", data))]


@pytest.mark.parametrize(
    ("data", "places"),
    [
        (f"export AWS_ACCESS_KEY_ID={KEY}\n".encode(), [(1, 26)]),
        (f'KEY="{KEY}"\n'.encode(), [(1, 6)]),
        (f"a: {KEY}\nb: {KEY}\n".encode(), [(1, 4)]),
        (f"# {KEY}\n  // {KEY}\n /* {KEY} */\n<!-- {KEY} -->\n".encode(), []),
        (f"x # {KEY}\n".encode(), []),
        (f"url#{KEY}\n".encode(), [(1, 5)]),
        (f"x{KEY}\n{KEY}x\n".encode(), []),
        (b"ASIAIOSFODNN7EXAMPLE\n", []),
        (b"\0\0" + KEY.encode(), []),
        (b"\xff\xfe: " + KEY.encode(), [(1, 5)]),
        (b"", []),
    ],
)
def test_key_ids_are_found_outside_comments(data: bytes, places: list[tuple[int, int]]) -> None:
    assert hits(data) == places


def test_the_secret_is_nowhere_in_what_is_kept() -> None:
    (found,) = literals.scan(SourceText(".env", f"k: {KEY}".encode()))
    assert KEY not in repr(found)
    assert found.hint.endswith("MPLE")
    assert found.marks == {"example", "id-only"}


def test_a_secret_beside_the_id_is_seen() -> None:
    secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    (found,) = literals.scan(SourceText(".env", f"k={KEY}\ns: {secret}\n".encode()))
    assert "id-only" not in found.marks
    assert secret not in repr(found)
    (found,) = literals.scan(SourceText(".env", f"k={KEY}\ncommit {'0a' * 20}\n".encode()))
    assert "id-only" in found.marks


def test_a_key_that_a_unit_has_found_is_not_found_twice(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(f'provider "aws" {{\n  access_key = "{KEY}"\n  secret_key = "x/y"\n}}\n')
    (tmp_path / "prod.auto.tfvars").write_text(f'unused = "{KEY}"\n')
    places = [str(f.span) for f in analyse([tmp_path], Options(cache=False)).findings if f.rule == "RC102"]
    assert places == ["main.tf:2:3", "prod.auto.tfvars:1:11"]


@pytest.mark.parametrize(
    "name",
    [
        "a.md",
        "logo.png",
        "yarn.lock",
        "go.sum",
        "app.min.js",
        "vendor/x.sh",
        "package-lock.json",
        "x.patch",
        "CHANGELOG",
    ],
)
def test_files_that_hold_no_code_are_not_looked_at(tmp_path: Path, name: str) -> None:
    for path in (name, "run.sh"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(f"key {KEY}\n")
    assert [f.span.path for f in analyse([tmp_path], Options(cache=False)).findings] == ["run.sh"]
