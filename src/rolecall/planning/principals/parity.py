"""Permission parity in Terraform: give a role what a user may do (rule R4, recipe AWS-25).

The new blocks are the user's own grant blocks with the principal changed, so what is granted cannot be more than what
was granted.  What cannot be carried over by that is refused with a reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from rolecall.model.parts import Document, Grant, Identity
from rolecall.planning.case import Case, attribute_text
from rolecall.planning.edits.alignment import format_hcl
from rolecall.planning.edits.hcl_edit import append_item, insert_after, set_attribute
from rolecall.planning.edits.line_edit import Refused, line_end, line_start
from rolecall.planning.edits.repetition import names_own_instance, repetition
from rolecall.planning.migration import Handover
from rolecall.planning.principals.callers import through_call
from rolecall.planning.principals.roles import Role
from rolecall.planning.proofs.containment_proof import permissions
from rolecall.source.edits import Edit, apply, ordered
from rolecall.source.hcl import Block
from rolecall.source.text import Span

#: A user's grant block and the role's block that says the same; the argument that names the principal.
ROLE_BLOCKS = {
    "aws_iam_user_policy": ("aws_iam_role_policy", "user"),
    "aws_iam_user_policy_attachment": ("aws_iam_role_policy_attachment", "user"),
    "aws_iam_group_policy": ("aws_iam_role_policy", "group"),
    "aws_iam_group_policy_attachment": ("aws_iam_role_policy_attachment", "group"),
}
#: Policy variables and condition keys that only hold, or mean something else, for a user.
USER_ONLY = (
    "${aws:username}",
    "aws:username",
    "aws:userid",
    "aws:multifactorauthpresent",
    "aws:multifactorauthage",
    "aws:principaltype",
)


def obstacles(case: Case) -> Iterator[str]:
    """Why a role cannot simply take over what the user may do; nothing where it can."""
    if case.owner is None:
        yield "the user is not declared in the scanned code, so what it may do cannot be seen"
    for owner in case.owners:
        yield from _obstacles(case, owner)


def _obstacles(case: Case, owner: Identity) -> Iterator[str]:
    for grant in case.model.unseen_groups(owner):
        yield f"it gets permissions from the group {grant.policy.rpartition('//')[2]}, which is not in the scanned code"
    for grant in case.model.grants(owner):
        for document in _documents(case, grant):
            yield from _user_only(document)
    named = [m.site.id for m in case.model.mentions.get(owner.id, ()) if m.attribute in ("arn", "Arn", "unique_id")]
    for policy in case.model.resource_policies:
        if policy.site.id in named:
            yield f"{policy.site.address} names the user in a resource policy; add the role there too"
    for identity in case.model.identities.values():
        trusts = [who for s in (identity.assume.statements if identity.assume else ()) for _, who in s.principals]
        if any(f"{owner.site.address}." in who for who in trusts):
            yield f"{identity.site.address} lets the user assume it; let the role in there too"
    if not case.model.own_grants(owner):
        yield "the code gives the user no permissions, so they must be granted elsewhere"


def in_clusters(case: Case) -> Iterator[Handover]:
    """What a user that looks at EKS clusters may have in them: its rights there are the cluster's to give.

    https://docs.aws.amazon.com/eks/latest/userguide/grant-k8s-access.html
    """
    documents = [document for grant in case.grants for document in _documents(case, grant)]
    if any(action.lower().startswith("eks:") for d in documents for s in d.statements for action in s.actions):
        yield Handover(
            "map the new role to the groups that the user has in its clusters (aws-auth, access entries), if any",
            case.owner.site.address if case.owner is not None else case.folder,
            "the owner of the cluster",
            "kubectl -n kube-system get configmap aws-auth -o yaml; aws eks list-access-entries --cluster-name CLUSTER",
            "kubectl auth can-i --list shows the same as the role and as the user",
        )


def _documents(case: Case, grant: Grant) -> Iterator[Document]:
    if grant.document is not None:
        yield grant.document
    policy = case.model.policies.get(grant.policy)
    if policy is not None and policy.document is not None:
        yield policy.document


def _user_only(document: Document) -> Iterator[str]:
    for statement in document.statements:
        words = [*statement.resources, *statement.not_resources]
        keys = [key.lower() for _, key, _ in statement.conditions]
        if any("aws:username" in word.lower() or "aws:userid" in word.lower() for word in words) or any(
            key in USER_ONLY for key in keys
        ):
            yield "its policy uses a variable or condition that only a user has (aws:username, aws:userid, MFA)"
            return


def carry_over(case: Case, role: Role, label: str) -> list[Edit]:
    """The edits that grant a role of the user's module what the user is granted.

    `label` tells this role's blocks from those of another role of the same case.  Raises Refused where a grant cannot
    be carried over.
    """
    edits: list[Edit] = []
    identity = case.model.identities.get(role.id)
    held = permissions(case.model, case.model.grants(identity)) if identity is not None else set()
    for grant in _sources(case):
        if permissions(case.model, [grant]) <= held:
            continue
        if grant.site.format != "terraform":
            raise Refused("the grant is not written in Terraform")
        block = case.context.block(grant.site.span)
        edits.extend(_for_role(case, grant, block, role, label))
    return edits


def _sources(case: Case) -> Iterator[Grant]:
    """The grant blocks to mirror: the user's own and those of its groups, each block once."""
    seen: set[tuple[str, int]] = set()
    for grant in case.grants:
        mirrored = [grant]
        if grant.how == "membership":
            mirrored = [g for owner in case.owners for g in case.model.grants(owner) if g.principal == grant.policy]
        for found in mirrored:
            if found.site.declaration not in seen:
                seen.add(found.site.declaration)
                yield found


def _for_role(case: Case, grant: Grant, block: Block, role: Role, label: str) -> Iterator[Edit]:
    type_name = block.labels[0]
    if type_name == "aws_iam_policy_attachment":
        if grant.site.module != case.folder:
            raise Refused(f"{grant.site.address} grants from another module; add the role there by hand")
        yield from _exclusive(block, role)
        return
    if type_name not in ROLE_BLOCKS:
        raise Refused(f"{grant.site.address} cannot be carried over to a role")
    new_type, principal = ROLE_BLOCKS[type_name]
    elsewhere = grant.site.module != case.folder
    if elsewhere:
        if grant.how == "membership" or principal != "user":
            raise Refused(f"{grant.site.address} grants from another module; add the role there by hand")
        named, made = through_call(case, role, block, principal)
        yield from made
    else:
        named = _principal(case, grant, block, role, principal)
    wanted = block.labels[1] + (f"_{label}" if label and label != block.labels[1] else "")
    name = case.context.free_name(grant.site.module, new_type, wanted, f"{block.start}{label}", "_from_user")
    changes = {principal: f"role = {named}", "depends_on": ""}
    written = block.attribute("name")
    if written is not None and grant.how == "inline" and _taken(case, role, attribute_text(block, written)):
        changes["name"] = f"name = {_with_ending(attribute_text(block, written), '-from-user')}"
    first = role.repeats.argument if not elsewhere and not repetition(block).name else ""
    code = _rewritten(block, f'resource "{new_type}" "{name}" {{', first, changes)
    yield from insert_after(block.text, block.span, format_hcl(code))


def _principal(case: Case, grant: Grant, block: Block, role: Role, argument: str) -> str:
    """The role as the new block names it, which repeats as the grant does, and else as the role does."""
    repeats = repetition(block)
    if role.repeats.name and not repeats.name:
        return f"{role.address}{role.repeats.own}.name"
    attribute = block.attribute(argument)
    several = repeats.name and not repeats.is_switch and not role.repeats.name
    if several and attribute is not None and names_own_instance(attribute_text(block, attribute)):
        raise Refused(f"{grant.site.address} grants to each of several users, and the role is one")
    return role.attribute("name", block)


def _taken(case: Case, role: Role, name: str) -> bool:
    """Whether the role has an inline policy of that name: a second one would overwrite it."""
    if not role.address.startswith("aws_iam_role."):
        return True  # what it has in its own module is not looked through
    naming = re.compile(re.escape(role.address) + r"(?![\w-])")
    for block in case.context.blocks(case.folder):
        if block.labels[:1] != ("aws_iam_role_policy",):
            continue
        other, principal = block.attribute("name"), block.attribute("role")
        if other is None or principal is None or not naming.search(attribute_text(block, principal)):
            continue
        if attribute_text(block, other).strip() == name.strip():
            return True
    return False


def _with_ending(name: str, ending: str) -> str:
    return f'{name[:-1]}{ending}"' if re.fullmatch(r'"[^"]*"', name) else f'"${{{name}}}{ending}"'


def _rewritten(block: Block, header: str, first: str, changes: Mapping[str, str]) -> str:
    """The block's own text under another header, with some arguments changed or (by "") left out."""
    edits = []
    for attribute in block.attributes:
        new = changes.get(attribute.name)
        if new:
            edits.append(Edit("", attribute.start - block.start, attribute.end - block.start, new))
        elif new is not None:
            start = line_start(block.text.data, attribute.start)
            end = line_end(block.text.data, attribute.end)
            edits.append(Edit("", start - block.start, end - block.start, ""))
    opening = block.slice.index(b"{", block.header_end - block.start) + 1
    edits.append(Edit("", 0, opening, header + (f"\n{first}" if first else "")))
    return apply(block.slice, ordered(edits)).decode("utf-8", "surrogateescape").replace("\r\n", "\n") + "\n"


def _exclusive(block: Block, role: Role) -> Iterator[Edit]:
    """`aws_iam_policy_attachment` owns all attachments of its policy: a second writer would fight it, so it gets the
    role (R5).
    """
    roles = block.attribute("roles")
    name = role.attribute("name", block)
    if roles is None:
        yield from set_attribute(block.text, block.span, "roles", f"[{name}]")
    elif roles.node.children and roles.node.children[0].type == "collection_value":
        yield from append_item(block.text, _value_span(block, roles.value_start, roles.value_end), name)
    else:
        raise Refused("the list of roles of the policy's attachment is computed")


def _value_span(block: Block, start: int, end: int) -> Span:
    return block.text.span(start, end)
