"""A cluster role that makes credentials of others.

What it does
    Finds Kubernetes roles that may create tokens of service accounts that are not named, approve certificate signing
    requests, or sign them.

Why it matters
    A token is its account, and a client certificate whatever user and group it names; neither is seen in any binding.

Fix
    Name the service accounts with resourceNames, or the signer (`resources: ["signers"]`), and leave approval to the
    cluster's own controllers.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy.rbac_judgement import findings

RULE = Rule(
    "RC325",
    "cluster-role-makes-credentials",
    "excess-privilege",
    "medium",
    "a cluster role makes tokens or certificates of others",
    controls=("NIST 800-53 AC-6", "NIST 800-53 AC-6(1)", "CIS Kubernetes 5.1.13", "OWASP NHI5", "ATT&CK T1098"),
    level_now="W",
    level_target="L5",
    equivalents={"checkov": ("CKV_K8S_156",)},
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each role."""
    yield from findings(model, RULE, "tokens", "name the accounts or signers that it is for with resourceNames")


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
  - apiGroups: [""] # <- RC325
    resources: ["serviceaccounts/token"]
    verbs: ["create"]
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
  rule { # <- RC325
    api_groups = [""]
    resources  = ["serviceaccounts/token"]
    verbs      = ["create"]
  }
}
""",
        },
    ),
    Example(
        "approving certificates",
        {
            "rbac.yaml": """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: deployer
rules:
  - apiGroups: ["certificates.k8s.io"] # <- RC325
    resources: ["certificatesigningrequests/approval"]
    verbs: ["update"]
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
    resources: ["serviceaccounts"]
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
    resources  = ["serviceaccounts"]
    verbs      = ["get", "list"]
  }
}
""",
        },
    ),
)
