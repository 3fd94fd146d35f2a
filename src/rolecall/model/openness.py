"""How open a trust is that stands as a block of its own: who else than the one meant may come in by it.

Claims of tokens: https://docs.github.com/actions/reference/security/oidc,
https://docs.gitlab.com/ci/secrets/id_token_authentication/,
https://developer.hashicorp.com/terraform/cloud-docs/workspaces/dynamic-provider-credentials/workload-identity-tokens.
Conditions and members: https://cloud.google.com/iam/docs/workload-identity-federation-with-deployment-pipelines#conditions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rolecall.model.finding import Severity
from rolecall.model.linking import Model
from rolecall.model.parts import Trust

#: Claims that name one caller of an issuer, and those that name a whole customer of it.
_ONE = re.compile(
    r"\b(?:sub|subject|repository|repository_id|job_workflow_ref|workflow_ref|project_path|project_id|arn|aws_role|email|"
    r"terraform_(?:workspace|project|full_workspace)\w*|pipeline_\w+|service_account\w*|environment_id|projectId|"
    r"repositoryUuid)\b"
)
_MANY = re.compile(
    r"\b(?:repository_owner|repository_owner_id|namespace_path|namespace_id|terraform_organization_\w+|account|"
    r"workspaceUuid|organization\w*|enterprise\w*)\b"
)
#: A subject of which only the part that names the customer is compared.
_PREFIX = re.compile(
    r"""startsWith\(\s*\\?["'](?:repo:[^/"']*/?|organization:[^:"']*:?|project_path:[^/"']*/?)\\?["']\s*\)"""
)
_ATTRIBUTE = re.compile(r"\b(?P<name>attribute\.\w+|google\.subject)\b")


def judge_trust(model: Model, trust: Trust, shared: bool) -> tuple[Severity, str] | None:
    """A severity and why; None where the caller is pinned or nobody can tell.

    `shared` says that the issuer gives tokens to everybody who signs up.
    """
    if trust.subjects:
        wide = next((s for s in trust.subjects if set(s) <= {"*", "?", ":"} or s.lower().endswith(" eq *")), "")
        return (("critical" if shared else "medium"), f"the subject “{wide}” matches everything") if wide else None
    if trust.cloud not in _BY_CONDITION:
        return ("critical", "no subject is asked for, so every customer of it can come in") if shared else None
    if trust.condition is None or trust.condition.startswith("${"):
        return None
    members = list(_members(model, trust))
    pinned = bool(members) and all(_is_pinned(trust, member) for member in members)
    width = _width(trust)
    if width == "one":
        return None
    if width == "many":
        return None if pinned else ("medium", "the condition lets everybody of the organisation in")
    if width == "unknown":
        return None
    if pinned:
        return (
            ("medium", "no condition on the token, so only the bindings of its members pin who comes in")
            if shared
            else None
        )
    if shared:
        return "critical", "no condition on the token, so every customer of it can come in"
    return ("medium", "no condition on the token, and a binding lets the whole pool in") if members else None


#: Clouds whose trusts ask by an expression over claims; elsewhere they name a subject.
_BY_CONDITION = frozenset({"gcp"})


def _width(trust: Trust) -> str:
    """How many the condition lets in: one, many (a whole customer), all, or unknown."""
    mapping = dict(trust.mapping)
    condition = trust.condition or ""
    seen = condition + " " + " ".join(mapping.get(found["name"], "") for found in _ATTRIBUTE.finditer(condition))
    if condition.strip().lower() in ("", "true"):
        return "all"
    if _PREFIX.search(condition):
        rest = _ONE.sub("", _PREFIX.sub("", condition).replace("assertion.sub", ""))
        return "one" if rest != _PREFIX.sub("", condition).replace("assertion.sub", "") else "many"
    if _ONE.search(seen):
        return "one"
    return "many" if _MANY.search(seen) else "unknown"


def _members(model: Model, trust: Trust) -> Iterator[str]:
    """What bindings of the pool's principals let in: the part after the pool's name (`subject/x`, `*`)."""
    for grant in model.every_grant():
        if "principal" not in grant.label:
            continue
        for name in trust.pool:
            _, found, rest = grant.label.partition(f"workloadIdentityPools/{name}/")
            if not found:
                _, found, rest = grant.label.partition(f"${{{name}.name}}/")
            if found:
                yield rest
                break


def _is_pinned(trust: Trust, member: str) -> bool:
    """Whether a member is one caller: a subject, or an attribute that is made of a claim that names one."""
    kind, _, value = member.partition("/")
    if kind == "*" or not value or value == "*":
        return False
    mapping = dict(trust.mapping)
    expression = mapping.get("google.subject" if kind == "subject" else kind, "${?}")
    return "${" in expression or bool(_ONE.search(expression))
