"""What an analysis leaves behind for the next one over the same roots.

Two files in the user's cache folder for each root and configuration: an index, which is replaced whole, and the
harvests, which are appended to.  Nothing rests on them: what is missing, cut off, foreign or from another version is
as if it were not there, and the index has the digest of every harvest.
"""

from __future__ import annotations

import os
import time
from array import array
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rolecall
from rolecall.analysis import pickling
from rolecall.analysis.survey import Survey
from rolecall.source.digests import blake2b
from rolecall.source.records import dataclass
from rolecall.source.text import Span
from rolecall.version import VERSION

if TYPE_CHECKING:
    from rolecall.analysis.harvest import Harvest

_MAGIC = b"rolecall cache 1\n"
_DAYS_KEPT = 30


@dataclass(slots=True)
class Row:
    """One unit of a snapshot: where it comes from, the key of what it was read from, and the island that it is on."""

    format: str
    name: str
    files: tuple[str, ...]
    key: bytes
    joins: bytes = b""
    island: int = -1
    resources: int = 0


@dataclass(slots=True)
class Snapshot:
    """All that is known after an analysis.

    `structures` are by Terraform folder (see `frontends`), `joins` the pickled `Joins` of each row, `findings` what the
    checks said of each island, by the digest of its units' keys; `suppressions` are those in metadata, `secrets` where
    texts stand that no output may show, both by row key.
    """

    survey: Survey = field(default_factory=Survey)
    structures: dict[str, bytes] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    joins: bytes = b""
    findings: dict[bytes, tuple[Any, ...]] = field(default_factory=dict)
    suppressions: dict[bytes, tuple[Any, ...]] = field(default_factory=dict)
    secrets: dict[bytes, tuple[Span, ...]] = field(default_factory=dict)


class LostHarvestError(Exception):
    """A harvest that the cache had a moment ago and has no more."""


class Harvests:
    """Harvests by the key of what they were read from: those of this run, and those in a file.

    They are kept pickled, since whoever asks for one gets one of his own; those that this process has read itself are
    pickled when somebody asks, which a run without a cache never does.
    """

    def __init__(self, path: Path | None = None, places: Mapping[bytes, tuple[int, int, bytes]] | None = None) -> None:
        self.path = path
        self.places = dict(places or {})
        self._read: dict[bytes, Harvest] = {}
        self._new: dict[bytes, bytes] = {}
        self._data: bytes | None = None

    def __contains__(self, key: bytes) -> bool:
        return self.is_new(key) or key in self.places

    def is_new(self, key: bytes) -> bool:
        """Whether a harvest is of this run."""
        return key in self._new or key in self._read

    def copy(self) -> Harvests:
        """The same, to be added to without the other knowing."""
        other = Harvests(self.path, self.places)
        other._read = dict(self._read)
        other._new = dict(self._new)
        other._data = self._data
        return other

    def add(self, key: bytes, harvest: Harvest, data: bytes | None) -> None:
        """`data` is what `pickling.dumps` made of the harvest, where somebody has done that already."""
        if data is None:
            self._read[key] = harvest
        else:
            self._new[key] = data

    def new(self, key: bytes) -> bytes | None:
        """A harvest of this run, pickled; None where it is not of this run."""
        harvest = self._read.pop(key, None)
        if harvest is not None:
            self._new[key] = pickling.dumps(harvest)
        return self._new.get(key)

    def get(self, key: bytes) -> Any:
        """The harvest; None where there is none, or none that can be trusted."""
        data = self.stored(key)
        if data is None:
            return None
        try:
            return pickling.loads(data)
        except pickling.RefusedError:
            self.forget(key)
            return None

    def need(self, row: Row) -> Harvest:
        """The harvest of a unit.  Raises LostHarvestError."""
        from rolecall.analysis.harvest import Harvest

        found = self.get(row.key)
        if not isinstance(found, Harvest):
            raise LostHarvestError(row.name)
        return found

    def forget(self, key: bytes) -> None:
        self._read.pop(key, None)
        self._new.pop(key, None)
        self.places.pop(key, None)

    def load(self) -> None:
        """Read the whole file at once: for when most of it is wanted."""
        if self._data is None and self.path is not None:
            try:
                self._data = self.path.read_bytes()
            except OSError:
                self._data = b""

    def stored(self, key: bytes) -> bytes | None:
        return self.new(key) or self._stored(key)

    def _stored(self, key: bytes) -> bytes | None:
        place = self.places.get(key)
        if place is None or self.path is None:
            return None
        start, size, digest = place
        if self._data is not None:
            data = self._data[start : start + size]
        else:
            try:
                with self.path.open("rb") as file:
                    file.seek(start)
                    data = file.read(size)
            except OSError:
                data = b""
        if blake2b(data, digest_size=8).digest() != digest:
            self.forget(key)
            return None
        return data


class Cache:
    """The cache of one set of roots under one configuration.  `load` and `save` never raise."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._index = folder / f"{name}.index"
        self._name = name
        self._stamp = _stamp()

    @classmethod
    def of(cls, roots: Iterable[str], configuration: object) -> Cache | None:
        """The cache for these roots (absolute paths); None where no folder can be had."""
        folder = _folder()
        if folder is None:
            return None
        text = repr((sorted(roots), configuration)).encode("utf-8", "surrogateescape")
        return cls(folder, blake2b(text, digest_size=12).hexdigest())

    def load(self) -> tuple[Snapshot, Harvests] | None:
        try:
            data = self._index.read_bytes()
        except OSError:
            return None
        head = _MAGIC + self._stamp
        start = len(head) + 16
        payload = data[start:]
        if not data.startswith(head) or blake2b(payload, digest_size=16).digest() != data[len(head) : start]:
            return None
        try:
            paths, statuses, digests, smells, *others, file, places = pickling.loads(payload)
            facts, structures, rows, joins, findings, metadata, secrets = others
            survey = Survey(paths.split("\0") if paths else [], array("q", statuses), digests, facts, smells)
            snapshot = Snapshot(survey, structures, [Row(*row) for row in rows], joins, findings, metadata, secrets)
            return snapshot, Harvests(self._folder / os.path.basename(file), places)
        except (pickling.RefusedError, ValueError, TypeError):
            return None

    def save(self, snapshot: Snapshot, harvests: Harvests) -> None:
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            file, places = self._save_harvests(snapshot, harvests)
            survey = snapshot.survey
            names = [item.name for item in fields(Row)]
            payload = pickling.dumps(
                (
                    "\0".join(survey.paths),
                    survey.statuses.tobytes(),
                    survey.digests,
                    survey.smells,
                    survey.facts,
                    snapshot.structures,
                    [tuple(getattr(row, name) for name in names) for row in snapshot.rows],
                    snapshot.joins,
                    snapshot.findings,
                    snapshot.suppressions,
                    snapshot.secrets,
                    file.name,
                    places,
                )
            )
            digest = blake2b(payload, digest_size=16).digest()
            _replace(self._index, [_MAGIC, self._stamp, digest, payload])

    def _save_harvests(
        self, snapshot: Snapshot, harvests: Harvests
    ) -> tuple[Path, dict[bytes, tuple[int, int, bytes]]]:
        live = {row.key for row in snapshot.rows}
        kept = {key: place for key, place in harvests.places.items() if key in live and not harvests.is_new(key)}
        fresh = [(key, data) for key in live if (data := harvests.new(key)) is not None]
        size = sum(place[1] for place in kept.values())
        if harvests.path is not None and kept:
            with suppress(OSError), harvests.path.open("ab") as file:
                if file.tell() < 2 * size + 1_000_000:
                    for key, data in fresh:
                        kept[key] = _place(file.tell(), data)
                        file.write(data)
                    return harvests.path, kept
        harvests.load()
        parts: list[bytes] = []
        places: dict[bytes, tuple[int, int, bytes]] = {}
        at = 0
        for key in live:
            stored = harvests.stored(key)
            if stored is not None:
                places[key] = _place(at, stored)
                parts.append(stored)
                at += len(stored)
        path = self._folder / f"{self._name}.{os.getpid():x}{time.time_ns():x}.units"
        _replace(path, parts)
        self._forget_others(path)
        return path, places

    def _forget_others(self, current: Path) -> None:
        """Remove this cache's older files, and those of roots that nobody has looked at for a month."""
        oldest = time.time() - _DAYS_KEPT * 86400
        for path in self._folder.iterdir():
            mine = path.name.startswith(f"{self._name}.") and path.suffix == ".units" and path != current
            if mine or (path.suffix in (".index", ".units") and path.stat().st_mtime < oldest):
                path.unlink(missing_ok=True)


def _place(at: int, data: bytes) -> tuple[int, int, bytes]:
    return at, len(data), blake2b(data, digest_size=8).digest()


def _replace(path: Path, parts: Iterable[bytes]) -> None:
    """Write a file so that nobody ever sees half of it."""
    temporary = path.with_name(f".{path.name}.{os.getpid():x}{time.time_ns():x}")
    try:
        with open(temporary, "xb") as file:
            file.writelines(parts)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def _folder() -> Path | None:
    own = os.environ.get("ROLECALL_CACHE_DIR")
    if own:
        return Path(own)
    shared = os.environ.get("XDG_CACHE_HOME")
    if shared and Path(shared).is_absolute():
        return Path(shared, "rolecall")
    home = os.path.expanduser("~")
    return Path(home, ".cache", "rolecall") if Path(home).is_absolute() else None


def _stamp() -> bytes:
    """What stands for the program itself: its version and, where it is being worked on, its files."""
    from importlib.util import find_spec  # a run without a cache need not wait for it

    digest = blake2b(VERSION.encode(), digest_size=8)
    checks = find_spec("rolecall.checks")
    sources = [rolecall.__file__, checks.origin if checks is not None else None]
    stack = [str(Path(source).parent) for source in sources if source is not None]
    while stack:
        with suppress(OSError), os.scandir(stack.pop()) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if entry.name.endswith((".py", ".toml")):
                    status = entry.stat()
                    digest.update(f"{entry.name} {status.st_size} {status.st_mtime_ns}\n".encode())
                elif entry.is_dir(follow_symlinks=False) and entry.name != "__pycache__":
                    stack.append(entry.path)
    return digest.digest()
