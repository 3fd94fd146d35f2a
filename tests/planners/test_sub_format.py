"""The project's own word about the subjects of GitHub's tokens (`github.sub_format`)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from planner_estates import lay_out

from rolecall.analysis.run import Options, analyse
from rolecall.planners import load
from rolecall.planners.github_azure.examples import EXAMPLES as AZURE
from rolecall.planners.github_google.examples import EXAMPLES as GOOGLE
from rolecall.planners.github_oidc.examples_minted import MINTED
from rolecall.planning.example import PlannerExample
from rolecall.planning.plan import Plan, make_plan
from rolecall.planning.series import patch


def planned(folder: Path, example: PlannerExample, form: str) -> Plan:
    lay_out(folder, example)
    (folder / "README.md").write_text("# acme/site, example/site\n")
    return make_plan(analyse([folder], Options(cache=False)), load(), settings=False, sub_format=form)


@pytest.mark.parametrize(
    ("form", "test", "subjects"),
    [
        ("legacy", "StringEquals", ["repo:acme/site:ref:refs/heads/main"]),
        (
            "immutable",
            "StringLike",
            ["repo:acme@*/site@${data.github_repository.site.repo_id}:ref:refs/heads/main"],
        ),
        (
            "both",
            "StringLike",
            [
                "repo:acme/site:ref:refs/heads/main",
                "repo:acme@*/site@${data.github_repository.site.repo_id}:ref:refs/heads/main",
            ],
        ),
    ],
)
def test_a_role_lets_in_the_forms_that_the_project_names(
    tmp_path: Path, form: str, test: str, subjects: list[str]
) -> None:
    plan = planned(tmp_path, MINTED[0], form)
    assert {m.disposition for m in plan.migrations} == {"patch"}
    text = patch(plan.series.step("expand")).decode()
    assert re.findall(r'"(repo:[^"]+)"', text) == subjects
    assert ('data "github_repository"' in text) == (form != "legacy")
    assert f'{test} = {{\n+          "token.actions.githubusercontent.com:sub"' in text or form == "legacy"
    assert ("StringLike" in text) == (test == "StringLike")


@pytest.mark.parametrize("examples", [AZURE, GOOGLE])
def test_the_older_form_alone_leaves_nothing_open(tmp_path: Path, examples: tuple[PlannerExample, ...]) -> None:
    """Of the estates that wait for the form alone, one at least is complete when the project names it."""
    complete = 0
    for number, example in enumerate(examples):
        both = planned(tmp_path / f"{number}-both", example, "both")
        legacy = planned(tmp_path / f"{number}-legacy", example, "legacy")
        for before, after in zip(both.migrations, legacy.migrations, strict=True):
            waits = any("has two forms" in reason for reason in before.reasons)
            assert waits or before.disposition == after.disposition
            complete += before.disposition != "patch" == after.disposition
    assert complete
