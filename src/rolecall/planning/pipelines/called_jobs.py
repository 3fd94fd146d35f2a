"""A job of GitHub as every workflow has it that leads to it: a reusable workflow runs for each of its callers, with the
caller's events and in the caller's name.

What a called job may do is what its caller's job may do or less; where it asks for more, the caller's run does not even
start: https://docs.github.com/en/actions/reference/workflows-and-actions/reusing-workflow-configurations
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rolecall.frontends.resource import Resource
from rolecall.frontends.values import Mapping, Sequence, text
from rolecall.planning.case import Context
from rolecall.source.tree import Unreadable

_WORKFLOW = re.compile(r"(?:^|/)\.github/workflows/[^/]+\.ya?ml$")
#: What a file has in it that calls another one of the repository.
_CALLS = re.compile(rb"\.github/workflows/")
_CALLED = re.compile(rb"\bworkflow_call\b")


@dataclass(frozen=True, slots=True)
class Ways:
    """How a job comes to run: itself as each workflow has it, and the jobs by which these call it, all of one
    declaration once.  `unseen` says that it runs for callers alone and none of them is here.
    """

    instances: tuple[Resource, ...]
    callers: tuple[Resource, ...]
    unseen: bool = False

    @property
    def events(self) -> tuple[str, ...]:
        """The events that start it."""
        return tuple(dict.fromkeys(event for one in self.instances for event in _events(one)))


def ways(context: Context, job: Resource) -> Ways:
    """Every way to a job that the tree shows."""
    try:
        called = _CALLED.search(context.tree.read(job.span.path).data) is not None
    except Unreadable:
        called = False
    if not called and not job.calls:
        return Ways((job,), ())
    instances = [job]
    callers: dict[tuple[str, int], Resource] = {}
    for path in sorted({job.unit, *_calling(context)}):
        unit = context.unit(path, "github")
        jobs = [r for r in unit.resources if r.mode == "job"] if unit is not None else []
        for one in jobs:
            if (one.span.path, one.span.start) != (job.span.path, job.span.start):
                continue
            if one.id != job.id or one.unit != job.unit:
                instances.append(one)
            for caller in jobs:
                if one.address.startswith(f"{caller.address}.jobs."):
                    callers.setdefault((caller.span.path, caller.span.start), caller)
    by_call = all(set(_events(one)) <= {"workflow_call"} for one in instances)
    return Ways(tuple(instances), tuple(callers.values()), by_call and not callers)


def asked_below(context: Context, caller: Resource) -> dict[str, str] | None:
    """The scopes that the jobs of the workflow ask for which a job calls, so that it has to have them too; None where
    one asks in a way that names none.
    """
    unit = context.unit(caller.unit, "github")
    found: dict[str, str] = {}
    for job in unit.resources if unit is not None else ():
        if job.mode != "job" or not job.address.startswith(f"{caller.address}.jobs."):
            continue
        granted = job.get("permissions")
        if not isinstance(granted, Mapping):
            if granted is not None:
                return None
            continue
        for entry in granted.entries:
            level = text(entry.value) or ""
            if not entry.name or level not in ("read", "write", "none"):
                return None
            if level != "none" and found.get(entry.name) != "write":
                found[entry.name] = level
    return found


def _events(job: Resource) -> list[str]:
    events = job.get("triggers")
    return [found for item in events.items if (found := text(item))] if isinstance(events, Sequence) else []


def _calling(context: Context) -> list[str]:
    """The workflows that call another one of the repository."""
    found = []
    for path in context.tree.paths():
        if _WORKFLOW.search(path):
            try:
                data = context.tree.read(path).data
            except Unreadable:
                continue
            if _CALLS.search(data):
                found.append(path)
    return found
