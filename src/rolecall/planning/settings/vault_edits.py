"""The patches that take a key vault of Azure from its own policies to roles (recipe AZ-23).

Expand gives each policy's holder a role on the vault that allows the same; nothing counts it yet.  Migrate lets roles
count, and then every policy is ignored (https://learn.microsoft.com/azure/key-vault/general/rbac-migration).  Contract
takes the policies out: `access_policy = []`, since the provider leaves what is not written as it is
(https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/resources/key_vault#access_policy).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from rolecall.frontends.values import Sequence, text
from rolecall.model.parts import Misset
from rolecall.planning.case import Context, attribute_text
from rolecall.planning.edits.alignment import format_hcl
from rolecall.planning.edits.hcl_edit import append_item, insert_after, remove, set_attribute
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.edits.repetition import Repetition, repetition
from rolecall.planning.edits.setting_edit import set_value
from rolecall.planning.migration import Edit
from rolecall.planning.proofs.provider_pin import pin_in
from rolecall.planning.proofs.schema_proof import fitting
from rolecall.planning.settings.vault_roles import KINDS, Roles, roles_for
from rolecall.source.hcl import Block

POLICY = "azurerm_key_vault_access_policy"
#: The version that calls it so; before, and up to version 5 beside it, it is enable_rbac_authorization.
NEW_NAME = (4, 42)
_FLAGS = ("rbac_authorization_enabled", "enable_rbac_authorization")
#: What Terraform itself reads and writes in a vault.
_KEPT_IN_VAULTS = ("azurerm_key_vault_secret", "azurerm_key_vault_key", "azurerm_key_vault_certificate")
_WORDS = re.compile(r'\[(?:\s*(?:"\w+"\s*,?|(?:#|//)[^\n]*\n))*\s*\]', re.ASCII)
_WORD = re.compile(r'^\s*"(\w+)"|(?<=[\[,])\s*"(\w+)"', re.ASCII | re.MULTILINE)
_LOCAL = re.compile(r"local(?:\.[\w-]+)+", re.ASCII)
_GROUP = re.compile(r"((?:data\.)?azurerm_resource_group\.[\w-]+)\.name", re.ASCII)
_OWN_LOGIN = re.compile(r"data\.(?:azurerm|azuread)_client_config\.[\w-]+\.object_id", re.ASCII)


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy as the code has it: its block, the top-level one that it stands in, and what it allows.

    `reason` says why no patch can give its holder a role; then `roles` may still say which.
    """

    block: Block
    top: Block
    holder: str
    roles: Roles | None
    reason: str = ""

    @property
    def inline(self) -> bool:
        return self.block is not self.top

    @property
    def address(self) -> str:
        return ".".join(self.top.labels) + (" (access_policy)" if self.inline else "")

    @property
    def place(self) -> str:
        return f"{self.address} ({self.top.text.path}:{self.block.span.line})"


@dataclass(slots=True)
class Way:
    """The edits by phase; `missing` says what stands in their way, and `custom` that roles of one's own are made."""

    edits: dict[str, list[Edit]] = field(default_factory=lambda: {"expand": [], "migrate": [], "contract": []})
    missing: list[str] = field(default_factory=list)
    custom: bool = False


def policies_of(context: Context, unit: str, vault: Block, folder: str) -> Iterator[Policy]:
    """The policies of a vault: those in its block, and those in blocks of their own beside it."""
    for nested in vault.blocks:
        if nested.type == "access_policy":
            yield _policy(context, unit, nested, vault)
        elif nested.type == "dynamic" and nested.labels[:1] == ("access_policy",):
            yield Policy(nested, vault, "", None, "a dynamic block writes its policies")
    if vault.attribute("access_policy") is not None:
        yield Policy(vault, vault, "", None, "its policies are the value of an expression")
    address = ".".join(vault.labels)
    named = re.compile(rb"\b" + re.escape(address.encode()) + rb"\b(?!\.name)")
    for block in context.blocks(folder):
        if block.type == "resource" and block.labels[:1] == (POLICY,) and named.search(block.slice):
            vault_id = block.attribute("key_vault_id")
            plain = rf"{re.escape(address)}(?:\[[^\]\n]*\])?\.id"
            if vault_id is None or not re.fullmatch(plain, attribute_text(block, vault_id).strip()):
                yield Policy(block, block, "", None, f"{'.'.join(block.labels)} names several vaults")
            else:
                yield _policy(context, unit, block, block)


def _policy(context: Context, unit: str, block: Block, top: Block) -> Policy:
    holder = block.attribute("object_id")
    name = attribute_text(block, holder).strip() if holder is not None else ""
    words: dict[str, list[str]] = {}
    for kind in (*KINDS, "storage_permissions"):
        attribute = block.attribute(kind)
        written = attribute_text(block, attribute).strip() if attribute is not None else "[]"
        found = [first or second for first, second in _WORD.findall(written)]
        if not _WORDS.fullmatch(written):
            found = list(_from_locals(context, unit, block, top, kind)) if _LOCAL.fullmatch(written) else []
        if not found and written != "[]":
            return Policy(block, top, name, None, "what its policy allows is not written out there")
        words[kind] = found
    if words.pop("storage_permissions"):
        return Policy(block, top, name, None, "no role does what storage_permissions do")
    roles = roles_for(words)
    if roles is None:
        return Policy(block, top, name, None, "what its policy allows is not known")
    if block.attribute("application_id") is not None:
        return Policy(block, top, name, roles, "a role cannot be bound to an application beside its holder")
    if not name or "\n" in name:
        return Policy(block, top, "", roles, "its holder is not written on one line")
    return Policy(block, top, name, roles)


def _from_locals(context: Context, unit: str, block: Block, top: Block, kind: str) -> Iterator[str]:
    """The words of a list that stands in a local; none where an input has a say in it."""
    read = context.unit(unit, "terraform")
    for resource in read.resources if read is not None and block is top else ():
        if (resource.span.path, resource.span.start) == (top.text.path, top.start):
            value = resource.get(kind)
            items = value.items if isinstance(value, Sequence) else ()
            words = [text(item) for item in items]
            if all(words) and all(hop.kind == "local" for one in (value, *items) if one for hop in one.via):
                yield from filter(None, words)
            return


def way_to_roles(context: Context, about: Misset, vault: Block, policies: Iterable[Policy]) -> Way:
    """The edits of all phases, as far as they can be written."""
    way = Way()
    known = list(policies)
    folder = about.site.module
    assigned: dict[str, list[str]] = {}  # by policy block, the addresses of its roles' blocks
    own: list[str] = []
    made: dict[tuple[str, ...], str] = {}
    for policy in known:
        if policy.reason:
            way.missing.append(f"{policy.place}: {policy.reason}")
            continue
        try:
            new = list(_assignments(context, vault, policy, folder, made, way))
        except Refused as refused:
            way.missing.append(f"{policy.place}: {refused.reason}")
            continue
        addresses = [address for address, _ in new if address]
        code = "\n".join(code for _, code in new)
        if code:
            way.edits["expand"].extend(insert_after(policy.top.text, policy.top.span, format_hcl(code)))
        assigned.setdefault(".".join(policy.top.labels) if not policy.inline else "", []).extend(addresses)
        if _OWN_LOGIN.fullmatch(policy.holder):
            own.extend(addresses)
    try:
        way.edits["migrate"].extend(_switch(context, about))
        _let_wait(context, vault, folder, assigned, own, way)
        way.edits["contract"].extend(_taken_out(vault, known))
    except Refused as refused:
        way.missing.append(refused.reason)
    return way


def _assignments(
    context: Context, vault: Block, policy: Policy, folder: str, made: dict[tuple[str, ...], str], way: Way
) -> Iterator[tuple[str, str]]:
    """The blocks that give a policy's holder its roles, with the address of each role assignment."""
    assert policy.roles is not None
    top, repeated = policy.top, repetition(policy.top)
    address = ".".join(vault.labels)
    scope = f"{address}{repeated.own}.id"
    wanted = f"{vault.labels[1]}_{_short(policy.holder) or vault.labels[1]}"
    if not policy.inline:
        vault_id = top.attribute("key_vault_id")
        scope = attribute_text(top, vault_id).strip() if vault_id is not None else scope
        wanted = top.labels[1]
    granted = [("role_definition_name", json.dumps(role)) for role in policy.roles.built_in]
    of = scope.removeprefix(address).removesuffix(".id")  # which instance, where the vault is made several times
    if policy.roles.actions:
        if policy.roles.actions not in made and (there := _defined(context, folder, address, policy.roles.actions)):
            made[policy.roles.actions] = there
        if policy.roles.actions not in made:
            made[policy.roles.actions], code = _definition(context, vault, policy, folder, wanted)
            way.custom = True
            yield "", code
        granted.append(("role_definition_id", f"{made[policy.roles.actions]}{of}.role_definition_resource_id"))
    for number, (argument, value) in enumerate(granted):
        if _has(context, folder, scope, value, policy.holder):
            continue
        label = context.free_name(
            folder, "azurerm_role_assignment", wanted, f"{policy.address}:{policy.block.start}:{number}", "_role"
        )
        yield f"azurerm_role_assignment.{label}", _block(top, repeated, label, scope, argument, value, policy.holder)


def _defined(context: Context, folder: str, vault: str, actions: tuple[str, ...]) -> str:
    """The address of a role of one's own that the folder has for a vault already, with these actions; "" for none."""
    named = re.compile(rb"\b" + re.escape(vault.encode()) + rb"\b")
    for block in context.blocks(folder):
        if block.labels[:1] == ("azurerm_role_definition",) and named.search(block.slice):
            listed = re.findall(rb'"(Microsoft\.KeyVault/[^"]+)"', block.slice)
            if sorted(listed) == sorted(action.encode() for action in actions):
                return ".".join(block.labels)
    return ""


def _has(context: Context, folder: str, *wanted: str) -> bool:
    """Whether a role assignment in the code says the same: a second one would be refused."""
    for block in context.blocks(folder):
        if block.labels[:1] == ("azurerm_role_assignment",):
            written = {attribute_text(block, attribute).strip() for attribute in block.attributes}
            if written.issuperset(wanted):
                return True
    return False


def _block(top: Block, repeated: Repetition, label: str, scope: str, argument: str, value: str, principal: str) -> str:
    lines = [f'resource "azurerm_role_assignment" "{label}" {{']
    if repeated.argument:
        lines.append(f"  {repeated.argument}")
    provider = top.attribute("provider")
    if provider is not None:
        lines.append(f"  provider = {attribute_text(top, provider).strip()}")
    lines += [f"  scope = {scope}", f"  {argument} = {value}", f"  principal_id = {principal}", "}", ""]
    return "\n".join(lines)


def _definition(context: Context, vault: Block, policy: Policy, folder: str, wanted: str) -> tuple[str, str]:
    """A role that allows what a policy does and nothing else, where no built-in one is so narrow: its address, and the
    block.  A role can be made for a resource group, not for one resource
    (https://learn.microsoft.com/azure/role-based-access-control/role-definitions#assignablescopes).
    """
    assert policy.roles is not None
    repeated = repetition(vault)
    group = vault.attribute("resource_group_name")
    named = _GROUP.fullmatch(attribute_text(vault, group).strip()) if group is not None else None
    address = f"{'.'.join(vault.labels)}{repeated.own}"
    # the id of a vault begins with that of its group: /subscriptions/ID/resourceGroups/NAME
    scope = f"{named[1]}.id" if named else f'join("/", slice(split("/", {address}.id), 0, 5))'
    label = context.free_name(folder, "azurerm_role_definition", wanted, policy.address + str(policy.block.start))
    lines = [f'resource "azurerm_role_definition" "{label}" {{']
    lines += [f"  {repeated.argument}"] if repeated.argument else []
    lines += [f'  name = "${{{address}.name}} {label}"', f"  scope = {scope}"]
    lines += [f"  description = {json.dumps(f'As the access policy of {policy.address} allowed')}", ""]
    lines += ["  permissions {", "    data_actions = ["]
    lines += [f"      {json.dumps(action)}," for action in policy.roles.actions]
    lines += ["    ]", "  }", "}", ""]
    return f"azurerm_role_definition.{label}", "\n".join(lines)


def _short(holder: str) -> str:
    """A word for a holder: the name of what it refers to."""
    parts = re.fullmatch(r"(?:data\.)?\w+\.([\w-]+)(?:\[[^\]]*\])?(?:\.[\w\[\]]+)*", holder, re.ASCII)
    return parts[1] if parts else ""


def flag_of(context: Context, about: Misset) -> str:
    """What the argument that lets roles count is called: as it is written there, else as the provider has it."""
    written = context.block(about.site.span)
    for name in _FLAGS:
        if written.attribute(name) is not None:
            return name
    pin = pin_in(context, about.site.unit, "azurerm")
    older = fitting(context.blocks(about.site.module), "azurerm") if pin.newest is None else None
    return _FLAGS[0] if pin.reaches(*NEW_NAME) and (older is None or older >= NEW_NAME[0]) else _FLAGS[1]


def _switch(context: Context, about: Misset) -> list[Edit]:
    if about.hops:
        hop = about.hops[-1]
        raise Refused(f"whether roles count comes from {hop.address} ({hop.span.path}:{hop.span.line})")
    return set_value(context, about.site, flag_of(context, about), True, about.span)


def _let_wait(
    context: Context, vault: Block, folder: str, assigned: dict[str, list[str]], own: list[str], way: Way
) -> None:
    """What waits for a policy waits for the roles instead; what Terraform itself keeps in the vault for its own role,
    so that a vault made anew from the code has it before.
    """
    address = ".".join(vault.labels)
    in_vault = re.compile(re.escape(address) + r"(?:\[[^\]]*\])?\.id", re.ASCII)
    for block in context.blocks(folder):
        if (block.text.path, block.start) == (vault.text.path, vault.start):
            continue
        waits = block.attribute("depends_on")
        old = attribute_text(block, waits) if waits is not None else ""
        new = old
        for policy, roles in assigned.items():
            name = re.compile(rf"(?<![\w.-]){re.escape(policy)}(?![\w-])(?:\[[^\]]*\])?", re.ASCII)
            if policy and roles and block.labels != tuple(policy.split(".")):
                new = name.sub(", ".join(roles), new)
                rest = (
                    block.slice.decode("utf-8", "replace").replace(old, "", 1)
                    if old
                    else block.slice.decode("utf-8", "replace")
                )
                if name.search(rest):
                    raise Refused(f"{'.'.join(block.labels) or block.type} names {policy}")
        if waits is not None and new != old:
            way.edits["migrate"].append(Edit(block.text.path, waits.value_start, waits.value_end, new))
        elif own and block.type == "resource" and block.labels[:1] and block.labels[0] in _KEPT_IN_VAULTS:
            kept_in = block.attribute("key_vault_id")
            if kept_in is None or not in_vault.fullmatch(attribute_text(block, kept_in).strip()):
                continue
            if waits is None:
                way.edits["migrate"].extend(set_attribute(block.text, block.span, "depends_on", f"[{', '.join(own)}]"))
            elif not any(role in old for role in own):
                span = block.text.span(waits.value_start, waits.value_end)
                way.edits["migrate"].extend(append_item(block.text, span, ", ".join(own)))


def _taken_out(vault: Block, policies: list[Policy]) -> Iterator[Edit]:
    inside = [policy.block.span for policy in policies if policy.inline]
    if inside:
        yield from remove(vault.text, inside)
        yield from set_attribute(vault.text, vault.span, "access_policy", "[]")
    for policy in policies:
        if not policy.inline:
            yield from remove(policy.top.text, [policy.top.span])
