"""Key vaults that ask their own policies who may read them: each holder gets the role that allows the same, and then
roles alone count (recipe AZ-23).

What else has a policy may not be in the code (disk encryption sets, gateways, backups, the portal), and all policies
stop to count at once: so the vault's list is compared with the code's before, and the switch can be taken back.
https://learn.microsoft.com/azure/key-vault/general/rbac-migration
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from rolecall.frontends.resource import Resource
from rolecall.frontends.values import references, text
from rolecall.model.finding import Finding
from rolecall.model.parts import Misset
from rolecall.planning.building import identifier
from rolecall.planning.case import Context
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.migration import PHASES, Handover, Migration, Phase, Subject
from rolecall.planning.proofs.provider_pin import pin_in
from rolecall.planning.settings.vault_edits import NEW_NAME, POLICY, Policy, Way, flag_of, policies_of, way_to_roles
from rolecall.source.hcl import Block

RULE = "RC357"
_OWNER = "the owner of the vault"
_NAME = re.compile(r"[\w-]{1,120}", re.ASCII)
_GUID = re.compile(r'"?([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"?')
_UNSEEN = "who else has a policy of the vault is not in the code, and all policies stop to count at once"
_REFUSED = "AuditEvent of the vault shows no Forbidden"
_ROLLBACK = {
    "expand": "revert the commit and apply: nothing counts the roles yet",
    "migrate": "write false again and apply: the policies count as before",
    "contract": "revert the commit and apply: the policies are there again, and still do not count",
}


def vault_policies(context: Context, findings: Iterable[Finding]) -> Iterator[Migration]:
    """One migration for each vault: the roles, the switch, and the end of the policies."""
    found = [finding for finding in findings if finding.rule == RULE and finding.severity != "note"]
    if not found:
        return
    missets: dict[tuple[str, int], Misset] = {}
    for misset in context.model.missets.get("vault-policies", ()):
        missets.setdefault((misset.span.path, misset.span.start), misset)
    for finding in found:
        about = missets.get((finding.span.path, finding.span.start))
        vault = context.resource(about.site) if about is not None else None
        if about is not None and vault is not None:
            yield _migration(context, finding, about, vault)


def _migration(context: Context, finding: Finding, about: Misset, vault: Resource) -> Migration:
    site, span = about.site, finding.span
    known = text(vault.get("name"))
    name = known if known and _NAME.fullmatch(known) else "NAME"
    plain = Migration(
        id=identifier("setting", finding.address, finding.fingerprint),
        subject=Subject("grant", site.type, "azure", finding.address, span.path, span.line, span.end_line),
        identity=finding.identity,
        consumers=(),
        targets=("azure:rbac",),
        disposition="advice",
        reasons=(finding.message,),
        risk=8,
        effort=3,
        unit=site.unit,
        answers=(finding.fingerprint,),
    )
    try:
        block = context.block(site.span)
        policies = list(policies_of(context, site.unit, block, site.module))
        elsewhere = list(_elsewhere(context, vault, site.unit, {p.top.span for p in policies}))
        if not policies and not elsewhere:
            raise Refused("none of its policies is in the code, and whoever uses the vault has one")
        way = way_to_roles(context, about, block, policies)
        _refuse_kept(block, vault, way)
    except Refused as refused:
        return replace(
            plain, reasons=(*plain.reasons, f"no patch: {refused.reason}"), handover=(_compared(plain, name),)
        )
    way.missing += [f"{place}: it lies in another module" for place in elsewhere]
    return _with_phases(context, plain, about, block, policies, way, name)


def _with_phases(
    context: Context, plain: Migration, about: Misset, block: Block, policies: list[Policy], way: Way, name: str
) -> Migration:
    address = plain.subject.address
    listed = bool(policies) and all(policy.inline for policy in policies)
    if way.missing:  # nobody loses what he has before all have a role
        way.edits["migrate"], way.edits["contract"] = [], []
    compared = _compared(plain, name)
    flag = flag_of(context, about)
    needs = {
        "migrate": (
            "ten minutes have gone by since phase expand: a role takes as long to hold",
            f"{compared.command} lists no holder that has no role: a disk encryption set, a gateway, a backup",
        ),
        "contract": (f"two weeks have gone by since phase migrate, and {_REFUSED}",),
    }
    verify = {
        "migrate": (
            f"az keyvault show --name {name} --query properties.enableRbacAuthorization says true; {_REFUSED}",
        ),
        "contract": (f"az keyvault show --name {name} --query properties.accessPolicies is empty",),
    }
    phases = tuple(
        Phase(
            phase, tuple(dict.fromkeys(way.edits[phase])), needs.get(phase, ()), verify.get(phase, ()), _ROLLBACK[phase]
        )
        for phase in PHASES
        if way.edits.get(phase)
    )
    steps = [compared, *(_step(policy, name) for policy in policies if way.missing and policy.reason)]
    if way.missing:
        steps.append(
            Handover(
                f"when every holder has a role, write {flag} = true in a change of its own; when nothing is refused "
                "for two weeks, take the policies out of the code",
                address,
                _OWNER,
                f"az keyvault show --name {name} --query properties.enableRbacAuthorization",
                f"{_REFUSED}; the way back is false, which lets the policies count again",
            )
        )
    whole = not way.missing
    pinned = pin_in(context, about.site.unit, "azurerm").newest is not None
    return replace(
        plain,
        disposition=("patch" if listed else "partial") if whole else "partial" if phases else "advice",
        reasons=(
            *plain.reasons,
            *(() if whole and listed else (_UNSEEN,)),
            *(f"no patch for all of it: {reason}" for reason in way.missing),
        ),
        phases=phases,
        handover=tuple(steps),
        effort=1 if whole and listed else 3,
        prerequisites=(f"the provider azurerm is of version {'.'.join(map(str, NEW_NAME))} or newer: no code says so",)
        if "migrate" in {phase.name for phase in phases} and flag.startswith("rbac") and not pinned
        else (),
        permissions=(
            "Microsoft.Authorization/roleAssignments/write",
            *(("Microsoft.Authorization/roleDefinitions/write",) if way.custom else ()),
            "Microsoft.KeyVault/vaults/write",
        )
        if phases
        else (),
    )


def _refuse_kept(block: Block, vault: Resource, way: Way) -> None:
    """Raises Refused where Terraform is told to leave the vault's policies, or all of it, as they are."""
    if ignored := {"all", "access_policy"} & set(vault.ignore_changes):
        way.edits["contract"] = []
        if "all" in ignored:
            raise Refused(f"ignore_changes of {'.'.join(block.labels)} covers everything")
        way.missing.append("ignore_changes covers access_policy, so that the code does not say who has one")


def _compared(plain: Migration, name: str) -> Handover:
    return Handover(
        "compare the vault's policies with those of the code: a policy with an application id, and those of disk "
        "encryption sets, application gateways and backups, have to be looked at one by one",
        plain.subject.address,
        _OWNER,
        f"az keyvault show --name {name} --query properties.accessPolicies",
        "each holder of a policy has a role",
    )


def _step(policy: Policy, name: str) -> Handover:
    holder = policy.holder or "its holder"
    what = f"choose the role for {holder}: {policy.reason}"
    if policy.roles is not None:
        what = f"give {holder} {policy.roles} on the vault, or on the one secret or key that it uses: {policy.reason}"
    known = _GUID.fullmatch(policy.holder)
    roles = policy.roles.built_in if policy.roles is not None else ()
    return Handover(
        what,
        policy.place,
        _OWNER,
        "; ".join(
            f'az role assignment create --role "{role}" --assignee-object-id {known[1] if known else "OBJECT_ID"} '
            f"--scope $(az keyvault show --name {name} --query id -o tsv)"
            for role in roles or ["ROLE"]
        ),
        "az role assignment list --scope names it",
    )


def _elsewhere(context: Context, vault: Resource, unit: str, known: set[object]) -> Iterator[str]:
    """The policies of a vault that other modules of its unit give it."""
    read = context.unit(unit, "terraform")
    for other in read.resources if read is not None else ():
        if other.type == POLICY and other.mode == "resource" and other.module != vault.module:
            target = other.get("key_vault_id")
            if target is not None and any(one.target == vault.id for one in references(target)):
                yield f"{other.address} ({other.span.path}:{other.span.line})"
