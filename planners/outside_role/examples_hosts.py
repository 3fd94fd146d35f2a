"""Hosts that take a role by a certificate."""

from __future__ import annotations

from rolecall.planning.example import PlannerExample

_USER = """\
resource "aws_iam_user" "app" {
  name = "app"
}

resource "aws_iam_access_key" "app" {
  user = aws_iam_user.app.name
}

resource "aws_iam_user_policy" "app" {
  name = "app"
  user = aws_iam_user.app.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::in/*" }]
  })
}
"""

HOSTS: tuple[PlannerExample, ...] = (
    PlannerExample(
        "a host of its own",
        {
            "main.tf": """\
resource "aws_iam_user" "onprem_backup" {
  name = "onprem-backup"
}

resource "aws_iam_access_key" "onprem_backup" {
  user = aws_iam_user.onprem_backup.name
}

resource "aws_iam_user_policy" "onprem_backup" {
  name = "onprem_backup"
  user = aws_iam_user.onprem_backup.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::in/*" }]
  })
}
""",
        },
        {"aws_iam_access_key.onprem_backup": "partial"},
        {"aws_iam_access_key.onprem_backup": ("aws:roles-anywhere",)},
        says=("credential_process",),
    ),
    PlannerExample(
        "a server in Lightsail",
        {
            "main.tf": _USER
            + """\

resource "aws_lightsail_instance" "app" {
  name              = "app"
  availability_zone = "eu-west-2a"
  blueprint_id      = "amazon_linux_2023"
  bundle_id         = "nano_3_0"
  user_data         = <<EOF
export AWS_ACCESS_KEY_ID=${aws_iam_access_key.app.id}
export AWS_SECRET_ACCESS_KEY=${aws_iam_access_key.app.secret}
EOF
}
""",
        },
        {"aws_lightsail_instance.app": "partial", "aws_iam_access_key.app": "partial"},
        {"aws_lightsail_instance.app": ("aws:roles-anywhere",), "aws_iam_access_key.app": ("aws:roles-anywhere",)},
        patches={
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -1,6 +1,61 @@
 resource "aws_iam_user" "app" {
   name = "app"
 }
+
+variable "app_authority" {
+  description = "The certificate (PEM) of the authority that signs the certificate of the host; empty: nobody may"
+  type        = string
+  default     = ""
+}
+
+variable "app_certificate_cn" {
+  description = "The common name (CN) in the certificate of the host; while it is empty nobody may have the role"
+  type        = string
+  default     = ""
+}
+
+resource "aws_rolesanywhere_trust_anchor" "app_anywhere" {
+  count   = var.app_authority == "" ? 0 : 1
+  name    = "app-anywhere"
+  enabled = true
+
+  source {
+    source_type = "CERTIFICATE_BUNDLE"
+
+    source_data {
+      x509_certificate_data = var.app_authority
+    }
+  }
+}
+
+resource "aws_rolesanywhere_profile" "app_anywhere" {
+  name             = "app-anywhere"
+  enabled          = true
+  role_arns        = [aws_iam_role.app_anywhere.arn]
+  duration_seconds = 3600
+}
+
+resource "aws_iam_role" "app_anywhere" {
+  name = "app-anywhere"
+  # one authority and one certificate's name: any other certificate of the authority stays out
+  assume_role_policy = jsonencode({
+    Version = "2012-10-17"
+    Statement = [{
+      Effect    = var.app_authority == "" || var.app_certificate_cn == "" ? "Deny" : "Allow"
+      Action    = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
+      Principal = { Service = "rolesanywhere.amazonaws.com" }
+      Condition = {
+        StringEquals = {
+          "aws:PrincipalTag/x509Subject/CN" = var.app_certificate_cn
+          "aws:SourceArn"                   = join("", aws_rolesanywhere_trust_anchor.app_anywhere[*].arn)
+        }
+      }
+    }]
+  })
+  tags = {
+    "migrates-from" = "aws_iam_user.app"
+  }
+}

 resource "aws_iam_access_key" "app" {
   user = aws_iam_user.app.name
@@ -14,6 +69,15 @@
     Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::in/*" }]
   })
 }
+
+resource "aws_iam_role_policy" "app" {
+  name = "app"
+  role = aws_iam_role.app_anywhere.name
+  policy = jsonencode({
+    Version   = "2012-10-17"
+    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::in/*" }]
+  })
+}

 resource "aws_lightsail_instance" "app" {
   name              = "app"
""",
        },
        says=("attaches no role to it",),
    ),
    PlannerExample(
        "a trust anchor that is there",
        {
            "main.tf": _USER
            + """\

resource "aws_acmpca_certificate_authority" "hosts" {
  type = "ROOT"

  certificate_authority_configuration {
    key_algorithm     = "EC_prime256v1"
    signing_algorithm = "SHA256WITHECDSA"

    subject {
      common_name = "hosts.example.com"
    }
  }
}

resource "aws_rolesanywhere_trust_anchor" "hosts" {
  name    = "hosts"
  enabled = true

  source {
    source_type = "AWS_ACM_PCA"

    source_data {
      acm_pca_arn = aws_acmpca_certificate_authority.hosts.arn
    }
  }
}

resource "aws_lightsail_instance" "app" {
  name              = "app"
  availability_zone = "eu-west-2a"
  blueprint_id      = "amazon_linux_2023"
  bundle_id         = "nano_3_0"
  user_data         = <<EOF
export AWS_ACCESS_KEY_ID=${aws_iam_access_key.app.id}
export AWS_SECRET_ACCESS_KEY=${aws_iam_access_key.app.secret}
EOF
}
""",
        },
        {"aws_lightsail_instance.app": "partial", "aws_iam_access_key.app": "partial"},
        {"aws_lightsail_instance.app": ("aws:roles-anywhere",), "aws_iam_access_key.app": ("aws:roles-anywhere",)},
        patches={
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -1,6 +1,41 @@
 resource "aws_iam_user" "app" {
   name = "app"
 }
+
+variable "app_certificate_cn" {
+  description = "The common name (CN) in the certificate of the host; while it is empty nobody may have the role"
+  type        = string
+  default     = ""
+}
+
+resource "aws_rolesanywhere_profile" "app_anywhere" {
+  name             = "app-anywhere"
+  enabled          = true
+  role_arns        = [aws_iam_role.app_anywhere.arn]
+  duration_seconds = 3600
+}
+
+resource "aws_iam_role" "app_anywhere" {
+  name = "app-anywhere"
+  # one authority and one certificate's name: any other certificate of the authority stays out
+  assume_role_policy = jsonencode({
+    Version = "2012-10-17"
+    Statement = [{
+      Effect    = var.app_certificate_cn == "" ? "Deny" : "Allow"
+      Action    = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
+      Principal = { Service = "rolesanywhere.amazonaws.com" }
+      Condition = {
+        StringEquals = {
+          "aws:PrincipalTag/x509Subject/CN" = var.app_certificate_cn
+          "aws:SourceArn"                   = aws_rolesanywhere_trust_anchor.hosts.arn
+        }
+      }
+    }]
+  })
+  tags = {
+    "migrates-from" = "aws_iam_user.app"
+  }
+}

 resource "aws_iam_access_key" "app" {
   user = aws_iam_user.app.name
@@ -14,6 +49,15 @@
     Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::in/*" }]
   })
 }
+
+resource "aws_iam_role_policy" "app" {
+  name = "app"
+  role = aws_iam_role.app_anywhere.name
+  policy = jsonencode({
+    Version   = "2012-10-17"
+    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::in/*" }]
+  })
+}

 resource "aws_acmpca_certificate_authority" "hosts" {
   type = "ROOT"
""",
        },
    ),
    PlannerExample(
        "a provider without Roles Anywhere",
        {
            "main.tf": _USER
            + """\

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 3.70"
    }
  }
}

resource "aws_lightsail_instance" "app" {
  name              = "app"
  availability_zone = "eu-west-2a"
  blueprint_id      = "amazon_linux_2023"
  bundle_id         = "nano_3_0"
  user_data         = <<EOF
export AWS_ACCESS_KEY_ID=${aws_iam_access_key.app.id}
export AWS_SECRET_ACCESS_KEY=${aws_iam_access_key.app.secret}
EOF
}
""",
        },
        {"aws_lightsail_instance.app": "advice", "aws_iam_access_key.app": "advice"},
        {"aws_lightsail_instance.app": ("aws:roles-anywhere",), "aws_iam_access_key.app": ("aws:roles-anywhere",)},
        says=("pinned to a version without Roles Anywhere",),
    ),
)
