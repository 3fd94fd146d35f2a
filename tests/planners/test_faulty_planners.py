"""A planner that is wrong: its migration loses its patches, and says which proof failed; the others keep theirs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from planner_estates import lay_out
from shown import write

from rolecall.analysis.run import Options, analyse
from rolecall.planners import load
from rolecall.planners.execution_role.examples_plain import PLAIN
from rolecall.planners.task_role.examples import EXAMPLES as TASKS
from rolecall.planning import plan as planning
from rolecall.planning.case import Case, Use
from rolecall.planning.migration import Edit, Migration, Subject, with_waiting
from rolecall.planning.move import Move, Planner
from rolecall.planning.plan import Plan, make_plan

FUNCTION = next(example for example in PLAIN if example.title == "a function")
WIDER = """
resource "aws_iam_role_policy" "wider" {
  role = aws_iam_role.app.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:DeleteObject", Resource = "arn:aws:s3:::in/*" }]
  })
}
"""


@dataclass(frozen=True)
class Faulty:
    """The right planner, and a fault after it."""

    right: Planner
    fault: Callable[[Case, Move], None]
    RECIPES: tuple[str, ...] = ()
    CLOUD: str = "aws"
    PLATFORMS: tuple[str, ...] = ("lambda",)

    def plan(self, case: Case, use: Use) -> Move:
        move = self.right.plan(case, use)
        self.fault(case, move)
        return move


def size(case: Case) -> int:
    return len(case.context.text("main.tf").data)


def breaks_syntax(case: Case, move: Move) -> None:
    move.add("expand", [Edit("main.tf", size(case), size(case), '\nresource "aws_iam_role" "broken" {\n')])


def names_what_is_not_there(case: Case, move: Move) -> None:
    code = '\noutput "role" {\n  value = aws_iam_role.absent.arn\n}\n'
    move.add("expand", [Edit("main.tf", size(case), size(case), code)])


def grants_more(case: Case, move: Move) -> None:
    move.add("expand", [Edit("main.tf", size(case), size(case), WIDER)])


def grants_nothing(case: Case, move: Move) -> None:
    note = "\nlocals {\n  moved = true\n}\n"
    move.edits["expand"] = [Edit("main.tf", size(case), size(case), note)]


def leaves_the_file(case: Case, move: Move) -> None:
    move.add("expand", [Edit("../other/main.tf", 0, 0, "# not here\n")])


def makes_another_key(case: Case, move: Move) -> None:
    code = '\nresource "aws_iam_access_key" "again" {\n  user = "somebody"\n}\n'
    move.add("expand", [Edit("main.tf", size(case), size(case), code)])


def leaves_the_secret(case: Case, move: Move) -> None:
    spans = [place for use in case.uses for place in use.places]
    text = case.context.text("main.tf")
    first = min(spans, key=lambda span: span.start)
    move.edits["migrate"] = [Edit("main.tf", first.start, text.data.index(b"\n", first.start) + 1, "")]


def declares_what_is_there(case: Case, move: Move) -> None:
    code = '\ndata "aws_region" "here" {}\n\ndata "aws_region" "here" {}\n'
    move.add("expand", [Edit("main.tf", size(case), size(case), code)])


def writes_a_block_twice(case: Case, move: Move) -> None:
    block = case.context.block(case.uses[0].workload.site.span)
    code = '\n  tracing_config {\n    mode = "Active"\n  }\n'
    move.add("expand", [Edit("main.tf", block.end - 1, block.end - 1, code + code)])


FAULTS = [
    (breaks_syntax, "parses"),
    (names_what_is_not_there, "nothing dangles"),
    (grants_more, "nothing new is granted"),
    (grants_nothing, "the role can do what the key could"),
    (leaves_the_file, "composition"),
    (makes_another_key, "no new finding"),
    (leaves_the_secret, "the finding is gone"),
    (declares_what_is_there, "what is taken once is there once"),
    (writes_a_block_twice, "what is taken once is there once"),
]


def planned(folder: Path, fault: Callable[[Case, Move], None]) -> Plan:
    planners = load()
    planners["aws", "lambda"] = Faulty(planners["aws", "lambda"], fault)
    return make_plan(analyse([folder], Options(cache=False)), planners, settings=False)


@pytest.mark.parametrize(("fault", "proof"), FAULTS, ids=[fault.__name__ for fault, _ in FAULTS])
def test_a_patch_that_cannot_be_proved_is_not_shown(
    fault: Callable[[Case, Move], None], proof: str, tmp_path: Path
) -> None:
    lay_out(tmp_path, FUNCTION)
    plan = planned(tmp_path, fault)
    assert not any(step.changes for step in plan.series.steps)
    for migration in plan.migrations:
        assert migration.disposition == "advice"
        assert not migration.phases
    move = next(m for m in plan.migrations if m.about == "move")
    assert any(f"“{proof}” failed" in reason for reason in move.reasons), move.reasons


def test_a_counterexample_names_what_is_too_much(tmp_path: Path) -> None:
    lay_out(tmp_path, FUNCTION)
    move = next(m for m in planned(tmp_path, grants_more).migrations if m.about == "move")
    assert any("aws_iam_role.app would be granted Allow s3:DeleteObject on" in reason for reason in move.reasons)


def lay_out_beside_a_task(folder: Path) -> None:
    task = next(e for e in TASKS if e.title == "a task with a role")
    lay_out(folder, FUNCTION)
    write(folder / "task", {name: text.encode() for name, text in task.files.items()})


def test_what_is_right_is_shown_all_the_same(tmp_path: Path) -> None:
    """Two estates side by side, one with a fault: the other one's patches stand."""
    lay_out_beside_a_task(tmp_path)
    plan = planned(tmp_path, grants_more)
    shown: dict[str, Migration] = {m.subject.address: m for m in plan.migrations}
    assert shown["aws_lambda_function.app"].disposition == "advice"
    assert shown["aws_iam_access_key.app"].disposition == "advice"
    assert shown["aws_ecs_task_definition.publisher"].disposition == "patch"
    assert shown["aws_iam_access_key.publisher"].disposition == "patch"
    assert {path for step in plan.series.steps for path in step.changes} == {"task/main.tf"}


def test_what_was_not_proved_again_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounds of proofs end some day: the series that is left then has no proof."""
    monkeypatch.setattr(planning, "MAX_ROUNDS", 1)
    lay_out_beside_a_task(tmp_path)
    plan = planned(tmp_path, grants_more)
    assert not any(step.changes for step in plan.series.steps)
    right = next(m for m in plan.migrations if m.subject.address == "aws_ecs_task_definition.publisher")
    assert (right.disposition, right.phases) == ("advice", ())
    assert any("after 1 rounds of proofs" in reason for reason in right.reasons)


def test_a_key_waits_for_its_moves_also_where_its_user_is_not_in_the_code() -> None:
    subject = Subject("credential", "access-key", "aws", "aws_iam_access_key.app", "main.tf", 1, 3)
    move = Migration("move-1", subject, "", (), ("aws:execution-role",), "patch")
    key, other = replace(move, id="key-1", waits=("move-1",)), replace(move, id="key-2")
    assert with_waiting(["move-1"], [move, key, other]) == ["move-1", "key-1"]


def test_a_phase_is_laid_at_the_door_of_what_it_changes(tmp_path: Path) -> None:
    """A setting of the same file that is switched in a later phase keeps its patch."""
    lay_out(tmp_path, FUNCTION)
    main = tmp_path / "main.tf"
    instance = '\nresource "aws_instance" "web" {\n  ami = "ami-0abcdef1234567890"\n}\n'
    main.write_text(main.read_text() + instance)
    planners = load()
    planners["aws", "lambda"] = Faulty(planners["aws", "lambda"], makes_another_key)
    plan = make_plan(analyse([tmp_path], Options(cache=False)), planners)
    said = {migration.subject.address: migration.disposition for migration in plan.migrations}
    assert said["aws_instance.web"] == "patch"
    assert [step.name for step in plan.series.steps if step.changes] == ["migrate"]
