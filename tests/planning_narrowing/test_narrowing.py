"""Wide grants on AWS as migrations: what a patch leaves, what is handed over, and that nothing new is ever granted."""

from __future__ import annotations

from pathlib import Path

import pytest
from container_estates import PATCHED as CONTAINERS
from container_estates import TOLD as HELD_CONTAINERS
from narrowing_estates import PATCHED as FUNCTIONS
from narrowing_estates import SENDER, SERVERLESS
from narrowing_estates import TOLD as HELD_FUNCTIONS
from shown import (
    apply,
    each,
    has_terraform,
    invalid,
    lay_out,
    lines,
    lint_errors,
    needs_terraform,
    needs_validator,
    templates,
    unformatted,
)
from shown import planned as planned_with

from rolecall.planning.example import PlannerExample
from rolecall.planning.plan import Plan
from rolecall.planning.series import patch

PATCHED = (*FUNCTIONS, *CONTAINERS)
TOLD = (*HELD_FUNCTIONS, *HELD_CONTAINERS)


def planned(folder: Path) -> Plan:
    return planned_with(folder, settings=False)


@each(PATCHED + TOLD)
def test_the_plan_is_the_one_shown(example: PlannerExample, tmp_path: Path) -> None:
    plan = planned(lay_out(tmp_path, example.files))
    grants = [m for m in plan.migrations if m.subject.type == "grant"]
    assert {m.subject.address: m.disposition for m in grants} == dict(example.dispositions), grants
    assert {m.subject.address: m.targets for m in grants} == dict(example.targets)
    for text in example.says:
        assert any(text in reason for m in grants for reason in m.reasons), [m.reasons for m in grants]
    for migration in grants:
        assert migration.handover or migration.disposition == "patch"
        assert all(step.what and step.where and step.who for step in migration.handover)
        assert all(phase.needs and phase.verify and phase.rollback for phase in migration.phases)
        assert all(proof.holds for proof in migration.proof)
        assert bool(migration.proof) is bool(migration.phases)


@each(PATCHED)
def test_a_patch_ends_the_finding_and_nothing_is_left_to_do(example: PlannerExample, tmp_path: Path) -> None:
    plan = planned(lay_out(tmp_path, example.files))
    for phase, text in example.patches.items():
        assert lines(patch(plan.series.step(phase)).decode()) == lines(text)
    before = {finding.fingerprint for finding in plan.analysis.findings}
    apply(tmp_path, plan)
    again = planned(tmp_path)
    new = [finding for finding in again.analysis.findings if finding.fingerprint not in before]
    assert all(finding.severity == "low" for finding in new), [f"{f.rule} {f.message}" for f in new]
    assert not {m.id for m in plan.migrations} & {m.id for m in again.migrations}
    assert not [m for m in again.migrations if m.subject.type == "grant" and m.phases]


def test_everything_becomes_what_is_needed(tmp_path: Path) -> None:
    example = next(one for one in PATCHED if "everything" in one.title)
    plan = planned(lay_out(tmp_path, example.files))
    text = patch(plan.series.step("migrate")).decode()
    assert "# everything, for now" in text
    assert 'sid       = "Work"' in text
    assert '"arn:${data.aws_partition.current.partition}:s3:::${var.bucket}/*"' in text
    assert "aws_sqs_queue.done.arn" in text
    assert 'variable = "kms:ViaService"' in text
    assert "iam:" not in text
    assert '+    actions = ["*"]' not in text


CHOICE = """\
Parameters:
  Own:
    Type: String
    Default: "true"
  Other:
    Type: String
    Default: ""
Conditions:
  HasOwn: !Equals [!Ref Own, "true"]
Resources:
  Jobs:
"""


@pytest.mark.parametrize(
    ("condition", "url"),
    [("    Condition: HasOwn\n", "!If [HasOwn, !Ref Jobs, !Ref Other]"), ("    Condition: HasOwn\n", "!Ref Jobs"),
     ("", "!If [HasOwn, !Ref Jobs, !Ref Other]")],
)  # fmt: skip
def test_what_a_condition_makes_is_not_named(condition: str, url: str, tmp_path: Path) -> None:
    stack = SERVERLESS.replace("Resources:\n  Jobs:\n", CHOICE + condition).replace(
        "!Ref Jobs\n      Pol", f"{url}\n      Pol"
    )
    lay_out(tmp_path, {"template.yaml": stack, "src/app.py": SENDER})
    assert url in stack
    assert "+" + " " * 14 + "Resource: !GetAtt Jobs.Arn" not in patch(planned(tmp_path).series.step("migrate")).decode()
    plain = lay_out(tmp_path / "plain", {"template.yaml": SERVERLESS, "src/app.py": SENDER})
    assert "Resource: !GetAtt Jobs.Arn" in patch(planned(plain).series.step("migrate")).decode()


@pytest.mark.slow
@needs_terraform
@needs_validator
@each(PATCHED, has_terraform)
def test_terraform_finds_nothing_new(example: PlannerExample, tmp_path: Path) -> None:
    before, after = (lay_out(tmp_path / name, example.files) for name in ("before", "after"))
    apply(after, planned(before))
    assert invalid(before, after) == ""


@needs_terraform
@each(PATCHED, has_terraform)
def test_what_was_formatted_stays_so(example: PlannerExample, tmp_path: Path) -> None:
    apply(lay_out(tmp_path, example.files), planned(tmp_path))
    assert unformatted(tmp_path) == ""


@each(PATCHED, lambda example: bool(templates(example)))
def test_cfn_lint_finds_nothing_new(example: PlannerExample, tmp_path: Path) -> None:
    step = planned(lay_out(tmp_path, example.files)).series.step("migrate")
    for name in templates(example) & step.changes.keys():
        assert lint_errors(step.files[name]) <= lint_errors(step.before[name])
