# One key, two consumers of different kinds: the nightly job in the cluster, and a workflow of the berths repository.

resource "aws_s3_bucket" "plans" {
  bucket = "${var.namespace}-plans"
}

resource "aws_iam_user" "uploader" {
  name = "${var.namespace}-uploader"
  path = "/system/berths/"
}

resource "aws_iam_access_key" "uploader" {
  user = aws_iam_user.uploader.name
}

resource "aws_iam_user_policy" "uploader" {
  name = "plans"
  user = aws_iam_user.uploader.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["s3:PutObject", "s3:GetObject"]
      Resource = "${aws_s3_bucket.plans.arn}/*"
    }]
  })
}

resource "kubernetes_secret" "uploader" {
  metadata {
    name      = "plans-uploader"
    namespace = var.namespace
  }

  data = {
    AWS_ACCESS_KEY_ID     = aws_iam_access_key.uploader.id
    AWS_SECRET_ACCESS_KEY = aws_iam_access_key.uploader.secret
  }
}

resource "github_actions_secret" "uploader" {
  for_each = {
    PLANS_AWS_ACCESS_KEY_ID     = aws_iam_access_key.uploader.id
    PLANS_AWS_SECRET_ACCESS_KEY = aws_iam_access_key.uploader.secret
  }

  repository      = "berths"
  secret_name     = each.key
  plaintext_value = each.value
}
