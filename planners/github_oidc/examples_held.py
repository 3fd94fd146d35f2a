"""Jobs of which a part is left to people."""

from __future__ import annotations

from rolecall.planners.github_oidc.example_texts import BESIDE_A_ROLE, KEYS_ALONE, permitted
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

HELD: tuple[PlannerExample, ...] = (
    PlannerExample(
        "no role yet",
        {
            ".github/workflows/deploy.yml": KEYS_ALONE,
        },
        {"jobs.site": "partial"},
        {"jobs.site": ("aws:oidc",)},
        patches={
            "migrate": """\
diff --git a/.github/workflows/deploy.yml b/.github/workflows/deploy.yml
--- a/.github/workflows/deploy.yml
+++ b/.github/workflows/deploy.yml
@@ -7,12 +7,14 @@
 jobs:
   site:
     runs-on: ubuntu-latest
+    permissions:
+      id-token: write
+      contents: read
     steps:
       - uses: actions/checkout@v4
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
        says=("no code makes that role or sets it", "make a role that this job's tokens alone may assume"),
    ),
    PlannerExample(
        "a role that takes the user alone",
        {
            "main.tf": """\
resource "aws_iam_role" "deploy" {
  name = "deploy"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = "arn:aws:iam::123456789012:user/deployer" }
    }]
  })
}
""",
            ".github/workflows/deploy.yml": BESIDE_A_ROLE,
        },
        {"jobs.site": "advice"},
        {"jobs.site": ("aws:oidc",)},
        says=("the trust of aws_iam_role.deploy, as it is in the code, lets no token in",),
    ),
    PlannerExample(
        "a key that somebody may have copied into the secrets",
        {
            "main.tf": _USER.replace("app", "deployer"),
            ".github/workflows/deploy.yml": KEYS_ALONE,
        },
        {"jobs.site": "partial", "aws_iam_access_key.deployer": "advice"},
        {"jobs.site": ("aws:oidc",), "aws_iam_access_key.deployer": ("aws:oidc", "retire")},
        says=(
            "a pipeline here logs in with a key that no code makes, and it may be this one",
            "see whether jobs.site.steps[1] logs in with this key, copied by hand",
        ),
    ),
    PlannerExample(
        "permissions in one word",
        {
            ".github/workflows/deploy.yml": permitted(" read-all"),
        },
        {"jobs.site": "advice"},
        {"jobs.site": ("aws:oidc",)},
        says=("the workflow cannot be edited here: the job's permissions are not a mapping",),
    ),
    PlannerExample(
        "code of strangers",
        {
            ".github/workflows/deploy.yml": BESIDE_A_ROLE.replace(
                "  push:\n    branches: [main]\n", "  pull_request_target:\n"
            ),
        },
        {"jobs.site": "advice"},
        {"jobs.site": ("aws:oidc",)},
        says=("the workflow runs on pull_request_target, where code of strangers could use the token",),
    ),
    PlannerExample(
        "keys of the environment",
        {
            ".github/workflows/deploy.yml": """\
name: deploy

on: push

env:
  AWS_ACCESS_KEY_ID: ${{ secrets.AWS_ACCESS_KEY_ID }}
  AWS_SECRET_ACCESS_KEY: ${{ secrets.AWS_SECRET_ACCESS_KEY }}
  AWS_REGION: eu-west-2

jobs:
  site:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: aws s3 sync site s3://site/
""",
        },
        {"jobs.site": "partial"},
        {"jobs.site": ("aws:oidc",)},
        patches={
            "migrate": """\
diff --git a/.github/workflows/deploy.yml b/.github/workflows/deploy.yml
--- a/.github/workflows/deploy.yml
+++ b/.github/workflows/deploy.yml
@@ -3,13 +3,18 @@
 on: push

 env:
-  AWS_ACCESS_KEY_ID: ${{ secrets.AWS_ACCESS_KEY_ID }}
-  AWS_SECRET_ACCESS_KEY: ${{ secrets.AWS_SECRET_ACCESS_KEY }}
   AWS_REGION: eu-west-2

 jobs:
   site:
     runs-on: ubuntu-latest
+    permissions:
+      id-token: write
+      contents: read
     steps:
       - uses: actions/checkout@v4
+      - uses: aws-actions/configure-aws-credentials@v6
+        with:
+          role-to-assume: ${{ vars.AWS_ROLE_ARN }}
+          aws-region: ${{ env.AWS_REGION }}
       - run: aws s3 sync site s3://site/
""",
        },
        says=("no code makes that role or sets it",),
    ),
    PlannerExample(
        "keys that Terraform makes",
        {
            "main.tf": _USER
            + """\

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
""",
            ".github/workflows/deploy.yml": KEYS_ALONE,
        },
        {"jobs.site": "partial", "aws_iam_access_key.app": "partial"},
        {"jobs.site": ("aws:oidc",), "aws_iam_access_key.app": ("aws:oidc",)},
        patches={
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -1,6 +1,39 @@
 resource "aws_iam_user" "app" {
   name = "app"
 }
+
+variable "github_oidc_subjects" {
+  description = "Who may assume the role: repo:OWNER/NAME:environment:NAME, repo:OWNER/NAME:ref:refs/heads/BRANCH"
+  type        = list(string)
+  default     = ["not-set-yet"]
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
+          "token.actions.githubusercontent.com:sub" = var.github_oidc_subjects
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
@@ -14,6 +47,15 @@
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
@@ -26,3 +68,9 @@
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
        },
        says=("which repository, branch or environment may assume the role is not in the code",),
    ),
    PlannerExample(
        "jobs with keys of their own",
        {
            ".github/workflows/deploy.yml": KEYS_ALONE,
            ".github/workflows/release.yml": KEYS_ALONE.replace("secrets.", "secrets.PROD_").replace("site:", "prod:"),
        },
        {"jobs.site": "partial", "jobs.prod": "partial"},
        {"jobs.site": ("aws:oidc",), "jobs.prod": ("aws:oidc",)},
        says=("the variable AWS_ROLE_ARN names", "the variable AWS_ROLE_ARN_PROD names"),
    ),
    PlannerExample(
        "keys of two names that say the same",
        {
            ".github/workflows/deploy.yml": KEYS_ALONE,
            ".github/workflows/release.yml": KEYS_ALONE.replace("_ACCESS_KEY", "_KEY").replace("site:", "prod:"),
        },
        {"jobs.site": "advice", "jobs.prod": "advice"},
        {"jobs.site": ("aws:oidc",), "jobs.prod": ("aws:oidc",)},
        says=("other jobs have another key, and the names of both say the same",),
    ),
    PlannerExample(
        "a key that its name gives to a pipeline",
        {
            "main.tf": _USER.replace("app", "github-deployer").replace("s3:GetObject", "eks:DescribeCluster")
            + """\

resource "aws_ssm_parameter" "key" {
  name  = "deployer"
  type  = "SecureString"
  value = aws_iam_access_key.github-deployer.secret
}
""",
            ".github/workflows/deploy.yml": KEYS_ALONE,
        },
        {
            "jobs.site": "partial",
            "aws_ssm_parameter.key": "partial",
            "aws_iam_access_key.github-deployer": "partial",
        },
        {
            "jobs.site": ("aws:oidc",),
            "aws_ssm_parameter.key": ("aws:oidc",),
            "aws_iam_access_key.github-deployer": ("aws:oidc",),
        },
        says=(
            "“github” in its names says that a pipeline has it; which one is not in the code",
            "nothing seen reads aws_ssm_parameter.key, so nobody can tell who uses what lies there",
            "map the new role to the groups that the user has in its clusters",
            "it may be the key of aws_iam_user.github-deployer",
        ),
    ),
)
