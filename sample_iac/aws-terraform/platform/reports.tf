# Left over from the reporting pilot: the job is gone, the user and its key are not.

resource "aws_iam_user" "pilot_reports" {
  name = "${local.prefix}-pilot-reports"
  path = "/services/"
}

resource "aws_iam_access_key" "pilot_reports" {
  user = aws_iam_user.pilot_reports.name
}

resource "aws_iam_user_policy_attachment" "pilot_reports" {
  user       = aws_iam_user.pilot_reports.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
}

# The warehouse loader's key is read from the state by whoever needs it.
resource "aws_iam_user" "warehouse_loader" {
  name = "${local.prefix}-warehouse-loader"
  path = "/services/"
}

resource "aws_iam_access_key" "warehouse_loader" {
  user = aws_iam_user.warehouse_loader.name
}

resource "aws_iam_user_policy_attachment" "warehouse_loader" {
  user       = aws_iam_user.warehouse_loader.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonRedshiftDataFullAccess"
}
