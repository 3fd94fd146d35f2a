"""Azure roles: what a role assignment names, and what a custom role allows.

Role ids: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rolecall.frontends.resource import Resource
from rolecall.frontends.values import Value, find, is_known, references
from rolecall.model.parts import Document, Statement

if TYPE_CHECKING:
    from rolecall.model.extraction import Extraction

#: Built-in roles that hand out the rest, by the id under which they are assigned.
BUILT_IN = {
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
    "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168": "Role Based Access Control Administrator",
}


def role_name(extraction: Extraction, value: Value) -> str:
    """The role that an assignment gives: its name, the id of the declared custom role, or the expression."""
    for reference in references(value):
        target = extraction.resources.get(reference.target)
        if target is not None and target.mode == "data" and target.type == "azurerm_role_definition":
            name = target.get("name|role_definition_id")
            return role_name(extraction, name) if name is not None else ""
    written = extraction.policy_key(value)
    return BUILT_IN.get(written.rpartition("/")[2].lower(), written)


def read_permissions(extraction: Extraction, resource: Resource, path: str) -> Document | None:
    """What a custom role allows, as a document: one statement for each block of permissions."""
    from rolecall.model.extraction import members

    statements: list[Statement] = []
    complete = True
    for block in members(resource.get(path)):
        actions = [item for name in ("actions", "data_actions") for v in find(block, name) for item in members(v)]
        denied = [
            item for name in ("not_actions", "not_data_actions") for v in find(block, name) for item in members(v)
        ]
        complete = complete and all(is_known(item) for item in (*actions, *denied))
        statements.append(
            Statement(
                "Allow",
                tuple(extraction.label(item) for item in actions),
                tuple(extraction.label(item) for item in denied),
                ("*",),
                (),
                (),
                (),
                block.span or resource.span,
            )
        )
    return Document(tuple(statements), complete, resource.span) if statements else None
