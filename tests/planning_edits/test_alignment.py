"""What is written is laid out as `terraform fmt` lays it out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from patching import terraform_fmt

from rolecall.planning.edits.alignment import chains, format_hcl, lines

CASES = [
    "a {\n  x = 1\n  longer = <<EOT\nfoo = 1\nbarbarbar = 2\nEOT\n  yy = 2\n  # c\n  z = 3\n}\n",
    "a {\n  zz = [1,\n  2]\n  zzz = 3 /* c */\n  zzzz = 3 # d\n  q = foo({ a = 1 })\n  "
    'q1 = "${a}-${{ a = 1 }["a"]}"\n}\n',
    "a {\n  /* lead */ w = 2\n  blk { a = 1 }\n  w1 = 2 /* several\n  lines */\n  w1234 = 2\n}\n",
    'a {\n  q = {\n    a = 1\n    "bbb" = 2\n    (ccc) = 2\n    d : 2\n  }\n  '
    "foo = a == b ? 1 : 2 # x\n  f = 2 # z\n}\n",
    "a {\n  g = [ # open\n    1, # one\n    2222, # two\n  ]\n  h = 1 // one\n\n  f = 2\n}\n",
    "y = [{\n a= 1\n},{\nb=2\n}]\n",
    "v= {\n  a = 1 }\n",
    'e = "é"\nlong = "${"x" == "y" ? "}" : "{"}" # c\nl = "%{if a}b%{endif}" # d\n',
    "a = <<-E\n  ${ { x = 1 } }\n  E\nbb = 2\n",
]


@pytest.mark.parametrize("text", CASES)
def test_layout_is_that_of_terraform_fmt(text: str) -> None:
    want = terraform_fmt(text.encode()).decode()
    assert [gap for chain in chains(want.encode()) for gap in chain if not gap.right] == []
    assert format_hcl(want) == want
    assert format_hcl(re.sub(r"(?<=\S) +(?==[^=]|#|//)", " ", want)) == want


def test_blank_lines_and_newlines_are_tidied() -> None:
    assert format_hcl("\n\na = 1\r\n\r\n\r\n\r\nbb = 2  \n\n") == "a = 1\n\nbb = 2\n"
    assert format_hcl("") == ""


@given(st.text(st.sampled_from('ab= \n{}[]()"#/*$%<>-E,.\\'), max_size=60))
@settings(max_examples=400, deadline=None)
def test_lines_cover_any_text_and_formatting_is_stable(text: str) -> None:
    data = text.encode()
    at = 0
    for line in lines(data):
        assert line.start == at
        assert line.start <= line.first <= line.end
        at = line.end + 1
    assert at == len(data) + 1
    once = format_hcl(text)
    assert re.sub(r"\s", "", once) == re.sub(r"\s", "", text)


@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[a-z]{1,8}", fullmatch=True),
            st.sampled_from(["1", '"x"', "[]", "{}", "[\n1,\n2\n]", "{\na = 1\nbbb = 2\n}", "<<E\nx = 1\nE", "f(a)"]),
            st.sampled_from(["", " # c", " // d", "\n", "\n# own line"]),
        ),
        unique_by=lambda part: part[0],
        max_size=6,
    )
)
@settings(max_examples=15, deadline=None)
def test_any_body_comes_out_as_fmt_writes_it(parts: list[tuple[str, str, str]]) -> None:
    text = "x {\n" + "".join(f"{n} = {v}{'' if '<<' in v else c}\n" for n, v, c in parts) + "}\n"
    want = re.sub(r"\n\n\n+", "\n\n", terraform_fmt(text.encode()).decode())
    assert format_hcl(text) == want


def test_what_is_written_in_the_sample_estate_is_aligned() -> None:
    data = (Path(__file__).parent / "estate.tf").read_bytes()
    assert all(gap.right for chain in chains(data) for gap in chain)
