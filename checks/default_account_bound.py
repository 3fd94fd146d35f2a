"""A role for the service account that every pod has by default.

What it does
    Finds bindings that give a role to the service account `default` of a namespace.

Why it matters
    Every pod of the namespace that names no account runs as this one, so that whoever may start any pod there has the
    role, and nobody can tell which workload needed it.

Fix
    Make a service account for the workload that needs the role, bind that, and name it in the pod.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy.rbac import cluster
from rolecall.policy.rbac_judgement import subject_name

RULE = Rule(
    "RC209",
    "default-account-bound",
    "identity-choice",
    "medium",
    "the default service account of a namespace is given a role",
    controls=("NIST 800-53 IA-9", "NIST 800-53 AC-6", "CIS Kubernetes 5.1.5", "OWASP NHI9"),
    level_now="L3",
    level_target="L5",
    equivalents={
        "checkov": ("CKV_K8S_42",),
        "kics": ("1e749bc9-fde8-471c-af0c-8254efd2dee5", "3360c01e-c8c0-4812-96a2-a6329b9b7f9f"),
    },
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each binding."""
    seen: set[tuple[tuple[str, int], str]] = set()
    for binding in cluster(model).bindings:
        for subject in binding.subjects:
            once = (binding.site.declaration, subject_name(binding, subject))
            if subject.kind == "ServiceAccount" and subject.name == "default" and once not in seen:
                seen.add(once)
                yield RULE.finding(
                    f"{binding.label} gives the role {binding.role} to {subject_name(binding, subject)}, which every"
                    " pod of the namespace is by default",
                    binding.site.span,
                    binding.site.address,
                    severity="low" if binding.role == "view" else RULE.severity,
                    identity=binding.site.address,
                    key=binding.site.address,
                    help="bind a service account that only the workload which needs the role uses",
                )
                break


_BINDING = """\
apiVersion: rbac.authorization.k8s.io/v1MARK
kind: RoleBinding
metadata:
  name: reader
  namespace: shop
subjects:
  - kind: ServiceAccount
    name: ACCOUNT
    namespace: shop
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: reader
"""
_TERRAFORM = """\
resource "kubernetes_role_binding" "reader" {MARK
  metadata {
    name      = "reader"
    namespace = "shop"
  }
  role_ref {
    api_group = "rbac.authorization.k8s.io"
    kind      = "Role"
    name      = "reader"
  }
  subject {
    kind      = "ServiceAccount"
    name      = "ACCOUNT"
    namespace = "shop"
  }
}
"""


def _filled(text: str, account: str, mark: str = "") -> str:
    return text.replace("ACCOUNT", account).replace("MARK", mark)


BAD = (
    Example("a manifest", {"rbac.yaml": _filled(_BINDING, "default", " # <- RC209")}),
    Example("Terraform", {"main.tf": _filled(_TERRAFORM, "default", " # <- RC209")}),
)

GOOD = (
    Example("a manifest with an account of its own", {"rbac.yaml": _filled(_BINDING, "web")}),
    Example("Terraform with an account of its own", {"main.tf": _filled(_TERRAFORM, "web")}),
)
