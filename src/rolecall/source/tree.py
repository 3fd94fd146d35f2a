"""The files of a scanned root: found, bounded, read once, and never outside the root.

`Tree` is what every frontend reads through, so that a plan can lay changed files over the disk (`overlay`) and read the
result with the same code, and so that no link or `..` leads out of what the user named.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from rolecall.source.text import SourceText

#: Folders that hold copies, caches or version control, never somebody's infrastructure code.
SKIPPED_FOLDERS = frozenset(
    {".git", ".hg", ".svn", "node_modules", ".venv", "venv", "__pycache__", ".tox", ".mypy_cache", ".terragrunt-cache"}
)
#: A file above this many bytes is reported, not read.
MAX_FILE_BYTES = 10 * 1024 * 1024


class Unreadable(Exception):
    """A file that cannot be read, with the reason in words a user can act on."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class Tree:
    """A root folder, read-only, with an optional overlay of changed files.

    `overlay` maps root-relative paths to new bytes, or to None where a file is deleted.
    """

    def __init__(self, root: Path, overlay: Mapping[str, bytes | None] = MappingProxyType({})) -> None:
        self.root = root
        self._real_root = os.path.realpath(root)
        self._overlay = dict(overlay)
        self._texts: dict[str, SourceText] = {}
        self._listing: list[str] | None = None

    def with_overlay(self, overlay: Mapping[str, bytes | None]) -> Tree:
        """The same root with changes laid over it; what was read before and is not changed is shared."""
        tree = Tree(self.root, {**self._overlay, **overlay})
        tree._texts = {path: text for path, text in self._texts.items() if path not in overlay}
        if self._listing is not None and not any(
            data is None or path not in self._texts for path, data in overlay.items()
        ):
            tree._listing = self._listing
        return tree

    def paths(self) -> list[str]:
        """Every file below the root, sorted, as root-relative POSIX paths.  Linked folders are not entered."""
        if self._listing is None:
            found = {path for path in self._walk() if self._overlay.get(path, b"") is not None}
            found.update(path for path, data in self._overlay.items() if data is not None)
            self._listing = sorted(found)
        return self._listing

    def _walk(self) -> Iterator[str]:
        if os.path.isfile(self.root):
            yield os.path.basename(self.root)
            return
        stack = [""]
        while stack:
            folder = stack.pop()
            try:
                entries = list(os.scandir(os.path.join(self.root, folder)))
            except OSError:
                continue
            for entry in entries:
                path = f"{folder}/{entry.name}" if folder else entry.name
                try:
                    if entry.is_dir(follow_symlinks=False):
                        if entry.name not in SKIPPED_FOLDERS:
                            stack.append(path)
                    elif entry.is_file(follow_symlinks=False) or (
                        entry.is_symlink() and self._inside(path) and entry.is_file()
                    ):
                        yield path
                except OSError:
                    continue

    def _inside(self, path: str) -> bool:
        real = os.path.realpath(os.path.join(self.root, path))
        return real == self._real_root or real.startswith(self._real_root + os.sep)

    def absolute(self, path: str) -> Path:
        return self.root if os.path.isfile(self.root) else self.root / path

    def exists(self, path: str) -> bool:
        if path in self._overlay:
            return self._overlay[path] is not None
        return path in self._texts or (self._inside(path) and os.path.isfile(self.absolute(path)))

    def read(self, path: str) -> SourceText:
        """The file at a root-relative path.

        Raises Unreadable where it is missing, too large, not a regular file, or leads out of the root.
        """
        text = self._texts.get(path)
        if text is None:
            text = self._texts[path] = SourceText(path, self._bytes(path))
        return text

    def _bytes(self, path: str) -> bytes:
        if path in self._overlay:
            data = self._overlay[path]
            if data is None:
                raise Unreadable(path, "deleted")
            return data
        if not self._inside(path):
            raise Unreadable(path, "leads out of the scanned folder")
        try:
            with open(self.absolute(path), "rb") as stream:
                data = stream.read(MAX_FILE_BYTES + 1)
        except OSError as error:
            raise Unreadable(path, error.strerror or str(error)) from None
        if len(data) > MAX_FILE_BYTES:
            raise Unreadable(path, f"larger than {MAX_FILE_BYTES // (1024 * 1024)} MiB")
        return data

    def resolve(self, folder: str, relative: str) -> str | None:
        """`relative` as seen from `folder`, as a root-relative path ("" is the root); None where it leads out."""
        if relative.startswith("/"):
            return None
        parts: list[str] = []
        for part in PurePosixPath(folder, relative).parts:
            if part == "..":
                if not parts:
                    return None
                parts.pop()
            elif part != ".":
                parts.append(part)
        return "/".join(parts)
