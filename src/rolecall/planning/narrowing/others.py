"""Grants that are too wide and users that stand for workloads, as migrations of their own: what to do about them,
where, and how to see what is needed.

Only for clouds whose permissions no planner narrows by a patch; what the consumer really needs is for its owner to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from rolecall.catalog.entries import catalog
from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.planning.building import identifier
from rolecall.planning.migration import Disposition, Handover, Migration, Subject
from rolecall.planning.narrowing.google import steps

_RULE = "RC301"
_USED = {
    "gcp": (
        "gcloud recommender recommendations list --recommender google.iam.policy.Recommender --location global",
        "gcloud projects get-iam-policy PROJECT",
    ),
}
#: What else is answered here by a rule: the type of subject, the target, the disposition, why, and the step.
_ANSWERS: Mapping[str, tuple[str, str, Disposition, str, str]] = {
    "RC201": (
        "identity",
        "keep-with-controls",
        "keep",
        "its key is made out of sight, so nobody can tell from the code whether a principal could take its place",
        "find who holds its key; move a workload that has an identity where it runs; where a vendor takes keys only, "
        "narrow the user's groups, restrict the networks it comes from, and rotate the key",
    ),
}
_RISK = {"critical": 100, "high": 60, "medium": 30}


def narrow(model: Model, findings: Iterable[Finding]) -> Iterator[Migration]:
    """One migration for each grant of everything and user for a workload outside AWS; other modules speak of the wide
    grants of OCI and Azure.
    """
    clouds = {identity.site.address: identity.cloud for identity in model.identities.values()}
    for finding in findings:
        cloud = clouds.get(finding.identity) or cloud_of(finding.address)
        if cloud in (*_USED, "oci", "azure") and finding.rule in _ANSWERS:
            yield _answer(finding, cloud)
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
            handover=(steps(model, finding) if cloud == "gcp" else ())
            or (
                Handover(
                    "find out what it called in the last 90 days",
                    finding.identity or finding.address,
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


def _answer(finding: Finding, cloud: str) -> Migration:
    about, target, disposition, why, step = _ANSWERS[finding.rule]
    span = finding.span
    return Migration(
        id=identifier(about, finding.address, finding.fingerprint),
        subject=Subject(about, about, cloud, finding.address, span.path, span.line, span.end_line),
        identity=finding.identity,
        consumers=(),
        targets=(target,),
        disposition=disposition,
        reasons=(finding.message, why),
        handover=(Handover(step, finding.address, "its owner"),),
        risk=_RISK.get(finding.severity, 10),
        effort=5,
    )


def cloud_of(address: str) -> str:
    """The cloud of the type in a Terraform address; "" where the catalog does not know the type."""
    parts = address.split(".")
    entry = catalog().get(parts[-2]) if len(parts) > 1 else None
    return entry.cloud if entry is not None else ""
