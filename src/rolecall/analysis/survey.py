"""The files of a tree and what has changed in them since they were last looked at."""

from __future__ import annotations

import re
import time
from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping
from dataclasses import field
from functools import lru_cache
from typing import TypeAlias

from rolecall.analysis import filefacts
from rolecall.analysis.discovery import UNKNOWN, Roots
from rolecall.analysis.filefacts import NOTHING, FileFacts
from rolecall.analysis.frontends import decides, is_source, smells
from rolecall.source.digests import blake2b
from rolecall.source.patterns import late
from rolecall.source.records import dataclass
from rolecall.source.tree import Unreadable

#: A file changed this shortly before it was read may change again without its time of change telling.
_RACY_NS = 2_000_000_000
_RUN = 3 * 512
#: Bytes of a digest.
_SIZE = 16
_NO_DIGEST = bytes(_SIZE)
#: A text file above this many bytes that no frontend reads is data, not code.
MAX_TEXT_BYTES = 1024 * 1024
_SKIPPED_NAME = late(
    r"(?:\.(?:md|rst|adoc|txt\.asc|png|jpe?g|gif|svg|ico|webp|bmp|tiff?|pdf|zip|gz|tgz|bz2|xz|zst|7z|tar|jar|war|whl|so|dll|dylib|exe"
    r"|a|o|pyc|class|woff2?|ttf|eot|otf|mp[34]|mov|avi|wav|sum|lock|map|patch|diff|min\.js|min\.css|pb|parquet|avro|db|sqlite"
    r"|drawio|vsdx|pptx?|docx?|xlsx?|tfplan|pem|crt|cer|p12|jks|gpg|asc)|^(?:package-lock|npm-shrinkwrap|composer\.lock)\.json"
    r"|^(?:CHANGELOG|LICENSE|NOTICE|go\.sum|yarn\.lock)[^/]*)$",
    re.IGNORECASE,
)
Look: TypeAlias = tuple[bytes, FileFacts, int]
_SKIPPED_FOLDER = late(r"(?:^|/)(?:vendor|third_party|bower_components|dist|\.terraform|site-packages)(?:/|$)")


@lru_cache(4096)
def _is_skipped_name(name: str) -> bool:
    return _SKIPPED_NAME.search(name) is not None


@lru_cache(256)
def _is_in_skipped_folder(folder: str) -> bool:
    return _SKIPPED_FOLDER.search(folder) is not None


@dataclass(slots=True)
class Survey:
    """Every file with its status and the digest of its content.

    `statuses` holds three numbers for each path, `digests` sixteen bytes: zeros where the file was not read, because it
    is nothing that is analysed, or because it cannot be (then `facts` says why), `smells` a byte (`frontends.smells`).
    Folders that cannot be listed are in `facts` only.
    """

    paths: list[str] = field(default_factory=list)
    statuses: array[int] = field(default_factory=lambda: array("q"))
    digests: bytes = b""
    facts: dict[str, FileFacts] = field(default_factory=dict)
    smells: bytes = b""

    def smelling(self, bit: int) -> list[str]:
        """The files that smell of one format."""
        return [self.paths[at] for at, smell in enumerate(self.smells) if smell & bit]

    def digest(self, at: int) -> bytes:
        return self.digests[_SIZE * at : _SIZE * at + _SIZE]

    def size(self, path: str) -> int:
        """A file's size in bytes; 0 where there is no such file, or nobody knows."""
        at = self.position(path)
        return 0 if at is None else max(0, self.statuses[3 * at])

    def position(self, path: str) -> int | None:
        at = bisect_left(self.paths, path)
        return at if at < len(self.paths) and self.paths[at] == path else None


@dataclass(frozen=True, slots=True)
class Changes:
    """What is different from the survey before: `content` are the paths whose bytes are, new ones among them."""

    content: Collection[str]
    listing: bool
    read: int

    @property
    def any(self) -> bool:
        return bool(self.content) or self.listing


def take(tree: Roots, before: Survey | None, looked: Mapping[str, Look]) -> tuple[Survey, Changes]:
    """A survey of the tree; what has not changed since `before`, or was `looked` at already, is not read."""
    paths = tree.paths()
    now = time.time_ns()
    statuses = tree.statuses[:]
    folders = {path: FileFacts(unreadable=reason) for path, reason in tree.unlistable}
    unread = {path: facts for path, facts in before.facts.items() if facts.unreadable} if before is not None else {}
    same = before is not None and before.paths == paths and before.statuses == statuses and unread == folders
    if before is not None and same and -1 not in statuses:
        return before, Changes((), False, 0)
    survey = Survey(paths, statuses)
    digests, smelt = bytearray(_SIZE * len(paths)), bytearray(len(paths))
    if before is not None and before.paths == paths:
        digests[:], smelt[:] = before.digests, before.smells
        survey.facts = {path: facts for path, facts in before.facts.items() if before.position(path) is not None}
        stale = list(_differing(before.statuses, statuses))
        old = {paths[at]: at for at in stale}
    else:
        old = {} if before is None else {path: at for at, path in enumerate(before.paths)}
        stale = []
        for at, path in enumerate(paths):
            was = old.get(path)
            status = statuses[3 * at : 3 * at + 3]
            if was is None or before is None or status[0] < 0 or before.statuses[3 * was : 3 * was + 3] != status:
                stale.append(at)
            else:
                digests[_SIZE * at : _SIZE * at + _SIZE] = before.digest(was)
                smelt[at] = before.smells[was]
                if path in before.facts:
                    survey.facts[path] = before.facts[path]
    changed: set[str] = set()
    read = 0
    for at in stale:
        path, was = paths[at], old.get(paths[at])
        digest, facts, smelt[at] = looked.get(path) or look(tree, path, statuses[3 * at])
        read += digest != _NO_DIGEST
        digests[_SIZE * at : _SIZE * at + _SIZE] = digest
        survey.facts.pop(path, None)
        if facts:
            survey.facts[path] = facts
        if before is None or was is None or before.digest(was) != digest or digest == _NO_DIGEST:
            changed.add(path)
        if statuses[3 * at + 1] > now - _RACY_NS or facts.unreadable:  # whether it can be read is not in the status
            statuses[3 * at : 3 * at + 3] = array("q", UNKNOWN)
    survey.digests, survey.smells = bytes(digests), bytes(smelt)
    survey.facts.update(folders)
    return survey, Changes(changed, before is None or before.paths != paths, read)


def _differing(one: array[int], other: array[int]) -> Iterator[int]:
    """The positions of the files whose statuses differ or are not known; whole runs are compared at once."""
    for start in range(0, len(other), _RUN):
        run = other[start : start + _RUN]
        if one[start : start + _RUN] == run and -1 not in run:
            continue
        for at in range(start, start + len(run), 3):
            status = other[at : at + 3]
            if status[0] < 0 or one[at : at + 3] != status:
                yield at // 3


def look(tree: Roots, path: str, size: int) -> Look:
    """The digest of a file of so many bytes (zeros where it is not read), what it says whatever its format, and which
    formats it smells of.
    """
    source = is_source(path) or decides(path)
    folder, _, name = path.rpartition("/")
    keys = not _is_skipped_name(name) and not _is_in_skipped_folder(folder)
    if not source and not (keys and size <= MAX_TEXT_BYTES):
        return _NO_DIGEST, NOTHING, 0
    try:
        text = tree.read(path) if source else tree.glance(path)
    except Unreadable as error:
        return _NO_DIGEST, FileFacts(unreadable=error.reason) if source else NOTHING, 0
    digest = blake2b(text.data, digest_size=_SIZE).digest()
    return digest, filefacts.of(text, keys), smells(path, text) if source else 0


def digest_of(tree: Roots, survey: Survey, position: int) -> bytes:
    """What stands for the content of a file: its digest, or what the system says of a file that was not read."""
    digest = survey.digest(position)
    if digest != _NO_DIGEST:
        return digest
    status = survey.statuses[3 * position : 3 * position + 3]
    if status[0] >= 0:
        return repr(tuple(status)).encode()
    try:  # changed too lately, or laid over the tree
        return blake2b(tree.glance(survey.paths[position]).data, digest_size=_SIZE).digest()
    except Unreadable as error:
        return error.reason.encode("utf-8", "replace")
