"""How far a tree has come with a plan, by its text alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from patching import migration

from rolecall.planning.apply import apply_phase
from rolecall.planning.composition import compose
from rolecall.planning.migration import Edit
from rolecall.planning.migration import to_json as migration_to_json
from rolecall.planning.progress import progress
from rolecall.planning.progress import to_json as progress_to_json
from rolecall.planning.series import to_json
from rolecall.planning.survey import DamagedPlan
from rolecall.source.tree import Tree

Fill = Callable[[Mapping[str, bytes]], Path]
LINES = b"".join(b"line %d\n" % number for number in range(60))
PHASES = ("expand", "migrate", "contract")
BLOCK = "".join(f"role {number}\n" for number in range(9))


def at(number: int) -> int:
    return LINES.index(b"line %d\n" % number)


@pytest.fixture
def estate(folder: Fill) -> Path:
    return folder({"a.txt": LINES, "old.txt": b"old\n"})


@pytest.fixture
def document(estate: Path) -> dict[str, Any]:
    """Two migrations in one file; the first one's phases touch each other."""
    both = [
        migration(
            "near",
            expand=[Edit("a.txt", at(10), at(10), BLOCK), Edit("made.txt", 0, 0, "made\n")],
            migrate=[Edit("a.txt", at(11), at(12), ""), Edit("old.txt", 0, 4, "", delete=True)],
            contract=[Edit("a.txt", at(13), at(14), "")],
        ),
        migration("far", expand=[Edit("a.txt", at(50), at(50), "far\n")], contract=[Edit("a.txt", at(40), at(41), "")]),
    ]
    series = compose(Tree(estate), both)
    assert not series.conflicts
    data: dict[str, Any] = json.loads(
        json.dumps(
            {
                "schema": "rolecall/plan/1",
                "migrations": [migration_to_json(one) for one in both],
                "series": to_json(series),
            }
        )
    )
    return data


def said(document: dict[str, Any], root: Path) -> dict[str, dict[str, str]]:
    report = progress(document, root)
    schema = json.loads(resources.files("rolecall.report").joinpath("verify.schema.json").read_bytes())
    jsonschema.validate(progress_to_json(report, None), schema)
    found = {one.migration: {part.name: part.state for part in one.phases} for one in report.migrations}
    return {**found, "": {part.name: part.state for part in report.phases}}


@pytest.mark.parametrize("noise", [b"", b"# something on top\n"])
def test_phase_by_phase(document: dict[str, Any], estate: Path, noise: bytes) -> None:
    """Whatever else is in the file; also where the context of one phase is what the next one changes."""
    (estate / "a.txt").write_bytes(noise + LINES)
    for count, phase in enumerate((None, *PHASES)):
        if phase is not None:
            apply_phase(document, estate, phase)
        state = {name: "done" if nth < count else "not-yet" for nth, name in enumerate(PHASES)}
        far = {name: state[name] for name in ("expand", "contract")}
        assert said(document, estate) == {"near": state, "far": far, "": state}
        report = progress(document, estate)
        assert [report.reached(name) for name in PHASES] == [nth < count for nth in range(3)]
        assert report.reached() == (count == 3)


def test_one_migration_before_the_other(document: dict[str, Any], estate: Path) -> None:
    text = LINES.replace(b"line 50\n", b"far\nline 50\n").replace(b"line 40\n", b"")
    (estate / "a.txt").write_bytes(text)
    assert said(document, estate) == {
        "near": dict.fromkeys(PHASES, "not-yet"),
        "far": {"expand": "done", "contract": "done"},
        "": {"expand": "partial", "migrate": "not-yet", "contract": "partial"},
    }
    assert not progress(document, estate).reached("expand")


def test_changed_otherwise_is_told_of_the_migration_it_concerns(document: dict[str, Any], estate: Path) -> None:
    (estate / "a.txt").write_bytes(LINES.replace(b"line 49\n", b"line XX\n"))
    found = said(document, estate)
    assert found["far"] == {"expand": "changed", "contract": "not-yet"}
    assert found["near"] == dict.fromkeys(PHASES, "not-yet")
    report = progress(document, estate)
    assert [(file.path, file.state) for file in report.phases[0].files] == [
        ("a.txt", "changed"),
        ("made.txt", "not-yet"),
    ]
    assert "neither" in report.phases[0].files[0].reason


def test_what_a_phase_wrote_and_somebody_rewrote_is_changed(document: dict[str, Any], estate: Path) -> None:
    apply_phase(document, estate, "expand")
    text = (estate / "a.txt").read_bytes()
    (estate / "a.txt").write_bytes(text.replace(b"role 4\n", b"role of mine\n"))
    assert said(document, estate)["near"]["expand"] == "changed"


def test_files_that_are_gone_made_or_changed(document: dict[str, Any], estate: Path) -> None:
    (estate / "old.txt").write_bytes(b"still in use\n")
    assert said(document, estate)["near"]["migrate"] == "changed"
    (estate / "old.txt").unlink()
    assert said(document, estate)["near"]["migrate"] == "partial"
    (estate / "made.txt").write_bytes(b"of mine\n")
    assert said(document, estate)["near"]["expand"] == "changed"
    (estate / "a.txt").unlink()
    assert said(document, estate)["far"] == {"expand": "changed", "contract": "changed"}


def test_nothing_outside_the_root_is_read(document: dict[str, Any], estate: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.txt").write_bytes(LINES)
    (estate / "a.txt").unlink()
    (estate / "a.txt").symlink_to(tmp_path / "outside.txt")
    assert said(document, estate)["far"]["expand"] == "changed"


@pytest.mark.parametrize(
    "damage",
    [
        {"schema": "other"},
        {"series": [{"name": "explode", "files": []}]},
        {"series": [{"name": "expand", "files": [{"path": "a.txt"}]}]},
        {"series": [{"name": "expand", "files": [{"path": "a.txt", "before": "0", "after": "1", "hunks": [{}]}]}]},
        {"migrations": [{}]},
        {"migrations": 3},
    ],
)
def test_a_damaged_plan_is_an_error(document: dict[str, Any], estate: Path, damage: dict[str, Any]) -> None:
    with pytest.raises(DamagedPlan):
        progress({**document, **damage}, estate)
