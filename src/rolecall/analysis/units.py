"""Which units a tree has, and which of them must be read again."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence

from rolecall.analysis.cache import Row, Snapshot
from rolecall.analysis.discovery import Roots
from rolecall.analysis.frontends import FRONTENDS, SNIFFING, Frontend, Plan, decides
from rolecall.analysis.survey import Changes, Survey, digest_of
from rolecall.source.digests import blake2b
from rolecall.source.records import dataclass, replace
from rolecall.source.text import SourceText

#: Up to this many folders are looked up one by one.
_FEW = 64


@dataclass(slots=True)
class Units:
    """All units, sorted by format and name.

    `plans` has those that were planned anew; of the others the plan is kept with the harvest.  `structures` are those
    of the Terraform folders.
    """

    rows: list[Row]
    plans: dict[tuple[str, str], Plan]
    structures: dict[str, bytes]


def find(
    tree: Roots,
    survey: Survey,
    changes: Changes,
    before: Snapshot | None,
    variable_files: Sequence[str],
    planned: Mapping[str, SourceText],
) -> Units:
    """The units of the tree as it is.  Only what the changes may have moved is planned again.

    `planned` are the plan files laid over Terraform units, by unit.
    """
    if before is not None and not changes.any:
        return Units(before.rows, {}, before.structures)
    by_format: dict[str, list[Row]] = {name: [] for name in FRONTENDS}
    plans: dict[tuple[str, str], Plan] = {}
    structures: dict[str, bytes] = {}
    names = "\n".join(survey.paths)
    for row in before.rows if before is not None else ():
        by_format[row.format].append(row)
    for name, frontend in FRONTENDS.items():
        old = by_format[name]
        if before is None or changes.listing:
            scope: Sequence[str] | None = survey.paths
        else:
            scope = _scope(frontend, tree, survey, changes, old, before, structures)
        if scope is None:
            continue
        if not frontend.may_occur(names):
            by_format[name] = []
            continue
        smelling = SNIFFING.get(name) if scope is survey.paths else None
        found = frontend.units(tree, scope if smelling is None else survey.smelling(smelling[0]), variable_files)
        plans.update(((name, plan.name), plan) for plan in found)
        rows = [Row(name, plan.name, plan.files, b"") for plan in found]
        if frontend.reach == "file" and scope is not survey.paths:
            rows += [row for row in old if row.name not in changes.content]
        by_format[name] = rows
    if "terraform" in {name for name, _ in plans}:
        structures = _structures(tree, by_format["terraform"])
    elif before is not None:
        structures = {**before.structures, **structures}
    rows = [row for name in FRONTENDS for row in sorted(by_format[name], key=lambda row: row.name)]
    return Units(_keyed(tree, survey, changes, rows, before, planned), plans, structures)


def _scope(
    frontend: Frontend,
    tree: Roots,
    survey: Survey,
    changes: Changes,
    old: Sequence[Row],
    before: Snapshot,
    structures: dict[str, bytes],
) -> Sequence[str] | None:
    """The paths over which a frontend must plan again; None where its units are what they were."""
    own = [path for path in changes.content if frontend.may_take(path)]
    if frontend.reach == "file":
        return sorted(own) or None
    if frontend.reach == "taken":
        files = {path for row in old for path in row.files}
        # a file may be taken for what another includes by name, whatever its own name is
        return sorted(files.union(own)) if own or not files.isdisjoint(changes.content) else None
    if any(decides(path) for path in changes.content):
        return survey.paths
    for folder in {path.rpartition("/")[0] for path in own}:
        structures[folder] = frontend.structure(tree, folder) if frontend.structure is not None else b""
        if structures[folder] != before.structures.get(folder):
            return survey.paths
    return None


def _structures(tree: Roots, rows: Sequence[Row]) -> dict[str, bytes]:
    structure = FRONTENDS["terraform"].structure
    if structure is None:
        return {}
    folders = {path.rpartition("/")[0] for row in rows for path in row.files}
    return {folder: structure(tree, folder) for folder in sorted(folders)}


def _keyed(
    tree: Roots,
    survey: Survey,
    changes: Changes,
    rows: list[Row],
    before: Snapshot | None,
    planned: Mapping[str, SourceText],
) -> list[Row]:
    """The rows with the key of what each is read from: names and contents of its files, and the names beside them."""
    known = {(row.format, row.name): row for row in before.rows} if before is not None else {}
    changed = set(changes.content)
    if not changes.listing:
        rows = [
            was
            if (was := known.get((row.format, row.name))) is not None
            and was.files == row.files
            and changed.isdisjoint(row.files)
            else replace(row, key=b"")
            for row in rows
        ]
    else:
        rows = [replace(row, key=b"") for row in rows]
    missing = [row for row in rows if not row.key]
    if not missing:
        return rows
    listings = _listings(survey.paths, {path.rpartition("/")[0] for row in missing for path in row.files})
    for row in missing:
        row.key = _key(tree, survey, listings, row, planned.get(row.name) if row.format == "terraform" else None)
        was = known.get((row.format, row.name))
        if was is not None and was.key == row.key and was.files == row.files:
            row.joins, row.island, row.resources = was.joins, was.island, was.resources
    return rows


def _listings(paths: Sequence[str], folders: set[str]) -> dict[str, bytes]:
    """A digest of the names in each folder."""
    names: dict[str, list[str]] = {folder: [] for folder in folders}
    if len(folders) > _FEW:
        _sort_in(names, paths)
    else:
        for folder in folders:
            start = bisect_left(paths, f"{folder}/") if folder else 0
            end = bisect_left(paths, f"{folder}0", start) if folder else len(paths)  # "0" comes after "/"
            _sort_in({folder: names[folder]}, paths[start:end])
    return {
        folder: blake2b("\0".join(own).encode("utf-8", "surrogateescape"), digest_size=16).digest()
        for folder, own in names.items()
    }


def _sort_in(names: Mapping[str, list[str]], paths: Iterable[str]) -> None:
    for path in paths:
        own = names.get(path.rpartition("/")[0])
        if own is not None:
            own.append(path)


def _key(tree: Roots, survey: Survey, listings: Mapping[str, bytes], row: Row, planned: SourceText | None) -> bytes:
    digest = blake2b(f"{row.format}\0{row.name}\0".encode("utf-8", "surrogateescape"), digest_size=16)
    for part in _parts(tree, survey, row):
        digest.update(part)
    for folder in sorted({path.rpartition("/")[0] for path in row.files}):
        digest.update(listings[folder])
    if planned is not None:
        digest.update(planned.data)
    return digest.digest()


def _parts(tree: Roots, survey: Survey, row: Row) -> Iterator[bytes]:
    for path in row.files:
        at = survey.position(path)
        yield path.encode("utf-8", "surrogateescape")
        yield b"\0missing\0" if at is None else digest_of(tree, survey, at)
