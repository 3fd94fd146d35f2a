"""Wildcard patterns as sets of strings: does one hold the other, do two meet.

A pattern is text with `*` (any text) and `?` (any one character), as IAM has it.  A part `${…}` is text that is not
known before apply, or a policy variable: it is one opaque symbol, equal to itself, held by `*` alone.  `${?}` is a part
that nothing is known of: it is not even equal to itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from rolecall.source.patterns import late


class TooLargeError(Exception):
    """A question about patterns takes more steps than anybody should wait for."""


_PART = late(r"\$\{[^}]*\}|.", re.DOTALL)
UNKNOWN = "${?}"
#: Stands for every character that no pattern of a question names.
_OTHERS = "xyzwvq0123456789#~"
#: Tokens above which a question is not decided (ARNs are shorter); the answer is then the careful one.
MAX_TOKENS = 2048
MAX_STATES = 20_000


@lru_cache(maxsize=8192)
def tokens(pattern: str, fold: bool = False) -> tuple[str, ...]:
    """The pattern's characters and symbols; neighbouring stars are one.  `fold` makes characters lower case."""
    found: list[str] = []
    for part in _PART.findall(pattern):
        if part == "${*}":
            part = "\\*"
        elif part == "${$}":
            part = "$"
        elif len(part) == 1 and fold:
            part = part.lower()
        if part != "*" or not found or found[-1] != "*":
            found.append(part)
    return tuple(found)


def has_symbol(pattern: str) -> bool:
    """Whether a part of the text is not known."""
    return "${" in pattern


def escape_from(outers: Iterable[str], inner: str, fold: bool = False) -> str | None:
    """A string of `inner` that none of `outers` holds; None where they hold all of it together.

    With symbols in it the answer is sound in one direction: None is a proof for every value that they may have, a
    string is no more than a doubt.
    """
    wanted = tokens(inner, fold)
    patterns = [tokens(outer, fold) for outer in outers]
    if ("*",) in patterns:
        return None
    if UNKNOWN not in wanted and wanted in patterns:
        return None
    if len(wanted) > MAX_TOKENS or sum(map(len, patterns)) > MAX_TOKENS * 8:
        return inner
    if "*" not in wanted and "?" not in wanted:
        return None if any(_matches(pattern, wanted) for pattern in patterns) else inner
    try:
        return next((string for finals, string in _Automaton(patterns).ends(wanted) if not finals), None)
    except TooLargeError:
        return inner


def classes(patterns: Sequence[str], inner: str, fold: bool = False) -> Iterator[tuple[frozenset[int], str]]:
    """The strings of `inner`, sorted by which of the patterns hold them: the places of those, and one such string.

    Symbols are letters like others here: equal to themselves and in no plain string.  Raises TooLargeError where there
    is too much to tell.
    """
    wanted = tokens(inner, fold)
    split = [tokens(pattern, fold) for pattern in patterns]
    if len(wanted) > MAX_TOKENS or sum(map(len, split)) > MAX_TOKENS * 8:
        raise TooLargeError
    automaton = _Automaton(split)
    for finals, string in automaton.ends(wanted):
        yield frozenset(place for place, bit in enumerate(automaton.finals) if finals & bit), string


def covers(outer: str, inner: str, fold: bool = False) -> bool:
    """Whether every string of `inner` is one of `outer`, whatever the unknown parts turn out to be."""
    return escape_from((outer,), inner, fold) is None


def _matches(pattern: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    """Whether a pattern holds one string; going back to the last star alone keeps it quadratic at worst."""
    at = place = 0
    star = mark = -1
    while place < len(wanted):
        token = pattern[at] if at < len(pattern) else ""
        if token == "*":
            star, mark = at, place
            at += 1
        elif (token == wanted[place] and token != UNKNOWN) or (token == "?" and not wanted[place].startswith("${")):
            at += 1
            place += 1
        elif star >= 0:
            mark += 1
            at, place = star + 1, mark
        else:
            return False
    return at == len(pattern) or (at == len(pattern) - 1 and pattern[at] == "*")


class _Automaton:
    """Several patterns as one automaton whose states are the bits of a number."""

    def __init__(self, patterns: Sequence[tuple[str, ...]]) -> None:
        self.steps: dict[str, int] = {}
        self.start = self.final = self.loops = 0
        self.finals: list[int] = []
        single = bit = 0
        for pattern in patterns:
            self.start |= 1 << bit
            for token in pattern:
                if token == "*":
                    self.loops |= 1 << bit
                elif token == "?":
                    single |= 1 << bit
                elif token != UNKNOWN:
                    self.steps[token] = self.steps.get(token, 0) | 1 << bit
                bit += 1
            self.final |= 1 << bit
            self.finals.append(1 << bit)
            bit += 1
        self.letters = [token for token in self.steps if len(token) == 1 or token == "\\*"]
        self.other = next((c for c in _OTHERS if c not in self.steps), "\0")
        self.letters.append(self.other)
        for letter in self.letters:
            self.steps[letter] = self.steps.get(letter, 0) | single
        self.plain = single

    def _closed(self, states: int) -> int:
        return states | (states & self.loops) << 1

    def _step(self, states: int, token: str) -> int:
        mask = self.steps.get(token, self.plain if len(token) == 1 else 0)
        return self._closed((states & mask) << 1 | states & self.loops)

    def ends(self, wanted: tuple[str, ...]) -> Iterator[tuple[int, str]]:
        """Every set of final states that strings of a pattern lead to, each with a shortest such string.

        Raises TooLargeError where there is too much to walk through.
        """
        first = (0, self._closed(self.start))
        came: dict[tuple[int, int], tuple[tuple[int, int], str] | None] = {first: None}
        queue = [first]
        told: set[int] = set()
        for at in queue:
            place, states = at
            if len(came) > MAX_STATES:
                raise TooLargeError
            if place == len(wanted):
                if states & self.final not in told:
                    told.add(states & self.final)
                    yield states & self.final, _spelled(came, at)
                continue
            token = wanted[place]
            if token == "*":
                onward = [((place + 1, states), "")]
                onward += [((place, self._step(states, letter)), letter) for letter in self.letters]
            elif token == "?":
                onward = [((place + 1, self._step(states, letter)), letter) for letter in self.letters]
            else:
                onward = [((place + 1, self._step(states, token)), token)]
            for following, letter in onward:
                if following not in came:
                    came[following] = (at, letter)
                    queue.append(following)


def _spelled(came: dict[tuple[int, int], tuple[tuple[int, int], str] | None], at: tuple[int, int]) -> str:
    letters: list[str] = []
    before = came[at]
    while before is not None:
        letters.append("*" if before[1] == "\\*" else before[1])
        before = came[before[0]]
    return "".join(reversed(letters))


def meet(one: str, other: str, fold: bool = False) -> bool:
    """Whether some string may be in both: unknown parts may be any text."""
    left, right = (_opened(tokens(pattern, fold)) for pattern in (one, other))
    if left == ("*",) or right == ("*",):
        return True
    if "*" not in left and "*" not in right:
        return len(left) == len(right) and all(a == b or "?" in (a, b) for a, b in zip(left, right, strict=True))
    if len(left) * len(right) > MAX_TOKENS * 128:
        return True
    seen = {(0, 0)}
    stack = [(0, 0)]
    while stack:
        i, j = stack.pop()
        if i == len(left) and j == len(right):
            return True
        onward: list[tuple[int, int]] = []
        if i < len(left) and left[i] == "*":
            onward += [(i + 1, j), (i, j + 1)] if j < len(right) else [(i + 1, j)]
        if j < len(right) and right[j] == "*":
            onward += [(i, j + 1), (i + 1, j)] if i < len(left) else [(i, j + 1)]
        if i < len(left) and j < len(right) and (left[i] == right[j] or "?" in (left[i], right[j])):
            onward.append((i + 1, j + 1))
        for pair in onward:
            if pair not in seen:
                seen.add(pair)
                stack.append(pair)
    return False


def opened(pattern: str) -> str:
    """A pattern that holds every value that the unknown parts may have: they are stars."""
    return _PART.sub(
        lambda part: "*" if part[0].startswith("${") and part[0] not in ("${*}", "${$}") else part[0], pattern
    )


def _opened(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Symbols as stars."""
    found: list[str] = []
    for part in parts:
        token = "*" if part.startswith("${") else part
        if token != "*" or not found or found[-1] != "*":
            found.append(token)
    return tuple(found)
