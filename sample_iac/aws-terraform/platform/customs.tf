# The customs broker's own system fetches manifests.  Its reader is not in this repository.

resource "aws_iam_user" "customs_broker" {
  name = "${local.prefix}-customs-partner"
  path = "/partners/"
}

resource "aws_iam_access_key" "customs_broker" {
  user = aws_iam_user.customs_broker.name
}

resource "aws_iam_user_policy" "customs_broker" {
  name = "read-invoices"
  user = aws_iam_user.customs_broker.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "s3:GetObject"
      Resource = "${aws_s3_bucket.invoices.arn}/customs/*"
    }]
  })
}

resource "aws_secretsmanager_secret" "customs_broker" {
  name = "northquay/customs-partner"
}

resource "aws_secretsmanager_secret_version" "customs_broker" {
  secret_id = aws_secretsmanager_secret.customs_broker.id

  secret_string = jsonencode({
    access_key_id     = aws_iam_access_key.customs_broker.id
    secret_access_key = aws_iam_access_key.customs_broker.secret
  })
}
