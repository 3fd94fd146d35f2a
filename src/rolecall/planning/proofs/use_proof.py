"""Proof that a workload gets nothing of the key any more once it has moved (rule R0): what is left would go on to be
used, or would fail when the key is deleted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rolecall.model.linking import Model
from rolecall.planning.migration import Migration
from rolecall.planning.proofs.containment_proof import Counterexample


def still_used(after: Model, migrations: Sequence[Migration]) -> Iterator[Counterexample]:
    """Every complete move whose workload still gets a part of a key of the same identity after phase migrate."""
    held = {(m.owner, m.subject.address) for m in migrations if m.about == "move" and m.disposition != "patch"}
    moves = {
        (m.owner, m.subject.address): m
        for m in migrations
        if m.about == "move" and m.disposition == "patch" and m.identity and m.edits("migrate")
    }
    owners = {owner for owner, _ in moves}
    for credential in after.credentials.values():
        if credential.form != "minted" or credential.owner not in owners:
            continue
        for consumption in after.flow(credential).consumptions:
            about = credential.owner, consumption.workload.site.address
            if about in moves and about not in held:
                place = consumption.steps[-1].span
                yield Counterexample(
                    "the finding is gone",
                    moves[about].id,
                    f"{about[1]} still gets a part of {credential.site.address} at {place.path}:{place.line}",
                )
