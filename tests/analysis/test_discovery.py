"""Which files are found below the roots."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rolecall.analysis.discovery import RootError, open_roots
from rolecall.source.tree import Unreadable

FILES = (
    "main.tf",
    "a/x.tf",
    "a/b/y.tf",
    "a/b/x.yaml",
    "c/x.tf",
    "rolecall-plan/plan.json",
    ".git/config",
    "c/.terraform/m.tf",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


@pytest.mark.parametrize(
    ("patterns", "left"),
    [
        ((), ["a/b/x.yaml", "a/b/y.tf", "a/x.tf", "c/.terraform/m.tf", "c/x.tf", "main.tf"]),
        (("a",), ["c/.terraform/m.tf", "c/x.tf", "main.tf"]),
        (("b",), ["a/x.tf", "c/.terraform/m.tf", "c/x.tf", "main.tf"]),
        (("x.tf",), ["a/b/x.yaml", "a/b/y.tf", "c/.terraform/m.tf", "main.tf"]),
        (("a/*.tf",), ["a/b/x.yaml", "a/b/y.tf", "c/.terraform/m.tf", "c/x.tf", "main.tf"]),
        (("a/**",), ["c/.terraform/m.tf", "c/x.tf", "main.tf"]),
        (("**/x.*", "c/.terraform/"), ["a/b/y.tf", "main.tf"]),
        (("./a/b", "?.tf"), ["c/.terraform", "main.tf"]),
    ],
)
def test_globs_leave_files_and_folders_out(folder: Path, patterns: tuple[str, ...], left: list[str]) -> None:
    if "?.tf" in patterns:
        left = ["main.tf"]
    assert open_roots([folder], patterns).paths() == left


def test_several_roots_keep_their_paths_from_the_folder_above(folder: Path) -> None:
    tree = open_roots([folder / "a", folder / "c", folder / "a" / "b"])
    assert tree.paths() == ["a/b/x.yaml", "a/b/y.tf", "a/x.tf", "c/.terraform/m.tf", "c/x.tf"]
    with pytest.raises(Unreadable, match="leads out"):
        tree.read("main.tf")
    assert not tree.exists("main.tf")
    assert tree.read("c/x.tf").data == b"c/x.tf"


def test_files_may_be_roots_beside_folders(folder: Path) -> None:
    tree = open_roots([folder / "main.tf", folder / "a" / "x.tf", folder / "c"])
    assert tree.paths() == ["a/x.tf", "c/.terraform/m.tf", "c/x.tf", "main.tf"]
    assert tree.read("main.tf").data == b"main.tf"
    with pytest.raises(Unreadable):
        tree.read("a/b/y.tf")


def test_the_same_root_twice_is_one(folder: Path) -> None:
    assert open_roots([folder / "main.tf", folder / "a" / ".." / "main.tf"]).paths() == ["main.tf"]
    assert open_roots([folder, folder / "a"]).paths() == open_roots([folder]).paths()


def test_links_that_lead_out_are_not_followed(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "secret.tf"
    outside.write_text("x")
    (folder / "out.tf").symlink_to(outside)
    (folder / "loop").symlink_to(folder)
    (folder / "in.tf").symlink_to("main.tf")
    (folder / "dangling.tf").symlink_to("nowhere.tf")
    paths = open_roots([folder]).paths()
    assert "in.tf" in paths
    assert not {"out.tf", "dangling.tf"} & set(paths)
    assert not any(path.startswith("loop") for path in paths)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_no_file_and_no_root(folder: Path) -> None:
    os.mkfifo(folder / "pipe.tf")
    assert "pipe.tf" not in open_roots([folder]).paths()
    with pytest.raises(RootError, match="not a file or folder"):
        open_roots([folder / "pipe.tf"])


def test_an_overlay_adds_changes_and_removes(folder: Path) -> None:
    tree = open_roots([folder])
    over = tree.with_overlay({"new.tf": b"new", "main.tf": b"changed", "a/x.tf": None})
    assert set(over.paths()) ^ set(tree.paths()) == {"new.tf", "a/x.tf"}
    assert (over.read("main.tf").data, over.read("new.tf").data) == (b"changed", b"new")
    assert tree.read("main.tf").data == b"main.tf"
    assert over.with_overlay({"a/x.tf": b"back"}).paths() == over.paths()[:0] + sorted({*over.paths(), "a/x.tf"})
