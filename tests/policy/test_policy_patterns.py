"""Patterns as sets: against a matcher that is too simple to be wrong, and what unknown parts do."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.policy.patterns import UNKNOWN, classes, covers, escape_from, meet

PATTERNS = st.text("ab*?", max_size=6)
STRINGS = st.text("abc", max_size=6)


def holds(pattern: str, string: str) -> bool:
    """The oracle: a pattern as a regular expression."""
    parts = (".*" if sign == "*" else "." if sign == "?" else re.escape(sign) for sign in pattern)
    return re.fullmatch("".join(parts), string, re.DOTALL) is not None


@given(PATTERNS, STRINGS)
def test_a_string_is_held_as_a_regular_expression_says(pattern: str, string: str) -> None:
    assert covers(pattern, string) == holds(pattern, string)


@given(st.lists(PATTERNS, max_size=3), PATTERNS, STRINGS)
def test_what_escapes_is_inside_and_outside(outers: list[str], inner: str, string: str) -> None:
    escaped = escape_from(outers, inner)
    if escaped is None:
        assert not holds(inner, string) or any(holds(outer, string) for outer in outers)
    else:
        assert holds(inner, escaped)
        assert not any(holds(outer, escaped) for outer in outers)


@given(PATTERNS, PATTERNS, STRINGS)
def test_patterns_that_share_a_string_meet(one: str, other: str, string: str) -> None:
    if holds(one, string) and holds(other, string):
        assert meet(one, other)


@given(st.lists(PATTERNS, max_size=3), PATTERNS)
def test_classes_are_what_they_say(patterns: list[str], inner: str) -> None:
    found = list(classes(patterns, inner))
    assert len({held for held, _ in found}) == len(found)
    for held, string in found:
        assert holds(inner, string)
        assert held == {place for place, pattern in enumerate(patterns) if holds(pattern, string)}


@pytest.mark.parametrize(
    ("outer", "inner", "answer"),
    [
        ("${aws_s3_bucket.b.arn}/*", "${aws_s3_bucket.b.arn}/in/*", True),
        ("${aws_s3_bucket.b.arn}/*", "${aws_s3_bucket.c.arn}/in/*", False),
        ("*", "${aws_s3_bucket.b.arn}", True),
        ("?", "${aws_s3_bucket.b.arn}", False),
        ("arn:*", "${aws_s3_bucket.b.arn}", False),
        (UNKNOWN, UNKNOWN, False),
        ("*", UNKNOWN, True),
        ("a${*}b", "a*b", False),
        ("a*b", "a${*}b", True),
        ("arn:aws:s3:::${aws:username}/*", "arn:aws:s3:::${aws:username}/x", True),
    ],
)
def test_unknown_parts_are_held_by_stars_and_by_themselves(outer: str, inner: str, answer: bool) -> None:
    assert covers(outer, inner) is answer


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_is_a_pattern(one: str, other: str) -> None:
    assert covers("*", one)
    assert isinstance(meet(one, other), bool)
    assert covers(one, other) in (True, False)


def test_a_pattern_of_many_stars_is_no_trap() -> None:
    assert not covers("*a" * 300 + "b", "a" * 1000)
    assert escape_from(["*a" * 60 + "b", "*b" * 60], "*" + "?" * 60) is not None
