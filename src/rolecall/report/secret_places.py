"""Where secrets stand in the scanned files, so that no line of them is shown as it is.

Shapes and names hide most secrets (report/masking.py).  A password in the default of a variable has neither: its place
in the model is what tells.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from rolecall.source.patterns import late
from rolecall.source.text import SourceText, Span
from rolecall.source.tree import Tree, Unreadable

#: The name before a value, in any of the languages.
_NAME = late(r"""\s*["']?[\w.-]+["']?\s*(?:=(?![=>])|:)\s*""")
_STRING = late(r"""(["'])((?:\\.|(?!\1)[^\\\n])*+)\1""")
#: How a text of several lines begins: a here-document, a block scalar.
_SEVERAL = late(r"(?:<<-?|[|>])[^\n]*\n")
_BARE = late(r"[^\s{}\[\]\"'][^\n{}\[\]\"']*")
#: A value in a mapping that says what it is called beside it.
_MEMBER = late(r"""(?P<key>[\w.-]+["']?\s*[:=]\s*)(?P<value>"(?:\\.|[^"\\\n])*+"|'[^'\n]*+'|[^\s,{}\[\]"'][^,{}\n]*)""")
_CALLED = late(r"(?i)(?:name|key)\b")


class SecretPlaces:
    """The files of a scanned tree as they may be shown."""

    def __init__(self, tree: Tree, places: Iterable[Span]) -> None:
        self._tree = tree
        self._places: dict[str, set[Span]] = defaultdict(set)
        for place in places:
            self._places[place.path].add(place)
        self._lines: dict[str, frozenset[str]] = {}

    def read(self, path: str) -> SourceText | None:
        """A file with a star for each character of a secret, so that lines and columns are the same (offsets may not
        be); None where it cannot be read.
        """
        try:
            text = self._tree.read(path)
        except Unreadable:
            return None
        if path not in self._places:
            return text
        out: list[str] = []
        at = 0
        for span in sorted(self._places[path]):
            if at <= span.start and span.end <= len(text.data):
                out += [text.data[at : span.start].decode("utf-8", "surrogateescape"), _stars(text.text(span))]
                at = span.end
        out.append(text.data[at:].decode("utf-8", "surrogateescape"))
        return SourceText(path, "".join(out).encode("utf-8", "surrogateescape"))

    def lines(self, path: str) -> frozenset[str]:
        """The lines of a file, without their newlines, that quote a secret."""
        known = self._lines.get(path)  # asked of a file for every migration that changes it
        if known is None:
            known = self._lines[path] = self._quoting(path)
        return known

    def _quoting(self, path: str) -> frozenset[str]:
        shown = self.read(path) if path in self._places else None
        if shown is None:
            return frozenset()
        text = self._tree.read(path)
        pairs = ((text.line_text(line), shown.line_text(line)) for line in range(1, len(text.line_starts) + 1))
        return frozenset(line for line, covered in pairs if line != covered)


def _stars(written: str) -> str:
    """A value as it is written, or a name with it, with its characters hidden."""
    name = _NAME.match(written)
    start = name.end() if name is not None else 0
    if (several := _SEVERAL.match(written, start)) is not None:
        first, *rest = written[several.end() :].split("\n")
        lines = [first, *rest]
        closing = [lines.pop()] if written.startswith("<<", start) and len(lines) > 1 else []
        return written[: several.end()] + "\n".join([*(re.sub(r"\S", "*", line) for line in lines), *closing])
    if (string := _STRING.fullmatch(written, start)) is not None:
        return written[:start] + string[1] + "*" * len(string[2]) + string[1]
    if _BARE.fullmatch(written, start) is not None:
        return written[:start] + "*" * (len(written) - start)
    return _MEMBER.sub(_hide_member, written)


def _hide_member(found: re.Match[str]) -> str:
    if _CALLED.match(found["key"]):
        return found[0]
    value = found["value"]
    quote = value[0] if value[0] in "\"'" else ""
    return found["key"] + quote + "*" * (len(value) - 2 * len(quote)) + quote
