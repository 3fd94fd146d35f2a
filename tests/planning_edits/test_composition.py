"""Migrations that meet in a file: what goes together, what is a conflict, and who stays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from patching import migration

from rolecall.planning.composition import compose
from rolecall.planning.migration import PHASES, Edit, Migration
from rolecall.source.edits import apply
from rolecall.source.tree import Tree

Fill = Callable[[Mapping[str, bytes]], Path]


def texts(tree: Tree, *migrations: Migration, path: str = "a.txt") -> list[bytes | None]:
    series = compose(tree, migrations)
    assert not series.conflicts
    return [step.files.get(path, tree.read(path).data if tree.exists(path) else None) for step in series.steps]


def memory(**files: bytes) -> Tree:
    return Tree(Path("/nonexistent"), {f"{name}.txt": data for name, data in files.items()})


def edit(start: int, end: int, new: str, path: str = "a.txt") -> Edit:
    return Edit(path, start, end, new)


def test_text_after_a_phase_has_the_edits_of_all_phases_before() -> None:
    got = texts(memory(a=b"abc"), migration("m", expand=[edit(1, 1, "+")], contract=[edit(2, 3, "")]))
    assert got == [b"abc", b"a+bc", b"a+bc", b"a+bc", b"a+b"]


def test_a_later_phase_swallows_what_an_earlier_one_wrote() -> None:
    m = migration("m", prepare=[edit(2, 2, "x")], soak=[edit(3, 4, "y")], contract=[edit(1, 5, "")])
    assert texts(memory(a=b"abcdef"), m) == [b"abxcdef", b"abxcdef", b"abxcdef", b"abxcyef", b"af"]


def test_an_insertion_at_the_edge_of_a_removal_stays() -> None:
    m = migration("m", expand=[edit(1, 1, "<"), edit(4, 4, ">")], contract=[edit(1, 4, "")])
    assert texts(memory(a=b"abcdef"), m)[-1] == b"a<>ef"


def test_the_same_range_again_in_a_later_phase_wins() -> None:
    m = migration("m", expand=[edit(1, 2, "X")], migrate=[edit(1, 2, "YY")])
    assert texts(memory(a=b"abc"), m) == [b"abc", b"aXc", b"aYYc", b"aYYc", b"aYYc"]


def test_insertions_at_one_place_keep_phase_then_migration_order() -> None:
    one = migration("1", migrate=[edit(1, 1, "c")], expand=[edit(1, 1, "a")])
    two = migration("2", expand=[edit(1, 1, "b")])
    assert texts(memory(a=b"[]"), one, two)[-1] == b"[abc]"


def test_identical_edits_are_made_once_and_as_early_as_anyone_needs_them() -> None:
    one = migration("1", migrate=[edit(1, 1, "p")])
    two = migration("2", expand=[edit(1, 1, "p")])
    assert texts(memory(a=b"[]"), one, two) == [b"[]", b"[p]", b"[p]", b"[p]", b"[p]"]


def test_a_removal_inside_what_is_removed_anyway_is_no_conflict() -> None:
    one = migration("1", migrate=[edit(1, 5, "")])
    two = migration("2", contract=[edit(2, 3, "")])
    assert texts(memory(a=b"abcdef"), one, two)[-1] == b"af"
    assert texts(memory(a=b"abcdef"), two, one)[-1] == b"af"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"expand": [edit(1, 3, "")]}, {"contract": [edit(2, 4, "")]}),
        ({"expand": [edit(1, 3, "x")]}, {"expand": [edit(1, 3, "y")]}),
        ({"expand": [edit(1, 3, "x")]}, {"migrate": [edit(1, 3, "y")]}),
        ({"migrate": [edit(1, 4, "")]}, {"expand": [edit(1, 4, "x")], "contract": [edit(0, 5, "z")]}),
        ({"migrate": [edit(1, 4, "")]}, {"contract": [edit(2, 2, "x")]}),
    ],
)
def test_what_overlaps_otherwise_is_a_conflict_and_the_later_is_left_out_whole(
    first: dict[str, list[Edit]], second: dict[str, list[Edit]]
) -> None:
    second = {**second, "soak": [edit(5, 6, "soaked")]}
    series = compose(memory(a=b"abcdef"), [migration("1", **first), migration("2", **second)])
    assert series.included == ("1",)
    assert [(c.migration, c.other, c.path) for c in series.conflicts] == [("2", "1", "a.txt")]
    assert b"soaked" not in (series.step("contract").files["a.txt"] or b"")


def test_a_migration_that_contradicts_itself_is_left_out() -> None:
    series = compose(memory(a=b"abc"), [migration("1", expand=[edit(0, 2, "x"), edit(1, 3, "y")])])
    assert [(c.migration, c.other) for c in series.conflicts] == [("1", "1")]
    assert not any(step.files for step in series.steps)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (edit(0, 9, ""), "outside the file"),
        (edit(0, 0, "x", "../b.txt"), "out of the scanned folder"),
        (edit(0, 0, "x", "/etc/b.txt"), "out of the scanned folder"),
        (edit(1, 2, "x", "new.txt"), "does not exist"),
        (Edit("a.txt", 0, 1, "", delete=True), "cover the whole file"),
        (Edit("new.txt", 0, 0, "", delete=True), "does not exist"),
    ],
)
def test_what_the_tree_does_not_allow(bad: Edit, reason: str) -> None:
    (conflict,) = compose(memory(a=b"abc"), [migration("1", expand=[bad])]).conflicts
    assert reason in conflict.reason
    assert conflict.other == ""


def test_files_come_and_go() -> None:
    tree = memory(old=b"gone\n")
    one = migration("1", expand=[edit(0, 0, "A\n", "new.txt")], contract=[Edit("old.txt", 0, 5, "", delete=True)])
    two = migration("2", expand=[edit(0, 0, "B\n", "new.txt")], migrate=[edit(0, 4, "kept", "old.txt")])
    series = compose(tree, [one, two])
    assert not series.conflicts
    assert series.step("expand").files == {"new.txt": b"A\n\nB\n"}
    assert series.step("expand").before == {"new.txt": None}
    assert series.step("contract").files == {"new.txt": b"A\n\nB\n", "old.txt": None}
    assert series.step("contract").before == {"old.txt": b"kept\n"}
    assert series.step("contract").changes["old.txt"] == (Edit("old.txt", 0, 5, "", delete=True),)


def test_edits_that_overlap_cannot_be_applied() -> None:
    with pytest.raises(ValueError, match="two edits"):
        apply(b"abc", [edit(0, 2, ""), edit(1, 3, "")])


TF = b"""resource "aws_iam_user" "ci" {
  name = "ci" # who
  path = "/" # where
}
"""


def test_neighbours_are_aligned_as_fmt_does() -> None:
    tree = Tree(Path("/nonexistent"), {"main.tf": TF.replace(b'"/" #', b'"/"  #')})
    at = TF.index(b"  path")
    one = migration("1", expand=[Edit("main.tf", at, at, "  force_destroy = true\n")])
    two = migration("2", contract=[Edit("main.tf", at, TF.index(b"}") + 1, "")])
    steps = compose(tree, [one, two]).steps
    assert steps[1].files["main.tf"] == (
        b'resource "aws_iam_user" "ci" {\n  name          = "ci" # who\n  force_destroy = true\n'
        b'  path          = "/" # where\n}\n'
    )
    assert (steps[4].files["main.tf"] or b"").startswith(
        b'resource "aws_iam_user" "ci" {\n  name          = "ci" # who\n  force_destroy = true\n'
    )


def test_a_file_that_keeps_no_alignment_keeps_its_own_layout() -> None:
    data = b'a {\n  name = "ci"\n  pathname = "/"\n}\n'
    tree = Tree(Path("/nonexistent"), {"main.tf": data})
    at = data.index(b"}")
    after = compose(tree, [migration("1", expand=[Edit("main.tf", at, at, "  force_destroy = true\n")])])
    assert after.step("expand").files["main.tf"] == data[:at] + b"  force_destroy = true\n" + data[at:]


@st.composite
def estates(draw: st.DrawFn) -> tuple[bytes, list[Migration]]:
    data = draw(st.one_of(st.binary(max_size=40), st.text("ab= \n{}é#", max_size=40).map(str.encode)))
    drawn: list[dict[str, list[Edit]]] = []
    name = draw(st.sampled_from(["a.txt", "main.tf"]))
    for _ in range(draw(st.integers(1, 4))):
        phases: dict[str, list[Edit]] = {}
        for phase in draw(st.lists(st.sampled_from(PHASES), max_size=3, unique=True)):
            for _ in range(draw(st.integers(1, 3))):
                start = draw(st.integers(0, len(data)))
                end = draw(st.integers(start, len(data)))
                new = draw(st.text("xyzé=\n ", max_size=5))
                phases.setdefault(phase, []).append(Edit(name, start, end, new))
        drawn.append(phases)
    return data, [migration(str(n), **phases) for n, phases in enumerate(drawn)]


@given(estates())
@settings(max_examples=300, deadline=None)
def test_composition_is_deterministic_and_its_steps_add_up(estate: tuple[bytes, list[Migration]]) -> None:
    data, migrations = estate
    tree = Tree(Path("/nonexistent"), {"a.txt": data, "main.tf": data})
    series = compose(tree, migrations)
    assert series == compose(tree, migrations)
    assert sorted([*series.included, *(c.migration for c in series.conflicts)]) == [m.id for m in migrations]
    now: dict[str, bytes | None] = {"a.txt": data, "main.tf": data}
    for step in series.steps:
        for path, changes in step.changes.items():
            assert now[path] == step.before[path]
            now[path] = apply(step.before[path] or b"", changes)
        assert {**now, **step.files} == now


@given(estates())
@settings(max_examples=200, deadline=None)
def test_bytes_outside_the_edits_stay(estate: tuple[bytes, list[Migration]]) -> None:
    data, migrations = estate
    migrations = [m for m in migrations if all(e.path == "a.txt" for p in m.phases for e in p.edits)]
    series = compose(Tree(Path("/nonexistent"), {"a.txt": data}), migrations)
    kept: list[int | None] = list(data)
    for m in migrations:
        if m.id in series.included:
            for phase in m.phases:
                for e in phase.edits:
                    kept[e.start : e.end] = [None] * (e.end - e.start)
    after = series.step("contract").files.get("a.txt", data) or b""
    at = 0
    for byte in filter(lambda byte: byte is not None, kept):
        found = after.find(bytes([byte or 0]), at)
        assert found >= at
        at = found + 1


@given(
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from(PHASES), st.text("xy", max_size=3)), min_size=1, max_size=6)
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_disjoint_migrations_are_as_if_each_were_alone(parts: list[tuple[int, str, str]]) -> None:
    data = b"....\n" * len(parts)
    tree = memory(a=data)
    ms = [migration(str(n), **{phase: [edit(n * 5, n * 5 + w, new)]}) for n, (w, phase, new) in enumerate(parts)]
    together: Any = compose(tree, ms)
    assert not together.conflicts
    for step in together.steps:
        lines = (step.files.get("a.txt", data) or b"").split(b"\n")
        for n, m in enumerate(ms):
            alone = compose(tree, [m]).step(step.name).files.get("a.txt", data) or b""
            assert lines[n] == alone.split(b"\n")[n]
