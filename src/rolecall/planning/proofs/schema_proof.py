"""Proof that the blocks which a patch writes or changes are as the provider's schema has them: names of arguments,
attribute or nested block, and what is required, in the provider's version that the code pins.

What a block had against the schema before the patch does not count.  The table knows the last version of each major: an
argument that came within one is taken to be there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from rolecall.catalog.blocks import Argument, majors, provider_of, row
from rolecall.planning.case import Context
from rolecall.planning.composition import Step
from rolecall.planning.migration import Proof
from rolecall.planning.proofs.provider_pin import Pin, pin_in
from rolecall.source.edits import Edit, pieces
from rolecall.source.hcl import Attribute, Block, parse_file
from rolecall.source.text import SourceText

NAME = "the provider's schema agrees"
#: https://developer.hashicorp.com/terraform/language/meta-arguments
_META = frozenset({"count", "for_each", "depends_on", "provider", "lifecycle", "provisioner", "connection"})
_MODES = {"resource": "", "data": "data."}


@dataclass(frozen=True, slots=True)
class Judged:
    """One block that a phase writes or changes.  `faults` are what the schema has against it and had not before;
    `undecided` why nothing can be said; `owners` the migrations whose edits are in it; `against` the schema.
    """

    title: str
    owners: frozenset[str]
    against: str
    faults: tuple[str, ...] = ()
    undecided: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A file of a phase: its bytes before and after, the edits between them, and for each of these its migrations."""

    path: str
    before: bytes
    after: bytes
    edits: tuple[Edit, ...]
    owners: tuple[frozenset[str], ...]


def of_step(step: Step, context: Context, units: Mapping[str, str]) -> Iterator[Judged]:
    """The blocks that one phase of a series writes or changes; `units` are the migrations' by their ids."""
    for path, edits in step.changes.items():
        after = step.files.get(path)
        if not path.endswith(".tf") or after is None:
            continue
        owners = step.owners[path]
        folder = path.rpartition("/")[0]
        named = [unit for names in owners for name in sorted(names) if (unit := units.get(name))]
        change = Change(path, step.before[path] or b"", after, edits, owners)
        yield from judge(change, _Pins(context, _unit(context, folder, named)), partial(context.blocks, folder))


def _unit(context: Context, folder: str, named: Iterable[str]) -> str:
    """The unit whose pins hold for a folder: the folder's own, or that of a migration which has the folder in it."""
    for name in dict.fromkeys((folder, *named)):
        unit = context.unit(name, "terraform")
        if unit is not None and (folder in unit.folders or name == folder):
            return name
    return folder


class _Pins(dict[str, Pin]):
    """The pins of a unit by provider, each looked up when it is asked for."""

    def __init__(self, context: Context, unit: str) -> None:
        super().__init__()
        self._context, self._unit = context, unit

    def __missing__(self, provider: str) -> Pin:
        self[provider] = pin_in(self._context, self._unit, provider)
        return self[provider]


def proofs(judged: Iterable[Judged]) -> Mapping[str, Proof]:
    """What was shown of each migration that has a block in it (faults are failures and are told apart)."""
    found: dict[str, list[Judged]] = {}
    for one in judged:
        for owner in one.owners:
            found.setdefault(owner, []).append(one)
    return {owner: _proof(own) for owner, own in found.items()}


def _proof(judged: list[Judged]) -> Proof:
    unknown = dict.fromkeys(one.undecided for one in judged if one.undecided)
    if unknown:
        return Proof(NAME, None, "; ".join(unknown))
    return Proof(
        NAME, True, "names, nesting and required arguments, by " + ", ".join(sorted({j.against for j in judged}))
    )


def judge(change: Change, pins: Mapping[str, Pin], siblings: Callable[[], Iterable[Block]] = tuple) -> Iterator[Judged]:
    """The blocks of a changed Terraform file; `pins` are those of its module by provider.  Where nothing is pinned, the
    module's own blocks (`siblings`) may tell of an older version than the newest: the code runs by that one, if at all.
    """
    fits: dict[str, int | None] = {}
    old = {(block.type, block.labels): block for block in parse_file(SourceText(change.path, change.before)).blocks}
    written = [
        (piece.start, piece.end, piece.edit)
        for piece in pieces(len(change.before), change.edits)
        if piece.edit is not None
    ]
    for block in parse_file(SourceText(change.path, change.after)).blocks:
        before = old.get((block.type, block.labels))
        if block.type not in _MODES or len(block.labels) != 2 or (before is not None and before.slice == block.slice):
            continue
        owners = frozenset(
            name
            for edit, names in zip(change.edits, change.owners, strict=True)
            for start, end, made in written
            if made is edit and start <= block.end and block.start <= end
            for name in names
        )
        provider = provider_of(block.labels[0])
        major = pins[provider].major
        if pins[provider].newest is None:
            if provider not in fits:
                fits[provider] = fitting(siblings(), provider)
            major = fits[provider]
        yield _judged(block, before, owners, major)


def fitting(siblings: Iterable[Block], provider: str) -> int | None:
    """The newest major that has less against the code that is there than the newest of all has; None for none."""
    own = [block for block in siblings if block.type in _MODES and len(block.labels) == 2]
    own = [block for block in own if provider_of(block.labels[0]) == provider]
    every = sorted(majors().get(provider, ()), reverse=True)
    counts = [(sum(len(_judged(block, None, frozenset(), major).faults) for block in own), -major) for major in every]
    least = min(counts, default=(0, 0))
    return -least[1] if counts and least[0] < counts[0][0] else None


def _judged(block: Block, before: Block | None, owners: frozenset[str], pinned: int | None) -> Judged:
    name = f"{_MODES[block.type]}{block.labels[0]}"
    title = f"{name}.{block.labels[1]}"
    provider = provider_of(name)
    known = majors().get(provider)
    found = row(name)
    if known is None or found is None:
        return Judged(title, owners, provider, undecided=f"no schema of {name} is at hand")
    major = pick(pinned, known)
    against = f"{provider} {major}"
    if pinned is not None and pinned < min(known):
        return Judged(title, owners, against, undecided=f"no schema as old as {provider} {pinned} is at hand")
    if major not in found.majors:
        fault = () if before is not None else (f"{against} has no {name}",)
        return Judged(title, owners, against, fault)
    old = Counter(_faults(before, found.arguments, major, "", True)) if before is not None else Counter()
    new = Counter(_faults(block, found.arguments, major, "", True)) - old
    faults = tuple(new.elements())
    if faults and (attribute := block.attribute("provider")) is not None and b"beta" in _text(block, attribute):
        return Judged(title, owners, against, undecided=f"a preview version of the provider writes {title}")
    return Judged(title, owners, against, faults)


def _text(block: Block, attribute: Attribute) -> bytes:
    return block.text.data[attribute.value_start : attribute.value_end]


def pick(pinned: int | None, known: Iterable[int]) -> int:
    """The major to read the schema of: the pinned one, the newest where none is pinned, else the next one known."""
    every = sorted(known)
    if pinned is None:
        return every[-1]
    return next((major for major in every if major >= pinned), every[-1])


def _faults(block: Block, arguments: Mapping[str, Argument], major: int, place: str, top: bool) -> Iterator[str]:
    seen: set[str] = set()
    for attribute in block.attributes:
        seen.add(attribute.name)
        if top and attribute.name in _META:
            continue
        argument = arguments.get(attribute.name)
        if argument is None or major not in argument.majors:
            yield f"{place}{attribute.name} is not an argument"
        elif argument.inner is not None and not argument.either:
            yield f"{place}{attribute.name} is a block, not an attribute"
    for inner in block.blocks:
        dynamic = inner.type == "dynamic" and inner.labels
        name = inner.labels[0] if dynamic else inner.type
        seen.add(name)
        if top and name in _META:
            continue
        argument = arguments.get(name)
        if argument is None or major not in argument.majors:
            yield f"{place}{name} is not a block"
        elif argument.inner is None:
            yield f"{place}{name} is an attribute, not a block"
        elif not argument.open:
            for body in [b for b in inner.blocks if b.type == "content"] if dynamic else [inner]:
                yield from _faults(body, argument.inner, major, f"{place}{name}.", False)
    for name, argument in arguments.items():
        if major in argument.needed and name not in seen:
            yield f"{place}{name} is required"
