"""What lets a repository's jobs act as a service account: a pool, its provider, and the account's own policy.

https://cloud.google.com/iam/docs/workload-identity-federation-with-deployment-pipelines
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rolecall.frontends.resource import Resource
from rolecall.frontends.values import Mapping, text
from rolecall.planning.case import Case, attribute_text
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.edits.repetition import repetition
from rolecall.planning.pipelines.github_repository import ISSUER
from rolecall.source.hcl import Block

_PROVIDER = "google_iam_workload_identity_pool_provider"
_POOL_OF = re.compile(r"google_iam_workload_identity_pool\.([\w-]+)\.workload_identity_pool_id")
_USER = "roles/iam.workloadIdentityUser"


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider for GitHub's tokens: its block's name, and the expression for its pool's resource name."""

    label: str
    pool: str


def provider_of(case: Case) -> Provider | None:
    """The provider for GitHub that the folder declares; None for none, Refused where it cannot be taken over."""
    found = [(block, r) for block, r in _declared(case, _PROVIDER) if _issuer(r) == ISSUER]
    if not found:
        return None
    if len(found) > 1:
        raise Refused("several providers for GitHub are declared, and which one to take is not in the code")
    block, resource = found[0]
    mapping = resource.get("attribute_mapping")
    mapped = text(mapping.get("google.subject")) if isinstance(mapping, Mapping) else None
    attribute = block.attribute("workload_identity_pool_id")
    pool = _POOL_OF.fullmatch(attribute_text(block, attribute).strip()) if attribute is not None else None
    if mapped != "assertion.sub":
        raise Refused(f"{'.'.join(block.labels)} does not map google.subject to assertion.sub")
    if pool is None or repetition(block).name:
        raise Refused(f"{'.'.join(block.labels)} does not name its pool by a plain reference")
    return Provider(block.labels[1], f"google_iam_workload_identity_pool.{pool[1]}.name")


def members(case: Case, account: Block) -> tuple[frozenset[str], str]:
    """Who may act as the account by blocks beside it, as text in which pools are left as references, and the address
    of a block whose members are an input ("" for none).
    """
    named = re.compile(rb"(?<![\w.])" + re.escape(".".join(account.labels).encode()) + rb"\b")
    found: set[str] = set()
    waiting = ""
    for block in case.context.blocks(case.folder):
        if block.labels[:1] != ("google_service_account_iam_member",) or not named.search(block.slice):
            continue
        member = block.attribute("member")
        if block.plain("role") != _USER or member is None:
            continue
        written = attribute_text(block, member).strip().strip('"')
        if not repetition(block).name:
            found.add(written)
        elif written.startswith("principal://") and "/subject/${" in written:
            waiting = ".".join(block.labels)
    return frozenset(found), waiting


def condition_of(case: Case, provider: Provider) -> str:
    """The provider's condition as it is known; "" for none."""
    for block, resource in _declared(case, _PROVIDER):
        if block.labels[1] == provider.label:
            return text(resource.get("attribute_condition")) or ""
    return ""


def _declared(case: Case, type_name: str) -> Iterator[tuple[Block, Resource]]:
    unit = case.context.unit(case.credential.site.unit, "terraform")
    blocks = {
        (block.text.path, block.start): block
        for block in case.context.blocks(case.folder)
        if block.labels[:1] == (type_name,)
    }
    for resource in unit.resources if unit is not None and blocks else ():
        if (block := blocks.pop((resource.span.path, resource.span.start), None)) is not None:
            yield block, resource


def _issuer(resource: Resource) -> str:
    return next((found for value in resource.find("oidc.issuer_uri") if (found := text(value))), "").rstrip("/")
