"""Workloads that run as the project's default service account, as migrations of their own (recipe GCP-11): an account
for each, with the roles that it uses.

What a workload calls is not in its declaration, and the default account may do far more than it does.  So the new
account comes first, beside the workload, with its roles as an input that grants nothing; once that names roles, the
workload is let run as it.  Where another account makes the thing anew (node pools, environments, jobs) people are told
how.  https://cloud.google.com/iam/docs/best-practices-service-accounts#default-service-accounts
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rolecall.frontends.resource import Resource
from rolecall.frontends.values import references, text
from rolecall.model.finding import Finding
from rolecall.model.parts import Misset
from rolecall.planning.building import identifier
from rolecall.planning.case import Context, attribute_text
from rolecall.planning.edits.hcl_edit import insert_after, set_attribute
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.edits.repetition import repetition
from rolecall.planning.migration import Disposition, Edit, Handover, Migration, Phase, Subject
from rolecall.planning.principals.google_slot import MACHINES, SLOTS, attach
from rolecall.planning.templates import hcl, ident
from rolecall.source.hcl import Block

RULE = "RC214"
TARGET = "gcp:attached-service-account"
_IDEA = "default-identity"
_RISK = {"critical": 100, "high": 60, "medium": 30, "low": 8}
_TYPE, _MEMBER = "google_service_account", "google_project_iam_member"
_CALLS = (
    "gcloud logging read 'protoPayload.authenticationInfo.principalEmail=DEFAULT_ACCOUNT' --freshness=90d "
    "--format='value(protoPayload.serviceName,protoPayload.methodName,protoPayload.resourceName)' | sort | uniq -c"
)
#: How people give an account to what another one makes anew: what, the command, and how to see that it is done.
#: https://cloud.google.com/kubernetes-engine/docs/how-to/hardening-your-cluster#use_least_privilege_sa and the
#: provider's documentation of each type, where the argument forces a new one.
_ANEW: Mapping[str, tuple[str, str, str]] = {
    "google_container_node_pool": (
        "make an account with roles/container.defaultNodeServiceAccount (and roles/artifactregistry.reader where its "
        "images lie), add a pool with node_config.service_account beside this one, drain this one, then delete it; "
        "move pods that use the nodes' account to workload identity first",
        "kubectl cordon -l cloud.google.com/gke-nodepool=POOL; "
        "kubectl drain -l cloud.google.com/gke-nodepool=POOL --ignore-daemonsets",
        "gcloud container node-pools list --cluster CLUSTER --format='table(name,config.serviceAccount)' names it",
    ),
    "google_composer_environment": (
        "make an account with roles/composer.worker and what the DAGs call, make a second environment with "
        "config.node_config.service_account, move the DAGs there, then delete this one",
        "gcloud composer environments list --locations=LOCATION",
        "the new environment names the account and its DAGs succeed",
    ),
    "google_dataproc_cluster": (
        "make an account with roles/dataproc.worker and what the jobs read and write, and make the cluster anew with "
        "cluster_config.gce_cluster_config.service_account between two jobs",
        "gcloud dataproc jobs list --cluster=CLUSTER --state-filter=active",
        "no job is active before, and the jobs succeed after",
    ),
}
_OTHER = (
    "make an account with the roles that it uses, and name it where this is declared; where that makes it anew, put "
    "the new one beside the old one first",
    "",
    "terraform plan shows no replacement that is not meant, and it names the account",
)


@dataclass(frozen=True, slots=True)
class Default:
    """A finding with the setting that it is about."""

    finding: Finding
    misset: Misset


def dedicate(context: Context, findings: Iterable[Finding], others: Sequence[Migration]) -> Iterator[Migration]:
    """One migration for each workload that can have another account, one for each kind of those made anew in a folder.

    What another migration changes is left out: it gets its account there.
    """
    anew: dict[tuple[str, str], list[Default]] = defaultdict(list)
    edited: dict[str, list[Edit]] = defaultdict(list)
    for migration in others:
        for phase in migration.phases:
            for edit in phase.edits:
                edited[edit.path].append(edit)
    seen: set[tuple[str, int]] = set()
    for found in _found(context, findings):
        site = found.misset.site
        if site.declaration in seen:
            continue
        seen.add(site.declaration)
        if any(site.span.start <= edit.start < site.span.end for edit in edited[site.span.path]):
            continue
        if site.type in SLOTS or site.type in MACHINES:
            yield _workload(context, found)
        else:
            anew[site.module, site.type].append(found)
    for group in anew.values():
        yield _told(group)


def _found(context: Context, findings: Iterable[Finding]) -> Iterator[Default]:
    known = {
        (misset.span.path, misset.span.start, f"{misset.site.address} {misset.path}"): misset
        for misset in context.model.missets.get(_IDEA, ())
    }
    for finding in findings:
        if finding.rule == RULE and finding.severity != "note":
            misset = known.get((finding.span.path, finding.span.start, finding.key))
            if misset is not None:
                yield Default(finding, misset)


def _migration(
    group: Sequence[Default],
    disposition: Disposition,
    reasons: tuple[str, ...],
    phases: tuple[Phase, ...],
    handover: tuple[Handover, ...],
    reuses: str | None = None,
) -> Migration:
    first = group[0]
    site, span = first.misset.site, first.finding.span
    return Migration(
        id=identifier("account", site.address, first.finding.fingerprint),
        subject=Subject("identity", site.type, "gcp", site.address, span.path, span.line, span.end_line),
        identity=first.finding.identity,
        consumers=(),
        targets=(TARGET,),
        disposition=disposition,
        reuses=reuses,
        reasons=(*dict.fromkeys(found.finding.message for found in group[:10]), *reasons),
        phases=phases,
        handover=handover,
        risk=max(_RISK.get(found.finding.severity, 1) for found in group),
        effort=1 if disposition == "patch" else 5,
        unit=site.unit,
        permissions=("iam.serviceAccounts.create", "iam.serviceAccounts.actAs", "resourcemanager.projects.setIamPolicy")
        if phases
        else (),
        answers=tuple(found.finding.fingerprint for found in group),
    )


def _told(group: Sequence[Default]) -> Migration:
    """What another account makes anew: exact steps."""
    site = group[0].misset.site
    what, command, check = _ANEW.get(site.type, _OTHER)
    where = ", ".join(found.misset.site.address for found in group[:5])
    why = "another account makes it anew, or what it uses is not in the code, so no patch would be right"
    steps = (
        Handover("list what is called as the default account", where, "the owner of the project", _CALLS, _REASON),
        Handover(what, where, "the owner of the code", command, check),
    )
    return _migration(group, "advice", (why,), (), steps)


#: Labels that every other folder has too; of accounts by one name a project takes one.
_EMPTY_LABELS = frozenset({"default", "this", "main", "self", "primary", "app", "service", "example", "test"})
_REASON = "every call has a reason, and belongs to one of the workloads that share the account"


def _workload(context: Context, found: Default) -> Migration:
    site = found.misset.site
    resource = context.resource(site)
    try:
        if resource is None or site.calls or site.format != "terraform":
            raise Refused("it is declared in a module that others call: give the module an account as an input")
        if any(name.partition(".")[0] in ("service_account", "template", "all") for name in resource.ignore_changes):
            raise Refused("its lifecycle ignores a change of the account")
        block = context.block(site.span)
        return _account(context, found, resource, block)
    except Refused as refused:
        return _migration(
            (found,), "advice", (f"not patched: {refused.reason}",), (), _steps(found, resource, "ACCOUNT")
        )


def _account(context: Context, found: Default, resource: Resource, block: Block) -> Migration:
    site = found.misset.site
    label, there = _name(context, site.module, ident(block.labels[1]))
    address, variable = f"{_TYPE}.{label}", f"{label}_roles"
    if there and _has_roles(context, resource, label):
        return _attached(found, block, address)
    phases = () if there else (_expand(context, block, site.address, label, variable),)
    why = f"what it calls is not in the code: its account waits for the roles in var.{variable}, which grants none yet"
    steps = _steps(found, resource, variable)
    return _migration((found,), "partial" if phases else "advice", (why,), phases, steps)


def _name(context: Context, folder: str, wanted: str) -> tuple[str, bool]:
    """The name of the workload's own account and whether it is there, with its input; the next free one where the code
    has an account or an input of that name for something else.
    """
    taken = {block.labels for block in context.blocks(folder)}
    number = 1
    label = wanted
    while ((_TYPE, label) in taken) != ((f"{label}_roles",) in taken):
        number += 1
        label = f"{wanted}_own" if number == 2 else f"{wanted}_own_{number}"
    return label, (_TYPE, label) in taken


def _has_roles(context: Context, resource: Resource, label: str) -> bool:
    """Whether the input of the roles names one by now."""
    unit = context.unit(resource.unit, "terraform")
    return any(
        r.type == _MEMBER and r.name == label and r.module == resource.module and text(r.get("role"))
        for r in (unit.resources if unit is not None else ())
    )


def _expand(context: Context, block: Block, origin: str, label: str, variable: str) -> Phase:
    """The account, and its roles as an input."""
    project = block.attribute("project")
    member = context.free_name(block.text.path.rpartition("/")[0], _MEMBER, label, origin)
    owned = f"  project      = {attribute_text(block, project)}\n" if project is not None else ""
    name = _spoken(block)
    code = (
        f'variable "{variable}" {{\n'
        f"  description = {hcl(f'The roles on the project that {name} uses')}\n"
        "  type        = list(string)\n"
        "  default     = []\n}\n\n"
        f'resource "{_TYPE}" "{label}" {{\n'
        f'  account_id   = "{_account_id(context, name)}"\n'
        f"  display_name = {hcl(name[:100])}\n{owned}}}\n\n"
        f'resource "{_MEMBER}" "{member}" {{\n'
        f"  for_each = toset(var.{variable})\n"
        f"  project  = {_TYPE}.{label}.project\n"
        "  role     = each.value\n"
        f'  member   = "serviceAccount:${{{_TYPE}.{label}.email}}"\n}}\n'
    )
    return Phase(
        "expand",
        tuple(insert_after(block.text, block.span, code)),
        (),
        ("the account exists and has no role",),
        "revert the commit and apply: nothing uses the new account yet",
    )


def _spoken(block: Block) -> str:
    """What people call a workload: its label in the code, or its own name where the label says nothing."""
    own = block.plain("name") or ""
    return own if block.labels[1].lower() in _EMPTY_LABELS and own and "$" not in own else block.labels[1]


def _account_id(context: Context, name: str) -> str:
    """6 to 30 of a-z, 0-9 and -, from a letter, and none that the estate gives to another account.

    https://cloud.google.com/iam/docs/service-accounts-create
    """
    taken = {identity.label for identity in context.model.identities.values() if identity.kind == "gcp:service-account"}
    found = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:26].strip("-")
    if not found[:1].isalpha():
        found = f"app-{found}".strip("-")
    if len(found) < 6:
        found = f"{found}-account"
    return found if found not in taken else f"{found}-own"


def _attached(found: Default, block: Block, address: str) -> Migration:
    """The roles are there: the workload runs as its account."""
    site = found.misset.site
    shown = f"its account is {address}, whose roles are in the code"
    if repetition(block).name:
        shown += "; all of its instances get this one"
    edits = attach(block, site.type, f"{address}.email")
    needs = [f"the roles of {address} cover what {site.address} calls (list it once more: {_CALLS})"]
    if site.type == "google_compute_instance":
        if block.attribute("allow_stopping_for_update") is None:
            edits += set_attribute(block.text, block.span, "allow_stopping_for_update", "true")
        needs.append("a window: the instance is stopped to change its account, and started again")
    phase = Phase(
        "migrate",
        tuple(edits),
        tuple(needs),
        ("the workload succeeds, and no PermissionDenied of the new account is in the audit log",),
        "revert the commit and apply: the default account takes over again",
    )
    return _migration((found,), "patch", (shown,), (phase,), (), address)


def _steps(found: Default, resource: Resource | None, variable: str) -> tuple[Handover, ...]:
    site = found.misset.site
    named = sorted(set(_named(resource))) if resource is not None else []
    hint = f"; its configuration names {', '.join(named[:8])}" if named else ""
    return (
        Handover(
            f"list what {site.address} calls as the default account, from the data access audit logs{hint}",
            site.address,
            "the owner of the workload",
            _CALLS,
            _REASON,
        ),
        Handover(
            f"put the roles for these calls into var.{variable} (roles on a single bucket, secret or topic beside it, "
            "as google_..._iam_member of that resource), apply, then run rolecall plan again: it lets the workload run "
            "as the account"
            if variable != "ACCOUNT"
            else "make an account with the roles for these calls, and name it where the workload is declared",
            site.address,
            "the owner of the workload",
            "gcloud iam roles describe ROLE --format='value(includedPermissions)'",
            "the calls are covered, and nothing else is",
        ),
    )


def _named(resource: Resource) -> Iterator[str]:
    """The resources that a workload's configuration names, without what it is made of."""
    for reference in references(resource.body):
        kind = reference.target.rpartition("//")[2]
        if kind.startswith("google_") and not kind.startswith(
            (_TYPE, "google_compute_", "google_project", "google_vpc")
        ):
            yield kind
