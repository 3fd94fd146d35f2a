"""What this planner does, by examples."""

from __future__ import annotations

from rolecall.planning.example import PlannerExample

_APPLICATION = """\
data "azurerm_client_config" "current" {}

resource "azuread_application" "deploy" {
  display_name = "deploy"
}

resource "azuread_application_password" "deploy" {
  application_id = azuread_application.deploy.id
}
"""
_CONNECTION = """\

resource "azuredevops_serviceendpoint_azurerm" "shop" {
  project_id            = azuredevops_project.shop.id
  service_endpoint_name = "azure-shop"

  credentials {
    serviceprincipalid  = azuread_application.deploy.client_id
    serviceprincipalkey = azuread_application_password.deploy.value
  }

  azurerm_spn_tenantid      = data.azurerm_client_config.current.tenant_id
  azurerm_subscription_id   = data.azurerm_client_config.current.subscription_id
  azurerm_subscription_name = "shop"
}

resource "azuredevops_check_approval" "shop" {
  project_id           = azuredevops_project.shop.id
  target_resource_id   = azuredevops_serviceendpoint_azurerm.shop.id
  target_resource_type = "endpoint"
  approvers            = [var.approver]
}

resource "azuredevops_project" "shop" {
  name = "shop"
}

variable "approver" {}
"""
_PIPELINE = """\
trigger: [main]
pool: {vmImage: ubuntu-latest}
steps:
  - task: AzureCLI@2
    inputs:
      azureSubscription: azure-shop
      scriptType: bash
      scriptLocation: inlineScript
      inlineScript: az group list
"""
_FOREIGN = (
    _CONNECTION.replace("azuread_application.deploy.client_id", '"00000000-0000-0000-0000-000000000003"')
    .replace("azuread_application_password.deploy.value", "var.secret")
    .replace('variable "approver" {}', 'variable "approver" {}\nvariable "secret" {}')
)
_KEY, _AT = "azuread_application_password.deploy", "azuredevops_serviceendpoint_azurerm.shop"
_TARGET = ("azure:federated-credential",)

EXAMPLES: tuple[PlannerExample, ...] = (
    PlannerExample(
        "a pipeline that names the connection",
        {"main.tf": _APPLICATION + _CONNECTION, "azure-pipelines.yml": _PIPELINE},
        {"job": "patch", _KEY: "advice"},
        {"job": _TARGET, _KEY: _TARGET},
        patches={
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -21,6 +21,34 @@
   azurerm_subscription_id   = data.azurerm_client_config.current.subscription_id
   azurerm_subscription_name = "shop"
 }
+
+resource "azuredevops_serviceendpoint_azurerm" "shop_federated" {
+  project_id                             = azuredevops_project.shop.id
+  service_endpoint_name                  = "azure-shop-federated"
+  azurerm_spn_tenantid                   = data.azurerm_client_config.current.tenant_id
+  azurerm_subscription_id                = data.azurerm_client_config.current.subscription_id
+  azurerm_subscription_name              = "shop"
+  service_endpoint_authentication_scheme = "WorkloadIdentityFederation"
+
+  credentials {
+    serviceprincipalid = azuread_application.deploy.client_id
+  }
+}
+
+resource "azuredevops_check_approval" "shop_federated" {
+  project_id           = azuredevops_project.shop.id
+  target_resource_id   = azuredevops_serviceendpoint_azurerm.shop_federated.id
+  target_resource_type = "endpoint"
+  approvers            = [var.approver]
+}
+
+resource "azuread_application_federated_identity_credential" "shop_connection" {
+  application_id = azuread_application.deploy.id
+  display_name   = "azure-devops-shop"
+  issuer         = azuredevops_serviceendpoint_azurerm.shop_federated.workload_identity_federation_issuer
+  subject        = azuredevops_serviceendpoint_azurerm.shop_federated.workload_identity_federation_subject
+  audiences      = ["api://AzureADTokenExchange"]
+}

 resource "azuredevops_check_approval" "shop" {
   project_id           = azuredevops_project.shop.id
""",
            "migrate": """\
diff --git a/azure-pipelines.yml b/azure-pipelines.yml
--- a/azure-pipelines.yml
+++ b/azure-pipelines.yml
@@ -3,7 +3,7 @@
 steps:
   - task: AzureCLI@2
     inputs:
-      azureSubscription: azure-shop
+      azureSubscription: azure-shop-federated
       scriptType: bash
       scriptLocation: inlineScript
       inlineScript: az group list
""",
        },
        says=("only Azure DevOps knows all pipelines and releases that use the connection azure-shop",),
    ),
    PlannerExample(
        "pipelines of other repositories",
        {"main.tf": _APPLICATION + _CONNECTION},
        {_AT: "partial", _KEY: "partial"},
        {_AT: _TARGET, _KEY: _TARGET},
        says=(
            "no pipeline that uses azure-shop is seen",
            "let the pipelines name azure-shop-federated in the place of azure-shop",
        ),
    ),
    PlannerExample(
        "an application that is not in the code",
        {"main.tf": _APPLICATION.partition("resource")[0].rstrip() + "\n" + _FOREIGN, "azure-pipelines.yml": _PIPELINE},
        {"job": "partial"},
        {"job": _TARGET},
        says=("terraform state show 'azuredevops_serviceendpoint_azurerm.shop_federated'",),
    ),
    PlannerExample(
        "a script that needs the secret itself",
        {
            "main.tf": _APPLICATION + _CONNECTION,
            "azure-pipelines.yml": _PIPELINE.replace("az group list", "deploy --secret $servicePrincipalKey").replace(
                "      scriptType", "      addSpnToEnvironment: true\n      scriptType"
            ),
        },
        {"job": "partial", _KEY: "partial"},
        {"job": _TARGET, _KEY: _TARGET},
        says=("azure-pipelines.yml needs the secret itself (servicePrincipalKey)",),
    ),
    PlannerExample(
        "a secret in the pipeline's variables",
        {
            "azure-pipelines.yml": """\
trigger: [main]
pool: {vmImage: ubuntu-latest}
steps:
  - script: terraform apply -auto-approve
    env:
      ARM_CLIENT_ID: $(clientId)
      ARM_CLIENT_SECRET: $(clientSecret)
      ARM_TENANT_ID: $(tenantId)
      ARM_SUBSCRIPTION_ID: $(subscriptionId)
""",
        },
        {"job": "advice"},
        {"job": _TARGET},
        says=("Workload identity federation", "ARM_OIDC_TOKEN=$idToken"),
    ),
)
