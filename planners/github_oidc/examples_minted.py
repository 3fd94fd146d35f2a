"""Keys that Terraform makes for a repository whose name and branch are in the code."""

from __future__ import annotations

from rolecall.planners.github_oidc.example_texts import KEYS_ALONE
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
_WORKFLOW = KEYS_ALONE.replace(
    "    steps:\n", "    permissions:\n      contents: read\n      id-token: write\n    steps:\n"
)
#: The same without a login step.
_START = _WORKFLOW.partition("      - name: Log in")[0]
_SITE = "aws s3 sync site s3://site/"
_STEP_KEYS = """\
        env:
          AWS_ACCESS_KEY_ID: ${{ secrets.AWS_ACCESS_KEY_ID }}
          AWS_SECRET_ACCESS_KEY: ${{ secrets.AWS_SECRET_ACCESS_KEY }}
          AWS_REGION: eu-west-2
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
    PlannerExample(
        "keys of the workflow's environment",
        {
            "main.tf": _MAIN,
            "README.md": _README,
            _FILE: _START.replace(
                "jobs:\n",
                """\
env:
  AWS_ACCESS_KEY_ID: ${{ secrets.AWS_ACCESS_KEY_ID }}
  AWS_SECRET_ACCESS_KEY: ${{ secrets.AWS_SECRET_ACCESS_KEY }}
  AWS_REGION: eu-west-2

jobs:
""",
            )
            + f"      - run: make\n      - run: {_SITE}\n",
        },
        {"jobs.site": "patch", _KEY: "patch"},
        {"jobs.site": _OIDC, _KEY: _OIDC},
        patches={
            "migrate": """\
diff --git a/.github/workflows/deploy.yml b/.github/workflows/deploy.yml
--- a/.github/workflows/deploy.yml
+++ b/.github/workflows/deploy.yml
@@ -5,8 +5,6 @@
     branches: [main]

 env:
-  AWS_ACCESS_KEY_ID: ${{ secrets.AWS_ACCESS_KEY_ID }}
-  AWS_SECRET_ACCESS_KEY: ${{ secrets.AWS_SECRET_ACCESS_KEY }}
   AWS_REGION: eu-west-2

 jobs:
@@ -17,5 +15,9 @@
       id-token: write
     steps:
       - uses: actions/checkout@v4
+      - uses: aws-actions/configure-aws-credentials@v6
+        with:
+          role-to-assume: ${{ vars.AWS_ROLE_ARN }}
+          aws-region: ${{ env.AWS_REGION }}
       - run: make
       - run: aws s3 sync site s3://site/
""",
        },
    ),
    PlannerExample(
        "keys of single steps, under one condition",
        {
            "main.tf": _MAIN,
            "README.md": _README,
            _FILE: _START
            + "      - run: make\n"
            + f"      - name: Sync\n        if: github.actor != 'bot'\n        run: {_SITE}\n{_STEP_KEYS}"
            + f"      - if: github.actor != 'bot'\n        run: aws s3 ls s3://site/\n{_STEP_KEYS}",
        },
        {"jobs.site": "patch", _KEY: "patch"},
        {"jobs.site": _OIDC, _KEY: _OIDC},
        patches={
            "migrate": """\
diff --git a/.github/workflows/deploy.yml b/.github/workflows/deploy.yml
--- a/.github/workflows/deploy.yml
+++ b/.github/workflows/deploy.yml
@@ -13,16 +13,17 @@
     steps:
       - uses: actions/checkout@v4
       - run: make
+      - uses: aws-actions/configure-aws-credentials@v6
+        if: github.actor != 'bot'
+        with:
+          role-to-assume: ${{ vars.AWS_ROLE_ARN }}
+          aws-region: eu-west-2
       - name: Sync
         if: github.actor != 'bot'
         run: aws s3 sync site s3://site/
         env:
-          AWS_ACCESS_KEY_ID: ${{ secrets.AWS_ACCESS_KEY_ID }}
-          AWS_SECRET_ACCESS_KEY: ${{ secrets.AWS_SECRET_ACCESS_KEY }}
           AWS_REGION: eu-west-2
       - if: github.actor != 'bot'
         run: aws s3 ls s3://site/
         env:
-          AWS_ACCESS_KEY_ID: ${{ secrets.AWS_ACCESS_KEY_ID }}
-          AWS_SECRET_ACCESS_KEY: ${{ secrets.AWS_SECRET_ACCESS_KEY }}
           AWS_REGION: eu-west-2
""",
        },
    ),
    PlannerExample(
        "a container is handed the variables one by one",
        {
            "main.tf": _MAIN,
            "README.md": _README,
            _FILE: _START + f"      - run: docker compose run --rm terraform apply\n{_STEP_KEYS}",
        },
        {"jobs.site": "partial", _KEY: "partial"},
        {"jobs.site": _OIDC, _KEY: _OIDC},
        says=("a step runs docker compose, and the compose file is not here",),
    ),
    PlannerExample(
        "an action that takes the key from its environment",
        {
            "main.tf": _MAIN,
            "README.md": _README,
            _FILE: _START + f"      - uses: acme/s3-sync@v1\n{_STEP_KEYS}",
        },
        {"jobs.site": "partial", _KEY: "partial"},
        {"jobs.site": _OIDC, _KEY: _OIDC},
        says=("acme/s3-sync@v1 may take the key from the environment, without a session's token",),
    ),
)
