"""Several keys of one workload or cluster: what all of them need is written once (Terraform takes one such block)."""

from __future__ import annotations

from pathlib import Path

from planner_estates import planned
from shown import write

from rolecall.planners.gke_identity.example_texts import ACCOUNT, OLD_CLUSTER, SECRET
from rolecall.planners.managed_identity.examples_pull import PLAN, REGISTRY
from rolecall.planning.series import patch

_SECRET = """
resource "azuread_application" "shop" {
  display_name = "shop"
}

resource "azuread_service_principal" "shop" {
  client_id = azuread_application.shop.client_id
}

resource "azuread_application_password" "shop" {
  application_id = azuread_application.shop.id
}

resource "azurerm_role_assignment" "shop" {
  scope                = azurerm_resource_group.shop.id
  role_definition_name = "Storage Blob Data Reader"
  principal_id         = azuread_service_principal.shop.object_id
}
"""
_SETTINGS = """\
  site_config {
    application_stack {
      docker_registry_url      = "https://${azurerm_container_registry.shop.login_server}"
      docker_registry_username = azurerm_container_registry.shop.admin_username
      docker_registry_password = azurerm_container_registry.shop.admin_password
    }
  }

  app_settings = {
    AZURE_CLIENT_ID     = azuread_application.shop.client_id
    AZURE_CLIENT_SECRET = azuread_application_password.shop.value
  }
}
"""


def _expand(folder: Path, text: str) -> str:
    write(folder, {"main.tf": text.encode()})
    return patch(planned(folder).series.step("expand")).decode()


def test_an_app_takes_one_identity(tmp_path: Path) -> None:
    added = _expand(tmp_path, REGISTRY + PLAN + _SETTINGS + _SECRET)
    assert added.count("+  identity {") == 1
    assert "AcrPull" not in added


def test_a_cluster_takes_one_workload_pool(tmp_path: Path) -> None:
    keys = ACCOUNT + SECRET
    project = "  project  = var.project\n"
    both = (keys + keys.replace("shop", "shop-sync").replace('"key"', '"sync"')).replace(
        '  project    = "example"\n', ""
    )
    added = _expand(tmp_path, both + OLD_CLUSTER.replace(project, ""))
    assert added.count("+  workload_identity_config {") == 1
    assert added.count("google_service_account_iam_member") == 2
