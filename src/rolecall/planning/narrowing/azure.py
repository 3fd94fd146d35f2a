"""Wide roles of Azure and of its directory, as migrations of their own: which roles on which resources to write
instead.

None is patched: a role on the control plane says nothing of what its holder reads and writes, and what it calls is not
in the code.  What the holder's workload names in its own configuration is told with the roles for that.  Scope, role
and principal of an assignment force a new one, so the narrow ones come first and the wide one goes in a later apply.
https://learn.microsoft.com/azure/role-based-access-control/built-in-roles,
https://learn.microsoft.com/azure/role-based-access-control/delegate-role-assignments-examples,
https://learn.microsoft.com/graph/permissions-reference
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from rolecall.frontends.values import references
from rolecall.model.finding import Finding
from rolecall.planning.building import identifier
from rolecall.planning.case import Context
from rolecall.planning.migration import Handover, Migration, Subject
from rolecall.planning.narrowing.others import cloud_of

#: The rules that are answered, and the least severity: a grant of less than everything where it takes over much.
RULES: Mapping[str, tuple[str, ...]] = {"RC301": ("critical", "high", "medium"), "RC341": ("critical", "high")}
#: Roles by which a workload uses a resource: to read, and to write where that is another.
ROLES: Mapping[str, tuple[str, ...]] = {
    "azurerm_storage_account": ("Storage Blob Data Reader", "Storage Blob Data Contributor"),
    "azurerm_storage_container": ("Storage Blob Data Reader", "Storage Blob Data Contributor"),
    "azurerm_storage_queue": ("Storage Queue Data Message Processor", "Storage Queue Data Message Sender"),
    "azurerm_storage_table": ("Storage Table Data Reader", "Storage Table Data Contributor"),
    "azurerm_key_vault": ("Key Vault Secrets User",),
    "azurerm_key_vault_secret": ("Key Vault Secrets User",),
    "azurerm_key_vault_key": ("Key Vault Crypto User",),
    "azurerm_container_registry": ("AcrPull", "AcrPush"),
    "azurerm_servicebus_namespace": ("Azure Service Bus Data Receiver", "Azure Service Bus Data Sender"),
    "azurerm_servicebus_queue": ("Azure Service Bus Data Receiver", "Azure Service Bus Data Sender"),
    "azurerm_servicebus_topic": ("Azure Service Bus Data Sender",),
    "azurerm_servicebus_subscription": ("Azure Service Bus Data Receiver",),
    "azurerm_eventhub_namespace": ("Azure Event Hubs Data Receiver", "Azure Event Hubs Data Sender"),
    "azurerm_eventhub": ("Azure Event Hubs Data Receiver", "Azure Event Hubs Data Sender"),
    "azurerm_eventgrid_topic": ("EventGrid Data Sender",),
    "azurerm_app_configuration": ("App Configuration Data Reader",),
    "azurerm_cognitive_account": ("Cognitive Services User",),
    "azurerm_search_service": ("Search Index Data Reader", "Search Index Data Contributor"),
    "azurerm_signalr_service": ("SignalR App Server",),
    "azurerm_web_pubsub": ("Web PubSub Service Owner",),
    "azurerm_kubernetes_cluster": ("Azure Kubernetes Service Cluster User Role",),
    "azurerm_linux_web_app": ("Website Contributor",),
    "azurerm_windows_web_app": ("Website Contributor",),
    "azurerm_linux_function_app": ("Website Contributor",),
    "azurerm_windows_function_app": ("Website Contributor",),
}
#: Permissions of Microsoft Graph that have a narrow sibling.
_GRAPH: Mapping[str, str] = {
    "Application.ReadWrite.All": "Application.ReadWrite.OwnedBy (it manages what it made, or is made owner of)",
    "Sites.FullControl.All": "Sites.Selected, with a grant on each site",
    "Sites.ReadWrite.All": "Sites.Selected, with a grant on each site",
    "Sites.Read.All": "Sites.Selected, with a grant on each site",
    "Files.ReadWrite.All": "Files.SelectedOperations.Selected, with a grant on each file or folder",
    "Mail.ReadWrite": "a management scope of Exchange (RBAC for Applications) that holds the mailboxes it is for",
    "Mail.Send": "a management scope of Exchange (RBAC for Applications) that holds the mailboxes it is for",
    "Directory.ReadWrite.All": "the permission for the one kind of object it writes (User.ReadWrite.All …)",
    "RoleManagement.ReadWrite.Directory": "no program's: let people assign directory roles, for a time (PIM)",
    "AppRoleAssignment.ReadWrite.All": "no program's: an administrator consents to what an application asks",
}
#: Roles that assign roles: without a condition they are as much as Owner.
_ASSIGNERS = ("Owner", "User Access Administrator", "Role Based Access Control Administrator")
_CONDITION = (
    "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR (@Request[Microsoft.Authorization/"
    "roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {ROLE_ID, ROLE_ID}))"
)
_RISK = {"critical": 100, "high": 60, "medium": 30}


def narrow_azure(context: Context, findings: Iterable[Finding]) -> Iterator[Migration]:
    """One migration for each wide grant of Azure or Entra ID."""
    clouds = {identity.site.address: identity.cloud for identity in context.model.identities.values()}
    for finding in findings:
        if finding.severity not in RULES.get(finding.rule, ()):
            continue
        if (clouds.get(finding.identity) or cloud_of(finding.address)) != "azure":
            continue
        span = finding.span
        steps = [*_asked(finding), *_instead(context, finding), *_taken_away(finding)]
        yield Migration(
            id=identifier("grant", finding.address, finding.identity),
            subject=Subject("grant", "role", "azure", finding.address, span.path, span.line, span.end_line),
            identity=finding.identity,
            consumers=(),
            targets=("narrow",),
            disposition="advice",
            reasons=(finding.message, "what it really calls is not in the code, so no patch would be right"),
            handover=tuple(steps),
            risk=_RISK.get(finding.severity, 10),
            effort=5,
        )


def _asked(finding: Finding) -> Iterator[Handover]:
    yield Handover(
        "find out what it called in the last 90 days: the activity log has what it changed, the diagnostic logs of "
        "each resource what it read and wrote there",
        finding.identity or finding.address,
        "the owner of the workload",
        "az monitor activity-log list --caller PRINCIPAL_ID --offset 90d --query [].operationName.value",
        "every operation has a reason",
    )


def _instead(context: Context, finding: Finding) -> Iterator[Handover]:
    """What to write in the place of the grant, as far as the code shows what it is for."""
    if permission := next((name for name in _GRAPH if name in finding.message), ""):
        yield Handover(
            f"ask for {_GRAPH[permission]} in the place of {permission}, and let an administrator consent to it",
            finding.address,
            "the owner of the application",
            "az ad sp show --id CLIENT_ID --query appRoles; az rest --url "
            "https://graph.microsoft.com/v1.0/servicePrincipals/OBJECT_ID/appRoleAssignments",
            "only the narrow permission is listed, and its calls succeed",
        )
        return
    named = list(dict.fromkeys(_named(context, finding)))
    for address, roles in named[:8]:
        yield Handover(
            f"its workload names {address}: write an azurerm_role_assignment with scope = {address}.id and "
            f"role_definition_name = {' or, where it writes, '.join(f'“{role}”' for role in roles)}, beside the wide "
            "one",
            finding.address,
            "the owner of the grant",
            "az role assignment list --assignee PRINCIPAL_ID --all",
            "the new assignment is listed, and nothing has changed yet",
        )
    if not named:
        yield Handover(
            "write assignments of roles for these operations on the resources they are for, beside the wide one: data "
            "roles (Storage Blob Data Reader, Key Vault Secrets User, AcrPull …) for what it reads and writes, the "
            "contributor of one service for what it changes",
            finding.address,
            "the owner of the grant",
            "az role assignment list --assignee PRINCIPAL_ID --all",
            "the new assignments are listed, and nothing has changed yet",
        )
    if any(f" {role} " in f"{finding.message} " for role in _ASSIGNERS):
        yield Handover(
            "where it has to assign roles (a pipeline that deploys): “Role Based Access Control Administrator” with "
            f'condition_version = "2.0" and a condition that names the roles it may give: {_CONDITION}',
            finding.address,
            "the owner of the grant",
            "az role definition list --name ROLE --query [].name",
            "an assignment of Owner by it is refused",
        )


def _named(context: Context, finding: Finding) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The resources that the configuration of the holder's workloads names, with the roles to use each."""
    model = context.model
    holders = {identity.id for identity in model.identities.values() if identity.site.address == finding.identity}
    for workload in model.workloads.values():
        if workload.site.address != finding.identity and (not workload.identity or workload.identity not in holders):
            continue
        resource = context.resource(workload.site)
        for reference in references(resource.body) if resource is not None else ():
            address = reference.target.rpartition("//")[2]
            parts = address.split(".")
            roles = ROLES.get(parts[-2], ()) if len(parts) > 1 else ()
            if roles and address != workload.site.address:
                yield address, roles


def _taken_away(finding: Finding) -> Iterator[Handover]:
    yield Handover(
        "take the wide role away in a later apply: a change of its scope, role or principal deletes it before the new "
        "one works (an assignment may take ten minutes)",
        finding.address,
        "the owner of the grant",
        "az role assignment list --assignee PRINCIPAL_ID --all",
        "the wide role is gone, and the workload's error rate has not moved for a week",
    )
