"""What the repository variables of a keyless login are called, where nothing in the code sets them.

A login without a key names a role, a client or a provider by variables.  Jobs with different keys need different ones,
and what tells the keys apart are the names of their secrets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from rolecall.model.parts import Credential
from rolecall.planning.case import Case, Use
from rolecall.planning.edits.line_edit import Refused
from rolecall.source.text import Span
from rolecall.source.tree import Unreadable

_SECRET = re.compile(r"\bsecrets\.(\w+)")
#: How an expression takes one of several: https://docs.github.com/en/actions/reference/workflows-and-actions/expressions
_CHOICE = re.compile(r"\bsecrets\s*\[|\|\||&&|\bformat\s*\(|\bcase\s*\(")
#: Words of secrets' names that say what they are, and nothing of whose.
_GENERIC = frozenset(
    (
        *("ACCESS", "ACCOUNT", "AMAZON", "ARM", "AUTH", "AWS", "AZURE", "CLIENT", "CREDENTIAL", "CREDENTIALS", "CREDS"),
        *("GCLOUD", "GCP", "GOOGLE", "IAM", "ID", "JSON", "KEY", "KEYS", "LOGIN", "PRINCIPAL", "SA", "SECRET"),
        *("SERVICE", "SP", "TOKEN", "USER"),
    )
)


_UNTOLD = "the names of its secrets do not tell which role, client or provider is this job's"


def variable_ending(case: Case, use: Use) -> str:
    """What the names of the job's variables end in, so that jobs with other keys have others: "" for the usual secret,
    `_PROD` for one that is called PROD_AWS_ACCESS_KEY_ID.

    Raises Refused where the names do not tell: a secret that a caller passes, one chosen while the job runs, two keys
    whose names differ in nothing that says whose they are.
    """
    if use.workload.site.address.count("jobs.") > 1:
        raise Refused("each caller of the workflow passes it a key, and whose it is is not told by its name")
    if any(_CHOICE.search(_written(case, place)) for place in use.places):
        raise Refused("which of several keys it gets is decided while it runs: its login has to be chosen the same way")
    own = _names(case, use.places)
    ending = ending_of_names(own)
    if not own:
        raise Refused(_UNTOLD)
    for other in case.model.credentials.values():
        if other.cloud == case.credential.cloud and other.site.format == "github" and other.form != "literal":
            names = _names(case, _places(case, other))
            if not names & own and ending in {_ending(name) for name in names}:
                shown = ", ".join(sorted({*names, *own})[:3])
                raise Refused(f"other jobs have another key, and the names of both say the same ({shown})")
    return ending


def ending_of_names(names: frozenset[str]) -> str:
    """What the names of a key's secrets or variables say of whose it is, as the end of another name; "" for nothing.

    Raises Refused where they say different things.
    """
    endings = {_ending(name) for name in names} or {""}
    if len(endings) != 1:
        raise Refused(_UNTOLD)
    return endings.pop()


def _places(case: Case, credential: Credential) -> list[Span]:
    return [c.steps[-1].span for c in case.model.flow(credential).consumptions] or [credential.span]


def _names(case: Case, places: Iterable[Span]) -> frozenset[str]:
    return frozenset(name.upper() for place in places for name in _SECRET.findall(_written(case, place)))


def _written(case: Case, place: Span) -> str:
    try:
        return case.context.tree.read(place.path).text(place)
    except Unreadable:
        return ""


def _ending(name: str) -> str:
    return "".join(f"_{word}" for word in name.split("_") if word and word not in _GENERIC)
