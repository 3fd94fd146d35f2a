"""Regular expressions that are compiled when they are first used.

There are three hundred of them, and a small estate needs fifty: compiling all while modules are imported would be a
fifth of its check.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast


class _Late:
    """Becomes the pattern, method by method."""

    def __init__(self, pattern: Any, flags: int) -> None:
        self._written = (pattern, flags)

    def __getattr__(self, name: str) -> Any:
        found = getattr(re.compile(*self._written), name)
        setattr(self, name, found)  # so that the next call costs no more than that of a pattern
        return found


def late(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """As `re.compile`, but a mistake in the pattern shows at its first use."""
    return cast("re.Pattern[AnyStr]", _Late(pattern, flags))
