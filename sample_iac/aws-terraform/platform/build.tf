# Images are built in CodeBuild.  The project has a service role and gets a user's key all the same.

resource "aws_iam_user" "builder" {
  name = "${local.prefix}-builder"
  path = "/ci/"
}

resource "aws_iam_access_key" "builder" {
  user = aws_iam_user.builder.name
}

resource "aws_iam_user_policy_attachment" "builder" {
  user       = aws_iam_user.builder.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPowerUser"
}

data "aws_iam_policy_document" "codebuild_assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["codebuild.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }
}

resource "aws_iam_role" "codebuild" {
  name               = "${local.prefix}-codebuild"
  assume_role_policy = data.aws_iam_policy_document.codebuild_assume.json
}

resource "aws_iam_role_policy" "codebuild" {
  name = "logs-and-artifacts"
  role = aws_iam_role.codebuild.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "arn:aws:logs:${var.region}:${data.aws_caller_identity.current.account_id}:log-group:/aws/codebuild/*"
      },
      {
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject"]
        Resource = "${aws_s3_bucket.artifacts.arn}/*"
      },
    ]
  })
}

resource "aws_codebuild_project" "images" {
  name         = "${local.prefix}-images"
  service_role = aws_iam_role.codebuild.arn

  artifacts {
    type = "NO_ARTIFACTS"
  }

  source {
    type      = "GITHUB"
    location  = "https://github.com/northquay/tracking.git"
    buildspec = file("${path.module}/templates/buildspec.yml")
  }

  environment {
    compute_type    = "BUILD_GENERAL1_SMALL"
    image           = "aws/codebuild/amazonlinux2-x86_64-standard:5.0"
    type            = "LINUX_CONTAINER"
    privileged_mode = true

    environment_variable {
      name  = "REGISTRY"
      value = var.registry
    }

    environment_variable {
      name  = "AWS_ACCESS_KEY_ID"
      value = aws_iam_access_key.builder.id
    }

    environment_variable {
      name  = "AWS_SECRET_ACCESS_KEY"
      value = aws_iam_access_key.builder.secret
    }
  }
}
