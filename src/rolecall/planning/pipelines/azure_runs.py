"""The pipelines that run a folder's Terraform, and what each has to do to bring a token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rolecall.planning.case import Case
from rolecall.planning.edits.workflow_edit import STRANGERS
from rolecall.planning.pipelines.terraform_jobs import Job, other_systems, terraform_jobs

#: What the job of each other system does, and whether Entra ID can compare the subject of its tokens exactly.
#: https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/guides/service_principal_oidc,
#: https://docs.gitlab.com/ci/secrets/id_token_authentication/,
#: https://support.atlassian.com/bitbucket-cloud/docs/integrate-pipelines-with-resource-servers-using-oidc/ (the subject
#: names the step's run), https://circleci.com/docs/guides/permissions-authentication/openid-connect-tokens/ (the user)
_HOW = {
    "GitLab": (
        "give the job `id_tokens: ARM_OIDC_TOKEN: aud: api://AzureADTokenExchange` and the variables "
        "ARM_USE_OIDC=true, ARM_CLIENT_ID and ARM_TENANT_ID; the federated credential has issuer "
        "https://gitlab.com (or your host) and subject project_path:GROUP/PROJECT:ref_type:branch:ref:BRANCH",
        True,
    ),
    "Azure DevOps": (
        "run Terraform inside AzureCLI@2 with a service connection of workload identity federation, and set "
        "ARM_USE_OIDC=true, SYSTEM_ACCESSTOKEN=$(System.AccessToken), SYSTEM_OIDCREQUESTURI=$(System.OidcRequestUri) "
        "and ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID to the connection's id",
        True,
    ),
    "HCP Terraform": (
        "set TFC_AZURE_PROVIDER_AUTH=true and TFC_AZURE_RUN_CLIENT_ID in the workspace, take ARM_CLIENT_ID out of it, "
        "and client_id, use_oidc and client_secret out of the block; two federated credentials, issuer "
        "https://app.terraform.io, subjects organization:ORGANIZATION:"
        "project:PROJECT:workspace:WORKSPACE:run_phase:plan and …:run_phase:apply",
        True,
    ),
    "Bitbucket": ("run it on a runner in Azure with a managed identity and ARM_USE_MSI=true", False),
    "CircleCI": ("run it on a runner in Azure with a managed identity and ARM_USE_MSI=true", False),
    "Jenkins": ("run it on an agent in Azure with a managed identity and ARM_USE_MSI=true", False),
}


@dataclass(frozen=True, slots=True)
class Other:
    """A pipeline of another system: its file and what its job does; `exact` where Entra ID can compare its subject."""

    name: str
    path: str
    how: str
    exact: bool
    written: str


@dataclass(frozen=True, slots=True)
class Runs:
    """What runs a folder: jobs of GitHub, and pipelines of other systems; `strangers` names events that forbid it."""

    jobs: tuple[Job, ...]
    strangers: str
    others: tuple[Other, ...]


def runs(case: Case, folder: str, variables: Sequence[str]) -> Runs:
    """The pipelines of the tree that run the Terraform code of a folder with this login."""
    every = list(terraform_jobs(case.context))
    named = [job for job in every if folder and folder.rpartition("/")[2] in job.written]
    logged_in = [job for job in every if "ARM_" in job.written or any(f"TF_VAR_{v}" in job.written for v in variables)]
    jobs = named or logged_in or ([] if folder and len(every) > 1 else every)
    bad = {event for job in jobs for event in job.ways.events if event in STRANGERS}
    others = [
        Other(name, path, *_HOW[name], case.context.text(path).data.decode("utf-8", "replace"))
        for name, path in (other_systems(case.context) if not jobs else ())
    ]
    for block in case.context.blocks(folder):
        # https://developer.hashicorp.com/terraform/cloud-docs/workspaces/dynamic-provider-credentials/azure-configuration
        if block.type == "terraform" and any(
            one.type == "cloud" or (one.type == "backend" and one.labels == ("remote",)) for one in block.blocks
        ):
            name = "HCP Terraform"
            others.append(Other(name, block.text.path, *_HOW[name], "ARM_CLIENT_ID"))
    return Runs(tuple(jobs), ", ".join(sorted(bad)), tuple(others))
