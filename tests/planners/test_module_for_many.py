"""A module that several callers use has no provider of its own: an account has one for an issuer."""

from __future__ import annotations

from pathlib import Path

import pytest
from planner_estates import planned

from rolecall.planners.pipeline_oidc.example_texts import GITLAB


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ('"site-deploy"', 'resource "aws_iam_openid_connect_provider"'),
        ("var.name", 'data "aws_iam_openid_connect_provider"'),
    ],
)
def test_who_makes_the_provider(name: str, made: str, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('variable "name" {}\n' + GITLAB.replace('"site-deploy"', name))
    plan = planned(tmp_path)
    text = "".join(edit.new for m in plan.migrations for phase in m.phases for edit in phase.edits)
    assert made in text
    assert text.count('"aws_iam_openid_connect_provider"') == 1
    steps = [step.what for m in plan.migrations for step in m.handover]
    assert not any(step.startswith("make an OIDC provider") for step in steps)


def test_what_a_module_does_for_some_callers_alone_is_not_asked_of_all(tmp_path: Path) -> None:
    optional = "\n  count     = var.project == null ? 0 : 1\n"
    code = 'variable "project" {}\n' + GITLAB.replace(
        'resource "gitlab_project_variable" "id" {\n', f'resource "gitlab_project_variable" "id" {{{optional}'
    ).replace(
        'resource "gitlab_project_variable" "secret" {\n', f'resource "gitlab_project_variable" "secret" {{{optional}'
    )
    assert code.count("count ") == 2
    (tmp_path / "main.tf").write_text(code)
    plan = planned(tmp_path)
    assert not [edit for m in plan.migrations for phase in m.phases for edit in phase.edits]
    assert any("is there only by its count" in reason for m in plan.migrations for reason in m.reasons)
