# The service account of the bookings pods.  It has a role already; the bucket's policy is not on it.

resource "aws_sqs_queue" "bookings" {
  name                    = "${var.namespace}-bookings"
  sqs_managed_sse_enabled = true
}

data "aws_iam_policy_document" "queue" {
  statement {
    actions   = ["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage"]
    resources = [aws_sqs_queue.bookings.arn]
  }
}

resource "aws_iam_policy" "queue" {
  name   = "${var.namespace}-queue"
  policy = data.aws_iam_policy_document.queue.json
}

module "irsa" {
  source = "../../../modules/irsa"

  cluster_name    = var.cluster_name
  namespace       = var.namespace
  service_account = "bookings-api"

  policy_arns = {
    queue = aws_iam_policy.queue.arn
  }
}
