"""Instances (recipes AWS-01, 02, 03): an instance profile takes over, and the key leaves user data.

Putting a profile on a running instance needs no restart.  Changing user data stops and starts it (or replaces it, where
`user_data_replace_on_change` says so), and does not clean what the old user data wrote to the disk.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.planning.case import Case, Use
from rolecall.planning.edits.hcl_edit import insert_nested_block, set_attribute
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.edits.removal import take_from
from rolecall.planning.edits.repetition import index
from rolecall.planning.migration import Edit, Handover
from rolecall.planning.move import Move
from rolecall.planning.principals.cloudformation import give_role
from rolecall.planning.principals.grant_role import grant_to_workload_role
from rolecall.planning.principals.parity import carry_over, obstacles
from rolecall.planning.principals.roles import SERVICES, new_role
from rolecall.source.yaml import YamlMapping

RECIPES = ("AWS-01", "AWS-02", "AWS-03")
CLOUD = "aws"
PLATFORMS = ("ec2",)

#: The types whose own argument takes the profile's name (aws provider 3 to 6).
NAMED = ("aws_instance", "aws_spot_instance_request", "aws_launch_configuration")


def plan(case: Case, use: Use) -> Move:
    """The instance's profile takes over; where it has none it gets one."""
    move = Move("aws:instance-profile")
    site = use.workload.site
    if use.workload.identity or use.workload.identity_text:
        grant_to_workload_role(case, use, move)
    else:
        _give_profile(case, use, move)
    resource = case.context.resource(site)
    if resource is not None and {"user_data", "all"} & set(resource.ignore_changes):
        move.hold("lifecycle.ignore_changes covers user_data, so Terraform will not change it")
    try:
        gone = take_from(case, use)
        move.add("migrate", [*gone, *_fetching(case, use, gone)])
    except Refused as refused:
        move.hold(f"the key cannot be taken out of {site.address}: {refused.reason}")
    move.needs["migrate"].append("a window: changing user data stops and starts the instance, or replaces it")
    move.handover.append(
        Handover(
            "clean the running host: user data ran once and what it wrote is still there",
            site.address,
            "the owner of the instance",
            "grep -rli aws_secret_access_key /etc/environment /etc/profile.d /etc/systemd /home/*/.aws /root/.aws",
            "nothing is found, and `aws sts get-caller-identity` shows the role",
        )
    )
    move.verify["migrate"].append(
        "on the host: `env | grep AWS_` is empty and `aws sts get-caller-identity` shows assumed-role"
    )
    move.permissions.extend(
        (
            "iam:CreateRole",
            "iam:CreateInstanceProfile",
            "iam:AddRoleToInstanceProfile",
            "iam:PassRole",
            "ec2:AssociateIamInstanceProfile",
        )
    )
    return move


def _fetching(case: Case, use: Use, gone: list[Edit]) -> Iterator[Edit]:
    """The role by which cfn-init fetches what it fetched with the key."""
    site = use.workload.site
    if site.format != "cloudformation":
        return
    from rolecall.planning.edits.authentication_edit import name_role
    from rolecall.planning.edits.stack_template import declared, template

    text = case.context.text(site.span.path)
    body = declared(template(text), "Resources", site.address).value
    if isinstance(body, YamlMapping):
        role = use.workload.identity.rpartition("//")[2]
        yield from name_role(text, body, gone, role or f"{case.owner.site.address}Role" if case.owner else role)


def _give_profile(case: Case, use: Use, move: Move) -> None:
    site = use.workload.site
    for reason in obstacles(case):
        move.hold(reason)
    if site.format == "cloudformation":
        if move.complete:
            try:
                move.add("expand", give_role(case, use.workload))
            except Refused as refused:
                move.hold(refused.reason)
        return
    if site.module != case.folder:
        move.hold(
            "the instance is in another module than the user",
            Handover(
                "give the instance a profile with the user's permissions", site.address, "the owner of the module"
            ),
        )
    if not move.complete:
        return
    try:
        profile = case.context.free_name(
            case.folder, "aws_iam_instance_profile", case.credential.site.name, str(site.span.start)
        )
        block = case.context.block(site.span)
        role, edits = new_role(case, block, "instance_profile/role.tf.j2", service=SERVICES["ec2"], profile=profile)
        edits += carry_over(case, role, "instance" if len(case.uses) > 1 else "")
        named = f"aws_iam_instance_profile.{profile}{index(role.repeats, block, role.address)}.name"
        if site.type in ("aws_launch_template",):
            edits += insert_nested_block(block.text, block.span, f"iam_instance_profile {{\n  name = {named}\n}}")
        elif site.type not in NAMED:
            raise Refused(f"a profile is not given to {site.type} by an argument of its own")
        else:
            edits += set_attribute(block.text, block.span, "iam_instance_profile", named)
    except Refused as refused:
        move.hold(refused.reason)
        return
    move.add("expand", edits)
