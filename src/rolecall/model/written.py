"""What the text of a block must hold to matter: a look at its bytes saves the evaluation of the many that cannot."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: What the text of a block must hold for a key to be in it, where its unit mints none.
KEYED = re.compile(
    rb"(?i)access[_-]?key|secret[_-]?(?:access[_-]?)?key|access[_-]?secret|aws[_-]?(?:key|secret)|AKIA"
    rb"|client[_-]?secret|sas[_-]?token|connection_?string|principal[_-]?(?:key|password|secret)|storage_?key"
    rb"|private[_-]?key|account[_-]?key|sa[_-]key|key[_-]content|(?:google|gcp|gcloud)\w*cred|credentials\s*="
    rb"|oci\w*token"
)
#: What it must hold to be fed by a minted key.  (A root module's variables are not fed by its own keys, and blocks of
#: called modules, whose variables may be, are always evaluated.)
REFERENCE = re.compile(rb"aws_iam_|azuread_|google_|oci_|tls_|local\.|module\.")
#: Words of which a text that matches KEYED holds one, lower case: looking for these is several times faster.
_PAIRS = (
    *("access key", "secret key", "access secret", "aws key", "aws secret", "client secret", "sas token"),
    *("connection string", "storage key", "private key", "principal key", "principal password", "principal secret"),
    *("account key", "sa key", "key content"),
)
_WORDS = (*(pair.replace(" ", mark).encode() for pair in _PAIRS for mark in ("_", "-", "")), b"akia", b"cred", b"oci")


@dataclass(frozen=True, slots=True)
class Look:
    """A pattern whose every match holds one of the words (lower case): looking for these first is several times faster
    than a search without regard to case.
    """

    words: tuple[bytes, ...]
    pattern: re.Pattern[bytes]

    def search(self, data: bytes, start: int, end: int) -> re.Match[bytes] | None:
        lowered = data[start:end].lower()
        return self.pattern.search(data, start, end) if any(word in lowered for word in self.words) else None


def keyed(data: bytes) -> bool:
    """Whether a text may hold a key: a search for KEYED."""
    lowered = data.lower()
    return any(word in lowered for word in _WORDS) and KEYED.search(data) is not None
