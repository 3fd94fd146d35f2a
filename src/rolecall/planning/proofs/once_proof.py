"""Proof that a series writes once what Terraform takes once: a block of one address in a folder, and a nested block of
which the provider's schema takes one (`identity`, `workload_identity_config`).

Every migration may be right by itself and two of them write the same.  The first keeps its patch; what the others want
is there once it is applied, so that they are planned after that.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rolecall.catalog.blocks import row
from rolecall.planning.composition import Step
from rolecall.planning.migration import PHASES, Migration
from rolecall.source.hcl import Block
from rolecall.source.outline import outline
from rolecall.source.tree import Tree, Unreadable

NAME = "what is taken once is there once"
#: Blocks that one folder declares once, and how many labels make their address.
#: https://developer.hashicorp.com/terraform/language/modules/develop/structure
_DECLARED = {"resource": 2, "data": 2, "variable": 1, "output": 1, "module": 1}


@dataclass(frozen=True, slots=True)
class Double:
    """What would be there twice, and the migration that gives way to `other` ("" where it was there before)."""

    migration: str
    title: str
    other: str = ""

    @property
    def detail(self) -> str:
        if not self.other:
            return f"{self.title} would be there twice"
        return f"{self.title} is written by {self.other} too: apply that one, then run rolecall plan again"


def doubles(original: Tree, before: Tree, after: Tree, step: Step, migrations: Sequence[Migration]) -> Iterator[Double]:
    """What a phase makes double: the trees before and after it, and the migrations of the series in its order, whose
    edits are over the original.
    """
    paths = [path for path in step.changes if path.endswith(".tf") and step.files.get(path) is not None]
    done = [m for m in migrations if any(phase.edits for phase in m.phases)]
    for folder in sorted({path.rpartition("/")[0] for path in paths}):
        was = Counter(map(_address, _blocks(before, folder)))
        now = Counter(map(_address, _blocks(after, folder)))
        for address, count in now.items():
            if address and count > max(1, was[address]):
                header = rf"^{re.escape(address[0])}\s" + "".join(rf'\s*"{re.escape(one)}"' for one in address[1:])
                yield from _later(f"{'.'.join(address[1:])}", header, step.name, done, folder, was[address] > 0)
    for path in paths:
        old = {_address(block): block for block in _outlined(before, path)}
        spans = {_address(block): (block.start, block.end) for block in _outlined(original, path)}
        for block in _outlined(after, path):
            own = old.get(_address(block))
            if block.type != "resource" or len(block.labels) != 2 or (own and own.slice == block.slice):
                continue
            for kind in _twice(block, own):
                title = f"{kind} of {'.'.join(block.labels)}"
                had = own is not None and any(nested.type == kind for nested in own.blocks)
                yield from _later(title, rf"^\s*{kind}\s*{{", step.name, done, path, had, spans.get(_address(block)))


def _later(
    title: str,
    pattern: str,
    phase: str,
    migrations: Sequence[Migration],
    where: str,
    had: bool,
    span: tuple[int, int] | None = None,
) -> Iterator[Double]:
    """All but the first of the migrations that write it in a file (within a span) or folder, up to a phase; all of them
    where it was there before.
    """
    writes = re.compile(pattern, re.MULTILINE)
    phases = PHASES[: PHASES.index(phase) + 1]
    made = [
        migration.id
        for migration in migrations
        if any(
            where in (edit.path, edit.path.rpartition("/")[0])
            and (span is None or span[0] <= edit.start <= span[1])
            and writes.search(edit.new)
            for name in phases
            for edit in migration.edits(name)
        )
    ]
    alone = had or len(made) == 1
    for name in made if alone else made[1:]:
        yield Double(name, title, "" if alone else made[0])


def _twice(block: Block, before: Block | None) -> Iterator[str]:
    """The nested blocks that a block has more often than once, and more often than before, and may have once."""
    known = row(block.labels[0])
    was = Counter(nested.type for nested in before.blocks) if before is not None else Counter()
    for kind, count in Counter(nested.type for nested in block.blocks).items():
        argument = known.arguments.get(kind) if known is not None else None
        if count > max(1, was[kind]) and argument is not None and argument.once:
            yield kind


def _address(block: Block) -> tuple[str, ...]:
    """Type and labels of what a folder declares once; empty for anything else."""
    wanted = _DECLARED.get(block.type)
    return (block.type, *block.labels) if wanted is not None and len(block.labels) == wanted else ()


def _blocks(tree: Tree, folder: str) -> Iterator[Block]:
    prefix = f"{folder}/" if folder else ""
    for path in tree.paths():
        if path.startswith(prefix) and path.endswith(".tf") and "/" not in path[len(prefix) :]:
            yield from _outlined(tree, path)


def _outlined(tree: Tree, path: str) -> Sequence[Block]:
    try:
        return outline(tree.read(path)).blocks
    except Unreadable:
        return ()
