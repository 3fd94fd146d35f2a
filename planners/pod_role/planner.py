"""Pods on EKS (recipes AWS-07 and AWS-08): the role of the pods' service account takes over from the key.

A role that the service account has already comes before a new one.  A new one is associated by Pod Identity, or trusts
the cluster's OIDC issuer where the estate does so already.  Where no pod is seen that reads the secret, the namespace's
own role is the only choice; where neither pod nor cluster is seen, nobody can tell which trust a role would need.
"""

from __future__ import annotations

from rolecall.frontends.values import references, text
from rolecall.model.parts import Identity, Statement
from rolecall.planners.pod_role import cluster, identity, module_call
from rolecall.planners.web_identity.pods import cluster_elsewhere
from rolecall.planners.web_identity.pods import plan as of_pods
from rolecall.planning.case import Case, Use
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.edits.removal import take_from
from rolecall.planning.migration import Handover
from rolecall.planning.move import Move
from rolecall.planning.pods import entries, service_account
from rolecall.planning.pods.pod import Name, Pod, companions, kind, read
from rolecall.planning.principals.parity import carry_over, obstacles
from rolecall.planning.principals.roles import role_in_module
from rolecall.planning.proofs.containment_proof import permissions
from rolecall.planning.verdicts.judgement import strangers

RECIPES = ("AWS-07", "AWS-08")
CLOUD = "aws"
PLATFORMS = ("eks", "helm")

_UNSEEN = ("kubernetes_secret", "kubernetes_secret_v1", "k8s:Secret", "k8s:ExternalSecret")


def plan(case: Case, use: Use) -> Move:
    """The role of the pods' service account takes over."""
    move = Move("aws:pod-role")
    if use.workload.platform == "helm":
        _chart(case, use, move)
        return move
    if (cluster_there := cluster_elsewhere(case)) is not None:
        return of_pods(case, use, cluster_there)
    for reason in obstacles(case):
        move.hold(reason)
    if use.workload.site.type in _UNSEEN:
        _by_namespace(case, use, move)
    else:
        _by_pod(case, use, move)
    _tell_others(case, move)
    move.verify["migrate"].append(
        "restart the pods (the role reaches new pods only), then `aws sts get-caller-identity` in one"
    )
    move.permissions.extend(("iam:CreatePolicy", "iam:AttachRolePolicy"))
    return move


def _tell_others(case: Case, move: Move) -> None:
    """Where the user's ARN is handed out beside its key, a policy of another account may name it."""
    owner = case.owner
    if owner is None:
        return
    for end in case.stores:
        resource = case.context.resource(end.store.site)
        given = list(references(resource.body)) if resource is not None else []
        for reference in given:
            if reference.target == owner.id and reference.attribute in ("arn", "unique_id"):
                move.needs["migrate"].append("policies elsewhere that name the user's ARN name the role's too")
                move.handover.append(
                    Handover(
                        f"ask whoever was given the ARN of {owner.site.address} to let the role in beside the user",
                        str(reference.span or end.store.site.span),
                        "the owners of the buckets, queues and keys that name it",
                        check="the role's calls succeed before the key is taken away",
                    )
                )
                return


# -- a pod that is seen


def _by_pod(case: Case, use: Use, move: Move) -> None:
    address = use.workload.site.address
    try:
        pod = read(case, use)
    except Refused as refused:
        move.hold(refused.reason, _role_by_hand(use))
        return
    if move.complete:
        _give_role(case, use, move, pod)
    try:
        move.add("migrate", entries.take_entries(case, use, pod))
    except Refused as refused:
        move.hold(
            f"the key cannot be taken out of {address}: {refused.reason}",
            Handover("take the key out of the pods once their role works", address, "the application's team"),
        )
    shown = pod.account.text if pod.account is not None else pod.name.text
    namespace = pod.namespace.text
    move.needs["migrate"].append(
        f"the application uses the SDK's default credential chain, and new pods of {address} get the role "
        f"(`kubectl -n {namespace} exec <pod> -- env | grep -E 'AWS_ROLE_ARN|AWS_CONTAINER_CREDENTIALS_FULL_URI'`)"
    )
    move.handover.append(
        Handover(
            f"restart the pods and look whose credentials they use (service account {shown})",
            address,
            "the application's team",
            f"kubectl -n {namespace} rollout restart {kind(use)}/{pod.name.text}; "
            f"kubectl -n {namespace} exec {kind(use)}/{pod.name.text} -- aws sts get-caller-identity",
            "the ARN is the role's, not the user's",
        )
    )


def _give_role(case: Case, use: Use, move: Move, pod: Pod) -> None:
    """The expand phase; nothing is planned where others would get the permissions too."""
    try:
        shared = companions(case, pod)
        if shared and pod.account is not None:
            raise Refused(
                f"{', '.join(shared)} runs under the service account {pod.account.text} too and does not use the key, "
                "so it would get the same permissions; give one of them a service account of its own first"
            )
        found = identity.existing(case, pod)
        if len(found) > 1:
            names = ", ".join(item.shown for item in found)
            raise Refused(f"the service account has several roles in the code ({names})")
        if found:
            _use_existing(case, move, pod, found[0])
        elif not _use_neighbour(case, use, move, pod):
            _use_new(case, use, move, pod)
    except Refused as refused:
        move.hold(refused.reason, _role_by_hand(use, pod))


def _use_existing(case: Case, move: Move, pod: Pod, found: identity.Existing) -> None:
    move.reuses = found.shown
    if found.trusts_tokens:
        _annotate(case, move, pod, found)
    if found.call is not None:
        move.add("expand", module_call.grant(case, found.call))
        return
    held = case.model.identities.get(found.identity)
    if held is not None and case.owner is not None and _may(case, case.owner) <= _may(case, held):
        return
    role = role_in_module(case, found.identity) if found.identity else None
    if role is None:
        raise Refused(
            f"{found.shown} is declared outside the user's module, so its permissions are added there by hand"
        )
    move.add("expand", carry_over(case, role, role.label if len(case.uses) > 1 else ""))


def _may(case: Case, who: Identity) -> set[Statement | str]:
    return permissions(case.model, case.model.grants(who))


def _use_neighbour(case: Case, use: Use, move: Move, pod: Pod) -> bool:
    """A module's role for another service account of the pod's namespace, where nothing is known of the cluster.

    Whether the pod may run under that account is for people to say.
    """
    if cluster.is_known(case):
        return False
    chosen = module_call.only_choice(case, module_call.role_calls(case))
    if chosen is None:
        return False
    account_now = pod.account.text if pod.account is not None else "default"
    namespace = pod.namespace.text
    move.reuses = chosen.resource.address
    move.hold(
        f"{use.workload.site.address} runs under the service account {account_now}, and the role of "
        f"{chosen.resource.address} is for another one",
        Handover(
            "let the pods run under the service account of the role (serviceAccountName), and give it the rights "
            "in the cluster that the old one has",
            use.workload.site.address,
            "the application's team",
            f"kubectl auth can-i --list -n {namespace} --as system:serviceaccount:{namespace}:{account_now}",
            "the pods start, and `aws sts get-caller-identity` in one shows the role",
        ),
    )
    move.add("expand", module_call.grant(case, chosen))
    return True


def _use_new(case: Case, use: Use, move: Move, pod: Pod) -> None:
    where = cluster.cluster_of(case, pod)
    tokens = cluster.by_tokens(case, where)
    own = service_account.dedicated(case, pod) if pod.account is None else None
    if own is not None and tokens and not pod.among(case):
        raise Refused("the annotation of a new service account needs the role's ARN, which only Terraform knows here")
    runs_as: Name = own or pod.account or pod.name
    _claim(case, pod, runs_as)
    namespace, named = pod.expression(case, pod.namespace), pod.expression(case, runs_as)
    written = service_account.written_by_account(case, pod) if tokens and own is None and pod.among(case) else None
    if written is not None:
        namespace, named = written
    suffix = (
        "_pod" if len({use.workload.identity_text for use in case.uses}) < 2 else f"_{runs_as.text.replace('-', '_')}"
    )
    role, edits = cluster.pod_role(case, pod, where, namespace, named, tokens, suffix)
    edits += carry_over(case, role, suffix.removeprefix("_") if len(case.uses) > 1 else "")
    move.add("expand", edits)
    move.permissions.extend(("iam:CreateRole", "iam:PutRolePolicy", "iam:TagRole", "iam:PassRole"))
    arn = role.attribute("arn", pod.block) if pod.block is not None and pod.among(case) else ""
    if own is not None:
        created, written_name = service_account.create(case, pod, own, arn if tokens else "")
        move.add("expand", created)
        move.add("migrate", service_account.assign(case, pod, written_name))
    elif tokens:
        try:
            move.add("expand", service_account.annotate(case, pod, arn))
        except Refused as refused:
            _annotate_by_hand(move, pod, refused.reason, role.address)
    if not tokens:
        move.permissions.append("eks:CreatePodIdentityAssociation")
        _need_agent(case, move, where)
    if others := _other_keys(case, use):
        move.hold(
            f"the pods hold {', '.join(others)} too, which the SDK would use instead of the role; "
            "once the service account has its role, rolecall plan moves them together"
        )
    if pod.block is None:
        move.prerequisites.append(f"the pods of {use.workload.site.address} run in the cluster {where.address}")


def _other_keys(case: Case, use: Use) -> list[str]:
    """The keys of other users that the workload gets, by their addresses."""
    own = {credential.owner for credential in case.declaration.credentials}
    return sorted(
        {
            credential.site.address
            for credential in case.model.credentials.values()
            if credential.form == "minted"
            and credential.owner not in own
            and any(
                consumption.workload.site.declaration == use.workload.site.declaration
                for consumption in case.model.flow(credential).consumptions
            )
        }
    )


def _claim(case: Case, pod: Pod, runs_as: Name) -> None:
    """A service account can have one role: the first key whose pods run under it gives it one."""
    if not service_account.claims(case, pod, runs_as):
        raise Refused(
            f"the service account {runs_as.text} gets its role by the migration of another key; "
            "apply that one, then run rolecall plan again"
        )


def _need_agent(case: Case, move: Move, where: cluster.Cluster) -> None:
    if cluster.has_agent(case, where):
        return
    shown = text(where.resource.get("name")) or "<cluster>"
    move.prerequisites.append(
        f"the add-on {cluster.AGENT} runs in {where.address} (EKS Auto Mode has it built in); the code does not show it"
    )
    move.handover.append(
        Handover(
            f"make sure that the add-on {cluster.AGENT} runs on the nodes, before the migrate phase",
            where.address,
            "the owner of the cluster",
            f"aws eks describe-addon --cluster-name {shown} --addon-name {cluster.AGENT} "
            f"|| aws eks create-addon --cluster-name {shown} --addon-name {cluster.AGENT}",
            "kubectl -n kube-system get daemonset eks-pod-identity-agent",
        )
    )


def _annotate(case: Case, move: Move, pod: Pod, found: identity.Existing) -> None:
    """Names a role that trusts the service account in its annotation, without which pods do not take it."""
    role = role_in_module(case, found.identity)
    try:
        if role is None or pod.block is None:
            raise Refused("the service account is not in the user's module, so its annotation is written by hand")
        move.add("expand", service_account.annotate(case, pod, role.attribute("arn", pod.block)))
    except Refused as refused:
        _annotate_by_hand(move, pod, refused.reason, found.shown)


def _annotate_by_hand(move: Move, pod: Pod, reason: str, role: str) -> None:
    shown = pod.account.text if pod.account is not None else pod.name.text
    move.hold(
        reason,
        Handover(
            f"annotate the service account {shown} with the ARN of {role}",
            pod.resource.address,
            "the application's team",
            f"kubectl -n {pod.namespace.text} annotate serviceaccount {shown} eks.amazonaws.com/role-arn=ROLE_ARN",
            "new pods have AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE",
        ),
    )


def _role_by_hand(use: Use, pod: Pod | None = None) -> Handover:
    runs_as = f" {pod.account.text}" if pod is not None and pod.account is not None else ""
    namespace = pod.namespace.text if pod is not None else use.workload.namespace or "NAMESPACE"
    return Handover(
        f"give the pods' service account{runs_as} a role (Pod Identity or IRSA) with the user's policies",
        use.workload.site.address,
        "the owner of the cluster",
        f"aws eks list-pod-identity-associations --cluster-name CLUSTER --namespace {namespace}; "
        f"kubectl -n {namespace} get serviceaccount -o yaml | grep role-arn",
        "one of them shows the role",
    )


# -- a chart: what its values mean is known by the chart alone


def _chart(case: Case, use: Use, move: Move) -> None:
    address = use.workload.site.address
    resource = case.context.resource(use.workload.site)
    names = ", ".join(field for field in use.fields if field)
    shown = f" ({names})" if names else ""
    places = ", ".join(str(place) for place in use.places)
    move.hold(
        f"{address} hands the key to a chart, and the chart alone knows which of its values give its pods a role",
        Handover(
            "create a role for the release's service account (Pod Identity or IRSA) with the user's policies",
            address,
            "the owner of the cluster",
            check="aws eks list-pod-identity-associations, or the service account's annotation, shows it",
        ),
    )
    release = resource.name if resource is not None else "<release>"
    move.handover.append(
        Handover(
            "name the role in the chart's values for its service account (mostly "
            f'serviceAccount.annotations."eks.amazonaws.com/role-arn"), and take those for the key out{shown}',
            places or address,
            "the application's team",
            f"helm show values <chart> | grep -n -i -E 'serviceaccount|accesskey|secretkey'; helm get values {release}",
            "after the release, `aws sts get-caller-identity` in a pod shows the role",
        )
    )


# -- a secret whose pods are not seen


def _by_namespace(case: Case, use: Use, move: Move) -> None:
    """The namespace's own role takes over, where there is only one or one that can do the same already."""
    address = use.workload.site.address
    calls = module_call.role_calls(case)
    move.unseen = True
    if move.complete:
        _expand_call(case, move, calls)
        if move.edits.get("expand"):
            move.hold(
                f"no pod is seen that reads {address}: the role gets the policies, and the key leaves the secret once "
                "its readers are known to use the role",
                Handover(
                    "find the pods that read this secret, let them run under the service account with the role, then "
                    "run rolecall plan again",
                    address,
                    "the owner of the namespace",
                    "kubectl get pods -o yaml | grep -B3 -A3 SECRET_NAME",
                ),
            )
    try:
        move.add("migrate", take_from(case, use, prune=False))
    except Refused as refused:
        move.hold(f"the key cannot be taken out of {address}: {refused.reason}")
    unknown = strangers(case)
    if unknown:
        move.also.append("aws:cross-account-role")
        move.hold(
            f"no pod is seen that reads {address}, and “{', '.join(unknown)}” in its names "
            "may be a third party that was handed the key",
            Handover(
                "find out who reads this secret: a pod of the namespace, or somebody outside who was given it",
                address,
                "the owner of the namespace",
                "kubectl get pods -o yaml | grep -B3 -A3 SECRET_NAME",
            ),
        )
    move.handover.append(
        Handover(
            "let the pods run under the service account with the role, and let the application use the default "
            "credential chain",
            address,
            "the application's team",
            "kubectl exec <pod> -- aws sts get-caller-identity",
            "the ARN is the role's, not the user's",
        )
    )
    move.needs["migrate"].append(
        "the pods run under the service account that has the role, and the application no longer needs the variables"
    )


def _expand_call(case: Case, move: Move, calls: list[module_call.RoleCall]) -> None:
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
    chosen = module_call.only_choice(case, calls)
    if chosen is None:
        names = ", ".join(call.resource.address for call in calls)
        move.hold(
            f"several roles are there for pods ({names}); which pods read the secret decides which of them",
            Handover(
                f"choose the role among {names}, and give it the user's policies", case.folder, "the application's team"
            ),
        )
        return
    move.reuses = chosen.resource.address
    try:
        move.add("expand", module_call.grant(case, chosen))
    except Refused as refused:
        move.hold(refused.reason)
