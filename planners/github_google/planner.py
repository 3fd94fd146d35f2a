"""GitHub Actions with google-github-actions/auth (recipe GCP-07): workload identity federation in place of a key.

The service account stays, with its roles; its policy lets the repository's exact subjects act as it, through a pool and
a provider that take tokens of this repository only.  The subjects are an input that lets nobody in until it is set.
The provider's name holds the project's number, which is rarely in the code: Terraform writes it to a variable of the
repository.
"""

from __future__ import annotations

import shlex

from rolecall.frontends.resource import Resource
from rolecall.frontends.values import Mapping
from rolecall.planners.github_google.trust import condition_of, members, provider_of
from rolecall.planning.case import Case, Use, attribute_text
from rolecall.planning.edits.hcl_edit import insert_after
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.edits.workflow_edit import Login, edit_workflow, place, replace_inputs
from rolecall.planning.migration import Edit, Handover
from rolecall.planning.move import Move
from rolecall.planning.pipelines.github_repository import (
    decided,
    elsewhere,
    lone,
    no_subject,
    own_subjects,
    repository,
    set_subjects,
    settled,
    subjects,
    variables,
)
from rolecall.planning.pipelines.login_inputs import Words, named_by_variables
from rolecall.planning.principals.google_account import account_of, refuse_sole_writer
from rolecall.planning.principals.google_pool import new_pool
from rolecall.planning.templates import render
from rolecall.planning.verdicts.advising import revocation, steps_to
from rolecall.source.hcl import Block

RECIPES = ("GCP-07",)
CLOUD = "gcp"
PLATFORMS = ("github-actions",)

TARGET = "gcp:workload-identity-federation"
ACTION = "google-github-actions/auth"
#: The action's inputs for federation, and the repository variables that they are set from.
#: https://github.com/google-github-actions/auth#inputs-workload-identity-federation
INPUTS = {"workload_identity_provider": "GCP_WORKLOAD_IDENTITY_PROVIDER", "service_account": "GCP_SERVICE_ACCOUNT"}


_WORDS = Words(
    ": the provider's whole name (projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER), the "
    "service account's email",
    "by a pool whose trust in this job",
    "the pool's provider lets the job in",
)


def plan(case: Case, use: Use) -> Move:
    """The job's own token takes over."""
    move = Move(TARGET)
    known: frozenset[str] = frozenset()
    if case.credential.form == "minted":
        known = _trust(case, move)
    _workflow(case, use, move, known)
    if not move.complete:
        for step in steps_to(case, TARGET):
            move.hold(move.reasons[0], step)
        if case.credential.form != "minted":
            move.hold(move.reasons[0], revocation(case))
    move.prerequisites.append("the project has the APIs iamcredentials.googleapis.com and sts.googleapis.com enabled")
    move.verify["migrate"].append("a step with `gcloud auth list` shows the service account, and no key file is named")
    return move


def _trust(case: Case, move: Move) -> frozenset[str]:
    """The trust and the repository's variables, where the account is declared beside its key; answers the variables
    that Terraform sets.
    """
    try:
        account = account_of(case)
        refuse_sole_writer(case, account)
        address = ".".join(account.labels)
        provider = _provider(case, move, account)
        move.reuses = address
        values = {
            "GCP_WORKLOAD_IDENTITY_PROVIDER": f"google_iam_workload_identity_pool_provider.{provider}.name",
            "GCP_SERVICE_ACCOUNT": f"{address}.email",
        }
        edits, known = variables(case, values if lone(case) else {})
        move.add("expand", edits)
    except Refused as refused:
        move.hold(refused.reason)
        return frozenset()
    return known


def _provider(case: Case, move: Move, account: Block) -> str:
    """Lets the job in, unless the code does so already; answers the name of the provider's block."""
    address = ".".join(account.labels)
    there = provider_of(case)
    pinned = subjects(case)
    if there is not None:
        base = f"//iam.googleapis.com/${{{there.pool}}}"
        own, waiting = members(case, account)
        if waiting:
            move.hold(no_subject(bool(pinned), "log in"), set_subjects(case, f"the for_each of {waiting}"))
            return there.label
        wanted = {f"principal:{base}/subject/{subject}" for subject in pinned}
        if pinned and wanted <= own and decided(case) and f"'{repository(case)}'" in condition_of(case, there):
            move.prerequisites.append(f"{address} lets {', '.join(pinned)} in already, by its own code")
            return there.label
    context, folder = case.context, case.folder
    variable = context.free_name(folder, "variable", "github_oidc_subjects", address)
    origin = context.free_name(folder, "variable", "github_repository", address)
    project = account.attribute("project")
    name = repository(case)
    new = "" if there else context.free_name(folder, "google_iam_workload_identity_pool_provider", "github", address)
    shown = name.replace("'", "") or f"${{var.{origin}}}"
    code = render(
        "github_google/trust.tf.j2",
        variable=variable,
        subjects=pinned,
        provider=new,
        pool_id=new.replace("_", "-"),
        repository=name,
        origin=origin,
        project=attribute_text(account, project) if project is not None else "",
        condition=f"\"assertion.repository == '{shown}'\"",
        label=context.free_name(folder, "google_service_account_iam_member", f"{account.labels[1]}_github", "github"),
        account=account.labels[1],
        pool=there.pool if there else f"google_iam_workload_identity_pool.{new}.name",
    )
    move.add("expand", insert_after(account.text, account.span, code))
    if new:
        new_pool(case, move, new, "" if name else origin, "the repository whose jobs may log in, as OWNER/NAME")
    if there is not None:
        move.hold(
            f"whether the condition of google_iam_workload_identity_pool_provider.{there.label} lets this repository "
            "in is for its owner to say",
            Handover(
                "let this repository in by the provider's attribute_condition, and no other that does not need it",
                f"google_iam_workload_identity_pool_provider.{there.label}",
                "the owner of the project",
            ),
        )
    if not settled(case):
        move.hold(no_subject(bool(pinned), "log in"), set_subjects(case, variable))
    move.permissions.extend(
        (
            "iam.workloadIdentityPools.create",
            "iam.workloadIdentityPoolProviders.create",
            "iam.serviceAccounts.setIamPolicy",
        )
    )
    move.verify["expand"].append("gcloud iam service-accounts get-iam-policy ACCOUNT lists the exact subjects only")
    return there.label if there is not None else new


def _workflow(case: Case, use: Use, move: Move, known: frozenset[str]) -> None:
    if use.workload.site.format != "github":
        move.hold(
            elsewhere(use),
            by_hand(use),
        )
        return

    def rewrite(job: Resource, step: Resource, inputs: Mapping) -> list[Edit]:
        return _login_edits(case, use, move, job, step, inputs, known)

    edit_workflow(case, use, move, Login(ACTION, ("credentials_json",), rewrite), by_hand(use))


def _login_edits(
    case: Case, use: Use, move: Move, job: Resource, step: Resource, inputs: Mapping, known: frozenset[str]
) -> list[Edit]:
    """Takes `credentials_json` out of a login step; provider and account come in as variables of the repository."""
    new = named_by_variables(
        case,
        use,
        move,
        step,
        {name: variable for name, variable in INPUTS.items() if inputs.get(name) is None},
        known,
        _WORDS,
        lambda: (_let_in(job, subject) for subject in own_subjects(case, job)),
    )
    return replace_inputs(case, step, inputs, ("credentials_json",), new)


def _let_in(job: Resource, subject: str) -> Handover:
    """The pool, its provider and the account's own policy, by hand.

    https://github.com/google-github-actions/auth#workload-identity-federation-through-a-service-account
    """
    condition = shlex.quote(f"assertion.repository == '{subject.split(':')[1]}'")
    principal = "principal://iam.googleapis.com/projects/NUMBER/locations/global/workloadIdentityPools/github/subject/"
    return Handover(
        "make a pool and a provider for GitHub's tokens, unless there are, and let this job's subject impersonate the "
        "service account whose key the secret holds (client_email in it)",
        place(job),
        "the owner of the project",
        "gcloud iam workload-identity-pools create github --location global; gcloud iam workload-identity-pools "
        "providers create-oidc github --location global --workload-identity-pool github --issuer-uri "
        "https://token.actions.githubusercontent.com --attribute-mapping google.subject=assertion.sub "
        f"--attribute-condition {condition}; gcloud iam service-accounts add-iam-policy-binding ACCOUNT "
        f"--role roles/iam.workloadIdentityUser --member {shlex.quote(principal + subject)}",
        "gcloud iam service-accounts get-iam-policy ACCOUNT lists that one subject",
    )


def by_hand(use: Use) -> Handover:
    return Handover(
        "log in by federation: a step google-github-actions/auth with workload_identity_provider and service_account, "
        "permissions id-token: write, and no key in the step, in env or in a file",
        use.where,
        "the owner of the workflow",
    )
