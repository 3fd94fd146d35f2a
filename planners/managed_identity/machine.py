"""Machines and scale sets that are handed a secret in their text (recipe AZ-08): an identity of their own.

An identity is added in place.  A change of `custom_data` replaces a machine, that of a scale set reaches its instances
when they are made anew, `user_data` changes in place
(https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/resources/linux_virtual_machine and
.../linux_virtual_machine_scale_set).  What the text wrote to a disk stays there.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from rolecall.frontends.resource import Resource
from rolecall.planners.managed_identity.assignments import copies, existing, user_assigned
from rolecall.planning.case import Case, Use
from rolecall.planning.edits.hcl_edit import insert_nested_block
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.edits.removal import take_from
from rolecall.planning.migration import Edit, Handover
from rolecall.planning.move import Move
from rolecall.source.hcl import Block

PLATFORM = "azure-vm"
#: Scale sets whose text changes in place, and machines that take an identity block.
_SETS = ("azurerm_linux_virtual_machine_scale_set", "azurerm_windows_virtual_machine_scale_set")
_MACHINES = ("azurerm_linux_virtual_machine", "azurerm_windows_virtual_machine", "azurerm_virtual_machine")
#: Arguments with a text for the machine, its own or an extension's.
_TEXTS = ("custom_data", "user_data", "settings", "protected_settings")
_CLIENT = re.compile(rb"AZURE_CLIENT_ID")
_CLIENT_OF = re.compile(
    rb"AZURE_CLIENT_ID\s*=\s*[\"']?\$\{(azuread_application\.[\w-]+\.(?:client_id|application_id))\}"
)


def give(
    case: Case,
    use: Use,
    move: Move,
    resource: Resource,
    block: Block,
    identity: Callable[[], tuple[str, list[Edit]]],
) -> None:
    """Adds the identity with the application's roles, and takes the secret out of the text where that is right.

    `identity` makes a user-assigned one: its address, and the edits.  Raises Refused.
    """
    kind = block.labels[0]
    if kind not in (*_SETS, *_MACHINES):
        raise Refused(f"{kind} has no identity of its own: give it to the machine it belongs to")
    principal, client = existing(move, block)
    if not principal:
        address, edits = identity()
        principal, client = f"{address}.principal_id", f"{address}.client_id"
        move.add("expand", [*edits, *insert_nested_block(block.text, block.span, user_assigned(block, address))])
    move.add("expand", copies(case, principal, "machine"))
    _text(case, use, move, resource, block, client)
    move.needs["migrate"].append("the programs on the machine use DefaultAzureCredential and read no secret")
    move.verify["migrate"].append(
        "on a machine: curl -H Metadata:true 'http://169.254.169.254/metadata/identity/oauth2/token?"
        "api-version=2018-02-01&resource=https://management.azure.com/' answers with a token"
    )
    move.handover.append(
        Handover(
            "clean the running machines before the secret is deleted: what the text wrote is still on their disks, and "
            "hides the identity",
            use.workload.site.address,
            "the owner of the machines",
            "grep -rl AZURE_CLIENT_SECRET /etc/environment /etc/profile.d /etc/systemd /var/lib/cloud /opt /home /root",
            "nothing is found, and the sign-in log of managed identities shows their calls",
        )
    )


def _text(case: Case, use: Use, move: Move, resource: Resource, block: Block, client: str) -> None:
    """The secret leaves the text of the machine."""
    site = use.workload.site
    written = _written(block, use)
    covered = {"custom_data", "user_data", "all"} & set(resource.ignore_changes)
    if covered:
        move.hold(f"lifecycle.ignore_changes covers {', '.join(sorted(covered))}, so Terraform will not change it")
    if "custom_data" in written and block.labels[0] in _MACHINES:
        move.hold(
            f"a change of custom_data replaces {site.address}, so its owner decides when and how",
            Handover(
                "either replace the machine without the secret in custom_data, or leave it: lifecycle { ignore_changes "
                "= [custom_data] }, take the secret out of the text, and clean the running machine by hand",
                site.address,
                "the owner of the machine",
                f"terraform plan -target={site.address}",
                "the plan replaces nothing that was not to be replaced",
            ),
        )
        return
    if not written <= {"custom_data", "user_data"} or not written:
        raise Refused(f"the secret comes by {', '.join(sorted(written)) or 'another way'}, and is taken out by hand")
    try:
        edits = [*_client_id(block, client), *take_from(case, use)]
    except Refused as refused:
        move.hold(f"the secret cannot be taken out of {site.address}: {refused.reason}")
        return
    move.add("migrate", edits)
    if block.labels[0] in _SETS:
        move.needs["migrate"].append(
            "a window: the instances are made anew with the new text (az vmss update-instances, then az vmss reimage, "
            "where upgrade_mode is Manual)"
        )


def _written(block: Block, use: Use) -> set[str]:
    """The arguments that take the secret in: those that hold its places, else all there are (a template's text)."""
    found = {
        name: attribute
        for holder in (block, *block.blocks)
        for name in _TEXTS
        if (attribute := holder.attribute(name)) is not None
    }
    inside = {
        name
        for name, attribute in found.items()
        for place in use.places
        if place.path == block.text.path and attribute.start <= place.start < attribute.end
    }
    return inside or set(found)


def _client_id(block: Block, client: str) -> list[Edit]:
    """AZURE_CLIENT_ID in the text names the application, which the machine is no more."""
    edits = []
    for match in _CLIENT.finditer(block.slice):
        found = _CLIENT_OF.match(block.slice, match.start())
        if found is None or not client:
            raise Refused("its text sets AZURE_CLIENT_ID, which would name the application instead of the identity")
        start, end = block.start + found.start(1), block.start + found.end(1)
        edits.append(Edit(block.text.path, start, end, client))
    return edits
