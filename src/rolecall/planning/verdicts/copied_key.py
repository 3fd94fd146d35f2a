"""A key that nothing in the code reads, beside a pipeline that logs in with one that no code makes: people copy keys
into the secrets of their CI system by hand.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.nature import speaks
from rolecall.model.parts import Credential
from rolecall.model.pipelines.systems import SYSTEMS
from rolecall.planning.case import Case
from rolecall.planning.migration import Handover


def copied(case: Case) -> Handover | None:
    """What to look at before such a key is switched off; None where its names do not speak of a pipeline, or no
    pipeline here has a key of unknown origin.
    """
    if case.credential.cloud != "aws" or not speaks("ci", *case.declaration.names):
        return None
    logins = list(_logins(case))
    if not logins:
        return None
    first = logins[0]
    names = sorted({credential.site.address for credential in logins})
    return Handover(
        f"see whether {', '.join(names[:3])} logs in with this key, copied by hand into its system's secrets: then "
        "that job has to move first",
        str(first.span),
        "the owner of the pipeline",
        "aws iam get-access-key-last-used --access-key-id KEY_ID; run the job; the same again",
        "the last use does not move when the job runs",
    )


def _logins(case: Case) -> Iterator[Credential]:
    """The AWS keys that pipelines take from outside and no code of the estate makes."""
    model = case.model
    for credential in model.credentials.values():
        if (
            credential.cloud == "aws"
            and credential.cls == "access-key"
            and credential.form in ("input", "reference")
            and credential.site.format in SYSTEMS
            and model.fed_by(credential) is None
        ):
            yield credential
