"""Function apps that open their host's storage, by examples."""

from __future__ import annotations

from rolecall.planning.example import PlannerExample

_ESTATE = """\
resource "azurerm_resource_group" "orders" {
  name     = "orders"
  location = "westeurope"
}

resource "azurerm_storage_account" "orders" {
  name                     = "orders"
  resource_group_name      = azurerm_resource_group.orders.name
  location                 = azurerm_resource_group.orders.location
  account_tier             = "Standard"
  account_replication_type = "LRS"
}

resource "azurerm_service_plan" "orders" {
  name                = "orders"
  resource_group_name = azurerm_resource_group.orders.name
  location            = azurerm_resource_group.orders.location
  os_type             = "Linux"
  sku_name            = "P1v3"
}

resource "azurerm_linux_function_app" "orders" {
  name                       = "orders"
  resource_group_name        = azurerm_resource_group.orders.name
  location                   = azurerm_resource_group.orders.location
  service_plan_id            = azurerm_service_plan.orders.id
  storage_account_name       = azurerm_storage_account.orders.name
  storage_account_access_key = azurerm_storage_account.orders.primary_access_key

  site_config {}
}
"""
_HOST = '{"version": "2.0"}\n'
_TIMER = '{"bindings": [{"type": "timerTrigger", "direction": "in", "name": "timer", "schedule": "0 0 * * * *"}]}\n'
_APP = "azurerm_linux_function_app.orders"
_TARGET = {_APP: ("azure:managed-identity",)}

STORAGE: tuple[PlannerExample, ...] = (
    PlannerExample(
        "the host's storage of a function app on a plan of its own",
        {"main.tf": _ESTATE, "app/host.json": _HOST, "app/clean/function.json": _TIMER},
        {_APP: "patch"},
        _TARGET,
        patches={
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -28,4 +28,19 @@
   storage_account_access_key = azurerm_storage_account.orders.primary_access_key

   site_config {}
+
+  identity {
+    type = "SystemAssigned"
+  }
 }
+
+resource "azurerm_role_assignment" "orders_storage" {
+  for_each = toset([
+    "Storage Blob Data Owner",
+    "Storage Queue Data Contributor",
+    "Storage Table Data Contributor",
+  ])
+  scope                = azurerm_storage_account.orders.id
+  role_definition_name = each.value
+  principal_id         = azurerm_linux_function_app.orders.identity[0].principal_id
+}
""",
            "migrate": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -20,12 +20,12 @@
 }

 resource "azurerm_linux_function_app" "orders" {
-  name                       = "orders"
+  name                          = "orders"
-  resource_group_name        = azurerm_resource_group.orders.name
+  resource_group_name           = azurerm_resource_group.orders.name
-  location                   = azurerm_resource_group.orders.location
+  location                      = azurerm_resource_group.orders.location
-  service_plan_id            = azurerm_service_plan.orders.id
+  service_plan_id               = azurerm_service_plan.orders.id
-  storage_account_name       = azurerm_storage_account.orders.name
+  storage_account_name          = azurerm_storage_account.orders.name
-  storage_account_access_key = azurerm_storage_account.orders.primary_access_key
+  storage_uses_managed_identity = true

   site_config {}

""",
        },
    ),
    PlannerExample(
        "functions that are triggered by blobs",
        {
            "main.tf": _ESTATE,
            "app/host.json": _HOST,
            "app/clean/function.json": _TIMER.replace("timerTrigger", "blobTrigger"),
        },
        {_APP: "partial"},
        _TARGET,
        says=("a function is triggered by blobs (app/clean/function.json)", "Storage Account Contributor"),
    ),
    PlannerExample(
        "functions that are kept elsewhere, on a plan that is not in the code",
        {
            "main.tf": _ESTATE.replace("azurerm_service_plan.orders.id", "var.plan").replace(
                "  site_config {}", '  site_config {}\n\n  identity {\n    type = "SystemAssigned"\n  }'
            )
            + '\nvariable "plan" {}\n'
        },
        {_APP: "partial"},
        _TARGET,
        says=("which plan it runs on is not in the code", "the functions are not in the tree"),
    ),
    PlannerExample(
        "a plan whose content share needs the key",
        {"main.tf": _ESTATE.replace("P1v3", "Y1"), "app/host.json": _HOST},
        {_APP: "advice"},
        _TARGET,
        says=("its plan (Y1) keeps the app's content on a share",),
    ),
    PlannerExample(
        "a runtime that knows keys only",
        {
            "main.tf": _ESTATE.replace("  site_config", '  functions_extension_version = "~3"\n\n  site_config'),
            "app/host.json": _HOST,
        },
        {_APP: "advice"},
        _TARGET,
        says=("the runtime ~3 opens its storage by a key only",),
    ),
)
