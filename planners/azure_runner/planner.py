"""Terraform that runs with a client secret or an account key of Azure (recipes AZ-01, 02, 03): provider and backend log
in by the token of where they run.

The providers try a certificate first, then a secret, then a token of OIDC, the machine's identity and the Azure CLI
(https://github.com/hashicorp/go-azure-sdk/blob/main/sdk/auth/auth.go): the secret goes in the same step in which
`use_oidc` comes, and a person's own login goes on to work, since without a token OIDC is passed over.
https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/guides/service_principal_oidc and
https://developer.hashicorp.com/terraform/language/backend/azurerm
"""

from __future__ import annotations

import re
import shlex

from rolecall.frontends.values import text
from rolecall.planners.github_azure.environment import federate, keeps_secret, without_secret
from rolecall.planners.github_azure.trust import trust
from rolecall.planning.case import Case, Use, attribute_text
from rolecall.planning.edits.azure_login import KEYS, old_release, token_edits
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.edits.login_block import login_block
from rolecall.planning.edits.workflow_edit import all_may_ask
from rolecall.planning.migration import Edit, Handover
from rolecall.planning.move import Move
from rolecall.planning.pipelines.azure_runs import Runs, runs
from rolecall.planning.pipelines.fed_variable import fed_elsewhere, unused_variables
from rolecall.source.hcl import Block

RECIPES = ("AZ-01", "AZ-02", "AZ-03")
CLOUD = "azure"
PLATFORMS = ("terraform",)

TARGET = "azure:federated-credential"
#: A login of Terraform's own in the text of a pipeline: that of the Azure CLI is for people
#: (https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/guides/azure_cli).
_LOGGED_IN = re.compile(r"ARM_CLIENT_ID|ARM_USE_(?:MSI|OIDC)")
_NOT_SEEN = "what runs Terraform, and how it logs in, is not in the code"
_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def plan(case: Case, use: Use) -> Move:
    """The secret leaves the block, and a token takes its place."""
    move = Move(TARGET, also=["azure:managed-identity"])
    site = use.workload.site
    backend = use.workload.label == "backend"
    try:
        block = login_block(case, use)
        old_release(case.context, (site.module, block))
        if case.credential.form == "minted":
            trust(case, move)
        if feeder := fed_elsewhere(case, use):
            raise Refused(
                f"{feeder} hands its secret to what runs Terraform here, and how that logs in is not in the code"
            )
        found = runs(case, site.module, [name for field in use.fields if (name := _variable(block, field))])
        keyed = any(name in KEYS for name in use.fields)
        move.add("migrate", _edits(use, block, _by_token(found) if keyed else True))
        variables = unused_variables(case, use)
        move.add("migrate", variables.edits)
        if variables.left:
            move.handover.append(
                Handover(
                    f"drop var.{variables.left} where nothing else reads it, and what sets it",
                    site.address,
                    "the owner of the code",
                )
            )
        if keyed:
            _opened_by_role(move, found)
        if not keyed or _by_token(found):
            _pipelines(case, use, move, found)
    except Refused as refused:
        move.hold(f"{site.address} is not changed: {refused.reason}", _by_hand(use, backend))
    if backend:
        _state(case, use, move)
    else:
        move.verify["migrate"].append("terraform plan shows no changes with the new login")
        move.verify["migrate"].append("the sign-in log of service principals shows a federatedCredentialId")
    _ending(case, use, move)
    move.prerequisites[:] = dict.fromkeys(move.prerequisites)
    return move


def _by_token(found: Runs) -> bool:
    """Whether all jobs seen name an application, which then logs in to the storage account too."""
    return bool(found.jobs) and all("ARM_CLIENT_ID" in job.written for job in found.jobs)


def _opened_by_role(move: Move, found: Runs) -> None:
    """A backend whose key opened the account by itself: from now on its runner has to be logged in."""
    move.needs["migrate"].append(
        "whoever runs Terraform is logged in to Entra ID: ARM_USE_OIDC, ARM_CLIENT_ID and ARM_TENANT_ID in a pipeline, "
        "ARM_USE_MSI=true on a machine in Azure, az login at a desk"
    )
    if not found.jobs:
        move.wait_for(_NOT_SEEN)
    seen = [(job.resource.address, job.written) for job in found.jobs] + [(o.path, o.written) for o in found.others]
    for name, written in seen:
        if not _LOGGED_IN.search(written):
            move.hold(
                f"{name} runs it, and Terraform is not logged in to Azure there but by this key",
                Handover(
                    "let the job log in by its own token (permission id-token: write, ARM_USE_OIDC=true, ARM_CLIENT_ID "
                    "and ARM_TENANT_ID), then run rolecall plan again",
                    name,
                    "the owner of the pipeline",
                    "az account show",
                    "it names the application",
                ),
            )


def _edits(use: Use, block: Block, by_token: bool) -> list[Edit]:
    """The block's own edits; Refused where the secret is not written in it."""
    own = [attribute for name in use.fields if (attribute := block.attribute(name)) is not None]
    starts = {attribute.start for attribute in own}
    if len(own) != len(use.places) or any(place.start not in starts for place in use.places):
        raise Refused("the secret is not written in the block itself")
    return token_edits(block, use.fields, by_token)


def _pipelines(case: Case, use: Use, move: Move, found: Runs) -> None:
    """What runs Terraform, where the tree shows it, asks for a token that the application trusts."""
    if found.strangers:
        raise Refused(f"a workflow that runs it starts on {found.strangers}, where strangers could use the token")
    for job in found.jobs:
        if kept := keeps_secret(case, job):
            move.hold(
                f"ARM_CLIENT_SECRET in the environment of {job.resource.address} would be taken before a token: {kept}",
                Handover(
                    "take ARM_CLIENT_SECRET out of the job's environment (ARM_USE_OIDC=true in its place), then run "
                    "rolecall plan again",
                    job.resource.span.path,
                    "the owner of the workflow",
                    "terraform plan",
                    "the job logs in by its token",
                ),
            )
        else:
            move.add("migrate", without_secret(case, job))
        move.add("migrate", all_may_ask(case, move, job.ways))
    for other in found.others:
        step = Handover(other.how, other.path, "the owner of the pipeline", "", "terraform plan shows no changes")
        if other.exact:
            move.hold(f"{other.name} runs it ({other.path}), and its job has to ask for a token first", step)
        else:
            move.hold(f"{other.name} runs it ({other.path}), whose tokens Entra ID cannot compare exactly", step)
    if case.credential.form == "minted":
        return
    move.needs["migrate"].append(
        "the application trusts the tokens of what runs Terraform here, by a federated credential (ARM_USE_MSI=true on "
        "a machine in Azure whose identity has the same roles; at a desk az login goes on to work)"
    )
    if found.jobs:
        move.wait_for("the application is not in the code, and has to trust the job's token before the secret goes")
    else:
        move.wait_for(_NOT_SEEN)
        move.needs["migrate"].append(
            "ARM_CLIENT_SECRET is not set where Terraform runs: a secret in the environment is taken before a token"
        )
    subjects = list(dict.fromkeys(subject for job in found.jobs for subject in job.subjects)) or [
        "repo:OWNER/NAME:environment:ENVIRONMENT for GitHub"
    ]
    move.handover.extend(federate(one, use.workload.site.address, _client_id(case, use)) for one in subjects)


def _client_id(case: Case, use: Use) -> str:
    resource = case.context.resource(use.workload.site)
    known = text(resource.get("client_id")) if resource is not None else None
    return known if known and _GUID.fullmatch(known) else "CLIENT_ID"


def _variable(block: Block, name: str) -> str:
    """The variable that an argument is; "" where it is anything else."""
    attribute = block.attribute(name)
    written = attribute_text(block, attribute).strip() if attribute is not None else ""
    match = re.fullmatch(r'(?:"\$\{\s*)?var\.([\w-]+)(?:\s*\}")?', written)
    return match[1] if match else ""


def _state(case: Case, use: Use, move: Move) -> None:
    resource = case.context.resource(use.workload.site)
    account, container = (
        shlex.quote(known) if resource is not None and (known := text(resource.get(name))) else name.upper()
        for name in ("storage_account_name", "container_name")
    )
    if any(name in KEYS for name in use.fields):
        move.handover.insert(
            0,
            Handover(
                "give whoever runs Terraform Storage Blob Data Contributor on the container of the state, before phase "
                "migrate",
                use.workload.site.address,
                "the owner of the storage account",
                'az role assignment create --role "Storage Blob Data Contributor" --assignee CLIENT_ID --scope '
                f"$(az storage account show --name {account} --query id -o tsv)/blobServices/default/containers/"
                f"{container}",
                f"az storage blob list --auth-mode login --account-name {account} --container-name {container} lists "
                "the state",
            ),
        )
        move.needs["migrate"].append("the role on the state's container has been there for ten minutes")
        move.permissions.append("Microsoft.Authorization/roleAssignments/write")
    move.needs["migrate"].append("terraform init -reconfigure (not -migrate-state: account, container and key stay)")
    move.verify["migrate"].append("terraform plan shows no changes, with ARM_ACCESS_KEY and ARM_SAS_TOKEN unset")
    move.handover.append(
        Handover(
            "delete .terraform/terraform.tfstate and old plan files: they hold the secret",
            use.workload.site.address,
            "everybody with a checkout",
        )
    )


def _ending(case: Case, use: Use, move: Move) -> None:
    if case.credential.form == "minted":
        return
    key = case.credential.cls in ("access-key", "sas")
    command = (
        "az storage account keys renew --account-name ACCOUNT --key primary"
        if key
        else "az ad app credential delete --id CLIENT_ID --key-id KEY_ID"
    )
    if case.credential.form == "literal" and "example" not in case.credential.marks:
        move.handover.insert(
            0,
            Handover(
                "as soon as phase migrate is applied, end this secret: it is in the history of the repository",
                str(case.credential.span),
                "the owner of the storage account" if key else "the owner of the application",
                command,
                "the old one is refused",
            ),
        )
        return
    move.handover.append(
        Handover(
            "when its last use has not moved for 14 days, delete the secret where it is kept, and end it",
            str(case.credential.span),
            "the owner of the storage account" if key else "the owner of the application",
            command,
            "the sign-in log of service principals shows no servicePrincipalCredentialKeyId of it"
            if not key
            else "the metric Transactions by Authentication shows no AccountKey",
        )
    )


def _by_hand(use: Use, backend: bool) -> Handover:
    what = "use_azuread_auth = true and use_oidc = true" if backend else "use_oidc = true"
    return Handover(
        f"log in without a secret: {what} (use_msi = true on a machine in Azure) in place of {', '.join(use.fields)}",
        use.workload.site.address,
        "whoever runs Terraform",
        "terraform init -reconfigure && terraform plan" if backend else "terraform plan",
        "the plan shows no changes",
    )
