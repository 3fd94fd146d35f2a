"""A cluster role that decides what the API server lets in.

What it does
    Finds ClusterRoles that may create or change webhook configurations that are not named.

Why it matters
    A webhook sees every object that passes, secrets among them, and a mutating one can change it: a service account, an
    image, a mount.

Fix
    Let the deployment create the configuration, and give the controller `update` and `patch` on it by name.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy.rbac_judgement import findings

RULE = Rule(
    "RC326",
    "cluster-role-admits",
    "excess-privilege",
    "medium",
    "a cluster role decides what the API server lets in",
    controls=("NIST 800-53 AC-6", "NIST 800-53 AC-6(1)", "CIS Kubernetes 5.1.12", "OWASP NHI5", "ATT&CK T1556"),
    level_now="W",
    level_target="L5",
    equivalents={"checkov": ("CKV_K8S_155",), "trivy": ("KSV-0114",)},
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each role."""
    yield from findings(
        model, RULE, "admission", "name the configuration with resourceNames and leave creating it to the deployment"
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
  - apiGroups: ["admissionregistration.k8s.io"] # <- RC326
    resources: ["mutatingwebhookconfigurations"]
    verbs: ["create", "patch"]
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
  rule { # <- RC326
    api_groups = ["admissionregistration.k8s.io"]
    resources  = ["mutatingwebhookconfigurations"]
    verbs      = ["create", "patch"]
  }
}
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
  - apiGroups: ["admissionregistration.k8s.io"]
    resources: ["mutatingwebhookconfigurations"]
    verbs: ["get", "patch"]
    resourceNames: ["deployer"]
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
    api_groups = ["admissionregistration.k8s.io"]
    resources  = ["mutatingwebhookconfigurations"]
    verbs      = ["get", "patch"]
    resource_names = ["deployer"]
  }
}
""",
        },
    ),
)
