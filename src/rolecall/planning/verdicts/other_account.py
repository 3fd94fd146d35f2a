"""A workload whose key belongs to another account of AWS (recipe AWS-35): a policy on its own role would open nothing
there, so it assumes a role of that account.  Where one state has both, that role is written beside the user.

Terraform reaches an account by a provider configuration.  Two of them that log in alike, and differ in the region
alone, reach the same one; which accounts others reach is not in the code, so nothing is moved between them.
https://developer.hashicorp.com/terraform/language/meta-arguments/resource-provider and
https://docs.aws.amazon.com/IAM/latest/UserGuide/tutorial_cross-account-with-roles.html
"""

from __future__ import annotations

import re

from rolecall.frontends.resource import Resource
from rolecall.planning.case import Case, Use, attribute_text
from rolecall.planning.edits.hcl_edit import insert_after
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.migration import Handover
from rolecall.planning.move import Move
from rolecall.planning.principals.parity import carry_over, obstacles
from rolecall.planning.principals.roles import account_of, new_role, role_in_module
from rolecall.planning.templates import render
from rolecall.source.hcl import Block

TARGET = "aws:assume-role"
#: What of a provider block decides in which account it logs in.
_LOGIN = frozenset(
    {
        *("access_key", "secret_key", "token", "profile", "assume_role", "assume_role_with_web_identity"),
        *("shared_credentials_file", "shared_credentials_files", "shared_config_files"),
        *("allowed_account_ids", "forbidden_account_ids"),
    }
)
_PAIR = re.compile(r'"?(aws(?:\.[\w-]+)?)"?\s*[=:]\s*"?(aws(?:\.[\w-]+)?)"?')
#: How a platform's own login becomes the first of two, in a profile of AWS's configuration.
#: https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html
_SOURCES = {"ec2": "Ec2InstanceMetadata", "ecs": "EcsContainer"}


def other_account(case: Case, use: Use) -> Move | None:
    """What is done about a workload of another account than its key's; None where both are of the same."""
    if case.owner is None or case.owner.cloud != "aws" or not use.workload.site.type.startswith("aws_"):
        return None
    user, workload = case.context.resource(case.owner.site), case.context.resource(use.workload.site)
    if user is None or workload is None or user.unit != workload.unit:
        return None
    there, here = _provider(case, user), _provider(case, workload)
    if there == here or (there and here and _login(case, user, there) == _login(case, workload, here)):
        return None
    move = Move(TARGET)
    made = _beside(case, use, move)
    first, *others = _steps(case, use, made)
    move.hold(
        f"{case.owner.site.address} is made by {there or 'a provider that its caller hands in'} and "
        f"{use.workload.site.address} by {here or 'another one'}: where these are two accounts, a role of the "
        "workload's own account opens nothing in the other",
        first,
    )
    move.handover.extend(others)
    return move


def _beside(case: Case, use: Use, move: Move) -> str:
    """Adds the role of the key's account, which lets the workload's own in, and the grant to assume it, where both
    accounts are in the code: the role's address, "" where that cannot be written.
    """
    try:
        if next(obstacles(case), "") or use.workload.site.module != case.folder:
            return ""
        own = role_in_module(case, use.workload.identity)
        if own is None or own.repeats.name or case.owner is None:
            return ""
        role, edits = new_role(case, None, "outside_role/assumed.tf.j2", "_assumed", trusted=f"{own.address}.arn")
        edits += carry_over(case, role, "assumed")
        block = case.context.block(case.model.identities[own.id].site.span)
        grant = render(
            "outside_role/assumes.tf.j2",
            label=case.context.free_name(case.folder, "aws_iam_role_policy", f"{own.label}_assumes", own.id),
            name=f"assume-{role.label}".replace("_", "-"),
            provider=account_of(block),
            role=own.address,
            assumed=role.address,
        )
        move.add("expand", [*edits, *insert_after(block.text, block.span, grant)])
    except Refused:
        return ""
    move.verify["expand"].append(f"aws sts assume-role with the ARN of {role.address} succeeds as {own.address}")
    move.permissions.extend(("iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy"))
    return role.address


def _provider(case: Case, resource: Resource) -> str:
    """The provider configuration of the root module that makes a resource; "" where that cannot be told."""
    name = resource.provider or "aws"
    for call in reversed(resource.calls):
        try:
            block = case.context.block(call)
        except Refused:
            return ""
        handed = block.attribute("providers")
        if handed is None:
            if name != "aws":
                return ""
            continue
        found = dict(_PAIR.findall(attribute_text(block, handed)))
        if name not in found:
            return ""
        name = found[name]
    return name


def _login(case: Case, resource: Resource, name: str) -> tuple[str, ...] | str:
    """What decides where a provider configuration logs in; its name where its block is not seen."""
    unit = case.context.unit(resource.unit, "terraform")
    alias = name.partition(".")[2]
    for one in unit.resources if unit is not None else ():
        if one.mode == "provider" and one.type == "aws" and one.address == f"provider.{name}" and not one.calls:
            try:
                return _written(case.context.block(one.span))
            except Refused:
                return name
    return () if not alias else name


def _written(block: Block) -> tuple[str, ...]:
    parts = [attribute_text(block, one) for one in block.attributes if one.name in _LOGIN]
    names = [one.name for one in block.attributes if one.name in _LOGIN]
    own = [f"{name}={''.join(part.split())}" for name, part in zip(names, parts, strict=True)]
    inner = [b"".join(one.slice.split()).decode("utf-8", "replace") for one in block.blocks if one.type in _LOGIN]
    return tuple(sorted((*own, *inner)))


def _steps(case: Case, use: Use, made: str) -> tuple[Handover, ...]:
    site = use.workload.site
    owner = case.owner.site.address if case.owner is not None else case.credential.site.address
    identity = use.workload.identity.rpartition("//")[2] or "the role of the workload"
    source = next((word for kind, word in _SOURCES.items() if kind in use.workload.platform), "")
    profile = f" (a profile with role_arn and credential_source = {source})" if source else ""
    first = (
        Handover(
            f"if both are one account, say so by the same login in both provider blocks, and plan again; else "
            f"apply phase expand: {made} has the policies of {owner} and lets {identity} alone in (add "
            "aws:PrincipalOrgID to its trust where both are in one organisation)",
            owner,
            "the owner of that account",
            "aws sts get-caller-identity   (with the login of each provider block)",
            "the role is there, and lets in nobody else",
        ),
    )
    by_hand = (
        Handover(
            f"if both are one account, say so by the same login in both provider blocks, and plan again; else make a "
            f"role there with the policies of {owner}, whose trust names {identity} alone (sts:AssumeRole, and "
            "aws:PrincipalOrgID where both are in one organisation)",
            owner,
            "the owner of that account",
            "aws sts get-caller-identity   (with the login of each provider block)",
            "the role is there, and lets in nobody else",
        ),
        Handover(
            f"allow {identity} sts:AssumeRole on that role, and on nothing else of that account",
            site.address,
            "the owner of the workload",
            "aws sts assume-role --role-arn ROLE_ARN --role-session-name check   (as the workload)",
            "it prints a session",
        ),
    )
    return (
        *(first if made else by_hand),
        Handover(
            f"let the application take a session of that role by its SDK, which renews it{profile}: a role that takes "
            "another one has it for an hour at most",
            site.address,
            "the owner of the application",
            "aws sts get-caller-identity   (from the application)",
            "the ARN is that of the role in the other account",
        ),
        Handover(
            "then take the key out of the workload's configuration, and plan again: nothing reads it then",
            site.address,
            "the owner of the code",
            "aws iam get-access-key-last-used --access-key-id KEY_ID",
            "the last use does not move any more",
        ),
    )
