"""Writes docs/rules, one page for each rule and an index, from the check files: `python tools/rule_pages.py`."""

from __future__ import annotations

from pathlib import Path

from rolecall.report.rules import pages

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "rules"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    written = pages()
    for path in FOLDER.glob("*.md"):
        if path.name not in written:
            path.unlink()
    for name, text in written.items():
        (FOLDER / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
