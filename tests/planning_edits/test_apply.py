"""A phase is written whole or not at all, and only where the tree is as it was planned for."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from patching import migration

from rolecall.planning import apply as applying
from rolecall.planning.apply import NotApplicable, apply_phase
from rolecall.planning.composition import compose
from rolecall.planning.migration import PHASES, Edit
from rolecall.planning.series import patch, to_json
from rolecall.planning.survey import survey
from rolecall.source.tree import Tree

Fill = Callable[[Mapping[str, bytes]], Path]
LINES = b"".join(b"line %d\n" % number for number in range(40))
FILES = {"a.txt": LINES, "sub/b.txt": b"one\r\ntwo", "old.txt": b"old\n"}


@pytest.fixture
def estate(folder: Fill) -> Path:
    return folder(FILES)


def plan(root: Path) -> dict[str, Any]:
    at = LINES.index(b"line 20")
    series = compose(
        Tree(root),
        [
            migration(
                "m",
                expand=[Edit("a.txt", at, at, "new\n"), Edit("made/here/c.txt", 0, 0, "made\n")],
                migrate=[
                    Edit("a.txt", at, at + 8, ""),
                    Edit("sub/b.txt", 3, 3, "!"),
                    Edit("old.txt", 0, 4, "", delete=True),
                ],
                contract=[Edit("a.txt", 0, 7, "")],
            )
        ],
    )
    assert not series.conflicts
    document: dict[str, Any] = json.loads(json.dumps({"schema": "rolecall/plan/1", "series": to_json(series)}))
    return document


def states(document: dict[str, Any], root: Path) -> dict[str, set[str]]:
    """How the files of each phase stand."""
    return {name: {file.state for file in files} for name, files in survey(document, root)}


def contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_phases_in_order_and_again(estate: Path) -> None:
    document = plan(estate)
    assert states(document, estate) == {"expand": {"pending"}, "migrate": {"pending"}, "contract": {"pending"}}
    assert apply_phase(document, estate, "expand").written == ("a.txt", "made/here/c.txt")
    assert apply_phase(document, estate, "expand").already == ("a.txt", "made/here/c.txt")
    assert states(document, estate) == {"expand": {"applied"}, "migrate": {"pending"}, "contract": {"pending"}}
    apply_phase(document, estate, "migrate")
    apply_phase(document, estate, "contract")
    assert all(state == {"applied"} for state in states(document, estate).values())
    assert contents(estate) == {
        "a.txt": LINES[7:].replace(b"line 20\n", b"new\n"),
        "sub/b.txt": b"one!\r\ntwo",
        "made/here/c.txt": b"made\n",
    }
    assert apply_phase(document, estate, "migrate").written == ()


def test_long_names_that_begin_alike(folder: Fill) -> None:
    names = [f"{'template' * 8}.{kind}" for kind in ("yaml", "json")]
    root = folder(dict.fromkeys(names, b"a\n"))
    series = compose(Tree(root), [migration("m", migrate=[Edit(name, 0, 1, "b") for name in names])])
    document = {"schema": "rolecall/plan/1", "series": to_json(series)}
    assert apply_phase(document, root, "migrate").written == tuple(sorted(names))
    assert contents(root) == dict.fromkeys(sorted(names), b"b\n")


def test_a_phase_that_changes_nothing_is_done_at_once(estate: Path) -> None:
    assert apply_phase(plan(estate), estate, "soak").written == ()


def test_an_earlier_phase_comes_first(estate: Path) -> None:
    document = plan(estate)
    with pytest.raises(NotApplicable, match="expand comes first") as caught:
        apply_phase(document, estate, "migrate")
    assert ("a.txt", "expand is not applied") in caught.value.files
    assert contents(estate) == FILES


def test_the_same_file_changed_elsewhere_is_no_obstacle(estate: Path) -> None:
    document = plan(estate)
    (estate / "a.txt").write_bytes(b"# on top\n" + LINES)
    apply_phase(document, estate, "expand")
    assert states(document, estate)["expand"] == {"applied"}
    apply_phase(document, estate, "migrate")
    assert b"line 19\nnew\nline 21\n" in (estate / "a.txt").read_bytes()


def test_what_is_appended_is_appended_once(folder: Fill) -> None:
    root = folder({"a.txt": LINES})
    edit = Edit("a.txt", len(LINES), len(LINES), "appended\n")
    document: dict[str, Any] = {
        "schema": "rolecall/plan/1",
        "series": to_json(compose(Tree(root), [migration("m", expand=[edit])])),
    }
    apply_phase(document, root, "expand")
    (root / "a.txt").write_bytes(b"# on top\n" + (root / "a.txt").read_bytes())
    assert states(document, root) == {"expand": {"applied"}}
    assert apply_phase(document, root, "expand").written == ()


def test_places_that_are_alike_change_together(folder: Fill) -> None:
    block = b"".join(b"same %d\n" % number for number in range(9))
    text = block + b"--\n" + block
    root = folder({"a.txt": text})
    first, second = block.index(b"same 4"), text.rindex(b"same 4")
    edits = [Edit("a.txt", first, first, "new\n"), Edit("a.txt", second, second, "new\n")]
    series = compose(Tree(root), [migration("m", expand=edits)])
    document: dict[str, Any] = {"schema": "rolecall/plan/1", "series": to_json(series)}
    (root / "a.txt").write_bytes(b"# on top\n" + text)
    apply_phase(document, root, "expand")
    assert (root / "a.txt").read_bytes() == b"# on top\n" + text.replace(b"same 4\n", b"new\nsame 4\n")
    assert states(document, root) == {"expand": {"applied"}}


def test_the_like_of_a_place_that_is_done_is_left_alone(folder: Fill) -> None:
    block = b"".join(b"same %d\n" % number for number in range(9))
    root = folder({"a.txt": block + b"--\n" + block})
    at = block.index(b"same 4")
    document: dict[str, Any] = {
        "schema": "rolecall/plan/1",
        "series": to_json(compose(Tree(root), [migration("m", expand=[Edit("a.txt", at, at, "new\n")])])),
    }
    apply_phase(document, root, "expand")
    (root / "a.txt").write_bytes((root / "a.txt").read_bytes() + b"# below\n")
    before = contents(root)
    with pytest.raises(NotApplicable, match="not there once"):
        apply_phase(document, root, "expand")
    assert contents(root) == before


@pytest.mark.parametrize(
    ("path", "data", "reason"),
    [
        ("a.txt", LINES.replace(b"line 21", b"line XX"), "not as planned"),
        ("a.txt", LINES + LINES, "not there once"),
        ("made/here/c.txt", b"mine\n", "a file of that name already"),
        ("a.txt", None, "the file is gone"),
    ],
)
def test_a_tree_that_changed_where_it_matters_is_refused(
    estate: Path, path: str, data: bytes | None, reason: str
) -> None:
    document = plan(estate)
    if data is None:
        (estate / path).unlink()
    else:
        (estate / path).parent.mkdir(parents=True, exist_ok=True)
        (estate / path).write_bytes(data)
    before = contents(estate)
    with pytest.raises(NotApplicable, match="not as it was") as caught:
        apply_phase(document, estate, "expand")
    assert [(file, reason in why) for file, why in caught.value.files] == [(path, True)]
    assert contents(estate) == before


def test_a_changed_file_is_not_deleted(estate: Path) -> None:
    document = plan(estate)
    apply_phase(document, estate, "expand")
    (estate / "old.txt").write_bytes(b"old, and still in use\n")
    with pytest.raises(NotApplicable, match="the file to delete has changed"):
        apply_phase(document, estate, "migrate")


def test_an_interrupted_phase_is_completed(estate: Path) -> None:
    document = plan(estate)
    apply_phase(document, estate, "expand")
    (estate / "sub/b.txt").write_bytes(b"one!\r\ntwo")
    assert states(document, estate)["migrate"] == {"applied", "pending"}
    done = apply_phase(document, estate, "migrate")
    assert done.already == ("sub/b.txt",)
    assert done.written == ("a.txt", "old.txt")


@pytest.mark.parametrize("phase", ["expand", "migrate"])
@pytest.mark.parametrize("call", ["replace", "link", "fdopen"])
def test_any_failure_leaves_the_tree_as_it_was(
    estate: Path, monkeypatch: pytest.MonkeyPatch, phase: str, call: str
) -> None:
    document = plan(estate)
    if phase == "migrate":
        apply_phase(document, estate, "expand")
    before = contents(estate)
    folders = sorted(path for path in estate.rglob("*"))
    real = getattr(os, call)
    failed = 0
    for turn in range(1, 4):
        calls = 0

        def failing(*arguments: Any, **options: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == turn or (call != "replace" and calls > turn):  # noqa: B023 - called within this turn only
                raise OSError(28, "No space left on device")
            return real(*arguments, **options)

        with monkeypatch.context() as patched:
            patched.setattr(applying.os, call, failing)
            if call == "link":  # and its fallback too
                patched.setattr(applying.shutil, "copy2", failing)
            try:
                apply_phase(document, estate, phase)
            except OSError:
                failed += 1
                assert contents(estate) == before
                assert sorted(estate.rglob("*")) == folders
            else:
                break
    assert failed


def test_mode_bits_and_links_are_kept(estate: Path) -> None:
    document = plan(estate)
    (estate / "real.txt").write_bytes(LINES)
    (estate / "real.txt").chmod(0o750)
    (estate / "a.txt").unlink()
    (estate / "a.txt").symlink_to("real.txt")
    apply_phase(document, estate, "expand")
    assert (estate / "a.txt").is_symlink()
    assert b"new\n" in (estate / "real.txt").read_bytes()
    assert stat.S_IMODE((estate / "real.txt").stat().st_mode) == 0o750


def test_nothing_is_written_outside_the_root(estate: Path, tmp_path: Path) -> None:
    document = plan(estate)
    outside = tmp_path / "outside"
    outside.mkdir()
    (estate / "made").symlink_to(outside)
    with pytest.raises(NotApplicable, match="out of the folder"):
        apply_phase(document, estate, "expand")
    assert list(outside.iterdir()) == []
    document["series"][0]["files"][0]["path"] = "../a.txt"
    with pytest.raises(NotApplicable, match="out of the folder"):
        apply_phase(document, estate, "expand")


def test_a_name_that_is_used_since_is_not_taken_away(folder: Fill) -> None:
    """The proofs are made again over the tree as it is: what the plan could not see counts."""
    data = b'resource "aws_iam_user" "u" {\n  name = "u"\n}\n'
    root = folder({"main.tf": data, "other.tf": b"locals {\n  x = 1\n}\n"})
    series = compose(Tree(root), [migration("m", contract=[Edit("main.tf", 0, len(data), "")])])
    document: dict[str, Any] = {"schema": "rolecall/plan/1", "series": to_json(series)}
    (root / "other.tf").write_bytes(b"locals {\n  x = aws_iam_user.u.name\n}\n")
    with pytest.raises(NotApplicable, match="would break the tree") as caught:
        apply_phase(document, root, "contract")
    assert caught.value.files == (("other.tf", "aws_iam_user.u is not declared"),)
    assert (root / "main.tf").read_bytes() == data
    (root / "other.tf").write_bytes(b"locals {\n  x = 2\n}\n")
    assert apply_phase(document, root, "contract").written == ("main.tf",)


@pytest.mark.parametrize("document", [{}, {"schema": "rolecall/plan/1", "series": [{"name": "expand"}]}, {"schema": 1}])
def test_a_damaged_plan_is_refused(document: dict[str, Any], estate: Path) -> None:
    with pytest.raises(NotApplicable, match="plan"):
        apply_phase(document, estate, "expand")


def test_unknown_phase(estate: Path) -> None:
    with pytest.raises(NotApplicable, match=", ".join(PHASES)):
        apply_phase(plan(estate), estate, "explode")


def test_the_plan_holds_nothing_of_what_it_removes(folder: Fill) -> None:
    data = b'access_key = "AKIAIOSFODNN7EXAMPLE"\nregion = "eu-west-1"\n'
    root = folder({"main.tf": data})
    series = compose(Tree(root), [migration("m", migrate=[Edit("main.tf", 0, data.index(b"region"), "")])])
    assert b"AKIA" not in json.dumps(to_json(series)).encode()
    assert patch(series.step("migrate")).count(b"\n-") == 2
    assert patch(series.step("expand")) == b""
