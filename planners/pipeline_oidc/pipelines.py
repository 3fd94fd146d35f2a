"""The systems whose pipelines are changed: whose tokens the role takes, who else has the key, how a job logs in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rolecall.planners.pipeline_oidc.trusted_role import Trust
from rolecall.planning.case import Case, Use
from rolecall.planning.migration import Edit
from rolecall.planning.pipelines import (
    bitbucket_repository,
    bitbucket_step,
    circleci_job,
    circleci_project,
    gitlab_job,
)
from rolecall.planning.pipelines.gitlab_project import (
    OTHERS,
    gitlab_host,
    gitlab_subjects,
    project_path,
    seen_by_others,
)
from rolecall.planning.pipelines.job_commands import TokenLogin

#: Commands that put a key where the AWS CLI and SDKs find it, and nothing else.
_SPENT = re.compile(
    r"aws\s+configure\s+set\s+(?:default\.)?aws_(?:access_key_id|secret_access_key|session_token)\s+\S+"
    r"|export(?:\s+AWS_(?:ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN)=\S+)+"
)
#: The same for the steps after them.
_LATER = re.compile(
    _SPENT.pattern + r"""|echo\s+["']export\s+AWS_(?:ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN)=[^"';&|]*["']"""
    r"""\s*>>\s*["']?\$\{?BASH_ENV\}?["']?"""
)
_NAMED = re.compile(r"AWS_(?:ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|PROFILE)|\.aws/credentials|--profile\b")
_PROGRAMS = re.compile(
    r"(?m)(?:^|[\s;&|(])(?:aws|cdk|sam|serverless|sls|eksctl|ecs-deploy|terraform|tofu|terragrunt|pulumi|packer)\s+[a-z-]"
)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A system's jobs that have the key: the trust of the role for them, the repository's path (GROUP/NAME, as far as
    it is known), why others may have the key too ("" where nobody does), and the edits by which a job logs in, given
    the variable for the role's ARN and the audience of the token.
    """

    trust: Trust
    path: str
    others: str
    edit: Callable[[Case, Use, str, str], list[Edit]]
    prerequisites: tuple[str, ...] = ()


def _gitlab(case: Case) -> Pipeline:
    host = gitlab_host(case)
    subjects = gitlab_subjects(case)
    reached = f"AWS reaches https://{host}/.well-known/openid-configuration from outside"
    return Pipeline(
        Trust("gitlab", host, f"https://{host}", subjects.texts, subjects.ask),
        project_path(case),
        OTHERS if seen_by_others(case) else "",
        log_in_gitlab,
        () if host == "gitlab.com" else (reached,),
    )


def log_in_gitlab(case: Case, use: Use, arn: str, audience: str) -> list[Edit]:
    """The edits by which a job logs in as the role that the variable `arn` names; Refused where it cannot be edited."""
    before = _before(arn, "gitlab-$CI_PROJECT_ID-$CI_JOB_ID", "AWS_ID_TOKEN")
    return gitlab_job.log_in(case, use, TokenLogin("AWS_ID_TOKEN", audience, before, _SPENT, _PROGRAMS, _NAMED))


def _bitbucket(case: Case) -> Pipeline | None:
    tokens = bitbucket_repository.bitbucket_tokens(case)
    if tokens is None:
        return None
    return Pipeline(
        Trust("bitbucket", tokens.host, tokens.audience, tokens.subjects, "", False, tokens.blocks),
        tokens.path,
        bitbucket_repository.OTHERS if bitbucket_repository.seen_by_other_steps(case, tokens) else "",
        log_in_bitbucket,
    )


def log_in_bitbucket(case: Case, use: Use, arn: str, audience: str) -> list[Edit]:
    """The edits by which a job logs in as the role that the variable `arn` names; Refused where it cannot be edited."""
    before = _before(arn, "bitbucket-$BITBUCKET_BUILD_NUMBER", "BITBUCKET_STEP_OIDC_TOKEN")
    return bitbucket_step.log_in(case, use, TokenLogin("", audience, before, _SPENT, _PROGRAMS, _NAMED))


def _circleci(case: Case) -> Pipeline | None:
    tokens = circleci_project.circle_tokens(case)
    if tokens is None:
        return None
    organization = tokens.organization
    host = f"oidc.circleci.com/org/{organization}"
    ask = "org/ORGANIZATION_ID/project/PROJECT_ID/user/*"
    return Pipeline(
        Trust("circleci", host, organization, tokens.subjects, ask, False, tokens.blocks),
        tokens.path,
        circleci_project.OTHERS,
        log_in_circleci,
        ("jobs have CIRCLE_OIDC_TOKEN_V2: on circleci.com all do, on a server of one's own from version 4.4 on",),
    )


def log_in_circleci(case: Case, use: Use, arn: str, audience: str) -> list[Edit]:
    """The edits by which a job logs in as the role that the variable `arn` names; Refused where it cannot be edited."""
    login = TokenLogin("", audience, circleci_job.environment_commands(arn), _LATER, _PROGRAMS, _NAMED)
    return circleci_job.log_in(case, use, login, arn)


def _before(arn: str, session: str, token: str) -> tuple[str, ...]:
    """The commands by which a shell logs in with the token that is in a variable."""
    return (
        "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN",
        f'export AWS_ROLE_ARN="${arn}" AWS_WEB_IDENTITY_TOKEN_FILE="$(mktemp)"',
        f'export AWS_ROLE_SESSION_NAME="{session}"',
        f'printf \'%s\' "${token}" > "$AWS_WEB_IDENTITY_TOKEN_FILE"',
    )


#: By platform.  None comes of what the code does not say enough of.
PIPELINES: Mapping[str, Callable[[Case], Pipeline | None]] = {
    "gitlab-ci": _gitlab,
    "bitbucket-pipelines": _bitbucket,
    "circleci": _circleci,
}
