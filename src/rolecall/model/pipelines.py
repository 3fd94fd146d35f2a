"""Jobs and steps of a pipeline as workloads, and the keys that come into them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rolecall.frontends.pipelines.scripts import step_facts
from rolecall.frontends.resource import Resource
from rolecall.frontends.values import Entry, Mapping, Reference, references, text
from rolecall.model.fields import Field
from rolecall.model.parts import Fact, Reading, Workload
from rolecall.model.secrets import key_part

if TYPE_CHECKING:
    from rolecall.model.holders import Holders

#: What a script does that can bring a key to where the job, or what it builds, uses it.
KEY_FACTS = frozenset(
    {
        "assign",
        "export",
        "command-env",
        "github-env",
        "aws-configure",
        "credentials-file",
        "file-write",
        "build-arg",
        "backend-config",
        "terraform-var",
    }
)


def read_job(holders: Holders, resource: Resource) -> None:
    """A job is the workload; its steps bring what it consumes."""
    holders.fragment.workloads.append(
        Workload(
            holders.site(resource),
            "pipeline-job",
            "github-actions",
            "aws",
            "aws:oidc",
            "role-to-assume",
            "",
            text(resource.get("environment")) or "",
            label=resource.name,
        )
    )


def read_step(holders: Holders, resource: Resource) -> None:
    """The secrets and keys of one step, recorded for its job."""
    job = resource.get("job")
    holder = job.target if isinstance(job, Reference) else resource.id
    found: list[Field] = []
    baked: list[Field] = []
    for part in ("with", "env"):
        body = resource.get(part)
        if isinstance(body, Mapping):
            found.extend(_field(entry, resource, part) for entry in body.entries)
    for fact in step_facts(resource):
        if fact.kind in KEY_FACTS:
            if fact.value is not None and fact.name:
                into = fact.kind in ("file-write", "build-arg") and key_part(fact.name) in ("id", "secret")
                (baked if into else found).append(Field(fact.name, fact.value, fact.span, "run", "run"))
                if into:
                    holders.fragment.facts.append(Fact("baked-key", fact.name, "", holders.site(resource), fact.span))
        elif fact.kind == "terraform-output":
            holders.fragment.readings.append(Reading(holder, "tf-output", fact.name, "", fact.name, fact.span))
    _record(holders, resource, found, holder)
    if baked:
        holders.fragment.workloads.append(
            Workload(holders.site(resource), "unknown", "artifact", "aws", "unknown", label="what the step builds")
        )
        _record(holders, resource, baked, resource.id)
    uses = text(resource.get("uses_name")) or ""
    if uses.endswith("configure-aws-credentials"):
        body = resource.get("with")
        role = body.get("role-to-assume") if isinstance(body, Mapping) else None
        keyed = isinstance(body, Mapping) and body.get("aws-access-key-id") is not None
        if role is not None and not keyed:
            holders.fragment.facts.append(
                Fact("oidc-login", "aws", holders.extraction.label(role), holders.site(resource), resource.span)
            )


def _field(entry: Entry, resource: Resource, part: str) -> Field:
    return Field(entry.name or "", entry.value, entry.span or resource.span, part, "map")


def _record(holders: Holders, resource: Resource, found: list[Field], holder: str) -> None:
    known = {(r.name, r.span) for r in holders.fragment.readings if r.holder == holder}
    for item in found:
        for reference in references(item.value):
            if reference.target == "secret" and (reference.attribute, item.span) not in known:
                holders.fragment.readings.append(
                    Reading(holder, "github-secret", reference.attribute, "", item.name, item.span, "", reference.via)
                )
    holders.take(resource, found, holder=holder)
