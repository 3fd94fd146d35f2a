"""What the text of a block must hold to matter: a look at its bytes saves the evaluation of the many that cannot."""

from __future__ import annotations

import re
import sys
from typing import Protocol

from rolecall.source.records import dataclass

#: The same without regard to marks between words: looking for these is many times faster than for a pattern that begins
#: with a choice.
#: By what they have in common, which is looked for first, and those that have nothing.
_WORDS: dict[bytes, tuple[bytes, ...]] = {
    b"key": (
        *(b"accesskey", b"secretkey", b"awskey", b"principalkey", b"storagekey", b"privatekey", b"accountkey"),
        *(b"sakey", b"keycontent"),
    ),
    b"secret": (b"accesssecret", b"awssecret", b"clientsecret", b"principalsecret"),
}
_OTHER_WORDS = (b"akia", b"sastoken", b"connectionstring", b"principalpassword")
#: Patterns, each with a word that all that it matches holds.
_PARTS = (
    (b"token", re.compile(rb"oci\w*token")),
    (b"credentials", re.compile(rb"credentials\s*=")),
    (b"cred", re.compile(rb"g(?:oogle|cp|cloud)\w*cred")),
)


class Searches(Protocol):
    """What tells whether a range of a text holds something: a compiled pattern, or one of those below."""

    def search(self, data: bytes, start: int, end: int, /) -> object: ...


@dataclass(frozen=True, slots=True)
class Look:
    """A pattern whose every match holds one of the words (lower case), and words that will do alone: looking for words
    is several times faster than a search without regard to case.
    """

    words: tuple[bytes, ...]
    pattern: re.Pattern[bytes]
    enough: tuple[bytes, ...] = ()

    def search(self, data: bytes, start: int, end: int) -> object:
        lowered = data[start:end].lower()
        if any(word in lowered for word in self.enough):
            return True
        return self.pattern.search(data, start, end) if any(word in lowered for word in self.words) else None


@dataclass(frozen=True, slots=True)
class Words:
    """Words as they are written, of which one must occur."""

    words: tuple[bytes, ...]

    def search(self, data: bytes, start: int, end: int) -> bool | None:
        """True where a word is in a range of a text, else None."""
        return any(data.find(word, start, end) >= 0 for word in self.words) or None


class _Keyed:
    """KEYED, or a little more, much faster."""

    __slots__ = ()

    def search(self, data: bytes, start: int = 0, end: int = sys.maxsize) -> bool | None:
        """True where a key may be in a text, else None."""
        lowered = data[start:end].lower()
        joined = lowered.translate(None, b"_-")
        for common, words in _WORDS.items():
            if common in joined and any(word in joined for word in words):
                return True
        if any(word in joined for word in _OTHER_WORDS):
            return True
        return any(word in lowered and part.search(lowered) is not None for word, part in _PARTS) or None


def keyed(data: bytes) -> bool:
    """Whether a text may hold a key: a search for KEYED."""
    return KEYED.search(data) is not None


#: What the text of a block must hold for a key to be in it, where its unit mints none.
KEYED = _Keyed()
#: What it must hold to be fed by a minted key.  (A root module's variables are not fed by its own keys, and blocks of
#: called modules, whose variables may be, are always evaluated.)
REFERENCE = Words((b"aws_iam_", b"azuread_", b"google_", b"oci_", b"tls_", b"local.", b"module."))
