"""Settings as migrations: what is switched, what is handed over, and that a patch does what it says."""

from __future__ import annotations

from pathlib import Path

import pytest
from setting_estates import INSTANCE, PATCHED, REGISTRY, TOLD
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
    planned,
    templates,
    unformatted,
)

from rolecall.analysis.run import Options, analyse
from rolecall.catalog.entries import catalog
from rolecall.planners import load
from rolecall.planning.case import Context
from rolecall.planning.example import PlannerExample
from rolecall.planning.migration import PHASES
from rolecall.planning.plan import make_plan
from rolecall.planning.series import patch
from rolecall.planning.settings.switch_rows import Switch, table
from rolecall.planning.settings.switches import switch_settings

#: What a plan may say that it leads to (design section 2).
TARGETS = {
    "azure:federated-credential",
    "azure:managed-identity",
    "azure:rbac",
    "azure:workload-identity",
    "gcp:gke-workload-identity",
    "keep-with-controls",
    "narrow",
    "database",
}


@each(PATCHED + TOLD)
def test_the_plan_is_the_one_shown(example: PlannerExample, tmp_path: Path) -> None:
    plan = planned(lay_out(tmp_path, example.files))
    settings = [m for m in plan.migrations if m.about == "setting"]
    assert {m.subject.address: m.disposition for m in settings} == dict(example.dispositions)
    assert {m.subject.address: m.targets for m in settings} == dict(example.targets)
    for phase, text in example.patches.items():
        assert lines(patch(plan.series.step(phase)).decode()) == lines(text)
    said = [reason for m in settings for reason in m.reasons]
    said += [text for m in settings for step in m.handover for text in (step.what, step.command)]
    said += [text for m in settings for phase in m.phases for text in phase.needs]
    for text in example.says:
        assert any(text in one for one in said), f"nothing says {text!r}: {said}"
    for migration in settings:
        assert migration.reasons
        assert migration.handover or migration.disposition == "patch"
        assert all(step.where and step.who for step in migration.handover)
        assert all(phase.verify and phase.rollback for phase in migration.phases)
        assert all(proof.holds for proof in migration.proof)
        assert bool(migration.proof) is bool(migration.phases)
        assert {phase.name for phase in migration.phases} <= (
            {"migrate"} if migration.disposition == "patch" else {"expand", "soak"}
        )


@each(PATCHED)
def test_a_patch_ends_the_finding_and_nothing_is_left_to_do(example: PlannerExample, tmp_path: Path) -> None:
    plan = planned(lay_out(tmp_path, example.files))
    before = {finding.fingerprint for finding in plan.analysis.findings}
    answered = {name for migration in plan.migrations for name in migration.answers}
    apply(tmp_path, plan)
    again = planned(tmp_path)
    left = {finding.fingerprint for finding in again.analysis.findings}
    assert answered <= before
    assert not answered & left
    assert left < before
    assert not [m for m in again.migrations if m.about == "setting"]


@needs_terraform
@each(PATCHED, has_terraform)
def test_what_was_formatted_stays_so(example: PlannerExample, tmp_path: Path) -> None:
    apply(lay_out(tmp_path, example.files), planned(tmp_path))
    assert unformatted(tmp_path) == ""


@needs_terraform
@needs_validator
@each(PATCHED, lambda example: "main.tf" in example.files)
def test_terraform_finds_nothing_new(example: PlannerExample, tmp_path: Path) -> None:
    old, new = (lay_out(tmp_path / name, example.files) for name in ("old", "new"))
    apply(new, planned(new))
    assert invalid(old, new) == ""


@each(PATCHED, lambda example: bool(templates(example)))
def test_cfn_lint_finds_nothing_wrong(example: PlannerExample, tmp_path: Path) -> None:
    apply(lay_out(tmp_path, example.files), planned(tmp_path))
    for name in templates(example):
        assert lint_errors((tmp_path / name).read_bytes()) == set()


def test_a_finding_points_at_its_own_migration(tmp_path: Path) -> None:
    plan = planned(lay_out(tmp_path, {"main.tf": INSTANCE.replace('  iam_instance_profile = "left"\n', "") + REGISTRY}))
    answers = {name: migration.id for migration in plan.migrations for name in migration.answers}
    fixes = {finding["fingerprint"]: finding["fix"] for finding in plan.to_json()["findings"]}
    assert len(answers) == 2
    assert {name: fix["migration"] for name, fix in fixes.items() if fix} == answers
    assert any(fix is None for fix in fixes.values())  # no identity: another finding of the same line


def test_a_note_is_no_migration(tmp_path: Path) -> None:
    text = 'resource "azurerm_log_analytics_workspace" "logs" {\n  name = "logs"\n}\n'
    plan = planned(lay_out(tmp_path, {"main.tf": text}))
    assert plan.analysis.findings
    assert not plan.migrations


def test_another_migration_of_the_same_attribute_comes_first(tmp_path: Path) -> None:
    plan = planned(lay_out(tmp_path, {"main.tf": INSTANCE}))
    analysis = plan.analysis
    context = Context(analysis.tree, analysis.model, analysis.unit)
    (held,) = switch_settings(context, analysis.findings, plan.migrations)
    assert held.disposition == "advice"
    assert any("another migration changes it; plan again after that" in reason for reason in held.reasons)


def test_code_for_an_older_provider_is_told_to_move_on_first(tmp_path: Path) -> None:
    cluster = (
        'resource "azurerm_kubernetes_cluster" "shop" {\n  name                = "shop"\n'
        '  location            = "uksouth"\n'
        '  resource_group_name = "shop"\n  dns_prefix          = "shop"\n%s\n'
        '  identity {\n    type = "SystemAssigned"\n'
        '  }\n\n  default_node_pool {\n    name       = "default"\n    node_count = 1\n'
        '    vm_size    = "Standard_D2_v2"\n  }\n}\n'
    )
    old = "\n  addon_profile {\n    kube_dashboard {\n      enabled = false\n    }\n  }\n"
    told = planned(lay_out(tmp_path / "old", {"main.tf": cluster % old}))
    assert not any(step.changes for step in told.series.steps)
    [one] = [m for m in told.migrations if m.targets == ("azure:workload-identity",)]
    assert one.disposition == "advice"
    assert one.handover[0].command.startswith("terraform init -upgrade")
    new = planned(lay_out(tmp_path / "new", {"main.tf": cluster % ""}))
    assert "workload_identity_enabled = true" in patch(new.series.step("expand")).decode()


def test_a_plan_can_do_without_settings(tmp_path: Path) -> None:
    analysis = analyse([lay_out(tmp_path, {"main.tf": INSTANCE})], Options(cache=False))
    assert make_plan(analysis, load()).migrations
    assert not make_plan(analysis, load(), settings=False).migrations


@pytest.mark.parametrize("text", ["", "{", 'resource "aws_instance" "x" {', 'resource "aws_instance" "a\udcff" {\n}\n'])
def test_broken_code_is_not_patched(text: str, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert not any(step.changes for step in planned(tmp_path).series.steps)


@pytest.mark.parametrize("name", ["x' or '1", "$(id)", "a b", "${var.name}", "a\\nb"])
def test_no_name_gets_into_a_command_that_a_shell_would_read(name: str, tmp_path: Path) -> None:
    text = REGISTRY.replace('name                = "images"', f'name                = "{name}"')
    plan = planned(lay_out(tmp_path, {"main.tf": text + '\nvariable "name" {}\n'}))
    told = [step.command for m in plan.migrations for step in m.handover]
    assert any("Identity == 'NAME'" in command for command in told)


def switches() -> list[tuple[str, str, Switch]]:
    return [(type_name, path, switch) for (type_name, path), found in table().items() for switch in found]


def test_every_row_is_about_a_setting_that_there_is() -> None:
    known = catalog()
    for type_name, path, switch in switches():
        entry = known[type_name]
        names = {field.path.partition("|")[0] for field in (*entry.settings, *entry.secrets)}
        # a row for several types has the paths of all of them
        assert names & set(switch.paths), (type_name, path)


def test_every_row_says_what_it_must() -> None:
    for type_name, path, switch in switches():
        where = type_name, path
        assert switch.target in TARGETS, where
        assert switch.about in ("identity", "credential", "grant"), where
        assert bool(switch.set) == bool(switch.phase), where
        if not switch.set:
            assert switch.why, where
            assert switch.steps, where
            continue
        assert switch.phase in PHASES, where
        assert switch.permissions, where
        if switch.phase == "soak" and not switch.needs:
            assert switch.roles, where
        else:
            assert switch.why and switch.verify and switch.rollback, where
        assert switch.needs if switch.phase == "migrate" else True, where
        assert switch.steps if switch.phase == "expand" else True, where
