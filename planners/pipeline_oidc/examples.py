"""What this planner does, by examples."""

from __future__ import annotations

import re

from rolecall.planners.pipeline_oidc.example_texts import GITLAB, HCP, MOVED, PIPELINE, README, USER
from rolecall.planners.pipeline_oidc.examples_awaited import AWAITED
from rolecall.planners.pipeline_oidc.examples_bitbucket import BITBUCKET_STEPS
from rolecall.planners.pipeline_oidc.examples_circleci import CIRCLECI_JOBS
from rolecall.planning.example import PlannerExample

_KEY = "aws_iam_access_key.deploy"
_OIDC = ("aws:oidc",)

EXAMPLES: tuple[PlannerExample, ...] = (
    *AWAITED,
    PlannerExample(
        "a task of the AWS Toolkit with the key in its environment",
        {
            "azure-pipelines.yml": """\
steps:
  - task: AWSCLI@1
    inputs:
      regionName: eu-west-2
      awsCommand: s3
      awsSubCommand: sync
      awsArguments: site s3://site
    env:
      AWS_ACCESS_KEY_ID: $(awsKeyId)
      AWS_SECRET_ACCESS_KEY: $(awsSecretKey)
""",
        },
        {"job": "advice"},
        {"job": ("aws:oidc",)},
        says=("give the task AWSCLI the input awsCredentials",),
    ),
    PlannerExample(
        "GitLab: a variable of one environment",
        {"main.tf": GITLAB, "README.md": README, ".gitlab-ci.yml": PIPELINE},
        {"jobs.deploy": "patch", _KEY: "patch"},
        {"jobs.deploy": _OIDC, _KEY: _OIDC},
        patches={
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -1,6 +1,34 @@
 resource "aws_iam_user" "deploy" {
   name = "site-deploy"
 }
+
+resource "aws_iam_openid_connect_provider" "gitlab" {
+  url            = "https://gitlab.com"
+  client_id_list = ["https://gitlab.com"]
+}
+
+resource "aws_iam_role" "deploy_gitlab" {
+  name = "site-deploy-gitlab"
+  assume_role_policy = jsonencode({
+    Version = "2012-10-17"
+    Statement = [{
+      Effect = "Allow"
+      Action = "sts:AssumeRoleWithWebIdentity"
+      Principal = {
+        Federated = aws_iam_openid_connect_provider.gitlab.arn
+      }
+      Condition = {
+        StringEquals = {
+          "gitlab.com:aud" = "https://gitlab.com"
+          "gitlab.com:sub" = "project_path:${data.gitlab_project.site.path_with_namespace}:ref_type:branch:ref:main"
+        }
+      }
+    }]
+  })
+  tags = {
+    "migrates-from" = "aws_iam_user.deploy"
+  }
+}

 resource "aws_iam_access_key" "deploy" {
   user = aws_iam_user.deploy.name
@@ -14,6 +42,15 @@
     Statement = [{ Effect = "Allow", Action = "s3:PutObject", Resource = "arn:aws:s3:::site/*" }]
   })
 }
+
+resource "aws_iam_role_policy" "deploy" {
+  name = "deploy"
+  role = aws_iam_role.deploy_gitlab.name
+  policy = jsonencode({
+    Version   = "2012-10-17"
+    Statement = [{ Effect = "Allow", Action = "s3:PutObject", Resource = "arn:aws:s3:::site/*" }]
+  })
+}

 data "gitlab_project" "site" {
   path_with_namespace = "acme/site"
@@ -33,3 +70,10 @@
   environment_scope = "production"
   masked            = true
 }
+
+resource "gitlab_project_variable" "aws_role_arn_deploy" {
+  project           = data.gitlab_project.site.id
+  environment_scope = "production"
+  key               = "AWS_ROLE_ARN_DEPLOY"
+  value             = aws_iam_role.deploy_gitlab.arn
+}
""",
            "migrate": MOVED,
        },
    ),
    PlannerExample(
        "GitLab: every job has the variable, commands come in front",
        {
            "main.tf": GITLAB.replace('  environment_scope = "production"\n', "").replace(" " * 10 + "= ", "= "),
            "README.md": README,
            ".gitlab-ci.yml": PIPELINE.replace(
                "  script:\n",
                "  before_script:\n"
                "    - aws configure set aws_access_key_id $AWS_ACCESS_KEY_ID\n"
                "    - aws configure set aws_secret_access_key $AWS_SECRET_ACCESS_KEY\n"
                "  script:\n",
            ),
        },
        {"jobs.deploy": "patch", _KEY: "partial"},
        {"jobs.deploy": _OIDC, _KEY: _OIDC},
        patches={
            "migrate": """\
diff --git a/.gitlab-ci.yml b/.gitlab-ci.yml
--- a/.gitlab-ci.yml
+++ b/.gitlab-ci.yml
@@ -8,10 +8,14 @@
     name: amazon/aws-cli:2.31.0
     entrypoint: [""]
   environment: production
-  before_script:
-    - aws configure set aws_access_key_id $AWS_ACCESS_KEY_ID
-    - aws configure set aws_secret_access_key $AWS_SECRET_ACCESS_KEY
+  id_tokens:
+    AWS_ID_TOKEN:
+      aud: https://gitlab.com
   script:
+    - unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
+    - export AWS_ROLE_ARN="$AWS_ROLE_ARN_DEPLOY" AWS_WEB_IDENTITY_TOKEN_FILE="$(mktemp)"
+    - export AWS_ROLE_SESSION_NAME="gitlab-$CI_PROJECT_ID-$CI_JOB_ID"
+    - printf '%s' "$AWS_ID_TOKEN" > "$AWS_WEB_IDENTITY_TOKEN_FILE"
     - aws s3 sync site s3://site/
   rules:
     - if: $CI_COMMIT_BRANCH == "main"
""",
        },
        says=("every job of the project has the variables that hold the key",),
    ),
    PlannerExample(
        "GitLab: a template that two jobs extend",
        {
            "main.tf": GITLAB,
            "README.md": README,
            ".gitlab-ci.yml": PIPELINE.partition("deploy:")[0]
            + ".deploy:"
            + PIPELINE.partition("deploy:")[2]
            + """\

one:
  extends: .deploy

two:
  extends: .deploy
""",
        },
        {"jobs.one": "patch", "jobs.two": "patch", _KEY: "patch"},
        {"jobs.one": _OIDC, "jobs.two": _OIDC, _KEY: _OIDC},
        patches={
            "migrate": MOVED,
        },
    ),
    PlannerExample(
        "GitLab: an anchor that others may share",
        {
            "main.tf": GITLAB,
            "README.md": README,
            ".gitlab-ci.yml": PIPELINE.replace("deploy:", ".deploy: &deploy", 1) + "\nsite:\n  <<: *deploy\n",
        },
        {"jobs.site": "partial", _KEY: "partial"},
        {"jobs.site": _OIDC, _KEY: _OIDC},
        says=("the job takes its script from an anchor",),
    ),
    PlannerExample(
        "GitLab: the branch is not in the code",
        {"main.tf": GITLAB, "README.md": README, ".gitlab-ci.yml": PIPELINE.partition("  rules:")[0]},
        {"jobs.deploy": "partial", _KEY: "partial"},
        {"jobs.deploy": _OIDC, _KEY: _OIDC},
        says=("set gitlab_oidc_subjects to the exact subjects",),
    ),
    PlannerExample(
        "GitLab: the key is handed on",
        {
            "main.tf": GITLAB,
            "README.md": README,
            ".gitlab-ci.yml": PIPELINE.replace(
                "    - aws s3", "    - docker run -e AWS_ACCESS_KEY_ID site\n    - aws s3"
            ),
        },
        {"jobs.deploy": "partial", _KEY: "partial"},
        {"jobs.deploy": _OIDC, _KEY: _OIDC},
        says=("the job cannot be edited here: the command at .gitlab-ci.yml:12:7 does more than",),
    ),
    PlannerExample(
        "GitLab: the pipeline is somewhere else",
        {"main.tf": GITLAB},
        {"gitlab_project_variable.id": "partial", _KEY: "partial"},
        {"gitlab_project_variable.id": _OIDC, _KEY: _OIDC},
        says=("the pipeline that reads gitlab_project_variable.id is in another repository",),
    ),
    PlannerExample(
        "GitLab: no Terraform",
        {
            "README.md": README,
            ".gitlab-ci.yml": PIPELINE.replace(
                "  script:\n    - aws",
                "  script:\n    - export AWS_ACCESS_KEY_ID=$SITE_KEY AWS_SECRET_ACCESS_KEY=$SITE_SECRET\n    - aws",
            ),
        },
        {"jobs.deploy": "partial"},
        {"jobs.deploy": _OIDC},
        says=(
            "the job logs in by the role that the variable AWS_ROLE_ARN_SITE names",
            "aws iam create-open-id-connect-provider --url https://gitlab.com --client-id-list https://gitlab.com",
        ),
    ),
    PlannerExample(
        "HCP Terraform: a workspace",
        {"main.tf": HCP},
        {"tfe_workspace.site": "patch", _KEY: "patch"},
        {"tfe_workspace.site": _OIDC, _KEY: _OIDC},
        patches={
            "migrate": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -66,17 +66,16 @@
   name         = "sites"
 }

-resource "tfe_variable" "id" {
+resource "tfe_variable" "tfc_aws_provider_auth" {
   workspace_id = tfe_workspace.site.id
+  key          = "TFC_AWS_PROVIDER_AUTH"
+  value        = "true"
   category     = "env"
-  key          = "AWS_ACCESS_KEY_ID"
-  value        = aws_iam_access_key.deploy.id
 }

-resource "tfe_variable" "secret" {
+resource "tfe_variable" "tfc_aws_run_role_arn" {
   workspace_id = tfe_workspace.site.id
+  key          = "TFC_AWS_RUN_ROLE_ARN"
+  value        = aws_iam_role.deploy_hcp.arn
   category     = "env"
-  key          = "AWS_SECRET_ACCESS_KEY"
-  value        = aws_iam_access_key.deploy.secret
-  sensitive    = true
 }
""",
        },
    ),
    PlannerExample(
        "HCP Terraform: the provider is there, the project is not named",
        {
            "main.tf": HCP.replace("  project_id   = tfe_project.site.id\n", ""),
            "oidc.tf": """\
resource "aws_iam_openid_connect_provider" "terraform" {
  url            = "https://app.terraform.io"
  client_id_list = ["acme-runs"]
}
""",
        },
        {"tfe_workspace.site": "patch", _KEY: "patch"},
        {"tfe_workspace.site": _OIDC, _KEY: _OIDC},
        patches={
            "migrate": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -62,17 +62,23 @@
   name         = "sites"
 }

-resource "tfe_variable" "id" {
+resource "tfe_variable" "tfc_aws_provider_auth" {
   workspace_id = tfe_workspace.site.id
+  key          = "TFC_AWS_PROVIDER_AUTH"
+  value        = "true"
   category     = "env"
-  key          = "AWS_ACCESS_KEY_ID"
-  value        = aws_iam_access_key.deploy.id
 }

-resource "tfe_variable" "secret" {
+resource "tfe_variable" "tfc_aws_run_role_arn" {
   workspace_id = tfe_workspace.site.id
+  key          = "TFC_AWS_RUN_ROLE_ARN"
+  value        = aws_iam_role.deploy_hcp.arn
   category     = "env"
-  key          = "AWS_SECRET_ACCESS_KEY"
-  value        = aws_iam_access_key.deploy.secret
-  sensitive    = true
+}
+
+resource "tfe_variable" "tfc_aws_workload_identity_audience" {
+  workspace_id = tfe_workspace.site.id
+  key          = "TFC_AWS_WORKLOAD_IDENTITY_AUDIENCE"
+  value        = "acme-runs"
+  category     = "env"
 }
""",
        },
    ),
    PlannerExample(
        "HCP Terraform: a set for every workspace",
        {
            "main.tf": re.sub(
                r"(?m)^  (category|key|value|sensitive)( +)=",
                r"  \1\2   =",
                HCP.replace("workspace_id = tfe_workspace.site.id", "variable_set_id = tfe_variable_set.all.id"),
            )
            + """
resource "tfe_variable_set" "all" {
  name   = "all"
  global = true
}
""",
        },
        {"tfe_variable_set.all": "advice", _KEY: "advice"},
        {"tfe_variable_set.all": _OIDC, _KEY: _OIDC},
        says=("tfe_variable_set.all is given to workspaces in a way that the code does not list",),
    ),
    PlannerExample(
        "CircleCI: a context",
        {
            "main.tf": USER
            + """
resource "circleci_context_environment_variable" "secret" {
  context_id = "f5b5e1d0-0000-4000-8000-000000000000"
  variable   = "AWS_SECRET_ACCESS_KEY"
  value      = aws_iam_access_key.deploy.secret
}
""",
        },
        {"circleci_context_environment_variable.secret": "advice", _KEY: "advice"},
        {"circleci_context_environment_variable.secret": _OIDC, _KEY: _OIDC},
        says=("org/ORGANIZATION_ID/project/PROJECT_ID/user/*", "the ids of the organization"),
    ),
    *BITBUCKET_STEPS,
    *CIRCLECI_JOBS,
)
