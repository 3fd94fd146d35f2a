"""A folder of usage evidence, read whole: every file's format is told by what is in it, never by its name.

The folder is the user's own.  A file that no format knows, or that is damaged, is an error, since evidence that is
silently left out would look like silence.
"""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from rolecall.evidence.aws_reports import AccessAdvisor, CredentialReport, GeneratedPolicy, KeyLastUsed
from rolecall.evidence.azure import ActivityLog, SignIns
from rolecall.evidence.cloudtrail import CloudTrail
from rolecall.evidence.document import Document, EvidenceError, Malformed, parse
from rolecall.evidence.facts import Evidence, Source
from rolecall.evidence.google import PolicyActivity, PolicyInsights
from rolecall.evidence.oracle import Audit
from rolecall.evidence.tally import Tally

#: Bounds on one file (unpacked) and on all of them together.
MAX_FILE_BYTES = 64 * 1024 * 1024
MAX_BYTES = 4 * 1024 * 1024 * 1024
MAX_FILES = 200_000
_GZIP = b"\x1f\x8b"


class Reader(Protocol):
    """Reads one format: `matches` tells it by a document's content, `read` counts its facts.  Raises Malformed."""

    def matches(self, document: Document) -> bool: ...
    def read(self, document: Document, tally: Tally) -> Source: ...


class _Digest:
    """CloudTrail's digests lie beside its logs and name no call."""

    def matches(self, document: Document) -> bool:
        return "digestS3Bucket" in document.first

    def read(self, document: Document, tally: Tally) -> Source:
        return Source(document.path, "cloudtrail-digest", None, 0)


READERS: tuple[Reader, ...] = (
    CloudTrail(),
    _Digest(),
    AccessAdvisor(),
    GeneratedPolicy(),
    KeyLastUsed(),
    CredentialReport(),
    PolicyInsights(),
    PolicyActivity(),
    SignIns(),
    ActivityLog(),
    Audit(),
)


def read(folder: Path) -> Evidence:
    """Everything in a folder and its folders (those whose name begins with a dot are left out), or in one file.

    Raises EvidenceError.
    """
    tally = Tally()
    total = files = 0
    for path in _files(folder):
        files += 1
        text, size = _text(path)
        total += size
        if files > MAX_FILES or total > MAX_BYTES:
            raise EvidenceError(str(folder), f"more than {MAX_FILES} files or {MAX_BYTES >> 30} GiB of evidence")
        tally.sources.append(_read(parse(str(path), text), tally))
    if not files:
        raise EvidenceError(str(folder), "no file of evidence is in it")
    return tally.evidence()


def _read(document: Document, tally: Tally) -> Source:
    if document.values in (([],), ()) and not document.text.strip(" \n\t\r[]"):
        return Source(document.path, "empty", None, 0)
    for reader in READERS:
        if reader.matches(document):
            try:
                return reader.read(document, tally)
            except Malformed as error:
                raise EvidenceError(document.path, error.reason, document.line_of(error.near)) from None
    known = "CloudTrail, Access Advisor, a generated policy, a credential report, …"
    raise EvidenceError(document.path, f"no format of evidence that rolecall knows ({known}; see docs/evidence.md)")


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_file():
        yield folder
        return
    if not folder.is_dir():
        raise EvidenceError(str(folder), "no such folder")
    for top, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(top, name)
            if not name.startswith(".") and path.is_file():
                yield path


def _text(path: Path) -> tuple[str, int]:
    """A file's text, unpacked, and its size in bytes."""
    try:
        with path.open("rb") as file:
            packed = file.read(2) == _GZIP
            file.seek(0)
            data = (gzip.GzipFile(fileobj=file) if packed else file).read(MAX_FILE_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise EvidenceError(str(path), getattr(error, "strerror", None) or "it cannot be unpacked") from None
    if len(data) > MAX_FILE_BYTES:
        raise EvidenceError(str(path), f"larger than {MAX_FILE_BYTES >> 20} MiB")
    try:
        return data.decode("utf-8-sig"), len(data)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise EvidenceError(str(path), "not UTF-8", line) from None
