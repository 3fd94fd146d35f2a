"""The expand phase of a workload that has a role: the role is granted what the key's user may do."""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.frontends.values import render
from rolecall.model.parts import Identity, Statement
from rolecall.planning.case import Case, Use
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.migration import Edit, Handover
from rolecall.planning.move import Move
from rolecall.planning.principals.cloudformation import carry_over_to_role
from rolecall.planning.principals.handed_role import handed_role
from rolecall.planning.principals.parity import carry_over, obstacles
from rolecall.planning.principals.roles import role_in_module
from rolecall.planning.principals.serverless_role import (
    carry_over_to_function,
    has_own_role,
    obstacles_of_own_role,
)
from rolecall.planning.proofs.containment_proof import permissions


def grant_to_workload_role(case: Case, use: Use, move: Move) -> bool:
    """Adds the expand edits to a move; False (and a reason in it) where the role cannot be given the permissions
    here.
    """
    workload = use.workload
    own = has_own_role(case, workload)
    clashes = obstacles_of_own_role(case, workload) if own else _clashes(case, workload.identity)
    for reason in (*obstacles(case), *clashes):
        move.hold(reason, _grant_by_hand(case, use))
    if not move.complete:
        return False
    if workload.site.format == "cloudformation":
        try:
            move.add(
                "expand",
                carry_over_to_function(case, workload) if own else carry_over_to_role(case, workload.identity),
            )
        except Refused as refused:
            move.hold(refused.reason, _grant_by_hand(case, use))
            return False
        move.reuses = f"{workload.site.address}Role" if own else workload.identity.rpartition("//")[2]
        return True
    role, handing = role_in_module(case, workload.identity), list[Edit]()
    if role is None:
        try:
            role, handing = handed_role(case, workload.identity) or (None, [])
        except Refused as refused:
            move.hold(refused.reason, _grant_by_hand(case, use))
            return False
    if role is None:
        shown = workload.identity_text or "its role"
        move.hold(
            f"{shown} is declared outside the user's module, so its permissions are added there by hand",
            _grant_by_hand(case, use),
        )
        return False
    try:
        carried = carry_over(case, role, _suffix(case, role.label))
        move.add("expand", [*handing, *carried] if carried else [])
    except Refused as refused:
        move.hold(refused.reason, _grant_by_hand(case, use))
        return False
    move.reuses = workload.identity.rpartition("//")[2]
    return True


def _clashes(case: Case, identifier: str) -> Iterator[str]:
    """Why a role that has permissions of its own cannot take over the user's as well."""
    role, owner = case.model.identities.get(identifier), case.owner
    if role is None or owner is None:
        return
    if owner.boundary and _boundary(case, owner) != _boundary(case, role):
        yield f"the user has a permissions boundary, and {role.site.address} has another or none"
    users = permissions(case.model, case.model.grants(owner))
    roles = permissions(case.model, case.model.grants(role))
    if any(isinstance(item, Statement) and item.effect == "Deny" for item in users ^ roles):
        yield f"a Deny that only one of the user and {role.site.address} has would bind the other's permissions too"


def _boundary(case: Case, identity: Identity) -> str:
    """The boundary as written; "" for none."""
    if not identity.boundary:
        return ""
    resource = case.context.resource(identity.site)
    value = (
        (resource.get("permissions_boundary") or resource.get("PermissionsBoundary")) if resource is not None else None
    )
    return render(value) if value is not None else "?"


def _suffix(case: Case, label: str) -> str:
    """With several consumers each role's blocks carry its name."""
    return label if len(case.uses) > 1 else ""


def _grant_by_hand(case: Case, use: Use) -> Handover:
    owner = case.owner
    who = owner.label if owner is not None and "${" not in owner.label else case.declaration.label
    return Handover(
        f"grant the role of {use.workload.site.address} what {who} may do",
        use.workload.identity_text or use.workload.site.address,
        "the owner of the role",
        f"aws iam list-attached-user-policies --user-name {who}; aws iam list-user-policies --user-name {who}",
        "the workload's calls succeed under the role",
    )
