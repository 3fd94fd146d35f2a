"""Risk and effort of a migration: the numbers that order the waves.

risk = impact x exposure x likelihood, each 1 to 5; effort in points: 1 for a patch alone, more for what people must do.
They are estimates from the code alone and are meant for ordering, not for reporting to an auditor.
"""

from __future__ import annotations

from collections.abc import Sequence

from rolecall.planning.case import Case
from rolecall.planning.migration import Handover

_PRODUCTION = ("prod", "production", "live", "prd")


def risk(case: Case) -> int:
    """1 to 125."""
    return _impact(case) * _exposure(case) * _likelihood(case)


def _impact(case: Case) -> int:
    owner = case.owner
    if owner is None:
        return 3
    impact = 1
    for grant in case.model.grants(owner):
        document = grant.document or (policy.document if (policy := case.model.policies.get(grant.policy)) else None)
        if grant.policy.endswith(("AdministratorAccess", "PowerUserAccess", "IAMFullAccess")):
            return 5
        for statement in document.statements if document is not None else ():
            if statement.effect != "Allow":
                continue
            for action in statement.actions:
                wide = "*" in statement.resources
                if action == "*" or (action.lower().startswith("iam:") and wide):
                    return 5
                verb = action.partition(":")[2].lower()
                writes = not verb.startswith(("get", "list", "describe", "head", "batchget", "query", "scan"))
                impact = max(impact, (4 if writes else 2) if wide else (3 if writes else 1))
    place = case.credential.span.path.lower().replace("-", "/").replace("_", "/").split("/")
    return min(5, impact + (1 if any(word in _PRODUCTION for word in place) else 0))


def _exposure(case: Case) -> int:
    if case.credential.form == "literal":
        return 5
    if any(
        end.store.kind in ("tf-output", "cfn-output", "cfn-export") and not end.store.sensitive for end in case.stores
    ):
        return 5
    kinds = {use.workload.kind for use in case.uses}
    if "instance" in kinds or "pipeline-job" in kinds or case.ends:
        return 4
    return 3


def _likelihood(case: Case) -> int:
    shared = len(case.uses) > 1
    return 5 if shared or not case.uses else 4


def effort(complete: bool, handover: Sequence[Handover], consumers: int) -> int:
    """Points: 2 for a complete patch, 5 where people must finish, and one for each hand-over and further consumer (at
    most 3 each).
    """
    return (2 if complete else 5) + min(3, len(handover)) + min(3, max(0, consumers - 1))
