"""What several examples share: a user with a key, a function that is given it, and the patches that move it."""

from __future__ import annotations

USER = """\
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
FUNCTION = """\

resource "aws_lambda_function" "app" {
  function_name = "app"
  role          = aws_iam_role.app.arn
  handler       = "index.handler"
  runtime       = "python3.12"
  filename      = "app.zip"

  environment {
    variables = {
      TABLE      = "orders"
      APP_KEY    = aws_iam_access_key.app.id
      APP_SECRET = aws_iam_access_key.app.secret
    }
  }
}
"""
ROLE = """\

resource "aws_iam_role" "app" {
  name = "app-lambda"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}
"""
USER_APART = USER + "\n"
GRANTED = """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -14,6 +14,15 @@
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
"""
MOVED = """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -41,9 +41,7 @@

   environment {
     variables = {
-      TABLE      = "orders"
+      TABLE = "orders"
-      APP_KEY    = aws_iam_access_key.app.id
-      APP_SECRET = aws_iam_access_key.app.secret
     }
   }
 }
"""
