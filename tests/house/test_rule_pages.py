"""docs/rules says what the check files say."""

from __future__ import annotations

from pathlib import Path

from rolecall.report.rules import catalogue, pages


def test_the_pages_are_those_of_the_checks(project: Path) -> None:
    there = {path.name: path.read_text("utf-8") for path in (project / "docs" / "rules").glob("*.md")}
    wanted = pages()
    stale = sorted(name for name in {*there, *wanted} if there.get(name) != wanted.get(name))
    assert stale == [], "run `make rules`"


def test_a_page_has_every_example(project: Path) -> None:
    for item in catalogue().values():
        for example in (*item.bad, *item.good):
            assert f": {example.title}\n" in item.page
