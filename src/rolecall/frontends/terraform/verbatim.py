"""Strings that remember where their text stands, so that what is found inside them can be shown in its file."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable

from rolecall.source.text import Span

Locate = Callable[[int, int], Span]


class Verbatim(str):
    """A string that was copied from a file piece by piece (the lines of a heredoc, a whole file).

    `pieces` are pairs of an offset in this string (characters) and the offset in the file (bytes) where the text from
    there on stands, rising; between one piece and the next the file holds the same text.
    """

    __slots__ = ("locate", "pieces")

    locate: Locate
    pieces: tuple[tuple[int, int], ...]

    def __new__(cls, text: str, pieces: Iterable[tuple[int, int]], locate: Locate) -> Verbatim:
        self = super().__new__(cls, text)
        self.pieces = tuple(pieces)
        self.locate = locate
        return self

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (str(self),)

    def source(self, offset: int) -> int:
        """The byte offset in the file of the character at `offset`."""
        at = max(bisect_right(self.pieces, offset, key=lambda piece: piece[0]) - 1, 0)
        start, place = self.pieces[at]
        return place + len(self[start:offset].encode("utf-8", "surrogatepass"))

    def byte_span(self, start: int, end: int) -> Span:
        """As `span`, for a range of the bytes of this string in UTF-8."""
        if self.isascii():
            return self.span(start, end)
        data = self.encode("utf-8", "surrogatepass")
        return self.span(len(data[:start].decode("utf-8", "ignore")), len(data[:end].decode("utf-8", "ignore")))

    def span(self, start: int, end: int) -> Span:
        """The span in the file of the characters `[start, end)`."""
        first = self.source(start)
        last = (
            self.source(end - 1) + len(self[end - 1 : end].encode("utf-8", "surrogatepass")) if end > start else first
        )
        return self.locate(first, max(first, last))
