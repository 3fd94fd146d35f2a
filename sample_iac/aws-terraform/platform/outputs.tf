output "invoice_bucket" {
  value = aws_s3_bucket.invoices.bucket
}

output "warehouse_loader_access_key_id" {
  value = aws_iam_access_key.warehouse_loader.id
}

output "warehouse_loader_secret_access_key" {
  value     = aws_iam_access_key.warehouse_loader.secret
  sensitive = true
}
