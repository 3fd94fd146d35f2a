"""What this planner does, by examples."""

from __future__ import annotations

from rolecall.planning.example import PlannerExample

_APPLICATION = """\
resource "azuread_application" "orders" {
  display_name = "orders"
}

resource "azuread_application_password" "orders" {
  application_id = azuread_application.orders.id
}
"""
_CLUSTER = """\

resource "azurerm_kubernetes_cluster" "main" {
  name                      = "main"
  resource_group_name       = "main"
  location                  = "westeurope"
  dns_prefix                = "main"
  local_account_disabled    = true
  oidc_issuer_enabled       = true
  workload_identity_enabled = true

  default_node_pool {
    name       = "default"
    vm_size    = "Standard_D2s_v5"
    node_count = 2
  }

  identity {
    type = "SystemAssigned"
  }

  azure_active_directory_role_based_access_control {
    azure_rbac_enabled     = true
    admin_group_object_ids = ["00000000-0000-0000-0000-000000000002"]
  }
}
"""
_HEAD, _, _TAIL = _CLUSTER.partition("  oidc_issuer_enabled       = true\n  workload_identity_enabled = true\n")
_OLD_CLUSTER = _HEAD.replace("    = ", " = ") + _TAIL
_READ_CLUSTER = """\

data "azurerm_kubernetes_cluster" "main" {
  name                = "main"
  resource_group_name = "main"
}
"""
_SECRET = """\

resource "kubernetes_secret_v1" "login" {
  metadata {
    name      = "login"
    namespace = "shop"
  }

  data = {
    AZURE_CLIENT_SECRET = azuread_application_password.orders.value
  }
}
"""
_POD = """\

resource "kubernetes_deployment_v1" "orders" {
  metadata {
    name      = "orders"
    namespace = "shop"
  }

  spec {
    selector {
      match_labels = {
        app = "orders"
      }
    }

    template {
      metadata {
        labels = {
          app = "orders"
        }
      }

      spec {
        container {
          name  = "orders"
          image = "orders:1"

          env {
            name  = "AZURE_CLIENT_ID"
            value = azuread_application.orders.client_id
          }

          env {
            name = "AZURE_CLIENT_SECRET"
            value_from {
              secret_key_ref {
                name = kubernetes_secret_v1.login.metadata[0].name
                key  = "AZURE_CLIENT_SECRET"
              }
            }
          }
        }
      }
    }
  }
}
"""
_ACCOUNT = """\

resource "kubernetes_service_account_v1" "orders" {
  metadata {
    name      = "orders"
    namespace = "shop"
  }
}
"""
_MANIFEST = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: orders
  namespace: shop
spec:
  selector:
    matchLabels:
      app: orders
  template:
    metadata:
      labels:
        app: orders
    spec:
      serviceAccountName: orders
      containers:
        - name: orders
          image: orders:1
          env:
            - name: AZURE_CLIENT_SECRET
              valueFrom:
                secretKeyRef:
                  name: login
                  key: AZURE_CLIENT_SECRET
"""
_DEPLOYMENT, _KEY = "kubernetes_deployment_v1.orders", "azuread_application_password.orders"
_TARGET = ("azure:workload-identity",)
_TARGETS = {_DEPLOYMENT: _TARGET, _KEY: _TARGET}
_NEW_ACCOUNT = "service_account_name = kubernetes_service_account_v1.orders.metadata[0].name"

EXAMPLES: tuple[PlannerExample, ...] = (
    PlannerExample(
        "pods without a service account of their own, and a cluster that hands out tokens",
        {"main.tf": _APPLICATION + _CLUSTER + _SECRET + _POD},
        {_DEPLOYMENT: "patch", _KEY: "patch"},
        _TARGETS,
        patches={
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -1,6 +1,14 @@
 resource "azuread_application" "orders" {
   display_name = "orders"
 }
+
+resource "azuread_application_federated_identity_credential" "orders_orders" {
+  application_id = azuread_application.orders.id
+  display_name   = "aks-shop-orders"
+  issuer         = azurerm_kubernetes_cluster.main.oidc_issuer_url
+  subject        = "system:serviceaccount:shop:orders"
+  audiences      = ["api://AzureADTokenExchange"]
+}

 resource "azuread_application_password" "orders" {
   application_id = azuread_application.orders.id
@@ -86,3 +94,13 @@
     }
   }
 }
+
+resource "kubernetes_service_account_v1" "orders" {
+  metadata {
+    name      = "orders"
+    namespace = "shop"
+    annotations = {
+      "azure.workload.identity/client-id" = azuread_application.orders.client_id
+    }
+  }
+}
""",
            "migrate": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -66,11 +66,14 @@
     template {
       metadata {
         labels = {
-          app = "orders"
+          app                           = "orders"
+          "azure.workload.identity/use" = "true"
         }
       }

       spec {
+        service_account_name = kubernetes_service_account_v1.orders.metadata[0].name
+
         container {
           name  = "orders"
           image = "orders:1"
@@ -79,16 +82,6 @@
             name  = "AZURE_CLIENT_ID"
             value = azuread_application.orders.client_id
           }
-
-          env {
-            name = "AZURE_CLIENT_SECRET"
-            value_from {
-              secret_key_ref {
-                name = kubernetes_secret_v1.login.metadata[0].name
-                key  = "AZURE_CLIENT_SECRET"
-              }
-            }
-          }
         }
       }
     }
""",
        },
    ),
    PlannerExample(
        "pods with a service account",
        {
            "main.tf": _APPLICATION
            + _CLUSTER
            + _SECRET
            + _ACCOUNT
            + _POD.replace("        container {", f"        {_NEW_ACCOUNT}\n\n        container {{")
        },
        {_DEPLOYMENT: "patch", _KEY: "patch"},
        _TARGETS,
        patches={
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -1,6 +1,14 @@
 resource "azuread_application" "orders" {
   display_name = "orders"
 }
+
+resource "azuread_application_federated_identity_credential" "orders_orders" {
+  application_id = azuread_application.orders.id
+  display_name   = "aks-shop-orders"
+  issuer         = azurerm_kubernetes_cluster.main.oidc_issuer_url
+  subject        = "system:serviceaccount:shop:${kubernetes_service_account_v1.orders.metadata[0].name}"
+  audiences      = ["api://AzureADTokenExchange"]
+}

 resource "azuread_application_password" "orders" {
   application_id = azuread_application.orders.id
@@ -46,6 +54,9 @@
   metadata {
     name      = "orders"
     namespace = "shop"
+    annotations = {
+      "azure.workload.identity/client-id" = azuread_application.orders.client_id
+    }
   }
 }

"""
        },
    ),
    PlannerExample(
        "a cluster that hands out no tokens yet",
        {"main.tf": _APPLICATION + _OLD_CLUSTER + _SECRET + _POD},
        {_DEPLOYMENT: "patch", _KEY: "patch"},
        _TARGETS,
        patches={
            "prepare": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -7,11 +7,13 @@
 }

 resource "azurerm_kubernetes_cluster" "main" {
-  name                   = "main"
+  name                      = "main"
-  resource_group_name    = "main"
+  resource_group_name       = "main"
-  location               = "westeurope"
+  location                  = "westeurope"
-  dns_prefix             = "main"
+  dns_prefix                = "main"
-  local_account_disabled = true
+  local_account_disabled    = true
+  oidc_issuer_enabled       = true
+  workload_identity_enabled = true

   default_node_pool {
     name       = "default"
"""
        },
    ),
    PlannerExample(
        "a cluster that only is read",
        {"main.tf": _APPLICATION + _READ_CLUSTER + _SECRET + _POD},
        {_DEPLOYMENT: "partial", _KEY: "partial"},
        _TARGETS,
        says=("whether data.azurerm_kubernetes_cluster.main has oidc_issuer_enabled and workload_identity_enabled",),
    ),
    PlannerExample(
        "a manifest, which does not know the application's id",
        {"main.tf": _APPLICATION + _CLUSTER + _SECRET, "k8s/orders.yaml": _MANIFEST},
        {"Deployment.shop.orders": "partial", _KEY: "partial"},
        {"Deployment.shop.orders": _TARGET, _KEY: _TARGET},
        says=("kubectl -n shop annotate serviceaccount orders azure.workload.identity/client-id=CLIENT_ID",),
    ),
    PlannerExample(
        "an application that is not in the code",
        {
            "k8s/orders.yaml": _MANIFEST.partition("              valueFrom")[0]
            + "              value: correct-horse-battery-staple\n"
        },
        {"Deployment.shop.orders": "advice"},
        {"Deployment.shop.orders": _TARGET},
        says=("subject system:serviceaccount:shop:orders",),
    ),
)
