"""Wide grants on AWS as migrations: what a patch leaves, what is handed over, and that nothing new is ever granted."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from narrowing_estates import PATCHED, SENDER, SERVERLESS, TOLD

from rolecall.analysis.run import Options, analyse
from rolecall.planners import load
from rolecall.planning.example import PlannerExample
from rolecall.planning.plan import Plan, make_plan
from rolecall.planning.series import patch

VALIDATE = Path(__file__).parents[3] / "shared" / "tools" / "tfvalidate" / "tfvalidate.py"
needs_terraform = pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")


def lay_out(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode())
    return folder


def planned(folder: Path) -> Plan:
    return make_plan(analyse([folder], Options(cache=False)), load(), settings=False)


def each(examples: tuple[PlannerExample, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("example", examples, ids=[example.title for example in examples])


def apply(folder: Path, plan: Plan) -> None:
    for step in plan.series.steps:
        for name, data in step.files.items():
            if step.changes:
                (folder / name).write_bytes(data or b"")


def rows(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines() if not line.startswith("diff ")]


@each(PATCHED + TOLD)
def test_the_plan_is_the_one_shown(example: PlannerExample, tmp_path: Path) -> None:
    plan = planned(lay_out(tmp_path, dict(example.files)))
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
    plan = planned(lay_out(tmp_path, dict(example.files)))
    for phase, text in example.patches.items():
        assert rows(patch(plan.series.step(phase)).decode()) == rows(text)
    before = {finding.fingerprint for finding in plan.analysis.findings}
    apply(tmp_path, plan)
    again = planned(tmp_path)
    new = [finding for finding in again.analysis.findings if finding.fingerprint not in before]
    assert all(finding.severity == "low" for finding in new), [f"{f.rule} {f.message}" for f in new]
    assert not {m.id for m in plan.migrations} & {m.id for m in again.migrations}
    assert not [m for m in again.migrations if m.subject.type == "grant" and m.phases]


def test_everything_becomes_what_is_needed(tmp_path: Path) -> None:
    example = next(one for one in PATCHED if "everything" in one.title)
    plan = planned(lay_out(tmp_path, dict(example.files)))
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
@pytest.mark.skipif(not VALIDATE.is_file(), reason="the offline validator is not beside the checkout")
@each(tuple(one for one in PATCHED if "main.tf" in one.files))
def test_terraform_finds_the_code_valid(example: PlannerExample, tmp_path: Path) -> None:
    pytest.importorskip("grpc", reason="grpcio is not installed")
    before, after = (lay_out(tmp_path / name, dict(example.files)) for name in ("before", "after"))
    apply(after, planned(before))
    command = [sys.executable, str(VALIDATE), "--baseline", str(before), str(after)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


@needs_terraform
@each(tuple(one for one in PATCHED if "main.tf" in one.files))
def test_what_was_formatted_stays_so(example: PlannerExample, tmp_path: Path) -> None:
    apply(lay_out(tmp_path, dict(example.files)), planned(tmp_path))
    command = ["terraform", "fmt", "-check", "-diff", "-no-color", str(tmp_path)]
    environment = {**os.environ, "TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"}
    run = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert run.returncode == 0, run.stdout


@each(tuple(one for one in PATCHED if "main.tf" not in one.files))
def test_cfn_lint_finds_nothing_new(example: PlannerExample, tmp_path: Path) -> None:
    lint = pytest.importorskip("cfnlint.api", reason="cfn-lint is not installed").lint_all

    def errors(data: bytes | None) -> set[str]:
        return {f"{m.rule.id} {m.message}" for m in lint((data or b"").decode()) if m.rule.id.startswith("E")}

    plan = planned(lay_out(tmp_path, dict(example.files)))
    step = plan.series.step("migrate")
    for name in step.changes:
        assert errors(step.files[name]) <= errors(step.before[name])
