"""The GitHub repository that a pipeline runs in, as the code shows it: its name, its subjects, its variables."""

from __future__ import annotations

from collections.abc import Mapping

from rolecall.frontends.resource import Resource
from rolecall.frontends.values import text
from rolecall.planning.alignment import format_hcl
from rolecall.planning.case import Case, Use, attribute_text
from rolecall.planning.hcl_edit import insert_after
from rolecall.planning.migration import Edit, Handover
from rolecall.planning.workflow_edit import strings

#: The issuer of the tokens of GitHub's jobs: https://docs.github.com/en/actions/reference/security/oidc
ISSUER = "https://token.actions.githubusercontent.com"
#: A subject that GitHub never gives out (every real one names OWNER/NAME): the trust waits until the owner sets it.
NOBODY = "not-set-yet"


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
    found = [_of(name, job) for use in case.uses if (job := _job(case, use)) is not None] if name else []
    return list(dict.fromkeys(one for each in found for one in each)) if all(found) else []


def decided(case: Case) -> bool:
    """Whether no run of any job that uses the key can have another subject than those of `subjects`."""
    jobs = [_job(case, use) for use in case.uses]
    return bool(jobs) and all(job is not None and _only(job) for job in jobs)


def _of(name: str, job: Resource) -> list[str]:
    if environment := text(job.get("environment")):
        return [f"repo:{name}:environment:{environment}"]
    branches = strings(next(iter(job.find("trigger_filters.push.branches")), None))
    return [f"repo:{name}:ref:refs/heads/{branch}" for branch in branches if "*" not in branch]


def _only(job: Resource) -> bool:
    if environment := text(job.get("environment")):
        return "${{" not in environment
    branches = strings(next(iter(job.find("trigger_filters.push.branches")), None))
    plain = bool(branches) and not any(set(branch) & set("*?+[!") for branch in branches)
    return plain and set(strings(job.get("triggers"))) == {"push"} and not list(job.find("trigger_filters.push.tags"))


def lone(case: Case) -> bool:
    """Whether no other identity of the same cloud has its key among the secrets of the same repository: else their
    variables would be of one name.
    """
    scopes = {end.store.scope for end in case.stores if end.store.kind == "github-secret"}
    for other in case.model.credentials.values():
        if other.cloud != case.credential.cloud or other.owner == case.credential.owner:
            continue
        if any(
            end.store.kind == "github-secret" and end.store.scope in scopes for end in case.model.flow(other).stores
        ):
            return False
    return True


def _job(case: Case, use: Use) -> Resource | None:
    site = use.workload.site
    unit = case.context.unit(site.unit, "github") if site.format == "github" else None
    return next((r for r in unit.resources if r.id == site.id), None) if unit is not None else None


def set_subjects(case: Case, variable: str) -> Handover:
    """What the owner of the pipeline does about an input of subjects."""
    return Handover(
        f"set {variable} to the exact subjects: repo:OWNER/NAME:environment:ENVIRONMENT or "
        "repo:OWNER/NAME:ref:refs/heads/BRANCH "
        "(for repositories created or renamed since 2026-07-15: repo:OWNER@OWNER_ID/NAME@REPOSITORY_ID:…)",
        case.folder or ".",
        "the owner of the pipeline",
        "gh api repos/OWNER/NAME/actions/oidc/customization/sub",
        "the login step succeeds from the branch that deploys, and fails from any other",
    )


def no_subject(known: bool, what: str) -> str:
    """Why an input of subjects waits for its owner."""
    if known:
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
