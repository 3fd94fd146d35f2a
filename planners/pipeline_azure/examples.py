"""What this planner does, by examples."""

from __future__ import annotations

from rolecall.planning.example import PlannerExample

_APPLICATION = """\
resource "azuread_application" "deploy" {
  display_name = "site-deploy"
}

resource "azuread_service_principal" "deploy" {
  client_id = azuread_application.deploy.client_id
}

resource "azuread_application_password" "deploy" {
  application_id = azuread_application.deploy.id
}
"""
_GITLAB = (
    _APPLICATION
    + """
resource "gitlab_project_variable" "secret" {
  project           = "acme/site"
  key               = "ARM_CLIENT_SECRET"
  value             = azuread_application_password.deploy.value
  environment_scope = "production"
}
"""
)
_README = "# acme/site\n"
_TERRAFORM = """\
site:
  image: hashicorp/terraform:1.13
  environment: production
  script:
    - terraform init
    - terraform apply -auto-approve
  only:
    - main
"""
_LOGIN = """\
site:
  environment: production
  script:
    - az login --service-principal -u $CLIENT_ID -p "$SITE_SECRET" --tenant $TENANT_ID
    - az webapp up
  only:
    - main
"""
_HCP = (
    _APPLICATION
    + """
resource "tfe_project" "site" {
  name = "sites"
}

resource "tfe_workspace" "site" {
  name       = "site"
  project_id = tfe_project.site.id
}

resource "tfe_variable" "secret" {
  workspace_id = tfe_workspace.site.id
  category     = "env"
  key          = "ARM_CLIENT_SECRET"
  value        = azuread_application_password.deploy.value
  sensitive    = true
}
"""
)
_KEY = "azuread_application_password.deploy"
_TARGET = ("azure:federated-credential",)

EXAMPLES: tuple[PlannerExample, ...] = (
    PlannerExample(
        "GitLab: Terraform",
        {"main.tf": _GITLAB, "README.md": _README, ".gitlab-ci.yml": _TERRAFORM},
        {"jobs.site": "patch", _KEY: "patch"},
        {"jobs.site": _TARGET, _KEY: _TARGET},
        patches={
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -1,6 +1,14 @@
 resource "azuread_application" "deploy" {
   display_name = "site-deploy"
 }
+
+resource "azuread_application_federated_identity_credential" "deploy_gitlab" {
+  application_id = azuread_application.deploy.id
+  display_name   = "deploy_gitlab"
+  issuer         = "https://gitlab.com"
+  subject        = "project_path:acme/site:ref_type:branch:ref:main"
+  audiences      = ["api://AzureADTokenExchange"]
+}

 resource "azuread_service_principal" "deploy" {
   client_id = azuread_application.deploy.client_id
""",
            "migrate": """\
diff --git a/.gitlab-ci.yml b/.gitlab-ci.yml
--- a/.gitlab-ci.yml
+++ b/.gitlab-ci.yml
@@ -1,7 +1,12 @@
 site:
   image: hashicorp/terraform:1.13
   environment: production
+  id_tokens:
+    AZURE_ID_TOKEN:
+      aud: api://AzureADTokenExchange
   script:
+    - unset ARM_CLIENT_SECRET
+    - export ARM_USE_OIDC=true ARM_OIDC_TOKEN="$AZURE_ID_TOKEN"
     - terraform init
     - terraform apply -auto-approve
   only:
""",
        },
    ),
    PlannerExample(
        "GitLab: a login",
        {
            "main.tf": _GITLAB.replace("ARM_CLIENT_SECRET", "SITE_SECRET"),
            "README.md": _README,
            ".gitlab-ci.yml": _LOGIN,
        },
        {"jobs.site": "patch", _KEY: "patch"},
        {"jobs.site": _TARGET, _KEY: _TARGET},
        patches={
            "migrate": """\
diff --git a/.gitlab-ci.yml b/.gitlab-ci.yml
--- a/.gitlab-ci.yml
+++ b/.gitlab-ci.yml
@@ -1,7 +1,10 @@
 site:
   environment: production
+  id_tokens:
+    AZURE_ID_TOKEN:
+      aud: api://AzureADTokenExchange
   script:
-    - az login --service-principal -u $CLIENT_ID -p "$SITE_SECRET" --tenant $TENANT_ID
+    - az login --service-principal -u $CLIENT_ID --federated-token $AZURE_ID_TOKEN --tenant $TENANT_ID
     - az webapp up
   only:
     - main
""",
        },
    ),
    PlannerExample(
        "GitLab: another program has the secret too",
        {
            "main.tf": _GITLAB,
            "README.md": _README,
            ".gitlab-ci.yml": _TERRAFORM.replace("terraform init", "packer build . && terraform init"),
        },
        {"jobs.site": "partial", _KEY: "partial"},
        {"jobs.site": _TARGET, _KEY: _TARGET},
        says=("names packer",),
    ),
    PlannerExample(
        "GitLab: a variable of a group",
        {
            "main.tf": _GITLAB.replace("gitlab_project_variable", "gitlab_group_variable").replace(
                'project           = "acme/site"', 'group             = "acme"'
            ),
        },
        {"gitlab_group_variable.secret": "partial", _KEY: "partial"},
        {"gitlab_group_variable.secret": _TARGET, _KEY: _TARGET},
        patches={
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -1,6 +1,21 @@
 resource "azuread_application" "deploy" {
   display_name = "site-deploy"
 }
+
+variable "gitlab_oidc_subjects" {
+  description = "Who may log in: project_path:GROUP/PROJECT:ref_type:branch:ref:BRANCH"
+  type        = list(string)
+  default     = []
+}
+
+resource "azuread_application_federated_identity_credential" "deploy_gitlab" {
+  for_each       = toset(var.gitlab_oidc_subjects)
+  application_id = azuread_application.deploy.id
+  display_name   = substr("gitlab-${replace(each.value, "/[^0-9A-Za-z_-]+/", "-")}", 0, 120)
+  issuer         = "https://gitlab.com"
+  subject        = each.value
+  audiences      = ["api://AzureADTokenExchange"]
+}

 resource "azuread_service_principal" "deploy" {
   client_id = azuread_application.deploy.client_id
""",
        },
        says=("set gitlab_oidc_subjects to the exact subjects",),
    ),
    PlannerExample(
        "HCP Terraform",
        {"main.tf": _HCP},
        {"tfe_workspace.site": "patch", _KEY: "patch"},
        {"tfe_workspace.site": _TARGET, _KEY: _TARGET},
        patches={
            "migrate": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -35,10 +35,16 @@
   project_id = tfe_project.site.id
 }

-resource "tfe_variable" "secret" {
+resource "tfe_variable" "tfc_azure_provider_auth" {
   workspace_id = tfe_workspace.site.id
+  key          = "TFC_AZURE_PROVIDER_AUTH"
+  value        = "true"
   category     = "env"
-  key          = "ARM_CLIENT_SECRET"
-  value        = azuread_application_password.deploy.value
-  sensitive    = true
+}
+
+resource "tfe_variable" "tfc_azure_run_client_id" {
+  workspace_id = tfe_workspace.site.id
+  key          = "TFC_AZURE_RUN_CLIENT_ID"
+  value        = azuread_application.deploy.client_id
+  category     = "env"
 }
""",
        },
    ),
    PlannerExample(
        "HCP Terraform: the application's id is set too",
        {
            "main.tf": _HCP
            + """
resource "tfe_variable" "client" {
  workspace_id = tfe_workspace.site.id
  category     = "env"
  key          = "ARM_CLIENT_ID"
  value        = azuread_application.deploy.client_id
}
""",
        },
        {"tfe_workspace.site": "patch", _KEY: "patch"},
        {"tfe_workspace.site": _TARGET, _KEY: _TARGET},
        patches={
            "migrate": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -35,17 +35,16 @@
   project_id = tfe_project.site.id
 }

-resource "tfe_variable" "secret" {
+resource "tfe_variable" "tfc_azure_provider_auth" {
   workspace_id = tfe_workspace.site.id
+  key          = "TFC_AZURE_PROVIDER_AUTH"
+  value        = "true"
   category     = "env"
-  key          = "ARM_CLIENT_SECRET"
-  value        = azuread_application_password.deploy.value
-  sensitive    = true
 }

-resource "tfe_variable" "client" {
+resource "tfe_variable" "tfc_azure_run_client_id" {
   workspace_id = tfe_workspace.site.id
+  key          = "TFC_AZURE_RUN_CLIENT_ID"
+  value        = azuread_application.deploy.client_id
   category     = "env"
-  key          = "ARM_CLIENT_ID"
-  value        = azuread_application.deploy.client_id
 }
""",
        },
    ),
    PlannerExample(
        "Bitbucket",
        {
            "bitbucket-pipelines.yml": """\
pipelines:
  default:
    - step:
        script:
          - az login --service-principal -u $CLIENT_ID -p $AZURE_CLIENT_SECRET --tenant $TENANT_ID
          - az webapp up
""",
        },
        {"pipelines.default.steps[0]": "advice"},
        {"pipelines.default.steps[0]": _TARGET},
        says=("Entra ID takes no wildcard", "az login --identity"),
    ),
)
