"""What this planner does, by examples."""

from __future__ import annotations

from rolecall.planning.example import PlannerExample

_ACCOUNT = """\
resource "google_service_account" "deploy" {
  account_id = "site-deploy"
  project    = "acme"
}

resource "google_service_account_key" "deploy" {
  service_account_id = google_service_account.deploy.name
}
"""
_GITLAB = (
    _ACCOUNT
    + """
resource "gitlab_project_variable" "key" {
  project           = "acme/site"
  key               = "GOOGLE_CREDENTIALS"
  value             = base64decode(google_service_account_key.deploy.private_key)
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
_GCLOUD = """\
site:
  environment: production
  script:
    - gcloud auth activate-service-account --key-file="$SITE_GCP_SA_KEY"
    - gcloud run deploy site
  only:
    - main
"""
_HCP = (
    _ACCOUNT
    + """
resource "tfe_workspace" "site" {
  name = "site"
}

resource "tfe_variable" "key" {
  workspace_id = tfe_workspace.site.id
  category     = "env"
  key          = "GOOGLE_CREDENTIALS"
  value        = base64decode(google_service_account_key.deploy.private_key)
  sensitive    = true
}
"""
)
_KEY = "google_service_account_key.deploy"
_TARGET = ("gcp:workload-identity-federation",)

EXAMPLES: tuple[PlannerExample, ...] = (
    PlannerExample(
        "GitLab: Terraform",
        {"main.tf": _GITLAB, "README.md": _README, ".gitlab-ci.yml": _TERRAFORM},
        {"jobs.site": "patch", _KEY: "patch"},
        {"jobs.site": _TARGET, _KEY: _TARGET},
    ),
    PlannerExample(
        "GitLab: a login of gcloud",
        {
            "main.tf": _GITLAB.replace("GOOGLE_CREDENTIALS", "SITE_GCP_SA_KEY").replace(
                'environment_scope = "production"', 'environment_scope = "production"\n  variable_type     = "file"'
            ),
            "README.md": _README,
            ".gitlab-ci.yml": _GCLOUD,
        },
        {"jobs.site": "patch", _KEY: "patch"},
        {"jobs.site": _TARGET, _KEY: _TARGET},
    ),
    PlannerExample(
        "GitLab: the key is written to a file",
        {
            "main.tf": _GITLAB.replace("GOOGLE_CREDENTIALS", "SITE_GCP_SA_KEY"),
            "README.md": _README,
            ".gitlab-ci.yml": _GCLOUD.replace(
                '    - gcloud auth activate-service-account --key-file="$SITE_GCP_SA_KEY"\n',
                '    - echo "$SITE_GCP_SA_KEY" > key.json\n'
                "    - gcloud auth activate-service-account --key-file=key.json\n",
            ),
        },
        {"jobs.site": "partial", _KEY: "partial"},
        {"jobs.site": _TARGET, _KEY: _TARGET},
        says=("does more than putting the key where programs find it", "create-cred-config"),
    ),
    PlannerExample(
        "GitLab: nothing says which project",
        {"main.tf": _GITLAB.replace('"acme/site"', "42")},
        {"gitlab_project_variable.key": "partial", _KEY: "partial"},
        {"gitlab_project_variable.key": _TARGET, _KEY: _TARGET},
        patches={
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -2,6 +2,45 @@
   account_id = "site-deploy"
   project    = "acme"
 }
+
+variable "gitlab_subjects" {
+  description = "Who may log in: project_path:GROUP/PROJECT:ref_type:branch:ref:BRANCH"
+  type        = list(string)
+  default     = []
+}
+
+variable "gitlab_project" {
+  description = "The GitLab project whose jobs may log in, as GROUP/PROJECT"
+  type        = string
+  default     = "not-set-yet"
+}
+
+resource "google_iam_workload_identity_pool" "gitlab" {
+  project                   = "acme"
+  workload_identity_pool_id = "gitlab"
+}
+
+resource "google_iam_workload_identity_pool_provider" "gitlab" {
+  project                            = "acme"
+  workload_identity_pool_id          = google_iam_workload_identity_pool.gitlab.workload_identity_pool_id
+  workload_identity_pool_provider_id = "gitlab"
+  attribute_condition                = "assertion.project_path == '${var.gitlab_project}'"
+  attribute_mapping = {
+    "google.subject" = "assertion.sub"
+  }
+
+  oidc {
+    issuer_uri        = "https://gitlab.com"
+    allowed_audiences = ["https://gitlab.com"]
+  }
+}
+
+resource "google_service_account_iam_member" "deploy_gitlab" {
+  for_each           = toset(var.gitlab_subjects)
+  service_account_id = google_service_account.deploy.name
+  role               = "roles/iam.workloadIdentityUser"
+  member             = "principal://iam.googleapis.com/${google_iam_workload_identity_pool.gitlab.name}/subject/${each.value}"
+}

 resource "google_service_account_key" "deploy" {
   service_account_id = google_service_account.deploy.name
@@ -13,3 +52,17 @@
   value             = base64decode(google_service_account_key.deploy.private_key)
   environment_scope = "production"
 }
+
+resource "gitlab_project_variable" "gcp_workload_provider_deploy" {
+  project           = 42
+  environment_scope = "production"
+  key               = "GCP_WORKLOAD_PROVIDER_DEPLOY"
+  value             = google_iam_workload_identity_pool_provider.gitlab.name
+}
+
+resource "gitlab_project_variable" "gcp_service_account_deploy" {
+  project           = 42
+  environment_scope = "production"
+  key               = "GCP_SERVICE_ACCOUNT_DEPLOY"
+  value             = google_service_account.deploy.email
+}
""",
        },
        says=("set gitlab_subjects to the exact subjects",),
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
@@ -37,10 +37,23 @@
   name = "site"
 }

-resource "tfe_variable" "key" {
+resource "tfe_variable" "tfc_gcp_provider_auth" {
   workspace_id = tfe_workspace.site.id
+  key          = "TFC_GCP_PROVIDER_AUTH"
+  value        = "true"
   category     = "env"
-  key          = "GOOGLE_CREDENTIALS"
-  value        = base64decode(google_service_account_key.deploy.private_key)
-  sensitive    = true
+}
+
+resource "tfe_variable" "tfc_gcp_run_service_account_email" {
+  workspace_id = tfe_workspace.site.id
+  key          = "TFC_GCP_RUN_SERVICE_ACCOUNT_EMAIL"
+  value        = google_service_account.deploy.email
+  category     = "env"
+}
+
+resource "tfe_variable" "tfc_gcp_workload_provider_name" {
+  workspace_id = tfe_workspace.site.id
+  key          = "TFC_GCP_WORKLOAD_PROVIDER_NAME"
+  value        = google_iam_workload_identity_pool_provider.hcp_terraform.name
+  category     = "env"
 }
""",
        },
    ),
    PlannerExample(
        "CircleCI",
        {
            ".circleci/config.yml": """\
version: 2.1
jobs:
  site:
    docker:
      - image: google/cloud-sdk
    steps:
      - run: echo "$GCLOUD_SERVICE_KEY" | gcloud auth activate-service-account --key-file=-
workflows:
  site:
    jobs: [site]
""",
        },
        {"jobs.site": "advice"},
        {"jobs.site": _TARGET},
        says=("assertion['oidc.circleci.com/project-id'] == 'PROJECT_ID'",),
    ),
)
