"""A secret that a pipeline's variables hold: the exact steps to a service connection without one.

What `addSpnToEnvironment` gives a script (servicePrincipalId, tenantId, idToken) is in
https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/azure-cli-v2, what Terraform takes of it in
https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/guides/service_principal_oidc
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.frontends.values import text
from rolecall.planning.case import Case, Use
from rolecall.planning.migration import Handover
from rolecall.planning.verdicts.advising import revocation

#: The names by which Terraform takes a login from the environment.
_TERRAFORM = "ARM_CLIENT_SECRET"


def scripted_steps(case: Case, use: Use) -> Iterator[Handover]:
    """The hand-over of one job of Azure Pipelines that is given the secret by its variables."""
    where = use.workload.site.address
    yield Handover(
        "make a service connection for the application of the secret: Project settings, Service connections, Azure "
        "Resource Manager, App registration or managed identity (manual), Workload identity federation; let the "
        "application trust the issuer and the subject that the dialog shows (audience api://AzureADTokenExchange)",
        where,
        "the administrator of the project and the owner of the application",
        'az ad app federated-credential create --id CLIENT_ID --parameters \'{"name":"azure-devops","issuer":"ISSUER",'
        '"subject":"SUBJECT","audiences":["api://AzureADTokenExchange"]}\'',
        "“Verify and save” succeeds, and the connection may be used by this pipeline alone (Security)",
    )
    yield _pipeline(case, use)
    yield Handover(
        "then take the secret out of the pipeline's variables and of its variable group",
        where,
        "the owner of the pipeline",
        'az pipelines variable-group list --query "[].{name:name,variables:keys(variables)}" -o json; az pipelines '
        "variable list --pipeline-name PIPELINE",
        "a run succeeds without it",
    )
    yield revocation(case)


def _pipeline(case: Case, use: Use) -> Handover:
    first = use.places[0]
    place = f"{first.path}:{first.line}"
    check = "the run succeeds, and the sign-in log of service principals shows a federatedCredentialId"
    if _TERRAFORM in use.fields or any(name.startswith("TF_VAR_") for name in use.fields):
        return Handover(
            "run the commands of this step in the task AzureCLI@2 with azureSubscription: <the connection>, "
            "addSpnToEnvironment: true and scriptType: bash, and let them begin with: export ARM_USE_OIDC=true "
            "ARM_CLIENT_ID=$servicePrincipalId ARM_TENANT_ID=$tenantId ARM_OIDC_TOKEN=$idToken (and "
            "ARM_SUBSCRIPTION_ID as it is); take the secret out of env and out of the provider. Each step that runs "
            "Terraform does so, since the token is for a few minutes and its login for an hour",
            place,
            "the owner of the pipeline",
            check=check,
        )
    task = _task(case, use)
    return Handover(
        "let the commands of this step run in the task AzureCLI@2 (AzurePowerShell@5 for PowerShell) with "
        "azureSubscription: <the connection>, without az login"
        + (f", in the place of {task}" if task else "")
        + "; code that logs in by itself takes AzurePipelinesCredential, or DefaultAzureCredential inside that task",
        place,
        "the owner of the pipeline",
        check=check,
    )


def _task(case: Case, use: Use) -> str:
    """The task that has the secret; "" for a script."""
    unit = case.context.unit(use.workload.site.unit, "azure-pipelines")
    for step in unit.resources if unit is not None else ():
        if step.mode == "step" and any(step.span.contains(place) for place in use.places):
            return text(step.get("uses_name")) or ""
    return ""
