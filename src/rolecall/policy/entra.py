"""Federated credentials of Entra ID: whose tokens one takes, judged like a trust of AWS.

A credential compares the subject as it is; a flexible one by an expression over claims, whose `matches` takes
wildcards: https://learn.microsoft.com/entra/workload-id/workload-identities-flexible-federated-identity-credentials
"""

from __future__ import annotations

from rolecall.model.finding import Severity
from rolecall.model.parts import Statement, Trust
from rolecall.policy.azure import LESS
from rolecall.policy.issuers import judge, shared_host
from rolecall.source.patterns import late

_CLAUSE = late(r"claims\[\s*\\?['\"](?P<claim>\w+)\\?['\"]\s*\]\s+(?P<operator>eq|matches)\s+'(?P<value>[^']*)'")
#: Claims beside the subject that tie a token to one workflow.
_TIES = ("job_workflow_ref", "terraform_workspace_id", "terraform_project_id", "project_id")


def statement_of(trust: Trust) -> Statement | None:
    """A credential as the statement of a trust policy; None where what it asks for cannot be told."""
    host = host_of(trust)
    if trust.subjects:
        conditions = [("StringEquals", f"{host}:sub", trust.subjects)]
    elif trust.condition is None or trust.condition.startswith("${"):
        return None
    else:
        conditions = [
            (
                "StringLike" if match["operator"] == "matches" else "StringEquals",
                f"{host}:{match['claim']}",
                (match["value"],),
            )
            for match in _CLAUSE.finditer(trust.condition)
        ]
        if trust.condition and not conditions:
            return None
    return Statement(
        "Allow",
        ("sts:AssumeRoleWithWebIdentity",),
        (),
        (),
        (),
        (("Federated", host),),
        tuple(conditions),
        trust.site.span,
    )


def host_of(trust: Trust) -> str:
    """The issuer without its scheme."""
    return trust.issuer.removeprefix("https://").rstrip("/")


def judge_credential(trust: Trust) -> tuple[Severity, str] | None:
    """How open a credential is: a severity and why; None where the subject is pinned or cannot be told."""
    statement = statement_of(trust)
    host = host_of(trust)
    if statement is None or "${" in host or (not statement.conditions and not shared_host(host)):
        return None
    verdict = judge(statement, host)
    if verdict is None:
        return None
    severity, why = verdict
    tied = any(
        key.rpartition(":")[2] in _TIES and not any(value.startswith("*") for value in values)
        for _, key, values in statement.conditions
    )
    return (LESS[severity] if tied else severity), why.replace("this role", "this identity")
