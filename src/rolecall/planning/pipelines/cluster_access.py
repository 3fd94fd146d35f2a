"""Clusters that let a job in by the ARN of its user: a role with the same policies is somebody else to them.

EKS lets in whom an access entry or the configuration map aws-auth names, and whoever made the cluster:
https://docs.aws.amazon.com/eks/latest/userguide/grant-k8s-access.html
"""

from __future__ import annotations

import re

from rolecall.planning.case import Context
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.migration import Handover
from rolecall.source.text import Span
from rolecall.source.tree import Unreadable

_COMMANDS = re.compile(r"\beks\s+(?:update-kubeconfig|get-token)\b|\baws-iam-authenticator\b|\beksctl\b")
_TERRAFORM = re.compile(r"\b(?:terraform|terragrunt|tofu)\b[^\n]*\b(?:plan|apply|destroy)\b")
_PROVIDERS = re.compile(rb"\baws_eks_cluster_auth\b|\"get-token\"")
REASON = "the job works in a cluster of EKS, which may know its user and not its role"


def cluster_step(context: Context, job: Span) -> Handover | None:
    """What to do before a job that works in a cluster of EKS changes its identity; None where it works in none."""
    try:
        written = context.text(job.path).text(job)
    except Refused:
        return None
    found = _COMMANDS.search(written) or (_TERRAFORM.search(written) if _by_terraform(context) else None)
    if found is None:
        return None
    return Handover(
        "let the role into the cluster as the user is, beside it: an access entry with the same policies and groups, "
        "or a line in mapRoles of aws-auth; whoever made the cluster is in without either, and its role is not. "
        "(A role that the commands take by --role-arn has to trust the new one)",
        f"{job.path}:{job.line}",
        "the administrator of the cluster",
        "aws eks list-access-entries --cluster-name CLUSTER; kubectl -n kube-system get configmap aws-auth -o yaml; "
        "aws eks create-access-entry --cluster-name CLUSTER --principal-arn ROLE_ARN --kubernetes-groups GROUPS",
        "kubectl auth can-i --list says the same in the job as before",
    )


def _by_terraform(context: Context) -> bool:
    """Whether Terraform of the tree works in a cluster with the login of whoever runs it."""
    for path in context.tree.paths():
        if path.endswith(".tf"):
            try:
                if _PROVIDERS.search(context.tree.read(path).data):
                    return True
            except Unreadable:
                continue
    return False
