"""Hosts that no role of AWS can be attached to (recipe AWS-14): they take one by a certificate, with Roles Anywhere.

Lightsail's instances are AWS's own and take no instance profile of this account, so they are outsiders too.  What runs
on the host is not in the code: the role waits beside the user, and the rest is steps for the owner of the host.
"""

from __future__ import annotations

from rolecall.planning.case import Case, Use
from rolecall.planning.migration import Handover
from rolecall.planning.move import Move
from rolecall.planning.verdicts.outside import anywhere

RECIPES = ("AWS-14", "AWS-16", "AWS-35")
CLOUD = "aws"
PLATFORMS = ("lightsail",)


def plan(case: Case, use: Use) -> Move:
    """A role for the host, which nobody may have yet, and what its owner does."""
    move = Move("aws:roles-anywhere")
    site = use.workload.site
    move.handover.append(
        Handover(
            "better than a certificate: move it to EC2 or ECS, where the platform gives it a role; else go on below",
            site.address,
            "the owner of the workload",
            check="the new workload runs as a role, and this one is gone",
        )
    )
    anywhere(case, move)
    move.hold(
        f"{site.address} runs in Lightsail, which attaches no role to it, and a changed launch script or deployment "
        "makes it anew",
        Handover(
            "take the key out of its launch script or deployment when it is next made anew, after the host uses the "
            "helper",
            f"{use.places[0].path}:{use.places[0].line}",
            "the owner of the workload",
            "grep -rli aws_secret_access_key /etc /home/*/.aws /root/.aws /var/lib/cloud",
            "nothing is found on the host",
        ),
    )
    return move
