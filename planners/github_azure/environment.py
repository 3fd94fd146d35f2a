"""Jobs that run Terraform with ARM_CLIENT_SECRET in their environment (recipe AZ-01): the providers and the backend ask
for the job's own token instead.

The secret is taken before a token, so it goes in the step in which ARM_USE_OIDC comes
(https://github.com/hashicorp/go-azure-sdk/blob/main/sdk/auth/auth.go and
https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/guides/service_principal_oidc).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rolecall.frontends.values import Mapping, text
from rolecall.planning.case import Case, Use
from rolecall.planning.edits import yaml_edit
from rolecall.planning.edits.azure_login import PROVIDERS, old_release
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.edits.workflow_edit import STRANGERS, all_may_ask
from rolecall.planning.migration import Edit, Handover
from rolecall.planning.move import Move
from rolecall.planning.pipelines.azure_runs import runs
from rolecall.planning.pipelines.fed_variable import retire
from rolecall.planning.pipelines.terraform_jobs import Job, terraform_jobs
from rolecall.source.hcl import Block
from rolecall.source.text import Span
from rolecall.source.tree import Unreadable

SECRET = "ARM_CLIENT_SECRET"
SWITCH = "ARM_USE_OIDC"
_INPUT = "TF_VAR_"
_SCRIPT = re.compile(r"[\w./-]+\.(?:sh|bash|ps1|py)\b")
#: Programs that read the same variables as Terraform's providers do, and know other logins.
_PROGRAMS = re.compile(r"\b(?:pulumi|packer|go\s+test|terratest)\b")
_ENTRY = re.compile(r"""(?m)^\s*["']?ARM_CLIENT_SECRET["']?\s*:""")
#: The same as the whole entry, where its value is on the line.
_PAIR = re.compile(
    rb"""(?m)^[ \t]*(["']?ARM_CLIENT_SECRET["']?[ \t]*:[ \t]*(?:\$\{\{[^}\n]*\}\}|"[^"\n]*"|'[^'\n]*'|[^\s#"'$]+))"""
)
_CLIENT = re.compile(r"\bARM_CLIENT_ID\b")


def serves(case: Case, use: Use) -> bool:
    """Whether the secret comes by the environment that Terraform reads, and by nothing else."""
    names = [_key(case, place) for place in use.places]
    return bool(names) and all(name == SECRET or name.startswith(_INPUT) for name in names)


def from_environment(case: Case, use: Use, move: Move) -> None:
    """Adds the edits of the job's environment to phase migrate; raises Refused where the secret has other readers."""
    job = next((one for one in terraform_jobs(case.context) if one.resource.id == use.workload.id), None)
    if job is None:
        raise Refused("the job runs no Terraform that can be seen, so something else reads the secret")
    if bad := [name for name in job.ways.events if name in STRANGERS]:
        raise Refused(f"the workflow runs on {', '.join(bad)}, where code of strangers could use the token")
    edits: list[Edit] = []
    for place in use.places:
        name = _key(case, place)
        _no_other_reader(case, job, name)
        if name == SECRET:
            edits += _switched(case, job, place)
        else:
            edits += _input(case, move, name.removeprefix(_INPUT), place)
    for block in _blocks(case):
        old_release(case.context, block)
    edits += all_may_ask(case, move, job.ways)
    move.add("migrate", edits)
    subjects = " and ".join(job.subjects)
    move.needs["migrate"].append(f"the application trusts the job's token ({subjects}) by a federated credential")
    move.verify["migrate"].append("terraform plan in the job shows no changes")
    if case.credential.form != "minted":
        move.wait_for(
            "the application is not in the code, and has to trust the job's token before the secret goes",
            *(federate(subject, use.workload.site.address, "CLIENT_ID") for subject in job.subjects),
        )


def keeps_secret(case: Case, job: Job) -> str:
    """Why ARM_CLIENT_SECRET stays in a job's environment, where it is taken before a token; "" where it does not."""
    if not _ENTRY.search(job.written):
        return ""
    for credential in case.model.credentials.values():
        if credential.form != "minted" or credential.cloud != "azure" or credential.id == case.credential.id:
            continue
        if any(found.workload.id == job.resource.id for found in case.model.flow(credential).consumptions):
            return f"{credential.site.address} makes it, and ends in a migration of its own"
    own = _ENTRY.search(case.context.text(job.resource.span.path).text(job.resource.span))
    every = {one.resource.id: one for one in terraform_jobs(case.context)}
    jobs = [job.resource] if own else [job.resource, *job.siblings]
    for resource in jobs:
        if resource.id not in every:
            return f"{resource.address} has it too and runs no Terraform"
        try:
            _no_other_reader(case, every[resource.id], SECRET)
        except Refused as refused:
            return refused.reason
    return "" if _CLIENT.search(job.written) else "the job does not name the application (ARM_CLIENT_ID)"


def without_secret(case: Case, job: Job) -> list[Edit]:
    """The edits that end ARM_CLIENT_SECRET in a job's environment, the same as in the job's own migration: what takes
    a token there cannot go without them.
    """
    source = case.context.text(job.resource.span.path)
    whole, span = source.data, job.resource.span
    edits: list[Edit] = []
    for match in _PAIR.finditer(whole):
        above = not any(one.span.start <= match.start() < one.span.end for one in (job.resource, *job.siblings))
        if above or span.start <= match.start() < span.end:
            edits += _switched(case, job, source.span(match.start(1), match.end(1)))
    return edits


def federate(subject: str, where: str, client: str) -> Handover:
    """The trust of an application that is not in the code, for a job of GitHub; `client` is quoted for a shell."""
    issuer = "https://token.actions.githubusercontent.com"
    every = (
        "; one for each branch that starts it, since no wildcard is compared: where branches come and go, give the job "
        "an environment first, and trust repo:OWNER/NAME:environment:ENVIRONMENT"
        if subject.endswith("/BRANCH")
        else ""
    )
    return Handover(
        f"before phase migrate, let the application trust the job's token: issuer {issuer}, subject {subject} (its "
        "exact text: OWNER@OWNER_ID/NAME@REPOSITORY_ID for repositories created or renamed since 2026-07-15), audience "
        f"api://AzureADTokenExchange{every}",
        where,
        "the owner of the application",
        f"az ad app federated-credential create --id {client} --parameters "
        f'\'{{"name":"github","issuer":"{issuer}","subject":"SUBJECT","audiences":["api://AzureADTokenExchange"]}}\'',
        f"az ad app federated-credential list --id {client} shows issuer and subject",
    )


def _key(case: Case, place: Span) -> str:
    key, sign, _ = case.context.text(place.path).text(place).partition(":")
    return key.strip().strip("\"'") if sign else ""


def _switched(case: Case, job: Job, place: Span) -> list[Edit]:
    source = case.context.text(place.path)
    if not (_CLIENT.search(job.written) or _CLIENT.search(source.data.decode("utf-8", "replace"))):
        raise Refused("the job does not name the application (ARM_CLIENT_ID)")
    if re.search(rb"\bARM_USE_(?:OIDC|MSI)\b", source.data):
        return list(yaml_edit.remove(source, [place]))
    if "\n" in source.text(place):
        raise Refused("the secret is not written on one line")
    return [Edit(place.path, place.start, place.end, f'{SWITCH}: "true"')]


def _input(case: Case, move: Move, variable: str, place: Span) -> list[Edit]:
    """A variable of Terraform's goes with the secrets of the providers that it feeds, and what runs them asks for a
    token.
    """
    edits = list(yaml_edit.remove(case.context.text(place.path), [place]))
    for folder in dict.fromkeys(path.rpartition("/")[0] for path in case.context.tree.paths() if path.endswith(".tf")):
        if any(b.type == "variable" and b.labels == (variable,) for b in case.context.blocks(folder)):
            edits += retire(case, folder, variable)
            for job in runs(case, folder, [variable]).jobs:
                if kept := keeps_secret(case, job):
                    raise Refused(f"{SECRET} of {job.resource.address} would be taken before a token: {kept}")
                edits += without_secret(case, job)
                edits += all_may_ask(case, move, job.ways)
    return edits


def _no_other_reader(case: Case, job: Job, name: str) -> None:
    """Raises Refused where a script of the job names the variable, or a script file that it runs does."""
    pattern = re.compile(rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])")
    for step in job.steps:
        run = text(step.get("run")) or ""
        inputs = step.get("with")
        given = " ".join(text(entry.value) or "" for entry in inputs.entries) if isinstance(inputs, Mapping) else ""
        if pattern.search(run) or pattern.search(given):
            raise Refused(f"a step of the job reads {name} itself")
        if program := _PROGRAMS.search(f"{run} {text(step.get('uses_name')) or ''}"):
            raise Refused(f"{program[0]} in the job may read {name} too")
        for path in _SCRIPT.findall(run):
            try:
                known = case.context.tree.read(path.removeprefix("./"))
            except Unreadable:
                continue
            if pattern.search(known.data.decode("utf-8", "replace")):
                raise Refused(f"{path} reads {name}")


def _blocks(case: Case) -> Iterator[tuple[str, Block]]:
    """Every provider and backend of Azure in the tree, with its folder."""
    for folder in dict.fromkeys(path.rpartition("/")[0] for path in case.context.tree.paths() if path.endswith(".tf")):
        for block in case.context.blocks(folder):
            if block.type == "provider" and block.labels[:1] in PROVIDERS:
                yield folder, block
            elif block.type == "terraform":
                for inner in block.blocks:
                    if inner.type == "backend" and inner.labels[:1] == ("azurerm",):
                        yield folder, inner
