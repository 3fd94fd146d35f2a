"""Changes to a file, as byte ranges over its original text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rolecall.source.records import dataclass


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the bytes `[start, end)` of the original text of `path` by `new`.

    Offsets are bytes of the text as it was scanned, never of a text that another edit has changed.  `start == end`
    inserts; on a path that does not exist, `start == end == 0` creates the file.  `delete` removes the whole file
    (`end` is its size).  `new` is encoded as UTF-8; a lone surrogate stands for one byte that is not UTF-8 (Python's
    `surrogateescape`).
    """

    path: str
    start: int
    end: int
    new: str
    delete: bool = False

    @property
    def inserts(self) -> bool:
        return self.start == self.end

    @property
    def removes(self) -> bool:
        """True where nothing is written: the text only goes."""
        return self.delete or (not self.new and self.start < self.end)

    @property
    def data(self) -> bytes:
        return self.new.encode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch `[start, end)` of a changed text: kept, from `origin` on in the original, or written by `edit`."""

    start: int
    end: int
    origin: int
    edit: Edit | None = None


def ordered(edits: Iterable[Edit]) -> list[Edit]:
    """Edits as they come in the file: an insertion before what replaces the text that follows it, else as given."""
    return sorted(edits, key=lambda edit: (edit.start, edit.end))


def pieces(size: int, edits: Iterable[Edit]) -> Iterator[Piece]:
    """The changed text of a file of `size` bytes, in order.  Raises ValueError where edits overlap or lie outside."""
    at = new_at = 0
    for edit in ordered(edits):
        if edit.start < at:
            raise ValueError(f"{edit.path}: two edits at byte {edit.start}")
        if not edit.start <= edit.end <= size:
            raise ValueError(f"{edit.path}: an edit of bytes {edit.start}-{edit.end} in a file of {size} bytes")
        if edit.start > at:
            yield Piece(new_at, new_at + edit.start - at, at)
            new_at += edit.start - at
        length = len(edit.data)
        yield Piece(new_at, new_at + length, edit.start, edit)
        new_at += length
        at = edit.end
    if at < size:
        yield Piece(new_at, new_at + size - at, at)


def apply(data: bytes, edits: Iterable[Edit]) -> bytes:
    """The text after the edits, which must not overlap.  Raises ValueError as `pieces` does."""
    return b"".join(
        piece.edit.data if piece.edit is not None else data[piece.origin : piece.origin + piece.end - piece.start]
        for piece in pieces(len(data), edits)
    )
