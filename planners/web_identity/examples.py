"""What this planner does, by examples."""

from __future__ import annotations

from rolecall.planning.example import PlannerExample

_USER = """\
resource "aws_iam_user" "orders" {
  name = "orders"
}

resource "aws_iam_access_key" "orders" {
  user = aws_iam_user.orders.name
}

resource "aws_iam_user_policy" "orders" {
  name = "orders"
  user = aws_iam_user.orders.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::orders-in/*" }]
  })
}

"""
_ACCOUNT = """\
resource "google_service_account" "orders" {
  account_id = "orders"
}

"""
_SERVICE = """\
resource "google_cloud_run_v2_service" "orders" {
  name     = "orders"
  location = "europe-west1"

  template {
    service_account = google_service_account.orders.email

    containers {
      image = "europe-docker.pkg.dev/example/orders/api"

      env {
        name  = "AWS_ACCESS_KEY_ID"
        value = aws_iam_access_key.orders.id
      }

      env {
        name  = "AWS_SECRET_ACCESS_KEY"
        value = aws_iam_access_key.orders.secret
      }
    }
  }
}
"""
_APP = """\
resource "azurerm_linux_web_app" "orders" {
  name                = "orders"
  resource_group_name = "orders"
  location            = "westeurope"
  service_plan_id     = "orders"

  app_settings = {
    AWS_ACCESS_KEY_ID     = aws_iam_access_key.orders.id
    AWS_SECRET_ACCESS_KEY = aws_iam_access_key.orders.secret
  }

  identity {
    type = "SystemAssigned"
  }

  site_config {}
}
"""
_CLUSTER = """\
resource "google_container_cluster" "shop" {
  name               = "shop"
  location           = "europe-west1"
  initial_node_count = 1
}

"""
_PODS = """\
resource "kubernetes_deployment_v1" "orders" {
  metadata {
    name      = "orders"
    namespace = "shop"
  }

  spec {
    selector {
      match_labels = { app = "orders" }
    }

    template {
      metadata {
        labels = { app = "orders" }
      }

      spec {
        service_account_name = "app"

        container {
          name  = "orders"
          image = "europe-docker.pkg.dev/example/orders/api"

          env {
            name  = "AWS_ACCESS_KEY_ID"
            value = aws_iam_access_key.orders.id
          }

          env {
            name  = "AWS_SECRET_ACCESS_KEY"
            value = aws_iam_access_key.orders.secret
          }
        }
      }
    }
  }
}
"""

EXAMPLES: tuple[PlannerExample, ...] = (
    PlannerExample(
        "a service of Cloud Run",
        {"main.tf": _USER + _ACCOUNT + _SERVICE},
        {"google_cloud_run_v2_service.orders": "partial", "aws_iam_access_key.orders": "partial"},
        {
            "google_cloud_run_v2_service.orders": ("aws:web-identity",),
            "aws_iam_access_key.orders": ("aws:web-identity",),
        },
        patches={
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -1,6 +1,29 @@
 resource "aws_iam_user" "orders" {
   name = "orders"
 }
+
+resource "aws_iam_role" "orders_google" {
+  name = "orders-google"
+  # of a service account's token "aud" is its number, "oaud" what it was asked for
+  assume_role_policy = jsonencode({
+    Version = "2012-10-17"
+    Statement = [{
+      Effect    = "Allow"
+      Action    = "sts:AssumeRoleWithWebIdentity"
+      Principal = { Federated = "accounts.google.com" }
+      Condition = {
+        StringEquals = {
+          "accounts.google.com:sub"  = google_service_account.orders.unique_id
+          "accounts.google.com:aud"  = google_service_account.orders.unique_id
+          "accounts.google.com:oaud" = "sts.amazonaws.com"
+        }
+      }
+    }]
+  })
+  tags = {
+    "migrates-from" = "aws_iam_user.orders"
+  }
+}

 resource "aws_iam_access_key" "orders" {
   user = aws_iam_user.orders.name
@@ -14,6 +37,15 @@
     Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::orders-in/*" }]
   })
 }
+
+resource "aws_iam_role_policy" "orders" {
+  name = "orders"
+  role = aws_iam_role.orders_google.name
+  policy = jsonencode({
+    Version   = "2012-10-17"
+    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::orders-in/*" }]
+  })
+}

 resource "google_service_account" "orders" {
   account_id = "orders"
""",
        },
        says=("accounts/default/identity?audience=sts.amazonaws.com",),
    ),
    PlannerExample(
        "a service that runs as nobody knows which account",
        {
            "main.tf": _USER
            + _SERVICE.replace("google_service_account.orders.email", "var.account")
            + '\nvariable "account" {\n  type = string\n}\n'
        },
        {"google_cloud_run_v2_service.orders": "partial", "aws_iam_access_key.orders": "partial"},
        {
            "google_cloud_run_v2_service.orders": ("aws:web-identity",),
            "aws_iam_access_key.orders": ("aws:web-identity",),
        },
        patches={
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -1,6 +1,40 @@
 resource "aws_iam_user" "orders" {
   name = "orders"
 }
+
+variable "orders_google_account" {
+  description = "The numeric id of the Google service account that may assume the role; nobody may while it is not set"
+  type        = string
+  default     = "not-set-yet"
+
+  validation {
+    condition     = can(regex("^([0-9]{20,22}|not-set-yet)$", var.orders_google_account))
+    error_message = "The value must be the numeric id (uniqueId) of one service account."
+  }
+}
+
+resource "aws_iam_role" "orders_google" {
+  name = "orders-google"
+  # of a service account's token "aud" is its number, "oaud" what it was asked for
+  assume_role_policy = jsonencode({
+    Version = "2012-10-17"
+    Statement = [{
+      Effect    = "Allow"
+      Action    = "sts:AssumeRoleWithWebIdentity"
+      Principal = { Federated = "accounts.google.com" }
+      Condition = {
+        StringEquals = {
+          "accounts.google.com:sub"  = var.orders_google_account
+          "accounts.google.com:aud"  = var.orders_google_account
+          "accounts.google.com:oaud" = "sts.amazonaws.com"
+        }
+      }
+    }]
+  })
+  tags = {
+    "migrates-from" = "aws_iam_user.orders"
+  }
+}

 resource "aws_iam_access_key" "orders" {
   user = aws_iam_user.orders.name
@@ -14,6 +48,15 @@
     Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::orders-in/*" }]
   })
 }
+
+resource "aws_iam_role_policy" "orders" {
+  name = "orders"
+  role = aws_iam_role.orders_google.name
+  policy = jsonencode({
+    Version   = "2012-10-17"
+    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::orders-in/*" }]
+  })
+}

 resource "google_cloud_run_v2_service" "orders" {
   name     = "orders"
""",
        },
        says=(
            "the service account of google_cloud_run_v2_service.orders is not in the code",
            "set var.orders_google_account",
        ),
    ),
    PlannerExample(
        "an application of Azure with an identity",
        {"main.tf": _USER + _APP},
        {"azurerm_linux_web_app.orders": "partial", "aws_iam_access_key.orders": "partial"},
        {"azurerm_linux_web_app.orders": ("aws:web-identity",), "aws_iam_access_key.orders": ("aws:web-identity",)},
        says=("requestedAccessTokenVersion",),
    ),
    PlannerExample(
        "an application of Azure without an identity",
        {"main.tf": _USER + _APP.replace('  identity {\n    type = "SystemAssigned"\n  }\n\n', "")},
        {"azurerm_linux_web_app.orders": "advice", "aws_iam_access_key.orders": "advice"},
        {"azurerm_linux_web_app.orders": ("aws:web-identity",), "aws_iam_access_key.orders": ("aws:web-identity",)},
        says=(
            "has no identity of its own",
            "sts.windows.net/TENANT/:sub",
        ),
    ),
    PlannerExample(
        "pods of a cluster of Google",
        {"main.tf": _USER + _CLUSTER + _PODS},
        {"kubernetes_deployment_v1.orders": "partial", "aws_iam_access_key.orders": "partial"},
        {"kubernetes_deployment_v1.orders": ("aws:web-identity",), "aws_iam_access_key.orders": ("aws:web-identity",)},
        patches={
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -1,6 +1,32 @@
 resource "aws_iam_user" "orders" {
   name = "orders"
 }
+
+resource "aws_iam_openid_connect_provider" "shop" {
+  url            = "https://container.googleapis.com/v1/${google_container_cluster.shop.id}"
+  client_id_list = ["sts.amazonaws.com"]
+}
+
+resource "aws_iam_role" "orders_pods" {
+  name = "orders-pods"
+  assume_role_policy = jsonencode({
+    Version = "2012-10-17"
+    Statement = [{
+      Effect    = "Allow"
+      Action    = "sts:AssumeRoleWithWebIdentity"
+      Principal = { Federated = aws_iam_openid_connect_provider.shop.arn }
+      Condition = {
+        StringEquals = {
+          "${replace(aws_iam_openid_connect_provider.shop.url, "https://", "")}:sub" = "system:serviceaccount:shop:app"
+          "${replace(aws_iam_openid_connect_provider.shop.url, "https://", "")}:aud" = "sts.amazonaws.com"
+        }
+      }
+    }]
+  })
+  tags = {
+    "migrates-from" = "aws_iam_user.orders"
+  }
+}

 resource "aws_iam_access_key" "orders" {
   user = aws_iam_user.orders.name
@@ -14,6 +40,15 @@
     Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::orders-in/*" }]
   })
 }
+
+resource "aws_iam_role_policy" "orders" {
+  name = "orders"
+  role = aws_iam_role.orders_pods.name
+  policy = jsonencode({
+    Version   = "2012-10-17"
+    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::orders-in/*" }]
+  })
+}

 resource "google_container_cluster" "shop" {
   name               = "shop"
""",
        },
        says=("serviceAccountToken {audience: sts.amazonaws.com",),
    ),
    PlannerExample(
        "pods of a cluster of Azure",
        {
            "main.tf": _USER
            + """\
resource "azurerm_kubernetes_cluster" "shop" {
  name                = "shop"
  location            = "westeurope"
  resource_group_name = "shop"
  dns_prefix          = "shop"
  oidc_issuer_enabled = true

  default_node_pool {
    name    = "default"
    vm_size = "Standard_D2s_v5"
  }

  identity {
    type = "SystemAssigned"
  }
}

"""
            + _PODS
        },
        {"kubernetes_deployment_v1.orders": "partial", "aws_iam_access_key.orders": "partial"},
        {"kubernetes_deployment_v1.orders": ("aws:web-identity",), "aws_iam_access_key.orders": ("aws:web-identity",)},
        says=("create token app",),
    ),
    PlannerExample(
        "a role that has the permissions already",
        {
            "main.tf": _USER
            + _ACCOUNT
            + _SERVICE
            + """\

resource "aws_iam_role" "orders" {
  name = "orders"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = "accounts.google.com" }
      Condition = { StringEquals = { "accounts.google.com:sub" = "104857612345678901234" } }
    }]
  })
}

resource "aws_iam_role_policy" "orders" {
  name = "orders"
  role = aws_iam_role.orders.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::orders-in/*" }]
  })
}
"""
        },
        {"google_cloud_run_v2_service.orders": "advice", "aws_iam_access_key.orders": "advice"},
        {
            "google_cloud_run_v2_service.orders": ("aws:web-identity",),
            "aws_iam_access_key.orders": ("aws:web-identity",),
        },
        says=("has the user's permissions already",),
    ),
)
