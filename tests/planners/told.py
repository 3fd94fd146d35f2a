"""Keys whose place no role takes as it is: the steps that people are told."""

from __future__ import annotations

from rolecall.planning.example import PlannerExample

TOLD: tuple[PlannerExample, ...] = (
    PlannerExample(
        "a service's own password",
        {
            "main.tf": """\
resource "aws_iam_user" "git" {
  name = "git"
}

resource "aws_iam_service_specific_credential" "git" {
  service_name = "codecommit.amazonaws.com"
  user_name    = aws_iam_user.git.name
}

resource "aws_iam_user_policy" "git" {
  name = "git"
  user = aws_iam_user.git.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "codecommit:GitPull", Resource = "arn:aws:codecommit:*:*:app" }]
  })
}

resource "aws_iam_role" "app" {
  name = "app-lambda"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}

resource "aws_lambda_function" "app" {
  function_name = "app"
  role          = aws_iam_role.app.arn
  handler       = "index.handler"
  runtime       = "python3.12"
  filename      = "app.zip"

  environment {
    variables = {
      GIT_USER     = aws_iam_service_specific_credential.git.service_user_name
      GIT_PASSWORD = aws_iam_service_specific_credential.git.service_password
    }
  }
}
""",
        },
        {"aws_iam_service_specific_credential.git": "advice"},
        {"aws_iam_service_specific_credential.git": ("aws:execution-role",)},
        says=("git-remote-codecommit",),
    ),
    PlannerExample(
        "a service's own password that nothing reads",
        {
            "main.tf": """\
resource "aws_iam_user" "git" {
  name = "git"
}

resource "aws_iam_service_specific_credential" "git" {
  service_name = "codecommit.amazonaws.com"
  user_name    = aws_iam_user.git.name
}

resource "aws_iam_user_policy" "git" {
  name = "git"
  user = aws_iam_user.git.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "codecommit:GitPull", Resource = "arn:aws:codecommit:*:*:app" }]
  })
}
""",
        },
        {"aws_iam_service_specific_credential.git": "partial"},
        {"aws_iam_service_specific_credential.git": ("retire", "unknown")},
        patches={
            "soak": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -5,6 +5,7 @@
 resource "aws_iam_service_specific_credential" "git" {
   service_name = "codecommit.amazonaws.com"
   user_name    = aws_iam_user.git.name
+  status       = "Inactive"
 }

 resource "aws_iam_user_policy" "git" {
""",
        },
    ),
    PlannerExample(
        "a key in a page",
        {
            "main.tf": """\
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

resource "aws_amplify_app" "page" {
  name = "page"

  environment_variables = {
    REACT_APP_ACCESS_KEY = aws_iam_access_key.app.id
    REACT_APP_SECRET_KEY = aws_iam_access_key.app.secret
  }
}
""",
        },
        {"aws_iam_access_key.app": "advice"},
        {"aws_iam_access_key.app": ("aws:web-identity",)},
        says=("Cognito identity pool", "everybody who does has the key"),
    ),
    PlannerExample(
        "a key that only pulls images",
        {
            "main.tf": """\
resource "aws_iam_user" "puller" {
  name = "puller"
}

resource "aws_iam_access_key" "puller" {
  user = aws_iam_user.puller.name
}

resource "aws_iam_user_policy" "puller" {
  name = "puller"
  user = aws_iam_user.puller.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "ecr:GetAuthorizationToken", Resource = "*" },
      {
        Effect   = "Allow"
        Action   = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = "arn:aws:ecr:*:*:repository/app"
      },
    ]
  })
}

resource "kubernetes_secret" "renewal" {
  metadata {
    name      = "renewal"
    namespace = "apps"
  }

  data = {
    AWS_ACCESS_KEY_ID     = aws_iam_access_key.puller.id
    AWS_SECRET_ACCESS_KEY = aws_iam_access_key.puller.secret
  }
}
""",
        },
        {"kubernetes_secret.renewal": "advice", "aws_iam_access_key.puller": "advice"},
        {
            "kubernetes_secret.renewal": ("aws:pod-role", "aws:cross-account-role"),
            "aws_iam_access_key.puller": ("aws:pod-role", "aws:cross-account-role"),
        },
        says=("AmazonEC2ContainerRegistryPullOnly", "aws_ecr_repository_policy"),
    ),
)
