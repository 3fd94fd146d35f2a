"""What this planner does, by examples."""

from __future__ import annotations

import re

from rolecall.planning.example import PlannerExample

_PROVIDERS = """\
terraform {
  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = "~> 4.0"
    }
  }
}

provider "azurerm" {
  features {}

  subscription_id = var.subscription_id
  tenant_id       = var.tenant_id
  client_id       = var.client_id
  client_secret   = var.client_secret
}

provider "azuread" {
  tenant_id     = var.tenant_id
  client_id     = var.client_id
  client_secret = var.client_secret
}

variable "subscription_id" {}
variable "tenant_id" {}
variable "client_id" {}

variable "client_secret" {
  sensitive = true
}
"""
_BACKEND = """\
terraform {
  backend "azurerm" {
    resource_group_name  = "tfstate"
    storage_account_name = "ordersstate"
    container_name       = "tfstate"
    key                  = "orders.tfstate"
    access_key           = "correct-horse-battery-staple"
  }
}
"""
_WORKFLOW = """\
on:
  push:
    branches: [main]
jobs:
  apply:
    runs-on: ubuntu-latest
    environment: production
    env:
      ARM_CLIENT_ID: ${{ secrets.ARM_CLIENT_ID }}
      ARM_CLIENT_SECRET: ${{ secrets.ARM_CLIENT_SECRET }}
      ARM_TENANT_ID: ${{ secrets.ARM_TENANT_ID }}
      TF_VAR_client_secret: ${{ secrets.ARM_CLIENT_SECRET }}
    steps:
      - uses: actions/checkout@v4
      - uses: hashicorp/setup-terraform@v3
      - run: |
          terraform init
          terraform apply -auto-approve
"""
_SECRET = "  ARM_CLIENT_SECRET: ${{ secrets.ARM_CLIENT_SECRET }}\n"
_MINTED = """\
resource "azuread_application" "orders" {
  display_name = "orders"
}

resource "azuread_application_password" "orders" {
  application_id = azuread_application.orders.id
}

provider "azurerm" {
  features {}

  alias         = "orders"
  tenant_id     = "00000000-0000-0000-0000-000000000001"
  client_id     = azuread_application.orders.client_id
  client_secret = azuread_application_password.orders.value
}
"""
_TARGETS = ("azure:federated-credential", "azure:managed-identity")
_FEDERATED = ("azure:federated-credential",)

EXAMPLES: tuple[PlannerExample, ...] = (
    PlannerExample(
        "two providers and the workflow that runs them",
        {"main.tf": _PROVIDERS, ".github/workflows/apply.yml": _WORKFLOW},
        {"provider.azurerm": "partial", "provider.azuread": "partial", "jobs.apply": "partial"},
        {"provider.azurerm": _TARGETS, "provider.azuread": _TARGETS, "jobs.apply": _FEDERATED},
        patches={
            "migrate": """\
diff --git a/.github/workflows/apply.yml b/.github/workflows/apply.yml
--- a/.github/workflows/apply.yml
+++ b/.github/workflows/apply.yml
@@ -4,12 +4,14 @@
 jobs:
   apply:
     runs-on: ubuntu-latest
+    permissions:
+      id-token: write
+      contents: read
     environment: production
     env:
       ARM_CLIENT_ID: ${{ secrets.ARM_CLIENT_ID }}
-      ARM_CLIENT_SECRET: ${{ secrets.ARM_CLIENT_SECRET }}
+      ARM_USE_OIDC: "true"
       ARM_TENANT_ID: ${{ secrets.ARM_TENANT_ID }}
-      TF_VAR_client_secret: ${{ secrets.ARM_CLIENT_SECRET }}
     steps:
       - uses: actions/checkout@v4
       - uses: hashicorp/setup-terraform@v3
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -13,19 +13,15 @@
   subscription_id = var.subscription_id
   tenant_id       = var.tenant_id
   client_id       = var.client_id
-  client_secret   = var.client_secret
+  use_oidc        = true
 }

 provider "azuread" {
-  tenant_id     = var.tenant_id
+  tenant_id = var.tenant_id
-  client_id     = var.client_id
+  client_id = var.client_id
-  client_secret = var.client_secret
+  use_oidc  = true
 }

 variable "subscription_id" {}
 variable "tenant_id" {}
 variable "client_id" {}
-
-variable "client_secret" {
-  sensitive = true
-}
"""
        },
        says=("subject repo:OWNER/NAME:environment:production",),
    ),
    PlannerExample(
        "a secret in the environment that another job of the workflow has too",
        {
            "main.tf": _PROVIDERS.partition('provider "azuread"')[0],
            ".github/workflows/apply.yml": _WORKFLOW.replace("jobs:", f"env:\n{_SECRET}jobs:").replace(
                f"    env:\n      ARM_CLIENT_ID: ${{{{ secrets.ARM_CLIENT_ID }}}}\n    {_SECRET}",
                "    env:\n      ARM_CLIENT_ID: ${{ secrets.ARM_CLIENT_ID }}\n",
            )
            + "  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: make test\n",
        },
        {"provider.azurerm": "advice", "jobs.apply": "advice", "jobs.test": "advice"},
        {"provider.azurerm": _TARGETS, "jobs.apply": _FEDERATED, "jobs.test": _FEDERATED},
        says=("would be taken before a token: jobs.test has it too and runs no Terraform",),
    ),
    PlannerExample(
        "a backend with the account's key in the code",
        {"main.tf": _BACKEND},
        {"terraform.backend.azurerm": "partial"},
        {"terraform.backend.azurerm": _TARGETS},
        patches={
            "migrate": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -4,6 +4,6 @@
     storage_account_name = "ordersstate"
     container_name       = "tfstate"
     key                  = "orders.tfstate"
-    access_key           = "correct-horse-battery-staple"
+    use_azuread_auth     = true
   }
 }
"""
        },
        says=(
            "it is in the history of the repository",
            "az storage account show --name ordersstate --query id -o tsv)/blobServices/default/containers/tfstate",
        ),
    ),
    PlannerExample(
        "a machine's identity that the block names already, and a variable that a script sets",
        {
            "main.tf": _PROVIDERS.replace("  client_id       = ", "  use_msi         = true\n  client_id       = "),
            "apply.sh": 'terraform apply -var "client_secret=$SECRET"\n',
        },
        {"provider.azurerm": "partial", "provider.azuread": "partial"},
        {"provider.azurerm": _TARGETS, "provider.azuread": _TARGETS},
        says=("drop var.client_secret",),
    ),
    PlannerExample(
        "a variable that a program sets",
        {
            "main.tf": _PROVIDERS.replace("  client_id       = ", "  use_msi         = true\n  client_id       = "),
            "cmd/apply.go": 'args = append(args, "-var", "client_secret="+secret)\n',
        },
        {"provider.azurerm": "partial", "provider.azuread": "partial"},
        {"provider.azurerm": _TARGETS, "provider.azuread": _TARGETS},
        says=("drop var.client_secret",),
    ),
    PlannerExample(
        "a release that takes no token",
        {"main.tf": _PROVIDERS.replace("~> 4.0", "~> 2.99").partition('provider "azuread"')[0]},
        {"provider.azurerm": "advice"},
        {"provider.azurerm": _TARGETS},
        says=("3.7 is the first",),
    ),
    PlannerExample(
        "a certificate comes before a token",
        {
            "main.tf": re.sub(
                r"(?m)^  (\w+_id|client_secret)( +)=", r"  \1\2        =", _PROVIDERS.partition('provider "azuread"')[0]
            ).replace("  client_id  ", '  client_certificate_path = "login.pfx"\n  client_id  ')
        },
        {"provider.azurerm": "advice"},
        {"provider.azurerm": _TARGETS},
        says=("it has client_certificate_path too, which is taken before a token",),
    ),
    PlannerExample(
        "a job that reaches the state by the key alone",
        {"main.tf": _BACKEND, ".gitlab-ci.yml": "apply:\n  script:\n    - terraform apply -auto-approve\n"},
        {"terraform.backend.azurerm": "advice"},
        {"terraform.backend.azurerm": _TARGETS},
        says=(".gitlab-ci.yml runs it, and Terraform is not logged in to Azure there but by this key",),
    ),
    PlannerExample(
        "a pipeline whose token has to be asked for elsewhere",
        {
            "main.tf": _PROVIDERS.partition('provider "azuread"')[0],
            ".gitlab-ci.yml": "apply:\n  script:\n    - terraform apply -auto-approve\n",
        },
        {"provider.azurerm": "advice"},
        {"provider.azurerm": _TARGETS},
        says=("GitLab runs it (.gitlab-ci.yml)", "ARM_OIDC_TOKEN"),
    ),
    PlannerExample(
        "an application of the same code, which then trusts the tokens of what runs it",
        {"main.tf": _MINTED},
        {"provider.azurerm.orders": "partial", "azuread_application_password.orders": "partial"},
        {"provider.azurerm.orders": _TARGETS, "azuread_application_password.orders": _TARGETS},
        patches={
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -1,6 +1,21 @@
 resource "azuread_application" "orders" {
   display_name = "orders"
 }
+
+variable "github_oidc_subjects" {
+  description = "Who may log in: repo:OWNER/NAME:environment:NAME, repo:OWNER/NAME:ref:refs/heads/BRANCH"
+  type        = list(string)
+  default     = []
+}
+
+resource "azuread_application_federated_identity_credential" "orders_github" {
+  for_each       = toset(var.github_oidc_subjects)
+  application_id = azuread_application.orders.id
+  display_name   = substr("github-${replace(each.value, "/[^0-9A-Za-z_-]+/", "-")}", 0, 120)
+  issuer         = "https://token.actions.githubusercontent.com"
+  subject        = each.value
+  audiences      = ["api://AzureADTokenExchange"]
+}

 resource "azuread_application_password" "orders" {
   application_id = azuread_application.orders.id
"""
        },
        says=("which repository, branch or environment may log in is not in the code",),
    ),
    PlannerExample(
        "a provider whose secret a service broker fills in",
        {
            "terraform/cache/main.tf": _PROVIDERS,
            "cache.yml": "template: terraform/cache/main.tf\nuser_inputs:\n  - field_name: client_secret\n",
        },
        {"provider.azurerm": "advice", "provider.azuread": "advice"},
        {"provider.azurerm": _TARGETS, "provider.azuread": _TARGETS},
        says=("cache.yml hands its secret to what runs Terraform here",),
    ),
)
