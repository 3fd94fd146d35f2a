"""A secret that is put into the environment of a container.

What it does
    Finds pods whose variables take the content of Kubernetes secrets (`secretKeyRef`, `secretRef`).

Why it matters
    The environment is inherited by every process, and lands in crash reports, debug pages and logs.  A variable also
    keeps its value until the pod is started anew, so that the secret cannot be changed under way.

Fix
    Mount the secret as a volume and read the file, where the program can.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding, Related
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy.rbac import cluster

RULE = Rule(
    "RC143",
    "secret-as-variable",
    "static-credential",
    "low",
    "a secret is put into the environment of a container",
    controls=("NIST 800-53 IA-5(7)", "CIS Kubernetes 5.4.1", "OWASP NHI2"),
    level_now="L2",
    level_target="L3",
    equivalents={
        "checkov": ("CKV_K8S_35",),
        "kics": ("3d658f8b-d988-41a0-a841-40043121de1e", "6d8f1a10-b6cd-48f0-b960-f7c535d5cdb8"),
    },
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each workload, at the first of its variables."""
    for pod in cluster(model).pods:
        if pod.secret_variables:
            (first, span), *others = pod.secret_variables
            names = [name for name, _ in pod.secret_variables if name]
            shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
            yield RULE.finding(
                f"{pod.site.address} takes {shown or 'all of a secret'} from the environment",
                span,
                pod.site.address,
                identity=pod.site.address,
                related=tuple(Related(place, "and this") for _, place in others[:5]),
                key=f"{pod.site.address} {first}",
                help="mount the secret as a volume and read the file, where the program can",
            )


_POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: app
      image: app:1
"""

BAD = (
    Example(
        "a variable",
        {
            "web.yaml": _POD
            + """\
      env:
        - name: DB_PASSWORD # <- RC143
          valueFrom:
            secretKeyRef:
              name: db
              key: password
"""
        },
    ),
    Example(
        "all of a secret, in Terraform",
        {
            "main.tf": """\
resource "kubernetes_pod_v1" "web" {
  metadata {
    name = "web"
  }
  spec {
    container {
      name  = "app"
      image = "app:1"
      env_from { # <- RC143
        secret_ref {
          name = "db"
        }
      }
    }
  }
}
"""
        },
    ),
)

GOOD = (
    Example(
        "a volume",
        {
            "web.yaml": _POD
            + """\
      volumeMounts:
        - name: db
          mountPath: /run/secrets/db
  volumes:
    - name: db
      secret:
        secretName: db
"""
        },
    ),
    Example(
        "a config map, in Terraform",
        {
            "main.tf": """\
resource "kubernetes_pod_v1" "web" {
  metadata {
    name = "web"
  }
  spec {
    container {
      name  = "app"
      image = "app:1"
      env_from {
        config_map_ref {
          name = "app"
        }
      }
    }
  }
}
"""
        },
    ),
)
