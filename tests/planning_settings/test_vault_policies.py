"""Vaults that go over from their own policies to roles (AZ-23)."""

from __future__ import annotations

from pathlib import Path

from shown import apply, invalid, lay_out, needs_terraform, needs_validator, planned, unformatted

from rolecall.planning.plan import Plan
from rolecall.planning.series import patch
from rolecall.planning.settings.vault_roles import Roles, roles_for

_LOGIN = "data.azurerm_client_config.current"
_VAULT = f"""\
terraform {{
  required_providers {{
    azurerm = {{
      source  = "hashicorp/azurerm"
      version = "~> 4.50"
    }}
  }}
}}

data "azurerm_client_config" "current" {{}}

resource "azurerm_resource_group" "orders" {{
  name     = "orders"
  location = "westeurope"
}}

resource "azurerm_user_assigned_identity" "api" {{
  name                = "api"
  location            = azurerm_resource_group.orders.location
  resource_group_name = azurerm_resource_group.orders.name
}}

resource "azurerm_key_vault" "orders" {{
  name                     = "orders"
  location                 = azurerm_resource_group.orders.location
  resource_group_name      = azurerm_resource_group.orders.name
  sku_name                 = "standard"
  tenant_id                = {_LOGIN}.tenant_id
  purge_protection_enabled = true
%s}}

resource "azurerm_key_vault_secret" "key" {{
  name            = "key"
  value           = "correct-horse-battery-staple"
  key_vault_id    = azurerm_key_vault.orders.id
  expiration_date = "2027-01-01T00:00:00Z"
%s}}
"""
_INSIDE = f"""
  access_policy {{
    tenant_id          = {_LOGIN}.tenant_id
    object_id          = {_LOGIN}.object_id
    secret_permissions = ["Get", "List", "Set", "Delete"]
  }}

  access_policy {{
    tenant_id               = {_LOGIN}.tenant_id
    object_id               = azurerm_user_assigned_identity.api.principal_id
    secret_permissions      = ["Get", "List"]
    certificate_permissions = []
  }}
"""
_BESIDE = f"""
resource "azurerm_key_vault_access_policy" "api" {{
  key_vault_id       = azurerm_key_vault.orders.id
  tenant_id          = {_LOGIN}.tenant_id
  object_id          = azurerm_user_assigned_identity.api.principal_id
  secret_permissions = ["Get"]
%s}}
"""
_TWO = f"""
resource "azurerm_key_vault" "two" {{
  for_each            = toset(["eu", "us"])
  name                = "orders-${{each.key}}"
  location            = azurerm_resource_group.orders.location
  resource_group_name = azurerm_resource_group.orders.name
  sku_name            = "standard"
  tenant_id           = {_LOGIN}.tenant_id
}}

resource "azurerm_key_vault_access_policy" "eu" {{
  for_each           = toset(["eu"])
  key_vault_id       = azurerm_key_vault.two[each.key].id
  tenant_id          = {_LOGIN}.tenant_id
  object_id          = azurerm_user_assigned_identity.api.principal_id
  secret_permissions = ["List"]
}}
"""


def _shown(plan: Plan, phase: str) -> list[str]:
    """The lines that a phase adds and takes away."""
    text = patch(plan.series.step(phase)).decode()
    return [line.rstrip() for line in text.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]


def test_the_code_has_the_whole_list(tmp_path: Path) -> None:
    plan = planned(lay_out(tmp_path, {"main.tf": _VAULT % (_INSIDE, "")}))
    (migration,) = [m for m in plan.migrations if m.targets == ("azure:rbac",)]
    assert migration.disposition == "patch"
    assert all(proof.holds for proof in migration.proof)
    added = _shown(plan, "expand")
    assert '+  role_definition_name = "Key Vault Secrets User"' in added
    # no built-in role sets and deletes secrets, and cannot purge them
    assert [line.strip('+ ",') for line in added if "vaults/secrets/" in line] == [
        "Microsoft.KeyVault/vaults/secrets/delete",
        "Microsoft.KeyVault/vaults/secrets/getSecret/action",
        "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
        "Microsoft.KeyVault/vaults/secrets/setSecret/action",
        "Microsoft.KeyVault/vaults/secrets/update/action",
    ]
    at = added.index('+resource "azurerm_role_definition" "orders_current" {')
    assert added[at + 1].startswith("+  name")
    switched = _shown(plan, "migrate")
    assert "+  rbac_authorization_enabled = true" in switched
    assert "+  depends_on      = [azurerm_role_assignment.orders_current]" in switched
    assert "+  access_policy              = []" in _shown(plan, "contract")
    apply(tmp_path, plan)
    assert not [m for m in planned(tmp_path).migrations if m.targets == ("azure:rbac",)]


def test_who_else_has_a_policy_is_not_in_the_code(tmp_path: Path) -> None:
    """Policies beside the vault are all that this code has, and others may have more."""
    waits = "\n  depends_on = [azurerm_key_vault_access_policy.api]\n"
    plan = planned(lay_out(tmp_path, {"main.tf": _VAULT % ("", waits) + _BESIDE % ""}))
    (migration,) = [m for m in plan.migrations if m.targets == ("azure:rbac",)]
    assert migration.disposition == "partial"
    assert [phase.name for phase in migration.phases] == ["expand", "migrate", "contract"]
    assert "az keyvault show --name orders" in migration.phases[1].needs[1]
    assert "+  depends_on = [azurerm_role_assignment.api]" in _shown(plan, "migrate")
    assert "-  depends_on = [azurerm_key_vault_access_policy.api]" in _shown(plan, "migrate")


def test_a_vault_whose_policies_are_elsewhere_stays(tmp_path: Path) -> None:
    plan = planned(lay_out(tmp_path, {"main.tf": _VAULT % ("", "")}))
    migration = next(m for m in plan.migrations if m.targets == ("azure:rbac",))
    assert migration.disposition == "advice"
    assert not migration.phases
    assert any("none of its policies is in the code" in reason for reason in migration.reasons)


def test_a_role_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    inside = (
        _INSIDE
        + "\n  access_policy {\n    tenant_id = var.tenant\n    object_id = var.other\n"
        + ("    secret_permissions = var.words\n  }\n")
    )
    text = 'variable "tenant" {}\nvariable "other" {}\nvariable "words" {}\n' + _VAULT % (inside, "")
    plan = planned(lay_out(tmp_path, {"main.tf": text}))
    assert "azurerm_role_definition" in "".join(_shown(plan, "expand"))
    apply(tmp_path, plan)
    assert not _shown(planned(tmp_path), "expand")


def test_nothing_is_switched_before_all_have_a_role(tmp_path: Path) -> None:
    compound = '  application_id     = "11111111-1111-1111-1111-111111111111"\n'
    text = _VAULT % ("", "") + _BESIDE % "" + (_BESIDE % compound).replace('"api" {', '"gateway" {')
    plan = planned(lay_out(tmp_path, {"main.tf": text}))
    (migration,) = [m for m in plan.migrations if m.targets == ("azure:rbac",)]
    assert (migration.disposition, [phase.name for phase in migration.phases]) == ("partial", ["expand"])
    assert any("azurerm_key_vault_access_policy.gateway" in step.where for step in migration.handover)
    assert any("rbac_authorization_enabled = true" in step.what for step in migration.handover)


def test_what_an_input_allows_is_not_guessed(tmp_path: Path) -> None:
    text = _BESIDE.replace('["Get"]', "var.allowed") % "" + 'variable "allowed" {\n  default = ["Get"]\n}\n'
    plan = planned(lay_out(tmp_path, {"main.tf": _VAULT % ("", "") + text}))
    (migration,) = [m for m in plan.migrations if m.targets == ("azure:rbac",)]
    assert migration.disposition == "advice"


def test_the_provider_decides_what_it_is_called(tmp_path: Path) -> None:
    text = (_VAULT % (_INSIDE, "")).replace("~> 4.50", "4.20.0")
    assert any(
        "enable_rbac_authorization" in line for line in _shown(planned(lay_out(tmp_path, {"main.tf": text})), "migrate")
    )


def test_code_for_an_older_provider_has_its_name(tmp_path: Path) -> None:
    """Another migration writes what that version does not have, into a block that this one changes too."""
    key = """
resource "azurerm_key_vault_key" "sign" {
  name         = "sign"
  key_vault_id = azurerm_key_vault.orders.id
  key_type     = "RSA"
  key_size     = 2048
  key_opts     = ["sign"]
}
"""
    text = (_VAULT % (f"  soft_delete_enabled      = true\n{_INSIDE}", "")).partition('data "azurerm')
    plan = planned(lay_out(tmp_path, {"main.tf": text[1] + text[2] + key}))
    (migration,) = [m for m in plan.migrations if m.targets == ("azure:rbac",)]
    assert migration.disposition == "patch"
    assert any("enable_rbac_authorization" in line for line in _shown(plan, "migrate"))
    failed = [m for m in plan.migrations if any("rotation_policy is not a block" in reason for reason in m.reasons)]
    assert [m.subject.address for m in failed] == ["azurerm_key_vault_key.sign"]


@needs_terraform
@needs_validator
def test_terraform_takes_it(tmp_path: Path) -> None:
    text = _VAULT % (_INSIDE, "") + _TWO
    old, new = (lay_out(tmp_path / name, {"main.tf": text}) for name in ("old", "new"))
    plan = planned(new)
    assert all(m.phases for m in plan.migrations if m.targets == ("azure:rbac",))
    apply(new, plan)
    assert unformatted(new) == ""
    assert invalid(old, new) == ""


def test_a_role_allows_no_more_than_the_policy() -> None:
    secrets = {"secret_permissions": ["Get", "Set"]}
    assert roles_for({"secret_permissions": ["get", "List"]}) == Roles(("Key Vault Secrets User",))
    assert roles_for({"secret_permissions": ["all"]}) == Roles(("Key Vault Secrets Officer",))
    assert roles_for({"key_permissions": ["Get", "WrapKey", "UnwrapKey"]}) == Roles(
        ("Key Vault Crypto Service Encryption User",)
    )
    assert len(roles_for(secrets).actions) == 3  # type: ignore[union-attr]
    # the built-in role for certificates reads every secret of the vault too
    assert roles_for({"certificate_permissions": ["Get", "List"]}) == Roles(
        (), ("Microsoft.KeyVault/vaults/certificates/read",)
    )
    assert roles_for({"secret_permissions": ["Frobnicate"]}) is None
