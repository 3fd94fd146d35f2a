"""Pods on EKS (recipes AWS-07 and AWS-08): the pods' role takes over, and the key leaves the Kubernetes secret.

A role that the namespace has already comes before a new one.  Where the cluster cannot be seen, nobody can tell which
trust a new role would need, and that part is left to people.
"""

from __future__ import annotations

import re

from rolecall.catalog.entries import hints
from rolecall.frontends.resource import Resource
from rolecall.model.parts import Grant
from rolecall.planning.alignment import format_hcl
from rolecall.planning.case import Case, Use, attribute_text
from rolecall.planning.hcl_edit import insert_after, set_entry
from rolecall.planning.judgement import strangers
from rolecall.planning.line_edit import Refused
from rolecall.planning.migration import Edit, Handover
from rolecall.planning.move import Move
from rolecall.planning.parity import obstacles
from rolecall.planning.removal import take_from
from rolecall.source.hcl import Block

RECIPES = ("AWS-07", "AWS-08")
PLATFORMS = ("eks", "helm")


def plan(case: Case, use: Use) -> Move:
    """The namespace's own role takes over."""
    move = Move("aws:pod-role")
    for reason in obstacles(case):
        move.hold(reason)
    calls = _role_modules(case)
    if move.complete:
        _expand(case, use, move, calls)
    try:
        move.add("migrate", take_from(case, use))
    except Refused as refused:
        move.hold(f"the key cannot be taken out of {use.workload.site.address}: {refused.reason}")
    unknown = strangers(case)
    if not _seen(use) and unknown:
        move.also.append("aws:cross-account-role")
        move.hold(
            f"no pod is seen that reads {use.workload.site.address}, and “{', '.join(unknown)}” in its names may be a third party that was handed the key",
            Handover(
                "find out who reads this secret: a pod of the namespace, or somebody outside who was given it",
                use.workload.site.address,
                "the owner of the namespace",
                "kubectl get pods -o yaml | grep -B3 -A3 <name of the secret>",
            ),
        )
    move.handover.append(
        Handover(
            "let the pods run under the service account with the role, and let the application use the default credential chain",
            use.workload.site.address,
            "the application's team",
            "kubectl exec <pod> -- aws sts get-caller-identity",
            "the ARN is the role's, not the user's",
        )
    )
    move.needs["migrate"].append(
        "the pods run under the service account that has the role, and the application no longer needs the variables"
    )
    move.verify["migrate"].append(
        "restart the pods (the role reaches new pods only), then `aws sts get-caller-identity` in one"
    )
    move.permissions.extend(("iam:CreatePolicy", "iam:AttachRolePolicy"))
    return move


def _seen(use: Use) -> bool:
    return use.workload.site.type not in ("kubernetes_secret", "kubernetes_secret_v1", "k8s:Secret")


def _role_modules(case: Case) -> list[tuple[Resource, dict[str, str]]]:
    """Calls in the user's module of modules that make a role for pods."""
    unit = case.context.unit(case.credential.site.unit, "terraform")
    found = []
    for resource in unit.resources if unit is not None else ():
        if resource.mode == "module" and resource.module == case.folder and resource.span.path.endswith(".tf"):
            for module in hints()["irsa_modules"]:
                if re.search(module["source"], resource.type):
                    found.append((resource, module))
    return found


def _expand(case: Case, use: Use, move: Move, calls: list[tuple[Resource, dict[str, str]]]) -> None:
    if not calls:
        move.hold(
            "the namespace has no role for its pods in the code yet",
            Handover(
                "create a role for the pods' service account (Pod Identity or IRSA) with the user's policies",
                case.folder or ".",
                "the owner of the cluster",
                check="kubectl get serviceaccount <name> -o yaml shows it, or aws eks list-pod-identity-associations",
            ),
        )
        return
    chosen = _best(case, calls)
    if chosen is None:
        names = ", ".join(call.address for call, _ in calls)
        move.hold(
            f"several roles are there for pods ({names}); which pods read the secret decides which of them",
            Handover(
                f"choose the role among {names}, and give it the user's policies", case.folder, "the application's team"
            ),
        )
        return
    call, module = chosen
    move.reuses = call.address
    if _seen(use) and not _runs_as(case, use, call):
        account = use.workload.identity_text or "default"
        move.hold(
            f"{use.workload.site.address} runs under the service account {account}, and the role is another one's",
            Handover(
                "let the pods run under the service account of the role (serviceAccountName), and give it the rights "
                "in the cluster that the old one has",
                f"{use.places[0].path}:{use.places[0].line}",
                "the application's team",
                f"kubectl auth can-i --list -n {use.workload.namespace or '<namespace>'} "
                f"--as system:serviceaccount:{use.workload.namespace or '<namespace>'}:{account}",
                "the pods start, and `aws sts get-caller-identity` in one shows the role",
            ),
        )
    try:
        move.add("expand", _grant(case, call, module))
    except Refused as refused:
        move.hold(refused.reason)


def _runs_as(case: Case, use: Use, call: Resource) -> bool:
    """Whether a pod runs under the service account that a call of a role module is for."""
    account = use.workload.identity_text
    for fact in case.model.facts["role-module"]:
        if fact.site is not None and fact.site.id == call.id:
            return bool(account) and (account == fact.name or fact.name.endswith(f":{account}"))
    return False


def _best(case: Case, calls: list[tuple[Resource, dict[str, str]]]) -> tuple[Resource, dict[str, str]] | None:
    """The only call, or the only one that has the user's policies already."""
    if len(calls) == 1:
        return calls[0]
    wanted = {text for grant in case.grants if (text := _policy_text(case, grant))}
    having = [item for item in calls if wanted and wanted <= set(_held(case, *item).values())]
    return having[0] if len(having) == 1 else None


def _held(case: Case, call: Resource, module: dict[str, str]) -> dict[str, str]:
    """The policies that a call gives its role: entry name to HCL text."""
    block = case.context.block(call.span)
    attribute = block.attribute(module["policies"])
    if attribute is None:
        return {}
    text = attribute_text(block, attribute)
    return {
        m[1].strip('"'): m[2].strip().rstrip(",")
        for m in re.finditer(r"^\s*([\w\"-]+)\s*[=:]\s*([^\n#]+)", text, re.MULTILINE)
    }


def _policy_text(case: Case, grant: Grant) -> str:
    if grant.how != "attached" or grant.site.module != case.folder:
        return ""
    block = case.context.block(grant.site.span)
    attribute = block.attribute("policy_arn")
    return attribute_text(block, attribute) if attribute is not None else ""


def _grant(case: Case, call: Resource, module: dict[str, str]) -> list[Edit]:
    edits: list[Edit] = []
    held = _held(case, call, module)
    target = case.context.block(call.span)
    attribute = target.attribute(module["policies"])
    if attribute is None:
        raise Refused(f"{call.address} is given no {module['policies']} yet")
    place = target.text.span(attribute.value_start, attribute.value_end)
    for grant in case.grants:
        if grant.site.module != case.folder or grant.how not in ("attached", "inline"):
            raise Refused(f"{grant.site.address} cannot be given to the pods' role as it is")
        block = case.context.block(grant.site.span)
        if block.attribute("count") is not None or block.attribute("for_each") is not None:
            raise Refused(f"{grant.site.address} is made by count or for_each")
        text = _policy_text(case, grant)
        if grant.how == "inline":
            name, code = _as_policy(case, block)
            edits.extend(insert_after(block.text, block.span, code))
            text = f"aws_iam_policy.{name}.arn"
        if text in held.values():
            continue
        key = _free_key(block.labels[1], held)
        held[key] = text
        edits.extend(set_entry(target.text, place, key, text))
    return edits


def _free_key(wanted: str, held: dict[str, str]) -> str:
    key = re.sub(r"\W", "_", wanted)
    return key if key not in held else f"{key}_from_user"


def _as_policy(case: Case, block: Block) -> tuple[str, str]:
    """An inline policy as one that can be attached: the same document under the same name."""
    name = case.context.free_name(case.folder, "aws_iam_policy", block.labels[1], str(block.start))
    lines = [f'resource "aws_iam_policy" "{name}" {{']
    for attribute in block.attributes:
        if attribute.name in ("name", "name_prefix", "policy"):
            lines.append(f"  {attribute.name} = {attribute_text(block, attribute)}")
    lines.append("}")
    return name, format_hcl("\n".join(lines) + "\n")
