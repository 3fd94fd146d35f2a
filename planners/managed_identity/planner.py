"""Azure's compute (recipes AZ-09, 11, 13): a managed identity takes over from an application's secret.

The identity is given the application's role assignments and is attached while the secret still works; then the secret
leaves the settings, and AZURE_CLIENT_ID names the identity: with a client id and no secret the default credential goes
on to the managed identity (https://learn.microsoft.com/azure/developer/intro/authentication-overview).
"""

from __future__ import annotations

from functools import partial

from rolecall.catalog.entries import catalog
from rolecall.frontends.resource import Resource
from rolecall.model.flow.fields import Field, fields
from rolecall.model.parts import Credential
from rolecall.planners.managed_identity import host_storage, machine, registry_pull, service_role
from rolecall.planners.managed_identity.assignments import (
    copies,
    existing,
    in_manner_of,
    obstacles,
    other_secrets,
    user_assigned,
)
from rolecall.planning.case import Case, Use, attribute_text
from rolecall.planning.edits.hcl_edit import insert_after, insert_nested_block, remove, set_attribute, set_entry
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.edits.removal import take_from, take_out
from rolecall.planning.edits.repetition import repetition
from rolecall.planning.migration import Edit, Handover
from rolecall.planning.move import Move
from rolecall.planning.templates import render
from rolecall.planning.verdicts.advising import steps_at
from rolecall.source.hcl import Block
from rolecall.source.text import Span

RECIPES = ("AZ-08", "AZ-09", "AZ-10", "AZ-11", "AZ-13", "AZ-14", "AZ-16", "AZ-17", "AZ-20")
CLOUD = "azure"
PLATFORMS = ("app-service", "azure-functions", "container-apps", "container-instances", "aks", machine.PLATFORM)

_CLIENT_ID, _SECRET = "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"
#: What the edits touch, in all types: nothing is changed there where the owner keeps it from being changed.
_SETTINGS = frozenset(
    ("all", "identity", "app_settings", "connection_string", "template", "secret", "container", "service_principal")
)
#: Types whose environment cannot change in place: the group is replaced, and with it its address
#: (azurerm_container_group, `environment_variables` forces a new resource).
_REPLACED = ("azurerm_container_group",)


def plan(case: Case, use: Use) -> Move:
    """The workload's identity takes over."""
    if host_storage.serves(case, use):
        return host_storage.plan(case, use)
    if registry_pull.serves(case, use):
        block = case.context.block(use.workload.site.span)
        return registry_pull.plan(case, use, partial(_identity, case, use, block))
    if service_role.serves(case, use):
        block = case.context.block(use.workload.site.span)
        return service_role.plan(case, use, partial(_identity, case, use, block))
    move = Move("azure:managed-identity")
    site = use.workload.site
    for reason in obstacles(case):
        move.hold(reason, _by_hand(use))
    if site.module != case.folder:
        move.hold(f"{site.address} is in another module than the application", _by_hand(use))
    resource = case.context.resource(site)
    if resource is None or site.format != "terraform":
        move.hold("the workload cannot be read again", _by_hand(use))
    elif move.complete:
        try:
            block = case.context.block(site.span)
            if covered := set(resource.ignore_changes) & _SETTINGS:
                raise Refused(f"lifecycle.ignore_changes covers {', '.join(sorted(covered))}")
            if repetition(block).name:
                raise Refused(f"{site.address} is made several times, so each instance needs an identity of its own")
            if use.workload.platform == "aks":
                _cluster(case, use, move, block)
            elif use.workload.platform == machine.PLATFORM:
                machine.give(case, use, move, resource, block, partial(_identity, case, use, block))
            else:
                _application(case, use, move, resource, block)
        except Refused as refused:
            move.hold(refused.reason, _by_hand(use))
    if not move.complete:
        for step in steps_at(case, use.workload.platform):
            move.hold(move.reasons[0], step)
    move.permissions.extend(
        ("Microsoft.ManagedIdentity/userAssignedIdentities/write", "Microsoft.Authorization/roleAssignments/write")
    )
    return move


def _cluster(case: Case, use: Use, move: Move, block: Block) -> None:
    """A cluster changes from its service principal to an identity in place; its nodes follow when they are upgraded
    (https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/resources/kubernetes_cluster#identity).
    """
    old = [nested for nested in block.blocks if nested.type == "service_principal"]
    if len(old) != 1 or any(nested.type == "identity" for nested in block.blocks):
        raise Refused(f"{use.workload.site.address} does not have exactly a service_principal and no identity")
    principal = f"{'.'.join(block.labels)}.identity[0].principal_id"
    edits = list(remove(block.text, [old[0].span]))
    edits += insert_nested_block(block.text, block.span, 'identity {\n  type = "SystemAssigned"\n}')
    edits += copies(case, principal, "cluster")
    move.add("migrate", edits)
    move.needs["migrate"].append("there is no way back to the service principal: try it on a cluster of the same kind")
    move.verify["migrate"].append("az aks show --query identity.type says SystemAssigned, and pods are scheduled")
    move.handover.append(
        Handover(
            "upgrade every node pool after phase migrate and before the secret goes: the kubelets keep the service "
            "principal until then",
            use.workload.site.address,
            "the owner of the cluster",
            "az aks nodepool upgrade --node-image-only --cluster-name CLUSTER --name POOL --resource-group GROUP",
            "az aks show --query identityProfile.kubeletidentity names an identity",
        )
    )


def _application(case: Case, use: Use, move: Move, resource: Resource, block: Block) -> None:
    site = use.workload.site
    others = dict(other_secrets(case, use))
    shadow = next((other for other, name in others.items() if name == _SECRET), None)
    if shadow is not None and _SECRET not in use.fields:
        raise Refused(
            f"{_SECRET} of {shadow.site.address} goes before every identity: apply that one's migration, then run "
            "rolecall plan again"
        )
    principal, client = existing(move, block)
    expand: list[Edit] = []
    if not principal:
        if use.workload.identity or use.workload.identity_text:
            raise Refused(f"{site.address} has an identity already: give that one the application's roles")
        address, expand = _identity(case, use, block)
        principal, client = f"{address}.principal_id", f"{address}.client_id"
        expand += insert_nested_block(block.text, block.span, user_assigned(block, address))
    expand += copies(case, principal, "identity")
    migrate = [*take_from(case, use), *_client_id(case, resource, use, block, client)]
    move.add("expand", expand)
    move.add("migrate", migrate)
    if site.type in _REPLACED:
        move.needs["migrate"].append(
            "a window: a change of its environment replaces the group, and its address with it"
        )
    move.needs["migrate"].append("the released code uses DefaultAzureCredential and reads no secret")
    move.verify["migrate"].append(
        "the sign-in log of managed identities shows the identity, that of service principals no new sign-in"
    )
    move.handover.append(
        Handover(
            "release code that uses DefaultAzureCredential before phase migrate",
            site.address,
            "the owner of the application",
            check="no client is built with a secret",
        )
    )


def _identity(case: Case, use: Use, block: Block) -> tuple[str, list[Edit]]:
    """A user-assigned identity after the workload: its address, and the edits."""
    label = case.context.free_name(
        case.folder, "azurerm_user_assigned_identity", block.labels[1], use.workload.site.address
    )
    address = f"azurerm_user_assigned_identity.{label}"
    code = render(
        "managed_identity/identity.tf.j2",
        label=label,
        name=_text(block, "name"),
        group=_text(block, "resource_group_name"),
        location=_location(block),
        origin=min(_origin(case, one) for one in (case.credential, *(other for other, _ in other_secrets(case, use)))),
    )
    return address, list(insert_after(block.text, block.span, code))


def _origin(case: Case, credential: Credential) -> str:
    """Where an identity comes from: the same one for all secrets that it takes over from."""
    owner = case.model.owner(credential)
    return owner.site.address if owner is not None else credential.site.address


def _client_id(case: Case, resource: Resource, use: Use, block: Block, client_id: str) -> list[Edit]:
    """AZURE_CLIENT_ID of the identity: in place of the application's, or beside where the secret was.  An identity that
    is the workload's own (`client_id` "") is what the credential takes where none is named.
    """
    settings = list(fields(resource, catalog()[resource.type].inputs))
    written = [item for item in settings if item.name == _CLIENT_ID]
    if not client_id:
        return take_out(case.context, [item.span for item in written])
    value = in_manner_of(block, client_id)
    if len(written) == 1 and written[0].style == "map":
        around = _map_of(block, written[0])
        return list(set_entry(block.text, around, _CLIENT_ID, value))
    if len(written) == 1 and written[0].style == "pairs":
        return list(set_attribute(block.text, written[0].span, "value", value))
    secrets = [item for item in settings if item.span in use.places]
    if not written and secrets and all(item.style == "map" for item in secrets):
        return list(set_entry(block.text, _map_of(block, secrets[0]), _CLIENT_ID, value))
    raise Refused(f"{_CLIENT_ID} cannot be set in the settings")


def _map_of(block: Block, item: Field) -> Span:
    """The object in a block, or in one inside it, that an entry stands in."""
    for attribute in block.attributes:
        if attribute.value_start <= item.span.start and item.span.end <= attribute.value_end:
            return block.text.span(attribute.value_start, attribute.value_end)
    for nested in block.blocks:
        if nested.start <= item.span.start and item.span.end <= nested.end:
            return _map_of(nested, item)
    raise Refused(f"{item.name} is not written in the block itself")


def _text(block: Block, name: str) -> str:
    attribute = block.attribute(name)
    if attribute is None:
        raise Refused(f"it has no {name} to take over")
    return attribute_text(block, attribute)


def _location(block: Block) -> str:
    """The workload's location; of one that takes its environment's, that of its resource group."""
    if block.attribute("location") is not None:
        return _text(block, "location")
    group = _text(block, "resource_group_name")
    if group.startswith("azurerm_resource_group.") and group.endswith(".name"):
        return group.removesuffix(".name") + ".location"
    raise Refused("its location is not in the code")


def _by_hand(use: Use) -> Handover:
    return Handover(
        "give the workload a managed identity with the application's roles",
        use.workload.site.address,
        "the owner of the workload",
        "az role assignment list --assignee APPLICATION --all",
        "the workload's calls succeed under the identity",
    )
