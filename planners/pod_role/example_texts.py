"""The pieces that this planner's examples are put together from: a user with a key, its secret, a deployment."""

from __future__ import annotations

USER = """\
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
MOVED = """\
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
        StringEquals = {
          "aws:RequestTag/eks-cluster-arn"            = data.aws_eks_cluster.main.arn
          "aws:RequestTag/kubernetes-namespace"       = "shop"
          "aws:RequestTag/kubernetes-service-account" = "shop"
        }
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
CLUSTER = """\
data "aws_eks_cluster" "main" {
  name = "main"
}
"""
SECRET = """\
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
SHARED_SECRET = """\
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
DEPLOYMENT_HEAD = """\
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
DEPLOYMENT_TAIL = """\
        }
      }
    }
  }
}
"""
ACCOUNT_LINE = """\
        service_account_name = "shop"

"""
CONTAINER = """\
        container {
          name  = "shop"
          image = "registry.example.com/shop:1"
"""
VARIABLES = """\

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
ALL = """\

          env_from {
            secret_ref {
              name = kubernetes_secret_v1.aws.metadata[0].name
            }
          }
"""
DEPLOYMENT = DEPLOYMENT_HEAD + ACCOUNT_LINE + CONTAINER + VARIABLES + DEPLOYMENT_TAIL
DEPLOYMENT_MOVED = DEPLOYMENT_HEAD + ACCOUNT_LINE + CONTAINER + DEPLOYMENT_TAIL
BY_DEFAULT = DEPLOYMENT_HEAD + CONTAINER + VARIABLES + DEPLOYMENT_TAIL

MANIFEST_ACCOUNT = """\
apiVersion: v1
kind: ServiceAccount
metadata:
  name: shop
  namespace: shop
---
"""
MANIFEST_HEAD = """\
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
MANIFEST_CONTAINER = """\
      containers:
        - name: shop
          image: registry.example.com/shop:1
"""
MANIFEST_VARIABLES = """\
          env:
            - name: AWS_ACCESS_KEY_ID
              valueFrom:
                secretKeyRef: {name: aws, key: id}
            - name: AWS_SECRET_ACCESS_KEY
              valueFrom:
                secretKeyRef: {name: aws, key: secret}
"""
RUNS_AS = "      serviceAccountName: shop\n"
MANIFEST = MANIFEST_HEAD + RUNS_AS + MANIFEST_CONTAINER + MANIFEST_VARIABLES
MANIFEST_MOVED = MANIFEST_HEAD + RUNS_AS + MANIFEST_CONTAINER
ASSOCIATION = """\
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
PROVIDER = """\
resource "aws_iam_openid_connect_provider" "eks" {
  url            = data.aws_eks_cluster.main.identity[0].oidc[0].issuer
  client_id_list = ["sts.amazonaws.com"]
}
"""
ACCOUNT = """\
resource "kubernetes_service_account_v1" "shop" {
  metadata {
    name      = "shop"
    namespace = "shop"
  }
}
"""
