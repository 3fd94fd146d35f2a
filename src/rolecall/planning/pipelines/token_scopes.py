"""What a job of GitHub does with its own token, so that a list of permissions takes nothing away that it needs.

A job without `permissions` has what the repository's settings give; one with them has what they name and nothing else:
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#permissions
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rolecall.frontends.resource import Resource
from rolecall.frontends.values import Reference, text
from rolecall.planning.case import Context

#: What actions ask for, as the README of each says.
_ACTIONS: Mapping[str, Mapping[str, str]] = {
    "actions/create-release": {"contents": "write"},
    "actions/deploy-pages": {"pages": "write"},
    "actions/labeler": {"pull-requests": "write"},
    "actions/stale": {"issues": "write", "pull-requests": "write"},
    "actions/upload-release-asset": {"contents": "write"},
    "dorny/paths-filter": {"pull-requests": "read"},
    "dorny/test-reporter": {"checks": "write"},
    "cds-snc/terraform-plan": {"pull-requests": "write"},
    "github/codeql-action/analyze": {"security-events": "write"},
    "github/codeql-action/upload-sarif": {"security-events": "write"},
    "marocchino/sticky-pull-request-comment": {"pull-requests": "write"},
    "mshick/add-pr-comment": {"pull-requests": "write"},
    "ncipollo/release-action": {"contents": "write"},
    "peter-evans/create-or-update-comment": {"issues": "write", "pull-requests": "write"},
    "peter-evans/create-pull-request": {"contents": "write", "pull-requests": "write"},
    "peter-evans/find-comment": {"issues": "read", "pull-requests": "read"},
    "softprops/action-gh-release": {"contents": "write"},
    "stefanzweifel/git-auto-commit-action": {"contents": "write"},
    "thollander/actions-comment-pull-request": {"pull-requests": "write"},
}
#: Actions that read the repository with the token, or nothing.
_READERS = re.compile(
    r"actions/(?:checkout|cache|setup-[\w-]+|upload-artifact|download-artifact|configure-pages)(?:/.*)?|aws-actions/.+"
    r"|azure/.+|google-github-actions/.+|hashicorp/setup-[\w-]+|terraform-linters/setup-tflint|pre-commit/action"
    r"|docker/(?:setup-[\w-]+|metadata-action|build-push-action)|ruby/setup-ruby|astral-sh/setup-uv|tj-actions/changed-files"
)
#: What commands ask for.
_COMMANDS: tuple[tuple[re.Pattern[str], Mapping[str, str]], ...] = (
    (re.compile(r"\bgit\b[^\n|;&]*\bpush\b"), {"contents": "write"}),
    (re.compile(r"\bgh\s+release\s+(?:create|upload|edit|delete)"), {"contents": "write"}),
    (re.compile(r"\bgh\s+pr\s+(?:comment|edit|review|close|ready)"), {"pull-requests": "write"}),
    (re.compile(r"\bgh\s+pr\s+(?:create|merge)"), {"contents": "write", "pull-requests": "write"}),
    (re.compile(r"\bgh\s+issue\s+(?:comment|create|edit|close)"), {"issues": "write"}),
    (re.compile(r"\bgh\s+workflow\s+run"), {"actions": "write"}),
    (re.compile(r"\bghcr\.io\b"), {"packages": "write"}),
)
_TOKEN = re.compile(r"\bsecrets\.GITHUB_TOKEN\b|\bgithub\.token\b", re.I)
_REGISTRY = re.compile(r"\bregistry\s*:\s*[\"']?ghcr\.io")
_ORDER = {"none": 0, "read": 1, "write": 2}


@dataclass(frozen=True, slots=True)
class Scopes:
    """What the job's steps ask for; `unknown` are the places (path:line) of steps that take the token for what is not
    known here, `unread` the actions that may take it unasked.
    """

    known: Mapping[str, str]
    unknown: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


def scopes_of(context: Context, job: Resource) -> Scopes:
    """What a job without permissions does with its token, or what the jobs do with theirs that it calls."""
    found: dict[str, str] = {}
    unknown: list[str] = []
    unread: list[str] = []
    unit = context.unit(job.unit, "github")
    resources = unit.resources if unit is not None else []
    below = f"{job.address}.jobs."
    jobs = {job.id, *(one.id for one in resources if one.mode == "job" and one.address.startswith(below))}
    steps = [one for one in resources if _is_step(one, jobs)]
    for step in steps:
        written = context.text(step.span.path).text(step.span)
        name = (text(step.get("uses_name")) or "").lower()
        asked = list(_asked(name, written))
        for one in asked:
            for scope, level in one.items():
                if _ORDER[level] > _ORDER[found.get(scope, "none")]:
                    found[scope] = level
        if asked or (name and _READERS.fullmatch(name)):
            continue
        if _TOKEN.search(written):
            unknown.append(f"{step.span.path}:{step.span.line}")
        elif name:
            unread.append(name)
    if job.span.path == job.unit and _shared(context, job, steps):
        unknown.append(f"{job.span.path}:{job.span.line}")
    return Scopes(found, tuple(dict.fromkeys(unknown)), tuple(dict.fromkeys(unread)))


def _is_step(found: Resource, jobs: set[str]) -> bool:
    owner = found.get("job") if found.mode == "step" else None
    return isinstance(owner, Reference) and owner.target in jobs


def _asked(name: str, written: str) -> Iterator[Mapping[str, str]]:
    if name in _ACTIONS:
        yield _ACTIONS[name]
    elif name == "docker/login-action":
        yield {"packages": "write"} if _REGISTRY.search(written) else {}
    elif not name:
        yield from (scopes for pattern, scopes in _COMMANDS if pattern.search(written))


def _shared(context: Context, job: Resource, steps: list[Resource]) -> bool:
    """Whether the token is in the environment of all steps of a job."""
    source = context.text(job.span.path)
    data = source.data[job.span.start : job.span.end].decode("utf-8", "replace")
    for step in steps:
        if step.span.path == job.span.path:
            data = data.replace(source.text(step.span), "")
    head = source.data.partition(b"\njobs:")[0].decode("utf-8", "replace")
    return _TOKEN.search(data) is not None or _TOKEN.search(head) is not None
