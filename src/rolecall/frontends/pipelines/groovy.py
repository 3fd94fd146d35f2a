"""Groovy as far as a Jenkinsfile needs it: words, strings and brackets, told apart and nothing evaluated.

Whatever the text, it yields tokens: an unclosed string reaches to the end of its line, or of the file where it may hold
lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rolecall.source.patterns import late
from rolecall.source.records import dataclass
from rolecall.source.text import SourceText, Span

#: Tokens of one file; what comes after is left out.
MAX_TOKENS = 200_000
_TOKEN = late(
    r"""(?P<blank>[ \t\r\f]+|//[^\n]*|\#![^\n]*|/\*.*?(?:\*/|\Z))
      | (?P<line>\n)
      | (?P<quote>'''|\"\"\"|'|")
      | (?P<word>[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*)
      | (?P<mark>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is word, string, mark or line.  `[start, end)` are characters of the file.

    `text` is a string's value with its escapes resolved; `filled` says that Groovy puts values into it (`"${x}"`).
    """

    kind: str
    text: str
    start: int
    end: int
    filled: bool = False


class Source:
    """A file's characters, and spans for ranges of them."""

    def __init__(self, text: SourceText) -> None:
        self.text = text
        self.characters = text.data.decode("utf-8", "replace")
        self._ascii = len(self.characters) == len(text.data)

    def span(self, start: int, end: int) -> Span:
        if self._ascii:
            return self.text.span(start, end)
        begin = len(self.characters[:start].encode("utf-8", "replace"))
        stop = begin + len(self.characters[start:end].encode("utf-8", "replace"))
        return self.text.span(min(begin, len(self.text.data)), min(stop, len(self.text.data)))

    def tokens(self) -> Iterator[Token]:
        written = self.characters
        at = 0
        for _ in range(MAX_TOKENS):
            match = _TOKEN.match(written, at)
            if match is None:
                return
            kind = match.lastgroup or ""
            if kind == "quote":
                token = self._string(match.group(), at)
                yield token
                at = token.end
                continue
            if kind != "blank":
                yield Token(kind, match.group(), at, match.end())
            at = match.end()

    def _string(self, quote: str, start: int) -> Token:
        end = self._closing(quote, start + len(quote))
        closed = self.characters.startswith(quote, end)
        value = "".join(char for char, _ in unescaped(self.characters, start + len(quote), end))
        return Token("string", value, start, end + len(quote) if closed else end, quote[0] == '"')

    def _closing(self, quote: str, at: int) -> int:
        written = self.characters
        while at < len(written):
            char = written[at]
            if char == "\\":
                at += 2
            elif written.startswith(quote, at) or (char == "\n" and len(quote) == 1):
                return at
            else:
                at += 1
        return len(written)


def unescaped(written: str, start: int, end: int) -> Iterator[tuple[str, int]]:
    """The characters of a string's value, each with its place in the file."""
    at = start
    while at < end:
        char = written[at]
        if char == "\\" and at + 1 < end:
            following = written[at + 1]
            if following != "\n":  # a line that goes on
                yield _ESCAPES.get(following, following), at
            at += 2
        else:
            yield char, at
            at += 1


class GroovyText:
    """The value of a string, and spans for ranges of its characters."""

    def __init__(self, source: Source, token: Token) -> None:
        self.value = token.text
        self._source = source
        quote = 3 if source.characters.startswith(("'''", '"""'), token.start) else 1
        self._places = [place for _, place in unescaped(source.characters, token.start + quote, token.end - quote)]
        self._end = token.end

    def span(self, start: int, end: int) -> Span:
        """The span of the characters `[start, end)` of the value."""
        places = self._places
        begin = places[start] if start < len(places) else self._end
        stop = places[end - 1] + 1 if 0 < end <= len(places) else self._end
        return self._source.span(begin, max(begin, stop))
