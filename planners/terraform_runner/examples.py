"""Terraform that leaves a key behind."""

from __future__ import annotations

from rolecall.planning.example import PlannerExample

_BY_VARIABLES = """\
variable "access_key" {
  type = string
}

variable "secret_key" {
  type      = string
  sensitive = true
}

# the account of the shop
provider "aws" {
  region     = "eu-west-2"
  access_key = var.access_key
  secret_key = var.secret_key
}

resource "aws_s3_bucket" "shop" {
  bucket = "shop"
}
"""

EXAMPLES: tuple[PlannerExample, ...] = (
    PlannerExample(
        "keys by variables that a program sets",
        {
            "terraform/aws/templates/main.tf": _BY_VARIABLES,
            "terraform/aws/inputs.go": 'inputs := map[string]interface{}{\n\t"access_key": state.AccessKeyID,\n}\n',
        },
        {"provider.aws": "advice"},
        {"provider.aws": ("aws:assume-role",)},
        says=("terraform/aws/inputs.go hands it to what runs Terraform here",),
    ),
    PlannerExample(
        "keys in a program's test data",
        {"storage/fixtures/main.tf": _BY_VARIABLES},
        {"provider.aws": "advice"},
        {"provider.aws": ("aws:assume-role",)},
        says=("no patch: storage/fixtures/main.tf lies in test data",),
    ),
    PlannerExample(
        "keys by variables",
        {
            "main.tf": _BY_VARIABLES,
        },
        {"provider.aws": "partial"},
        {"provider.aws": ("aws:assume-role",)},
        patches={
            "migrate": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -9,9 +9,7 @@

 # the account of the shop
 provider "aws" {
-  region     = "eu-west-2"
+  region = "eu-west-2"
-  access_key = var.access_key
-  secret_key = var.secret_key
 }

 resource "aws_s3_bucket" "shop" {
""",
        },
    ),
    PlannerExample(
        "the documentation's key, by which nobody logs in",
        {
            "main.tf": """\
provider "aws" {
  region     = "eu-west-2"
  access_key = "AKIAIOSFODNN7EXAMPLE"
  secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
}
""",
        },
        {"provider.aws": "patch"},
        {"provider.aws": ("aws:assume-role",)},
        patches={
            "migrate": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -1,5 +1,3 @@
 provider "aws" {
-  region     = "eu-west-2"
+  region = "eu-west-2"
-  access_key = "AKIAIOSFODNN7EXAMPLE"
-  secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
 }
""",
        },
    ),
    PlannerExample(
        "a backend",
        {
            "main.tf": """\
terraform {
  backend "s3" {
    bucket     = "state"
    key        = "shop.tfstate"
    region     = "eu-west-2"
    access_key = "AKIAIOSFODNN7EXAMPLE"
    secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
  }
}
""",
        },
        {"terraform.backend.s3": "patch"},
        {"terraform.backend.s3": ("aws:assume-role",)},
        patches={
            "migrate": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -1,9 +1,7 @@
 terraform {
   backend "s3" {
-    bucket     = "state"
+    bucket = "state"
-    key        = "shop.tfstate"
+    key    = "shop.tfstate"
-    region     = "eu-west-2"
+    region = "eu-west-2"
-    access_key = "AKIAIOSFODNN7EXAMPLE"
-    secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
   }
 }
""",
        },
    ),
    PlannerExample(
        "a workflow that logs in by OIDC",
        {
            "main.tf": """\
variable "access_key" {}
variable "secret_key" {}

provider "aws" {
  region     = "eu-west-2"
  access_key = "${var.access_key}"
  secret_key = "${var.secret_key}"
}
""",
            ".github/workflows/plan.yml": """\
name: plan

on: push

permissions:
  id-token: write
  contents: read

jobs:
  plan:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: aws-actions/configure-aws-credentials@v4
        with:
          role-to-assume: arn:aws:iam::123456789012:role/plan
          aws-region: eu-west-2
      - run: terraform plan
""",
        },
        {"provider.aws": "patch"},
        {"provider.aws": ("aws:oidc",)},
        patches={
            "migrate": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -2,7 +2,5 @@
 variable "secret_key" {}

 provider "aws" {
-  region     = "eu-west-2"
+  region = "eu-west-2"
-  access_key = "${var.access_key}"
-  secret_key = "${var.secret_key}"
 }
""",
        },
    ),
)
