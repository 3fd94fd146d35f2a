"""A pipeline's secrets that a module writes under a condition, while it makes their user always: a role beside the user
would ask every caller of the module for what only those with the pipeline have, a provider for its tokens.
"""

from __future__ import annotations

from rolecall.model.pipelines.systems import CI_STORES
from rolecall.planning.case import Case
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.edits.repetition import repetition, same
from rolecall.planning.migration import Handover
from rolecall.planning.move import Move


def hold_optional(case: Case, move: Move) -> bool:
    """Holds the move where a module for others writes all secrets of the pipeline under a condition that the user is
    not under; answers whether it did.
    """
    owner = case.owner
    unit = case.context.unit(case.credential.site.unit, "terraform")
    if owner is None or unit is None or not unit.library:
        return False
    address = condition = ""
    try:
        user = repetition(case.context.block(owner.site.span))
        for end in case.stores:
            site = end.store.site
            if site.format != "terraform" or site.module != case.folder or end.store.kind not in CI_STORES:
                continue
            made = repetition(case.context.block(site.span))
            if made.name != "count" or same(made, user):
                return False
            address, condition = site.address, made.over
    except Refused:
        return False
    if not address:
        return False
    move.hold(
        f"{address} is there only by its count ({condition}), and the user always: without it the account may have no "
        "provider for the pipeline's tokens",
        Handover(
            f"write a role with the user's policies and a trust of the pipeline's issuer, all with count = {condition}",
            case.folder or ".",
            "the owner of the module",
            "terraform plan",
            "without the pipeline's secrets nothing is made or looked up",
        ),
    )
    return True
