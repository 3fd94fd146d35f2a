"""What the application behind a workload has to change: the places where its code reads what goes (rule R0)."""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.frontends.application_clients import explicit_clients
from rolecall.planning.case import APPLICATIONS, Case, Use
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.migration import Handover

#: What every AWS SDK reads by itself, and does without where there is a role.
STANDARD = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
#: Arguments of a resource itself, which no application reads by these names.
_ARGUMENTS = ("storage_account_access_key", "storage_access_key", "service_principal.client_secret")
#: Places that are named for one variable.
_MAX_PLACES = 5


def application_steps(case: Case, use: Use) -> Iterator[Handover]:
    """One step for each variable that leaves the workload's configuration and that code reads by its name, and one for
    each way in which files that name it build a client with a key.
    """
    if use.workload.kind not in APPLICATIONS:
        return
    yield from _variables(case, use)
    yield from _clients(case, use)


def _clients(case: Case, use: Use) -> Iterator[Handover]:
    files: dict[str, None] = {}
    for name in use.fields:
        found = case.context.readers.get(name, [])
        files.update(dict.fromkeys(read.span.path for read in found))
        if found and name not in STANDARD:  # those are named all over a repository, by programs of all kinds
            files.update(dict.fromkeys(case.context.mentions.get(name, [])))
    places: dict[str, list[str]] = {}
    for path in files:
        try:
            text = case.context.text(path)
        except Refused:
            continue
        for client in explicit_clients(text, case.credential.cloud, use.workload.kind):
            places.setdefault(client.instead, []).append(f"{path}:{client.span.line}")
    for instead, where in places.items():
        more = f" and {len(where) - _MAX_PLACES} more" if len(where) > _MAX_PLACES else ""
        yield Handover(
            f"a client is built with the key there; write instead: {instead}",
            ", ".join(where[:_MAX_PLACES]) + more,
            "the application's team",
            f"git show HEAD:{where[0].rpartition(':')[0]}",
            "no client is handed a key, and the application works where it has its identity and no key",
        )


def _variables(case: Case, use: Use) -> Iterator[Handover]:
    for name in use.fields:
        found = case.context.readers.get(name, [])
        # the code that sets a variable for somebody else reads nothing of this workload
        places = list(dict.fromkeys(f"{read.span.path}:{read.span.line}" for read in found))
        if places:
            more = f" and {len(places) - _MAX_PLACES} more" if len(places) > _MAX_PLACES else ""
            yield Handover(
                f"release code that builds its clients without {name}, by the default chain, before phase migrate",
                ", ".join(places[:_MAX_PLACES]) + more,
                "the application's team",
                f"git grep -n {name}",
                "no code reads it any more",
            )
        elif name not in (*STANDARD, *_ARGUMENTS):
            yield Handover(
                f"no reader of {name} is found in this repository: look in the application's own",
                use.workload.site.address,
                "the application's team",
                f"git grep -n {name}",
                "no code reads it any more",
            )
