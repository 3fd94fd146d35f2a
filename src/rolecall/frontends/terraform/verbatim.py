"""Strings that remember where their text stands, so that what is found inside them can be shown in its file."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator

from rolecall.source.text import Span

Locate = Callable[[int, int], Span]

#: Characters of a piece whose bytes are counted at each question, where they are not one byte each.
_LONGEST_PIECE = 512


def _length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


class Verbatim(str):
    """A string that was copied from a file piece by piece (the lines of a heredoc, a whole file).

    `pieces` are pairs of an offset in this string (characters) and the offset in the file (bytes) where the text from
    there on stands, rising; between one piece and the next the file holds the same text.
    """

    __slots__ = ("_bytes", "locate", "pieces")

    locate: Locate
    pieces: list[tuple[int, int]]
    _bytes: list[int] | None

    @classmethod
    def of(cls, text: str, pieces: Iterable[tuple[int, int]], locate: Locate) -> str:
        """Such a string; a plain one where the bytes of the file were not UTF-8, so that lengths do not agree."""
        return text if "\ufffd" in text else cls(text, pieces, locate)

    def __new__(cls, text: str, pieces: Iterable[tuple[int, int]], locate: Locate) -> Verbatim:
        self = super().__new__(cls, text)
        self.pieces = list(pieces) if text.isascii() else list(_short(text, list(pieces)))
        self.locate = locate
        self._bytes = None
        return self

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (str(self),)

    def source(self, offset: int) -> int:
        """The byte offset in the file of the character at `offset`."""
        start, place = self.pieces[max(bisect_right(self.pieces, offset, key=lambda piece: piece[0]) - 1, 0)]
        return place + _length(self[start:offset])

    def span(self, start: int, end: int) -> Span:
        """The span in the file of the characters `[start, end)`."""
        first = self.source(start)
        last = self.source(end - 1) + _length(self[end - 1 : end]) if end > start else first
        return self.locate(first, max(first, last))

    def byte_span(self, start: int, end: int) -> Span:
        """As `span`, for a range of the bytes of this string in UTF-8."""
        first = self._byte_source(start)
        return self.locate(first, max(first, self._byte_source(end - 1) + 1 if end > start else first))

    def _byte_source(self, offset: int) -> int:
        if self._bytes is None:
            self._bytes = [0]
            for (start, _), (end, _) in zip(self.pieces, self.pieces[1:], strict=False):
                self._bytes.append(self._bytes[-1] + _length(self[start:end]))
        at = bisect_right(self._bytes, offset) - 1
        return self.pieces[at][1] + offset - self._bytes[at]


def _short(text: str, pieces: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The same pieces, long ones cut."""
    for at, (start, place) in enumerate(pieces):
        end = pieces[at + 1][0] if at + 1 < len(pieces) else len(text)
        for cut in range(start, max(end, start + 1), _LONGEST_PIECE):
            yield cut, place
            place += _length(text[cut : min(cut + _LONGEST_PIECE, end)])
