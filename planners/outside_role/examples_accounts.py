"""Vendors and other accounts; keys that no resource of the code reads are judged by their names."""

from __future__ import annotations

from rolecall.planning.example import PlannerExample

ACCOUNTS: tuple[PlannerExample, ...] = (
    PlannerExample(
        "a vendor that can assume a role",
        {
            "main.tf": """\
resource "aws_iam_user" "datadog" {
  name = "datadog"
}

resource "aws_iam_access_key" "datadog" {
  user = aws_iam_user.datadog.name
}

resource "aws_iam_user_policy" "datadog" {
  name = "datadog"
  user = aws_iam_user.datadog.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::in/*" }]
  })
}
""",
        },
        {"aws_iam_access_key.datadog": "partial"},
        {"aws_iam_access_key.datadog": ("aws:cross-account-role", "keep-with-controls")},
        patches={
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -1,6 +1,45 @@
 resource "aws_iam_user" "datadog" {
   name = "datadog"
 }
+
+variable "datadog_principal" {
+  description = "The ARN of the principal by which Datadog assumes the role; while it is empty nobody may"
+  type        = string
+  default     = ""
+
+  validation {
+    condition     = can(regex("^(arn:aws[a-z-]*:iam::464622532012:(root|(role|user)/[^*]+))?$", var.datadog_principal))
+    error_message = "The value must be empty or the exact ARN of one principal of another account."
+  }
+}
+
+variable "datadog_external_id" {
+  description = "The external id that Datadog shows for this account; while it is empty nobody may assume the role"
+  type        = string
+  default     = ""
+
+  validation {
+    condition     = can(regex("^([0-9A-Za-z_+=,.@:/-]{2,})?$", var.datadog_external_id))
+    error_message = "The value must be empty or an external id of at least two characters."
+  }
+}
+
+resource "aws_iam_role" "datadog_vendor" {
+  name = "datadog-vendor"
+  # a trust that denies everybody until it is said who may have the role
+  assume_role_policy = jsonencode({
+    Version = "2012-10-17"
+    Statement = [{
+      Effect    = var.datadog_principal == "" || var.datadog_external_id == "" ? "Deny" : "Allow"
+      Action    = "sts:AssumeRole"
+      Principal = { AWS = var.datadog_principal == "" ? "*" : var.datadog_principal }
+      Condition = { StringEquals = { "sts:ExternalId" = var.datadog_external_id } }
+    }]
+  })
+  tags = {
+    "migrates-from" = "aws_iam_user.datadog"
+  }
+}

 resource "aws_iam_access_key" "datadog" {
   user = aws_iam_user.datadog.name
@@ -14,3 +53,12 @@
     Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::in/*" }]
   })
 }
+
+resource "aws_iam_role_policy" "datadog" {
+  name = "datadog"
+  role = aws_iam_role.datadog_vendor.name
+  policy = jsonencode({
+    Version   = "2012-10-17"
+    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::in/*" }]
+  })
+}
""",
        },
        says=(
            "set datadog_principal and datadog_external_id",
            "enter the ARN of aws_iam_role.datadog_vendor at Datadog",
        ),
    ),
    PlannerExample(
        "a vendor whose role is there",
        {
            "main.tf": """\
resource "aws_iam_user" "datadog" {
  name = "datadog"
}

resource "aws_iam_access_key" "datadog" {
  user = aws_iam_user.datadog.name
}

resource "aws_iam_user_policy" "datadog" {
  name = "datadog"
  user = aws_iam_user.datadog.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::in/*" }]
  })
}

resource "aws_iam_role" "vendor" {
  name = "vendor"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = "arn:aws:iam::111122223333:role/integration" }
      Condition = { StringEquals = { "sts:ExternalId" = "made-by-the-vendor" } }
    }]
  })
}

resource "aws_iam_role_policy" "vendor" {
  name = "vendor"
  role = aws_iam_role.vendor.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::in/*" }]
  })
}
""",
        },
        {"aws_iam_access_key.datadog": "advice"},
        {"aws_iam_access_key.datadog": ("aws:cross-account-role", "keep-with-controls")},
        says=("aws_iam_role.vendor has the user's permissions",),
    ),
    PlannerExample(
        "another account's workload",
        {
            "main.tf": """\
resource "aws_iam_user" "dcs" {
  name = "dcs"
}

resource "aws_iam_access_key" "dcs" {
  user = aws_iam_user.dcs.name
}

resource "aws_iam_user_policy" "dcs" {
  name = "dcs"
  user = aws_iam_user.dcs.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sqs:SendMessage"
      Resource  = "arn:aws:sqs:eu-west-2:111122223333:in"
      Condition = { StringEquals = { "aws:ResourceAccount" = "111122223333" } }
    }]
  })
}
""",
        },
        {"aws_iam_access_key.dcs": "partial"},
        {"aws_iam_access_key.dcs": ("aws:cross-account-role",)},
        patches={
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -1,6 +1,33 @@
 resource "aws_iam_user" "dcs" {
   name = "dcs"
 }
+
+variable "dcs_principal" {
+  description = "The ARN of the principal by which account 111122223333 assumes the role; while it is empty nobody may"
+  type        = string
+  default     = ""
+
+  validation {
+    condition     = can(regex("^(arn:aws[a-z-]*:iam::111122223333:((role|user)/[^*]+))?$", var.dcs_principal))
+    error_message = "The value must be empty or the exact ARN of one principal of another account."
+  }
+}
+
+resource "aws_iam_role" "dcs_account" {
+  name = "dcs-account"
+  # a trust that denies everybody until it is said who may have the role
+  assume_role_policy = jsonencode({
+    Version = "2012-10-17"
+    Statement = [{
+      Effect    = var.dcs_principal == "" ? "Deny" : "Allow"
+      Action    = "sts:AssumeRole"
+      Principal = { AWS = var.dcs_principal == "" ? "*" : var.dcs_principal }
+    }]
+  })
+  tags = {
+    "migrates-from" = "aws_iam_user.dcs"
+  }
+}

 resource "aws_iam_access_key" "dcs" {
   user = aws_iam_user.dcs.name
@@ -19,3 +46,17 @@
     }]
   })
 }
+
+resource "aws_iam_role_policy" "dcs" {
+  name = "dcs"
+  role = aws_iam_role.dcs_account.name
+  policy = jsonencode({
+    Version = "2012-10-17"
+    Statement = [{
+      Effect    = "Allow"
+      Action    = "sqs:SendMessage"
+      Resource  = "arn:aws:sqs:eu-west-2:111122223333:in"
+      Condition = { StringEquals = { "aws:ResourceAccount" = "111122223333" } }
+    }]
+  })
+}
""",
        },
        says=("let the workload of account 111122223333 assume aws_iam_role.dcs_account",),
    ),
)
