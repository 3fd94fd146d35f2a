"""Worked examples of pods that are seen: which role they get, and what leaves them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rolecall.planners.pod_role.example_texts import (
    ACCOUNT,
    ACCOUNT_LINE,
    ALL,
    ASSOCIATION,
    BY_DEFAULT,
    CLUSTER,
    DEPLOYMENT,
    DEPLOYMENT_MOVED,
    MANIFEST,
    MANIFEST_ACCOUNT,
    MANIFEST_CONTAINER,
    MANIFEST_HEAD,
    MANIFEST_MOVED,
    MOVED,
    PROVIDER,
    RUNS_AS,
    SECRET,
    SHARED_SECRET,
    USER,
    VARIABLES,
)
from rolecall.planning.example import PlannerExample
from rolecall.planning.migration import Disposition


@dataclass(frozen=True, slots=True)
class Shown:
    """An example and more of what it shows: texts of files as they are after a phase (some files, some phases), and
    texts that its reasons, prerequisites and hand-overs hold.
    """

    example: PlannerExample
    after: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    says: tuple[str, ...] = ()


def _example(
    title: str,
    files: Mapping[str, str],
    disposition: Disposition,
    after: Mapping[str, Mapping[str, str]] | None = None,
    says: tuple[str, ...] = (),
    workload: str = "",
) -> Shown:
    """An estate with one workload and one key, which come to the same."""
    address = workload or ("Deployment.shop.shop" if "shop.yaml" in files else "kubernetes_deployment_v1.shop")
    both = (address, "aws_iam_access_key.shop")
    planned = PlannerExample(title, files, dict.fromkeys(both, disposition), dict.fromkeys(both, ("aws:pod-role",)))
    return Shown(planned, after or {}, says)


SHOWN: tuple[Shown, ...] = (
    _example(
        "a Terraform deployment under its own service account gets a role by Pod Identity",
        {"user.tf": USER, "cluster.tf": CLUSTER, "app.tf": ACCOUNT + "\n" + SECRET + "\n" + DEPLOYMENT},
        "patch",
        {
            "migrate": {"app.tf": ACCOUNT + "\n" + SECRET + "\n" + DEPLOYMENT_MOVED},
            "contract": {"user.tf": MOVED, "app.tf": ACCOUNT + "\n" + DEPLOYMENT_MOVED},
        },
        ("eks-pod-identity-agent",),
    ),
    _example(
        "a manifest's deployment, whose secret Terraform writes",
        {"user.tf": USER, "cluster.tf": CLUSTER, "secret.tf": SECRET, "shop.yaml": MANIFEST_ACCOUNT + MANIFEST},
        "patch",
        {
            "migrate": {"shop.yaml": MANIFEST_ACCOUNT + MANIFEST_MOVED},
            "contract": {"user.tf": MOVED, "secret.tf": "", "shop.yaml": MANIFEST_ACCOUNT + MANIFEST_MOVED},
        },
    ),
    _example(
        "the service account is associated with a role already",
        {"user.tf": USER, "cluster.tf": CLUSTER, "role.tf": ASSOCIATION, "app.tf": SECRET + "\n" + DEPLOYMENT},
        "patch",
    ),
    _example(
        "the service account's annotation names a role of the module",
        {
            "user.tf": USER,
            "role.tf": ASSOCIATION.partition('resource "aws_eks_pod')[0].rstrip() + "\n",
            "account.tf": ACCOUNT.replace(
                '    namespace = "shop"\n',
                '    namespace = "shop"\n    annotations = {\n'
                '      "eks.amazonaws.com/role-arn" = aws_iam_role.web.arn\n    }\n',
            ),
            "app.tf": SECRET + "\n" + DEPLOYMENT,
        },
        "patch",
    ),
    _example(
        "a manifest's annotation names a role of the module by its ARN",
        {
            "user.tf": USER,
            "role.tf": ASSOCIATION.partition('resource "aws_eks_pod')[0].rstrip() + "\n",
            "secret.tf": SECRET,
            "shop.yaml": MANIFEST_ACCOUNT.replace(
                "  namespace: shop\n",
                "  namespace: shop\n  annotations:\n"
                "    eks.amazonaws.com/role-arn: arn:aws:iam::111122223333:role/web\n",
            )
            + MANIFEST,
        },
        "patch",
    ),
    _example(
        "a module call makes the role of the service account",
        {
            "user.tf": USER,
            "role.tf": """\
module "irsa" {
  source = "github.com/ministryofjustice/cloud-platform-terraform-irsa?ref=2.1.0"

  eks_cluster_name     = "main"
  namespace            = "shop"
  service_account_name = "shop"
  role_policy_arns     = {}
}
""",
            "app.tf": SECRET + "\n" + DEPLOYMENT,
        },
        "patch",
        {
            "expand": {
                "role.tf": """\
module "irsa" {
  source = "github.com/ministryofjustice/cloud-platform-terraform-irsa?ref=2.1.0"

  eks_cluster_name     = "main"
  namespace            = "shop"
  service_account_name = "shop"
  role_policy_arns     = { shop = aws_iam_policy.uploads.arn }
}
"""
            }
        },
    ),
    _example(
        "pods under the service account “default” get one of their own",
        {"user.tf": USER, "cluster.tf": CLUSTER, "app.tf": SECRET + "\n" + BY_DEFAULT},
        "patch",
        {
            "contract": {
                "user.tf": MOVED,
                "app.tf": DEPLOYMENT_MOVED.replace(
                    ACCOUNT_LINE,
                    "        service_account_name = kubernetes_service_account_v1.shop.metadata[0].name\n\n",
                )
                + "\n"
                + ACCOUNT,
            }
        },
    ),
    _example(
        "pods of a manifest without a service account get one of their own",
        {
            "user.tf": USER,
            "cluster.tf": CLUSTER,
            "secret.tf": SECRET,
            "shop.yaml": MANIFEST.replace(RUNS_AS, ""),
        },
        "patch",
        {
            "expand": {"shop.yaml": MANIFEST.replace(RUNS_AS, "") + "---\n" + MANIFEST_ACCOUNT.removesuffix("---\n")},
            "migrate": {
                "shop.yaml": MANIFEST_HEAD
                + RUNS_AS
                + MANIFEST_CONTAINER
                + "---\n"
                + MANIFEST_ACCOUNT.removesuffix("---\n")
            },
        },
    ),
    _example(
        "the estate uses IRSA: the role trusts the cluster's issuer and the account is annotated",
        {
            "user.tf": USER,
            "cluster.tf": CLUSTER + "\n" + PROVIDER,
            "app.tf": ACCOUNT
            + "\n"
            + SECRET
            + "\n"
            + DEPLOYMENT.replace(
                '"shop"\n\n        container',
                "kubernetes_service_account_v1.shop.metadata[0].name\n\n        container",
            ),
        },
        "patch",
    ),
    _example(
        "the estate uses IRSA and the service account is a manifest: its annotation is written by hand",
        {
            "user.tf": USER,
            "cluster.tf": CLUSTER + "\n" + PROVIDER,
            "secret.tf": SECRET,
            "shop.yaml": MANIFEST_ACCOUNT + MANIFEST,
        },
        "partial",
        says=("kubectl -n shop annotate serviceaccount shop",),
    ),
    _example(
        "a secret that is taken in as a whole and holds nothing but the key goes from the pods",
        {
            "user.tf": USER,
            "cluster.tf": CLUSTER,
            "app.tf": SECRET + "\n" + DEPLOYMENT.replace(VARIABLES, ALL),
        },
        "patch",
        {"migrate": {"app.tf": SECRET + "\n" + DEPLOYMENT_MOVED}, "contract": {"app.tf": DEPLOYMENT_MOVED}},
    ),
    _example(
        "a secret that is taken in as a whole and holds more stays, without the key",
        {
            "user.tf": USER,
            "cluster.tf": CLUSTER,
            "app.tf": SHARED_SECRET + "\n" + DEPLOYMENT.replace(VARIABLES, ALL),
        },
        "patch",
        {
            "migrate": {
                "app.tf": SHARED_SECRET.replace(
                    "    AWS_ACCESS_KEY_ID     = aws_iam_access_key.shop.id\n"
                    "    AWS_SECRET_ACCESS_KEY = aws_iam_access_key.shop.secret\n",
                    "",
                ).replace("BUCKET                =", "BUCKET =")
                + "\n"
                + DEPLOYMENT.replace(VARIABLES, ALL)
            }
        },
    ),
    _example(
        "an external secret brings the key from a parameter: its items go with the variables, the others stay",
        {
            "user.tf": USER,
            "cluster.tf": CLUSTER,
            "store.tf": """\
resource "aws_ssm_parameter" "id" {
  name  = "/shop/id"
  type  = "SecureString"
  value = aws_iam_access_key.shop.id
}

resource "aws_ssm_parameter" "secret" {
  name  = "/shop/secret"
  type  = "SecureString"
  value = aws_iam_access_key.shop.secret
}
""",
            "external.yaml": """\
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: aws
  namespace: shop
spec:
  secretStoreRef: {name: parameters, kind: ClusterSecretStore}
  data:
    - secretKey: id
      remoteRef:
        key: /shop/id
    - secretKey: secret
      remoteRef:
        key: /shop/secret
    - secretKey: token
      remoteRef:
        key: /shop/token
""",
            "shop.yaml": MANIFEST
            + """\
            - name: TOKEN
              valueFrom:
                secretKeyRef: {name: aws, key: token}
""",
        },
        "patch",
        {
            "migrate": {
                "external.yaml": """\
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: aws
  namespace: shop
spec:
  secretStoreRef: {name: parameters, kind: ClusterSecretStore}
  data:
    - secretKey: token
      remoteRef:
        key: /shop/token
""",
                "shop.yaml": MANIFEST_MOVED
                + """\
          env:
            - name: TOKEN
              valueFrom:
                secretKeyRef: {name: aws, key: token}
""",
            },
            "contract": {"store.tf": ""},
        },
    ),
    _example(
        "another deployment runs under the same service account and does not use the key",
        {
            "user.tf": USER,
            "cluster.tf": CLUSTER,
            "secret.tf": SECRET,
            "shop.yaml": MANIFEST + "---\n" + MANIFEST_MOVED.replace("  name: shop\n", "  name: mailer\n", 1),
        },
        "advice",
        says=("runs under the service account shop too",),
    ),
    _example(
        "pods on the host's network have the node's credentials in reach",
        {
            "user.tf": USER,
            "cluster.tf": CLUSTER,
            "app.tf": SECRET + "\n" + DEPLOYMENT.replace(ACCOUNT_LINE, "        host_network = true\n\n"),
        },
        "advice",
        says=("uses the host's network",),
    ),
    _example(
        "the key is mounted as a file",
        {
            "user.tf": USER,
            "cluster.tf": CLUSTER,
            "secret.tf": SECRET,
            "shop.yaml": MANIFEST_MOVED
            + """\
          volumeMounts:
            - name: aws
              mountPath: /etc/aws
      volumes:
        - name: aws
          secret:
            secretName: aws
""",
        },
        "partial",
        says=("from a file that is mounted",),
    ),
    _example(
        "a chart is handed the key",
        {
            "user.tf": USER,
            "cluster.tf": CLUSTER,
            "release.tf": """\
resource "helm_release" "shop" {
  name      = "shop"
  namespace = "shop"
  chart     = "./chart"

  set {
    name  = "aws.accessKey"
    value = aws_iam_access_key.shop.id
  }

  set_sensitive {
    name  = "aws.secretKey"
    value = aws_iam_access_key.shop.secret
  }
}
""",
        },
        "advice",
        says=("aws.accessKey, aws.secretKey", "helm get values shop"),
        workload="helm_release.shop",
    ),
    _example(
        "neither the cluster nor a role is in the code",
        {"user.tf": USER, "app.tf": SECRET + "\n" + DEPLOYMENT},
        "advice",
        says=("the cluster is not in the user's module", "kubectl -n shop"),
    ),
    _example(
        "“default” has rights of its own, which another account would not have",
        {
            "user.tf": USER,
            "cluster.tf": CLUSTER,
            "secret.tf": SECRET,
            "shop.yaml": MANIFEST.replace(RUNS_AS, ""),
            "rights.yaml": """\
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: reader
  namespace: shop
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects:
  - kind: ServiceAccount
    name: default
""",
        },
        "advice",
        says=("is given rights or secrets at rights.yaml",),
    ),
)
SEEN = tuple(shown.example for shown in SHOWN)
