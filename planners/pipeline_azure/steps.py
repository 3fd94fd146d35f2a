"""What people do where no patch can be shown: the federated credential, the lines of the pipeline, the secret's end.

Sources: https://docs.gitlab.com/ci/cloud_services/azure/,
https://support.atlassian.com/bitbucket-cloud/docs/integrate-pipelines-with-resource-servers-using-oidc/ (`sub` ends in
the step's id), https://circleci.com/docs/openid-connect-tokens/ (`sub` ends in the user's id),
https://learn.microsoft.com/entra/workload-id/workload-identity-federation-flexible-federated-identity-credentials,
https://developer.hashicorp.com/terraform/cloud-docs/workspaces/dynamic-provider-credentials/azure-configuration,
https://plugins.jenkins.io/oidc-provider/.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rolecall.planning.case import Case, Use
from rolecall.planning.migration import Handover
from rolecall.planning.verdicts.steps import LAST_USE

#: Why a system's jobs cannot be trusted by a subject, by platform.
WHY: Mapping[str, str] = {
    "bitbucket-pipelines": "the subject of Bitbucket's token ends in the step's id, new in each run, and Entra ID "
    "takes no wildcard",
    "circleci": "the subject of CircleCI's token ends in the id of who started it, and Entra ID takes no wildcard",
    "jenkins": "which identity the agent runs with is not in the code",
}

_AGENT = (
    "run these steps on a runner of your own in Azure with a managed identity that has the application's roles, and "
    "log in by az login --identity (Terraform: ARM_USE_MSI=true without ARM_CLIENT_SECRET)",
    "the owner of the runners",
    "az role assignment list --assignee APP_ID --all",
    "the same roles on the same scopes are listed for the identity",
)
_STEPS: Mapping[str, tuple[tuple[str, str, str, str], ...]] = {
    "gitlab-ci": (
        (
            "add a federated credential to the application: issuer https://gitlab.com (or your own server), subject "
            "project_path:GROUP/PROJECT:ref_type:branch:ref:BRANCH exactly, audience api://AzureADTokenExchange",
            "the owner of the application",
            'az ad app federated-credential create --id CLIENT_ID --parameters \'{"name":"gitlab","issuer":'
            '"https://gitlab.com","subject":"SUBJECT","audiences":["api://AzureADTokenExchange"]}\'',
            "az ad app federated-credential list --id CLIENT_ID shows issuer and subject",
        ),
        (
            "in the job: id_tokens: {AZURE_ID_TOKEN: {aud: api://AzureADTokenExchange}}; az login --service-principal "
            "-u CLIENT_ID -t TENANT_ID --federated-token $AZURE_ID_TOKEN in place of the password; for Terraform unset "
            "ARM_CLIENT_SECRET and export ARM_USE_OIDC=true ARM_OIDC_TOKEN=$AZURE_ID_TOKEN before it",
            "the owner of the pipeline",
            "az account show",
            "the sign-in log of service principals shows a federatedCredentialId",
        ),
        (
            "delete the secret's variable of the project, of its groups and of the server",
            "the owner of the project",
            "glab variable list; glab variable delete NAME",
            "the job still logs in",
        ),
    ),
    "bitbucket-pipelines": (_AGENT,),
    "circleci": (_AGENT,),
    "jenkins": (
        _AGENT,
        (
            "take the credential out of withCredentials or credentials('…') in the pipeline, then delete it in Jenkins",
            "the owner of the pipeline",
            "az account show",
            "the build shows the managed identity (type servicePrincipal, name systemAssignedIdentity or its own)",
        ),
    ),
    "hcp-terraform": (
        (
            "add two federated credentials to the application: issuer https://app.terraform.io, subjects "
            "organization:ORGANIZATION:project:PROJECT:workspace:WORKSPACE:run_phase:plan and …:run_phase:apply, "
            "audience api://AzureADTokenExchange",
            "the owner of the application",
            'az ad app federated-credential create --id CLIENT_ID --parameters \'{"name":"plan","issuer":'
            '"https://app.terraform.io","subject":"SUBJECT","audiences":["api://AzureADTokenExchange"]}\'',
            "az ad app federated-credential list --id CLIENT_ID shows both subjects",
        ),
        (
            "set the environment variables TFC_AZURE_PROVIDER_AUTH=true and TFC_AZURE_RUN_CLIENT_ID=<the application's "
            "client id> of the workspace, keep ARM_TENANT_ID and ARM_SUBSCRIPTION_ID, and delete ARM_CLIENT_SECRET and "
            "ARM_CLIENT_ID there and in its variable sets",
            "the owner of the workspace",
            "",
            "a run plans no changes",
        ),
    ),
}


def steps(case: Case, use: Use) -> Iterator[Handover]:
    """The hand-over for one job; the secret's own end too where no code makes it."""
    where = use.workload.site.address
    for what, who, command, check in _STEPS.get(use.workload.platform, ()):
        yield Handover(what, where, who, command, check)
    if case.credential.form != "minted":
        yield Handover(
            "then wait 14 days, and longer than the longest schedule of the pipeline, and delete the secret (it cannot "
            "be switched off)",
            str(case.credential.span),
            "the owner of the application",
            "az ad app credential list --id CLIENT_ID; az ad app credential delete --id CLIENT_ID --key-id KEY_ID",
            f"before that, its last use does not move any more: {LAST_USE.get(('azure', case.credential.cls), '')}",
        )
