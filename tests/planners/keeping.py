"""Keys that stay: what is made safer about them, and what is asked of people."""

from __future__ import annotations

from rolecall.planning.example import PlannerExample

KEEPING: tuple[PlannerExample, ...] = (
    PlannerExample(
        "an output that shows the secret",
        {
            "main.tf": """\
provider "aws" {
  region = "eu-west-2"
}

resource "aws_iam_user" "reports" {
  name = "reports"
}

resource "aws_iam_access_key" "reports" {
  user = aws_iam_user.reports.name
}

resource "aws_iam_user_policy" "reports" {
  name = "reports"
  user = aws_iam_user.reports.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::in/*" }]
  })
}

output "secret" {
  value = aws_iam_access_key.reports.secret
}
""",
        },
        {"aws_iam_access_key.reports": "partial"},
        {"aws_iam_access_key.reports": ("unknown",)},
        patches={
            "prepare": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -20,5 +20,6 @@
 }

 output "secret" {
-  value = aws_iam_access_key.reports.secret
+  value     = aws_iam_access_key.reports.secret
+  sensitive = true
 }
""",
        },
        says=("find out who reads secret (tf-output)",),
    ),
    PlannerExample(
        "a vendor's, in an output",
        {
            "main.tf": """\
provider "aws" {
  region = "eu-west-2"
}

resource "aws_iam_user" "fastly_logs" {
  name = "fastly_logs"
}

resource "aws_iam_access_key" "fastly_logs" {
  user = aws_iam_user.fastly_logs.name
}

resource "aws_iam_user_policy" "fastly_logs" {
  name = "fastly_logs"
  user = aws_iam_user.fastly_logs.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::in/*" }]
  })
}

output "secret" {
  value = aws_iam_access_key.fastly_logs.secret
}
""",
        },
        {"aws_iam_access_key.fastly_logs": "keep"},
        {"aws_iam_access_key.fastly_logs": ("keep-with-controls", "aws:roles-anywhere")},
        patches={
            "prepare": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -20,5 +20,6 @@
 }

 output "secret" {
-  value = aws_iam_access_key.fastly_logs.secret
+  value     = aws_iam_access_key.fastly_logs.secret
+  sensitive = true
 }
""",
        },
        says=("https://api.fastly.com/public-ip-list", "replace the key every 90 days by two keys"),
    ),
)
