"""What this planner does, by examples."""

from __future__ import annotations

from rolecall.planning.example import PlannerExample

_ACCOUNT = """\
provider "github" {
  owner = "example"
}

resource "google_service_account" "deploy" {
  account_id = "deploy"
}

resource "google_service_account_key" "deploy" {
  service_account_id = google_service_account.deploy.name
}

resource "google_project_iam_member" "deploy" {
  project = "example"
  role    = "roles/run.developer"
  member  = "serviceAccount:${google_service_account.deploy.email}"
}

resource "github_actions_secret" "key" {
  repository      = "site"
  secret_name     = "GCP_KEY"
  plaintext_value = base64decode(google_service_account_key.deploy.private_key)
}
"""
_TRUST = """\

resource "google_iam_workload_identity_pool" "ci" {
  workload_identity_pool_id = "ci-pool"
}

resource "google_iam_workload_identity_pool_provider" "ci" {
  workload_identity_pool_id          = google_iam_workload_identity_pool.ci.workload_identity_pool_id
  workload_identity_pool_provider_id = "github"
  attribute_condition                = "assertion.repository == 'example/site'"
  attribute_mapping = {
    "google.subject" = "assertion.sub"
  }
  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}

resource "google_service_account_iam_member" "deploy" {
  service_account_id = google_service_account.deploy.name
  role               = "roles/iam.workloadIdentityUser"
  member             = "principal://iam.googleapis.com/${google_iam_workload_identity_pool.ci.name}/subject/repo:example/site:environment:production"
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
      - uses: google-github-actions/auth@v2
        with:
          credentials_json: ${{ secrets.GCP_KEY }}
      - run: gcloud run deploy site
"""
_BINDING = """\

resource "google_service_account_iam_binding" "deploy" {
  service_account_id = google_service_account.deploy.name
  role               = "roles/iam.workloadIdentityUser"
  members            = ["user:ops@example.com"]
}
"""
_TARGET = ("gcp:workload-identity-federation",)

#: The login of the job, moved.
_LOGIN = """\
diff --git a/.github/workflows/deploy.yml b/.github/workflows/deploy.yml
--- a/.github/workflows/deploy.yml
+++ b/.github/workflows/deploy.yml
@@ -7,10 +7,14 @@
 jobs:
   site:
     runs-on: ubuntu-latest
+    permissions:
+      id-token: write
+      contents: read
     environment: production
     steps:
       - uses: actions/checkout@v4
       - uses: google-github-actions/auth@v2
         with:
-          credentials_json: ${{ secrets.GCP_KEY }}
+          workload_identity_provider: ${{ vars.GCP_WORKLOAD_IDENTITY_PROVIDER }}
+          service_account: ${{ vars.GCP_SERVICE_ACCOUNT }}
       - run: gcloud run deploy site
"""

EXAMPLES: tuple[PlannerExample, ...] = (
    PlannerExample(
        "a key that Terraform makes",
        {"main.tf": _ACCOUNT, ".github/workflows/deploy.yml": _WORKFLOW},
        {"jobs.site": "partial", "google_service_account_key.deploy": "partial"},
        {"jobs.site": _TARGET, "google_service_account_key.deploy": _TARGET},
        patches={
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -5,6 +5,37 @@
 resource "google_service_account" "deploy" {
   account_id = "deploy"
 }
+
+variable "github_oidc_subjects" {
+  description = "Who may log in: repo:OWNER/NAME:environment:NAME, repo:OWNER/NAME:ref:refs/heads/BRANCH"
+  type        = list(string)
+  default     = ["repo:example/site:environment:production"]
+}
+
+resource "google_iam_workload_identity_pool" "github" {
+  workload_identity_pool_id = "github"
+}
+
+resource "google_iam_workload_identity_pool_provider" "github" {
+  workload_identity_pool_id          = google_iam_workload_identity_pool.github.workload_identity_pool_id
+  workload_identity_pool_provider_id = "github"
+  attribute_condition                = "assertion.repository == 'example/site'"
+  attribute_mapping = {
+    "google.subject"       = "assertion.sub"
+    "attribute.repository" = "assertion.repository"
+  }
+
+  oidc {
+    issuer_uri = "https://token.actions.githubusercontent.com"
+  }
+}
+
+resource "google_service_account_iam_member" "deploy_github" {
+  for_each           = toset(var.github_oidc_subjects)
+  service_account_id = google_service_account.deploy.name
+  role               = "roles/iam.workloadIdentityUser"
+  member             = "principal://iam.googleapis.com/${google_iam_workload_identity_pool.github.name}/subject/${each.value}"
+}

 resource "google_service_account_key" "deploy" {
   service_account_id = google_service_account.deploy.name
@@ -21,3 +52,15 @@
   secret_name     = "GCP_KEY"
   plaintext_value = base64decode(google_service_account_key.deploy.private_key)
 }
+
+resource "github_actions_variable" "gcp_workload_identity_provider" {
+  repository    = "site"
+  variable_name = "GCP_WORKLOAD_IDENTITY_PROVIDER"
+  value         = google_iam_workload_identity_pool_provider.github.name
+}
+
+resource "github_actions_variable" "gcp_service_account" {
+  repository    = "site"
+  variable_name = "GCP_SERVICE_ACCOUNT"
+  value         = google_service_account.deploy.email
+}
""",
        },
        says=("has two forms", "set github_oidc_subjects"),
    ),
    PlannerExample(
        "an account that lets the job in already",
        {"main.tf": _ACCOUNT + _TRUST, ".github/workflows/deploy.yml": _WORKFLOW},
        {"jobs.site": "patch", "google_service_account_key.deploy": "patch"},
        {"jobs.site": _TARGET, "google_service_account_key.deploy": _TARGET},
        patches={
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -21,6 +21,18 @@
   secret_name     = "GCP_KEY"
   plaintext_value = base64decode(google_service_account_key.deploy.private_key)
 }
+
+resource "github_actions_variable" "gcp_workload_identity_provider" {
+  repository    = "site"
+  variable_name = "GCP_WORKLOAD_IDENTITY_PROVIDER"
+  value         = google_iam_workload_identity_pool_provider.ci.name
+}
+
+resource "github_actions_variable" "gcp_service_account" {
+  repository    = "site"
+  variable_name = "GCP_SERVICE_ACCOUNT"
+  value         = google_service_account.deploy.email
+}

 resource "google_iam_workload_identity_pool" "ci" {
   workload_identity_pool_id = "ci-pool"
""",
            "migrate": _LOGIN,
            "contract": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -5,22 +5,12 @@
 resource "google_service_account" "deploy" {
   account_id = "deploy"
 }
-
-resource "google_service_account_key" "deploy" {
-  service_account_id = google_service_account.deploy.name
-}

 resource "google_project_iam_member" "deploy" {
   project = "example"
   role    = "roles/run.developer"
   member  = "serviceAccount:${google_service_account.deploy.email}"
 }
-
-resource "github_actions_secret" "key" {
-  repository      = "site"
-  secret_name     = "GCP_KEY"
-  plaintext_value = base64decode(google_service_account_key.deploy.private_key)
-}

 resource "github_actions_variable" "gcp_workload_identity_provider" {
   repository    = "site"
""",
        },
    ),
    PlannerExample(
        "a provider that is there",
        {
            "main.tf": _ACCOUNT + _TRUST.partition('\nresource "google_service_account_iam_member"')[0],
            ".github/workflows/deploy.yml": _WORKFLOW,
        },
        {"jobs.site": "partial", "google_service_account_key.deploy": "partial"},
        {"jobs.site": _TARGET, "google_service_account_key.deploy": _TARGET},
        patches={
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -5,6 +5,19 @@
 resource "google_service_account" "deploy" {
   account_id = "deploy"
 }
+
+variable "github_oidc_subjects" {
+  description = "Who may log in: repo:OWNER/NAME:environment:NAME, repo:OWNER/NAME:ref:refs/heads/BRANCH"
+  type        = list(string)
+  default     = ["repo:example/site:environment:production"]
+}
+
+resource "google_service_account_iam_member" "deploy_github" {
+  for_each           = toset(var.github_oidc_subjects)
+  service_account_id = google_service_account.deploy.name
+  role               = "roles/iam.workloadIdentityUser"
+  member             = "principal://iam.googleapis.com/${google_iam_workload_identity_pool.ci.name}/subject/${each.value}"
+}

 resource "google_service_account_key" "deploy" {
   service_account_id = google_service_account.deploy.name
@@ -21,6 +34,18 @@
   secret_name     = "GCP_KEY"
   plaintext_value = base64decode(google_service_account_key.deploy.private_key)
 }
+
+resource "github_actions_variable" "gcp_workload_identity_provider" {
+  repository    = "site"
+  variable_name = "GCP_WORKLOAD_IDENTITY_PROVIDER"
+  value         = google_iam_workload_identity_pool_provider.ci.name
+}
+
+resource "github_actions_variable" "gcp_service_account" {
+  repository    = "site"
+  variable_name = "GCP_SERVICE_ACCOUNT"
+  value         = google_service_account.deploy.email
+}

 resource "google_iam_workload_identity_pool" "ci" {
   workload_identity_pool_id = "ci-pool"
""",
        },
        says=("lets this repository in is for its owner to say",),
    ),
    PlannerExample(
        "an owner that is not in the code",
        {"main.tf": _ACCOUNT.partition("}\n\n")[2], ".github/workflows/deploy.yml": _WORKFLOW},
        {"jobs.site": "partial", "google_service_account_key.deploy": "partial"},
        {"jobs.site": _TARGET, "google_service_account_key.deploy": _TARGET},
        patches={
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -1,6 +1,43 @@
 resource "google_service_account" "deploy" {
   account_id = "deploy"
 }
+
+variable "github_oidc_subjects" {
+  description = "Who may log in: repo:OWNER/NAME:environment:NAME, repo:OWNER/NAME:ref:refs/heads/BRANCH"
+  type        = list(string)
+  default     = []
+}
+
+variable "github_repository" {
+  description = "The repository whose jobs may log in, as OWNER/NAME"
+  type        = string
+  default     = "not-set-yet"
+}
+
+resource "google_iam_workload_identity_pool" "github" {
+  workload_identity_pool_id = "github"
+}
+
+resource "google_iam_workload_identity_pool_provider" "github" {
+  workload_identity_pool_id          = google_iam_workload_identity_pool.github.workload_identity_pool_id
+  workload_identity_pool_provider_id = "github"
+  attribute_condition                = "assertion.repository == '${var.github_repository}'"
+  attribute_mapping = {
+    "google.subject"       = "assertion.sub"
+    "attribute.repository" = "assertion.repository"
+  }
+
+  oidc {
+    issuer_uri = "https://token.actions.githubusercontent.com"
+  }
+}
+
+resource "google_service_account_iam_member" "deploy_github" {
+  for_each           = toset(var.github_oidc_subjects)
+  service_account_id = google_service_account.deploy.name
+  role               = "roles/iam.workloadIdentityUser"
+  member             = "principal://iam.googleapis.com/${google_iam_workload_identity_pool.github.name}/subject/${each.value}"
+}

 resource "google_service_account_key" "deploy" {
   service_account_id = google_service_account.deploy.name
@@ -17,3 +54,15 @@
   secret_name     = "GCP_KEY"
   plaintext_value = base64decode(google_service_account_key.deploy.private_key)
 }
+
+resource "github_actions_variable" "gcp_workload_identity_provider" {
+  repository    = "site"
+  variable_name = "GCP_WORKLOAD_IDENTITY_PROVIDER"
+  value         = google_iam_workload_identity_pool_provider.github.name
+}
+
+resource "github_actions_variable" "gcp_service_account" {
+  repository    = "site"
+  variable_name = "GCP_SERVICE_ACCOUNT"
+  value         = google_service_account.deploy.email
+}
""",
        },
        says=("which repository, branch or environment may log in", "set github_repository: the repository whose jobs"),
    ),
    PlannerExample(
        "a policy that says all",
        {"main.tf": _ACCOUNT + _BINDING, ".github/workflows/deploy.yml": _WORKFLOW},
        {"jobs.site": "advice", "google_service_account_key.deploy": "advice"},
        {"jobs.site": _TARGET, "google_service_account_key.deploy": _TARGET},
        says=("is the only one that may say who acts as the account",),
    ),
    PlannerExample(
        "a key for another repository",
        {"main.tf": _ACCOUNT},
        {"github_actions_secret.key": "partial", "google_service_account_key.deploy": "partial"},
        {"github_actions_secret.key": _TARGET, "google_service_account_key.deploy": _TARGET},
        says=(
            "which repository, branch or environment may log in",
            "the workflows that read github_actions_secret.key are in another repository",
        ),
    ),
    PlannerExample(
        "a key from elsewhere",
        {".github/workflows/deploy.yml": _WORKFLOW},
        {"jobs.site": "partial"},
        {"jobs.site": _TARGET},
        patches={
            "migrate": _LOGIN,
        },
        says=(
            "GCP_WORKLOAD_IDENTITY_PROVIDER, GCP_SERVICE_ACCOUNT, which no code sets",
            "revoke the service account key",
        ),
    ),
    PlannerExample(
        "code of strangers",
        {".github/workflows/deploy.yml": _WORKFLOW.replace("push:\n    branches: [main]", "pull_request_target:")},
        {"jobs.site": "advice"},
        {"jobs.site": _TARGET},
        says=("the workflow runs on pull_request_target",),
    ),
)
