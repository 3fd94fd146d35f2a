"""The files of a scanned root: found, bounded, read once, and never outside the root.

`Tree` is what every frontend reads through, so that a plan can lay changed files over the disk (`overlay`) and read the
result with the same code, and so that no link or `..` leads out of what the user named.
"""

from __future__ import annotations

import os
import stat
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
#: Zero where the system has no such flag (Windows).
_NO_LINK: int = getattr(os, "O_NOFOLLOW", 0)
#: Not blocking, since a named pipe would wait for its writer for ever.
_FLAGS: int = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


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
        self._single = os.path.isfile(root)
        self._base = os.fspath(root)
        self._folders: dict[str, bool] = {}
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
        if self._single:
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
        try:
            real = os.path.realpath(self._base if self._single else os.path.join(self._base, path))
        except (OSError, ValueError):  # a NUL byte in the name
            return False
        return real == self._real_root or real.startswith(self._real_root.rstrip(os.sep) + os.sep)

    def absolute(self, path: str) -> Path:
        return self.root if self._single else self.root / path

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
        try:
            descriptor = self._open(path)
            try:
                status = os.fstat(descriptor)
                if not stat.S_ISREG(status.st_mode):
                    raise Unreadable(path, "not a regular file")
                if status.st_size > MAX_FILE_BYTES:
                    raise Unreadable(path, f"larger than {MAX_FILE_BYTES // (1024 * 1024)} MiB")
                data = os.read(descriptor, status.st_size)
                while len(data) < status.st_size and (more := os.read(descriptor, status.st_size - len(data))):
                    data += more
                return data
            finally:
                os.close(descriptor)
        except (OSError, ValueError) as error:
            raise Unreadable(path, getattr(error, "strerror", None) or str(error)) from None

    def _open(self, path: str) -> int:
        """A descriptor of a file that is inside: the folder is checked once, a link by itself."""
        full = self._base if self._single else f"{self._base}/{path}"
        folder, _, name = path.rpartition("/")
        if name not in ("", "..") and _NO_LINK and not self._single:
            inside = self._folders.get(folder)
            if inside is None:
                inside = self._folders[folder] = self._inside(folder)
            if inside:
                try:
                    return os.open(full, _FLAGS | _NO_LINK)
                except OSError:
                    pass  # a link, or missing: the careful way says which
        if not self._inside(path):
            raise Unreadable(path, "leads out of the scanned folder")
        return os.open(full, _FLAGS)

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
