"""What people do where no patch can be shown: the provider, the role's trust, the lines of the pipeline, the key's end.

Sources: https://docs.gitlab.com/ci/cloud_services/aws/,
https://support.atlassian.com/bitbucket-cloud/docs/deploy-on-aws-using-bitbucket-pipelines-openid-connect/,
https://circleci.com/docs/openid-connect-tokens/, https://circleci.com/developer/orbs/orb/circleci/aws-cli,
https://aws.amazon.com/blogs/modernizing-with-aws/how-to-federate-into-aws-from-azure-devops-using-openid-connect,
https://plugins.jenkins.io/pipeline-aws/,
https://developer.hashicorp.com/terraform/cloud-docs/workspaces/dynamic-provider-credentials/aws-configuration.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from rolecall.frontends.values import text
from rolecall.planning.case import Case, Use
from rolecall.planning.migration import Handover

#: The tasks of the AWS Toolkit for Azure DevOps.
_TOOLKIT = re.compile(
    r"(?:AWSCLI|AWSShellScript|AWSPowerShellModuleScript|CloudFormation\w+|CodeDeploy\w+|S3\w+|Lambda\w+|ECRPushImage"
    r"|BeanstalkDeployApplication|BeanstalkCreateApplicationVersion|SecretsManager\w+|SystemsManager\w+|SendMessage)"
)
#: By platform: (what, who, command, how to see that it is done), in order.
_STEPS: Mapping[str, tuple[tuple[str, str, str, str], ...]] = {
    "gitlab-ci": (
        (
            "make an OIDC provider for https://gitlab.com (or your own server), audience the same URL, and a role with "
            "the user's permissions whose trust has StringEquals gitlab.com:aud https://gitlab.com and gitlab.com:sub "
            "project_path:GROUP/PROJECT:ref_type:branch:ref:BRANCH",
            "the owner of the account",
            "aws iam create-open-id-connect-provider --url https://gitlab.com --client-id-list https://gitlab.com",
            "aws iam get-role --role-name ROLE shows the exact subject",
        ),
        (
            "in the job: id_tokens: {AWS_ID_TOKEN: {aud: https://gitlab.com}}; before the first command: unset "
            "AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN; export AWS_ROLE_ARN=<the role's ARN> "
            'AWS_WEB_IDENTITY_TOKEN_FILE="$(mktemp)"; printf \'%s\' "$AWS_ID_TOKEN" > "$AWS_WEB_IDENTITY_TOKEN_FILE"',
            "the owner of the pipeline",
            "aws sts get-caller-identity",
            "the job shows assumed-role",
        ),
        (
            "delete the key's variables of the project, of its groups and of the server: they hide the role",
            "the owner of the project",
            "glab variable list; glab variable delete AWS_ACCESS_KEY_ID; glab variable delete AWS_SECRET_ACCESS_KEY",
            "the job still shows assumed-role",
        ),
    ),
    "bitbucket-pipelines": (
        (
            "make an OIDC provider for "
            "https://api.bitbucket.org/2.0/workspaces/WORKSPACE/pipelines-config/identity/oidc, "
            "audience ari:cloud:bitbucket::workspace/WORKSPACE_UUID, and a role with the user's permissions whose "
            "trust has StringEquals on its aud and StringLike on its sub {REPOSITORY_UUID}:{ENVIRONMENT_UUID}:* "
            "({REPOSITORY_UUID}:* for a step without deployment; the last part is the step's, new in each run)",
            "the owner of the account",
            "the URL, audience and UUIDs are in the repository's settings: Pipelines, OpenID Connect",
            "aws iam get-role --role-name ROLE shows the repository's UUID",
        ),
        (
            "in the step: oidc: true; before the first command: unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY; export "
            "AWS_ROLE_ARN=<the role's ARN> AWS_WEB_IDENTITY_TOKEN_FILE=\"$(mktemp)\"; printf '%s' "
            '"$BITBUCKET_STEP_OIDC_TOKEN" > "$AWS_WEB_IDENTITY_TOKEN_FILE" (the pipes atlassian/aws-*: '
            "AWS_OIDC_ROLE_ARN in place of both keys)",
            "the owner of the pipeline",
            "aws sts get-caller-identity",
            "the step shows assumed-role",
        ),
        (
            "delete AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY among the variables of the repository, the deployment "
            "and the workspace: they hide the role",
            "the owner of the repository",
            "",
            "the step still shows assumed-role",
        ),
    ),
    "circleci": (
        (
            "make an OIDC provider for https://oidc.circleci.com/org/ORGANIZATION_ID, audience ORGANIZATION_ID, and a "
            "role with the user's permissions whose trust has StringEquals on its aud and StringLike on its sub "
            "org/ORGANIZATION_ID/project/PROJECT_ID/user/*",
            "the owner of the account",
            "both ids are in the settings of the organization and of the project (Overview)",
            "aws iam get-role --role-name ROLE shows the project's id",
        ),
        (
            "in the job: the step aws-cli/setup of the orb circleci/aws-cli (5 or newer) with role_arn: <the role's "
            "ARN> and without access keys, before the first command that needs AWS",
            "the owner of the pipeline",
            "aws sts get-caller-identity",
            "the job shows assumed-role",
        ),
        (
            "delete AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY from the project and from its contexts: they hide the "
            "role",
            "the owner of the project",
            "circleci context remove-secret github ORGANIZATION CONTEXT AWS_ACCESS_KEY_ID",
            "the job still shows assumed-role",
        ),
    ),
    "azure-pipelines": (
        (
            "make a role with the user's permissions that trusts the issuer of the organization "
            "(https://vstoken.dev.azure.com/ORGANIZATION_ID), audience api://AzureADTokenExchange, subject "
            "sc://ORGANIZATION/PROJECT/CONNECTION exactly, and an AWS service connection of the AWS Toolkit "
            "(1.15 or newer) with Use OIDC and that role",
            "the owner of the account and of the project",
            "the organization's id is that of https://dev.azure.com/ORGANIZATION/_apis/connectionData (instanceId)",
            "aws iam get-role --role-name ROLE shows the exact subject",
        ),
        (
            "let the job's commands run in the task AWSShellScript@1 with awsCredentials: <the connection>, and take "
            "the key out of the script, of env and of the variable group",
            "the owner of the pipeline",
            "aws sts get-caller-identity",
            "the task shows assumed-role",
        ),
    ),
    "jenkins": (
        (
            "give the agent a role of its own: an instance profile or a pod's role, one for each pool of agents that "
            "may do this (every job on the agent has it), with leave to assume a role that has the user's permissions "
            "and trusts that one only",
            "the owner of the agents",
            "aws sts get-caller-identity on the agent, without keys",
            "it shows the agent's role",
        ),
        (
            "wrap the commands in withAWS(role: '<the role's name>', roleAccount: '<the account>') { … } of the plugin "
            "Pipeline: AWS Steps, in place of withCredentials or credentials('…')",
            "the owner of the pipeline",
            "aws sts get-caller-identity",
            "the build shows assumed-role",
        ),
        (
            "delete the credential in Jenkins",
            "the owner of the controller",
            "",
            "the build still shows assumed-role",
        ),
    ),
    "hcp-terraform": (
        (
            "make an OIDC provider for https://app.terraform.io, audience aws.workload.identity, and a role with the "
            "user's permissions whose trust has StringEquals app.terraform.io:aud aws.workload.identity and "
            "app.terraform.io:sub organization:ORGANIZATION:project:PROJECT:workspace:WORKSPACE:run_phase:plan and "
            "…:run_phase:apply",
            "the owner of the account",
            "aws iam create-open-id-connect-provider --url https://app.terraform.io "
            "--client-id-list aws.workload.identity",
            "aws iam get-role --role-name ROLE shows the exact subjects",
        ),
        (
            "set the environment variables TFC_AWS_PROVIDER_AUTH=true and TFC_AWS_RUN_ROLE_ARN=<the role's ARN> of the "
            "workspace, and delete AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY there and in its variable sets",
            "the owner of the workspace",
            "",
            "a run plans no changes, and CloudTrail shows the role",
        ),
    ),
}


def steps(case: Case, use: Use, made: bool) -> Iterator[Handover]:
    """The hand-over for one job; the key's own end too where no code makes it.  `made` says that a patch makes the
    role, which is the first step otherwise.
    """
    where = use.workload.site.address
    toolkit = _toolkit(case, use)
    for what, who, command, check in _STEPS.get(use.workload.platform, ())[1 if made else 0 :]:
        if toolkit and what.startswith("let the job's commands run"):
            what = (
                f"give the task {toolkit} the input awsCredentials: <the connection>, and take AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY out of its env and out of the variable group"
            )
        yield Handover(what, where, who, command, check)
    if case.credential.form != "minted":
        yield Handover(
            "then switch the key off, wait 14 days and longer than the longest schedule of the pipeline, and delete it",
            str(case.credential.span),
            "the owner of the account",
            "aws iam update-access-key --status Inactive --user-name USER --access-key-id KEY_ID; "
            "aws iam get-access-key-last-used --access-key-id KEY_ID",
            "nothing fails, and the last use does not move any more",
        )


def _toolkit(case: Case, use: Use) -> str:
    """The task of the AWS Toolkit for Azure DevOps that is given the key; "" where another one is, or a script.
    https://docs.aws.amazon.com/vsts/latest/userguide/task-reference.html
    """
    if use.workload.platform != "azure-pipelines" or not use.places:
        return ""
    unit = case.context.unit(use.workload.site.unit, "azure-pipelines")
    for step in unit.resources if unit is not None else ():
        name = text(step.get("uses_name")) or ""
        if step.mode == "step" and _TOOLKIT.fullmatch(name) and all(step.span.contains(place) for place in use.places):
            return name
    return ""
