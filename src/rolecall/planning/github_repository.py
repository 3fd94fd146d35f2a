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


def subjects(case: Case, use: Use) -> list[str]:
    """The subjects in their older form, where the code names owner, repository and environment or branch."""
    job, name = _job(case, use), repository(case)
    if not name or job is None:
        return []
    if environment := text(job.get("environment")):
        return [f"repo:{name}:environment:{environment}"]
    branches = strings(next(iter(job.find("trigger_filters.push.branches")), None))
    return [f"repo:{name}:ref:refs/heads/{branch}" for branch in branches if "*" not in branch]


def all_subjects(case: Case, use: Use) -> list[str]:
    """The subjects where no run of the job can have another; [] where some can."""
    found, job = subjects(case, use), _job(case, use)
    if not found or job is None:
        return []
    if text(job.get("environment")):
        return found if "${{" not in found[0] else []
    branches = strings(next(iter(job.find("trigger_filters.push.branches")), None))
    whole = set(strings(job.get("triggers"))) == {"push"} and len(found) == len(branches)
    return found if whole and not list(job.find("trigger_filters.push.tags")) else []


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


def variables(case: Case, values: Mapping[str, str]) -> list[Edit]:
    """Variables (name to HCL expression) of the repository that Terraform gives the secret to, beside the secret."""
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
        blocks = []
        for variable, value in values.items():
            name = case.context.free_name(case.folder, "github_actions_variable", variable.lower(), "github")
            lines = [f'resource "github_actions_variable" "{name}" {{', *shared]
            lines += [f'  variable_name = "{variable}"', f"  value = {value}", "}"]
            blocks.append("\n".join(lines) + "\n")
        return list(insert_after(block.text, block.span, format_hcl("\n".join(blocks))))
    return []
