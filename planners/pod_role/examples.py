"""Worked examples: an estate before, and what is planned for it; the tests of this planner run them all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PlannerExample:
    """`files` are the estate by path.  `dispositions` are those of the workloads' migrations and then of the key's, in
    the order of the plan.  `after` has, by phase, the whole text of files as they are after it (None where deleted).
    """

    title: str
    files: Mapping[str, str]
    targets: tuple[str, ...]
    dispositions: tuple[str, ...]
    after: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)
    says: tuple[str, ...] = ()


_USER = """\
resource "aws_iam_user" "shop" {
  name = "shop"
  path = "/apps/"
}

resource "aws_iam_access_key" "shop" {
  user = aws_iam_user.shop.name
}

resource "aws_iam_user_policy_attachment" "shop" {
  user       = aws_iam_user.shop.name
  policy_arn = aws_iam_policy.uploads.arn
}

resource "aws_iam_policy" "uploads" {
  name = "uploads"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:PutObject", Resource = "arn:aws:s3:::shop-uploads/*" }]
  })
}
"""
_MOVED = """\
resource "aws_iam_role" "shop_pod" {
  name = "shop-pod"
  path = "/apps/"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = ["sts:AssumeRole", "sts:TagSession"]
      Principal = { Service = "pods.eks.amazonaws.com" }
      Condition = {
        StringEquals = { "aws:SourceAccount" = split(":", data.aws_eks_cluster.main.arn)[4] }
        ArnEquals    = { "aws:SourceArn" = data.aws_eks_cluster.main.arn }
      }
    }]
  })
  tags = {
    "migrates-from" = "aws_iam_user.shop"
  }
}

resource "aws_eks_pod_identity_association" "shop" {
  cluster_name    = data.aws_eks_cluster.main.name
  namespace       = "shop"
  service_account = "shop"
  role_arn        = aws_iam_role.shop_pod.arn
}

resource "aws_iam_role_policy_attachment" "shop" {
  role       = aws_iam_role.shop_pod.name
  policy_arn = aws_iam_policy.uploads.arn
}

resource "aws_iam_policy" "uploads" {
  name = "uploads"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:PutObject", Resource = "arn:aws:s3:::shop-uploads/*" }]
  })
}
"""
_CLUSTER = """\
data "aws_eks_cluster" "main" {
  name = "main"
}
"""
_SECRET = """\
resource "kubernetes_secret_v1" "aws" {
  metadata {
    name      = "aws"
    namespace = "shop"
  }

  data = {
    id     = aws_iam_access_key.shop.id
    secret = aws_iam_access_key.shop.secret
  }
}
"""
_SHARED_SECRET = """\
resource "kubernetes_secret_v1" "aws" {
  metadata {
    name      = "aws"
    namespace = "shop"
  }

  data = {
    BUCKET                = "shop-uploads"
    AWS_ACCESS_KEY_ID     = aws_iam_access_key.shop.id
    AWS_SECRET_ACCESS_KEY = aws_iam_access_key.shop.secret
  }
}
"""
_DEPLOYMENT_HEAD = """\
resource "kubernetes_deployment_v1" "shop" {
  metadata {
    name      = "shop"
    namespace = "shop"
  }

  spec {
    selector {
      match_labels = { app = "shop" }
    }

    template {
      metadata {
        labels = { app = "shop" }
      }

      spec {
"""
_DEPLOYMENT_TAIL = """\
        }
      }
    }
  }
}
"""
_ACCOUNT_LINE = """\
        service_account_name = "shop"

"""
_CONTAINER = """\
        container {
          name  = "shop"
          image = "registry.example.com/shop:1"
"""
_VARIABLES = """\

          env {
            name = "AWS_ACCESS_KEY_ID"
            value_from {
              secret_key_ref {
                name = kubernetes_secret_v1.aws.metadata[0].name
                key  = "id"
              }
            }
          }

          env {
            name = "AWS_SECRET_ACCESS_KEY"
            value_from {
              secret_key_ref {
                name = kubernetes_secret_v1.aws.metadata[0].name
                key  = "secret"
              }
            }
          }
"""
_ALL = """\

          env_from {
            secret_ref {
              name = kubernetes_secret_v1.aws.metadata[0].name
            }
          }
"""
_DEPLOYMENT = _DEPLOYMENT_HEAD + _ACCOUNT_LINE + _CONTAINER + _VARIABLES + _DEPLOYMENT_TAIL
_DEPLOYMENT_MOVED = _DEPLOYMENT_HEAD + _ACCOUNT_LINE + _CONTAINER + _DEPLOYMENT_TAIL
_BY_DEFAULT = _DEPLOYMENT_HEAD + _CONTAINER + _VARIABLES + _DEPLOYMENT_TAIL

_MANIFEST_ACCOUNT = """\
apiVersion: v1
kind: ServiceAccount
metadata:
  name: shop
  namespace: shop
---
"""
_MANIFEST_HEAD = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
  namespace: shop
spec:
  selector:
    matchLabels: {app: shop}
  template:
    metadata:
      labels: {app: shop}
    spec:
"""
_MANIFEST_CONTAINER = """\
      containers:
        - name: shop
          image: registry.example.com/shop:1
"""
_MANIFEST_VARIABLES = """\
          env:
            - name: AWS_ACCESS_KEY_ID
              valueFrom:
                secretKeyRef: {name: aws, key: id}
            - name: AWS_SECRET_ACCESS_KEY
              valueFrom:
                secretKeyRef: {name: aws, key: secret}
"""
_RUNS_AS = "      serviceAccountName: shop\n"
_MANIFEST = _MANIFEST_HEAD + _RUNS_AS + _MANIFEST_CONTAINER + _MANIFEST_VARIABLES
_MANIFEST_MOVED = _MANIFEST_HEAD + _RUNS_AS + _MANIFEST_CONTAINER
_ASSOCIATION = """\
resource "aws_iam_role" "web" {
  name               = "web"
  assume_role_policy = data.aws_iam_policy_document.pods.json
}

data "aws_iam_policy_document" "pods" {
  statement {
    actions = ["sts:AssumeRole", "sts:TagSession"]

    principals {
      type        = "Service"
      identifiers = ["pods.eks.amazonaws.com"]
    }
  }
}

resource "aws_eks_pod_identity_association" "web" {
  cluster_name    = data.aws_eks_cluster.main.name
  namespace       = "shop"
  service_account = "shop"
  role_arn        = aws_iam_role.web.arn
}
"""
_PROVIDER = """\
resource "aws_iam_openid_connect_provider" "eks" {
  url            = data.aws_eks_cluster.main.identity[0].oidc[0].issuer
  client_id_list = ["sts.amazonaws.com"]
}
"""
_ACCOUNT = """\
resource "kubernetes_service_account_v1" "shop" {
  metadata {
    name      = "shop"
    namespace = "shop"
  }
}
"""
_POD_ROLE = ("aws:pod-role",)
_WHOLE = ("patch", "patch")

EXAMPLES: tuple[PlannerExample, ...] = (
    PlannerExample(
        "a Terraform deployment under its own service account gets a role by Pod Identity",
        {"user.tf": _USER, "cluster.tf": _CLUSTER, "app.tf": _ACCOUNT + "\n" + _SECRET + "\n" + _DEPLOYMENT},
        _POD_ROLE,
        _WHOLE,
        {
            "migrate": {"app.tf": _ACCOUNT + "\n" + _SECRET + "\n" + _DEPLOYMENT_MOVED},
            "contract": {"user.tf": _MOVED, "app.tf": _ACCOUNT + "\n" + _DEPLOYMENT_MOVED},
        },
        ("eks-pod-identity-agent",),
    ),
    PlannerExample(
        "a manifest's deployment, whose secret Terraform writes",
        {"user.tf": _USER, "cluster.tf": _CLUSTER, "secret.tf": _SECRET, "shop.yaml": _MANIFEST_ACCOUNT + _MANIFEST},
        _POD_ROLE,
        _WHOLE,
        {
            "migrate": {"shop.yaml": _MANIFEST_ACCOUNT + _MANIFEST_MOVED},
            "contract": {"user.tf": _MOVED, "secret.tf": ""},
        },
    ),
    PlannerExample(
        "the service account is associated with a role already",
        {"user.tf": _USER, "cluster.tf": _CLUSTER, "role.tf": _ASSOCIATION, "app.tf": _SECRET + "\n" + _DEPLOYMENT},
        _POD_ROLE,
        _WHOLE,
    ),
    PlannerExample(
        "the service account's annotation names a role of the module",
        {
            "user.tf": _USER,
            "role.tf": _ASSOCIATION.partition('resource "aws_eks_pod')[0].rstrip() + "\n",
            "account.tf": _ACCOUNT.replace(
                '    namespace = "shop"\n',
                '    namespace = "shop"\n    annotations = {\n'
                '      "eks.amazonaws.com/role-arn" = aws_iam_role.web.arn\n    }\n',
            ),
            "app.tf": _SECRET + "\n" + _DEPLOYMENT,
        },
        _POD_ROLE,
        _WHOLE,
    ),
    PlannerExample(
        "a manifest's annotation names a role of the module by its ARN",
        {
            "user.tf": _USER,
            "role.tf": _ASSOCIATION.partition('resource "aws_eks_pod')[0].rstrip() + "\n",
            "secret.tf": _SECRET,
            "shop.yaml": _MANIFEST_ACCOUNT.replace(
                "  namespace: shop\n",
                "  namespace: shop\n  annotations:\n"
                "    eks.amazonaws.com/role-arn: arn:aws:iam::111122223333:role/web\n",
            )
            + _MANIFEST,
        },
        _POD_ROLE,
        _WHOLE,
    ),
    PlannerExample(
        "a module call makes the role of the service account",
        {
            "user.tf": _USER,
            "role.tf": """\
module "irsa" {
  source = "github.com/ministryofjustice/cloud-platform-terraform-irsa?ref=2.1.0"

  eks_cluster_name     = "main"
  namespace            = "shop"
  service_account_name = "shop"
  role_policy_arns     = {}
}
""",
            "app.tf": _SECRET + "\n" + _DEPLOYMENT,
        },
        _POD_ROLE,
        _WHOLE,
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
    PlannerExample(
        "pods under the service account “default” get one of their own",
        {"user.tf": _USER, "cluster.tf": _CLUSTER, "app.tf": _SECRET + "\n" + _BY_DEFAULT},
        _POD_ROLE,
        _WHOLE,
        {
            "contract": {
                "user.tf": _MOVED,
                "app.tf": _DEPLOYMENT_MOVED.replace(
                    _ACCOUNT_LINE,
                    "        service_account_name = kubernetes_service_account_v1.shop.metadata[0].name\n\n",
                )
                + "\n"
                + _ACCOUNT,
            }
        },
    ),
    PlannerExample(
        "pods of a manifest without a service account get one of their own",
        {
            "user.tf": _USER,
            "cluster.tf": _CLUSTER,
            "secret.tf": _SECRET,
            "shop.yaml": _MANIFEST.replace(_RUNS_AS, ""),
        },
        _POD_ROLE,
        _WHOLE,
        {
            "expand": {
                "shop.yaml": _MANIFEST.replace(_RUNS_AS, "") + "---\n" + _MANIFEST_ACCOUNT.removesuffix("---\n")
            },
            "migrate": {
                "shop.yaml": _MANIFEST_HEAD
                + _RUNS_AS
                + _MANIFEST_CONTAINER
                + "---\n"
                + _MANIFEST_ACCOUNT.removesuffix("---\n")
            },
        },
    ),
    PlannerExample(
        "the estate uses IRSA: the role trusts the cluster's issuer and the account is annotated",
        {
            "user.tf": _USER,
            "cluster.tf": _CLUSTER + "\n" + _PROVIDER,
            "app.tf": _ACCOUNT
            + "\n"
            + _SECRET
            + "\n"
            + _DEPLOYMENT.replace(
                '"shop"\n\n        container',
                "kubernetes_service_account_v1.shop.metadata[0].name\n\n        container",
            ),
        },
        _POD_ROLE,
        _WHOLE,
    ),
    PlannerExample(
        "the estate uses IRSA and the service account is a manifest: its annotation is written by hand",
        {
            "user.tf": _USER,
            "cluster.tf": _CLUSTER + "\n" + _PROVIDER,
            "secret.tf": _SECRET,
            "shop.yaml": _MANIFEST_ACCOUNT + _MANIFEST,
        },
        _POD_ROLE,
        ("partial", "partial"),
        says=("kubectl -n shop annotate serviceaccount shop",),
    ),
    PlannerExample(
        "a secret that is taken in as a whole and holds nothing but the key goes from the pods",
        {
            "user.tf": _USER,
            "cluster.tf": _CLUSTER,
            "app.tf": _SECRET + "\n" + _DEPLOYMENT.replace(_VARIABLES, _ALL),
        },
        _POD_ROLE,
        _WHOLE,
        {"migrate": {"app.tf": _SECRET + "\n" + _DEPLOYMENT_MOVED}, "contract": {"app.tf": _DEPLOYMENT_MOVED}},
    ),
    PlannerExample(
        "a secret that is taken in as a whole and holds more stays, without the key",
        {
            "user.tf": _USER,
            "cluster.tf": _CLUSTER,
            "app.tf": _SHARED_SECRET + "\n" + _DEPLOYMENT.replace(_VARIABLES, _ALL),
        },
        _POD_ROLE,
        _WHOLE,
        {
            "migrate": {
                "app.tf": _SHARED_SECRET.replace(
                    "    AWS_ACCESS_KEY_ID     = aws_iam_access_key.shop.id\n"
                    "    AWS_SECRET_ACCESS_KEY = aws_iam_access_key.shop.secret\n",
                    "",
                ).replace("BUCKET                =", "BUCKET =")
                + "\n"
                + _DEPLOYMENT.replace(_VARIABLES, _ALL)
            }
        },
    ),
    PlannerExample(
        "an external secret brings the key from a parameter: its items go with the variables, the others stay",
        {
            "user.tf": _USER,
            "cluster.tf": _CLUSTER,
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
            "shop.yaml": _MANIFEST
            + """\
            - name: TOKEN
              valueFrom:
                secretKeyRef: {name: aws, key: token}
""",
        },
        _POD_ROLE,
        _WHOLE,
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
                "shop.yaml": _MANIFEST_MOVED
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
    PlannerExample(
        "another deployment runs under the same service account and does not use the key",
        {
            "user.tf": _USER,
            "cluster.tf": _CLUSTER,
            "secret.tf": _SECRET,
            "shop.yaml": _MANIFEST + "---\n" + _MANIFEST_MOVED.replace("  name: shop\n", "  name: mailer\n", 1),
        },
        _POD_ROLE,
        ("advice", "advice"),
        says=("runs under the service account shop too",),
    ),
    PlannerExample(
        "pods on the host's network have the node's credentials in reach",
        {
            "user.tf": _USER,
            "cluster.tf": _CLUSTER,
            "app.tf": _SECRET + "\n" + _DEPLOYMENT.replace(_ACCOUNT_LINE, "        host_network = true\n\n"),
        },
        _POD_ROLE,
        ("advice", "advice"),
        says=("uses the host's network",),
    ),
    PlannerExample(
        "the key is mounted as a file",
        {
            "user.tf": _USER,
            "cluster.tf": _CLUSTER,
            "secret.tf": _SECRET,
            "shop.yaml": _MANIFEST_MOVED
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
        _POD_ROLE,
        ("partial", "partial"),
        says=("from a file that is mounted",),
    ),
    PlannerExample(
        "a chart is handed the key",
        {
            "user.tf": _USER,
            "cluster.tf": _CLUSTER,
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
        _POD_ROLE,
        ("advice", "advice"),
        says=("aws.accessKey, aws.secretKey", "helm get values shop"),
    ),
    PlannerExample(
        "neither the cluster nor a role is in the code",
        {"user.tf": _USER, "app.tf": _SECRET + "\n" + _DEPLOYMENT},
        _POD_ROLE,
        ("advice", "advice"),
        says=("the cluster is not in the user's module", "kubectl -n shop"),
    ),
    PlannerExample(
        "“default” has rights of its own, which another account would not have",
        {
            "user.tf": _USER,
            "cluster.tf": _CLUSTER,
            "secret.tf": _SECRET,
            "shop.yaml": _MANIFEST.replace(_RUNS_AS, ""),
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
        _POD_ROLE,
        ("advice", "advice"),
        says=("is given rights or secrets at rights.yaml",),
    ),
)
