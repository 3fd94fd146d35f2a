"""GitHub Actions (recipe AWS-17): the job proves who it is by its own token and assumes a role.

The keys leave the login step; the job may ask for a token (`id-token: write`).  Where Terraform writes the secrets, it
gets the role with a trust that pins the repositories; which branch or environment may use it is for the owner to say,
so the subjects are an input.
"""

from __future__ import annotations

from rolecall.frontends.resource import Resource
from rolecall.frontends.values import Mapping, Reference, Sequence, Value, text
from rolecall.planning import yaml_edit
from rolecall.planning.alignment import format_hcl
from rolecall.planning.case import Case, Use, attribute_text
from rolecall.planning.hcl_edit import insert_after
from rolecall.planning.judgement import carried_by_another
from rolecall.planning.line_edit import Refused
from rolecall.planning.migration import Edit, Handover
from rolecall.planning.move import Move
from rolecall.planning.parity import carry_over, obstacles
from rolecall.planning.roles import Role, new_role
from rolecall.source.text import Span

RECIPES = ("AWS-17",)
CLOUD = "aws"
PLATFORMS = ("github-actions",)

LOGIN = "configure-aws-credentials"
#: Events whose jobs run for strangers: a token for them would be a key for everybody.
#: https://docs.github.com/en/actions/reference/security/secure-use#mitigating-the-risks-of-untrusted-code-checkout
STRANGERS = ("pull_request_target", "workflow_run")


def plan(case: Case, use: Use) -> Move:
    """The job's own token takes over."""
    move = Move("aws:oidc")
    if use.workload.site.format == "github":
        _workflow(case, use, move)
    else:
        move.hold(
            f"the workflows that read {use.workload.site.address} are in another repository",
            Handover(
                "in each repository that has the secret: permissions id-token: write, role-to-assume in "
                "aws-actions/configure-aws-credentials, no keys",
                use.workload.namespace or use.workload.site.address,
                "the owner of the repository",
                "git grep -n aws-access-key-id .github/workflows",
                "the login step prints the role; the secret is no longer named",
            ),
        )
    if case.owner is not None:
        _role(case, use, move)
    move.verify["migrate"].append("a step with `aws sts get-caller-identity` shows assumed-role")
    return move


def _role(case: Case, use: Use, move: Move) -> None:
    """The role that the pipelines assume, with the user's permissions, where the user is declared in a root module."""
    found = list(obstacles(case))
    for reason in found:
        move.hold(reason)
    if found:
        return
    if case.credential.site.calls:
        move.hold(
            "the user is made by a module that others call, and a role there would change what the "
            "module asks of its callers",
            Handover(
                "give the module a role with a GitHub trust beside its user", case.folder, "the owner of the module"
            ),
        )
        return
    if there := carried_by_another(case):
        move.reuses = there
        move.hold(
            f"{there} has the user's permissions; whether its trust lets this job in is for its owner to say",
            Handover(f"let the job's subject in, exactly, in the trust of {there}", there, "the owner of the role"),
        )
        return
    try:
        variable = case.context.free_name(case.folder, "variable", "github_oidc_subjects", "github")
        data = case.context.free_name(case.folder, "aws_iam_openid_connect_provider", "github_actions", "github")
        subjects = _subjects(case, use)
        role, edits = new_role(
            case,
            None,
            "github_oidc/role.tf.j2",
            "_github",
            provider=_provider(case),
            variable=variable,
            data=data,
            subjects=subjects or [NOBODY],
        )
        edits += _role_variable(case, role)
        edits += carry_over(case, role, "github" if len(case.uses) > 1 else "")
    except Refused as refused:
        move.hold(refused.reason)
        return
    move.add("expand", edits)
    move.hold(
        "the subject of GitHub's token has two forms, and which one this repository gets is not in the code"
        if subjects
        else "which repository, branch or environment may assume the role is not in the code",
        Handover(
            f"set {variable} to the exact subjects: repo:OWNER/NAME:environment:ENVIRONMENT or "
            "repo:OWNER/NAME:ref:refs/heads/BRANCH "
            "(for repositories created or renamed since 2026-07-15: repo:OWNER@OWNER_ID/NAME@REPOSITORY_ID:…)",
            case.folder or ".",
            "the owner of the pipeline",
            "gh api repos/OWNER/NAME/actions/oidc/customization/sub",
            "the login step succeeds from the branch that deploys, and fails from any other",
        ),
    )
    move.permissions.extend(
        ("iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:GetOpenIDConnectProvider")
    )


#: A subject that GitHub never gives out (every real one names OWNER/NAME): the role waits until the owner sets it.
NOBODY = "not-set-yet"


def _subjects(case: Case, use: Use) -> list[str]:
    """The subjects in their older form, where the code names owner, repository and environment or branch."""
    scopes = {end.store.scope for end in case.stores if end.store.kind == "github-secret"}
    unit = case.context.unit(case.credential.site.unit, "terraform")
    job = use.workload.site
    workflow = case.context.unit(job.unit, "github") if job.format == "github" else None
    resource = next((r for r in workflow.resources if r.id == job.id), None) if workflow is not None else None
    owners = {
        owner
        for r in (unit.resources if unit is not None else ())
        if r.mode == "provider" and r.type == "github" and (owner := text(r.get("owner")))
    }
    if len(owners) != 1 or len(scopes) != 1 or resource is None or "$" in (scope := scopes.pop()) or not scope:
        return []
    repository = f"repo:{owners.pop()}/{scope}"
    if environment := text(resource.get("environment")):
        return [f"{repository}:environment:{environment}"]
    branches = _strings(next(iter(resource.find("trigger_filters.push.branches")), None))
    return [f"{repository}:ref:refs/heads/{branch}" for branch in branches if "*" not in branch]


def _role_variable(case: Case, role: Role) -> list[Edit]:
    """The role's ARN as a variable of each repository that Terraform gives the secret to."""
    for end in sorted(case.stores, key=lambda stored: stored.store.site.span, reverse=True):
        site = end.store.site
        if site.type != "github_actions_secret" or site.module != case.folder:
            continue
        block = case.context.block(site.span)
        name = case.context.free_name(case.folder, "github_actions_variable", "aws_role_arn", "github")
        lines = [f'resource "github_actions_variable" "{name}" {{']
        lines += [
            f"  {attribute.name} = {attribute_text(block, attribute)}"
            for attribute in block.attributes
            if attribute.name in ("count", "for_each", "provider", "repository")
        ]
        lines += ['  variable_name = "AWS_ROLE_ARN"', f"  value = {role.attribute('arn', block)}", "}"]
        return list(insert_after(block.text, block.span, format_hcl("\n".join(lines) + "\n")))
    return []


def _provider(case: Case) -> str:
    """The GitHub provider that the module declares, as an HCL expression for its ARN; "" where it declares none."""
    for fact in case.model.facts["oidc-provider"]:
        if (
            fact.site is not None
            and fact.site.module == case.folder
            and "token.actions.githubusercontent.com" in fact.value
        ):
            return f"{fact.site.type}.{fact.site.name}.arn"
    return ""


# -- the workflow


def _workflow(case: Case, use: Use, move: Move) -> None:
    unit = case.context.unit(use.workload.site.unit, "github")
    if unit is None:
        move.hold("the workflow cannot be read again")
        return
    job = next((r for r in unit.resources if r.id == use.workload.id), None)
    steps = [r for r in unit.resources if r.mode == "step" and _job_of(r) == use.workload.id]
    if job is None:
        move.hold("the job cannot be found again")
        return
    triggers = _strings(job.get("triggers"))
    if bad := [name for name in triggers if name in STRANGERS]:
        move.hold(f"the workflow runs on {', '.join(bad)}, where code of strangers could use the token")
        return
    logins = [step for step in steps if _is_login(step) and _has_keys(step, use.places)]
    others = [place for place in use.places if not any(step.span.contains(place) for step in logins)]
    try:
        callers = [r for r in unit.resources if r.mode == "job" and job.address.startswith(f"{r.address}.jobs.")]
        _edit(case, move, job, callers, logins, others)
    except Refused as refused:
        move.hold(f"the workflow cannot be edited here: {refused.reason}", _by_hand(use))


def _edit(
    case: Case, move: Move, job: Resource, callers: list[Resource], logins: list[Resource], others: list[Span]
) -> None:
    if not logins:
        raise Refused("no login step takes the keys, so one has to be written")
    edits: list[Edit] = []
    for step in logins:
        edits.extend(_login_edits(case, move, step))
    if others:
        source = case.context.text(others[0].path)
        outside = [place for place in others if place.path == source.path]
        edits.extend(yaml_edit.remove(source, outside, prune=True))
    for one in (job, *callers):
        edits.extend(_permissions(case, move, one))
    move.add("migrate", edits)


def _login_edits(case: Case, move: Move, step: Resource) -> list[Edit]:
    """Takes the keys out of a login step; the role stays or comes in as a variable of the repository."""
    source = case.context.text(step.span.path)
    body = step.get("with")
    if not isinstance(body, Mapping) or body.span is None:
        raise Refused("the inputs of the login step cannot be edited")
    keys = [
        e for e in body.entries if (e.name or "") in ("aws-access-key-id", "aws-secret-access-key", "aws-session-token")
    ]
    spans = [entry.span for entry in keys if entry.span is not None]
    role = body.get("role-to-assume")
    if role is not None:
        move.prerequisites.append(
            "the role's trust lets this repository's token in (AssumeRoleWithWebIdentity), not only the user of the key"
        )
        chaining = body.get("role-skip-session-tagging") is not None
        move.reuses = "" if chaining else (text(role) or "")
        return list(yaml_edit.remove(source, spans))
    move.hold(
        "the login step names no role yet",
        Handover(
            "set the repository variable AWS_ROLE_ARN to the role's ARN",
            step.span.path,
            "the owner of the repository",
            "gh variable set AWS_ROLE_ARN --body <the role's ARN>",
        ),
    )
    first, *rest = sorted(spans, key=lambda span: span.start)
    written = source.data[first.start : first.end]
    gap = written.partition(b":")[2]
    blank = gap[: len(gap) - len(gap.lstrip())].decode() or " "
    edits = [Edit(source.path, first.start, first.end, f"role-to-assume:{blank}${{{{ vars.AWS_ROLE_ARN }}}}")]
    edits.extend(yaml_edit.remove(source, rest))
    return edits


def _permissions(case: Case, move: Move, job: Resource) -> list[Edit]:
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
            move.prerequisites.append(
                "every job of the workflow may then ask for a token, since the permissions are the workflow's"
            )
        return list(yaml_edit.insert_pair(source, granted.span, "id-token", "write"))
    if text(granted) == "write-all":
        return []
    if granted is not None:
        raise Refused("the job's permissions are not a mapping")
    anchor = next(
        (entry for entry in job.body.entries if entry.name in ("runs-on", "uses") and entry.span is not None), None
    )
    if anchor is None or anchor.span is None or anchor.span.path != source.path:
        raise Refused("the job has no line to put permissions beside")
    move.prerequisites.append(
        "setting permissions takes away every scope that is not named: add what other steps of the "
        "job need (packages, pull-requests …)"
    )
    line = source.data.rfind(b"\n", 0, anchor.span.start) + 1
    indent = source.data[line : anchor.span.start].decode()
    if indent.strip():
        raise Refused("the job is written in one line")
    end = source.data.find(b"\n", anchor.span.end)
    end = len(source.data) if end == -1 else end + 1
    newline = source.newline
    block = newline.join((f"{indent}permissions:", f"{indent}  id-token: write", f"{indent}  contents: read")) + newline
    return [Edit(source.path, end, end, block)]


def _job_of(step: Resource) -> str:
    job = step.get("job")
    return job.target if isinstance(job, Reference) else ""


def _is_login(step: Resource) -> bool:
    return (text(step.get("uses_name")) or "").endswith(LOGIN)


def _has_keys(step: Resource, places: tuple[Span, ...]) -> bool:
    body = step.get("with")
    if not isinstance(body, Mapping):
        return False
    spans = [entry.span for entry in body.entries if entry.name in ("aws-access-key-id", "aws-secret-access-key")]
    return any(span is not None and span.path == p.path and span.start == p.start for span in spans for p in places)


def _strings(value: Value | None) -> list[str]:
    return [found for item in value.items if (found := text(item))] if isinstance(value, Sequence) else []


def _by_hand(use: Use) -> Handover:
    return Handover(
        "log in by OIDC: a step aws-actions/configure-aws-credentials with role-to-assume and "
        "aws-region, permissions id-token: "
        "write, and no keys in env",
        f"{use.places[0].path}:{use.places[0].line}",
        "the owner of the workflow",
    )
