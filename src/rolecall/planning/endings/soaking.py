"""Whether the soak of a written plan's keys is over: evidence says that nobody used them for long enough."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rolecall.evidence.facts import Evidence
from rolecall.planning.endings.last_use import SOAK_DAYS, LastUse, of_label
from rolecall.planning.migration import about
from rolecall.planning.survey import DamagedPlan


@dataclass(frozen=True, slots=True)
class Soak:
    """One key that the plan deletes or switches off.  `use` is None where the evidence does not speak of it."""

    migration: str
    address: str
    use: LastUse | None

    @property
    def over(self) -> bool | None:
        """Whether it was not used in the last days of the evidence; None where that is not known."""
        if self.use is None or (self.use.last is None and not self.use.quiet_days):
            return None
        return self.use.quiet_days >= SOAK_DAYS

    def __str__(self) -> str:
        if self.use is None:
            return "the evidence does not speak of it"
        if self.over is None or self.use.end is None:
            return str(self.use)
        days = self.use.quiet_days
        if self.over:
            return f"the soak is over: not used in the {days} days up to {self.use.end:%Y-%m-%d}"
        return f"the soak is not over, {SOAK_DAYS} days without use are asked for: {self.use}"

    def to_json(self) -> dict[str, Any]:
        use = self.use
        return {
            "migration": self.migration,
            "address": self.address,
            "over": self.over,
            "last": use.last.isoformat() if use is not None and use.last is not None else None,
            "until": use.end.isoformat() if use is not None and use.end is not None else None,
            "quiet_days": use.quiet_days if use is not None else 0,
            "says": str(self),
        }


def soaks(plan: Mapping[str, Any], evidence: Evidence) -> Iterator[Soak]:
    """The keys of a plan (`plan.json` as read) that it switches off or deletes.  Raises DamagedPlan."""
    try:
        people = [(str(r["address"]), str(r["cloud"]), str(r["kind"]), _label(r)) for r in plan["identities"]]
        for record in plan["migrations"]:
            subject = record["subject"]
            if about(str(record["id"])) == "key" and {"soak", "contract"} & {p["name"] for p in record["phases"]}:
                # an address is of one unit only: of several identities by that name each counts
                owners = [(cloud, kind, label) for name, cloud, kind, label in people if name == record["identity"]]
                uses = [of_label(evidence, *owner, str(subject["kind"])) for owner in dict.fromkeys(owners)]
                known = [use for use in uses if use is not None]
                worst = min(known, key=lambda use: use.quiet_days, default=None)
                whole = worst if len(known) == len(uses) else None
                yield Soak(str(record["id"]), str(record["identity"] or subject["address"]), whole)
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedPlan(f"the plan is damaged ({type(error).__name__})") from None


def _label(record: Mapping[str, Any]) -> str:
    """The name that the cloud knows an identity by; a stack's own name stands before that of the template, where the
    plan shows no other.
    """
    label = str(record["label"])
    made = label == record["address"] and record["kind"] in ("aws:user", "aws:role")
    return f"${{stack}}-{label}-${{random}}" if made else label
