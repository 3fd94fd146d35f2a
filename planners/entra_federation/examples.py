"""What this planner does, by examples."""

from __future__ import annotations

from rolecall.planning.example import PlannerExample

_APPLICATION = """\
resource "azuread_application" "orders" {
  display_name = "orders"
}

resource "azuread_application_password" "orders" {
  application_id = azuread_application.orders.id
}
"""
_FUNCTION = """\

resource "aws_iam_role" "orders" {
  name = "orders"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_lambda_function" "orders" {
  function_name = "orders"
  role          = aws_iam_role.orders.arn
  runtime       = "python3.13"
  handler       = "app.handler"
  filename      = "app.zip"

  environment {
    variables = {
      AZURE_CLIENT_SECRET = azuread_application_password.orders.value
    }
  }
}
"""
_SERVICE = """\

resource "google_service_account" "orders" {
  account_id = "orders"
}

resource "google_cloud_run_v2_service" "orders" {
  name     = "orders"
  location = "europe-west1"

  template {
    service_account = google_service_account.orders.email

    containers {
      image = "orders:1"

      env {
        name  = "AZURE_CLIENT_SECRET"
        value = azuread_application_password.orders.value
      }
    }
  }
}
"""
_LAMBDA, _RUN = "aws_lambda_function.orders", "google_cloud_run_v2_service.orders"
_KEY, _TARGET = "azuread_application_password.orders", ("azure:federated-credential",)

EXAMPLES: tuple[PlannerExample, ...] = (
    PlannerExample(
        "a function of AWS",
        {"main.tf": _APPLICATION + _FUNCTION},
        {_LAMBDA: "partial", _KEY: "partial"},
        {_LAMBDA: _TARGET, _KEY: _TARGET},
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
+variable "aws_token_issuer" {
+  description = "The issuer of this AWS account's tokens: aws iam get-outbound-web-identity-federation-info"
+  type        = string
+  default     = ""
+}
+
+resource "azuread_application_federated_identity_credential" "orders_orders" {
+  count          = var.aws_token_issuer == "" ? 0 : 1
+  application_id = azuread_application.orders.id
+  display_name   = "aws-orders"
+  issuer         = var.aws_token_issuer
+  subject        = aws_iam_role.orders.arn
+  audiences      = ["api://AzureADTokenExchange"]
+}

 resource "azuread_application_password" "orders" {
   application_id = azuread_application.orders.id
"""
        },
        says=("aws iam get-outbound-web-identity-federation-info", "aws sts get-web-identity-token"),
    ),
    PlannerExample(
        "a service of Google Cloud",
        {"main.tf": _APPLICATION + _SERVICE},
        {_RUN: "partial", _KEY: "partial"},
        {_RUN: _TARGET, _KEY: _TARGET},
        patches={
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -1,6 +1,14 @@
 resource "azuread_application" "orders" {
   display_name = "orders"
 }
+
+resource "azuread_application_federated_identity_credential" "orders_orders" {
+  application_id = azuread_application.orders.id
+  display_name   = "google-orders"
+  issuer         = "https://accounts.google.com"
+  subject        = google_service_account.orders.unique_id
+  audiences      = ["api://AzureADTokenExchange"]
+}

 resource "azuread_application_password" "orders" {
   application_id = azuread_application.orders.id
"""
        },
        says=("comes to its token is in its own code",),
    ),
    PlannerExample(
        "an application that is not in the code",
        {
            "main.tf": _FUNCTION.lstrip().replace(
                "azuread_application_password.orders.value", '"battery-staple-correct"'
            )
        },
        {_LAMBDA: "advice"},
        {_LAMBDA: _TARGET},
        says=("the application of the secret is not in the code", "the role's ARN"),
    ),
)
