"""The pieces that this planner's examples are put together from: an account with a key, its secret, pods, a cluster."""

from __future__ import annotations

ACCOUNT = """\
resource "google_service_account" "shop" {
  account_id = "shop-app"
  project    = "example"
}

resource "google_service_account_key" "shop" {
  service_account_id = google_service_account.shop.name
}
"""
CLUSTER = """\
resource "google_container_cluster" "main" {
  name     = "main"
  location = "europe-west1"
  project  = "example"

  initial_node_count       = 1
  remove_default_node_pool = true

  workload_identity_config {
    workload_pool = "example.svc.id.goog"
  }
}

resource "google_container_node_pool" "main" {
  cluster = google_container_cluster.main.id

  node_config {
    workload_metadata_config {
      mode = "GKE_METADATA"
    }
  }
}
"""
#: As it was made before workload identity.
OLD_CLUSTER = """\
resource "google_container_cluster" "main" {
  name     = "main"
  location = "europe-west1"
  project  = var.project

  initial_node_count       = 1
  remove_default_node_pool = true
}

resource "google_container_node_pool" "main" {
  cluster = google_container_cluster.main.id

  node_config {
    machine_type = "e2-standard-4"
  }
}

variable "project" {
  type = string
}
"""
SECRET = """\
resource "kubernetes_secret_v1" "key" {
  metadata {
    name      = "google-key"
    namespace = "shop"
  }

  data = {
    "key.json" = base64decode(google_service_account_key.shop.private_key)
  }
}
"""
SERVICE_ACCOUNT = """\
resource "kubernetes_service_account_v1" "shop" {
  metadata {
    name      = "shop"
    namespace = "shop"
  }
}
"""
ANNOTATED = """\
resource "kubernetes_service_account_v1" "shop" {
  metadata {
    name      = "shop"
    namespace = "shop"
    annotations = {
      "iam.gke.io/gcp-service-account" = google_service_account.shop.email
    }
  }
}
"""
_HEAD = """\
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
        service_account_name = "shop"

        container {
          name  = "shop"
          image = "registry.example.com/shop:1"

          env {
            name  = "BUCKET"
            value = "shop-uploads"
          }
"""
_KEY_FILE = """\

          env {
            name  = "GOOGLE_APPLICATION_CREDENTIALS"
            value = "/var/secrets/google/key.json"
          }

          volume_mount {
            name       = "key"
            mount_path = "/var/secrets/google"
            read_only  = true
          }
"""
_VOLUME = """\

        volume {
          name = "key"
          secret {
            secret_name = kubernetes_secret_v1.key.metadata[0].name
          }
        }
"""
_TAIL = """\
      }
    }
  }
}
"""
DEPLOYMENT = _HEAD + _KEY_FILE + "        }\n" + _VOLUME + _TAIL
MANIFEST = """\
apiVersion: v1
kind: ServiceAccount
metadata:
  name: shop
  namespace: shop
---
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
      serviceAccountName: shop
      containers:
        - name: shop
          image: registry.example.com/shop:1
          env:
            - name: GOOGLE_APPLICATION_CREDENTIALS
              value: /var/secrets/google/key.json
          volumeMounts:
            - name: key
              mountPath: /var/secrets/google
      volumes:
        - name: key
          secret:
            secretName: google-key
"""
