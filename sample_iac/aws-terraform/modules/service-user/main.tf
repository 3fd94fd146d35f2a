# A user for a program, with a key.  Whoever calls this decides where the key goes.

resource "aws_iam_user" "this" {
  name = "svc-${var.name}"
  path = "/services/"
  tags = var.tags
}

resource "aws_iam_access_key" "this" {
  count = var.create_access_key ? 1 : 0
  user  = aws_iam_user.this.name
}

resource "aws_iam_user_policy" "this" {
  name   = var.name
  user   = aws_iam_user.this.name
  policy = var.policy
}
