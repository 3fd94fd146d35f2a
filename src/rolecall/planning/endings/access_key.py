"""The end of a key of AWS in Terraform: it is set Inactive, then goes with its user, where nothing else names it."""

from __future__ import annotations

from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.endings import retirement
from rolecall.planning.endings.key_end import NO_WAY_BACK, SOAKED, KeyEnd
from rolecall.planning.endings.last_use import QUIET_DAYS
from rolecall.planning.endings.passages import passages
from rolecall.planning.endings.spent import spent_stores
from rolecall.planning.migration import Handover, Phase
from rolecall.planning.verdicts.steps import last_use, then_delete, user_word

PERMISSIONS = ("iam:UpdateAccessKey", "iam:DeleteAccessKey", "iam:DeleteUser", "iam:GetAccessKeyLastUsed")
LAST_USED = "aws iam get-access-key-last-used shows no use since the migrate phase"
#: The same of a key that no consumer is seen of.
_LONG_UNUSED = (
    "nobody is found who uses it",
    f"aws iam get-access-key-last-used shows no use for {QUIET_DAYS} days, and for longer than the longest schedule",
)
#: What to look at after a key was switched off.
NO_ERRORS = "no error rate has moved; re-activate at once if one does"


def before_soak(end: KeyEnd) -> tuple[str, ...]:
    """What must be true before a key is switched off."""
    return ("every consumer has moved", LAST_USED) if end.moves else _LONG_UNUSED


def end_access_key(end: KeyEnd) -> None:
    """Adds soak and contract, as far as they are safe."""
    case = end.case
    if not end.complete and (end.moves or len(case.declaration.credentials) > 1):
        return
    try:
        soak = retirement.soak(case)
    except Refused as refused:
        end.leave(f"the key cannot be set Inactive here: {refused.reason}")
        return
    back = 'set status = "Active" again and apply: the key works at once'
    end.phases.append(Phase("soak", tuple(soak), before_soak(end), (NO_ERRORS,), back))
    if not end.complete or end.unseen:
        end.leave_deletion(last_use(case), *(() if end.moves else (then_delete(case),)))
        return
    try:
        edits, whole = retirement.delete(case, end.gone, [*spent_stores(case, end.gone), *passages(case, end.gone)])
    except (retirement.Leftovers, Refused) as error:
        end.leave(*retirement.told(error))
        return
    if not whole:
        user = user_word(case)
        end.handover.append(
            Handover(
                "delete the user when nothing else needs it",
                (case.owner or case.credential).site.address,
                "the owner of the user",
                f"aws iam get-user --user-name {user}; aws iam list-access-keys --user-name {user}",
                "no key is listed, and PasswordLastUsed is not there",
            )
        )
    seen = "terraform plan deletes only the key, its user and their grants"
    end.phases.append(Phase("contract", tuple(edits), (SOAKED, LAST_USED), (seen,), NO_WAY_BACK))
