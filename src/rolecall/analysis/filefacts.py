"""What one file says whatever its format: key ids in it, suppression comments, and whether it can be read at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rolecall.source.records import dataclass
from rolecall.source.text import SourceText, Span

if TYPE_CHECKING:
    from rolecall.analysis.suppressions import Suppression
    from rolecall.model.parts import Credential


@dataclass(frozen=True, slots=True)
class FileFacts:
    """`unreadable` says why a file that a frontend would take cannot be read; empty where it can."""

    literals: tuple[Credential, ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    unreadable: str = ""

    def __bool__(self) -> bool:
        return bool(self.literals or self.suppressions or self.unreadable)


NOTHING = FileFacts()


def of(source: SourceText, keys: bool) -> FileFacts:
    """The facts of one file that was read; key ids are only looked for with `keys`."""
    if b"AKIA" not in source.data and b"rolecall:" not in source.data:
        return NOTHING
    from rolecall.analysis import literals, suppressions

    return FileFacts(tuple(literals.scan(source)) if keys else (), tuple(suppressions.in_file(source)))


def start_of(path: str) -> Span:
    """The first position of a file that was not read."""
    return SourceText(path, b"").span(0, 0)
