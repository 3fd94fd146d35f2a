"""Several keys of one workload or cluster: what all of them need is written once (Terraform takes one such block)."""

from __future__ import annotations

from pathlib import Path

from planner_estates import planned
from shown import apply, write

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


_PLAIN = """\
  site_config {}

  app_settings = {
    %s
    %s
  }
}
"""
_ID, _VALUE = "AZURE_CLIENT_ID     = azuread_application.shop.client_id", "azuread_application_password.shop.value"
_OTHER = f"MAIL_CLIENT_SECRET  = {_VALUE.replace('shop', 'mail')}"


def _expand(folder: Path, text: str) -> str:
    write(folder, {"main.tf": text.encode()})
    return patch(planned(folder).series.step("expand")).decode()


def test_an_app_takes_one_identity(tmp_path: Path) -> None:
    added = _expand(tmp_path, REGISTRY + PLAN + _SETTINGS + _SECRET)
    assert added.count("+  identity {") == 1
    assert "AcrPull" not in added


def test_two_secrets_of_one_app(tmp_path: Path) -> None:
    """A secret that every SDK looks for goes before any identity: the other one follows it, and takes the same."""
    secrets = _SECRET + _SECRET.replace("shop", "mail").replace(
        "azurerm_resource_group.mail", "azurerm_resource_group.shop"
    )
    text = PLAN + _PLAIN % (f"{_ID}\n    AZURE_CLIENT_SECRET = {_VALUE}", _OTHER) + secrets
    write(tmp_path, {"main.tf": text.encode()})
    plan = planned(tmp_path)
    moves = {m.identity: m for m in plan.migrations if m.consumers and m.subject.address.startswith("azurerm_")}
    assert moves["azuread_application.shop"].disposition == "patch"
    assert moves["azuread_application.mail"].disposition == "advice"
    assert "then run rolecall plan again" in moves["azuread_application.mail"].reasons[0]
    apply(tmp_path, plan)
    (left,) = [m for m in planned(tmp_path).migrations if m.consumers and m.subject.address.startswith("azurerm_")]
    assert (left.disposition, left.reuses) == ("patch", "azurerm_user_assigned_identity.shop")


def test_two_secrets_that_nothing_looks_for(tmp_path: Path) -> None:
    secrets = _SECRET + _SECRET.replace("shop", "mail").replace(
        "azurerm_resource_group.mail", "azurerm_resource_group.shop"
    )
    added = _expand(tmp_path, PLAN + _PLAIN % (f"SHOP_CLIENT_SECRET  = {_VALUE}", _OTHER) + secrets)
    assert added.count("+  identity {") == added.count('+resource "azurerm_user_assigned_identity"') == 1
    assert added.count('+resource "azurerm_role_assignment"') == 2


def test_the_app_s_own_identity_takes_over(tmp_path: Path) -> None:
    own = '  identity {\n    type = "SystemAssigned"\n  }\n\n'
    text = PLAN + own + _PLAIN % (_ID, f"AZURE_CLIENT_SECRET = {_VALUE}") + _SECRET
    write(tmp_path, {"main.tf": text.encode()})
    plan = planned(tmp_path)
    assert "azurerm_linux_web_app.shop.identity[0].principal_id" in patch(plan.series.step("expand")).decode()
    assert "-    AZURE_CLIENT_ID" in patch(plan.series.step("migrate")).decode()


def test_a_cluster_takes_one_workload_pool(tmp_path: Path) -> None:
    keys = ACCOUNT + SECRET
    project = "  project  = var.project\n"
    both = (keys + keys.replace("shop", "shop-sync").replace('"key"', '"sync"')).replace(
        '  project    = "example"\n', ""
    )
    added = _expand(tmp_path, both + OLD_CLUSTER.replace(project, ""))
    assert added.count("+  workload_identity_config {") == 1
    assert added.count("google_service_account_iam_member") == 2
