"""Every check on its own examples: what is marked in them is found, and nothing else is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from rolecall.analysis.run import Options, analyse
from rolecall.checks import load
from rolecall.model.finding import Finding
from rolecall.model.rule import Check, Example

MARK = re.compile(r"<- (RC\d{3})\b")
COMMENTS = {".tf": "#", ".yaml": "#", ".yml": "#", ".tfvars": "#"}


def cases(kind: str) -> list[object]:
    return [
        pytest.param(check, example, id=f"{check.RULE.id}-{example.title.replace(' ', '-')}")
        for check in load()
        for example in getattr(check, kind)
    ]


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())


def found(folder: Path, rule: str) -> list[Finding]:
    return [finding for finding in analyse([folder], Options(cache=False)).findings if finding.rule == rule]


def places(findings: list[Finding]) -> list[tuple[str, int]]:
    return sorted((finding.span.path, finding.span.line) for finding in findings)


def marked(example: Example, rule: str) -> list[tuple[str, int]]:
    return sorted(
        (name, number)
        for name, text in example.files.items()
        for number, line in enumerate(text.splitlines(), 1)
        for mark in MARK.findall(line)
        if mark == rule
    )


@pytest.mark.parametrize(("check", "example"), cases("BAD"))
def test_a_bad_example_is_found_where_it_is_marked(check: Check, example: Example, tmp_path: Path) -> None:
    write(tmp_path, example.files)
    wanted = marked(example, check.RULE.id)
    assert wanted, "the example marks nothing"
    assert places(found(tmp_path, check.RULE.id)) == wanted


@pytest.mark.parametrize(("check", "example"), cases("GOOD"))
def test_a_good_example_is_left_alone(check: Check, example: Example, tmp_path: Path) -> None:
    write(tmp_path, example.files)
    assert marked(example, check.RULE.id) == []
    assert [str(finding.span) for finding in found(tmp_path, check.RULE.id)] == []


@pytest.mark.parametrize(("check", "example"), cases("BAD"))
def test_a_finding_stays_the_same_when_lines_move(check: Check, example: Example, tmp_path: Path) -> None:
    """The same fingerprint below a new first line, with CRLF line ends; the place moves by that line."""
    write(tmp_path / "as-is", example.files)
    moved = {
        name: f"{sign} moved\n{text}".replace("\n", "\r\n") if (sign := COMMENTS.get(Path(name).suffix)) else text
        for name, text in example.files.items()
    }
    write(tmp_path / "moved", moved)
    before, after = found(tmp_path / "as-is", check.RULE.id), found(tmp_path / "moved", check.RULE.id)
    assert sorted(finding.fingerprint for finding in after) == sorted(finding.fingerprint for finding in before)
    shifts = {name: int(text != moved[name]) for name, text in example.files.items()}
    assert places(after) == [(path, line + shifts[path]) for path, line in places(before)]


@pytest.mark.parametrize(("check", "example"), cases("BAD"))
def test_a_finding_says_what_it_must(check: Check, example: Example, tmp_path: Path) -> None:
    write(tmp_path, example.files)
    for finding in found(tmp_path, check.RULE.id):
        assert finding.family == check.RULE.family
        assert finding.message
        assert finding.message[-1] != "."
        assert "wJalrXUtnFEMI" not in finding.message + finding.help + finding.note
        for related in finding.related:
            assert related.span.path in example.files
            assert related.message
