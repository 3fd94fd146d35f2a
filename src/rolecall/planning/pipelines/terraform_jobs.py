"""Where Terraform runs, as far as the tree shows it: jobs of GitHub workflows, and files of other CI systems."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rolecall.frontends.resource import Resource
from rolecall.frontends.values import text
from rolecall.planning.case import Context
from rolecall.planning.edits.workflow_edit import job_of, strings
from rolecall.planning.pipelines.called_jobs import Ways, ways
from rolecall.source.tree import Unreadable

_RUNS = re.compile(
    r"(?<![\w./-])(?:terraform|terragrunt|tofu)(?:\s+-\S+)*\s+"
    r"(?:init\b(?![^\n;&|]*-backend=false)|(?:plan|apply|destroy|import|refresh|run-all|run)\b)"
)
_JOBS = re.compile(rb"(?m)^jobs:")
_WORKFLOW = re.compile(r"(?:^|/)\.github/workflows/[^/]+\.ya?ml$")
#: Files by which other systems run their pipelines, and what these are called.
_OTHERS = (
    (re.compile(r"(?:^|/)\.gitlab-ci\.ya?ml$"), "GitLab"),
    (
        re.compile(r"(?:^|/)(?:\.azuredevops/.*|[^/]*azure-?pipelines?[^/]*|\.?azdo/.*)\.ya?ml$", re.IGNORECASE),
        "Azure DevOps",
    ),
    (re.compile(r"(?:^|/)bitbucket-pipelines\.ya?ml$"), "Bitbucket"),
    (re.compile(r"(?:^|/)\.circleci/config\.ya?ml$"), "CircleCI"),
    (re.compile(r"(?:^|/)Jenkinsfile[^/]*$"), "Jenkins"),
)


@dataclass(frozen=True, slots=True)
class Job:
    """A job of a GitHub workflow that runs Terraform.

    `ways` has the jobs that call its reusable workflow, `siblings` the other jobs of its file; `written` is its own
    text with what stands above the jobs of the file.
    """

    resource: Resource
    steps: tuple[Resource, ...]
    ways: Ways
    siblings: tuple[Resource, ...]
    written: str

    @property
    def subjects(self) -> tuple[str, ...]:
        """The subjects of its tokens with OWNER/NAME for the repository; in capitals what the code leaves open."""
        return tuple(dict.fromkeys(subject for one in self.ways.instances for subject in _subjects(one)))


def _subjects(job: Resource) -> Iterator[str]:
    if environment := text(job.get("environment")):
        yield f"repo:OWNER/NAME:environment:{environment}"
        return
    branches = strings(next(iter(job.find("trigger_filters.push.branches")), None))
    plain = [branch for branch in branches if not set(branch) & set("*?+[!")] or ["BRANCH"]
    yield from (f"repo:OWNER/NAME:ref:refs/heads/{branch}" for branch in plain)
    if "pull_request" in strings(job.get("triggers")):
        yield "repo:OWNER/NAME:pull_request"


def terraform_jobs(context: Context) -> Iterator[Job]:
    """Every job of the tree's workflows that runs Terraform in a script of its own."""
    for path in context.tree.paths():
        if not _WORKFLOW.search(path):
            continue
        try:
            source = context.tree.read(path)
        except Unreadable:
            continue
        if not any(word in source.data for word in (b"terra", b"tofu", b".github/workflows/")):
            continue  # what it calls may run Terraform
        unit = context.unit(path, "github")
        resources = unit.resources if unit is not None else ()
        for job in (r for r in resources if r.mode == "job"):
            steps = tuple(r for r in resources if r.mode == "step" and job_of(r) == job.id)
            if any(_RUNS.search(text(step.get("run")) or "") for step in steps):
                siblings = tuple(r for r in resources if r.mode == "job" and r.span.path == job.span.path and r != job)
                yield Job(job, steps, ways(context, job), siblings, _written(context, job))


def _written(context: Context, job: Resource) -> str:
    source = context.text(job.span.path)
    above = _JOBS.split(source.data, maxsplit=1)[0].decode("utf-8", "replace")
    return f"{above}\n{source.text(job.span)}"


def other_systems(context: Context) -> list[tuple[str, str]]:
    """Other CI systems whose files in the tree run Terraform: what each is called, and the file."""
    found = []
    for path in context.tree.paths():
        for pattern, name in _OTHERS:
            if pattern.search(path):
                try:
                    data = context.tree.read(path).data
                except Unreadable:
                    continue
                if _RUNS.search(data.decode("utf-8", "replace")) or b"TerraformTask" in data:
                    found.append((name, path))
    return found
