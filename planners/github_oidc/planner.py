"""GitHub Actions (recipe AWS-17): the job proves who it is by its own token and assumes a role.

The keys leave the login step; the job may ask for a token (`id-token: write`).  Where Terraform writes the secrets, it
gets the role with a trust that pins the repositories; which branch or environment may use it is for the owner to say,
so the subjects are an input.
"""

from __future__ import annotations

from rolecall.frontends.resource import Resource
from rolecall.frontends.values import Mapping, text
from rolecall.planners.github_oidc.role_steps import make_role, set_variable
from rolecall.planners.github_oidc.standing_role import refuse_old, session, standing_role
from rolecall.planning.case import Case, Use
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.edits.workflow_edit import Login, edit_workflow, place, replace_inputs
from rolecall.planning.edits.workflow_login import new_login, refuse_left_behind
from rolecall.planning.migration import Edit, Handover
from rolecall.planning.move import Move
from rolecall.planning.pipelines.cluster_access import REASON, cluster_step
from rolecall.planning.pipelines.github_repository import (
    NOBODY,
    decided,
    elsewhere,
    lone,
    no_subject,
    patterns,
    repository,
    set_subjects,
    subjects,
    unseen_reader,
    variables,
)
from rolecall.planning.pipelines.login_variables import variable_ending
from rolecall.planning.pipelines.optional_store import hold_optional
from rolecall.planning.pipelines.own_repository import hold_unless_here
from rolecall.planning.principals.parity import carry_over, in_clusters, obstacles
from rolecall.planning.principals.roles import account_of, new_role
from rolecall.planning.verdicts.judgement import carried_by_another

RECIPES = ("AWS-17",)
CLOUD = "aws"
PLATFORMS = ("github-actions",)

ACTION = "configure-aws-credentials"
#: The variable of the repository that holds the role's ARN.
_ROLE = "AWS_ROLE_ARN"
KEYS = ("aws-access-key-id", "aws-secret-access-key", "aws-session-token")


def plan(case: Case, use: Use) -> Move:
    """The job's own token takes over."""
    move = Move("aws:oidc")
    known = _role(case, move) if case.owner is not None else frozenset()
    if use.workload.site.format == "github":
        _workflow(case, use, move, known)
        if _ROLE in known:
            hold_unless_here(case, move, repository(case), use.places[0].path)
        if reader := unseen_reader(case):
            move.unseen = True
            move.others = reader
    else:
        move.hold(
            elsewhere(use),
            Handover(
                "in each repository that has the secret: permissions id-token: write, role-to-assume in "
                "aws-actions/configure-aws-credentials, no keys",
                use.where,
                "the owner of the repository",
                "git grep -n aws-access-key-id .github/workflows",
                "the login step prints the role; the secret is no longer named",
            ),
        )
    move.verify["migrate"].append("a step with `aws sts get-caller-identity` shows assumed-role")
    return move


def _role(case: Case, move: Move) -> frozenset[str]:
    """The role that the pipelines assume, with the user's permissions, where the user is declared in a root module;
    answers the variables of the repository that Terraform sets.
    """
    none: frozenset[str] = frozenset()
    found = list(obstacles(case))
    for reason in found:
        move.hold(reason)
    if found:
        return none
    if there := carried_by_another(case):
        move.reuses = there
        move.hold(
            f"{there} has the user's permissions; whether its trust lets this job in is for its owner to say",
            Handover(f"let the job's subject in, exactly, in the trust of {there}", there, "the owner of the role"),
        )
        return none
    if hold_optional(case, move):
        return none
    try:
        pinned = patterns(case)
        variable = case.context.free_name(case.folder, "variable", "github_oidc_subjects", "github")
        account = account_of(case.context.block(case.owner.site.span)) if case.owner is not None else ""
        data = case.context.free_name(
            case.folder, "aws_iam_openid_connect_provider", "github_actions", f"github{account}"
        )
        role, edits = new_role(
            case,
            None,
            "github_oidc/role.tf.j2",
            "_github",
            provider=_provider(case, account),
            account=account,
            variable="" if pinned.texts else variable,
            data=data,
            patterns=pinned.texts,
            like=any("*" in one for one in pinned.texts),
            repository=pinned.code,
            subjects=subjects(case) or [NOBODY],
        )
        set_there, known = variables(case, {_ROLE: f"{role.address}.arn"} if lone(case) else {})
        edits += set_there
        edits += carry_over(case, role, "github" if len(case.uses) > 1 else "")
    except Refused as refused:
        move.hold(refused.reason)
        return none
    move.add("expand", edits)
    move.handover.extend(in_clusters(case))
    if not _provider(case, account):
        move.needs["expand"].append(
            "the account has an OIDC provider for GitHub (aws iam list-open-id-connect-providers); else make it first: "
            "aws iam create-open-id-connect-provider --url https://token.actions.githubusercontent.com "
            "--client-id-list sts.amazonaws.com"
        )
    if not pinned.texts:
        move.hold(no_subject(bool(subjects(case)) and decided(case), "assume the role"), set_subjects(case, variable))
    else:
        move.needs["migrate"].append(
            "the repository's tokens have a subject of the usual make: gh api "
            f"repos/{repository(case)}/actions/oidc/customization/sub shows use_default true"
        )
    move.permissions.extend(
        ("iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:GetOpenIDConnectProvider")
    )
    return known


def _provider(case: Case, account: str) -> str:
    """The GitHub provider that the module declares in an account, as an HCL expression for its ARN; ""
    where it declares none.
    """
    for fact in case.model.facts["oidc-provider"]:
        if (
            fact.site is not None
            and fact.site.module == case.folder
            and "token.actions.githubusercontent.com" in fact.value
            and account_of(case.context.block(fact.site.span)) == account
        ):
            return f"{fact.site.type}.{fact.site.name}.arn"
    return ""


# -- the workflow


def _workflow(case: Case, use: Use, move: Move, known: frozenset[str]) -> None:
    def rewrite(job: Resource, step: Resource, inputs: Mapping) -> list[Edit]:
        return _login_edits(case, use, move, job, step, inputs, known)

    def write(job: Resource) -> list[Edit]:
        session(move, job, None)
        return new_login(case, use, job, _role_variable(case, use, move, job, known))

    edit_workflow(case, use, move, Login(ACTION, KEYS[:2], rewrite, elsewhere=True, write=write), _by_hand(use))


def _role_variable(case: Case, use: Use, move: Move, job: Resource, known: frozenset[str]) -> str:
    """The role of a login step, by a variable of the repository; where no code sets it, the patch waits for people."""
    if step := cluster_step(case.context, job.span):
        move.wait_for(REASON, step)
    if _ROLE in known:
        return f"${{{{ vars.{_ROLE} }}}}"
    if case.credential.form == "minted":
        move.hold(
            "no code sets the variable of the repository by which the login step names its role",
            set_variable(place(job), _ROLE),
        )
        return f"${{{{ vars.{_ROLE} }}}}"
    variable = _ROLE + variable_ending(case, use)
    move.wait_for(
        f"the job logs in by the role that the variable {variable} names, and no code makes that role or sets it",
        *make_role(case, job, variable),
    )
    move.needs["migrate"].append(f"the repository's variable {variable} is the ARN of a role that lets the job in")
    return f"${{{{ vars.{variable} }}}}"


def _login_edits(
    case: Case, use: Use, move: Move, job: Resource, step: Resource, inputs: Mapping, known: frozenset[str]
) -> list[Edit]:
    """Takes the keys out of a login step; the role stays or comes in as a variable of the repository."""
    role = inputs.get("role-to-assume")
    refuse_old(step)
    refuse_left_behind(case, job, step.span)
    session(move, job, inputs)
    if role is not None:
        standing_role(case, move, job, text(role) or "${}")
        chaining = inputs.get("role-skip-session-tagging") is not None
        move.reuses = "" if chaining else (text(role) or "")
        return replace_inputs(case, step, inputs, KEYS, {})
    return replace_inputs(case, step, inputs, KEYS, {"role-to-assume": _role_variable(case, use, move, job, known)})


def _by_hand(use: Use) -> Handover:
    return Handover(
        "log in by OIDC: a step aws-actions/configure-aws-credentials with role-to-assume and "
        "aws-region, permissions id-token: "
        "write, and no keys in env",
        f"{use.places[0].path}:{use.places[0].line}",
        "the owner of the workflow",
    )
