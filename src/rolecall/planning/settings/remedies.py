"""Findings that no planner answers, as migrations of their own: exact steps for people.

What is right for such a finding is not in the code.  The steps are rows of catalog/remedies.toml, by rule; one
migration speaks for all findings of a folder that take the same steps.
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

from rolecall.catalog.entries import catalog
from rolecall.frontends.kubernetes.pods import pod_spec
from rolecall.frontends.values import text
from rolecall.model.clusters.logins import IDEA as LOGINS
from rolecall.model.finding import RANK, Finding
from rolecall.planning.answering import Answers
from rolecall.planning.building import identifier
from rolecall.planning.case import Context
from rolecall.planning.migration import Handover, Migration, Subject
from rolecall.planning.narrowing.others import cloud_of

_RISK = {"critical": 100, "high": 60, "medium": 30, "low": 8}
_MOST = 10
_ACCOUNT = re.compile(r"[a-z0-9][a-z0-9.-]{0,252}", re.ASCII)
#: Where a thing is declared that may log in to any cloud, or is not told by its type.
_NO_CLOUD = ("", "kubernetes", "ci", "other")
#: The address of an object of a cluster, of whose parts no shell reads more than a name.
_OBJECT = re.compile(r"[A-Z]\w*\.(?P<namespace>[a-z0-9-]{1,63})\.(?P<name>[a-z0-9.-]{1,253})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Remedy:
    """One row.  The `what` of a step is "" where the finding's own advice is meant."""

    rules: tuple[str, ...]
    about: str
    target: str
    why: str
    steps: tuple[Handover, ...]
    like: str = ""
    cloud: str = ""
    low: bool = False

    def fits(self, finding: Finding) -> bool:
        return (
            (self.low or RANK[finding.severity] >= RANK["medium"])
            and (not self.like or re.search(self.like, finding.message) is not None)
            and (not self.cloud or cloud_of(finding.address) in (self.cloud, *_NO_CLOUD))
        )


@cache
def table() -> Mapping[str, tuple[Remedy, ...]]:
    """Every row by rule, in the order of the file."""
    data = tomllib.loads(files("rolecall.catalog").joinpath("remedies.toml").read_text("utf-8"))
    found: dict[str, list[Remedy]] = defaultdict(list)
    for row in data["remedy"]:
        remedy = Remedy(**{**row, "rules": tuple(row["rules"]), "steps": tuple(_steps(row["steps"], data["steps"]))})
        for rule in remedy.rules:
            found[rule].append(remedy)
    return {rule: tuple(remedies) for rule, remedies in found.items()}


def _steps(written: Iterable[str | Mapping[str, Any]], shared: Mapping[str, Any]) -> Iterator[Handover]:
    for step in written:
        if isinstance(step, str):
            yield from _steps(shared[step], shared)
        else:
            yield Handover(**step)


def remedies(context: Context, findings: Iterable[Finding], others: Sequence[Migration]) -> Iterator[Migration]:
    """One migration for each folder and row that findings without an answer fit; `others` are the plan's migrations."""
    answers = Answers(others)
    groups: dict[tuple[Remedy, str, str], list[Finding]] = defaultdict(list)
    for finding in findings:
        remedy = next((row for row in table().get(finding.rule, ()) if row.fits(finding)), None)
        if remedy is not None and answers.of(finding) is None:
            groups[remedy, finding.span.path.rpartition("/")[0], finding.help].append(finding)
    for (remedy, _, _), found in groups.items():
        yield _migration(remedy, found, _names(context, found))


def _names(context: Context, found: Sequence[Finding]) -> Mapping[str, str]:
    """What the words of commands stand for, where all the findings are about one object of a cluster: its name and
    namespace, and for a pod the service account that it names.
    """
    named = _OBJECT.fullmatch(found[0].address) if len({finding.address for finding in found}) == 1 else None
    if named is None:
        return {}
    names = {"NAME": named["name"]}
    if named["namespace"] != "default":  # what stands for a manifest that leaves it to whoever applies it, too
        names["NAMESPACE"] = named["namespace"]
    place = (found[0].span.path, found[0].span.start)
    missets = context.model.missets.get(LOGINS, ()) if found[0].rule == "RC113" else ()
    for misset in (one for one in missets if (one.span.path, one.span.start) == place):
        resource = context.resource(misset.site)
        spec = pod_spec(resource) if resource is not None else None
        account = text(spec.get("serviceAccountName")) if spec is not None else None
        if account and _ACCOUNT.fullmatch(account):
            names["SERVICE_ACCOUNT"] = account
            names |= {"PROGRAM_NAMESPACE": names["NAMESPACE"]} if "NAMESPACE" in names else {}
    return names


def _migration(remedy: Remedy, found: Sequence[Finding], names: Mapping[str, str]) -> Migration:
    first = found[0]
    span = first.span
    messages = list(dict.fromkeys(finding.message for finding in found))
    if len(messages) > _MOST:
        messages[_MOST:] = [f"and {len(messages) - _MOST} more of its folder"]
    places = list(dict.fromkeys(finding.address for finding in found))
    where = ", ".join(places[:_MOST]) + (f" and {len(places) - _MOST} more" if len(places) > _MOST else "")
    return Migration(
        id=identifier("setting", first.address, first.fingerprint),
        subject=Subject(
            remedy.about,
            _kind(first.address) or remedy.about,
            cloud_of(first.address) or remedy.cloud,
            first.address,
            span.path,
            span.line,
            span.end_line,
        ),
        identity=first.identity if len(places) == 1 else "",
        consumers=(),
        targets=(remedy.target,),
        disposition="advice",
        reasons=(*messages, remedy.why),
        handover=tuple(_step(step, first.help, where, names) for step in remedy.steps),
        risk=max(_RISK[finding.severity] for finding in found),
        effort=2 + len(remedy.steps),
        answers=tuple(dict.fromkeys(finding.fingerprint for finding in found)),
    )


def _kind(address: str) -> str:
    """The type of what an address names, where it says one: that of a Terraform block, or the kind of an object."""
    parts = address.split(".")
    if _OBJECT.fullmatch(address):
        return parts[0]
    return parts[-2] if len(parts) > 1 and catalog().get(parts[-2]) is not None else ""


def _step(step: Handover, help: str, where: str, names: Mapping[str, str]) -> Handover:
    filled = replace(step, what=step.what or help, where=where)
    if not names:
        return filled
    words = re.compile(rf"\b(?:{'|'.join(names)})\b")
    command, check = (words.sub(lambda word: names[word[0]], said) for said in (step.command, step.check))
    return replace(filled, command=command, check=check)
