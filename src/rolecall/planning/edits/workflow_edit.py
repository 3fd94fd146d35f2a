"""A GitHub workflow whose login step gives up its key: the step's inputs, and a token of the job's own.

What the step is given instead is the planner's to say; finding the job again, the events that forbid it, and the
permission to ask for a token are the same for every cloud.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rolecall.frontends.resource import Resource
from rolecall.frontends.values import Mapping, Reference, Sequence, Value, text
from rolecall.planning.case import Case, Use
from rolecall.planning.edits import yaml_edit
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.migration import Edit, Handover
from rolecall.planning.move import Move
from rolecall.planning.pipelines.called_jobs import Ways, asked_below, ways
from rolecall.planning.pipelines.token_scopes import Scopes, scopes_of
from rolecall.source.text import Span

#: Events whose jobs run for strangers: a token for them would be a key for everybody.
#: https://docs.github.com/en/actions/reference/security/secure-use#mitigating-the-risks-of-untrusted-code-checkout
STRANGERS = ("pull_request_target", "workflow_run")


@dataclass(frozen=True, slots=True)
class Login:
    """An action that logs in to a cloud: how its name ends, the inputs that hold a key, and what takes their place.

    `rewrite` gets the job, the step and its inputs, answers edits, and may hold the move.  `elsewhere` says whether
    entries of the key outside the login step may go too, since the step's own login serves what reads them.  `write`
    gets the job where it has no such step, and answers the edits that write one.
    """

    action: str
    keys: tuple[str, ...]
    rewrite: Callable[[Resource, Resource, Mapping], list[Edit]]
    elsewhere: bool = False
    write: Callable[[Resource], list[Edit]] | None = None


def edit_workflow(case: Case, use: Use, move: Move, login: Login, by_hand: Handover) -> None:
    """Adds the workflow's edits to phase migrate, or holds the move and says why."""
    unit = case.context.unit(use.workload.site.unit, "github")
    if unit is None:
        move.hold("the workflow cannot be read again", by_hand)
        return
    job = next((r for r in unit.resources if r.id == use.workload.id), None)
    if job is None:
        move.hold("the job cannot be found again", by_hand)
        return
    led = ways(case.context, job)
    if bad := [name for name in led.events if name in STRANGERS]:
        move.hold(f"the workflow runs on {', '.join(bad)}, where code of strangers could use the token")
        return
    steps = [r for r in unit.resources if r.mode == "step" and job_of(r) == use.workload.id]
    steps = [step for step in steps if _is_login(step, login) and _has_keys(step, login, use.places)]
    try:
        move.add("migrate", _edits(case, move, use, login, job, steps))
        move.add("migrate", all_may_ask(case, move, led))
    except Refused as refused:
        move.hold(f"the workflow cannot be edited here: {refused.reason}", by_hand)


def _edits(case: Case, move: Move, use: Use, login: Login, job: Resource, steps: list[Resource]) -> list[Edit]:
    if not steps:
        if login.write is None:
            raise Refused("no login step takes the keys, so one has to be written")
        return login.write(job)
    others = [place for place in use.places if not any(step.span.contains(place) for step in steps)]
    if others and not login.elsewhere:
        raise Refused(f"the key is used at {others[0]} too, where the login step does not help")
    edits: list[Edit] = []
    for step in steps:
        inputs = step.get("with")
        if not isinstance(inputs, Mapping) or inputs.span is None:
            raise Refused("the inputs of the login step cannot be edited")
        edits.extend(login.rewrite(job, step, inputs))
    if others:
        source = case.context.text(others[0].path)
        outside = [place for place in others if place.path == source.path]
        edits.extend(yaml_edit.remove(source, outside, prune=True))
    return edits


def replace_inputs(
    case: Case, step: Resource, inputs: Mapping, old: tuple[str, ...], new: dict[str, str]
) -> list[Edit]:
    """Writes inputs in the place of others, each `new` one on a line of its own; the other `old` ones go."""
    source = case.context.text(step.span.path)
    spans = [entry.span for entry in inputs.entries if (entry.name or "") in old and entry.span is not None]
    if not new:
        return list(yaml_edit.remove(source, spans))
    first, *rest = sorted(spans, key=lambda span: span.start)
    written = source.data[first.start : first.end]
    gap = written.partition(b":")[2]
    blank = gap[: len(gap) - len(gap.lstrip())].decode() or " "
    indent = source.data[source.data.rfind(b"\n", 0, first.start) + 1 : first.start].decode()
    if len(new) > 1 and (indent.strip() or "\n" in blank):
        raise Refused("the inputs of the login step are not written one to a line")
    lines = (f"{name}:{blank}{value}" for name, value in new.items())
    edits = [Edit(source.path, first.start, first.end, f"{source.newline}{indent}".join(lines))]
    edits.extend(yaml_edit.remove(source, rest))
    return edits


def all_may_ask(case: Case, move: Move, led: Ways) -> list[Edit]:
    """Lets a job ask for a token, and every job that calls its workflow: a call of what asks for more than its caller
    has does not start.
    """
    job = led.instances[0]
    if led.unseen:
        move.hold(
            f"{job.span.path} runs for the workflows that call it, which are not here, and none of them starts before "
            "its job may ask for a token too",
            Handover(
                "give each job that calls it permissions id-token: write (and what else the called jobs ask for), then "
                "take the key out here",
                job.span.path,
                "the owners of the workflows that call it",
                f"gh search code {job.span.path.rpartition('/')[2]} --filename .yml",
                "a run of each caller starts",
            ),
        )
    return [edit for one in (job, *led.callers) for edit in let_ask(case, move, one)]


def let_ask(case: Case, move: Move, job: Resource) -> list[Edit]:
    """Lets the job ask for a token, and leaves what it was allowed before."""
    source = case.context.text(job.span.path)
    granted = job.get("permissions")
    if isinstance(granted, Mapping):
        if text(granted.get("id-token")) == "write":
            return []
        level = text(job.get("permissions_level"))
        if granted.span is None or granted.span.path != source.path:
            raise Refused("the permissions are set where they cannot be edited")
        if not granted.entries:
            return list(yaml_edit.replace_value(source, granted.span, "\nid-token: write"))
        if level == "workflow":
            shared = {entry.name or "": text(entry.value) or "" for entry in granted.entries}
            if _has_siblings(case, job) and all((*shared, *shared.values())):  # the others need no token
                return _own_list(case, job, {**shared, "id-token": "write"})
            move.prerequisites.append(
                "every job of the workflow may then ask for a token, since the permissions are the workflow's"
            )
        return list(yaml_edit.insert_pair(source, granted.span, "id-token", "write"))
    if text(granted) == "write-all":
        return []
    if granted is not None:
        raise Refused("the job's permissions are not a mapping")
    below = asked_below(case.context, job)
    if below is None:
        raise Refused("which permissions the jobs of the workflow need that it calls cannot be told")
    scopes = scopes_of(case.context, job)
    _tell_scopes(move, job, scopes)
    granted_now = {"id-token": "write", "contents": "read"}
    for asked in (scopes.known, below):
        granted_now.update((scope, level) for scope, level in asked.items() if granted_now.get(scope) != "write")
    return _own_list(case, job, granted_now)


def _has_siblings(case: Case, job: Resource) -> bool:
    unit = case.context.unit(job.unit, "github")
    return any(
        one.mode == "job" and one.span.path == job.span.path and one.span.start != job.span.start
        for one in (unit.resources if unit is not None else ())
    )


def _own_list(case: Case, job: Resource, granted: dict[str, str]) -> list[Edit]:
    """Gives a job permissions of its own, beside the line that says where it runs or what it calls."""
    source = case.context.text(job.span.path)
    anchor = next(
        (entry for entry in job.body.entries if entry.name in ("runs-on", "uses") and entry.span is not None), None
    )
    if anchor is None or anchor.span is None or anchor.span.path != source.path:
        raise Refused("the job has no line to put permissions beside")
    line = source.data.rfind(b"\n", 0, anchor.span.start) + 1
    indent = source.data[line : anchor.span.start].decode()
    if indent.strip():
        raise Refused("the job is written in one line")
    end = source.data.find(b"\n", anchor.span.end)
    end = len(source.data) if end == -1 else end + 1
    lines = (f"{indent}permissions:", *(f"{indent}  {scope}: {level}" for scope, level in granted.items()))
    return [Edit(source.path, end, end, source.newline.join(lines) + source.newline)]


def _tell_scopes(move: Move, job: Resource, scopes: Scopes) -> None:
    """What a list of permissions may take away that nobody sees here."""
    if scopes.unknown:
        move.wait_for(
            f"the job gets a list of permissions, which takes away every scope that is not named, and what "
            f"{', '.join(scopes.unknown[:3])} does with the job's token is not known",
            Handover(
                "add to the job's permissions what these steps do with GITHUB_TOKEN: pull-requests, issues or checks "
                "to comment, contents to push or release, packages for ghcr.io (write each)",
                place(job),
                "the owner of the workflow",
                "gh run view RUN --log | grep -A 20 'GITHUB_TOKEN Permissions'",
                "a run of the job has no “Resource not accessible by integration”",
            ),
        )
    elif scopes.unread:
        move.prerequisites.append(
            "setting permissions takes away every scope that is not named: add what other steps of the job need "
            f"(packages, pull-requests …), as the README of {', '.join(scopes.unread[:4])} says"
        )


def place(found: Resource) -> str:
    """`path:line` of a job or a step."""
    return f"{found.span.path}:{found.span.line}"


def job_of(step: Resource) -> str:
    """The id of the job that a step is of; "" where that is not known."""
    job = step.get("job")
    return job.target if isinstance(job, Reference) else ""


def _is_login(step: Resource, login: Login) -> bool:
    return (text(step.get("uses_name")) or "").lower().endswith(login.action)


def _has_keys(step: Resource, login: Login, places: tuple[Span, ...]) -> bool:
    body = step.get("with")
    if not isinstance(body, Mapping):
        return False
    spans = [entry.span for entry in body.entries if entry.name in login.keys]
    return any(span is not None and span.path == p.path and span.start == p.start for span in spans for p in places)


def strings(value: Value | None) -> list[str]:
    """The texts of a list."""
    return [found for item in value.items if (found := text(item))] if isinstance(value, Sequence) else []
