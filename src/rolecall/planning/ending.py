"""The end of a credential that is not an AWS key: how it is switched off first, and what deletes it (rule R2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rolecall.planning import retirement
from rolecall.planning.case import Case, Use
from rolecall.planning.hcl_edit import set_attribute
from rolecall.planning.line_edit import Refused
from rolecall.planning.migration import Handover, Phase
from rolecall.planning.move import Move
from rolecall.planning.steps import LAST_USE
from rolecall.source.text import Span


@dataclass(frozen=True, slots=True)
class Ending:
    """How the credentials of one type end.

    `off` is the attribute and value that switches one off in place; where there is none, `command` does so from
    outside, and `back` undoes it.
    """

    off: tuple[str, str] | None
    command: str
    back: str
    permissions: tuple[str, ...]

    def end(
        self,
        case: Case,
        moves: Sequence[tuple[Use, Move]],
        spent: Sequence[Span],
        complete: bool,
        phases: list[Phase],
        reasons: list[str],
        handover: list[Handover],
    ) -> bool:
        """Adds soak and contract once every consumer moves; False where people have to finish."""
        if not moves or not complete:
            return False
        credential = case.credential
        ask = LAST_USE.get((credential.cloud, credential.cls), "its last use")
        if self.off is not None:
            block = case.context.block(credential.site.span)
            try:
                edits = set_attribute(block.text, block.span, *self.off)
            except Refused as refused:
                reasons.append(f"the key cannot be switched off here: {refused.reason}")
                return False
            seen = ("no error rate has moved; switch it on again at once if one does",)
            phases.append(Phase("soak", edits, ("every consumer has moved", ask), seen, self.back))
        elif not self.command:
            handover.append(
                Handover(
                    "wait before phase contract: 14 days, and longer than the longest schedule of any consumer; the "
                    "secret cannot be switched off, only deleted",
                    credential.site.address,
                    "the owner of the key",
                    check=f"the last use does not move: {ask}",
                )
            )
        else:
            handover.append(
                Handover(
                    "switch the key off before phase contract, and wait: 14 days, and longer than the longest schedule "
                    "of any consumer",
                    credential.site.address,
                    "the owner of the key",
                    self.command,
                    f"nothing fails, and the last use does not move: {ask}. The way back: {self.back}",
                )
            )
        gone = [edit for _, move in moves for edits in move.edits.values() for edit in edits]
        try:
            edits = tuple(retirement.delete_alone(case, gone, spent))
        except retirement.Leftovers as left:
            reasons.append(f"the key is still named at {left.places[0]}")
            handover.append(
                Handover(
                    "remove what still names the key, then run rolecall plan again",
                    str(left.places[0]),
                    "the owner of the code",
                )
            )
            return False
        except Refused as refused:
            reasons.append(f"the key cannot be deleted here: {refused.reason}")
            return False
        phases.append(
            Phase(
                "contract",
                edits,
                ("the soak is over: 14 days, and longer than the longest schedule of any consumer", ask),
                ("terraform plan deletes only the key and where it was kept",),
                "none: a deleted key cannot come back, a new one has to be minted and handed out",
            )
        )
        return True


#: A client secret of Entra ID cannot be switched off: every argument of it forces a new one.
_ENTRA = Ending(
    None,
    "",
    "a new secret, handed out again",
    ("Application.ReadWrite.OwnedBy",),
)
#: https://cloud.google.com/iam/docs/keys-disable-enable, the provider's google_storage_hmac_key (`state`), and
#: https://registry.terraform.io/providers/hashicorp/azuread/latest/docs/resources/application_password
ENDINGS: Mapping[str, Ending] = {
    "azuread_application_password": _ENTRA,
    "azuread_service_principal_password": _ENTRA,
    "google_service_account_key": Ending(
        None,
        "gcloud iam service-accounts keys disable KEY_ID --iam-account=ACCOUNT",
        "gcloud iam service-accounts keys enable KEY_ID --iam-account=ACCOUNT",
        ("iam.serviceAccountKeys.delete", "iam.serviceAccountKeys.disable"),
    ),
    "google_storage_hmac_key": Ending(
        ("state", '"INACTIVE"'),
        "",
        'set state = "ACTIVE" again and apply',
        ("storage.hmacKeys.update", "storage.hmacKeys.delete"),
    ),
}
