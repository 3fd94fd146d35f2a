"""The GitHub repository that a pipeline runs in, as the code shows it: its name, its subjects, its variables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rolecall.frontends.resource import Resource
from rolecall.frontends.values import text
from rolecall.model.parts import Credential
from rolecall.planning.case import Case, Use, attribute_text
from rolecall.planning.edits.alignment import format_hcl
from rolecall.planning.edits.hcl_edit import insert_after
from rolecall.planning.edits.repetition import repetition
from rolecall.planning.edits.workflow_edit import strings
from rolecall.planning.migration import Edit, Handover
from rolecall.planning.pipelines.called_jobs import ways
from rolecall.planning.pipelines.own_repository import is_here, origin
from rolecall.planning.principals.callers import of_caller
from rolecall.planning.templates import hcl, ident

#: The issuer of the tokens of GitHub's jobs: https://docs.github.com/en/actions/reference/security/oidc
ISSUER = "https://token.actions.githubusercontent.com"
#: A subject that GitHub never gives out (every real one names OWNER/NAME): the trust waits until the owner sets it.
NOBODY = "not-set-yet"
_ALL_SECRETS = re.compile(r"(?i)toJSON\(\s*secrets\s*\)|\bsecrets\s*\[")


def repository(case: Case) -> str:
    """OWNER/NAME of the repository that Terraform gives the secret to; "" where the code does not say which."""
    scopes = {end.store.scope for end in case.stores if end.store.kind == "github-secret"}
    unit = case.context.unit(case.credential.site.unit, "terraform")
    owners = {
        owner
        for r in (unit.resources if unit is not None else ())
        if r.mode == "provider" and r.type == "github" and (owner := text(r.get("owner")))
    }
    if len(owners) != 1 or len(scopes) != 1 or "$" in (scope := scopes.pop()) or not scope:
        return ""
    return f"{owners.pop()}/{scope}"


def subjects(case: Case) -> list[str]:
    """The subjects of all jobs that use the key, in their older form; [] where the code leaves those of one open (it
    has to name owner, repository and environment or branch).
    """
    name = repository(case)
    found = [subjects_of(name, job) for use in case.uses for job in _jobs(case, use)] if name else []
    return list(dict.fromkeys(one for each in found for one in each)) if all(found) else []


def decided(case: Case) -> bool:
    """Whether no run of any job that uses the key can have another subject than those of `subjects`."""
    jobs = [_jobs(case, use) for use in case.uses]
    return bool(jobs) and all(found and all(map(_only, found)) for found in jobs)


def subjects_of(name: str, job: Resource) -> list[str]:
    """The subjects of one job's tokens, in their older form, as far as its environment or branches say them."""
    if environment := text(job.get("environment")):
        return [f"repo:{name}:environment:{environment}"]
    branches = strings(next(iter(job.find("trigger_filters.push.branches")), None))
    return [f"repo:{name}:ref:refs/heads/{branch}" for branch in branches if "*" not in branch]


def own_subjects(case: Case, job: Resource) -> list[str]:
    """The subjects of a job of the scanned repository, with placeholders for what the code does not say."""
    return subjects_of(origin(case) or "OWNER/NAME", job) or ["repo:OWNER/NAME:ref:refs/heads/BRANCH"]


def _only(job: Resource) -> bool:
    if environment := text(job.get("environment")):
        return "${{" not in environment
    branches = strings(next(iter(job.find("trigger_filters.push.branches")), None))
    plain = bool(branches) and not any(set(branch) & set("*?+[!") for branch in branches)
    return plain and set(strings(job.get("triggers"))) == {"push"} and not list(job.find("trigger_filters.push.tags"))


def elsewhere(use: Use) -> str:
    """Why the workflow that reads a secret is not patched here."""
    if use.workload.label:
        return f"“{use.workload.label}” in its names says that a pipeline has it; which one is not in the code"
    return f"the workflows that read {use.workload.site.address} are in another repository"


def settled(case: Case) -> bool:
    """Whether `subjects` are all that the jobs' tokens can say: the project's settings name the older form, and the
    jobs are those of the repository whose secrets Terraform sets.
    """
    alone = case.context.sub_format == "legacy" and bool(subjects(case)) and decided(case)
    return alone and is_here(case, repository(case))


@dataclass(frozen=True, slots=True)
class Patterns:
    """Subjects for a comparison that takes `*`, as HCL string texts in which references stay (`${...}`), and the code
    of what they refer to ("" where it is there already).  No text where the code does not say which jobs.
    """

    texts: tuple[str, ...] = ()
    code: str = ""


def patterns(case: Case) -> Patterns:
    """The subjects of the jobs in the forms that the project's settings leave open.

    The form with ids is pinned by the repository's own, which Terraform knows; `*` stands for the owner's, of which a
    token with that repository's id has one.  https://docs.github.com/en/actions/reference/security/oidc
    """
    known = subjects(case) if decided(case) else []
    if not known:
        return Patterns()
    older = tuple(hcl(subject)[1:-1] for subject in known)
    if case.context.sub_format == "legacy":
        return Patterns(older)
    owner, _, name = repository(case).partition("/")
    reference, code = _repository_block(case, owner, name)
    if not reference:
        return Patterns()
    before = f"repo:{owner}/{name}:"
    newer = tuple(
        f"repo:{owner}@*/{name}@${{{reference}.repo_id}}:{hcl(subject)[1:-1].removeprefix(before)}" for subject in known
    )
    return Patterns((*older, *newer) if case.context.sub_format == "both" else newer, code)


def _repository_block(case: Case, owner: str, name: str) -> tuple[str, str]:
    """How the folder's blocks name the repository, and the data source to write where none is there; "" where that
    cannot be done.
    """
    if not re.fullmatch(r"[\w.-]+", owner) or not re.fullmatch(r"[\w.-]+", name):
        return "", ""
    for block in case.context.blocks(case.folder):
        if block.labels[:1] == ("github_repository",) and not repetition(block).name:
            prefix = "data." if block.type == "data" else ""
            if (block.plain("name") or "").lower() == name.lower() or block.plain("full_name") == f"{owner}/{name}":
                return f"{prefix}{'.'.join(block.labels)}", ""
    store = next((end.store for end in case.stores if end.store.kind == "github-secret"), None)
    if store is None or store.site.module != case.folder:
        return "", ""
    label = case.context.free_name(case.folder, "github_repository", ident(name.lower()), name)
    provider = case.context.block(store.site.span).attribute("provider")
    lines = [f'data "github_repository" "{label}" {{']
    if provider is not None:
        lines.append(f"  provider = {attribute_text(case.context.block(store.site.span), provider)}")
    lines += [f'  full_name = "{owner}/{name}"', "}"]
    return f"data.github_repository.{label}", format_hcl("\n".join(lines) + "\n")


def lone(case: Case) -> bool:
    """Whether no other identity of the same cloud has its key among the secrets of the same repository: else their
    variables would be of one name.  Every call of a module makes an identity of its own.
    """
    own = [_scopes(case, credential) for credential in case.declaration.credentials]
    scopes = frozenset().union(*own)
    if len(scopes) < sum(map(len, own)):
        return False
    ids = {credential.id for credential in case.declaration.credentials}
    for other in case.model.credentials.values():
        if other.cloud != case.credential.cloud or other.owner == case.credential.owner or other.id in ids:
            continue
        if scopes & _scopes(case, other):
            return False
    return True


def _scopes(case: Case, credential: Credential) -> frozenset[str]:
    """The repositories that a key is a secret of."""
    return frozenset(end.store.scope for end in case.model.flow(credential).stores if end.store.kind == "github-secret")


def unseen_reader(case: Case) -> str:
    """Who may read every secret of the repository without naming one, as a sentence's end; "" for nobody that is seen.

    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idsecretsinherit
    """
    for job in of_workflows(case):
        if job.mode == "job" and text(job.get("secrets")) == "inherit":
            called = text(job.get("uses")) or ""
            if not called.startswith("./"):
                return f"{job.address} of {job.unit} hands every secret to {called or 'another workflow'}"
        if job.mode == "step" and _ALL_SECRETS.search(case.context.text(job.span.path).text(job.span)):
            return f"{job.address} of {job.unit} takes secrets without naming them"
    return ""


def of_workflows(case: Case) -> Iterator[Resource]:
    """The jobs and steps of every workflow that is a part of the estate, in the order of the workflows' names."""
    for name in sorted({w.site.unit for w in case.model.workloads.values() if w.site.format == "github"}):
        unit = case.context.unit(name, "github")
        yield from unit.resources if unit is not None else ()


def _jobs(case: Case, use: Use) -> tuple[Resource, ...]:
    """The job as every workflow has it that leads to it."""
    site = use.workload.site
    unit = case.context.unit(site.unit, "github") if site.format == "github" else None
    job = next((r for r in unit.resources if r.id == site.id), None) if unit is not None else None
    return ways(case.context, job).instances if job is not None else ()


def set_subjects(case: Case, variable: str) -> Handover:
    """What the owner of the pipeline does about an input of subjects."""
    return Handover(
        f"set {variable} to the exact subjects: repo:OWNER/NAME:environment:ENVIRONMENT or "
        "repo:OWNER/NAME:ref:refs/heads/BRANCH "
        "(for repositories created or renamed since 2026-07-15: repo:OWNER@OWNER_ID/NAME@REPOSITORY_ID:…)",
        of_caller(case),
        "the owner of the pipeline",
        "gh api repos/OWNER/NAME/actions/oidc/customization/sub",
        "the login step succeeds from the branch that deploys, and fails from any other",
    )


def no_subject(known: bool, what: str) -> str:
    """Why an input of subjects waits for its owner."""
    if known:
        # `github.sub_format` of the project's settings says it
        return "the subject of GitHub's token has two forms, and which one this repository gets is not in the code"
    return f"which repository, branch or environment may {what} is not in the code"


def variables(case: Case, values: Mapping[str, str]) -> tuple[list[Edit], frozenset[str]]:
    """Variables (name to HCL expression) of the repository that Terraform gives the secret to, beside the secret: the
    edits for those that are not there yet, and the names of all that Terraform then sets.
    """
    for end in sorted(case.stores, key=lambda stored: stored.store.site.span, reverse=True):
        site = end.store.site
        if site.type != "github_actions_secret" or site.module != case.folder:
            continue
        block = case.context.block(site.span)
        shared = [
            f"  {attribute.name} = {attribute_text(block, attribute)}"
            for attribute in block.attributes
            if attribute.name in ("count", "for_each", "provider", "repository")
        ]
        there = _set_already(case)
        known = frozenset(name for name, value in values.items() if there.get(name, value) == value)
        blocks = []
        for variable in values:
            if variable in there:
                continue
            name = case.context.free_name(case.folder, "github_actions_variable", variable.lower(), "github")
            lines = [f'resource "github_actions_variable" "{name}" {{', *shared]
            lines += [f'  variable_name = "{variable}"', f"  value = {values[variable]}", "}"]
            blocks.append("\n".join(lines) + "\n")
        code = format_hcl("\n".join(blocks))
        return list(insert_after(block.text, block.span, code)) if blocks else [], known
    return [], frozenset()


def _set_already(case: Case) -> dict[str, str]:
    """Variables of repositories that the folder sets: name to expression."""
    found: dict[str, str] = {}
    for block in case.context.blocks(case.folder):
        value = block.attribute("value")
        if block.labels[:1] == ("github_actions_variable",) and value is not None:
            found[block.plain("variable_name") or ""] = attribute_text(block, value).strip()
    return found
