"""What people do where no code makes the role that a job logs in as: whose key it was, the role, its variable."""

from __future__ import annotations

import json
import shlex

from rolecall.frontends.resource import Resource
from rolecall.frontends.values import Mapping, text
from rolecall.model.nature import speaks
from rolecall.planning.case import Case
from rolecall.planning.edits.workflow_edit import place
from rolecall.planning.migration import Handover
from rolecall.planning.pipelines.github_repository import of_workflows, own_subjects

_ISSUER = "token.actions.githubusercontent.com"


def make_role(case: Case, job: Resource, variable: str) -> tuple[Handover, ...]:
    """The steps before a job logs in by the variable, and the end of the key after it."""
    where = place(job)
    return (
        Handover(
            "see whose key the job has, and what that user may do: the role gets the same, or less"
            + _users(case)
            + _siblings(case),
            where,
            "the owner of the account",
            "aws sts get-caller-identity, as a step of the job; aws iam list-attached-user-policies --user-name USER; "
            "aws iam list-user-policies --user-name USER; aws iam list-groups-for-user --user-name USER",
            "the user and all its policies are written down",
        ),
        _role(case, job),
        set_variable(where, variable),
        Handover(
            "when the job ran by the role, and the key was not used for 14 days (longer than the rarest job waits): "
            "make it Inactive, wait as long again, then delete it, its user and the repository's secrets",
            where,
            "the owner of the account",
            "aws iam get-access-key-last-used --access-key-id KEY_ID; aws iam update-access-key --status "
            "Inactive --user-name USER --access-key-id KEY_ID; gh secret list",
            "the last use does not move while the jobs run",
        ),
    )


def trust_of(case: Case, job: Resource) -> str:
    """The statement by which a role lets the job's tokens in, as JSON; ACCOUNT is for people to fill in."""
    return json.dumps(_statement(case, job))


def _statement(case: Case, job: Resource) -> dict[str, object]:
    known = own_subjects(case, job)
    subject = known[0] if len(known) == 1 else known
    return {
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": f"arn:aws:iam::ACCOUNT:oidc-provider/{_ISSUER}"},
        "Condition": {"StringEquals": {f"{_ISSUER}:aud": "sts.amazonaws.com", f"{_ISSUER}:sub": subject}},
    }


def _role(case: Case, job: Resource) -> Handover:
    trust = {"Version": "2012-10-17", "Statement": [_statement(case, job)]}
    return Handover(
        "make a role that this job's tokens alone may assume, and give it those policies; the account needs GitHub's "
        "OIDC provider once (aws iam list-open-id-connect-providers; create-open-id-connect-provider --url "
        f"https://{_ISSUER} --client-id-list sts.amazonaws.com)",
        place(job),
        "the owner of the account",
        f"aws iam create-role --role-name NAME --assume-role-policy-document {shlex.quote(json.dumps(trust))}",
        "aud and sub are compared with StringEquals, and sub is the job's own: repo:OWNER/NAME:environment:ENVIRONMENT "
        "where it names an environment (gh api repos/OWNER/NAME/actions/oidc/customization/sub shows another make)",
    )


def _users(case: Case) -> str:
    """The users here whose key may be it, by their names, as the end of a sentence; "" for none."""
    found = [
        owner.site.address
        for credential in case.model.credentials.values()
        if credential.cloud == "aws" and credential.form == "minted"
        if (owner := case.model.owner(credential)) is not None and speaks("ci", owner.label, owner.site.name)
        if not case.model.flow(credential).workloads
    ]
    named = ", ".join(list(dict.fromkeys(found))[:3])
    return f"; it may be the key of {named}, for which this plan has a role where it can be made" if named else ""


def _siblings(case: Case) -> str:
    """The roles that other jobs of the repository log in as without a key, as the end of a sentence; "" for none."""
    named = ", ".join([f"{role} ({where})" for role, where in keyless_roles(case).items()][:3])
    return f"; other jobs log in as {named}: where that role may do it, let this job in there" if named else ""


def keyless_roles(case: Case) -> dict[str, str]:
    """The roles that jobs of the repository log in as without a key, each with the place of one such step."""
    found: dict[str, str] = {}
    for step in of_workflows(case):
        inputs = step.get("with")
        if step.mode != "step" or not isinstance(inputs, Mapping) or inputs.get("aws-access-key-id") is not None:
            continue
        if role := text(inputs.get("role-to-assume")):
            found.setdefault(role, place(step))
    return found


def set_variable(where: str, variable: str) -> Handover:
    return Handover(
        f"set the variable {variable} of the repository (--env NAME where the secret is an environment's) to the "
        "role's ARN",
        where,
        "the owner of the repository",
        f"gh variable set {variable} --body ROLE_ARN",
        f"gh variable list names {variable}",
    )
