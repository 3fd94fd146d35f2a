"""A login step for a job of GitHub that has its AWS key in its environment: the step, and what the environment loses.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#env (a step's own variables win over
the job's, and these over the workflow's), https://github.com/aws-actions/configure-aws-credentials (it sets the
session's keys and its token for every later step; `aws-region` is required)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rolecall.frontends.resource import Resource
from rolecall.planning.case import Case, Use
from rolecall.planning.edits import yaml_edit
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.migration import Edit
from rolecall.planning.pipelines.called_scripts import called_scripts
from rolecall.planning.pipelines.compose_services import refuse_tokenless
from rolecall.planning.pipelines.job_commands import written
from rolecall.source.text import SourceText, Span
from rolecall.source.tree import Unreadable
from rolecall.source.yaml import YamlMapping, YamlNode, YamlPair, YamlScalar, YamlSequence, load

_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")
_ACTION = "aws-actions/configure-aws-credentials"
_USED = re.compile(rb"aws-actions/configure-aws-credentials@([\w.-]+)")
#: What is written where the repository uses no version of the action yet.
_VERSION = "v6"
#: Actions that take no key from their environment, or take a session's with its token.
_SAFE = re.compile(
    r"(?:actions/[\w-]+|aws-actions/[\w-]+|[\w-]+/setup-[\w-]+|docker/(?:setup-[\w-]+|metadata-action))@.+"
)
#: Commands that hand single variables on, so that the session's token would stay behind; and other ways to log in.
_HANDS_ON = re.compile(
    r"AWS_(?:ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|PROFILE)|\.aws/credentials|--profile\b|aws\s+configure"
    r"|\bdocker\s+(?:container\s+)?run\b|\bsudo\b|\bact\s"
)
#: The keys of a session, and its token, as commands, expressions and inputs name them.
_NAMES_KEYS = re.compile(
    r"(?<!secrets\.)(?<!vars\.)\bAWS_(?:ACCESS_KEY_ID|SECRET_ACCESS_KEY)\b|outputs\.aws-(?:access-key-id|secret-access-key)"
    r"|\baws_(?:access_key_id|secret_access_key)\b"
)
_NAMES_TOKEN = re.compile(r"(?i)\baws[_-]session[_-]token\b")
_COMPOSE = re.compile(r"\bdocker(?:-|\s+)compose\b")
_NAMED_REGION = re.compile(r"--region[\s=]+[\"']?([a-z]{2}(?:-[a-z]+)+-\d)\b")


def new_login(case: Case, use: Use, job: Resource, role: str) -> list[Edit]:
    """The edits that write the step and take the key out of the environment; `role` is the expression for the role.

    Raises Refused where a step might lose its login by it.
    """
    source = case.context.text(job.span.path)
    root, body = _job_at(source, job)
    steps = body.get("steps")
    members = [one for one in steps.items if isinstance(one, YamlMapping)] if isinstance(steps, YamlSequence) else []
    if not isinstance(steps, YamlSequence) or steps.flow or len(members) < len(steps.items):
        raise Refused("the job's steps are not written one to a line")
    shared = [env for one in (root, body) if (env := _own_env(one)) is not None]
    gone: list[YamlPair] = []
    whose: set[int] = set()
    every = range(len(members))
    for env, holders in (*((env, every) for env in shared), *((_own_env(members[at]), (at,)) for at in every)):
        keys = [pair for pair in env.pairs if pair.name in _KEYS] if env is not None else []
        if any(_holds(pair, place) for pair in keys for place in use.places):
            gone.extend(keys)
            whose.update(holders)
    for place in use.places:
        if place.path != source.path or not any(_holds(pair, place) for pair in gone):
            raise Refused(f"the key is used at {place}, where a login step does not help")
    said = {written(source, pair) for pair in gone}
    for at in every:
        keys = [pair for pair in env.pairs if pair.name in _KEYS] if (env := _own_env(members[at])) else []
        if at not in whose and keys and {written(source, pair) for pair in keys} <= said:  # the same key once more
            gone.extend(keys)
            whose.add(at)
        elif any(pair not in gone for pair in keys):
            raise Refused("a step has another key, beside which the session's token would stand")
    for at in whose:
        _refuse_risky(case, members[at])
    users = [at for at in sorted(whose) if members[at].get("run") is not None]
    if not users:
        raise Refused("no step of the job runs commands with the key")
    own = [env for at in users if (env := _own_env(members[at])) is not None]
    region = _region(source, shared, own, [members[at] for at in users])
    return [
        *yaml_edit.remove(source, [pair.span for pair in gone], prune=True),
        *_step(case, source, steps, [members[at] for at in users], users[0], role, region),
    ]


def refuse_left_behind(case: Case, job: Resource, login: Span) -> None:
    """Refused where a step after the login at `login` takes the keys that it sets, and would leave the session's token
    behind: one that names them without it, or has a key of its own, beside which the token would stand.
    """
    source = case.context.text(job.span.path)
    if login.path != source.path:
        return
    _, body = _job_at(source, job)
    steps = body.get("steps")
    for step in steps.items if isinstance(steps, YamlSequence) else ():
        if not isinstance(step, YamlMapping) or step.start <= login.start:
            continue
        line = step.span.line
        env = _own_env(step)
        for pair in env.pairs if env is not None else ():
            if pair.name in _KEYS[:2]:
                raise Refused(
                    f"the step at line {line} has a key of its own, beside which the session's token would stand: its "
                    "env goes first, where it is the same key"
                )
        written_there = source.text(step.span)
        if _NAMES_KEYS.search(written_there) and not _NAMES_TOKEN.search(written_there):
            raise Refused(
                f"the step at line {line} hands the login's keys on without the session's token (AWS_SESSION_TOKEN)"
            )
        if _COMPOSE.search(_text(step.get("run"))):
            refuse_tokenless(case.context, here=False)
        _refuse_script(case, _text(step.get("run")))


def _holds(pair: YamlPair, place: Span) -> bool:
    return pair.start <= place.start and place.end <= pair.end


def _job_at(source: SourceText, job: Resource) -> tuple[YamlMapping, YamlMapping]:
    roots, faults = load(source)
    root = roots[0] if len(roots) == 1 and not faults else None
    jobs = root.get("jobs") if isinstance(root, YamlMapping) else None
    for pair in jobs.pairs if isinstance(jobs, YamlMapping) else ():
        if pair.start <= job.span.start and job.span.end <= pair.end and isinstance(pair.value, YamlMapping):
            assert isinstance(root, YamlMapping)
            return root, pair.value
    raise Refused("the job is not written in a way that can be edited")


def _own_env(body: YamlMapping) -> YamlMapping | None:
    pair = body.pair("env")
    if pair is None or not isinstance(pair.value, YamlMapping):
        return None
    if pair.merged or not pair.start <= pair.value.start <= pair.value.end <= pair.end:
        raise Refused("the environment comes from an anchor, which others may share")
    return pair.value


def _text(node: YamlNode | None) -> str:
    return node.value if isinstance(node, YamlScalar) else ""


def _refuse_risky(case: Case, step: YamlMapping) -> None:
    """Refused where a step that has the key may need it in another way than by the AWS SDKs' own environment."""
    action, script = _text(step.get("uses")), _text(step.get("run"))
    if action and _SAFE.fullmatch(action) is None:
        raise Refused(f"{action} may take the key from the environment, without a session's token")
    if found := _HANDS_ON.search(script):
        raise Refused(f"a step has {found[0].strip()} in its commands, which may leave a session's token behind")
    if _COMPOSE.search(script):
        refuse_tokenless(case.context)
    _refuse_script(case, script)


def _refuse_script(case: Case, commands: str) -> None:
    """Refused where a file that commands run hands the keys on without the session's token."""
    seen: set[str] = set()
    for path, written_there in called_scripts(case.context, commands):
        if path in seen:
            continue
        seen.add(path)
        if _NAMES_KEYS.search(written_there) and not _NAMES_TOKEN.search(written_there):
            raise Refused(f"{path}, which a step runs, hands the keys on without the session's token")


def _region(source: SourceText, shared: list[YamlMapping], own: list[YamlMapping], users: list[YamlMapping]) -> str:
    """The region as the login step names it: by a variable that all steps have, as the steps' own has it, or the one
    that all their commands name.
    """
    for env in (*shared, *own):
        for name in _REGIONS:
            pair = env.pair(name)
            if pair is not None and isinstance(pair.value, YamlScalar) and not pair.merged:
                value = source.data[pair.value.start : pair.value.end].decode("utf-8", "replace")
                return f"${{{{ env.{name} }}}}" if any(env is one for one in shared) else value
    named = {match[1] for step in users for match in _NAMED_REGION.finditer(_text(step.get("run")))}
    if len(named) == 1:
        return named.pop()
    raise Refused("no region is named in the environment, which the login step needs")


def _step(
    case: Case,
    source: SourceText,
    steps: YamlSequence,
    users: list[YamlMapping],
    first: int,
    role: str,
    region: str,
) -> Iterator[Edit]:
    """The step, before the first that needs it, under the condition that all of these have."""
    conditions = {_condition(source, one) for one in users}
    if len(conditions) > 1:
        raise Refused("the steps that need the login run under different conditions")
    lines = [
        f"uses: {_ACTION}@{_version(case)}",
        *(f"if: {condition}" for condition in conditions if condition),
        "with:",
        f"  role-to-assume: {role}",
        f"  aws-region: {region}",
    ]
    yield yaml_edit.insert_item_before(source, steps.spots[first][0], lines)


def _condition(source: SourceText, step: YamlMapping) -> str:
    pair = step.pair("if")
    if pair is None:
        return ""
    condition = source.data[pair.value.start : pair.value.end].decode("utf-8", "replace")
    if "\n" in condition or "steps." in condition:
        raise Refused("a step that needs the login runs under a condition that cannot be copied")
    return condition


def _version(case: Case) -> str:
    """The version of the action that the repository uses elsewhere."""
    for path in case.context.tree.paths():
        if ".github/" in path and path.endswith((".yml", ".yaml")):
            try:
                found = _USED.search(case.context.tree.read(path).data)
            except Unreadable:
                continue
            if found is not None:
                return found[1].decode()
    return _VERSION
