"""Pipelines other than GitHub's (recipes AWS-18 to AWS-22): the job's own token assumes a role.

Where Terraform makes the key and puts it into the pipeline's variables, it gets a role with the user's permissions that
the exact subjects may assume.  The jobs of GitLab, Bitbucket and CircleCI and the workspaces of HCP Terraform are
changed too; what other systems need is told step by step, and what these need where their ids are not in the code.
"""

from __future__ import annotations

from collections.abc import Callable

from rolecall.model.pipelines.systems import SYSTEMS
from rolecall.planners.pipeline_oidc.awaited import wait_for_role
from rolecall.planners.pipeline_oidc.pipelines import PIPELINES, Pipeline
from rolecall.planners.pipeline_oidc.steps import steps
from rolecall.planners.pipeline_oidc.trusted_role import hindered, trusted_role
from rolecall.planners.pipeline_oidc.workspace import move_runs
from rolecall.planning.case import Case, Use
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.move import Move
from rolecall.planning.pipelines.cluster_access import REASON, cluster_step
from rolecall.planning.pipelines.job_variables import copy_variables
from rolecall.planning.pipelines.own_repository import hold_unless_here

RECIPES = ("AWS-18", "AWS-19", "AWS-20", "AWS-21", "AWS-22")
CLOUD = "aws"
PLATFORMS = ("gitlab-ci", "bitbucket-pipelines", "circleci", "azure-pipelines", "jenkins", "hcp-terraform")

TARGET = "aws:oidc"


def plan(case: Case, use: Use) -> Move:
    """The token of the job, or of the run, takes over."""
    move = Move(TARGET)
    platform = use.workload.platform
    minted = case.credential.form == "minted"
    if platform == "hcp-terraform" and minted:
        move_runs(case, move)
    elif platform in PIPELINES and minted:
        _in_file(case, use, move, PIPELINES[platform])
    elif platform in PIPELINES and use.workload.site.format in SYSTEMS and wait_for_role(case, use, move):
        return move
    else:
        move.hold(_why(platform, minted))
    if not move.complete:
        for step in steps(case, use, bool(move.edits["expand"])):
            move.hold(move.reasons[0], step)
    return move


def _why(platform: str, minted: bool) -> str:
    if platform == "jenkins":
        return "which identity the agent runs with is not in the code"
    if platform == "azure-pipelines":
        return "the service connection that takes the key's place is made in Azure DevOps"
    if not minted:
        return "the user behind the key is not in the scanned code, so its permissions cannot be carried over"
    return "the ids of the organization, workspace or repository in a token's subject are not in the code"


def _in_file(case: Case, use: Use, move: Move, read: Callable[[Case], Pipeline | None]) -> None:
    """A role for the jobs of a pipeline's file, its ARN as a variable of theirs, and their login by a token."""
    if hindered(case, move):
        return
    platform = use.workload.platform
    try:
        pipeline = read(case)
        if pipeline is None:
            move.hold(_why(platform, True))
            return
        role, audience = trusted_role(case, move, pipeline.trust)
        given = copy_variables(case, {"AWS_ROLE_ARN": f"{role.address}.arn"})
        move.add("expand", given.edits)
    except Refused as refused:
        move.hold(refused.reason)
        return
    move.prerequisites.extend(pipeline.prerequisites)
    if use.workload.site.format not in SYSTEMS:
        move.hold(f"the pipeline that reads {use.workload.site.address} is in another repository")
        return
    if not given.names:
        move.hold("the variables that hold the key are not set beside the user, so that the role's name has no way in")
        return
    arn = given.names["AWS_ROLE_ARN"]
    try:
        move.add("migrate", pipeline.edit(case, use, arn, audience))
    except Refused as refused:
        move.hold(f"the job cannot be edited here: {refused.reason}")
        return
    if step := cluster_step(case.context, use.workload.site.span):
        move.wait_for(REASON, step)
    hold_unless_here(case, move, pipeline.path, use.places[0].path)
    if pipeline.others:
        move.unseen = True
        move.others = pipeline.others
    move.needs["migrate"] += (f"phase expand is applied: the jobs have the variable {arn}",)
    move.verify["migrate"].append("`aws sts get-caller-identity` in the job shows assumed-role")
