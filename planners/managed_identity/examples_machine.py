"""Machines that are handed a secret in their text, by examples."""

from __future__ import annotations

from rolecall.planning.example import PlannerExample

_APPLICATION = """\
resource "azuread_application" "orders" {
  display_name = "orders"
}

resource "azuread_service_principal" "orders" {
  client_id = azuread_application.orders.client_id
}

resource "azuread_application_password" "orders" {
  application_id = azuread_application.orders.id
}

resource "azurerm_role_assignment" "orders" {
  scope                = var.account
  role_definition_name = "Storage Blob Data Reader"
  principal_id         = azuread_service_principal.orders.object_id
}

variable "account" {}
variable "subnet" {}
"""
_SET = """\

resource "azurerm_linux_virtual_machine_scale_set" "orders" {
  name                = "orders"
  resource_group_name = "orders"
  location            = "westeurope"
  sku                 = "Standard_B2s"
  instances           = 2
  admin_username      = "ops"

  custom_data = base64encode(<<-EOT
    #!/bin/sh
    export AZURE_CLIENT_ID=${azuread_application.orders.client_id}
    export AZURE_CLIENT_SECRET=${azuread_application_password.orders.value}
    exec /opt/orders/start
  EOT
  )

  admin_ssh_key {
    username   = "ops"
    public_key = file("ops.pub")
  }

  source_image_reference {
    publisher = "Canonical"
    offer     = "ubuntu-24_04-lts"
    sku       = "server"
    version   = "latest"
  }

  os_disk {
    storage_account_type = "Standard_LRS"
    caching              = "ReadWrite"
  }

  network_interface {
    name    = "orders"
    primary = true

    ip_configuration {
      name      = "orders"
      primary   = true
      subnet_id = var.subnet
    }
  }
}
"""
_MACHINE = """\

resource "azurerm_linux_virtual_machine" "orders" {
  name                  = "orders"
  resource_group_name   = "orders"
  location              = "westeurope"
  size                  = "Standard_B2s"
  admin_username        = "ops"
  network_interface_ids = [var.subnet]

  custom_data = base64encode(<<-EOT
    #!/bin/sh
    export AZURE_CLIENT_SECRET=${azuread_application_password.orders.value}
    exec /opt/orders/start
  EOT
  )

  identity {
    type = "SystemAssigned"
  }

  admin_ssh_key {
    username   = "ops"
    public_key = file("ops.pub")
  }

  source_image_reference {
    publisher = "Canonical"
    offer     = "ubuntu-24_04-lts"
    sku       = "server"
    version   = "latest"
  }

  os_disk {
    storage_account_type = "Standard_LRS"
    caching              = "ReadWrite"
  }
}
"""
_VM, _VMSS = "azurerm_linux_virtual_machine.orders", "azurerm_linux_virtual_machine_scale_set.orders"
_KEY, _TARGET = "azuread_application_password.orders", ("azure:managed-identity",)

MACHINES: tuple[PlannerExample, ...] = (
    PlannerExample(
        "a scale set, whose text changes in place",
        {"main.tf": _APPLICATION + _SET},
        {_VMSS: "patch", _KEY: "patch"},
        {_VMSS: _TARGET, _KEY: _TARGET},
        patches={
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -15,6 +15,12 @@
   role_definition_name = "Storage Blob Data Reader"
   principal_id         = azuread_service_principal.orders.object_id
 }
+
+resource "azurerm_role_assignment" "orders_machine" {
+  scope                = var.account
+  role_definition_name = "Storage Blob Data Reader"
+  principal_id         = azurerm_user_assigned_identity.orders.principal_id
+}

 variable "account" {}
 variable "subnet" {}
@@ -62,4 +68,18 @@
       subnet_id = var.subnet
     }
   }
+
+  identity {
+    type         = "UserAssigned"
+    identity_ids = [azurerm_user_assigned_identity.orders.id]
+  }
 }
+
+resource "azurerm_user_assigned_identity" "orders" {
+  name                = "orders"
+  resource_group_name = "orders"
+  location            = "westeurope"
+  tags = {
+    "migrates-from" = "azuread_application.orders"
+  }
+}
""",
            "migrate": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -35,8 +35,7 @@

   custom_data = base64encode(<<-EOT
     #!/bin/sh
-    export AZURE_CLIENT_ID=${azuread_application.orders.client_id}
+    export AZURE_CLIENT_ID=${azurerm_user_assigned_identity.orders.client_id}
-    export AZURE_CLIENT_SECRET=${azuread_application_password.orders.value}
     exec /opt/orders/start
   EOT
   )
""",
        },
    ),
    PlannerExample(
        "a machine with an identity, which a change of its text would replace",
        {"main.tf": _APPLICATION + _MACHINE},
        {_VM: "partial", _KEY: "partial"},
        {_VM: _TARGET, _KEY: _TARGET},
        patches={
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -15,6 +15,12 @@
   role_definition_name = "Storage Blob Data Reader"
   principal_id         = azuread_service_principal.orders.object_id
 }
+
+resource "azurerm_role_assignment" "orders_machine" {
+  scope                = var.account
+  role_definition_name = "Storage Blob Data Reader"
+  principal_id         = azurerm_linux_virtual_machine.orders.identity[0].principal_id
+}

 variable "account" {}
 variable "subnet" {}
"""
        },
        says=(f"a change of custom_data replaces {_VM}",),
    ),
)
