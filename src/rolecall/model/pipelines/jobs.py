"""Jobs and steps of a pipeline as workloads, and the keys that come into them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rolecall.frontends.pipelines.scripts import StepFact, step_facts
from rolecall.frontends.resource import Resource
from rolecall.frontends.values import Entry, Mapping, Reference, Value, references, text
from rolecall.model.flow.fields import Field
from rolecall.model.parts import Fact, Reading, Workload
from rolecall.model.pipelines.ci_literals import read_literals
from rolecall.model.pipelines.connections import read_connections
from rolecall.model.pipelines.logins import logins
from rolecall.model.pipelines.systems import SYSTEMS
from rolecall.model.secrets.aws_names import key_part, says_aws
from rolecall.model.secrets.cloud_keys import key_name, whole_key
from rolecall.model.secrets.other_words import in_other_words
from rolecall.source.records import replace

if TYPE_CHECKING:
    from rolecall.model.flow.holders import Holders

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

#: Files that the shells of the job's own later steps read first, so that what is written there is for the job.
#: https://circleci.com/docs/set-environment-variable/#set-an-environment-variable-in-a-shell-command (BASH_ENV)
_OWN_SHELL = re.compile(r"\A\$\{?BASH_ENV\}?\Z|(?:\A|[~/])\.(?:bashrc|bash_profile|profile)\Z")

#: Inputs of actions that hold a whole credential under a name that says nothing by itself: its cloud and class.
#: https://github.com/Azure/login (creds), https://github.com/Azure/webapps-deploy (publish-profile)
ACTION_KEYS = {
    ("azure/login", "creds"): ("azure", "client-secret"),
    ("azure/aks-set-context", "creds"): ("azure", "client-secret"),
    ("azure/webapps-deploy", "publish-profile"): ("azure", "password"),
    ("azure/functions-action", "publish-profile"): ("azure", "password"),
}
#: The same for Bitbucket's pipes, whose names begin so.
#: https://bitbucket.org/atlassian/google-gke-kubectl-run (KEY_FILE), https://bitbucket.org/atlassian/azure-cli-run
PIPE_KEYS = {
    ("atlassian/google-", "KEY_FILE"): ("gcp", "service-account-key"),
    ("atlassian/azure-", "AZURE_PASSWORD"): ("azure", "client-secret"),
}


def read_job(holders: Holders, resource: Resource) -> None:
    """A job is the workload; its steps bring what it consumes."""
    github = resource.format == "github"
    holders.fragment.workloads.append(
        Workload(
            holders.site(resource),
            "pipeline-job",
            SYSTEMS[resource.format].platform,
            "aws",
            "aws:oidc",
            "role-to-assume" if github else "",
            "",
            text(resource.get("environment")) or "",
            label=resource.name,
        )
    )
    if github and not (text(resource.get("uses")) or "./").startswith("./"):
        given = [body for part in ("with", "secrets") if isinstance(body := resource.get(part), Mapping)]
        found = [_field(entry, resource, "with") for body in given for entry in body.entries]
        _record(holders, resource, found, resource.id)


def read_step(holders: Holders, resource: Resource) -> None:
    """The secrets and keys of one step, recorded for its job."""
    job = resource.get("job")
    holder = job.target if isinstance(job, Reference) else resource.id
    found: list[Field] = []
    before = len(holders.fragment.credentials)
    for part in ("with", "env"):
        body = resource.get(part)
        if isinstance(body, Mapping):
            found.extend(_field(entry, resource, part) for entry in body.entries)
    facts = step_facts(resource)
    given, baked = _told(facts)
    found.extend(given)
    holders.fragment.facts.extend(Fact("baked-key", item.name, "", holders.site(resource), item.span) for item in baked)
    printed = [fact for fact in facts if fact.kind == "terraform-output"]
    uses = text(resource.get("uses_name")) or ""
    backend = frozenset(fact.name for fact in facts if fact.kind == "backend-config")
    found = list(in_other_words(uses.lower(), found, backend))
    found.extend(_in_line(resource, [*found, *baked]))
    taken = {r.attribute for item in found for r in references(item.value) if r.target == "terraform-output"}
    holders.fragment.readings.extend(
        Reading(holder, "tf-output", fact.name, "", fact.name, fact.span) for fact in printed if fact.name not in taken
    )
    _record(holders, resource, found, holder)
    holders.fragment.secret_values.extend(read_literals(resource, found, holders.site(resource)))
    _rest(holders, resource, holder)
    if baked:
        holders.fragment.workloads.append(
            Workload(holders.site(resource), "unknown", "artifact", "aws", "unknown", label="what the step builds")
        )
        _record(holders, resource, baked, resource.id)
    for item in found:
        known = _whole(uses.lower(), item.name) if item.path == "with" else None
        if known is not None and (key := whole_key(item, *known, holders.is_minted)) is not None:
            holders.found(resource, key, holder)
    places = [credential.span for credential in holders.fragment.credentials[before:]]
    for item, cloud, cls in logins(facts):
        key = whole_key(item, cloud, cls, holders.is_minted)
        if key is not None and not any(key.place.contains(place) or place.contains(key.place) for place in places):
            places.append(key.place)
            holders.found(resource, key, holder)
            _readings(holders, resource, [item], holder)
    read_connections(holders, resource, holder)
    if uses.endswith("configure-aws-credentials"):
        _note_role(holders, resource)


def _told(facts: Iterable[StepFact]) -> tuple[list[Field], list[Field]]:
    """What the commands of a step are given; and which keys they write into a file or an image that stays."""
    given: list[Field] = []
    baked: list[Field] = []
    for fact in facts:
        if fact.kind not in KEY_FACTS or fact.value is None or not fact.name:
            continue
        if fact.kind == "login" and not _is_key(fact.value):
            continue  # by their commands: model.logins
        stays = fact.kind in ("file-write", "build-arg") and key_part(fact.name) in ("id", "secret")
        stays = stays and _OWN_SHELL.search(fact.target) is None
        (baked if stays else given).append(Field(fact.name, fact.value, fact.span, "run", "run"))
    return given, baked


def _note_role(holders: Holders, resource: Resource) -> None:
    """The role that a step of `configure-aws-credentials` logs in to without a key."""
    body = resource.get("with")
    if not isinstance(body, Mapping) or body.get("aws-access-key-id") is not None:
        return
    role = body.get("role-to-assume")
    if role is not None:
        holders.fragment.facts.append(
            Fact("oidc-login", "aws", holders.extraction.label(role), holders.site(resource), resource.span)
        )


def _whole(uses: str, name: str) -> tuple[str, str] | None:
    """Cloud and class of the whole credential that an input of an action or a pipe holds."""
    pipes = (known for (start, input_), known in PIPE_KEYS.items() if uses.startswith(start) and name == input_)
    return ACTION_KEYS.get((uses, name)) or next(pipes, None)


def _field(entry: Entry, resource: Resource, part: str) -> Field:
    return Field(entry.name or "", entry.value, entry.span or resource.span, part, "map")


def _in_line(resource: Resource, known: list[Field]) -> Iterator[Field]:
    """Secrets that are a key by their name, written into a command of the script."""
    script = resource.get("run")
    named = {r.attribute for item in known for r in references(item.value)} if resource.format != "github" else ()
    for reference in references(script) if script is not None else ():
        span = reference.span
        if span is None or not _is_key(reference) or reference.via or reference.attribute in named:
            continue
        if not any(item.span.contains(span) for item in known):
            yield Field(reference.attribute, reference, span, "run", "run")


def _is_key(value: Value) -> bool:
    if not isinstance(value, Reference) or value.target != "secret":
        return False
    return (key_part(value.attribute) in ("id", "secret") and says_aws(value.attribute)) or (
        key_part(value.attribute) is None and key_name(value.attribute) is not None
    )


def _named(item: Field) -> Field:
    """A field by the name of its secret, where only that says that it is a key (`username` of a registry)."""
    if (
        key_part(item.name) is None
        and key_name(item.name) is None
        and _is_key(item.value)
        and isinstance(item.value, Reference)
    ):
        return replace(item, name=item.value.attribute)
    return item


def _record(holders: Holders, resource: Resource, found: list[Field], holder: str) -> None:
    found = [_named(item) for item in found]
    _readings(holders, resource, found, holder)
    holders.take(resource, found, holder=holder)


def _readings(holders: Holders, resource: Resource, found: list[Field], holder: str) -> None:
    """The secrets of the CI system that are read in fields."""
    kind = SYSTEMS[resource.format].store
    groups = resource.get("groups")
    named = [name for group in getattr(groups, "items", ()) if (name := text(group))]
    known = {(r.name, r.span) for r in holders.fragment.readings if r.holder == holder}
    for item in found:
        for reference in references(item.value):
            if reference.target != "secret" or (reference.attribute, item.span) in known:
                continue
            key = reference.attribute if named else ""  # the member of a group of variables
            for name in named or (reference.attribute,):
                holders.fragment.readings.append(
                    Reading(holder, kind, name, "", item.name, item.span, key, reference.via)
                )


def _rest(holders: Holders, resource: Resource, holder: str) -> None:
    """The secrets that a script names in commands which say nothing of them, and those that it has in its environment
    without naming them (`implicit`).
    """
    script = resource.get("run")
    if resource.format == "github" or script is None:
        return
    found = [Field(r.attribute, r, r.span, "run", "run") for r in references(script) if r.span is not None]
    silent = getattr(resource.get("implicit"), "items", ())
    found += [Field(item.attribute, item, resource.span, "env", "map") for item in silent]
    _readings(holders, resource, found, holder)
