"""A login step that names its role already and gets there by a key: whether the role lets the job's token in, and how
long the session lasts.
"""

from __future__ import annotations

import re
import shlex

from rolecall.frontends.resource import Resource
from rolecall.frontends.values import Mapping, text
from rolecall.planners.github_oidc.role_steps import keyless_roles, trust_of
from rolecall.planning.case import Case
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.edits.workflow_edit import place
from rolecall.planning.migration import Handover
from rolecall.planning.move import Move
from rolecall.policy.issuers import takes_tokens

#: Releases of the action before its first with tokens:
#: https://github.com/aws-actions/configure-aws-credentials/releases/tag/v1.6.0
_OLD = re.compile(r"@v1\.[0-5](?:\.\d+)?$")
_ROLE_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
#: Minutes that a session lasts where nothing says another time.
#: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
_SESSION = 60


def refuse_old(step: Resource) -> None:
    """Refused where the action's release knows no tokens."""
    used = text(step.get("uses")) or ""
    if _OLD.search(used):
        raise Refused(f"{used} takes no tokens: v1.6.0 is the first release that does")


def standing_role(case: Case, move: Move, job: Resource, role: str) -> None:
    """What has to be true of the role that a login step names, before its keys go."""
    move.prerequisites.append(
        "the role's trust lets this repository's token in (AssumeRoleWithWebIdentity), not only the user of the key"
    )
    if closed := _trusted(case, role, False):
        move.hold(
            f"the trust of {closed}, as it is in the code, lets no token in",
            Handover(
                f"let the job's subject in, exactly, in the trust of {closed} (AssumeRoleWithWebIdentity, audience "
                "sts.amazonaws.com)",
                closed,
                "the owner of the role",
                "aws iam get-role --role-name <its name> --query Role.AssumeRolePolicyDocument",
                "the trust names the provider and the subject",
            ),
        )
    elif not _trusted(case, role, True) and not _asks(job) and role not in keyless_roles(case):
        move.wait_for(
            "the job asked for no token so far, so that the trust of its role, which is not in the code, may let in "
            "the user of the key alone",
            Handover(
                "let the job's tokens in: add this statement to the trust of the role, beside what it has (the account "
                f"needs GitHub's OIDC provider once): {trust_of(case, job)}",
                place(job),
                "the owner of the role",
                f"aws iam get-role --role-name {_name(role)} --query Role.AssumeRolePolicyDocument",
                "the trust names the provider, the audience and the job's subject, and the user of the key still",
            ),
        )


def session(move: Move, job: Resource, inputs: Mapping | None) -> None:
    """What has to be true of the time that the job takes; `inputs` are those of its login step, None for a new one."""
    if inputs is None or inputs.get("role-duration-seconds") is None:
        told = text(job.get("timeout-minutes")) or ""
        if not (told.isascii() and told.isdigit() and int(told) <= _SESSION):
            file = job.span.path.rpartition("/")[2]
            move.needs["migrate"].append(
                "no run of the job takes longer than an hour after its login, which is how long the session lasts "
                "(else role-duration-seconds, up to the role's maximum session duration): gh run list --workflow "
                f"{shlex.quote(file)} --json startedAt,updatedAt"
            )


def _name(role: str) -> str:
    """A role's name out of its ARN, for a command."""
    name = role.rpartition("/")[2]
    return name if _ROLE_NAME.fullmatch(name) else "ROLE"


def _asks(job: Resource) -> bool:
    """Whether the job may ask for a token already, which says that somebody has meant it to log in by one."""
    granted = job.get("permissions")
    return isinstance(granted, Mapping) and text(granted.get("id-token")) == "write"


def _trusted(case: Case, arn: str, tokens: bool) -> str:
    """The address of the role of an ARN where its trust is in the code and takes tokens, or takes none; "" where that
    is not so.
    """
    name = arn.rpartition("/")[2]
    for identity in case.model.identities.values() if name and "$" not in arn else ():
        if identity.kind == "aws:role" and identity.label == name and identity.assume is not None:
            statements = identity.assume.statements
            if statements and any(takes_tokens(statement) for statement in statements) is tokens:
                return identity.site.address
    return ""
