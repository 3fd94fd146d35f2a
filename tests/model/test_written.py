"""The quick look at a text never passes over one that the pattern finds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rolecall.model.written import KEYED, keyed


@given(st.binary(max_size=20), st.from_regex(KEYED), st.binary(max_size=20))
def test_what_the_pattern_finds_is_not_passed_over(before: bytes, found: bytes, behind: bytes) -> None:
    assert keyed(before + found + behind)


@given(st.binary(max_size=60))
def test_both_agree(data: bytes) -> None:
    assert keyed(data) == (KEYED.search(data) is not None)
