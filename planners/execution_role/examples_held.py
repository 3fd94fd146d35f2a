"""What holds a function back, or its key."""

from __future__ import annotations

from rolecall.planners.execution_role.example_texts import FUNCTION, GRANTED, MOVED, ROLE, USER
from rolecall.planning.example import PlannerExample

_KEPT = "\n  lifecycle {\n    prevent_destroy = true\n  }\n"

HELD: tuple[PlannerExample, ...] = (
    PlannerExample(
        "a bucket policy names the user",
        {
            "main.tf": USER
            + ROLE
            + FUNCTION
            + """\

resource "aws_s3_bucket_policy" "in" {
  bucket = "in"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "s3:PutObject"
      Resource  = "arn:aws:s3:::in/*"
      Principal = { AWS = aws_iam_user.app.arn }
    }]
  })
}
""",
        },
        {"aws_lambda_function.app": "advice", "aws_iam_access_key.app": "advice"},
        {"aws_lambda_function.app": ("aws:execution-role",), "aws_iam_access_key.app": ("aws:execution-role",)},
        says=("aws_s3_bucket_policy.in names the user in a resource policy; add the role there too",),
    ),
    PlannerExample(
        "a role lets the user assume it",
        {
            "main.tf": USER
            + ROLE
            + FUNCTION
            + """\

resource "aws_iam_role" "admin" {
  name = "admin"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = aws_iam_user.app.arn } }]
  })
}
""",
        },
        {"aws_lambda_function.app": "advice", "aws_iam_access_key.app": "advice"},
        {"aws_lambda_function.app": ("aws:execution-role",), "aws_iam_access_key.app": ("aws:execution-role",)},
        says=("aws_iam_role.admin lets the user assume it; let the role in there too",),
    ),
    PlannerExample(
        "a policy with aws:username",
        {
            "main.tf": USER.replace('name = "app"\n  user', 'name = "home"\n  user').replace(
                "in/*", "home/$${aws:username}/*"
            )
            + ROLE
            + FUNCTION,
        },
        {"aws_lambda_function.app": "advice", "aws_iam_access_key.app": "advice"},
        {"aws_lambda_function.app": ("aws:execution-role",), "aws_iam_access_key.app": ("aws:execution-role",)},
        says=("its policy uses a variable or condition that only a user has (aws:username, aws:userid, MFA)",),
    ),
    PlannerExample(
        "a second key of the same user",
        {
            "main.tf": USER
            + """\

resource "aws_iam_access_key" "second" {
  user = aws_iam_user.app.name
}
"""
            + ROLE
            + FUNCTION,
        },
        {"aws_lambda_function.app": "patch", "aws_iam_access_key.second": "partial", "aws_iam_access_key.app": "patch"},
        {
            "aws_lambda_function.app": ("aws:execution-role",),
            "aws_iam_access_key.second": (
                "retire",
                "unknown",
            ),
            "aws_iam_access_key.app": ("aws:execution-role",),
        },
        patches={
            "contract": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -1,11 +1,6 @@
 resource "aws_iam_user" "app" {
   name = "app"
 }
-
-resource "aws_iam_access_key" "app" {
-  user   = aws_iam_user.app.name
-  status = "Inactive"
-}

 resource "aws_iam_user_policy" "app" {
   name = "app"
""",
        },
    ),
    PlannerExample(
        "the user may not be destroyed",
        {
            "main.tf": USER.replace('"app"\n}', f'"app"\n{_KEPT}}}', 1) + ROLE + FUNCTION,
        },
        {"aws_lambda_function.app": "patch", "aws_iam_access_key.app": "patch"},
        {"aws_lambda_function.app": ("aws:execution-role",), "aws_iam_access_key.app": ("aws:execution-role",)},
        patches={
            "contract": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -5,11 +5,6 @@
     prevent_destroy = true
   }
 }
-
-resource "aws_iam_access_key" "app" {
-  user   = aws_iam_user.app.name
-  status = "Inactive"
-}

 resource "aws_iam_user_policy" "app" {
   name = "app"
""",
        },
    ),
    PlannerExample(
        "the key may not be destroyed",
        {
            "main.tf": USER.replace("aws_iam_user.app.name\n}", f"aws_iam_user.app.name\n{_KEPT}}}", 1)
            + ROLE
            + FUNCTION,
        },
        {"aws_lambda_function.app": "patch", "aws_iam_access_key.app": "partial"},
        {"aws_lambda_function.app": ("aws:execution-role",), "aws_iam_access_key.app": ("aws:execution-role",)},
        patches={
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -18,6 +18,15 @@
     Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::in/*" }]
   })
 }
+
+resource "aws_iam_role_policy" "app" {
+  name = "app"
+  role = aws_iam_role.app.name
+  policy = jsonencode({
+    Version   = "2012-10-17"
+    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::in/*" }]
+  })
+}

 resource "aws_iam_role" "app" {
   name = "app-lambda"
""",
            "migrate": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -45,9 +45,7 @@

   environment {
     variables = {
-      TABLE      = "orders"
+      TABLE = "orders"
-      APP_KEY    = aws_iam_access_key.app.id
-      APP_SECRET = aws_iam_access_key.app.secret
     }
   }
 }
""",
        },
    ),
    PlannerExample(
        "another copy whose reader is not seen",
        {
            "main.tf": USER
            + ROLE
            + FUNCTION
            + """\

resource "aws_ssm_parameter" "key" {
  name  = "/app/key"
  type  = "SecureString"
  value = aws_iam_access_key.app.secret
}
""",
        },
        {"aws_lambda_function.app": "patch", "aws_iam_access_key.app": "advice"},
        {
            "aws_lambda_function.app": ("aws:execution-role",),
            "aws_iam_access_key.app": (
                "aws:execution-role",
                "unknown",
            ),
        },
        patches={
            "expand": GRANTED,
            "migrate": MOVED,
        },
    ),
)
