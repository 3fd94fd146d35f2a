# The gate scanner: a virtual machine that uploads photographs of number plates.

resource "aws_iam_user" "gate" {
  name = "${local.prefix}-gate-uploader"
  path = "/services/"
}

resource "aws_iam_access_key" "gate" {
  user = aws_iam_user.gate.name
}

resource "aws_iam_user_policy" "gate" {
  name = "upload-scans"
  user = aws_iam_user.gate.name

  policy = <<-POLICY
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Effect": "Allow",
          "Action": "s3:*",
          "Resource": ["${aws_s3_bucket.scans.arn}", "${aws_s3_bucket.scans.arn}/*"]
        }
      ]
    }
  POLICY
}

module "gate" {
  source = "../modules/vm"

  name      = "${local.prefix}-gate"
  ami_id    = var.gate_ami_id
  subnet_id = var.subnet_ids[0]

  user_data = templatefile("${path.module}/templates/gate.sh.tftpl", {
    bucket     = aws_s3_bucket.scans.bucket
    region     = var.region
    access_key = aws_iam_access_key.gate.id
    secret_key = aws_iam_access_key.gate.secret
  })
}
