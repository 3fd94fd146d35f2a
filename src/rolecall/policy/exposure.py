"""Resource policies that let anybody in: what is open, and how bad that is."""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Severity
from rolecall.model.linking import Model
from rolecall.model.parts import ResourcePolicy, Statement
from rolecall.policy.trust import allowed, lets_anybody_in

#: What a website's or a mirror's bucket gives to everybody, mostly on purpose.
_PUBLIC_READS = ("s3:getobject", "s3:getobjectversion", "s3:getobjecttagging")
_LISTING = ("s3:listbucket", "s3:getbucketlocation", "s3:listbucketversions")
#: Kinds of resource that stand in a private network or are need a token as well, which the policy does not show.
_FENCED = ("opensearch", "elasticsearch", "efs", "serverless")


def open_statements(model: Model) -> Iterator[tuple[ResourcePolicy, Statement, Severity, str]]:
    """Each statement that lets anybody in, with a severity and what anybody may do; a shared block comes once."""
    seen: set[tuple[str, int]] = set()
    for policy in model.resource_policies:
        for statement in allowed(policy.document):
            span = statement.span or policy.document.span or policy.site.span
            if not lets_anybody_in(statement) or (span.path, span.start) in seen:
                continue
            seen.add((span.path, span.start))
            severity, what = _judged(policy, statement)
            yield policy, statement, severity, what


def _judged(policy: ResourcePolicy, statement: Statement) -> tuple[Severity, str]:
    actions = [action.lower() for action in statement.actions]
    if actions and all(action in _PUBLIC_READS for action in actions):
        return "low", "read what is in it"
    if actions and all(action in (*_PUBLIC_READS, *_LISTING) for action in actions):
        return "medium", "list and read what is in it"
    if any(word in policy.site.type.lower().replace("_", "") for word in _FENCED):
        return "medium", "use it, if they reach it"
    if statement.not_actions:
        return "critical", "do nearly everything with it"
    if any(action == "*" or action.endswith(":*") for action in actions):
        return "critical", "do everything with it"
    return "high", f"do {', '.join(statement.actions[:3])}" + (" and more" if len(statement.actions) > 3 else "")
