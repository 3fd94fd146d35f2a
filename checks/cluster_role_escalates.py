"""A cluster role with which one can get any other right.

What it does
    Finds Kubernetes roles that may escalate or bind roles that are not named, impersonate others, change roles and
    bindings, or change EKS' aws-auth.  A role of one namespace, and one that no service account is seen to have, is
    less severe; those of well-known controllers are low.

Why it matters
    Whoever holds such a right holds every right of the cluster, whatever else the role says.

Fix
    Take the verbs away, or name the roles that may be bound with resourceNames.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy.rbac_judgement import findings

RULE = Rule(
    "RC322",
    "cluster-role-escalation",
    "excess-privilege",
    "high",
    "a cluster role can give itself any right",
    controls=("NIST 800-53 AC-6", "NIST 800-53 AC-6(1)", "CIS Kubernetes 5.1.8", "OWASP NHI5", "ATT&CK T1098"),
    level_now="W",
    level_target="L5",
    equivalents={
        "checkov": ("CKV_K8S_157", "CKV_K8S_158", "CKV2_K8S_1", "CKV2_K8S_3"),
        "trivy": ("KSV-0043", "KSV-0050", "KSV-0051", "KSV-0052", "KSV-0055", "KSV-0115"),
        "kics": ("8320826e-7a9c-4b0b-9535-578333193432", "9f85c3f6-26fd-4007-938a-2e0cb0100980"),
    },
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each role."""
    yield from findings(
        model, RULE, "escalation", "take these verbs away, or name what they hold for with resourceNames"
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
  - apiGroups: ["rbac.authorization.k8s.io"] # <- RC322
    resources: ["clusterroles"]
    verbs: ["bind", "escalate"]
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
  rule { # <- RC322
    api_groups = ["rbac.authorization.k8s.io"]
    resources  = ["clusterroles"]
    verbs      = ["bind", "escalate"]
  }
}
""",
        },
    ),
    Example(
        "acting as others",
        {
            "rbac.yaml": """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: deployer
rules:
  - apiGroups: [""] # <- RC322
    resources: ["users", "groups"]
    verbs: ["impersonate"]
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
  - apiGroups: ["rbac.authorization.k8s.io"]
    resources: ["clusterroles", "clusterrolebindings"]
    verbs: ["get", "list", "watch"]
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
    api_groups = ["rbac.authorization.k8s.io"]
    resources  = ["clusterroles", "clusterrolebindings"]
    verbs      = ["get", "list", "watch"]
  }
}
""",
        },
    ),
    Example(
        "binding one role that is named",
        {
            "rbac.yaml": """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: deployer
rules:
  - apiGroups: ["rbac.authorization.k8s.io"]
    resources: ["clusterroles"]
    verbs: ["bind"]
    resourceNames: ["view"]
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
