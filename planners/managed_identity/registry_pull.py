"""Images that a workload pulls with a password (recipe AZ-14): its identity pulls them instead, with AcrPull.

Sources: https://learn.microsoft.com/azure/container-instances/using-azure-container-registry-mi (an identity of a user;
no virtual network), https://learn.microsoft.com/azure/app-service/configure-custom-container (the app's own identity),
https://learn.microsoft.com/azure/container-apps/managed-identity-image-pull, and the azurerm provider:
`image_registry_credential` of azurerm_container_group forces a new group, `identity` does not.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from rolecall.frontends.resource import Resource
from rolecall.planners.managed_identity.assignments import refuse_second_identity, user_assigned
from rolecall.planning.case import Case, Use, attribute_text
from rolecall.planning.edits.hcl_edit import insert_after, insert_nested_block, remove, set_attribute
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.edits.repetition import repetition
from rolecall.planning.migration import Edit, Handover
from rolecall.planning.move import Move
from rolecall.planning.templates import render
from rolecall.source.hcl import Attribute, Block
from rolecall.source.text import Span

ROLE = "AcrPull"
_CREDENTIAL = "image_registry_credential"
_STACK = ("docker_registry_username", "docker_registry_password")
_SETTINGS = ("DOCKER_REGISTRY_SERVER_USERNAME", "DOCKER_REGISTRY_SERVER_PASSWORD")
_FIELDS = (f"{_CREDENTIAL}.password", "docker_registry_password", "docker.registry_password", _SETTINGS[1])
#: The first types of App Service, what they call the switch (azurerm 2.71 to 3.x), and what it is called since.
_OLDER = ("azurerm_app_service", "azurerm_app_service_slot")
_OLD = ("acr_use_managed_identity_credentials", "acr_user_managed_identity_client_id")
_NEW = ("container_registry_use_managed_identity", "container_registry_managed_identity_client_id")
_TYPES = (
    *("azurerm_container_group", "azurerm_container_app", "azurerm_container_app_job", *_OLDER),
    *("azurerm_linux_web_app", "azurerm_windows_web_app", "azurerm_linux_web_app_slot", "azurerm_windows_web_app_slot"),
    *("azurerm_linux_function_app", "azurerm_linux_function_app_slot"),
)
_REGISTRY = re.compile(
    r"((?:data\.)?azurerm_container_registry\.[\w-]+)\.(?:login_server|admin_username|admin_password)"
)
#: What must not be ignored, whichever of them a type has.
_CHANGED = frozenset(("all", "identity", "site_config", "app_settings", "registry", "secret", _CREDENTIAL))
_MakeIdentity = Callable[[], tuple[str, list[Edit]]]


@dataclass(frozen=True, slots=True)
class _Pulls:
    """Where a workload has the password: `spans` go, `edits` tell it to use its identity."""

    spans: tuple[Span, ...]
    edits: tuple[Edit, ...]
    written: str


def serves(case: Case, use: Use) -> bool:
    """Whether all that a workload does with a secret is to pull its images."""
    if case.credential.cls not in ("password", "client-secret") or not use.fields:
        return False
    return all(name in _FIELDS for name in use.fields) or _registry_secret(case, use) is not None


def plan(case: Case, use: Use, make: _MakeIdentity) -> Move:
    """An identity that may pull; then the password goes.  `make` writes an identity of its own for the workload."""
    move = Move("azure:managed-identity", platform=True)
    site = use.workload.site
    resource = case.context.resource(site)
    try:
        if resource is None or site.format != "terraform":
            raise Refused("the workload cannot be read again")
        block = case.context.block(site.span)
        if covered := _CHANGED & set(resource.ignore_changes):
            raise Refused(f"lifecycle.ignore_changes covers {', '.join(sorted(covered))}")
        if repetition(block).name:
            raise Refused("it is made several times, so each instance needs an identity of its own")
        _move(case, use, move, resource, block, make)
    except Refused as refused:
        move.hold(f"{site.address} is not changed: {refused.reason}", _by_hand(use))
        return move
    move.needs["migrate"].append(
        "the role on the registry has been there for ten minutes; a registry with a closed network is Premium and lets "
        "trusted services in"
    )
    move.verify["expand"].append(f"az role assignment list --assignee PRINCIPAL_ID --all lists {ROLE}")
    move.verify["migrate"].append("the workload starts again with its image, and the log shows no ImagePull failure")
    move.permissions.extend(
        ("Microsoft.ManagedIdentity/userAssignedIdentities/write", "Microsoft.Authorization/roleAssignments/write")
    )
    return move


def _move(case: Case, use: Use, move: Move, resource: Resource, block: Block, make: _MakeIdentity) -> None:
    kind = block.labels[0]
    if kind not in _TYPES:
        raise Refused(f"{kind} has no argument by which it pulls with its identity")
    principal, made = own_identity(case, use, move, block, make)
    address = principal.removesuffix(".principal_id").removesuffix(".identity[0]")
    if kind == "azurerm_container_group":
        if resource.get("subnet_ids") is not None or resource.get("network_profile_id") is not None:
            raise Refused("it is in a virtual network, where a container group cannot pull by an identity")
        if (block.plain("os_type") or "") != "Linux":
            raise Refused("whether a group that is not plainly Linux can pull by an identity depends on its image")
        pulls = _group(block, use, address)
        move.needs["migrate"].append("a window: the registry's login replaces the group, and its address with it")
    elif kind in ("azurerm_container_app", "azurerm_container_app_job"):
        pulls = _app(case, use, block, address)
    else:
        pulls = _site(use, block, "" if ".identity[0]" in principal else address)
    registry = _REGISTRY.search(pulls.written)
    if registry is None:
        raise Refused("which registry it pulls from is not in the code beside it")
    label = case.context.free_name(case.folder, "azurerm_role_assignment", f"{block.labels[1]}_pull", address)
    code = render("managed_identity/role.tf.j2", label=label, scope=f"{registry[1]}.id", principal=principal, role=ROLE)
    move.add("expand", made)
    if not has_role(case, f"{registry[1]}.id", principal, ROLE):
        move.add("expand", insert_after(block.text, block.span, code))
    move.add("migrate", remove(block.text, pulls.spans))
    move.add("migrate", pulls.edits)
    if case.credential.form != "minted":
        move.handover.append(
            Handover(
                "when nothing else logs in with the registry's admin user, set admin_enabled = false",
                registry[1],
                "the owner of the registry",
                "az acr update --name REGISTRY --admin-enabled false",
                "pulls and pushes succeed, and ContainerRegistryLoginEvents shows no login of the admin user",
            )
        )


def own_identity(case: Case, use: Use, move: Move, block: Block, make: _MakeIdentity) -> tuple[str, list[Edit]]:
    """HCL of the principal that a workload is, and the edits that make it one: an app of App Service is itself, a
    container group or app takes an assigned one.  `make` writes an identity of its own.
    """
    own = [nested for nested in block.blocks if nested.type == "identity"]
    if any(nested.type == "dynamic" and nested.labels[:1] == ("identity",) for nested in block.blocks) or len(own) > 1:
        raise Refused("its identity is computed")
    if not own:
        refuse_second_identity(case, use)
    if block.labels[0].startswith("azurerm_container_"):
        address, made = _assigned(move, block, own, make)
        return f"{address}.principal_id", made
    address, made = _itself(move, block, own)
    inside = ".identity[0]" if address == ".".join(block.labels[:2]) else ""
    return f"{address}{inside}.principal_id", made


def _assigned(move: Move, block: Block, own: list[Block], make: _MakeIdentity) -> tuple[str, list[Edit]]:
    """An identity that is assigned to the workload: the one it has, or a new one."""
    if not own:
        address, made = make()
        return address, [*made, *insert_nested_block(block.text, block.span, user_assigned(block, address))]
    ids = own[0].attribute("identity_ids")
    found = re.findall(r"(azurerm_user_assigned_identity\.[\w-]+)\.id", attribute_text(own[0], ids) if ids else "")
    if len(found) != 1:
        raise Refused("it has an identity already, and not exactly one that is assigned to it beside it")
    move.reuses = found[0]
    return found[0], []


def _itself(move: Move, block: Block, own: list[Block]) -> tuple[str, list[Edit]]:
    """An app's own identity; where it has one that is assigned to it and none of its own, that one."""
    address = ".".join(block.labels[:2])
    if not own:
        return address, list(insert_nested_block(block.text, block.span, 'identity {\n  type = "SystemAssigned"\n}'))
    if "SystemAssigned" not in (own[0].plain("type") or ""):
        return _assigned(move, block, own, lambda: ("", []))
    move.reuses = f"{address}.identity"
    return address, []


def _group(block: Block, use: Use, address: str) -> _Pulls:
    found = [nested for nested in block.blocks if nested.type == _CREDENTIAL and _holds(nested, use)]
    if len(found) != 1:
        raise Refused(f"its {_CREDENTIAL} is not written in the block itself")
    gone = [_span(found[0], name) for name in ("username", "password")]
    edits = set_attribute(block.text, found[0].span, "user_assigned_identity_id", f"{address}.id")
    return _Pulls(tuple(gone), edits, found[0].slice.decode("utf-8", "replace"))


def _site(use: Use, block: Block, assigned: str) -> _Pulls:
    """An app of App Service: the arguments of its stack, or the settings that came before them.  `assigned` is the
    identity that it pulls with, "" for its own.
    """
    sites = [nested for nested in block.blocks if nested.type == "site_config"]
    if len(sites) != 1:
        raise Refused("its site_config is not written in the block itself")
    switch, client = _OLD if block.labels[0] in _OLDER else _NEW
    edits = set_attribute(block.text, sites[0].span, switch, "true")
    if assigned:
        edits += set_attribute(block.text, sites[0].span, client, f"{assigned}.client_id")
    for nested in sites[0].blocks:
        for inner, names in (
            (nested, _STACK),
            *((one, ("registry_username", "registry_password")) for one in nested.blocks),
        ):
            if inner.attribute(names[1]) is not None and _holds(inner, use):
                spans = tuple(_span(inner, name) for name in names)
                return _Pulls(spans, edits, inner.slice.decode("utf-8", "replace"))
    settings = block.attribute("app_settings")
    if settings is None or use.fields != (_SETTINGS[1],):
        raise Refused("the password is not written in the block itself")
    written = attribute_text(block, settings)
    spans = tuple(_entry(block, settings, name) for name in _SETTINGS)
    return _Pulls(spans, edits, written)


def _app(case: Case, use: Use, block: Block, address: str) -> _Pulls:
    """A container app: the registry names the identity; the secret that only it took goes."""
    found = _registry_secret(case, use)
    if found is None:
        raise Refused("its registry is not written in the block itself")
    registry, secret = found
    gone = [_span(registry, name) for name in ("username", "password_secret_name")]
    edits = set_attribute(block.text, registry.span, "identity", f"{address}.id")
    return _Pulls((*gone, secret.span), edits, registry.slice.decode("utf-8", "replace"))


def _registry_secret(case: Case, use: Use) -> tuple[Block, Block] | None:
    """The registry of a container app whose password is in a secret, and that secret, which nothing else names."""
    if use.workload.platform != "container-apps" or use.workload.site.format != "terraform" or len(use.fields) != 1:
        return None
    block = case.context.block(use.workload.site.span)
    name = use.fields[0]
    registries = [b for b in block.blocks if b.type == "registry" and b.plain("password_secret_name") == name]
    secrets = [b for b in block.blocks if b.type == "secret" and b.plain("name") == name]
    if len(registries) != 1 or len(secrets) != 1 or block.slice.count(f'"{name}"'.encode()) != 2:
        return None
    return registries[0], secrets[0]


def _holds(block: Block, use: Use) -> bool:
    return any(block.start <= place.start and place.end <= block.end for place in use.places)


def _span(block: Block, name: str) -> Span:
    attribute = block.attribute(name)
    if attribute is None:
        raise Refused(f"it has no {name} beside the password")
    return block.text.span(attribute.start, attribute.end)


def _entry(block: Block, settings: Attribute, name: str) -> Span:
    """The line of a setting in the object that is written in the block."""
    line = re.compile(rb'^[ \t]*"?' + name.encode() + rb'"?[ \t]*[=:][^\n{}\[\]]*$', re.MULTILINE)
    found = list(line.finditer(block.text.data, settings.value_start, settings.value_end))
    if len(found) != 1:
        raise Refused(f"{name} is not written in the settings themselves")
    start = found[0].start() + len(found[0][0]) - len(found[0][0].lstrip())
    return block.text.span(start, found[0].end() - (len(found[0][0]) - len(found[0][0].rstrip(b" \t\r,"))))


def has_role(case: Case, scope: str, principal: str, role: str) -> bool:
    """Whether a block beside it gives the principal a role on what `scope` (HCL) names."""
    for block in case.context.blocks(case.folder):
        written = block.slice.decode("utf-8", "replace")
        if (
            block.labels[:1] == ("azurerm_role_assignment",)
            and block.plain("role_definition_name") == role
            and re.search(rf"(?<![\w.]){re.escape(scope)}(?![\w.])", written)
            and principal in written
        ):
            return True
    return False


def _by_hand(use: Use) -> Handover:
    how = {
        "container-instances": "image_registry_credential with user_assigned_identity_id in place of username and "
        "password (it replaces the group)",
        "container-apps": "registry with identity in place of username and password_secret_name",
    }.get(
        use.workload.platform,
        "site_config.container_registry_use_managed_identity = true in place of the registry's user name and password",
    )
    return Handover(
        f"let the workload pull by an identity: {ROLE} on the registry for it, then {how}",
        use.workload.site.address,
        "the owner of the workload",
        f"az role assignment create --role {ROLE} --assignee PRINCIPAL_ID --scope REGISTRY_ID",
        "the workload starts again with its image",
    )
