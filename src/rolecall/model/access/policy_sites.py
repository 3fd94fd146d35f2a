"""Policies that stand by themselves: policy documents, lookups of AWS's own policies, policies in units without
identities.

A policy grants nothing until somebody gets it.  Whether the scanned code shows who does is a question for the whole
estate; here is only told what each one says, and what kind of block takes it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from rolecall.frontends.resource import Resource
from rolecall.frontends.terraform.policy_document import document
from rolecall.frontends.values import Mapping as MappingValue
from rolecall.frontends.values import find, text
from rolecall.model.access.choices import opened
from rolecall.model.access.documents import possibly, read_document
from rolecall.model.access.sam_policies import from_template
from rolecall.model.parts import Grant, PolicySite, ResourcePolicy
from rolecall.model.sites import absent, gate_of, site_of
from rolecall.source.patterns import late
from rolecall.source.records import replace
from rolecall.source.tree import Unreadable

if TYPE_CHECKING:
    from rolecall.model.extraction import Extraction

DOCUMENT = "aws_iam_policy_document"
LOOKUP = "aws_iam_policy"
#: Permission sets of IAM Identity Center, which are people's.
PERMISSION_SET = "permission-set"
#: A role that a template makes for its function alone.
OWN_ROLE = "own-role"
#: Without one of these no document is wide.
_WIDE = late(rb"\*|not_actions|not_resources|NotAction|NotResource|policy_documents|policy_json")
_TAKEN = late(rb"aws_iam_policy_document\.([A-Za-z_][\w-]*)")
#: What a document goes through without saying what it is for, by the modes of the blocks.
_HANDED_ON = frozenset({"local", "output", "module", "data", "variable"})
#: Policies that can be looked up by this part of their ARN.
_AWS = ":iam::aws:policy/"


def read_policies(extraction: Extraction, walked: bool) -> None:
    """Adds to the fragment what stands by itself.  `walked` says that its policies (`aws_iam_policy`) are there."""
    unit, fragment = extraction.unit, extraction.fragment
    documents: list[Resource] = []
    for resource in unit.resources:
        if resource.mode == "data":
            if resource.type == DOCUMENT and extraction.written(resource, _WIDE):
                documents.append(resource)
            elif resource.type == LOOKUP and (name := looked_up(resource)):
                fragment.policies.append(PolicySite(site_of(resource), None, managed=name))
        elif resource.mode == "resource" and not walked:
            entry = extraction.entries.get(resource.type)
            if entry is None or entry.part != "policy" or entry.cloud not in ("aws", "azure"):
                continue
            if not absent(resource, unit.library):
                extraction.read_policy(resource, entry)
    if documents:
        takers = _takers(extraction)
        for resource in documents:
            fragment.policies.extend(_documents(extraction, resource, takers))
    if any(resource.mode == "module" and "terraform-aws-" in resource.type for resource in unit.resources):
        from rolecall.model.access.module_calls import read_calls

        read_calls(extraction)


def looked_up(resource: Resource) -> str:
    """The name of the AWS policy that a `data "aws_iam_policy"` looks up; "" where it may be another one."""
    arn = text(resource.get("arn")) or ""
    return arn.rpartition("/")[2] if _AWS in arn else text(resource.get("name")) or ""


def policy_lookup(extraction: Extraction, resource: Resource | None) -> str:
    """The id or ARN of the policy that a lookup finds; "" for any other resource."""
    if resource is None or resource.mode != "data" or resource.type != LOOKUP or not (name := looked_up(resource)):
        return ""
    for other in extraction.unit.resources:
        if other.mode == "resource" and other.type == LOOKUP and text(other.get("name")) == name:
            return other.id
    return f"arn:aws{_AWS}{name}"


def _documents(
    extraction: Extraction, resource: Resource, takers: Mapping[tuple[str, str], frozenset[str]]
) -> Iterator[PolicySite]:
    """The document by itself.  One that a policy or a grant takes is judged there, and what stands on an endpoint, an
    organization or a bucket is no grant: of those only the place is told, and nothing is evaluated.
    """
    if absent(resource, extraction.unit.library):
        return
    taken = takers.get((resource.module, resource.name), frozenset())
    found = read_document(document(resource.body)) if taken <= _HANDED_ON else None
    if found is not None and any(s.principals or s.not_principals for s in found.statements):
        return
    yield PolicySite(site_of(resource), found, taken_by=taken, library=extraction.unit.library, gate=gate_of(resource))


def _takers(extraction: Extraction) -> dict[tuple[str, str], frozenset[str]]:
    """The types of the blocks that name each policy document, by the folder and the document's name."""
    blocks: dict[str, list[tuple[int, int, str, str]]] = defaultdict(list)
    for resource in extraction.unit.resources:
        kind = resource.type if resource.mode == "resource" else resource.mode
        span = resource.span
        blocks[span.path].append((span.start, span.end, kind, resource.module))
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for path in extraction.unit.files:
        if extraction.tree is None or not path.endswith(".tf"):
            continue
        try:
            data = extraction.tree.read(path).data
        except Unreadable:
            continue
        inside = sorted(set(blocks.get(path, ())))
        starts = [block[0] for block in inside]
        folder = path.rpartition("/")[0]
        for match in _TAKEN.finditer(data):
            at = bisect_right(starts, match.start()) - 1
            held = inside[at] if at >= 0 and match.start() < inside[at][1] else (0, 0, "local", folder)
            found[(held[3], match[1].decode())].add(held[2])
    return {key: frozenset(kinds) for key, kinds in found.items()}


# -- grants that are written where they are used


def permission_set(extraction: Extraction, resource: Resource) -> None:
    """What CloudFormation's permission set of IAM Identity Center holds."""
    inline = read_document(resource.get("InlinePolicy"))
    site = site_of(resource)
    if inline is not None:
        extraction.fragment.grants.append(Grant(site, "inline", "", PERMISSION_SET, resource.id, document=inline))
    for item, sure in opened(resource.get("ManagedPolicies")):
        policy = extraction.policy_key(item)
        ways = () if sure else (policy,)
        extraction.fragment.grants.append(
            Grant(site, "managed-list", "", PERMISSION_SET, resource.id, policy, span=item.span, ways=ways)
        )


def own_policies(extraction: Extraction, resource: Resource) -> None:
    """What a serverless function's `Policies` give to the role that is made for it: ARNs or names of policies, and
    documents.  The transform's own policy templates are narrow, unless what they are given is everything.
    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html
    """
    if resource.get("Role") is not None:
        return
    site = site_of(resource)
    trust = read_document(resource.get("AssumeRolePolicyDocument"))
    if trust is not None and trust.statements:
        extraction.fragment.resource_policies.append(ResourcePolicy(replace(site, type=DOCUMENT), trust))
    for item, sure in opened(resource.get("Policies")):
        if isinstance(item, MappingValue):
            inline = read_document(item) if next(find(item, "Statement"), None) is not None else from_template(item)
            if inline is not None:
                document = possibly(inline, sure)
                extraction.fragment.grants.append(
                    Grant(site, "inline", "", OWN_ROLE, resource.id, document=document, span=item.span)
                )
            continue
        name = text(item)
        policy = f"arn:aws{_AWS}{name}" if name and ":" not in name else extraction.policy_key(item)
        ways = () if sure else (policy,)
        extraction.fragment.grants.append(
            Grant(site, "managed-list", "", OWN_ROLE, resource.id, policy, span=item.span, ways=ways)
        )
