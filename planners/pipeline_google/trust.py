"""What lets the jobs of a pipeline act as a service account: a pool, its provider, and the account's own policy.

https://cloud.google.com/iam/docs/workload-identity-federation-with-deployment-pipelines,
https://developer.hashicorp.com/terraform/cloud-docs/workspaces/dynamic-provider-credentials/gcp-configuration (a run's
token is made for the provider's own name, which is the audience that a provider takes by default)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rolecall.planning.case import Case, attribute_text
from rolecall.planning.edits.hcl_edit import insert_after
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.edits.repetition import repetition
from rolecall.planning.migration import Handover
from rolecall.planning.move import Move
from rolecall.planning.principals.google_pool import new_pool
from rolecall.planning.templates import render
from rolecall.source.hcl import Block

_PROVIDER = "google_iam_workload_identity_pool_provider"
_POOL = "google_iam_workload_identity_pool"
_MEMBER = "google_service_account_iam_member"


@dataclass(frozen=True, slots=True)
class Issuer:
    """Whose tokens a provider takes, and whom the account lets in.

    `condition` is the provider's, `principals` are the ends of the members' names (`subject/…`, `attribute.…/…`): HCL
    string texts in which references stay.  Without principals the subjects are an input, which `ask` describes;
    without a condition the project is one too.  `audience` is "" for the provider's own name.
    """

    name: str
    host: str
    audience: str
    mapping: Mapping[str, str]
    condition: str
    principals: tuple[str, ...]
    ask: str = ""


def trust(case: Case, move: Move, account: Block, issuer: Issuer) -> str:
    """Adds what is not there yet to phase expand; answers the address of the provider.  Raises Refused."""
    address = ".".join(account.labels)
    there = _provider(case, issuer)
    pool = _pool(there) if there is not None else ""
    waiting, members = _members(case, account, pool)
    if waiting:
        _open(case, move, f"the for_each of {waiting}", issuer.ask)
        return f"{_PROVIDER}.{there.labels[1]}" if there is not None else ""
    wanted = [f"principal{_kind(one)}://iam.googleapis.com/${{{pool}}}/{one}" for one in issuer.principals]
    if there is not None and wanted and set(wanted) <= members:
        move.prerequisites.append(f"{address} lets the job in already, by its own code")
        return f"{_PROVIDER}.{there.labels[1]}"
    context, folder = case.context, case.folder
    variable = "" if issuer.principals else context.free_name(folder, "variable", f"{issuer.name}_subjects", address)
    origin = "" if issuer.condition else context.free_name(folder, "variable", f"{issuer.name}_project", address)
    # a pool's name starts with a letter and has at least four characters
    new = "" if there is not None else context.free_name(folder, _PROVIDER, issuer.name, address)
    pool = pool or f"{_POOL}.{new}.name"
    named = [
        f"{account.labels[1]}_{issuer.name}{f'_{at}' if at else ''}" for at, _ in enumerate(issuer.principals or ("",))
    ]
    project = account.attribute("project")
    code = render(
        "pipeline_google/trust.tf.j2",
        variable=variable,
        ask=issuer.ask,
        provider=new,
        origin=origin,
        project=attribute_text(account, project) if project is not None else "",
        id=issuer.name.replace("_", "-"),
        condition=issuer.condition or f"assertion.project_path == '${{var.{origin}}}'",
        mapping=issuer.mapping,
        host=issuer.host,
        audience=issuer.audience,
        labels=[context.free_name(folder, _MEMBER, one, f"{one}{issuer.name}") for one in named],
        members=[f"principal{_kind(one)}://iam.googleapis.com/${{{pool}}}/{one}" for one in issuer.principals],
        account=address,
        pool=pool,
    )
    move.add("expand", insert_after(account.text, account.span, code))
    if variable:
        _open(case, move, variable, issuer.ask)
    if new:
        new_pool(case, move, new, origin, "the GitLab project whose jobs may log in, as GROUP/PROJECT")
    if there is not None:
        move.hold(
            f"whether the condition of {_PROVIDER}.{there.labels[1]} lets this job in is for its owner to say",
            Handover(
                "let this project's jobs in by the provider's attribute_condition, and nobody who does not need it",
                f"{_PROVIDER}.{there.labels[1]}",
                "the owner of the project",
            ),
        )
    move.permissions.extend(
        (
            "iam.workloadIdentityPools.create",
            "iam.workloadIdentityPoolProviders.create",
            "iam.serviceAccounts.setIamPolicy",
        )
    )
    move.verify["expand"].append("gcloud iam service-accounts get-iam-policy ACCOUNT lists the exact principals only")
    return f"{_PROVIDER}.{there.labels[1] if there is not None else new}"


def _kind(principal: str) -> str:
    return "Set" if principal.startswith("attribute.") else ""


def _open(case: Case, move: Move, variable: str, ask: str) -> None:
    move.hold(
        "which project or branch may log in is not in the code",
        Handover(
            f"set {variable} to the exact subjects: {ask}",
            case.folder or ".",
            "the owner of the pipeline",
            check="the job's login succeeds from the branch that deploys, and fails from any other",
        ),
    )


def _provider(case: Case, issuer: Issuer) -> Block | None:
    """The provider for the issuer that the folder declares; Refused where it cannot be taken over."""
    uri = re.compile(rb'issuer_uri\s*=\s*"' + re.escape(f"https://{issuer.host}".encode()) + rb'/?"')
    found = [b for b in case.context.blocks(case.folder) if b.labels[:1] == (_PROVIDER,) and uri.search(b.slice)]
    if not found:
        return None
    block = found[0]
    if len(found) > 1 or repetition(block).name:
        raise Refused(f"several providers for https://{issuer.host} are declared, and which one to take is open")
    for name, claim in issuer.mapping.items():
        if not re.search(rf'"?{re.escape(name)}"?\s*[=:]\s*"{re.escape(claim)}"'.encode(), block.slice):
            raise Refused(f"{'.'.join(block.labels)} does not map {name} to {claim}")
    if issuer.audience and issuer.audience.encode() not in block.slice:
        raise Refused(f"{'.'.join(block.labels)} does not take tokens for {issuer.audience}")
    return block


def _pool(provider: Block) -> str:
    attribute = provider.attribute("workload_identity_pool_id")
    written = attribute_text(provider, attribute).strip() if attribute is not None else ""
    match = re.fullmatch(rf"{_POOL}\.([\w-]+)\.workload_identity_pool_id", written)
    if match is None:
        raise Refused(f"{'.'.join(provider.labels)} does not name its pool by a plain reference")
    return f"{_POOL}.{match[1]}.name"


def _members(case: Case, account: Block, pool: str) -> tuple[str, frozenset[str]]:
    """The address of a block whose subjects are an input ("" for none), and who may act as the account by blocks beside
    it, as written.
    """
    waiting = ""
    found: set[str] = set()
    for block, member in _blocks(case, account):
        if not pool or pool not in member:
            continue
        if repetition(block).name:
            waiting = ".".join(block.labels)
        else:
            found.add(member)
    return waiting, frozenset(found)


def _blocks(case: Case, account: Block) -> Iterator[tuple[Block, str]]:
    named = re.compile(rb"(?<![\w.])" + re.escape(".".join(account.labels).encode()) + rb"\b")
    for block in case.context.blocks(case.folder):
        member = block.attribute("member")
        if block.labels[:1] == (_MEMBER,) and member is not None and named.search(block.slice):
            yield block, attribute_text(block, member).strip().strip('"')
