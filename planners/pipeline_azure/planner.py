"""Pipelines other than GitHub's that log in to Azure (recipe AZ-06): a federated credential in place of the secret.

The application stays, with its role assignments.  Entra ID compares a subject exactly and knows no wildcard
(https://learn.microsoft.com/entra/workload-id/workload-identity-federation-create-trust), so only systems whose
subjects do not change from run to run can be served: GitLab's jobs by branch, HCP Terraform's runs by phase.
Bitbucket's end in the id of the step and CircleCI's in that of the user.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rolecall.planners.pipeline_azure.steps import WHY, steps
from rolecall.planning.case import Case, Use, attribute_text
from rolecall.planning.edits.hcl_edit import insert_after
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.edits.repetition import repetition
from rolecall.planning.migration import Handover
from rolecall.planning.move import Move
from rolecall.planning.pipelines.gitlab_job import log_in
from rolecall.planning.pipelines.gitlab_project import (
    OTHERS,
    gitlab_host,
    gitlab_subjects,
    project_path,
    seen_by_others,
)
from rolecall.planning.pipelines.hcp_workspace import HOST, replace_variables, runs, variables
from rolecall.planning.pipelines.job_commands import TokenLogin
from rolecall.planning.pipelines.own_repository import hold_unless_here
from rolecall.planning.principals.azure_application import Application, application_of
from rolecall.planning.templates import render
from rolecall.source.hcl import Block

RECIPES = ("AZ-06",)
CLOUD = "azure"
PLATFORMS = ("gitlab-ci", "bitbucket-pipelines", "circleci", "jenkins", "hcp-terraform")

TARGET = "azure:federated-credential"
AUDIENCE = "api://AzureADTokenExchange"
_TOKEN = "AZURE_ID_TOKEN"
_SECRET = "ARM_CLIENT_SECRET"
#: The option of `az login --service-principal` that holds the secret, and what takes its place.
#: https://learn.microsoft.com/cli/azure/reference-index#az-login (--federated-token)
_LOGIN = re.compile(rb"""(?<=\s)(?:-p|--password)(?:\s+|=)["']?\$\{?\w+\}?["']?(?=\s|\Z)""")
_AZ = re.compile(r"\baz\s+login\b(?=.*\s--service-principal\b)", re.DOTALL)
_TERRAFORM = re.compile(r"(?m)(?:^|[\s;&|(])(?:terraform|tofu|terragrunt)\s+[a-z-]")
_OTHER = r"\b(?:pulumi|packer|ansible(?:-playbook)?)(?=\s)"

#: What a run with dynamic credentials sets itself, and a workspace must not.
#: https://developer.hashicorp.com/terraform/cloud-docs/dynamic-provider-credentials/azure-configuration
_RUNS_OWN = frozenset({"ARM_CLIENT_ID", "ARM_USE_OIDC", "ARM_OIDC_TOKEN"})

_CREDENTIAL = "azuread_application_federated_identity_credential"
_OPEN = "which project or branch may log in is not in the code"


@dataclass(frozen=True, slots=True)
class _Issuer:
    """Whose tokens are trusted: `host` without its scheme, the subjects as HCL string texts (() for an input, which
    `ask` describes), and what tells the blocks from those of other systems.
    """

    name: str
    host: str
    subjects: tuple[str, ...]
    ask: str


def plan(case: Case, use: Use) -> Move:
    """The token of the job, or of the run, takes over."""
    move = Move(TARGET)
    platform = use.workload.platform
    if platform in ("gitlab-ci", "hcp-terraform") and case.credential.form == "minted":
        try:
            application = application_of(case)
            move.reuses = application.address
            if platform == "gitlab-ci":
                _gitlab(case, use, move, application)
            else:
                _runs(case, move, application)
        except Refused as refused:
            move.hold(refused.reason)
    else:
        move.hold(WHY.get(platform, "the application of the secret is not in the scanned code"))
    if not move.complete:
        for step in steps(case, use):
            move.hold(move.reasons[0], step)
    move.verify["migrate"].append("the sign-in log of service principals shows a federatedCredentialId for the job")
    return move


def _trust(case: Case, move: Move, application: Application, issuer: _Issuer) -> None:
    """Adds the federated credentials that are not there yet."""
    there, waiting = _trusted(case, application, issuer.host)
    if waiting:
        move.hold(_OPEN, _set(case, f"the for_each of {waiting}", issuer.ask))
        return
    missing = tuple(subject for subject in issuer.subjects if subject not in there)
    if issuer.subjects and not missing:
        move.prerequisites.append(f"{application.address} trusts the job's subject already, by its own code")
        return
    wanted = [f"{application.label}_{issuer.name}{f'_{at}' if at else ''}" for at, _ in enumerate(missing or ("",))]
    labels = [case.context.free_name(case.folder, _CREDENTIAL, label, f"{label}{issuer.name}") for label in wanted]
    variable = ""
    if not missing:
        variable = case.context.free_name(case.folder, "variable", f"{issuer.name}_oidc_subjects", application.address)
        move.hold(_OPEN, _set(case, variable, issuer.ask))
    block = application.block
    code = render(
        "pipeline_azure/credential.tf.j2",
        variable=variable,
        ask=issuer.ask,
        labels=labels,
        subjects=missing,
        name=issuer.name,
        host=issuer.host,
        application=application.argument,
    )
    move.add("expand", insert_after(block.text, block.span, code))
    move.permissions.append("Application.ReadWrite.OwnedBy")
    move.verify["expand"].append("az ad app federated-credential list shows issuer and subjects")


def _set(case: Case, variable: str, ask: str) -> Handover:
    return Handover(
        f"set {variable} to the exact subjects: {ask}",
        case.folder or ".",
        "the owner of the pipeline",
        check="the job's login succeeds from the branch that deploys, and fails from any other",
    )


def _trusted(case: Case, application: Application, host: str) -> tuple[frozenset[str], str]:
    """The subjects of an issuer that the application trusts by blocks beside it, as they are written, and the address
    of a block whose subjects are an input ("" for none).
    """
    named = re.compile(rb"\b" + re.escape(application.address.encode()) + rb"\b")
    found: set[str] = set()
    waiting = ""
    for block in case.context.blocks(case.folder):
        subject = block.attribute("subject")
        if block.labels[:1] != (_CREDENTIAL,) or subject is None or not named.search(block.slice):
            continue
        if (block.plain("issuer") or "").rstrip("/") != f"https://{host}":
            continue
        found.add(attribute_text(block, subject).strip().strip('"'))
        if repetition(block).name:
            waiting = ".".join(block.labels)
    return frozenset(found), waiting


def _gitlab(case: Case, use: Use, move: Move, application: Application) -> None:
    host = gitlab_host(case)
    subjects = gitlab_subjects(case)
    _trust(case, move, application, _Issuer("gitlab", host, subjects.texts, subjects.ask))
    if host != "gitlab.com":
        move.prerequisites.append(f"Entra ID reaches https://{host}/.well-known/openid-configuration from outside")
    if use.workload.site.format != "gitlab":
        move.hold(f"the pipeline that reads {use.workload.site.address} is in another repository")
        return
    names = sorted({end.store.name for end in case.stores if end.store.kind == "gitlab-variable"} - {""})
    arm = _SECRET in names
    login = TokenLogin(
        _TOKEN,
        AUDIENCE,
        (f"unset {_SECRET}", f'export ARM_USE_OIDC=true ARM_OIDC_TOKEN="${_TOKEN}"') if arm else (),
        re.compile(r"(?!)"),
        _TERRAFORM,
        re.compile("|".join((*map(re.escape, names), _OTHER))),
        (_AZ, _LOGIN, f"--federated-token ${_TOKEN}".encode()),
    )
    try:
        move.add("migrate", log_in(case, use, login))
    except Refused as refused:
        move.hold(f"the job cannot be edited here: {refused.reason}")
        return
    hold_unless_here(case, move, project_path(case), use.places[0].path)
    if arm:
        move.prerequisites.append(
            "azurerm is 3.7 or newer, azuread 2.22 or newer and Terraform 1.2 or newer; a run ends within the hour for "
            "which the job's token is taken"
        )
    if seen_by_others(case):
        move.unseen = True
        move.others = OTHERS
    move.needs["migrate"] += ("phase expand is applied",)


def _runs(case: Case, move: Move, application: Application) -> None:
    """https://developer.hashicorp.com/terraform/cloud-docs/workspaces/dynamic-provider-credentials/azure-configuration"""
    there = variables(case)
    if set(there) != {_SECRET}:
        raise Refused(f"the secret is in {', '.join(sorted(there)) or 'no variable'}, not in {_SECRET}")
    whose = runs(case)
    if not whose.exact:
        raise Refused("a workspace does not name its project, and a subject with a wildcard is taken by nobody here")
    _trust(case, move, application, _Issuer("hcp", HOST, whose.subjects, ""))
    new = {
        "TFC_AZURE_PROVIDER_AUTH": '"true"',
        "TFC_AZURE_RUN_CLIENT_ID": f"{application.address}.{application.client_id}",
    }
    move.add("migrate", replace_variables(case, {**there, **_own_logins(case, there[_SECRET])}, new))
    move.needs["migrate"] += (
        "no run of the workspaces is under way, and their provider blocks name no login of their own",
        "ARM_TENANT_ID and ARM_SUBSCRIPTION_ID are set in the workspaces, and no other ARM_CLIENT_ID, ARM_USE_OIDC or "
        "ARM_OIDC_TOKEN is: a run sets these itself",
        "azurerm is 3.25 or newer, azuread 2.29 or newer; agents of one's own are of version 1.7.0 or newer",
    )


def _own_logins(case: Case, secret: Block) -> dict[str, Block]:
    """The variables beside the secret, of the same workspaces, that a run with a login of its own must not have."""
    scopes = {name: secret.attribute(name) for name in ("workspace_id", "variable_set_id")}
    texts = {name: attribute_text(secret, scope) for name, scope in scopes.items() if scope is not None}
    found: dict[str, Block] = {}
    for block in case.context.blocks(case.folder):
        name = block.plain("key") if block.labels[:1] == ("tfe_variable",) else None
        if name not in _RUNS_OWN or block.plain("category") != "env" or repetition(block).name:
            continue
        if all(
            (scope := block.attribute(kind)) is not None and attribute_text(block, scope) == text
            for kind, text in texts.items()
        ):
            found[name] = block
    return found
