resource "aws_s3_bucket" "documents" {
  bucket = "${var.namespace}-documents"
}

data "aws_iam_policy_document" "documents" {
  statement {
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.documents.arn]
  }

  statement {
    actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
    resources = ["${aws_s3_bucket.documents.arn}/*"]
  }
}

resource "aws_iam_policy" "documents" {
  name   = "${var.namespace}-documents"
  policy = data.aws_iam_policy_document.documents.json
}

resource "aws_iam_user" "documents" {
  name = "${var.namespace}-documents"
  path = "/system/bookings/"
}

resource "aws_iam_access_key" "documents" {
  user = aws_iam_user.documents.name
}

resource "aws_iam_user_policy_attachment" "documents" {
  user       = aws_iam_user.documents.name
  policy_arn = aws_iam_policy.documents.arn
}

resource "kubernetes_secret" "documents" {
  metadata {
    name      = "documents-bucket"
    namespace = var.namespace
  }

  data = {
    bucket_name       = aws_s3_bucket.documents.bucket
    access_key_id     = aws_iam_access_key.documents.id
    secret_access_key = aws_iam_access_key.documents.secret
  }
}
