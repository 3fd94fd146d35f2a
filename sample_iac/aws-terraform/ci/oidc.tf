resource "aws_iam_openid_connect_provider" "github" {
  url             = "https://token.actions.githubusercontent.com"
  client_id_list  = ["sts.amazonaws.com"]
  thumbprint_list = ["ffffffffffffffffffffffffffffffffffffffff"]
}

# Documentation is published without a key, but any repository whose owner's name begins like ours may do it.
data "aws_iam_policy_document" "docs_assume" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.github.arn]
    }

    condition {
      test     = "StringLike"
      variable = "token.actions.githubusercontent.com:sub"
      values   = ["repo:northquay*"]
    }
  }
}

resource "aws_iam_role" "docs" {
  name               = "ci-docs-publish"
  assume_role_policy = data.aws_iam_policy_document.docs_assume.json
}

data "aws_iam_policy_document" "docs" {
  statement {
    actions   = ["s3:PutObject"]
    resources = ["${aws_s3_bucket.site.arn}/docs/*"]
  }
}

resource "aws_iam_role_policy" "docs" {
  name   = "publish-docs"
  role   = aws_iam_role.docs.id
  policy = data.aws_iam_policy_document.docs.json
}
