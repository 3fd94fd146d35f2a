locals {
  prefix = "northquay-${var.environment}"

  tags = {
    Environment = var.environment
    ManagedBy   = "terraform"
    Repository  = "northquay/infrastructure"
  }
}

data "aws_caller_identity" "current" {}

resource "aws_s3_bucket" "invoices" {
  bucket = "${local.prefix}-invoices"
}

resource "aws_s3_bucket" "scans" {
  bucket = "${local.prefix}-gate-scans"
}

resource "aws_s3_bucket" "artifacts" {
  bucket = "${local.prefix}-artifacts"
}

resource "aws_sqs_queue" "positions" {
  name                    = "${local.prefix}-positions"
  sqs_managed_sse_enabled = true
}

resource "aws_ecs_cluster" "this" {
  name = local.prefix
}

resource "aws_route53_record" "old_brand" {
  provider = aws.dns

  zone_id = "Z0123456789ABCDEFGHIJ"
  name    = "tracking.oldquay.example"
  type    = "CNAME"
  ttl     = 300
  records = ["tracking.northquay.example"]
}
