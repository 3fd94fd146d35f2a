"""Compute that is given a key of its own cloud, whatever the key's form."""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.declaration import exists
from rolecall.model.linking import Model
from rolecall.model.parts import Credential, Workload
from rolecall.source.text import Span

#: Kinds of workload that have a slot for an identity in their own declaration.
COMPUTE = ("function", "container-task", "instance", "build", "job")


def given(model: Model) -> Iterator[tuple[Workload, Credential, list[Span]]]:
    """Each compute workload that a key of its own cloud reaches, with the key and the places in its configuration; each
    declaration once.
    """
    places: dict[tuple[str, int], tuple[Workload, Credential, list[Span]]] = {}
    for credential in model.credentials.values():
        if credential.form == "minted" and not exists(credential):
            continue
        for consumption in model.flow(credential).consumptions:
            workload = consumption.workload
            if workload.kind not in COMPUTE or workload.cloud != credential.cloud:
                continue
            _, _, spans = places.setdefault(workload.site.declaration, (workload, credential, []))
            if consumption.steps[-1].place not in spans:
                spans.append(consumption.steps[-1].place)
    yield from places.values()
