"""The role assignments of an application, once more for the identity that takes over (rule R4)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rolecall.model.parts import Credential
from rolecall.planning.case import Case, Use, attribute_text
from rolecall.planning.edits.alignment import format_hcl
from rolecall.planning.edits.hcl_edit import insert_after
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.migration import Edit
from rolecall.planning.move import Move
from rolecall.source.hcl import Attribute, Block

#: What a copy takes over as it is: all that says what is granted, where and under which condition
#: (https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/resources/role_assignment).
_KEPT = (
    "for_each",
    "count",
    "provider",
    "scope",
    "role_definition_id",
    "role_definition_name",
    "condition",
    "condition_version",
    "description",
    "delegated_managed_identity_resource_id",
)
_OWN = re.compile(r"\[\s*(azurerm_user_assigned_identity\.[\w-]+)\.id\s*,?\s*\]")
_REFERENCE = re.compile(r'(=\s*)"\$\{[^"]*\}"\s*$', re.MULTILINE)


def obstacles(case: Case) -> Iterator[str]:
    """Why what the application may do cannot be copied."""
    resource = case.context.resource(case.owner.site) if case.owner is not None else None
    if resource is not None and resource.get("required_resource_access") is not None:
        yield "it may call other APIs (required_resource_access), which a managed identity is granted in another way"
    if not case.grants:
        yield "what the application may do is not in the code, so that nobody can tell what the identity needs"
    for grant in case.grants:
        if grant.site.type != "azurerm_role_assignment":
            yield f"{grant.site.address} grants it something that a managed identity is given in another way"
        elif grant.site.module != case.folder:
            yield f"{grant.site.address} is in another module"


def copies(case: Case, principal: str, ending: str) -> list[Edit]:
    """A role assignment for `principal` (an expression) after each of the application's; `ending` is for its name."""
    edits: list[Edit] = []
    for grant in case.grants:
        block = case.context.block(grant.site.span)
        if block.labels[:1] != ("azurerm_role_assignment",) or block.blocks:
            raise Refused(f"{grant.site.address} cannot be copied")
        if _has(case, block, principal):
            continue
        label = case.context.free_name(case.folder, block.labels[0], f"{block.labels[1]}_{ending}", ending)
        lines = [f'resource "azurerm_role_assignment" "{label}" {{']
        lines += [_line(block, attribute) for attribute in block.attributes if attribute.name in _KEPT]
        lines.append(f"  principal_id = {in_manner_of(block, principal)}")
        edits += insert_after(block.text, block.span, _aligned([*lines, "}"]))
    return edits


def _has(case: Case, block: Block, principal: str) -> bool:
    """Whether the principal has the same role on the same scope by a block beside it."""

    def written(one: Block, name: str) -> str:
        attribute = one.attribute(name)
        return attribute_text(one, attribute).strip() if attribute is not None else ""

    same = [(name, written(block, name)) for name in ("scope", "role_definition_id", "role_definition_name")]
    return any(
        other.labels[:1] == block.labels[:1]
        and principal in written(other, "principal_id")
        and all(written(other, name) == value for name, value in same)
        for other in case.context.blocks(case.folder)
    )


def in_manner_of(block: Block, expression: str) -> str:
    """An expression as its neighbours are written: Terraform before 0.12 knows references in quotes only."""
    if _REFERENCE.search(block.slice.decode("utf-8", "replace")) is None:
        return expression
    return f'"${{{expression.replace("[0]", ".0")}}}"'


def refuse_second_identity(case: Case, use: Use) -> None:
    """Raises Refused where an application's secret of the same workload is to become an identity too: a workload takes
    one `identity` block, and what comes later uses the one that is there then.
    """
    for other, _ in other_secrets(case, use):
        raise Refused(
            f"it takes the secret {other.site.address} too, whose migration gives it an identity: apply that one, then "
            "run rolecall plan again"
        )


def other_secrets(case: Case, use: Use) -> Iterator[tuple[Credential, str]]:
    """The secrets of other applications that a workload takes, each with the name of its setting."""
    for other in case.model.credentials.values():
        kind = (other.cloud, other.cls, other.form)
        if other.site.declaration == case.credential.site.declaration or kind != ("azure", "client-secret", "minted"):
            continue
        if other.site.unit == case.credential.site.unit:
            for one in case.model.flow(other).consumptions:
                if one.workload.site.declaration == use.workload.site.declaration:
                    yield other, one.steps[-1].field


def existing(move: Move, block: Block) -> tuple[str, str]:
    """HCL of the principal of the identity that it has, and of its client id ("" where none is to be named)."""
    own = [nested for nested in block.blocks if nested.type == "identity"]
    if any(nested.type == "dynamic" and nested.labels[:1] == ("identity",) for nested in block.blocks) or len(own) > 1:
        raise Refused("its identity is computed")
    if not own:
        return "", ""
    kind = own[0].plain("type")
    ids = own[0].attribute("identity_ids")
    if kind == "SystemAssigned" and ids is None:
        move.reuses = ".".join(block.labels[:2]) + ".identity"
        return f"{'.'.join(block.labels[:2])}.identity[0].principal_id", ""
    match = _OWN.fullmatch(attribute_text(own[0], ids).strip()) if ids is not None else None
    if kind == "UserAssigned" and match is not None:
        move.reuses = match[1]
        return f"{match[1]}.principal_id", f"{match[1]}.client_id"
    raise Refused("it has several identities, or one that is not plainly named: give that one the application's roles")


def user_assigned(block: Block, address: str) -> str:
    """The block by which a workload takes a user-assigned identity."""
    named = in_manner_of(block, f"{address}.id")
    return f'identity {{\n  type         = "UserAssigned"\n  identity_ids = [{named}]\n}}'


def _line(block: Block, attribute: Attribute) -> str:
    return "  " + block.text.data[attribute.start : attribute.end].decode("utf-8", "replace").strip()


def _aligned(lines: list[str]) -> str:
    return format_hcl("\n".join(lines) + "\n")
