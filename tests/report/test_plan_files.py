"""The folder of a plan: written whole or not at all, and never over something else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rolecall.report.plan_files import NotAPlanFolderError, roadmap, runbook, write
from rolecall.report.plan_text import summary
from rolecall.report.text import Style

PLAN = b'{"schema": "rolecall/plan/1"}'
RECORD: dict[str, Any] = {
    "id": "move-1",
    "subject": {
        "type": "credential",
        "kind": "access-key",
        "cloud": "aws",
        "address": "a|b",
        "path": "x.tf",
        "start_line": 3,
    },
    "identity": "aws_iam_user.<script>",
    "consumers": [
        {
            "kind": "function",
            "platform": "lambda",
            "address": "f`x`",
            "path": "f.tf",
            "start_line": 1,
            "via": [
                {"kind": "local", "address": "local.a", "path": "l.tf", "start_line": 2, "end_line": 2, "note": ""}
            ],
        }
    ],
    "targets": ["aws:execution-role"],
    "reuses": None,
    "disposition": "partial",
    "reasons": ["[click](javascript:alert(1)) <img src=x>"],
    "phases": [{"name": "expand", "needs": ["a"], "verify": ["`aws sts get-caller-identity`"], "rollback": "revert"}],
    "handover": [{"what": "a | b", "where": "", "who": "you", "command": "x | y", "check": ""}],
    "risk": 4,
    "effort": 2,
    "proof": [{"name": "files parse", "holds": None, "detail": "x"}],
}
DATA: dict[str, Any] = {
    "migrations": [RECORD],
    "waves": [{"wave": 0, "migrations": ["move-1"]}],
    "kpis": {"identities": 1, "static_credentials": 1, "migrations_by_disposition": {"partial": 1}},
    "series": [{"name": "expand"}],
}


def listing(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_plan_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "rolecall-plan"
    write(folder, iter([("plan.json", PLAN), ("phases/2-expand.patch", b"a"), ("migrations/old/runbook.md", b"b")]))
    write(folder, iter([("plan.json", PLAN), ("roadmap.md", b"c")]))
    assert listing(folder.parent) == {"rolecall-plan/plan.json", "rolecall-plan/roadmap.md"}


@pytest.mark.parametrize("files", [{"notes.txt": b"mine"}, {"plan.json": b"{}"}, {"plan.json": PLAN, "mine": b""}])
def test_a_folder_with_anything_else_is_left_alone(tmp_path: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    with pytest.raises(NotAPlanFolderError, match="not a plan"):
        write(tmp_path, iter([("plan.json", PLAN)]))
    assert {name: (tmp_path / name).read_bytes() for name in listing(tmp_path)} == files


def test_a_failure_leaves_the_plan_that_was_there(tmp_path: Path) -> None:
    folder = tmp_path / "plan"
    write(folder, iter([("plan.json", PLAN)]))

    def failing() -> Any:
        yield "plan.json", b"half"
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write(folder, failing())
    assert listing(tmp_path) == {"plan/plan.json"}
    assert (folder / "plan.json").read_bytes() == PLAN


def test_the_road_map_leads_to_the_runbooks() -> None:
    text = roadmap(DATA)
    assert "## Wave 0" in text
    assert "[move-1](migrations/move-1/runbook.md)" in text
    assert "rolecall apply PLAN --phase expand" in text


def test_the_road_map_names_the_patches_that_are_there() -> None:
    assert "`git apply PLAN/phases/2-expand.patch`, or" in roadmap(DATA, (), ["phases/2-expand.patch"])
    assert "git apply" not in roadmap(DATA)
    kept = {**RECORD, "phases": [{**RECORD["phases"][0], "edits": [{}]}]}
    assert "rolecall apply" in runbook(kept, [])
    assert "rolecall apply" not in runbook(kept, ["2-expand.patch"])


def test_settings_have_a_table_of_their_own() -> None:
    names = ["move-1", *(f"setting-{number}" for number in range(30))]
    records = [{**RECORD, "id": name, "disposition": "advice"} for name in names]
    data = {**DATA, "migrations": records, "waves": [{"wave": 0, "migrations": names}]}
    text = roadmap(data)
    assert text.index("[move-1]") < text.index("### Settings") < text.index("[setting-0]")
    assert text.count("(migrations/") == len(names)
    lines = list(summary(data, Path("p"), Style(width=100)))
    assert any("move-1" in line for line in lines)
    assert not any("setting-0" in line for line in lines)
    assert "  and 30 settings with advice (roadmap.md)" in lines


def test_a_runbook_quotes_what_it_was_given() -> None:
    text = runbook(RECORD, ["2-expand.patch"])
    assert "[2-expand.patch](2-expand.patch)" in text
    assert "`aws sts get-caller-identity`" in text
    assert "<img" not in text.replace("\\<img", "")
    assert "](javascript" not in text
    assert "`aws_iam_user.<script>`" in text
    tables = [line for line in text.splitlines() if line.startswith("| ")]
    assert {line.replace("\\|", "").count("|") for line in tables} == {4}


def test_a_command_stands_alone_to_be_copied() -> None:
    text = runbook(RECORD, [])
    assert "1. a \\| b\n   - who: you\n\n   ```\n   x | y\n   ```\n" in text
    hostile = {**RECORD, "handover": [{"what": "w", "where": "", "who": "", "command": "```\n# no\n", "check": ""}]}
    assert "   ````\n   ``` # no \n   ````\n" in runbook(hostile, [])


def test_what_has_the_same_name_is_told_with_its_place() -> None:
    second = {**RECORD, "id": "move-2", "subject": {**RECORD["subject"], "path": "other/y.tf"}}
    data = {**DATA, "migrations": [RECORD, second], "waves": [{"wave": 0, "migrations": ["move-1", "move-2"]}]}
    lines = list(summary(data, Path("p"), Style(width=100)))
    assert any("aws_iam_user.<script> (other/y.tf:3)" in line for line in lines)
    assert not any("(x.tf:3)" in line for line in summary(DATA, Path("p"), Style(width=100)))
    assert "`other/y.tf:3`" in roadmap(data)
