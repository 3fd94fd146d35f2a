"""Which arguments a Terraform block takes, by provider major: the table blocks.txt (made by tools/provider_blocks.py).

It has the types that planners write or change, is read when a plan has a patch, and knows names, not types of values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from rolecall.source.patterns import late

_WORD = late(r"([a-z_][\w-]*)(!(?:\d+(?:,\d+)*)?)?(?:@(\d+(?:,\d+)*))?(\?)?(\^)?(\{)?")


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a block.

    `majors` are those that have it, `needed` those that require it.  `inner` are the arguments of a nested block, None
    for an attribute.  `open` says that what is inside is not known; `either` that it may be written in both ways;
    `once` that no major takes more than one such block.
    """

    majors: frozenset[int]
    needed: frozenset[int]
    inner: Mapping[str, Argument] | None = None
    open: bool = False
    either: bool = False
    once: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One type: the majors of its provider that the table knows and that have it, and its arguments."""

    majors: frozenset[int]
    arguments: Mapping[str, Argument]


@lru_cache(maxsize=1)
def _lines() -> Mapping[str, tuple[str, str]]:
    table = resources.files("rolecall.catalog").joinpath("blocks.txt").read_text("utf-8")
    rows = (line.partition(" ") for line in table.splitlines() if not line.startswith("#"))
    return {name: (rest.partition(" ")[0], rest.partition(" ")[2]) for name, _, rest in rows}


@lru_cache(maxsize=1)
def majors() -> Mapping[str, frozenset[int]]:
    """The majors of each provider that the table knows."""
    found: dict[str, set[int]] = {}
    for name, (listed, _) in _lines().items():
        found.setdefault(provider_of(name), set()).update(_numbers(listed))
    return {provider: frozenset(own) for provider, own in found.items()}


def provider_of(name: str) -> str:
    """The usual local name of the provider of a type (`data.` before that of a data source)."""
    return name.removeprefix("data.").partition("_")[0]


@lru_cache(maxsize=256)
def row(name: str) -> Row | None:
    """What is known of a type; None where the table does not have it."""
    found = _lines().get(name)
    if found is None:
        return None
    own = _numbers(found[0])
    arguments, _ = _arguments(found[1], 0, own)
    return Row(own, arguments)


def _numbers(listed: str) -> frozenset[int]:
    return frozenset(int(number) for number in listed.split(","))


def _arguments(text: str, at: int, majors: frozenset[int]) -> tuple[Mapping[str, Argument], int]:
    """The arguments from a place in a text up to the brace that closes them, and the place after it."""
    found: dict[str, Argument] = {}
    while at < len(text) and text[at] != "}":
        if text[at] == " ":
            at += 1
            continue
        word = _WORD.match(text, at)
        if word is None:
            raise ValueError(f"the table of blocks is damaged at {text[at : at + 40]!r}")
        at = word.end()
        name, needed, only, either, once, opened = word.groups()
        own = _numbers(only) if only else majors
        inner: Mapping[str, Argument] | None = None
        unknown = bool(opened) and text.startswith("*}", at)
        if unknown:
            inner, at = {}, at + 2
        elif opened:
            inner, at = _arguments(text, at, own)
            at += 1
        asked = frozenset() if needed is None else _numbers(needed[1:]) if len(needed) > 1 else own
        known = found.get(name)
        if known is not None:  # an attribute in one major and a block in another
            found[name] = Argument(own | known.majors, asked | known.needed, inner or known.inner, True, True)
        else:
            found[name] = Argument(own, asked, inner, unknown, bool(either), bool(once))
    return found, at


def rows() -> Iterator[str]:
    """The types of the table."""
    yield from _lines()
