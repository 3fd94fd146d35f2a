# The pipeline that deploys the web site: a user whose key is a secret of the repository.

locals {
  organisation = "northquay"
  repository   = "infrastructure"
}

resource "aws_s3_bucket" "site" {
  bucket = "northquay-prod-site"
}

resource "aws_iam_user" "deploy" {
  name = "ci-${local.repository}-deploy"
  path = "/ci/"
}

resource "aws_iam_access_key" "deploy" {
  user = aws_iam_user.deploy.name
}

data "aws_iam_policy_document" "deploy" {
  statement {
    sid       = "ListSite"
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.site.arn]
  }

  statement {
    sid       = "WriteSite"
    actions   = ["s3:PutObject", "s3:DeleteObject"]
    resources = ["${aws_s3_bucket.site.arn}/*"]
  }

  statement {
    sid       = "Invalidate"
    actions   = ["cloudfront:CreateInvalidation"]
    resources = ["*"]
  }
}

resource "aws_iam_user_policy" "deploy" {
  name   = "deploy-site"
  user   = aws_iam_user.deploy.name
  policy = data.aws_iam_policy_document.deploy.json
}

resource "github_actions_secret" "aws_access_key_id" {
  repository      = local.repository
  secret_name     = "DEPLOY_AWS_ACCESS_KEY_ID"
  plaintext_value = aws_iam_access_key.deploy.id
}

resource "github_actions_secret" "aws_secret_access_key" {
  repository      = local.repository
  secret_name     = "DEPLOY_AWS_SECRET_ACCESS_KEY"
  plaintext_value = aws_iam_access_key.deploy.secret
}
