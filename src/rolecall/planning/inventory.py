"""The identities of an estate as a list, and the figures that sum it up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from rolecall.model.linking import Model
from rolecall.planning.migration import Migration


def identities(model: Model) -> Iterator[dict[str, Any]]:
    """One record for each declared identity, people included (their nature says so)."""
    for identity in model.identities.values():
        keys = model.credentials_of(identity)
        yield {
            "address": identity.site.address,
            "unit": identity.site.unit,
            "kind": identity.kind,
            "cloud": identity.cloud,
            "label": identity.label,
            "path": identity.site.span.path,
            "start_line": identity.site.span.line,
            "end_line": identity.site.span.end_line,
            "nature": identity.nature,
            "evidence": [{"says": item.says, "seen": item.seen} for item in identity.evidence],
            "credentials": [credential.site.address for credential in keys],
            "consumers": sorted({w.site.address for credential in keys for w in model.flow(credential).workloads}),
        }


def kpis(model: Model, migrations: Sequence[Migration]) -> dict[str, Any]:
    """Counts over the estate.  Ratios are between 0 and 1, None where there is nothing to divide by."""
    kinds = ("aws:user", "aws:role")
    machines = [i for i in model.identities.values() if i.nature in ("machine", "mixed") and i.kind in kinds]
    static = [credentials[0] for credentials in model.declarations.values()]
    shadowed = {
        consumption.workload.site.declaration
        for credential in model.credentials.values()
        for consumption in model.flow(credential).consumptions
        if consumption.workload.identity or consumption.workload.identity_text
    }
    orphans = sum(1 for c in static if c.form == "minted" and not model.flow(c).consumptions)
    return {
        "identities": len(machines),
        "people": sum(1 for i in model.identities.values() if i.nature == "human"),
        "static_credentials": len(static),
        "static_credentials_by_form": dict(sorted(Counter(c.form for c in static).items())),
        "static_credential_ratio": round(len(static) / (len(static) + len(machines)), 3)
        if static or machines
        else None,
        "without_seen_consumer": orphans,
        "shadowed_workloads": len(shadowed),
        "migrations": len(migrations),
        "migrations_by_disposition": dict(sorted(Counter(m.disposition for m in migrations).items())),
        "migrations_by_target": dict(sorted(Counter(t for m in migrations for t in m.targets).items())),
    }
