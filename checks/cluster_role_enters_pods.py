"""A cluster role with which one can get into the pods of others.

What it does
    Finds Kubernetes roles that may run commands in pods (exec, attach, ephemeral containers) or reach the kubelets past
    the API server (nodes/proxy).

Why it matters
    Inside a pod, its service account, its secrets and the cloud role behind it are there for the taking.

Fix
    Leave this to people, for a time.  A program that must look into pods needs logs and metrics, not a shell.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy.rbac_judgement import findings

RULE = Rule(
    "RC323",
    "cluster-role-into-pods",
    "excess-privilege",
    "medium",
    "a cluster role can get into the pods of others",
    controls=("NIST 800-53 AC-6", "NIST 800-53 AC-6(1)", "CIS Kubernetes 5.1.4", "OWASP NHI5", "ATT&CK T1609"),
    level_now="W",
    level_target="L5",
    equivalents={
        "checkov": ("CKV2_K8S_2",),
        "trivy": ("KSV-0047", "KSV-0053"),
        "kics": ("d45330fd-f58d-45fb-a682-6481477a0f84", "c589f42c-7924-4871-aee2-1cede9bc7cbc"),
    },
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each role."""
    yield from findings(model, RULE, "pods", "take the right away, or give it in one namespace to people only")


BAD = (
    Example(
        "a role of a manifest",
        {
            "rbac.yaml": """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: deployer
rules:
  - apiGroups: [""] # <- RC323
    resources: ["pods", "pods/exec"]
    verbs: ["get", "create"]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: deployer
subjects:
  - kind: ServiceAccount
    name: ci
    namespace: build
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: deployer
""",
        },
    ),
    Example(
        "a role in Terraform",
        {
            "main.tf": """\
resource "kubernetes_cluster_role" "deployer" {
  metadata {
    name = "deployer"
  }
  rule { # <- RC323
    api_groups = [""]
    resources  = ["pods", "pods/exec"]
    verbs      = ["get", "create"]
  }
}
""",
        },
    ),
    Example(
        "past the API server",
        {
            "rbac.yaml": """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: deployer
rules:
  - apiGroups: [""] # <- RC323
    resources: ["nodes/proxy"]
    verbs: ["get"]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: deployer
subjects:
  - kind: ServiceAccount
    name: ci
    namespace: build
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: deployer
""",
        },
    ),
)

GOOD = (
    Example(
        "a role that stays with its own",
        {
            "rbac.yaml": """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: deployer
rules:
  - apiGroups: [""]
    resources: ["pods", "pods/log"]
    verbs: ["get", "list"]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: deployer
subjects:
  - kind: ServiceAccount
    name: ci
    namespace: build
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: deployer
""",
        },
    ),
    Example(
        "the same in Terraform",
        {
            "main.tf": """\
resource "kubernetes_cluster_role" "deployer" {
  metadata {
    name = "deployer"
  }
  rule {
    api_groups = [""]
    resources  = ["pods", "pods/log"]
    verbs      = ["get", "list"]
  }
}
""",
        },
    ),
)
