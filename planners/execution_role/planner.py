"""Functions, builds and jobs that have a role already (recipes AWS-04, 05, 09, 10, 11, 12): the role gets the key's
permissions.

Expand grants the role what the user may do; migrate takes the key out of the configuration.  The application must stop
reading the variables before that: Lambda does not even allow the standard names, so its code builds its clients from
them.
"""

from __future__ import annotations

from rolecall.planning.case import Case, Use
from rolecall.planning.grant_role import grant_to_workload_role
from rolecall.planning.line_edit import Refused
from rolecall.planning.migration import Handover
from rolecall.planning.move import Move
from rolecall.planning.removal import take_from

RECIPES = ("AWS-04", "AWS-05", "AWS-09", "AWS-10", "AWS-11", "AWS-12")
CLOUD = "aws"
PLATFORMS = ("lambda", "codebuild", "batch", "glue", "sagemaker", "apprunner", "amplify", "mwaa", "dms", "datasync")

_VERIFY = {
    "lambda": "invoke it once; CloudTrail shows its calls as userIdentity.type AssumedRole",
    "codebuild": "start a build with `aws sts get-caller-identity` in it: the ARN is the service role's",
}


def plan(case: Case, use: Use) -> Move:
    """The workload's own role takes over."""
    move = Move(use.workload.target or "aws:execution-role")
    grant_to_workload_role(case, use, move)
    try:
        move.add("migrate", take_from(case, use))
    except Refused as refused:
        move.hold(f"the key cannot be taken out of {use.workload.site.address}: {refused.reason}")
    move.verify["migrate"].append(
        _VERIFY.get(use.workload.platform, "run it once; CloudTrail shows its calls under the role")
    )
    if use.workload.platform == "lambda":
        move.handover.append(
            Handover(
                "release code that builds its AWS clients without "
                f"{', '.join(use.fields) or 'the key'} before phase migrate",
                use.workload.site.address,
                "the owner of the function",
                check="no client is built with explicit keys; the default chain finds the role",
            )
        )
        move.needs["migrate"].append(
            "the released code no longer reads the variables; published versions keep their old environment"
        )
    move.permissions.extend(("iam:AttachRolePolicy", "iam:PutRolePolicy"))
    return move
