"""New JSON text in the layout of the file that it goes into: as deep a step, or all on one line as the file is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from textwrap import indent

from rolecall.source.patterns import late
from rolecall.source.text import SourceText

#: The indentation of the first member of a document.
_FIRST = late(rb"\s*\{\r?\n([ \t]+)\"")


def step_of(text: SourceText) -> str:
    """What a JSON file indents its first member by; "" where it is on one line."""
    first = _FIRST.match(text.data)
    return first[1].decode() if first else ""


def json_object(members: Mapping[str, str], step: str) -> str:
    """An object at column 0 of members whose values are code at column 0."""
    return _between("{", "}", [f"{json.dumps(name)}: {value}" for name, value in members.items()], step)


def json_array(items: Sequence[str], step: str) -> str:
    """An array at column 0 of items that are code at column 0."""
    return _between("[", "]", items, step)


def _between(start: str, end: str, parts: Sequence[str], step: str) -> str:
    if not step:
        return f"{start}{', '.join(parts)}{end}"
    inner = ",\n".join(indent(part, step) for part in parts)
    return f"{start}\n{inner}\n{end}"
