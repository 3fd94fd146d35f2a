"""ECS tasks (recipe AWS-06): the task role, which is not the execution role, takes over.

Every change makes a new revision of the task definition and rolls the service; running tasks keep the key until they
are drained.
"""

from __future__ import annotations

from rolecall.planning.case import Case, Use
from rolecall.planning.grant_role import grant_to_workload_role
from rolecall.planning.hcl_edit import set_attribute
from rolecall.planning.line_edit import Refused
from rolecall.planning.migration import Handover
from rolecall.planning.move import Move
from rolecall.planning.parity import carry_over, obstacles
from rolecall.planning.removal import take_from
from rolecall.planning.roles import SERVICES, new_role

RECIPES = ("AWS-06",)
CLOUD = "aws"
PLATFORMS = ("ecs",)


def plan(case: Case, use: Use) -> Move:
    """The task's role takes over; where it has none it gets one."""
    move = Move("aws:task-role")
    if use.workload.identity or use.workload.identity_text:
        grant_to_workload_role(case, use, move)
    else:
        _give_role(case, use, move)
    try:
        move.add("migrate", take_from(case, use))
    except Refused as refused:
        move.hold(f"the key cannot be taken out of {use.workload.site.address}: {refused.reason}")
    move.needs["migrate"].append(
        "every service, schedule and run-task caller uses the new revision of the task definition"
    )
    move.verify["migrate"].append("in a task (ECS Exec): `aws sts get-caller-identity` shows the task role")
    move.permissions.extend(
        ("iam:CreateRole", "iam:AttachRolePolicy", "iam:PutRolePolicy", "iam:PassRole", "ecs:RegisterTaskDefinition")
    )
    return move


def _give_role(case: Case, use: Use, move: Move) -> None:
    for reason in obstacles(case):
        move.hold(reason)
    site = use.workload.site
    if site.format == "cloudformation":
        if move.complete:
            from rolecall.planning.cloudformation import give_role

            try:
                move.add("expand", give_role(case, use.workload))
            except Refused as refused:
                move.hold(refused.reason)
        return
    if site.module != case.folder:
        move.hold(
            "the task definition is in another module than the user",
            Handover(
                "give the task definition a task role with the user's permissions",
                site.address,
                "the owner of the module",
            ),
        )
    if not move.complete:
        return
    try:
        block = case.context.block(site.span)
        role, edits = new_role(case, block, "task_role/role.tf.j2", "_task", service=SERVICES["ecs"])
        edits += carry_over(case, role, "task" if len(case.uses) > 1 else "")
        edits += set_attribute(block.text, block.span, "task_role_arn", role.attribute("arn", block))
    except Refused as refused:
        move.hold(refused.reason)
        return
    move.add("expand", edits)
