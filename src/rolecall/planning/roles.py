"""New roles in Terraform: the trust for a service, the blocks, and the name (rules R8 and R9)."""

from __future__ import annotations

import re

from rolecall.planning.alignment import format_hcl
from rolecall.planning.case import Case, attribute_text
from rolecall.planning.hcl_edit import insert_after
from rolecall.planning.line_edit import Refused
from rolecall.planning.migration import Edit
from rolecall.planning.templates import render

#: What each platform's service calls itself in a trust policy.
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-services and
#: each service's guide.
SERVICES = {
    "ec2": "ec2.amazonaws.com",
    "lambda": "lambda.amazonaws.com",
    "ecs": "ecs-tasks.amazonaws.com",
    "batch": "ecs-tasks.amazonaws.com",
    "codebuild": "codebuild.amazonaws.com",
    "glue": "glue.amazonaws.com",
    "sagemaker": "sagemaker.amazonaws.com",
    "apprunner": "tasks.apprunner.amazonaws.com",
    "pods": "pods.eks.amazonaws.com",
}


def new_role(case: Case, template: str, suffix: str = "", **values: object) -> tuple[str, list[Edit]]:
    """A new role in the user's module, right after the user's block: its label and the edits.

    `template` is a file of `rolecall.planners` that gets `label`, `name` (an HCL expression), `boundary`,
    `migrates_from` and `values`.
    """
    owner = case.owner
    if owner is None or owner.site.format != "terraform" or owner.site.module != case.folder:
        raise Refused("the user is not declared in this module")
    user = case.context.block(owner.site.span)
    if user.attribute("count") is not None or user.attribute("for_each") is not None:
        raise Refused("the user is made by count or for_each, so each instance needs a role of its own")
    label = case.context.free_name(case.folder, "aws_iam_role", user.labels[1] + suffix, f"{user.start}{suffix}")
    boundary = user.attribute("permissions_boundary")
    code = render(
        template,
        label=label,
        name=role_name(case, suffix),
        boundary=attribute_text(user, boundary) if boundary is not None else "",
        migrates_from=f"aws_iam_user.{user.labels[1]}",
        **values,
    )
    return label, list(insert_after(user.text, user.span, format_hcl(code)))


def role_name(case: Case, suffix: str = "") -> str:
    """The name of a new role as an HCL expression: the user's own (roles and users have separate names), with a
    suffix where wanted.

    Role names have at most 64 characters, the same as users':
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    """
    owner = case.owner
    user = case.context.block(owner.site.span) if owner is not None else None
    attribute = user.attribute("name") if user is not None else None
    if user is None or attribute is None:
        return f'"{case.credential.site.name}{suffix}"'
    text = attribute_text(user, attribute)
    if not suffix:
        return text
    ending = suffix.replace("_", "-")
    if re.fullmatch(r'"[^"]*"', text):
        return f'{text[:-1]}{ending}"'
    return f'"${{{text}}}{ending}"'


def role_in_module(case: Case, identifier: str) -> str:
    """The label of a role that the user's own module declares; "" where it is somewhere else."""
    identity = case.model.identities.get(identifier)
    if identity is None or identity.site.type != "aws_iam_role":
        return ""
    if identity.site.module != case.folder or identity.site.unit != case.credential.site.unit:
        return ""
    return identity.site.name


def role_expression(case: Case, identifier: str) -> str:
    """An HCL expression for the name of a role that the module declares; Refused where it has instances."""
    label = role_in_module(case, identifier)
    identity = case.model.identities[identifier]
    block = case.context.block(identity.site.span)
    if block.attribute("for_each") is not None:
        raise Refused(f"{identity.site.address} is made by for_each")
    if block.attribute("count") is not None:
        return f"aws_iam_role.{label}[0].name"
    return f"aws_iam_role.{label}.name"
