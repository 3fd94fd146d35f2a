"""A program that is an administrator of a cluster.

What it does
    Finds Kubernetes roles that allow every verb on every resource, and bindings that give a service account
    `cluster-admin`, `admin` or `edit`.  People who are administrators of a cluster are reported as low.

Why it matters
    The account's token is then the cluster: every secret, every pod and every cloud role behind them.

Fix
    Bind a role of its own, with the resources and verbs that it calls; in its own namespace where that will do.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.cluster import Binding
from rolecall.model.finding import Finding, Severity
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy.rbac import BUILT_IN, EVERYBODY, cluster, is_controller, is_everything, weighed
from rolecall.policy.rbac_judgement import bindings_of, subject_name, where, whose

RULE = Rule(
    "RC320",
    "cluster-administrator",
    "excess-privilege",
    "high",
    "a program is an administrator of a cluster",
    controls=("NIST 800-53 AC-6", "NIST 800-53 AC-6(1)", "CIS Kubernetes 5.1.1", "OWASP NHI5", "ATT&CK T1078.004"),
    level_now="W",
    level_target="L5",
    equivalents={
        "trivy": ("KSV-0044", "KSV-0046", "KSV-0111"),
        "kics": ("249328b8-5f0f-409f-b1dd-029f07882e11", "17172bc2-56fb-4f17-916f-a014147706cd"),
    },
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each role that allows everything, one for each binding of a role that comes with the cluster."""
    known = cluster(model)
    for held in known.held:
        if (allowance := is_everything(held.role)) is not None:
            yield RULE.finding(
                f"{held.role.label} may do everything{where(held)}{whose(held)}",
                allowance.span,
                held.role.site.address,
                severity=weighed("high", held),
                identity=held.role.site.address,
                related=bindings_of(held),
                key=held.role.site.address,
                help="list the resources and verbs that it calls",
            )
    for binding in known.bindings:
        if binding.role_wide and binding.role in BUILT_IN and known.role_of(binding) is None:
            yield from _bound(binding)


def _bound(binding: Binding) -> Iterator[Finding]:
    machines = [subject for subject in binding.subjects if subject.kind == "ServiceAccount"]
    people = [s for s in binding.subjects if s.kind != "ServiceAccount" and s.name not in EVERYBODY]
    severity: Severity
    if machines:
        severity = _severity(binding)
        if all(is_controller(subject.name) for subject in machines):
            severity = "low"
    elif people and binding.role == "cluster-admin" and binding.wide:
        severity = "low"
    else:
        return
    who = ", ".join(dict.fromkeys(subject_name(binding, subject) for subject in (machines or people)[:3]))
    yield RULE.finding(
        f"{binding.label} gives {who} the role {binding.role}: {BUILT_IN[binding.role]}",
        binding.site.span,
        binding.site.address,
        severity=severity,
        identity=binding.site.address,
        key=binding.site.address,
        help="bind a role that lists the resources and verbs that it calls"
        if machines
        else "give people this for a time, by a group that they join when they need it",
    )


def _severity(binding: Binding) -> Severity:
    if binding.role == "cluster-admin":
        return "high" if binding.wide else "medium"
    return "medium" if binding.wide else "low"


_BINDING = """\
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
  name: ROLE
"""
_TERRAFORM = """\
resource "kubernetes_cluster_role_binding" "deployer" {MARK
  metadata {
    name = "deployer"
  }
  role_ref {
    api_group = "rbac.authorization.k8s.io"
    kind      = "ClusterRole"
    name      = "ROLE"
  }
  subject {
    kind      = "ServiceAccount"
    name      = "ci"
    namespace = "build"
  }
}
"""

BAD = (
    Example(
        "a binding of a manifest",
        {"rbac.yaml": _BINDING.replace("v1\n", "v1 # <- RC320\n", 1).replace("ROLE", "cluster-admin")},
    ),
    Example(
        "a binding in Terraform",
        {"main.tf": _TERRAFORM.replace("ROLE", "cluster-admin").replace("MARK", " # <- RC320")},
    ),
    Example(
        "a role of its own that allows everything",
        {
            "rbac.yaml": """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: deployer
rules:
  - apiGroups: ["*"] # <- RC320
    resources: ["*"]
    verbs: ["*"]
"""
        },
    ),
    Example(
        "an object that Terraform takes as the API has it",
        {
            "main.tf": """\
resource "kubernetes_manifest" "deployer" {
  manifest = {
    apiVersion = "rbac.authorization.k8s.io/v1"
    kind       = "ClusterRole"
    metadata   = { name = "deployer" }
    rules = [
      { # <- RC320
        apiGroups = ["*"]
        resources = ["*"]
        verbs     = ["*"]
      },
    ]
  }
}
"""
        },
    ),
)

GOOD = (
    Example("a role that reads", {"rbac.yaml": _BINDING.replace("ROLE", "view")}),
    Example("a role that reads, in Terraform", {"main.tf": _TERRAFORM.replace("ROLE", "view").replace("MARK", "")}),
    Example(
        "people who look after one namespace",
        {
            "rbac.yaml": """\
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: team
  namespace: shop
subjects:
  - kind: Group
    name: github:shop
    apiGroup: rbac.authorization.k8s.io
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: admin
"""
        },
    ),
)
