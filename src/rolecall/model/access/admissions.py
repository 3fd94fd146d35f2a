"""Resource policies: who is let in to a bucket, a queue, a key or a function by name, or by no name at all.

Most of them name one account or role and need no look.  What the text of a block must hold to matter is told from its
bytes, so that only the few that may let in more are evaluated; in a unit with users all are, since they may name one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from rolecall.catalog.entries import Entry
from rolecall.frontends.resource import Resource
from rolecall.frontends.terraform.policy_document import document as written_document
from rolecall.frontends.values import Scalar, Value, children, references, render, text, truth
from rolecall.model.access.choices import opened
from rolecall.model.access.collection_policies import KIND, read_rules
from rolecall.model.access.documents import UNKNOWN, read_document
from rolecall.model.flow.fields import attributes
from rolecall.model.parts import Document, Mention, ResourcePolicy, Statement
from rolecall.model.sites import absent, gate_of, site_of
from rolecall.source.patterns import late
from rolecall.source.records import replace
from rolecall.source.tree import Unreadable

if TYPE_CHECKING:
    from rolecall.model.extraction import Extraction

#: What a policy that lets in more than whom it names has in its text: a star at the end of a string, everybody but
#: some, a service (which acts for others), an account that is none, a principal that is given elsewhere.
_WIDE = late(
    rb"\*\\?[\"']|not_?principal|public-read|authenticated-read|groups/global|AllowFromPublic|\.amazonaws\.com|iam::(?:\*|:?root)"
    rb"|(?:AWS|Principal|\bacl)\\?[\"']?\s*[=:]\s*\[?\s*\\?[\"']?(?:\$\{)?(?:var|local)\.",
    re.IGNORECASE,
)
#: A policy that is written elsewhere.
_ELSEWHERE = late(rb"polic\w*\s*=\s*(?!jsonencode|<<|\"\{)\S")
_DOCUMENT = "aws_iam_policy_document"
#: What the text of a document must hold to let in anybody, or tokens of another issuer.
_ANYBODY = late(rb"not_principals|[\"']Federated[\"']|principals\s*\{[^}]*[\"']\*[\"']")
_DYNAMIC = late(rb"dynamic\s+\"condition\"")
#: Blocks that shut public policies out, by the attribute that names the bucket.
_BLOCKS = {"aws_s3_bucket_public_access_block": "bucket", "aws_s3_account_public_access_block": ""}
_POLICIES = ("restrict_public_buckets", "block_public_policy", "RestrictPublicBuckets", "BlockPublicPolicy")
_LISTS = ("ignore_public_acls", "block_public_acls", "IgnorePublicAcls", "BlockPublicAcls")
#: What everybody may do by a canned ACL or a grantee.  Whoever is `authenticated` has any AWS account.
#: https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html
_ACLS = {
    "publicread": ("s3:ListBucket",),
    "publicreadwrite": ("s3:ListBucket", "s3:PutObject"),
    "authenticatedread": ("s3:ListBucket",),
    "http://acs.amazonaws.com/groups/global/allusers": ("s3:ListBucket",),
    "http://acs.amazonaws.com/groups/global/authenticatedusers": ("s3:ListBucket",),
}
#: What parts a type plays that a policy which names principals can be on.
_HOLDERS = ("", "resource-policy", "store")
#: How an attribute ends that takes statements with no document around.
_BARE = ("Statement", "CustomStatements")
#: Attributes by which a domain or an interface is reached from a private network alone.
_PRIVATE = ("vpc_options", "VPCOptions")
#: Attributes by which a policy of its own names what it is on.
_ON = ("bucket", "Bucket", "domain_name", "rest_api_id", "secret_arn")


def read_admissions(extraction: Extraction) -> Iterator[ResourcePolicy]:
    """The resource policies of a unit that may let in more than whom they name, in source order."""
    unit = extraction.unit
    users = any(
        (entry := extraction.entries.get(r.type)) is not None and entry.kind == "aws:user" for r in unit.resources
    )
    loose = [resource for resource in unit.resources if resource.mode == "data" and resource.type == _DOCUMENT]
    for resource in unit.resources:
        entry = extraction.entries.get(resource.type) if resource.mode == "resource" else None
        if entry is None or not (entry.acls or ((entry.document or entry.principal) and entry.part in _HOLDERS)):
            continue
        if absent(resource, unit.library) or not (users or may_matter(extraction, resource)):
            continue
        if not (unit.library and (gate := gate_of(resource)) is not None and not gate.called):
            yield from _on(extraction, resource, entry, users)
    for resource in loose:
        if extraction.written(resource, _ANYBODY) and not absent(resource, unit.library):
            yield from _by_itself(extraction, resource)


def may_matter(extraction: Extraction, resource: Resource) -> bool:
    """Whether the text of a declaration may hold a policy that lets in more than whom it names."""
    if resource.format != "terraform":
        return True
    return extraction.written(resource, _WIDE) or extraction.written(resource, _ELSEWHERE)


def _text(extraction: Extraction, resource: Resource) -> bytes:
    """The text of a declaration; nothing where it is not at hand."""
    if extraction.tree is None:
        return b""
    span = resource.span
    with suppress(Unreadable):
        return extraction.tree.read(span.path).data[span.start : span.end]
    return b""


def _on(extraction: Extraction, resource: Resource, entry: Entry, users: bool) -> Iterator[ResourcePolicy]:
    paths = entry.document.split("|") if entry.document else []
    for value, place in (found for path in paths for found in attributes(resource, path)):
        if extraction.unit.library and _by_default(value):
            continue
        bare = entry.document.endswith(_BARE)
        read = read_rules(value) if entry.kind == KIND else read_document(value, bare=bare)
        document = left_open(extraction, read)
        if document is None or (not document.statements and document.complete):
            continue
        shut = _shut(extraction, resource, _POLICIES) if _anybody(document) else ""
        yield ResourcePolicy(site_of(resource), document, shut, place)
        if users:
            extraction.fragment.mentions.extend(_mentions(extraction, resource, value))
    for value, span in ((v, s) for path in entry.acls for v, s in attributes(resource, path)):
        actions = _ACLS.get((text(value) or "").lower().replace("-", ""))
        if actions is not None and not (extraction.unit.library and any(hop.kind == "variable" for hop in value.via)):
            anybody = Statement("Allow", actions, (), (), (), (("AWS", "*"),), (), span or value.span)
            shut = _shut(extraction, resource, _LISTS)
            yield ResourcePolicy(site_of(resource), Document((anybody,), True, anybody.span), shut)
    if not entry.principal or entry.part != "resource-policy":
        return
    for principal, _ in opened(resource.get(entry.principal)):
        if not (extraction.unit.library and _by_default(principal)):
            yield ResourcePolicy(site_of(resource), _permission(extraction, resource, entry, principal))


def left_open(extraction: Extraction, document: Document | None) -> Document | None:
    """A library's document, with a condition that is not known where its callers may ask for one."""
    if document is None or not extraction.unit.library or extraction.tree is None:
        return document
    statements = []
    for statement in document.statements:
        span, written = statement.span, b""
        with suppress(Unreadable):
            written = extraction.tree.read(span.path).data[span.start : span.end] if span is not None else b""
        unknown = (UNKNOWN,) if _DYNAMIC.search(written) else ()
        statements.append(replace(statement, conditions=(*statement.conditions, *unknown)) if unknown else statement)
    return replace(document, statements=tuple(statements))


def _permission(extraction: Extraction, resource: Resource, entry: Entry, principal: Value) -> Document:
    """A permission as the statement that it adds to the resource's policy."""
    conditions = []
    for row in entry.asks:
        key, _, path = row.partition(" = ")
        value = resource.get(path)
        if value is None:
            continue
        if isinstance(value, Scalar) and value.value in (None, ""):
            if extraction.unit.library and any(hop.kind == "variable" for hop in value.via):
                conditions.append(UNKNOWN)
            continue
        conditions.append(("ArnLike" if key.endswith("Arn") else "StringEquals", key, (extraction.label(value),)))
    who = extraction.label(principal)
    action = resource.get(entry.action)
    statement = Statement(
        "Allow",
        (render(action),) if action is not None else (),
        (),
        (),
        (),
        (("Service" if who.endswith((".amazonaws.com", ".amazonaws.com.cn")) else "AWS", who),),
        tuple(conditions),
        resource.span,
    )
    return Document((statement,), True, resource.span)


def _by_itself(extraction: Extraction, resource: Resource) -> Iterator[ResourcePolicy]:
    """A document that names principals, wherever it is used: a check tells one that is read elsewhere by its place."""
    value = written_document(resource.body)
    by_default = extraction.unit.library and _by_default(value)
    document = None if by_default else left_open(extraction, read_document(value))
    if document is None:
        return
    own = [s for s in document.statements if s.span is not None and resource.span.contains(s.span)]
    kept = tuple(s for s in own if s.principals)
    if kept and not (_anybody(document) and _for_others(extraction, resource)):
        yield ResourcePolicy(
            site_of(resource), replace(document, statements=kept), untaken=not _is_named(extraction, resource)
        )


def _for_others(extraction: Extraction, document: Resource) -> bool:
    """Whether a document is for something of its own kind: an endpoint, whose policy says what passes, or nothing that
    is made.
    """
    if "endpoint" in document.name.lower():
        return True
    takers = list(_takers(extraction, document))
    if any("endpoint" in f"{taker.type} {taker.name}".lower() for taker in takers):
        return True
    return bool(takers) and all(absent(taker, extraction.unit.library) for taker in takers)


def _is_named(extraction: Extraction, document: Resource) -> bool:
    """Whether anything in the folder of a document writes its address; True where the text is not at hand."""
    if extraction.tree is None:
        return True
    address = f"{_DOCUMENT}.{document.name}".encode()
    folder = document.span.path.rpartition("/")[0]
    for path in extraction.unit.files:
        if path.rpartition("/")[0] == folder:
            with suppress(Unreadable):
                if address in extraction.tree.read(path).data:
                    return True
    return False


def _takers(extraction: Extraction, document: Resource) -> Iterator[Resource]:
    """The blocks of the document's own module that name it."""
    pattern = re.compile(re.escape(f"{_DOCUMENT}.{document.name}.".encode()))
    for other in extraction.unit.resources:
        same = other.module == document.module and other.calls == document.calls
        if same and pattern.search(_text(extraction, other)):
            yield other


def _anybody(document: Document) -> bool:
    return any(s.effect == "Allow" and any(who == "*" for _, who in s.principals) for s in document.statements)


def _by_default(value: Value) -> bool:
    """Whether a star in a value is what a variable of its own module is by default."""
    stack = [(value, False)]
    while stack:
        node, inherited = stack.pop()
        given = inherited or any(hop.kind == "variable" for hop in node.via)
        if given and isinstance(node, Scalar) and node.value == "*":
            return True
        stack.extend((child, given) for child in children(node))
    return False


def _mentions(extraction: Extraction, resource: Resource, value: Value) -> Iterator[Mention]:
    for reference in references(value):
        target = extraction.resources.get(reference.target)
        entry = extraction.entries.get(target.type) if target is not None else None
        if target is not None and entry is not None and entry.part in ("identity", "credential"):
            yield Mention(target.id, reference.attribute, site_of(resource), reference.span or resource.span)


def _shut(extraction: Extraction, resource: Resource, switches: tuple[str, ...]) -> str:
    """Why a policy that names everybody lets in fewer; "" where nothing is seen of that."""
    about = [resource, *_on_what(extraction, resource)]
    for one in about:
        if any(one.get(path) is not None for path in _PRIVATE):
            return "it is in a private network"
        if "PRIVATE" in render_all(one, "endpoint_configuration.types", "EndpointConfiguration.Types"):
            return "it is in a private network"
        if _closes(one, "PublicAccessBlockConfiguration.", switches):
            return "public access is blocked"
    names = {one.id for one in about}
    labels = {extraction.label(value) for one in about if (value := one.get("bucket")) is not None}
    for other in extraction.unit.resources:
        if other.mode != "resource" or other.type not in _BLOCKS or other.module != resource.module:
            continue
        path = _BLOCKS[other.type]
        value = other.get(path) if path else None
        same = value is None or any(r.target in names for r in references(value)) or extraction.label(value) in labels
        if same and _closes(other, "", switches):
            return "public access is blocked"
    return ""


def _on_what(extraction: Extraction, resource: Resource) -> Iterator[Resource]:
    """The resources that a policy of its own is put on."""
    for path in _ON:
        value = resource.get(path)
        for reference in references(value) if value is not None else ():
            target = extraction.resources.get(reference.target)
            if target is not None and target.mode == "resource":
                yield target


def _closes(resource: Resource, prefix: str, switches: tuple[str, ...]) -> bool:
    return any(truth(value) for name in switches if (value := resource.get(prefix + name)) is not None)


def render_all(resource: Resource, *paths: str) -> str:
    """Everything at some paths as one text."""
    return " ".join(render(value) for path in paths for value in resource.find(path))
