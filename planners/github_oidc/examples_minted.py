"""Keys that Terraform makes for a repository whose name and branch are in the code."""

from __future__ import annotations

from rolecall.planning.example import PlannerExample

_MAIN = """\
provider "github" {
  owner = "acme"
}

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

resource "github_actions_secret" "id" {
  repository      = "site"
  secret_name     = "AWS_ACCESS_KEY_ID"
  plaintext_value = aws_iam_access_key.app.id
}

resource "github_actions_secret" "secret" {
  repository      = "site"
  secret_name     = "AWS_SECRET_ACCESS_KEY"
  plaintext_value = aws_iam_access_key.app.secret
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
    permissions:
      contents: read
      id-token: write
    steps:
      - uses: actions/checkout@v4
      - name: Log in
        uses: aws-actions/configure-aws-credentials@v4
        with:
          aws-access-key-id: ${{ secrets.AWS_ACCESS_KEY_ID }}
          aws-secret-access-key: ${{ secrets.AWS_SECRET_ACCESS_KEY }}
          aws-region: eu-west-2
      - run: aws s3 sync site s3://site/
"""
#: A repository that says its name.
_README = "# acme/site\n"
_FILE = ".github/workflows/deploy.yml"
_KEY = "aws_iam_access_key.app"
_OIDC = ("aws:oidc",)

MINTED: tuple[PlannerExample, ...] = (
    PlannerExample(
        "both forms of a subject",
        {"main.tf": _MAIN, "README.md": _README, _FILE: _WORKFLOW},
        {"jobs.site": "patch", _KEY: "patch"},
        {"jobs.site": _OIDC, _KEY: _OIDC},
        patches={
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -5,6 +5,42 @@
 resource "aws_iam_user" "app" {
   name = "app"
 }
+
+data "github_repository" "site" {
+  full_name = "acme/site"
+}
+
+data "aws_iam_openid_connect_provider" "github_actions" {
+  url = "https://token.actions.githubusercontent.com"
+}
+
+resource "aws_iam_role" "app_github" {
+  name = "app-github"
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
+        }
+        StringLike = {
+          "token.actions.githubusercontent.com:sub" = [
+            "repo:acme/site:ref:refs/heads/main",
+            "repo:acme@*/site@${data.github_repository.site.repo_id}:ref:refs/heads/main",
+          ]
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
@@ -18,6 +54,15 @@
     Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::in/*" }]
   })
 }
+
+resource "aws_iam_role_policy" "app" {
+  name = "app"
+  role = aws_iam_role.app_github.name
+  policy = jsonencode({
+    Version   = "2012-10-17"
+    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::in/*" }]
+  })
+}

 resource "github_actions_secret" "id" {
   repository      = "site"
@@ -30,3 +75,9 @@
   secret_name     = "AWS_SECRET_ACCESS_KEY"
   plaintext_value = aws_iam_access_key.app.secret
 }
+
+resource "github_actions_variable" "aws_role_arn" {
+  repository    = "site"
+  variable_name = "AWS_ROLE_ARN"
+  value         = aws_iam_role.app_github.arn
+}
""",
            "migrate": """\
diff --git a/.github/workflows/deploy.yml b/.github/workflows/deploy.yml
--- a/.github/workflows/deploy.yml
+++ b/.github/workflows/deploy.yml
@@ -15,7 +15,6 @@
       - name: Log in
         uses: aws-actions/configure-aws-credentials@v4
         with:
-          aws-access-key-id: ${{ secrets.AWS_ACCESS_KEY_ID }}
+          role-to-assume: ${{ vars.AWS_ROLE_ARN }}
-          aws-secret-access-key: ${{ secrets.AWS_SECRET_ACCESS_KEY }}
           aws-region: eu-west-2
       - run: aws s3 sync site s3://site/
""",
        },
    ),
    PlannerExample(
        "perhaps another repository",
        {"main.tf": _MAIN, _FILE: _WORKFLOW},
        {"jobs.site": "partial", _KEY: "partial"},
        {"jobs.site": _OIDC, _KEY: _OIDC},
        says=("whether this repository is acme/site is not in the code", "git remote get-url origin"),
    ),
    PlannerExample(
        "every secret is handed on",
        {
            "main.tf": _MAIN,
            "README.md": _README,
            _FILE: _WORKFLOW,
            ".github/workflows/release.yml": """\
on: push
jobs:
  release:
    uses: acme/shared/.github/workflows/release.yml@v1
    secrets: inherit
""",
        },
        {"jobs.site": "patch", _KEY: "partial"},
        {"jobs.site": _OIDC, _KEY: _OIDC},
        says=("jobs.release of .github/workflows/release.yml hands every secret to acme/shared/",),
    ),
)
