"""Users that a module makes for others."""

from __future__ import annotations

from rolecall.planning.example import PlannerExample

_MODULE = """\
resource "aws_iam_user" "ci" {
  name = "ci-${var.repository}"
}

resource "aws_iam_access_key" "ci" {
  user = aws_iam_user.ci.name
}

resource "github_actions_secret" "id" {
  repository      = var.repository
  secret_name     = "AWS_ACCESS_KEY_ID"
  plaintext_value = aws_iam_access_key.ci.id
}

resource "github_actions_secret" "secret" {
  repository      = var.repository
  secret_name     = "AWS_SECRET_ACCESS_KEY"
  plaintext_value = aws_iam_access_key.ci.secret
}
"""
_OUTPUT = """\
output "user_name" {
  value = aws_iam_user.ci.name
}
"""
_VARIABLE = """\
variable "repository" {
  type = string
}
"""
_CALL = """\
module "site" {
  source     = "./ci"
  repository = "site"
}

resource "aws_iam_user_policy" "site" {
  name = "site"
  user = module.site.user_name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:PutObject", Resource = "arn:aws:s3:::site/*" }]
  })
}
"""

MODULES: tuple[PlannerExample, ...] = (
    PlannerExample(
        "a user of a module that its callers grant to",
        {
            "main.tf": _CALL + "\n" + _CALL.replace("site", "api"),
            "ci/main.tf": _MODULE,
            "ci/outputs.tf": _OUTPUT,
            "ci/variables.tf": _VARIABLE,
        },
        {"module.site.github_actions_secret.id": "partial", "module.site.aws_iam_access_key.ci": "partial"},
        {"module.site.github_actions_secret.id": ("aws:oidc",), "module.site.aws_iam_access_key.ci": ("aws:oidc",)},
        patches={
            "expand": """\
diff --git a/ci/main.tf b/ci/main.tf
--- a/ci/main.tf
+++ b/ci/main.tf
@@ -1,6 +1,33 @@
 resource "aws_iam_user" "ci" {
   name = "ci-${var.repository}"
 }
+
+data "aws_iam_openid_connect_provider" "github_actions" {
+  url = "https://token.actions.githubusercontent.com"
+}
+
+resource "aws_iam_role" "ci_github" {
+  name = "ci-${var.repository}-github"
+  assume_role_policy = jsonencode({
+    Version = "2012-10-17"
+    Statement = [{
+      Effect = "Allow"
+      Action = "sts:AssumeRoleWithWebIdentity"
+      Principal = {
+        Federated = data.aws_iam_openid_connect_provider.github_actions.arn
+      }
+      Condition = {
+        StringEquals = {
+          "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
+          "token.actions.githubusercontent.com:sub" = var.github_oidc_subjects
+        }
+      }
+    }]
+  })
+  tags = {
+    "migrates-from" = "aws_iam_user.ci"
+  }
+}

 resource "aws_iam_access_key" "ci" {
   user = aws_iam_user.ci.name
@@ -17,3 +44,9 @@
   secret_name     = "AWS_SECRET_ACCESS_KEY"
   plaintext_value = aws_iam_access_key.ci.secret
 }
+
+resource "github_actions_variable" "aws_role_arn" {
+  repository    = var.repository
+  variable_name = "AWS_ROLE_ARN"
+  value         = aws_iam_role.ci_github.arn
+}
diff --git a/ci/outputs.tf b/ci/outputs.tf
--- a/ci/outputs.tf
+++ b/ci/outputs.tf
@@ -1,3 +1,7 @@
 output "user_name" {
   value = aws_iam_user.ci.name
 }
+
+output "role_name" {
+  value = aws_iam_role.ci_github.name
+}
diff --git a/ci/variables.tf b/ci/variables.tf
--- a/ci/variables.tf
+++ b/ci/variables.tf
@@ -1,3 +1,9 @@
 variable "repository" {
   type = string
 }
+
+variable "github_oidc_subjects" {
+  description = "Who may assume the role: repo:OWNER/NAME:environment:NAME, repo:OWNER/NAME:ref:refs/heads/BRANCH"
+  type        = list(string)
+  default     = ["not-set-yet"]
+}
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -11,6 +11,15 @@
     Statement = [{ Effect = "Allow", Action = "s3:PutObject", Resource = "arn:aws:s3:::site/*" }]
   })
 }
+
+resource "aws_iam_role_policy" "site" {
+  name = "site"
+  role = module.site.role_name
+  policy = jsonencode({
+    Version   = "2012-10-17"
+    Statement = [{ Effect = "Allow", Action = "s3:PutObject", Resource = "arn:aws:s3:::site/*" }]
+  })
+}

 module "api" {
   source     = "./ci"
@@ -25,3 +34,12 @@
     Statement = [{ Effect = "Allow", Action = "s3:PutObject", Resource = "arn:aws:s3:::api/*" }]
   })
 }
+
+resource "aws_iam_role_policy" "api" {
+  name = "api"
+  role = module.api.role_name
+  policy = jsonencode({
+    Version   = "2012-10-17"
+    Statement = [{ Effect = "Allow", Action = "s3:PutObject", Resource = "arn:aws:s3:::api/*" }]
+  })
+}
""",
        },
        says=(
            "which repository, branch or environment may assume the role is not in the code",
            "main.tf:1, main.tf:15",
        ),
    ),
    PlannerExample(
        "a user of a module to which its callers grant by a local",
        {
            "main.tf": "locals {\n  user = module.site.user_name\n}\n\n"
            + _CALL.replace("= module.site.user_name", "= local.user"),
            "ci/main.tf": _MODULE,
            "ci/outputs.tf": _OUTPUT,
            "ci/variables.tf": _VARIABLE,
        },
        {"module.site.github_actions_secret.id": "advice", "module.site.aws_iam_access_key.ci": "advice"},
        {"module.site.github_actions_secret.id": ("aws:oidc",), "module.site.aws_iam_access_key.ci": ("aws:oidc",)},
        says=("aws_iam_user_policy.site grants from another module; add the role there by hand",),
    ),
)
