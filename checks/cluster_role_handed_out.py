"""A service account that is bound to rights which lead further.

What it does
    Finds bindings by which a service account gets a role that may escalate, impersonate, get into pods, read secrets,
    or make credentials; the role itself is reported where it is written.

Why it matters
    A role that is too wide hurts through those who hold it: whoever can run a pod with this account has these rights.

Fix
    Bind a narrower role, in the one namespace where it is needed (a RoleBinding), to an account that one workload uses.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding, Related
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy.rbac import cluster, is_controller
from rolecall.policy.rbac_judgement import leading_on, subject_name

RULE = Rule(
    "RC327",
    "cluster-role-handed-out",
    "excess-privilege",
    "low",
    "a service account is bound to rights that lead further",
    controls=("NIST 800-53 AC-6", "CIS Kubernetes 5.1.8", "OWASP NHI5"),
    level_now="W",
    level_target="L5",
    equivalents={"checkov": ("CKV2_K8S_1", "CKV2_K8S_2", "CKV2_K8S_3", "CKV2_K8S_5")},
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each binding of a service account."""
    known = cluster(model)
    for binding in known.bindings:
        machines = [subject for subject in binding.subjects if subject.kind == "ServiceAccount"]
        if not machines or all(is_controller(subject.name) for subject in machines):
            continue
        found = leading_on(known, binding)
        if not found or is_controller(binding.role):
            continue
        says = " and ".join(dict.fromkeys(reach.right.says for reach in found[:3]))
        yield RULE.finding(
            f"{binding.label} lets {', '.join(subject_name(binding, who) for who in machines[:3])} {says}",
            binding.site.span,
            binding.site.address,
            identity=binding.site.address,
            related=(Related(found[0].allowance.span, "the role allows it here"),),
            key=binding.site.address,
            help="bind a role without these rights, in the namespace where it is needed",
        )


_ROLE = """\
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: runner
rules:
  - apiGroups: [""]
    resources: [RESOURCES]
    verbs: ["create"]
"""
_BINDING = """\
apiVersion: rbac.authorization.k8s.io/v1MARK
kind: ClusterRoleBinding
metadata:
  name: runner
subjects:
  - kind: ServiceAccount
    name: ci
    namespace: build
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: runner
"""
_TERRAFORM = """\
resource "kubernetes_cluster_role" "runner" {
  metadata {
    name = "runner"
  }
  rule {
    api_groups = [""]
    resources  = [RESOURCES]
    verbs      = ["create"]
  }
}

resource "kubernetes_cluster_role_binding" "runner" {MARK
  metadata {
    name = "runner"
  }
  role_ref {
    api_group = "rbac.authorization.k8s.io"
    kind      = "ClusterRole"
    name      = kubernetes_cluster_role.runner.metadata[0].name
  }
  subject {
    kind      = "ServiceAccount"
    name      = "ci"
    namespace = "build"
  }
}
"""


def _filled(text: str, resources: str, mark: str = "") -> str:
    return text.replace("RESOURCES", resources).replace("MARK", mark)


BAD = (
    Example("a manifest", {"rbac.yaml": _filled(_BINDING + _ROLE, '"pods/exec"', " # <- RC327")}),
    Example(
        "role and binding in files of their own",
        {"role.yaml": _filled(_ROLE, '"pods/exec"'), "binding.yaml": _filled(_BINDING, "", " # <- RC327")},
    ),
    Example("Terraform", {"main.tf": _filled(_TERRAFORM, '"pods/exec"', " # <- RC327")}),
)

GOOD = (
    Example("a manifest", {"rbac.yaml": _filled(_BINDING + _ROLE, '"configmaps"')}),
    Example("a role that is not seen", {"rbac.yaml": _filled(_BINDING, "")}),
    Example("Terraform", {"main.tf": _filled(_TERRAFORM, '"configmaps"')}),
)
