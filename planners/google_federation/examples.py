"""Workloads of AWS and Azure with a key of a Google service account."""

from __future__ import annotations

from rolecall.planning.example import PlannerExample

_TARGET = ("gcp:workload-identity-federation",)
_ACCOUNT = """\
resource "google_service_account" "reports" {
  account_id = "reports"
  project    = "example-project"
}

resource "google_service_account_key" "reports" {
  service_account_id = google_service_account.reports.name
}
"""
_ROLE = """\

resource "aws_iam_role" "reports" {
  name = "reports"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}
"""
_FUNCTION = """\

resource "aws_lambda_function" "reports" {
  function_name = "reports"
  role          = {role}
  handler       = "main.handler"
  runtime       = "python3.12"
  filename      = "reports.zip"

  environment {
    variables = {
      GOOGLE_KEY = google_service_account_key.reports.private_key
    }
  }
}
"""
_TRUST = """\

resource "google_iam_workload_identity_pool" "aws" {
  project                   = "example-project"
  workload_identity_pool_id = "amazon"
}

resource "google_iam_workload_identity_pool_provider" "aws" {
  project                            = "example-project"
  workload_identity_pool_id          = google_iam_workload_identity_pool.aws.workload_identity_pool_id
  workload_identity_pool_provider_id = "amazon"
  attribute_condition                = "attribute.aws_role in ['${aws_iam_role.other.name}']"
  attribute_mapping = {
    "google.subject"     = "assertion.arn"
    "attribute.aws_role" = "assertion.arn.extract('assumed-role/{role}/')"
  }
  aws {
    account_id = "111122223333"
  }
}

resource "aws_iam_role" "other" {
  name               = "other"
  assume_role_policy = aws_iam_role.reports.assume_role_policy
}
"""
_APP = """\

resource "azurerm_linux_web_app" "reports" {
  name                = "reports"
  resource_group_name = "reports"
  location            = "westeurope"
  service_plan_id     = "plan"

  site_config {}

  identity {
    type = "SystemAssigned"
  }

  app_settings = {
    GOOGLE_KEY = google_service_account_key.reports.private_key
  }
}
"""

_SECRET = """\

resource "aws_secretsmanager_secret" "reports" {
  name = "shop/reports"
}

resource "aws_secretsmanager_secret_version" "reports" {
  secret_id     = aws_secretsmanager_secret.reports.id
  secret_string = google_service_account_key.reports.private_key
}
"""


def _function(role: str = "aws_iam_role.reports.arn") -> str:
    return _FUNCTION.replace("{role}", role)


def _daily() -> str:
    return _function().replace("reports", "daily").replace("key.daily", "key.reports")


EXAMPLES: tuple[PlannerExample, ...] = (
    PlannerExample(
        "a function of AWS whose role is beside the key",
        {"main.tf": _ACCOUNT + _ROLE + _function()},
        {"aws_lambda_function.reports": "partial", "google_service_account_key.reports": "partial"},
        {"aws_lambda_function.reports": _TARGET, "google_service_account_key.reports": _TARGET},
        patches={
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -2,6 +2,31 @@
   account_id = "reports"
   project    = "example-project"
 }
+
+resource "google_iam_workload_identity_pool" "reports_aws" {
+  project                   = "example-project"
+  workload_identity_pool_id = "reports-aws"
+}
+
+resource "google_iam_workload_identity_pool_provider" "reports_aws" {
+  project                            = "example-project"
+  workload_identity_pool_id          = google_iam_workload_identity_pool.reports_aws.workload_identity_pool_id
+  workload_identity_pool_provider_id = "reports-aws"
+  attribute_condition                = "attribute.aws_role in ['${aws_iam_role.reports.name}']"
+  attribute_mapping = {
+    "google.subject"     = "assertion.arn.extract('assumed-role/{session}')"
+    "attribute.aws_role" = "assertion.arn.extract('assumed-role/{role}/')"
+  }
+  aws {
+    account_id = split(":", aws_iam_role.reports.arn)[4]
+  }
+}
+
+resource "google_service_account_iam_member" "reports_reports" {
+  service_account_id = google_service_account.reports.name
+  role               = "roles/iam.workloadIdentityUser"
+  member             = "principalSet://iam.googleapis.com/POOL/attribute.aws_role/${aws_iam_role.reports.name}"
+}

 resource "google_service_account_key" "reports" {
   service_account_id = google_service_account.reports.name
""".replace("POOL", "${google_iam_workload_identity_pool.reports_aws.name}")
        },
        says=("--aws --output-file", "--service-account=reports@example-project.iam.gserviceaccount.com"),
    ),
    PlannerExample(
        "two functions with one key",
        {"main.tf": _ACCOUNT + _ROLE + _ROLE.replace("reports", "daily") + _function() + _daily()},
        {
            "aws_lambda_function.reports": "partial",
            "aws_lambda_function.daily": "partial",
            "google_service_account_key.reports": "partial",
        },
        {
            "aws_lambda_function.reports": _TARGET,
            "aws_lambda_function.daily": _TARGET,
            "google_service_account_key.reports": _TARGET,
        },
    ),
    PlannerExample(
        "a function whose role is somewhere else",
        {"main.tf": _ACCOUNT + _function('"arn:aws:iam::111122223333:role/reports"')},
        {"aws_lambda_function.reports": "advice", "google_service_account_key.reports": "advice"},
        {"aws_lambda_function.reports": _TARGET, "google_service_account_key.reports": _TARGET},
        says=("is not declared beside the key", "attribute.aws_role/reports'"),
    ),
    PlannerExample(
        "a provider for AWS that lets another role in",
        {"main.tf": _ACCOUNT + _TRUST + _ROLE + _function()},
        {"aws_lambda_function.reports": "partial", "google_service_account_key.reports": "partial"},
        {"aws_lambda_function.reports": _TARGET, "google_service_account_key.reports": _TARGET},
        patches={
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -2,6 +2,12 @@
   account_id = "reports"
   project    = "example-project"
 }
+
+resource "google_service_account_iam_member" "reports_reports" {
+  service_account_id = google_service_account.reports.name
+  role               = "roles/iam.workloadIdentityUser"
+  member             = "principalSet://iam.googleapis.com/POOL/attribute.aws_role/${aws_iam_role.reports.name}"
+}

 resource "google_service_account_key" "reports" {
   service_account_id = google_service_account.reports.name
""".replace("POOL", "${google_iam_workload_identity_pool.aws.name}")
        },
        says=("whether the condition of google_iam_workload_identity_pool_provider.aws lets",),
    ),
    PlannerExample(
        "an app of Azure with a managed identity",
        {"main.tf": _ACCOUNT + _APP},
        {"azurerm_linux_web_app.reports": "partial", "google_service_account_key.reports": "partial"},
        {"azurerm_linux_web_app.reports": _TARGET, "google_service_account_key.reports": _TARGET},
        patches={
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -2,6 +2,37 @@
   account_id = "reports"
   project    = "example-project"
 }
+
+variable "google_federation_audience" {
+  description = "The application id URI (api://...) that the identity asks its token for"
+  type        = string
+  default     = "not-set-yet"
+}
+
+resource "google_iam_workload_identity_pool" "reports_azure" {
+  project                   = "example-project"
+  workload_identity_pool_id = "reports-azure"
+}
+
+resource "google_iam_workload_identity_pool_provider" "reports_azure" {
+  project                            = "example-project"
+  workload_identity_pool_id          = google_iam_workload_identity_pool.reports_azure.workload_identity_pool_id
+  workload_identity_pool_provider_id = "reports-azure"
+  attribute_condition                = "assertion.sub in ['OBJECT_ID']"
+  attribute_mapping = {
+    "google.subject" = "assertion.sub"
+  }
+  oidc {
+    issuer_uri        = "https://sts.windows.net/${azurerm_linux_web_app.reports.identity[0].tenant_id}/"
+    allowed_audiences = [var.google_federation_audience]
+  }
+}
+
+resource "google_service_account_iam_member" "reports_reports" {
+  service_account_id = google_service_account.reports.name
+  role               = "roles/iam.workloadIdentityUser"
+  member             = "principal://iam.googleapis.com/POOL/subject/OBJECT_ID"
+}

 resource "google_service_account_key" "reports" {
   service_account_id = google_service_account.reports.name
""".replace("POOL", "${google_iam_workload_identity_pool.reports_azure.name}").replace(
                "OBJECT_ID", "${azurerm_linux_web_app.reports.identity[0].principal_id}"
            )
        },
        says=("register an application in Entra ID", "--azure --app-id-uri"),
    ),
    PlannerExample(
        "an app of Azure without an identity",
        {"main.tf": _ACCOUNT + _APP.replace('  identity {\n    type = "SystemAssigned"\n  }\n\n', "")},
        {"azurerm_linux_web_app.reports": "advice", "google_service_account_key.reports": "advice"},
        {"azurerm_linux_web_app.reports": _TARGET, "google_service_account_key.reports": _TARGET},
        says=("has no identity of its own that is seen",),
    ),
    PlannerExample(
        "a key in Secrets Manager, whose reader is not seen",
        {"main.tf": _ACCOUNT + _SECRET},
        {"aws_secretsmanager_secret_version.reports": "partial", "google_service_account_key.reports": "partial"},
        {"aws_secretsmanager_secret_version.reports": _TARGET, "google_service_account_key.reports": _TARGET},
        patches={
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -2,6 +2,38 @@
   account_id = "reports"
   project    = "example-project"
 }
+
+variable "reports_readers" {
+  description = "The names of the AWS roles that may act as reports: those of what reads the key now"
+  type        = list(string)
+  default     = []
+}
+
+resource "google_iam_workload_identity_pool" "reports_readers" {
+  project                   = "example-project"
+  workload_identity_pool_id = "reports-readers"
+}
+
+resource "google_iam_workload_identity_pool_provider" "reports_readers" {
+  project                            = "example-project"
+  workload_identity_pool_id          = google_iam_workload_identity_pool.reports_readers.workload_identity_pool_id
+  workload_identity_pool_provider_id = "reports-readers"
+  attribute_condition                = "attribute.aws_role in ${jsonencode(var.reports_readers)}"
+  attribute_mapping = {
+    "google.subject"     = "assertion.arn.extract('assumed-role/{session}')"
+    "attribute.aws_role" = "assertion.arn.extract('assumed-role/{role}/')"
+  }
+  aws {
+    account_id = split(":", aws_secretsmanager_secret_version.reports.arn)[4]
+  }
+}
+
+resource "google_service_account_iam_member" "reports_readers" {
+  for_each           = toset(var.reports_readers)
+  service_account_id = google_service_account.reports.name
+  role               = "roles/iam.workloadIdentityUser"
+  member             = "principalSet://iam.googleapis.com/POOL/attribute.aws_role/${each.value}"
+}

 resource "google_service_account_key" "reports" {
   service_account_id = google_service_account.reports.name
""".replace("POOL", "${google_iam_workload_identity_pool.reports_readers.name}")
        },
        says=("nothing seen reads aws_secretsmanager_secret_version.reports", 'contains("shop/reports")'),
    ),
)
