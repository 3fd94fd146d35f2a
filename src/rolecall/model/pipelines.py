"""Jobs and steps of a pipeline as workloads, and the keys that come into them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from rolecall.frontends.pipelines.scripts import StepFact, step_facts
from rolecall.frontends.resource import Resource
from rolecall.frontends.values import Entry, Mapping, Reference, Value, references, text
from rolecall.model.cloud_keys import whole_key
from rolecall.model.fields import Field
from rolecall.model.parts import Fact, Reading, Workload
from rolecall.model.secrets import key_part, says_aws

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
        "login",
        "option",
    }
)

#: Inputs of actions that hold a whole credential under a name that says nothing by itself: its cloud and class.
#: https://github.com/Azure/login (creds), https://github.com/Azure/webapps-deploy (publish-profile)
ACTION_KEYS = {
    ("azure/login", "creds"): ("azure", "client-secret"),
    ("azure/aks-set-context", "creds"): ("azure", "client-secret"),
    ("azure/webapps-deploy", "publish-profile"): ("azure", "password"),
    ("azure/functions-action", "publish-profile"): ("azure", "password"),
}


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
    printed: list[StepFact] = []
    for fact in step_facts(resource):
        if (fact.kind, fact.name, fact.target) == ("login", "password", "az") and fact.value is not None:
            found.append(Field("az login --password", fact.value, fact.span, "az login", "run"))
        elif fact.kind in KEY_FACTS:
            if fact.value is not None and fact.name:
                into = fact.kind in ("file-write", "build-arg") and key_part(fact.name) in ("id", "secret")
                (baked if into else found).append(Field(fact.name, fact.value, fact.span, "run", "run"))
                if into:
                    holders.fragment.facts.append(Fact("baked-key", fact.name, "", holders.site(resource), fact.span))
        elif fact.kind == "terraform-output":
            printed.append(fact)
    found.extend(_in_line(resource, [*found, *baked]))
    taken = {r.attribute for item in found for r in references(item.value) if r.target == "terraform-output"}
    holders.fragment.readings.extend(
        Reading(holder, "tf-output", fact.name, "", fact.name, fact.span) for fact in printed if fact.name not in taken
    )
    _record(holders, resource, found, holder)
    if baked:
        holders.fragment.workloads.append(
            Workload(holders.site(resource), "unknown", "artifact", "aws", "unknown", label="what the step builds")
        )
        _record(holders, resource, baked, resource.id)
    uses = text(resource.get("uses_name")) or ""
    for item in found:
        known = ACTION_KEYS.get((uses.lower(), item.name)) if item.path == "with" else None
        if known is None and item.path == "az login":
            known = ("azure", "client-secret")
        if known is not None and (key := whole_key(item, *known, holders.is_minted)) is not None:
            holders.found(resource, key, holder)
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


def _in_line(resource: Resource, known: list[Field]) -> Iterator[Field]:
    """Secrets that are an AWS key by their name, written into a command of the script."""
    script = resource.get("run")
    for reference in references(script) if script is not None else ():
        span = reference.span
        if span is None or not _is_key(reference) or reference.via:
            continue
        if not any(item.span.contains(span) for item in known):
            yield Field(reference.attribute, reference, span, "run", "run")


def _is_key(value: Value) -> bool:
    return (
        isinstance(value, Reference)
        and value.target == "secret"
        and key_part(value.attribute) in ("id", "secret")
        and says_aws(value.attribute)
    )


def _named(item: Field) -> Field:
    """A field by the name of its secret, where only that says that it is an AWS key (`username` of a registry)."""
    if key_part(item.name) is None and _is_key(item.value) and isinstance(item.value, Reference):
        return replace(item, name=item.value.attribute)
    return item


def _record(holders: Holders, resource: Resource, found: list[Field], holder: str) -> None:
    found = [_named(item) for item in found]
    known = {(r.name, r.span) for r in holders.fragment.readings if r.holder == holder}
    for item in found:
        for reference in references(item.value):
            if reference.target == "secret" and (reference.attribute, item.span) not in known:
                holders.fragment.readings.append(
                    Reading(holder, "github-secret", reference.attribute, "", item.name, item.span, "", reference.via)
                )
    holders.take(resource, found, holder=holder)
