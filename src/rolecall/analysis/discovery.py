"""What the user named on the command line, as one tree to read."""

from __future__ import annotations

import os
import re
import stat
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

from rolecall.source.records import dataclass
from rolecall.source.text import SourceText
from rolecall.source.tree import SKIPPED_FOLDERS, Tree

#: The folder that `rolecall plan` writes; what lies in it is output, not input.
PLAN_FOLDER = "rolecall-plan"


#: A path, and what the system says of the file without opening it.
_Found: TypeAlias = tuple[str, int, int, int]
#: The status of a file of which nothing is known.
UNKNOWN = (-1, -1, -1)


class RootError(Exception):
    """A root that cannot be scanned; `str()` names it and says why."""


class Roots(Tree):
    """The files below one or several roots.

    With one root, paths are relative to it.  With several they are relative to the folder that holds them all, and
    nothing beside the named roots is found or read.  `excluded` are globs over these paths (`*` stays inside a folder,
    `**` does not; a pattern without a slash matches a name anywhere, a folder's name everything in it).
    """

    def __init__(
        self,
        root: Path,
        named: Sequence[str] = (),
        excluded: Sequence[str] = (),
        overlay: Mapping[str, bytes | None] = MappingProxyType({}),
    ) -> None:
        super().__init__(root, overlay)
        self.named = tuple(named)
        self.excluded = tuple(excluded)
        self.unlistable: list[tuple[str, str]] = []
        self._statuses = array("q")
        self._is_excluded = _matcher(excluded)
        self._real_named = tuple(os.path.realpath(os.path.join(self._base, name)) for name in self.named)

    def with_overlay(self, overlay: Mapping[str, bytes | None]) -> Roots:
        """The same roots with changes laid over them; what was read before and is not changed is shared."""
        tree = Roots(self.root, self.named, self.excluded, {**self._overlay, **overlay})
        tree._texts = {path: text for path, text in self._texts.items() if path not in overlay}
        tree.unlistable = self.unlistable
        known = dict(zip(self.paths(), batched(self.statuses), strict=True))
        known.update(dict.fromkeys(overlay, UNKNOWN))
        found = sorted((path, *status) for path, status in known.items() if overlay.get(path, b"") is not None)
        tree._keep(found)
        return tree

    def paths(self) -> list[str]:
        """Every file below the roots, sorted, as POSIX paths."""
        if self._listing is None:
            found: list[_Found] = []
            self._scan(found)
            if self._overlay:
                found = [one for one in found if one[0] not in self._overlay]
                found += [(path, *UNKNOWN) for path, data in self._overlay.items() if data is not None]
            found.sort()
            self._keep(found)
        return super().paths()

    @property
    def statuses(self) -> array[int]:
        """Three numbers for each of the paths: size, time of change in ns, inode; -1 where they are not known.

        As long as they are the same, so is the content.
        """
        self.paths()
        return self._statuses

    def _keep(self, found: list[_Found]) -> None:
        self._listing = [one[0] for one in found]
        self._statuses = array("q")
        for one in found:
            self._statuses.extend(one[1:])

    def glance(self, path: str) -> SourceText:
        """The file as `read` gives it, but not kept: for files that nobody reads twice.  Raises Unreadable."""
        return self._texts.get(path) or SourceText(path, self._bytes(path))

    def _inside(self, path: str) -> bool:
        if not self._real_named:
            return super()._inside(path)
        try:
            real = os.path.realpath(os.path.join(self._base, path))
        except (OSError, ValueError):  # a NUL byte in the name
            return False
        return any(real == named or real.startswith(named.rstrip(os.sep) + os.sep) for named in self._real_named)

    def _scan(self, found: list[_Found]) -> None:
        if self._single:
            self._add(os.path.basename(self.root), self._base, found)
            return
        stack = list(self.named) or [""]
        for name in [name for name in stack if os.path.isfile(os.path.join(self._base, name))]:
            stack.remove(name)
            self._add(name, os.path.join(self._base, name), found)
        while stack:
            self._list(stack.pop(), stack, found)

    def _add(self, path: str, absolute: str, found: list[_Found]) -> None:
        try:
            status = Path(absolute).stat()
        except OSError as error:
            self.unlistable.append((path, error.strerror or str(error)))
            return
        found.append((path, status.st_size, status.st_mtime_ns, status.st_ino))

    def _list(self, folder: str, stack: list[str], found: list[_Found]) -> None:
        """One folder; those in it are put on the stack.  Tens of thousands of files go through here on every run."""
        try:
            entries = os.scandir(f"{self._base}/{folder}" if folder else self._base)
        except OSError as error:
            self.unlistable.append((folder or ".", error.strerror or str(error)))
            return
        head = f"{folder}/" if folder else ""
        excluded = self._is_excluded if self.excluded else None
        with entries:
            for entry in entries:
                name = entry.name
                path = head + name
                if excluded is not None and excluded(path):
                    continue
                try:
                    if entry.is_dir(follow_symlinks=False):
                        if name not in SKIPPED_FOLDERS and name != PLAN_FOLDER:
                            stack.append(path)
                        continue
                    if entry.is_symlink() and not self._inside(path):
                        continue
                    status = entry.stat()
                    if stat.S_ISREG(status.st_mode):
                        found.append((path, status.st_size, status.st_mtime_ns, status.st_ino))
                except OSError:  # a link that leads nowhere, a file that went meanwhile
                    continue


def batched(numbers: array[int]) -> Iterator[tuple[int, int, int]]:
    """The numbers by threes."""
    each = iter(numbers)
    return zip(each, each, each, strict=True)


def open_roots(roots: Iterable[Path], excluded: Sequence[str] = ()) -> Roots:
    """The tree of what the user named.  Raises RootError where something of it is not there."""
    found: list[Path] = []
    for root in roots:
        if not root.exists():
            raise RootError(f"{root}: no such file or folder")
        if not root.is_dir() and not root.is_file():
            raise RootError(f"{root}: not a file or folder")
        if root not in found:
            found.append(root)
    if len(found) == 1:
        return Roots(found[0], excluded=excluded)
    absolute = [os.path.abspath(root) for root in found]
    common = os.path.commonpath(absolute)
    if os.path.isfile(common):  # the same file twice, spelled differently
        return Roots(Path(common), excluded=excluded)
    named = sorted({os.path.relpath(path, common).replace(os.sep, "/") for path in absolute})
    if "." in named:  # one root holds all others
        return Roots(Path(common), excluded=excluded)
    outer = [name for name in named if not any(name.startswith(f"{other}/") for other in named)]
    return Roots(Path(common), outer, excluded)


def _matcher(patterns: Sequence[str]) -> _Matcher:
    return _Matcher(re.compile("|".join(_glob(pattern) for pattern in patterns)) if patterns else None)


@dataclass(frozen=True, slots=True)
class _Matcher:
    pattern: re.Pattern[str] | None

    def __call__(self, path: str) -> bool:
        return self.pattern is not None and self.pattern.match(path) is not None


def _glob(pattern: str) -> str:
    """A glob as a regular expression that matches the path, or a folder above it, from the start."""
    pattern = pattern.replace("\\", "/").removeprefix("./").rstrip("/")
    out = "" if "/" in pattern else "(?:.*/)?"
    for part in re.findall(r"\*\*/|/\*\*|\*\*|\*|\?|[^*?/]+|/", pattern.removeprefix("/")):
        match part:
            case "**/":
                out += "(?:.*/)?"
            case "/**":
                out += "/.*"
            case "**":
                out += ".*"
            case "*":
                out += "[^/]*"
            case "?":
                out += "[^/]"
            case _:
                out += re.escape(part)
    return f"(?:{out})(?:/.*)?$"
