# The invoice export: a function that writes PDFs into a bucket.  Its role can already do all but that.

data "aws_iam_policy_document" "invoices" {
  statement {
    sid       = "WriteInvoices"
    actions   = ["s3:PutObject", "s3:GetObject"]
    resources = ["${aws_s3_bucket.invoices.arn}/*"]
  }
}

module "invoices_user" {
  source = "../modules/service-user"

  name              = "invoices"
  policy            = data.aws_iam_policy_document.invoices.json
  create_access_key = true
}

module "invoices" {
  source = "../modules/lambda"

  name       = "${local.prefix}-invoices"
  source_dir = "${path.module}/../app/invoices"

  environment = {
    INVOICE_BUCKET            = aws_s3_bucket.invoices.bucket
    INVOICE_AWS_ACCESS_KEY_ID = module.invoices_user.access_key_id
    INVOICE_AWS_SECRET_KEY    = module.invoices_user.secret_access_key
  }
}

# The same module without a key.  The ledger's machine has one all the same: somebody made it by hand.
module "ledger_user" {
  source = "../modules/service-user"

  name   = "ledger"
  policy = data.aws_iam_policy_document.invoices.json
}
