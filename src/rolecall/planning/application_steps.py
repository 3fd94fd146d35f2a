"""What the application behind a workload has to change: the places where its code reads what goes (rule R0)."""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.planning.case import APPLICATIONS, Case, Use
from rolecall.planning.migration import Handover

#: What every AWS SDK reads by itself, and does without where there is a role.
STANDARD = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
#: Arguments of a resource itself, which no application reads by these names.
_ARGUMENTS = ("storage_account_access_key", "storage_access_key", "service_principal.client_secret")
#: Places that are named for one variable.
_MAX_PLACES = 5


def application_steps(case: Case, use: Use) -> Iterator[Handover]:
    """One step for each variable that leaves the workload's configuration and that code reads by its name."""
    if use.workload.kind not in APPLICATIONS:
        return
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
