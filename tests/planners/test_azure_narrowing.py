"""Wide roles of Azure are told with the roles to write instead, and never patched."""

from __future__ import annotations

from pathlib import Path

from planner_estates import planned

from rolecall.planning.migration import Migration

ESTATE = """\
data "azurerm_subscription" "current" {}

resource "azurerm_user_assigned_identity" "orders" {
  name                = "orders"
  resource_group_name = "orders"
  location            = "westeurope"
}

resource "azurerm_role_assignment" "orders" {
  scope                = data.azurerm_subscription.current.id
  role_definition_name = "%s"
  principal_id         = azurerm_user_assigned_identity.orders.principal_id
}
"""
APP = """\

resource "azurerm_container_app" "orders" {
  name                         = "orders"
  resource_group_name          = "orders"
  container_app_environment_id = var.environment
  revision_mode                = "Single"

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.orders.id]
  }

  template {
    container {
      name   = "orders"
      image  = "orders:1"
      cpu    = 0.5
      memory = "1Gi"

      env {
        name  = "QUEUE"
        value = azurerm_servicebus_queue.orders.name
      }
    }
  }
}

resource "azurerm_servicebus_queue" "orders" {
  name         = "orders"
  namespace_id = var.namespace
}

variable "environment" {}
variable "namespace" {}
"""


def grant(root: Path, text: str) -> Migration:
    (root / "main.tf").write_text(text)
    return next(m for m in planned(root).migrations if m.subject.type == "grant")


def test_what_the_workload_names_is_told_with_its_roles(tmp_path: Path) -> None:
    migration = grant(tmp_path, ESTATE % "Contributor" + APP)
    said = [step.what for step in migration.handover]
    assert migration.disposition == "advice"
    assert migration.targets == ("narrow",)
    assert not migration.phases
    assert any("azurerm_servicebus_queue.orders.id" in one and "Azure Service Bus Data Receiver" in one for one in said)
    assert not any("condition_version" in one for one in said)
    assert "later apply" in said[-1]


def test_who_assigns_roles_gets_a_condition(tmp_path: Path) -> None:
    said = [step.what for step in grant(tmp_path, ESTATE % "Owner").handover]
    assert any("condition_version" in one and "roleAssignments/write" in one for one in said)
    assert any("Key Vault Secrets User" in one for one in said)
