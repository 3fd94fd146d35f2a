"""A file's bytes, and places in it.

Offsets are bytes everywhere inside rolecall, since that is what tree-sitter and edits speak.  Lines and columns are for
people and reports: 1-based, columns count Unicode code points (the SARIF `unicodeCodePoints` kind).
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from rolecall.source.records import dataclass

BOM = b"\xef\xbb\xbf"
#: Bytes of a line from which its columns are counted by blocks of as many.
_LONG_LINE = 2048
_CONTINUATION = bytes(range(0x80, 0xC0))


class Span(NamedTuple):
    """A half-open byte range `[start, end)` of one file, with the lines and columns of its first and last character.

    `path` is relative to the scanned root, with forward slashes.  `end_line` and `end_column` are those of the last
    character inside the span (end-inclusive, as the JSON contract says); an empty span ends where it starts.  A tuple,
    since a large estate has a million of them and no other immutable class is made as fast.
    """

    path: str
    start: int
    end: int
    line: int
    column: int
    end_line: int
    end_column: int

    def contains(self, other: Span) -> bool:
        return self.path == other.path and self.start <= other.start and other.end <= self.end

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


#: What calling Span comes to, without the call.
_new = tuple.__new__


@dataclass(frozen=True)
class SourceText:
    """The bytes of one file and the index that turns offsets into lines."""

    path: str
    data: bytes

    @cached_property
    def line_starts(self) -> list[int]:
        starts = [0, *accumulate(map((1).__add__, map(len, self.data.split(b"\n"))))]
        starts.pop()
        return starts

    @property
    def newline(self) -> str:
        """The newline that the file uses: that of its first line, "\\n" where there is none."""
        first = self.data.find(b"\n")
        return "\r\n" if first > 0 and self.data[first - 1 : first] == b"\r" else "\n"

    def position(self, offset: int) -> tuple[int, int]:
        """The 1-based line and column of a byte offset; an offset past the end is taken as the end."""
        offset = min(offset, len(self.data))
        line = bisect_right(self.line_starts, offset)
        start = self.line_starts[line - 1]
        if line == 1 and self.data.startswith(BOM):
            start = min(len(BOM), offset)
        if offset - start > _LONG_LINE:
            return line, self._characters(offset) - self._characters(start) + 1
        column = len(self.data[start:offset].decode("utf-8", "replace")) + 1
        return line, column

    def _characters(self, offset: int) -> int:
        """How many characters begin before a byte offset, without a look at the whole of a line as long as the file."""
        block = offset // _LONG_LINE
        return self._blocks[block] + len(self.data[block * _LONG_LINE : offset].translate(None, _CONTINUATION))

    @cached_property
    def _blocks(self) -> list[int]:
        counts = [0]
        for start in range(0, len(self.data), _LONG_LINE):
            counts.append(counts[-1] + len(self.data[start : start + _LONG_LINE].translate(None, _CONTINUATION)))
        return counts

    @cached_property
    def _plain(self) -> bool:
        return self.data.isascii()

    def span(self, start: int, end: int) -> Span:
        if self._plain and start < end <= len(self.data):  # one character a byte: most files, and spans by the million
            starts = self.line_starts
            line = bisect_right(starts, start)
            first = starts[line - 1]
            if line == len(starts) or end <= starts[line]:
                return _new(Span, (self.path, start, end, line, start - first + 1, line, end - first))
            end_line = bisect_right(starts, end - 1)
            return _new(Span, (self.path, start, end, line, start - first + 1, end_line, end - starts[end_line - 1]))
        end = min(end, len(self.data))  # the tree of a block that was cut off is closed by text that is not there
        start = min(start, end)
        line, column = self.position(start)
        last = max(start, end - 1)
        while last > start and (self.data[last] & 0xC0) == 0x80:
            last -= 1  # to the first byte of the last character
        end_line, end_column = self.position(last)
        return Span(self.path, start, end, line, column, end_line, end_column)

    def text(self, span: Span) -> str:
        return self.data[span.start : span.end].decode("utf-8", "replace")

    def line_text(self, line: int) -> str:
        """One line without its newline; the empty string where the file has no such line."""
        if not 1 <= line <= len(self.line_starts):
            return ""
        start = self.line_starts[line - 1]
        end = self.line_starts[line] if line < len(self.line_starts) else len(self.data)
        raw = self.data[start:end]
        if line == 1 and raw.startswith(BOM):
            raw = raw[len(BOM) :]
        return raw.decode("utf-8", "replace").rstrip("\r\n")
