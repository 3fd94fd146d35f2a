"""A key that people put among a pipeline's variables: the job's login is patched, and waits for the role, which no code
makes, and for the variable that names it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rolecall.planners.pipeline_oidc.pipelines import log_in_bitbucket, log_in_circleci, log_in_gitlab
from rolecall.planners.pipeline_oidc.steps import steps
from rolecall.planning.case import Case, Use
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.migration import Edit, Handover
from rolecall.planning.move import Move
from rolecall.planning.pipelines.cluster_access import REASON, cluster_step
from rolecall.planning.pipelines.login_variables import ending_of_names
from rolecall.source.tree import Unreadable

#: A variable as a shell and GitLab's own keywords name it, and one that is given to the SDKs.
_VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*)")
_GIVEN = re.compile(r"AWS_(?:ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN)[\"']?\s*[=:]\s*[\"']?\$\{?([A-Za-z_]\w*)")
_ROLE = "AWS_ROLE_ARN"


@dataclass(frozen=True, slots=True)
class _System:
    """How a job logs in, given the variable for the role and the audience of its token; where variables are kept."""

    log_in: Callable[[Case, Use, str, str], list[Edit]]
    audience: str
    kept: str
    command: str


#: `aud` takes GitLab's variables: https://docs.gitlab.com/ci/yaml/#id_tokens
_SYSTEMS: Mapping[str, _System] = {
    "gitlab-ci": _System(
        log_in_gitlab,
        "$CI_SERVER_URL",
        "the CI/CD variables of the project (Settings, CI/CD; protected as the key's are)",
        "glab variable list",
    ),
    "bitbucket-pipelines": _System(
        log_in_bitbucket, "", "the variables of the repository, or of the deployment that has the key", ""
    ),
    "circleci": _System(
        log_in_circleci,
        "",
        "the environment variables of the project, or the context that has the key",
        "circleci context list",
    ),
}


def wait_for_role(case: Case, use: Use, move: Move) -> bool:
    """The job's login, where its file can be edited; otherwise the move is held, with the reason, and False is
    answered.
    """
    system = _SYSTEMS[use.workload.platform]
    try:
        variable = f"{_ROLE}{_ending(case, use)}"
        edits = system.log_in(case, use, variable, system.audience)
    except Refused as refused:
        move.hold(f"the job cannot be edited here: {refused.reason}")
        return False
    move.add("migrate", edits)
    if step := cluster_step(case.context, use.workload.site.span):
        move.wait_for(REASON, step)
    role, _, *others = steps(case, use, False)
    move.wait_for(
        f"the job logs in by the role that the variable {variable} names, and no code makes that role or sets it",
        role,
        Handover(
            f"set {variable} to the role's ARN among {system.kept}",
            use.workload.site.address,
            "the owner of the pipeline",
            system.command,
            "the job's first commands find it",
        ),
        *others,
    )
    move.needs["migrate"].append(f"the job has the variable {variable}: the ARN of a role that lets the job in")
    move.verify["migrate"].append("`aws sts get-caller-identity` in the job shows assumed-role")
    return True


def _ending(case: Case, use: Use) -> str:
    """What tells this job's key from others by the names of its variables; "" for the usual ones.  Refused where the
    names do not tell, or another key of the system is called the same.
    """
    own = _names(case, use)
    ending = ending_of_names(own)
    for other in case.model.credentials.values():
        if other.cloud != "aws" or other.site.format != use.workload.site.format or other.form == "literal":
            continue
        for consumption in case.model.flow(other).consumptions:
            names = _names(case, Use(consumption.workload, (consumption,)))
            if not names & own and names and own and ending_of_names(names) == ending:
                raise Refused(f"other jobs have another key, and the names of both say the same ({min(names | own)})")
    return ending


def _names(case: Case, use: Use) -> frozenset[str]:
    found: set[str] = set()
    for place in use.places:
        job = use.workload.site.span
        if place.path != job.path or (place.start <= job.start and job.end <= place.end):
            continue  # taken from the environment without being named
        try:
            written = case.context.tree.read(place.path).text(place)
        except Unreadable:
            continue
        found.update(name.upper() for name in (_GIVEN.findall(written) or _VARIABLE.findall(written)))
    return frozenset(found)
