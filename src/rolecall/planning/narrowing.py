"""Grants that are too wide, as migrations of their own: what to narrow, where, and how to see what is needed.

Only for clouds whose permissions no planner narrows by a patch; what the consumer really needs is for its owner to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.planning.building import identifier
from rolecall.planning.migration import Handover, Migration, Subject

_RULE = "RC301"
_USED = {
    "azure": (
        "az monitor activity-log list --caller PRINCIPAL_ID --offset 90d --query [].operationName.value",
        "az role assignment list --assignee PRINCIPAL_ID --all",
    ),
    "gcp": (
        "gcloud recommender recommendations list --recommender google.iam.policy.Recommender --location global",
        "gcloud projects get-iam-policy PROJECT",
    ),
    "oci": ("the audit log, by the principal's name, over 90 days", "oci iam policy list --compartment-id TENANCY"),
}
_RISK = {"critical": 100, "high": 60, "medium": 30}


def narrow(model: Model, findings: Iterable[Finding]) -> Iterator[Migration]:
    """One migration for each grant of everything outside AWS."""
    clouds = {identity.site.address: identity.cloud for identity in model.identities.values()}
    for finding in findings:
        cloud = clouds.get(finding.identity, "")
        if finding.rule != _RULE or cloud not in _USED:
            continue
        used, granted = _USED[cloud]
        span = finding.span
        yield Migration(
            id=identifier("grant", finding.address, finding.identity),
            subject=Subject("grant", "role", cloud, finding.address, span.path, span.line, span.end_line),
            identity=finding.identity,
            consumers=(),
            targets=("narrow",),
            disposition="advice",
            reasons=(finding.message, "what it really calls is not in the code, so no patch would be right"),
            handover=(
                Handover(
                    "find out what it called in the last 90 days",
                    finding.identity,
                    "the owner of the workload",
                    used,
                    "every operation has a reason",
                ),
                Handover(
                    "grant roles for these operations on the resources they are for, then take the wide one away",
                    finding.address,
                    "the owner of the grant",
                    granted,
                    "the wide role is gone and the workload's error rate has not moved",
                ),
            ),
            risk=_RISK.get(finding.severity, 10),
            effort=5,
        )
