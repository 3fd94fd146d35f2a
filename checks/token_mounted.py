"""A pod that is given a token of the cluster which it does not use.

What it does
    Finds pods into which the token of their service account is mounted although no role is seen to be bound to it.

Why it matters
    Whoever gets into the pod gets the token: it proves who the pod is to the API server, and to everything else that
    trusts the cluster's issuer.

Fix
    Set `automountServiceAccountToken: false` in the pod or on the account.  A pod that federates with a cloud is not
    affected: that token is a volume of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy.rbac import cluster, is_controller

RULE = Rule(
    "RC140",
    "token-mounted",
    "static-credential",
    "low",
    "a pod is given a token of the cluster that it does not use",
    confidence="medium",
    controls=("NIST 800-53 IA-5", "NIST 800-53 AC-6", "CIS Kubernetes 5.1.6", "OWASP NHI2", "ATT&CK T1528"),
    level_now="L4",
    level_target="L5",
    equivalents={
        "checkov": ("CKV_K8S_38",),
        "trivy": ("KSV-0036",),
        "kics": ("48471392-d4d0-47c0-b135-cdec95eb3eef", "a9a13d4f-f17a-491b-b074-f54bffffcb4a"),
    },
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each pod."""
    known = cluster(model)
    for pod in known.pods:
        if pod.account is None or not pod.mounts_known or pod.mounts is False or pod.namespace == "kube-system":
            continue
        name = pod.account or "default"
        account = known.account(name, pod)
        if pod.mounts is None and account is not None and account.mounts is False:
            continue
        if known.is_bound(name, pod) or is_controller(name) or is_controller(pod.site.name):
            continue
        yield RULE.finding(
            f"{pod.site.address} mounts the token of the service account {name}, to which no role is seen to be bound",
            pod.site.span,
            pod.site.address,
            identity=pod.site.address,
            key=pod.site.address,
            help="set automountServiceAccountToken to false in the pod",
        )


_POD = """\
apiVersion: v1MARK
kind: Pod
metadata:
  name: web
  namespace: shop
spec:
  serviceAccountName: web
  containers:
    - name: app
      image: app:1
"""
_TERRAFORM = """\
resource "kubernetes_pod_v1" "web" {MARK
  metadata {
    name      = "web"
    namespace = "shop"
  }
  spec {
    service_account_name = "web"EXTRA
    container {
      name  = "app"
      image = "app:1"
    }
  }
}
"""
_BINDING = """\
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: web
  namespace: shop
subjects:
  - kind: ServiceAccount
    name: web
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: web
"""

BAD = (
    Example("a pod", {"web.yaml": _POD.replace("MARK", " # <- RC140")}),
    Example("a pod in Terraform", {"main.tf": _TERRAFORM.replace("MARK", " # <- RC140").replace("EXTRA", "")}),
)

GOOD = (
    Example("an account with a role", {"web.yaml": _POD.replace("MARK", "") + _BINDING}),
    Example(
        "a pod that takes none",
        {"web.yaml": _POD.replace("MARK", "").replace("spec:", "spec:\n  automountServiceAccountToken: false")},
    ),
    Example(
        "a pod in Terraform that takes none",
        {"main.tf": _TERRAFORM.replace("MARK", "").replace("EXTRA", "\n    automount_service_account_token = false")},
    ),
    Example(
        "an account that hands out none",
        {
            "web.yaml": _POD.replace("MARK", "")
            + """\
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: web
  namespace: shop
automountServiceAccountToken: false
"""
        },
    ),
)
