"""Credentials of clouds that no planner writes patches for yet: what takes their place, why, and who does what.

Nothing here promises a patch.  A credential either has a way out, which people go by the steps named (advice), or has
none, and stays with controls (keep).
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.extraction import SIGN_IN
from rolecall.model.linking import OpenEnd
from rolecall.model.nature import speaks
from rolecall.model.nouns import CLOUDS, noun, short
from rolecall.model.parts import Workload
from rolecall.model.pipelines.systems import CI_STORES, SYSTEMS
from rolecall.model.targets import TARGETS, target_of
from rolecall.planning.case import Case
from rolecall.planning.migration import Handover
from rolecall.planning.verdicts.judgement import Verdict
from rolecall.planning.verdicts.steps import ALSO, AT, KEPT_STEPS, LAST_USE, STEPS

#: Classes of credential that have no keyless way in their cloud, and why.
_KEPT = {
    ("other", "access-key"): "a store of another provider that speaks S3 takes keys only",
    ("oci", "smtp"): "OCI Email Delivery takes SMTP logins of a user only; its HTTPS API takes principals",
    ("oci", "token"): "the registry, Git and Kafka endpoints of OCI take auth tokens of a user only",
    ("oci", "password"): "a database password of a user; IAM database tokens need a change in the application",
    ("oci", "client-secret"): "an OAuth client authenticates with a secret; it cannot call OCI by itself",
    (
        "gcp",
        "client-secret",
    ): "an OAuth client authenticates with a secret; it signs people in and cannot be bound to roles",
    ("gcp", "certificate"): "the database asks its clients for it; Cloud SQL's connectors log in by a service account",
    (
        "gcp",
        "api-key",
    ): "an API key names a project, not a caller; where a server uses it, a service account takes its place",
}
#: Stores of AWS: what reads them runs there, not in the credential's own cloud.
_AWS_STORES = ("ssm", "secretsmanager", "s3-object")
#: Stores of Azure that are read by an identity of the same directory, and the classes of its services' own keys.
_VAULTS = ("keyvault", "app-configuration")
_SERVICE_KEYS = ("access-key", "sas", "password")
#: What a machine in a data centre may have, by the steps for the platform "on-premises" (recipe AZ-24).
_ON_PREMISES = {"azure": "azure:managed-identity"}
#: Where a cloud's own compute needs no key, an unseen reader of a key runs somewhere else.
_ELSEWHERE = {"gcp": "gcp:workload-identity-federation", "azure": "azure:federated-credential"}


def advise(case: Case) -> Verdict:
    """What is said of one credential of such a cloud."""
    if (verdict := held(case)) is not None:
        return verdict
    targets: list[str] = []
    reasons: list[str] = []
    cloud = case.credential.cloud
    for use in case.uses:
        target = target_of(cloud, use.workload)
        targets += [target, *ALSO.get((cloud, use.workload.platform), ())]
        reasons.append(why(use.workload, target))
    for end in case.ends:
        targets.append(likely(case, end))
        reasons.append(f"nothing seen reads {end.store.site.address}, so nobody can tell who uses what lies there")
    lost = case.declaration.lost
    if lost is not None:
        targets.append(likely(case, None))
        reasons.append(f"{lost.path}:{lost.line} reads this key, and where it goes from there cannot be followed")
    elif not case.uses and not case.ends:
        targets += ["retire", likely(case, None)]
        reasons.append("nothing in the scanned code reads this key; somebody may hold it out of sight")
    if "rotated" in case.credential.marks:
        reasons.append("it is rotated by the code, which limits the harm and does not end the need for it")
    if cloud == "oci" and case.credential.cls == "access-key":
        reasons.append("the S3-compatible API takes secret keys of a user only; the native API takes principals")
    targets = list(dict.fromkeys(targets))
    return Verdict(
        tuple(targets),
        "advice",
        "; ".join(dict.fromkeys(reasons)),
        tuple(_steps(case, targets)),
    )


def held(case: Case) -> Verdict | None:
    """Why a credential has no way out, or is not the code's to take; None where its consumers decide."""
    return _kept(case) or _signs_people_in(case) or _vendor(case)


def _kept(case: Case) -> Verdict | None:
    credential = case.credential
    why = _KEPT.get((credential.cloud, credential.cls), "")
    if not why:
        return None
    steps = [
        Handover(what, credential.site.address, who, command, check)
        for what, who, command, check in KEPT_STEPS.get((credential.cloud, credential.cls), ())
    ]
    steps += [
        Handover(
            f"keep the {noun(credential)} for one user or purpose, narrow what it may do, and rotate it every 90 days",
            credential.site.address,
            "its owner",
            check="what uses it works after each rotation",
        )
    ]
    return Verdict(("keep-with-controls",), "keep", why, tuple(steps))


def _signs_people_in(case: Case) -> Verdict | None:
    """A web application's own secret, by which it signs people in: it is no machine's login to the cloud."""
    owner = case.owner
    if owner is None or not any(item.seen == SIGN_IN for item in owner.evidence):
        return None
    if case.model.own_grants(owner) or any(use.workload.cloud == case.credential.cloud for use in case.uses):
        return None
    return Verdict(
        ("keep-with-controls",),
        "keep",
        f"people sign in through {owner.site.address}, and the application needs its secret for that unless it can "
        "present a federated token",
        (
            Handover(
                "keep the secret in a vault, let it expire within 90 days and rotate it by a second one; or use a "
                "federated credential or a certificate where the application can",
                owner.site.address,
                "the owner of the application",
            ),
        ),
    )


def _vendor(case: Case) -> Verdict | None:
    saas = [use.workload for use in case.uses if use.workload.kind == "saas"]
    if not saas or len(saas) < len(case.uses):
        return None
    label = saas[0].label or saas[0].platform
    return Verdict(
        ("keep-with-controls",),
        "keep",
        f"{saas[0].site.address} hands it to {label}, which logs in with it from outside",
        (
            Handover(
                f"ask {label} for a way without a key; until then narrow what it may do and rotate it",
                saas[0].site.address,
                "its owner",
            ),
        ),
    )


def why(workload: Workload, target: str) -> str:
    if workload.kind == "unknown":
        return f"rolecall does not know what {workload.site.address} does with it"
    if target.endswith(("federation", "federated-credential", "token-exchange", "impersonation")):
        return f"{workload.site.address} can prove who it is by a token of where it runs"
    return f"{workload.site.address} can have an identity of its own"


def likely(case: Case, end: OpenEnd | None) -> str:
    """The likely target where no reader is seen: by where it lies, by names, by what else the estate shows."""
    cloud = case.credential.cloud
    table = TARGETS.get(cloud, {})
    if end is not None and end.store.kind == "k8s-secret":
        return table.get("eks", "unknown")
    if end is not None and end.store.kind in _AWS_STORES:
        return table.get("", "unknown")
    if end is not None and end.store.kind in _VAULTS and case.credential.cls in _SERVICE_KEYS:
        return "azure:managed-identity"  # who reads a vault has an identity, which can open the service as well
    if (end is None or end.store.kind not in CI_STORES) and cloud in _ON_PREMISES and _on_premises(case):
        return _ON_PREMISES[cloud]
    if (end is not None and end.store.kind in CI_STORES) or speaks("ci", *case.declaration.names):
        return table.get("github-actions", "unknown")
    if any(c.cloud == cloud and c.site.format in SYSTEMS for c in case.model.credentials.values()):
        return table.get("github-actions", "unknown")
    return _ELSEWHERE.get(cloud, "unknown")


def _on_premises(case: Case) -> bool:
    """Whether its names say that it is for a machine in a data centre; where a reader is seen, that one decides."""
    return not case.uses and bool(speaks("on_premises", *case.declaration.names))


def steps_to(case: Case, target: str) -> Iterator[Handover]:
    """What people do to reach a target, at the workloads whose it is."""
    credential = case.credential
    places = [use.workload.site.address for use in case.uses if target_of(credential.cloud, use.workload) == target]
    for what, who, command, check in STEPS.get(target, ()):
        yield Handover(what, ", ".join(places[:3]) or credential.site.address, who, command, check)


def steps_at(case: Case, platform: str) -> Iterator[Handover]:
    """What people do at the workloads of one platform, whatever the target."""
    at = [use.workload.site.address for use in case.uses if use.workload.platform == platform]
    for what, who, command, check in AT.get((case.credential.cloud, platform), ()):
        yield Handover(what, ", ".join(at[:3]), who, command, check)


def _steps(case: Case, targets: list[str]) -> Iterator[Handover]:
    """The hand-over, in order: who reads it, the new identity, the change, the end of the key."""
    credential = case.credential
    where = credential.site.address
    for end in case.ends:
        yield Handover(
            f"find out who reads {end.store.name or end.store.site.address} ({end.store.kind})",
            str(end.steps[-1].span),
            "the owner of the code that reads it",
            LAST_USE.get((credential.cloud, credential.cls), ""),
            "the last use points at the reader",
        )
    outside = _on_premises(case)
    for target in targets:
        if not outside or target != _ON_PREMISES.get(credential.cloud):
            yield from steps_to(case, target)
    for platform in dict.fromkeys(use.workload.platform for use in case.uses):
        yield from steps_at(case, platform)
    if outside:
        for what, who, command, check in AT.get((credential.cloud, "on-premises"), ()):
            yield Handover(what, where, who, command, check)
    if credential.form != "minted":
        yield revocation(case)
        return
    yield Handover(
        f"when its last use has not moved for 14 days, and longer than the longest schedule of a consumer, "
        f"delete the {noun(credential)}",
        where,
        "the owner of the code",
        LAST_USE.get((credential.cloud, credential.cls), ""),
        "the plan deletes this credential and nothing else",
    )


def revocation(case: Case) -> Handover:
    """The end of a credential that no code makes, after its consumers have moved."""
    credential = case.credential
    return Handover(
        f"then revoke the {short(credential)} in {CLOUDS.get(credential.cloud, credential.cloud)} and delete "
        f"it where it is kept",
        str(credential.span),
        "its owner",
        LAST_USE.get((credential.cloud, credential.cls), ""),
        "its last use does not move any more",
    )
