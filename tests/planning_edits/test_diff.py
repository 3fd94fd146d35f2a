"""Patches as git reads them."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.source.diff import hunks, unified
from rolecall.source.edits import Edit, apply


def git(root: Path, *arguments: str, data: bytes = b"") -> None:
    run = subprocess.run(
        ["git", "-c", "core.autocrlf=false", "-c", "core.safecrlf=false", *arguments],
        cwd=root,
        input=data,
        capture_output=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr.decode()


def applied(path: str, old: bytes | None, edits: list[Edit]) -> bytes | None:
    """The file after `git apply` of the diff, and after checking that its reverse restores the old one."""
    patch = unified(path, old, edits)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        git(root, "init", "-q")
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if old is not None:
            file.write_bytes(old)
        git(root, "apply", "--check", "-", data=patch)
        git(root, "apply", "--whitespace=nowarn", "-", data=patch)
        new = file.read_bytes() if file.exists() else None
        git(root, "apply", "--whitespace=nowarn", "-R", "-", data=patch)
        assert (file.read_bytes() if file.exists() else None) == old
        return new


PATHS = ["a.tf", "a b/c d.tf", 'q"u\\o.tf', "tab\there.tf", "ünï.tf", "new\nline.tf", "-dash.tf", "x"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "old", [b"one\ntwo\nthree\n", b"one\r\ntwo\r\nthree", b"\xef\xbb\xbfone\ntwo\n", b"\xff\xfe\none"]
)
def test_paths_newlines_and_bytes(path: str, old: bytes) -> None:
    edits = [Edit(path, 3, 3, "+"), Edit(path, len(old), len(old), "end")]
    assert applied(path, old, edits) == apply(old, edits)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("new", ["one\ntwo\n", "one\r\ntwo", "\n", "ü"])
def test_files_come_and_go(path: str, new: str) -> None:
    assert applied(path, None, [Edit(path, 0, 0, new)]) == new.encode()
    size = len(new.encode())
    assert applied(path, new.encode(), [Edit(path, 0, size, "", delete=True)]) is None


def test_empty_files_come_and_go() -> None:
    assert applied("a", None, [Edit("a", 0, 0, "")]) == b""
    assert applied("a", b"", [Edit("a", 0, 0, "", delete=True)]) is None


def test_shape() -> None:
    old = b"".join(b"%d\n" % number for number in range(1, 21))
    edits = [Edit("f", 2, 4, "two\n"), Edit("f", old.index(b"19"), old.index(b"19"), "x\n")]
    assert unified("f", old, edits).decode() == (
        "diff --git a/f b/f\n--- a/f\n+++ b/f\n"
        "@@ -1,5 +1,5 @@\n 1\n-2\n+two\n 3\n 4\n 5\n"
        "@@ -16,5 +16,6 @@\n 16\n 17\n 18\n+x\n 19\n 20\n"
    )


def test_a_change_that_changes_nothing_makes_no_diff() -> None:
    assert unified("f", b"a\nb\n", [Edit("f", 0, 2, "a\n")]) == b""


def test_lines_between_two_edits_stay_context() -> None:
    old = b"a\nb\nc\n"
    (hunk,) = hunks(old, [Edit("f", 0, 2, ""), Edit("f", 4, 6, "")])
    assert [(change.start, change.end) for change in hunk.changes] == [(0, 1), (2, 3)]


@st.composite
def changes(draw: st.DrawFn) -> tuple[bytes, list[Edit]]:
    old = draw(st.lists(st.sampled_from([b"a", b"b\n", b"\n", b"\r\n", b"\xff", "é".encode(), b"c\n"]), max_size=40))
    data = b"".join(old)
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=8)))
    texts = st.sampled_from(["", "x", "\n", "x\n", "\nx", "b\n", "a\n\n"])
    return data, [Edit("f", start, end, draw(texts)) for start, end in zip(cuts[::2], cuts[1::2], strict=False)]


@given(changes())
@settings(max_examples=60, deadline=None)
def test_git_makes_of_any_edits_what_we_do(change: tuple[bytes, list[Edit]]) -> None:
    old, edits = change
    if apply(old, edits) != old:
        assert applied("f", old, edits) == apply(old, edits)


@given(changes())
@settings(max_examples=500, deadline=None)
def test_hunks_hold_what_the_edits_make(change: tuple[bytes, list[Edit]]) -> None:
    old, edits = change
    *whole, rest = old.split(b"\n")
    lines = [*(line + b"\n" for line in whole), *([rest] if rest else [])]
    out: list[bytes] = []
    at = 0
    for hunk in hunks(old, edits):
        for one in hunk.changes:
            assert hunk.start <= one.start <= one.end <= hunk.end
            out += [*lines[at : one.start], *one.new]
            at = one.end
    assert b"".join([*out, *lines[at:]]) == apply(old, edits)
