"""Text that was meant to be JSON: what can be read of it.

Commas too many or too few, comments, single quotes, names without quotes, an end that is missing: whoever deploys such
a text is told so by the cloud, but until then it says what its author wants.  Nothing is proved by what is read here.
"""

from __future__ import annotations

import re
from json.decoder import scanstring  # type: ignore[attr-defined]

from rolecall.frontends.terraform.json_text import MARKS, Reader, laid_out
from rolecall.frontends.values import Entry, Mapping, Scalar, Sequence, Unknown, Value
from rolecall.source.patterns import late
from rolecall.source.records import replace

_BLANK = late(r"(?:[\s\ufeff]+|//[^\n]*|\#[^\n]*|/\*.*?(?:\*/|\Z))*", re.DOTALL)
_BARE = late(r"[A-Za-z_$][\w:$.*/-]*")
_NAME = late(r"[A-Za-z_$][\w./-]*")
_QUOTED = late(r"'((?:[^'\\]|\\.)*)'?", re.DOTALL)
#: How far before the first brace something else may stand.
_BEFORE = 200


def decode_loosely(value: Value) -> Mapping | None:
    """The object that a text was meant to be; None where nothing of one is seen.

    A part that is not known and stands where a member may begin is an entry without a key that is known.
    """
    written = laid_out(value)
    if written is None:
        return None
    start = written[0].find("{", 0, _BEFORE)
    if start < 0:
        return None
    try:
        decoded, _ = _Loose(*written).value(start, 0)
    except (ValueError, IndexError, RecursionError):
        return None
    if not isinstance(decoded, Mapping) or not decoded.entries:
        return None
    return replace(decoded, via=decoded.via + value.via)


class _Loose(Reader):
    """A text that is taken for what it can be taken for: it ends where it ends, and each step goes on."""

    def skip(self, at: int) -> int:
        match = _BLANK.match(self.text, at)
        return match.end() if match else at

    def string(self, at: int) -> tuple[Value, int]:
        if self.text[at] == "'":
            match = _QUOTED.match(self.text, at)
            text, end = (match[1], match.end()) if match else ("", at + 1)
        else:
            try:
                text, end = scanstring(self.text, at + 1, False)
            except ValueError:  # it does not end
                end = len(self.text)
                text = self.text[at + 1 : end]
        return self.spelled(text, self.place(at, end)), end

    def value(self, at: int, depth: int) -> tuple[Value, int]:
        char = self.text[at : at + 1]
        if not char:
            return Scalar(None), at
        if char == "'":
            return self.string(at)
        try:
            return super().value(at, depth)
        except ValueError:
            if char in ("{", "["):
                raise
            word = _BARE.match(self.text, at)
            end = word.end() if word else at + 1
            return Scalar(word.group() if word else char, self.place(at, end)), end

    def object(self, start: int, depth: int) -> tuple[Value, int]:
        entries: list[Entry] = []
        at = self._next(start + 1)
        while at < len(self.text) and self.text[at] not in "}]":
            if MARKS.match(self.text[at]):
                entries.append(Entry(Unknown("members that are not known"), self.part(self.text[at])))
                at = self._next(at + 1)
                continue
            begin = at
            name = _NAME.match(self.text, at)
            key, at = (
                (Scalar(name.group(), self.place(at, name.end())), name.end()) if name else self.value(at, depth + 1)
            )
            at = self.skip(at)
            if self.text[at : at + 1] in (":", "="):
                inner, end = self.value(self.skip(at + 1), depth + 1)
                entries.append(Entry(key, inner, self.place(begin, end)))
                at = end
            at = self._next(at)
        return Mapping(tuple(entries), self.place(start, min(at + 1, len(self.text)))), at + 1

    def array(self, start: int, depth: int) -> tuple[Value, int]:
        items: list[Value] = []
        at = self._next(start + 1)
        while at < len(self.text) and self.text[at] not in "]}":
            inner, at = self.value(at, depth + 1)
            items.append(inner)
            at = self._next(at)
        return Sequence(tuple(items), self.place(start, min(at + 1, len(self.text)))), at + 1

    def _next(self, at: int) -> int:
        """Where the next member begins, or the end."""
        at = self.skip(at)
        while self.text[at : at + 1] == ",":
            at = self.skip(at + 1)
        return at
