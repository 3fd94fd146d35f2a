"""GitHub Actions with azure/login (recipe AZ-05): the job's own token takes over from the application's secret.

The application stays, with its role assignments; it trusts the repository's subjects by federated credentials, and the
login step names it by ids that are no secrets.  Entra ID compares the subject exactly and knows no wildcard
(https://learn.microsoft.com/entra/workload-id/workload-identity-federation-create-trust), so the subjects are an input
that makes no credential until it is set.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rolecall.frontends.resource import Resource
from rolecall.frontends.values import Mapping, text
from rolecall.planners.github_azure.environment import federate, from_environment, serves
from rolecall.planners.github_azure.trust import trust
from rolecall.planning.case import Case, Use
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.edits.workflow_edit import Login, edit_workflow, place, replace_inputs
from rolecall.planning.migration import Edit, Handover
from rolecall.planning.move import Move
from rolecall.planning.pipelines.github_repository import elsewhere, own_subjects
from rolecall.planning.pipelines.login_inputs import Words, named_by_variables
from rolecall.planning.verdicts.advising import revocation, steps_to

RECIPES = ("AZ-05", "AZ-01")
CLOUD = "azure"
PLATFORMS = ("github-actions",)

TARGET = "azure:federated-credential"
ACTION = "azure/login"
#: The action's inputs beside `creds`, and the repository variables that they are set from.
#: https://github.com/Azure/login#input-parameters
INPUTS = {
    "client-id": "AZURE_CLIENT_ID",
    "tenant-id": "AZURE_TENANT_ID",
    "subscription-id": "AZURE_SUBSCRIPTION_ID",
}
#: Releases of the action that know no login without a secret (it came with 1.4.0).
_OLD = re.compile(r"v?1\.[0-3](\.\d+)?")


_WORDS = Words(
    " to what the secret says (clientId, tenantId, subscriptionId), which are no secrets",
    "as an application whose trust in this job",
    "the application trusts the job's token",
)


def plan(case: Case, use: Use) -> Move:
    """The job's own token takes over."""
    move = Move(TARGET)
    known: frozenset[str] = frozenset()
    if case.credential.form == "minted":
        known = trust(case, move)
    _workflow(case, use, move, known)
    if not move.complete:
        for step in steps_to(case, TARGET):
            move.hold(move.reasons[0], step)
        if case.credential.form != "minted":
            move.hold(move.reasons[0], revocation(case))
    move.prerequisites[:] = dict.fromkeys(move.prerequisites)
    move.verify["migrate"].append("the sign-in log of service principals shows a federatedCredentialId for the job")
    return move


def _workflow(case: Case, use: Use, move: Move, known: frozenset[str]) -> None:
    if use.workload.site.format != "github":
        move.hold(
            elsewhere(use),
            by_hand(use),
        )
        return

    if serves(case, use):
        try:
            from_environment(case, use, move)
        except Refused as refused:
            move.hold(f"the workflow cannot be edited here: {refused.reason}", by_hand(use))
        return

    def rewrite(job: Resource, step: Resource, inputs: Mapping) -> list[Edit]:
        return _login_edits(case, use, move, job, step, inputs, known)

    edit_workflow(case, use, move, Login(ACTION, ("creds",), rewrite), by_hand(use))


def _login_edits(
    case: Case, use: Use, move: Move, job: Resource, step: Resource, inputs: Mapping, known: frozenset[str]
) -> list[Edit]:
    """Takes `creds` out of a login step; the ids stay or come in as variables of the repository."""
    if _OLD.fullmatch((text(step.get("uses")) or "").rpartition("@")[2]):
        raise Refused("this release of azure/login knows no login without a secret: take 1.4.0 or newer first")
    if (text(inputs.get("auth-type")) or "SERVICE_PRINCIPAL").upper() != "SERVICE_PRINCIPAL":
        raise Refused("the step logs in as the runner's own identity")
    if any(inputs.get(name) is not None for name in INPUTS):
        # the action takes no notice of `creds` where one of the ids is set
        move.prerequisites.append("the application trusts this job's subject by a federated credential")
    new = named_by_variables(
        case,
        use,
        move,
        step,
        dict(_missing(inputs)),
        known,
        _WORDS,
        lambda: (federate(subject, place(job), "CLIENT_ID") for subject in own_subjects(case, job)),
    )
    return replace_inputs(case, step, inputs, ("creds",), new)


def _missing(inputs: Mapping) -> Iterator[tuple[str, str]]:
    """The inputs that the step lacks; a login without subscriptions needs none."""
    for name, variable in INPUTS.items():
        alone = (text(inputs.get("allow-no-subscriptions")) or "").lower() == "true"
        if inputs.get(name) is None and not (alone and name == "subscription-id"):
            yield name, variable


def by_hand(use: Use) -> Handover:
    return Handover(
        "log in by OIDC: a step azure/login with client-id, tenant-id and subscription-id, permissions id-token: "
        "write, and no secret in the step or in env (Terraform: ARM_USE_OIDC=true without ARM_CLIENT_SECRET)",
        use.where,
        "the owner of the workflow",
    )
