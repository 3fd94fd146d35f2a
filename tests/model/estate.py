"""Small estates as one text each, and what the model says of them.

A text holds files under headings `=== path`.  `# [n]` (or `// [n]`, `<!-- [n] -->`) at the end of a line marks the nth
place of a credential's way.  Lines before the first heading say what is expected: `consumer:`, `open:`, `none`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from rolecall.model.extraction import extract
from rolecall.model.linking import Model, Step, link
from rolecall.model.parts import Credential
from rolecall.source.tree import Tree

FRONTENDS = ("terraform.root", "cloudformation.reading", "pipelines.github", "kubernetes.manifests")
MARK = re.compile(r"(?:#|//|<!--) \[([\d, ]+)\]")


@dataclass(frozen=True)
class Case:
    """One text: `expected` are its first lines, `files` by path."""

    expected: tuple[tuple[str, str], ...]
    files: dict[str, str]

    def wanted(self, key: str) -> list[str]:
        return sorted(value for name, value in self.expected if name == key)

    def marked(self) -> list[tuple[int, str, int]]:
        """(number, path, line) of every mark."""
        return sorted(
            (int(number), path, line)
            for path, text in self.files.items()
            for line, written in enumerate(text.splitlines(), 1)
            for marks in MARK.findall(written)
            for number in marks.split(",")
        )


def parse(text: str) -> Case:
    head, *sections = re.split(r"^=== (.+)\n", text, flags=re.MULTILINE)
    expected = tuple(
        (name.strip(), value.strip()) for line in head.splitlines() if line for name, _, value in [line.partition(":")]
    )
    return Case(expected, dict(zip(sections[::2], sections[1::2], strict=True)))


def model_of(root: Path, files: dict[str, str]) -> Model:
    """The model of some files: every frontend reads its units, as a scan does."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    tree = Tree(root)
    paths = tree.paths()
    frontends = [import_module(f"rolecall.frontends.{name}") for name in FRONTENDS]
    return link(
        extract(frontend.read_unit(tree, plan), tree) for frontend in frontends for plan in frontend.units(tree, paths)
    )


def places(steps: tuple[Step, ...]) -> Iterator[tuple[str, int]]:
    """Every place of a way, in its order."""
    for step in steps:
        for span in (*(hop.span for hop in step.hops), step.span):
            yield span.path, span.line


def credentials(model: Model) -> list[Credential]:
    """The credentials that do not come from another one that the estate shows."""
    return [c for c in model.credentials.values() if model.fed_by(c) is None]
