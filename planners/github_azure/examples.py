"""What this planner does, by examples."""

from __future__ import annotations

from rolecall.planners.github_azure.examples_callers import CALLERS
from rolecall.planning.example import PlannerExample

_APPLICATION = """\
provider "github" {
  owner = "example"
}

resource "azuread_application" "deploy" {
  display_name = "deploy"
}

resource "azuread_service_principal" "deploy" {
  client_id = azuread_application.deploy.client_id
}

resource "azuread_application_password" "deploy" {
  application_id = azuread_application.deploy.id
}

data "azurerm_subscription" "current" {}

resource "azurerm_role_assignment" "deploy" {
  scope                = data.azurerm_subscription.current.id
  role_definition_name = "Website Contributor"
  principal_id         = azuread_service_principal.deploy.object_id
}

resource "github_actions_secret" "creds" {
  repository  = "site"
  secret_name = "AZURE_CREDENTIALS"
  plaintext_value = jsonencode({
    clientId       = azuread_application.deploy.client_id
    clientSecret   = azuread_application_password.deploy.value
    subscriptionId = data.azurerm_subscription.current.subscription_id
    tenantId       = data.azurerm_subscription.current.tenant_id
  })
}
"""
_TRUST = """\

resource "azuread_application_federated_identity_credential" "deploy" {
  application_id = azuread_application.deploy.id
  display_name   = "site-production"
  issuer         = "https://token.actions.githubusercontent.com"
  subject        = "repo:example/site:environment:production"
  audiences      = ["api://AzureADTokenExchange"]
}
"""
_OLD = """\
resource "azuread_application" "deploy" {
  display_name = "deploy"
}

resource "azuread_service_principal" "deploy" {
  application_id = azuread_application.deploy.application_id
}

resource "azuread_service_principal_password" "deploy" {
  service_principal_id = azuread_service_principal.deploy.id
}

data "azurerm_subscription" "current" {}

resource "github_actions_secret" "creds" {
  repository  = "site"
  secret_name = "AZURE_CREDENTIALS"
  plaintext_value = jsonencode({
    "clientId"     = azuread_application.deploy.application_id
    "clientSecret" = azuread_service_principal_password.deploy.value
    "tenantId"     = data.azurerm_subscription.current.tenant_id
  })
}
"""
_WORKFLOW = """\
name: deploy

on:
  push:
    branches: [main]

jobs:
  site:
    runs-on: ubuntu-latest
    environment: production
    steps:
      - uses: actions/checkout@v4
      - uses: azure/login@v2
        with:
          creds: ${{ secrets.AZURE_CREDENTIALS }}
      - run: az webapp up
"""
_IDS = """\
client-id: ${{ vars.CLIENT }}
          tenant-id: ${{ vars.TENANT }}
          subscription-id: ${{ vars.SUBSCRIPTION }}
          creds:"""
_TARGET = ("azure:federated-credential",)

#: The login of the job, moved.
_LOGIN = """\
diff --git a/.github/workflows/deploy.yml b/.github/workflows/deploy.yml
--- a/.github/workflows/deploy.yml
+++ b/.github/workflows/deploy.yml
@@ -7,10 +7,15 @@
 jobs:
   site:
     runs-on: ubuntu-latest
+    permissions:
+      id-token: write
+      contents: read
     environment: production
     steps:
       - uses: actions/checkout@v4
       - uses: azure/login@v2
         with:
-          creds: ${{ secrets.AZURE_CREDENTIALS }}
+          client-id: ${{ vars.AZURE_CLIENT_ID }}
+          tenant-id: ${{ vars.AZURE_TENANT_ID }}
+          subscription-id: ${{ vars.AZURE_SUBSCRIPTION_ID }}
       - run: az webapp up
"""

EXAMPLES: tuple[PlannerExample, ...] = (
    *CALLERS,
    PlannerExample(
        "a secret that Terraform makes",
        {"main.tf": _APPLICATION, ".github/workflows/deploy.yml": _WORKFLOW},
        {"jobs.site": "partial", "azuread_application_password.deploy": "partial"},
        {"jobs.site": _TARGET, "azuread_application_password.deploy": _TARGET},
        patches={
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -5,6 +5,21 @@
 resource "azuread_application" "deploy" {
   display_name = "deploy"
 }
+
+variable "github_oidc_subjects" {
+  description = "Who may log in: repo:OWNER/NAME:environment:NAME, repo:OWNER/NAME:ref:refs/heads/BRANCH"
+  type        = list(string)
+  default     = ["repo:example/site:environment:production"]
+}
+
+resource "azuread_application_federated_identity_credential" "deploy_github" {
+  for_each       = toset(var.github_oidc_subjects)
+  application_id = azuread_application.deploy.id
+  display_name   = substr("github-${replace(each.value, "/[^0-9A-Za-z_-]+/", "-")}", 0, 120)
+  issuer         = "https://token.actions.githubusercontent.com"
+  subject        = each.value
+  audiences      = ["api://AzureADTokenExchange"]
+}

 resource "azuread_service_principal" "deploy" {
   client_id = azuread_application.deploy.client_id
@@ -32,3 +47,21 @@
     tenantId       = data.azurerm_subscription.current.tenant_id
   })
 }
+
+resource "github_actions_variable" "azure_client_id" {
+  repository    = "site"
+  variable_name = "AZURE_CLIENT_ID"
+  value         = azuread_application.deploy.client_id
+}
+
+resource "github_actions_variable" "azure_subscription_id" {
+  repository    = "site"
+  variable_name = "AZURE_SUBSCRIPTION_ID"
+  value         = data.azurerm_subscription.current.subscription_id
+}
+
+resource "github_actions_variable" "azure_tenant_id" {
+  repository    = "site"
+  variable_name = "AZURE_TENANT_ID"
+  value         = data.azurerm_subscription.current.tenant_id
+}
""",
        },
        says=("has two forms", "set github_oidc_subjects"),
    ),
    PlannerExample(
        "an application that trusts the job already",
        {"main.tf": _APPLICATION + _TRUST, ".github/workflows/deploy.yml": _WORKFLOW},
        {"jobs.site": "patch", "azuread_application_password.deploy": "patch"},
        {"jobs.site": _TARGET, "azuread_application_password.deploy": _TARGET},
        patches={
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -32,6 +32,24 @@
     tenantId       = data.azurerm_subscription.current.tenant_id
   })
 }
+
+resource "github_actions_variable" "azure_client_id" {
+  repository    = "site"
+  variable_name = "AZURE_CLIENT_ID"
+  value         = azuread_application.deploy.client_id
+}
+
+resource "github_actions_variable" "azure_subscription_id" {
+  repository    = "site"
+  variable_name = "AZURE_SUBSCRIPTION_ID"
+  value         = data.azurerm_subscription.current.subscription_id
+}
+
+resource "github_actions_variable" "azure_tenant_id" {
+  repository    = "site"
+  variable_name = "AZURE_TENANT_ID"
+  value         = data.azurerm_subscription.current.tenant_id
+}

 resource "azuread_application_federated_identity_credential" "deploy" {
   application_id = azuread_application.deploy.id
""",
            "migrate": _LOGIN,
            "contract": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -9,10 +9,6 @@
 resource "azuread_service_principal" "deploy" {
   client_id = azuread_application.deploy.client_id
 }
-
-resource "azuread_application_password" "deploy" {
-  application_id = azuread_application.deploy.id
-}

 data "azurerm_subscription" "current" {}

@@ -21,17 +17,6 @@
   role_definition_name = "Website Contributor"
   principal_id         = azuread_service_principal.deploy.object_id
 }
-
-resource "github_actions_secret" "creds" {
-  repository  = "site"
-  secret_name = "AZURE_CREDENTIALS"
-  plaintext_value = jsonencode({
-    clientId       = azuread_application.deploy.client_id
-    clientSecret   = azuread_application_password.deploy.value
-    subscriptionId = data.azurerm_subscription.current.subscription_id
-    tenantId       = data.azurerm_subscription.current.tenant_id
-  })
-}

 resource "github_actions_variable" "azure_client_id" {
   repository    = "site"
""",
        },
    ),
    PlannerExample(
        "a trust in another environment",
        {"main.tf": _APPLICATION + _TRUST.replace("production", "staging"), ".github/workflows/deploy.yml": _WORKFLOW},
        {"jobs.site": "partial", "azuread_application_password.deploy": "partial"},
        {"jobs.site": _TARGET, "azuread_application_password.deploy": _TARGET},
        says=("has two forms",),
    ),
    PlannerExample(
        "a job that more than one branch may start",
        {
            "main.tf": _APPLICATION + _TRUST,
            ".github/workflows/deploy.yml": _WORKFLOW.replace("    environment: production\n", "").replace(
                "[main]", '["release/*"]'
            ),
        },
        {"jobs.site": "partial", "azuread_application_password.deploy": "partial"},
        {"jobs.site": _TARGET, "azuread_application_password.deploy": _TARGET},
        says=("which repository, branch or environment may log in",),
    ),
    PlannerExample(
        "azuread 2, and an owner that is not in the code",
        {"main.tf": _OLD, ".github/workflows/deploy.yml": _WORKFLOW},
        {"jobs.site": "partial", "azuread_service_principal_password.deploy": "partial"},
        {"jobs.site": _TARGET, "azuread_service_principal_password.deploy": _TARGET},
        patches={
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -1,6 +1,21 @@
 resource "azuread_application" "deploy" {
   display_name = "deploy"
 }
+
+variable "github_oidc_subjects" {
+  description = "Who may log in: repo:OWNER/NAME:environment:NAME, repo:OWNER/NAME:ref:refs/heads/BRANCH"
+  type        = list(string)
+  default     = []
+}
+
+resource "azuread_application_federated_identity_credential" "deploy_github" {
+  for_each              = toset(var.github_oidc_subjects)
+  application_object_id = azuread_application.deploy.object_id
+  display_name          = substr("github-${replace(each.value, "/[^0-9A-Za-z_-]+/", "-")}", 0, 120)
+  issuer                = "https://token.actions.githubusercontent.com"
+  subject               = each.value
+  audiences             = ["api://AzureADTokenExchange"]
+}

 resource "azuread_service_principal" "deploy" {
   application_id = azuread_application.deploy.application_id
@@ -21,3 +36,15 @@
     "tenantId"     = data.azurerm_subscription.current.tenant_id
   })
 }
+
+resource "github_actions_variable" "azure_client_id" {
+  repository    = "site"
+  variable_name = "AZURE_CLIENT_ID"
+  value         = azuread_application.deploy.application_id
+}
+
+resource "github_actions_variable" "azure_tenant_id" {
+  repository    = "site"
+  variable_name = "AZURE_TENANT_ID"
+  value         = data.azurerm_subscription.current.tenant_id
+}
""",
        },
        says=("which repository, branch or environment may log in", "the login step does not name subscription-id"),
    ),
    PlannerExample(
        "ids beside the secret",
        {".github/workflows/deploy.yml": _WORKFLOW.replace("creds:", _IDS)},
        {"jobs.site": "patch"},
        {"jobs.site": _TARGET},
        patches={
            "migrate": """\
diff --git a/.github/workflows/deploy.yml b/.github/workflows/deploy.yml
--- a/.github/workflows/deploy.yml
+++ b/.github/workflows/deploy.yml
@@ -7,6 +7,9 @@
 jobs:
   site:
     runs-on: ubuntu-latest
+    permissions:
+      id-token: write
+      contents: read
     environment: production
     steps:
       - uses: actions/checkout@v4
@@ -15,5 +18,4 @@
           client-id: ${{ vars.CLIENT }}
           tenant-id: ${{ vars.TENANT }}
           subscription-id: ${{ vars.SUBSCRIPTION }}
-          creds: ${{ secrets.AZURE_CREDENTIALS }}
       - run: az webapp up
""",
        },
    ),
    PlannerExample(
        "a secret from elsewhere",
        {".github/workflows/deploy.yml": _WORKFLOW},
        {"jobs.site": "partial"},
        {"jobs.site": _TARGET},
        patches={
            "migrate": _LOGIN,
        },
        says=(
            "AZURE_CLIENT_ID, AZURE_TENANT_ID, AZURE_SUBSCRIPTION_ID, which no code sets",
            "revoke the client secret",
        ),
    ),
    PlannerExample(
        "a secret for another repository",
        {"main.tf": _APPLICATION},
        {"github_actions_secret.creds": "partial", "azuread_application_password.deploy": "partial"},
        {"github_actions_secret.creds": _TARGET, "azuread_application_password.deploy": _TARGET},
        patches={
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -5,6 +5,21 @@
 resource "azuread_application" "deploy" {
   display_name = "deploy"
 }
+
+variable "github_oidc_subjects" {
+  description = "Who may log in: repo:OWNER/NAME:environment:NAME, repo:OWNER/NAME:ref:refs/heads/BRANCH"
+  type        = list(string)
+  default     = []
+}
+
+resource "azuread_application_federated_identity_credential" "deploy_github" {
+  for_each       = toset(var.github_oidc_subjects)
+  application_id = azuread_application.deploy.id
+  display_name   = substr("github-${replace(each.value, "/[^0-9A-Za-z_-]+/", "-")}", 0, 120)
+  issuer         = "https://token.actions.githubusercontent.com"
+  subject        = each.value
+  audiences      = ["api://AzureADTokenExchange"]
+}

 resource "azuread_service_principal" "deploy" {
   client_id = azuread_application.deploy.client_id
@@ -32,3 +47,21 @@
     tenantId       = data.azurerm_subscription.current.tenant_id
   })
 }
+
+resource "github_actions_variable" "azure_client_id" {
+  repository    = "site"
+  variable_name = "AZURE_CLIENT_ID"
+  value         = azuread_application.deploy.client_id
+}
+
+resource "github_actions_variable" "azure_subscription_id" {
+  repository    = "site"
+  variable_name = "AZURE_SUBSCRIPTION_ID"
+  value         = data.azurerm_subscription.current.subscription_id
+}
+
+resource "github_actions_variable" "azure_tenant_id" {
+  repository    = "site"
+  variable_name = "AZURE_TENANT_ID"
+  value         = data.azurerm_subscription.current.tenant_id
+}
""",
        },
        says=(
            "which repository, branch or environment may log in",
            "the workflows that read github_actions_secret.creds are in another repository",
        ),
    ),
    PlannerExample(
        "a release without federation",
        {".github/workflows/deploy.yml": _WORKFLOW.replace("azure/login@v2", "azure/login@v1.1")},
        {"jobs.site": "advice"},
        {"jobs.site": _TARGET},
        says=("knows no login without a secret",),
    ),
    PlannerExample(
        "code of strangers",
        {".github/workflows/deploy.yml": _WORKFLOW.replace("push:\n    branches: [main]", "pull_request_target:")},
        {"jobs.site": "advice"},
        {"jobs.site": _TARGET},
        says=("the workflow runs on pull_request_target",),
    ),
)
