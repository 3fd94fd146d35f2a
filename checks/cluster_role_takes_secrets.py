"""A cluster role that reads or changes secrets.

What it does
    Finds Kubernetes roles that may read or change secrets that are not named.

Why it matters
    Secrets hold the keys, passwords and tokens of everything else.  Who may list them reads them; who may write them
    can have a token of any service account of the namespace made, or swap a key for one of its own.

Fix
    Name the secrets with resourceNames, in a Role of the one namespace, or mount them as a volume, which needs no
    right.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy.rbac_judgement import findings

RULE = Rule(
    "RC324",
    "cluster-role-takes-secrets",
    "excess-privilege",
    "medium",
    "a cluster role reads or changes secrets that are not named",
    controls=("NIST 800-53 AC-6", "NIST 800-53 AC-6(1)", "CIS Kubernetes 5.1.2", "OWASP NHI5", "ATT&CK T1552.007"),
    level_now="W",
    level_target="L5",
    equivalents={
        "checkov": ("CKV2_K8S_5",),
        "trivy": ("KSV-0041", "KSV-0113"),
        "kics": (
            "b7bca5c4-1dab-4c2c-8cbe-3050b9d59b14",
            "056ac60e-fe07-4acc-9b34-8e1d51716ab9",
            "826abb30-3cd5-4e0b-a93b-67729b4f7e63",
            "07fc3413-e572-42f7-9877-5c8fc6fccfb5",
        ),
    },
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each role."""
    yield from findings(
        model, RULE, "secrets", "name the secrets with resourceNames, in a Role of the namespace that needs them"
    )


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
  - apiGroups: [""] # <- RC324
    resources: ["secrets"]
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
        "a role in Terraform",
        {
            "main.tf": """\
resource "kubernetes_cluster_role" "deployer" {
  metadata {
    name = "deployer"
  }
  rule { # <- RC324
    api_groups = [""]
    resources  = ["secrets"]
    verbs      = ["get", "list"]
  }
}
""",
        },
    ),
    Example(
        "in one namespace",
        {
            "rbac.yaml": """\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: deployer
  namespace: build
rules:
  - apiGroups: [""] # <- RC324
    resources: ["secrets"]
    verbs: ["*"]
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
    resources: ["secrets"]
    verbs: ["get"]
    resourceNames: ["deployer-token"]
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
    resources  = ["secrets"]
    verbs      = ["get"]
    resource_names = ["deployer-token"]
  }
}
""",
        },
    ),
    Example(
        "config maps",
        {
            "rbac.yaml": """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: deployer
rules:
  - apiGroups: [""]
    resources: ["configmaps"]
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
)
