"""The usage evidence that an option names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rolecall.cli.failure import Failure

if TYPE_CHECKING:
    from rolecall.evidence.facts import Evidence


def evidence_of(folder: Path | None) -> Evidence:
    """What a folder or file says; nothing where none is named.  Raises Failure."""
    from rolecall.evidence.facts import NOTHING

    if folder is None:
        return NOTHING
    from rolecall.evidence.document import EvidenceError
    from rolecall.evidence.folder import read

    try:
        return read(folder)
    except EvidenceError as error:
        raise Failure(str(error)) from None
