# Copyright Example Ltd.
# SPDX-License-Identifier: Apache-2.0

terraform {
  required_version = ">= 1.5"
  backend "s3" {
    bucket     = "state"
    access_key = "AKIAIOSFODNN7EXAMPLE" # example only
    key        = "app"
  }
}

######################
# The deployer
######################

# used by CI
resource "aws_iam_user" "ci" {
  name = "ci"
  path = "/bots/"

  tags = {
    owner = "platform", env = "prod"
    "a b" = "quoted"
  }
}

resource "aws_iam_access_key" "ci" {
  user = aws_iam_user.ci.name
}
resource "aws_lambda_function" "app" {
  function_name = "app"
  role          = aws_iam_role.app.arn # kept
  layers        = ["a", "b", "c"]
  architectures = [
    "x86_64", # intel
    # the other
    "arm64"
  ]

  environment {
    variables = {
      # static credentials
      AWS_ACCESS_KEY_ID     = aws_iam_access_key.ci.id
      AWS_SECRET_ACCESS_KEY = aws_iam_access_key.ci.secret # never
      LOG_LEVEL             = "debug"
    }
  }

  vpc_config { subnet_ids = [] }

  /* tracing
     is on */
  tracing_config {
    mode = "Active"
  }

  depends_on = [aws_iam_user.ci]
}

resource "aws_instance" "vm" {
  user_data = <<-EOT
    #!/bin/sh
    export AWS_ACCESS_KEY_ID=${aws_iam_access_key.ci.id}
    curl -s https://example.com \
      --header "x: ${aws_iam_access_key.ci.secret}" \
      --output /dev/null
    exec run
  EOT
  ami       = "ami-1"
  tags      = merge(local.tags, { key = aws_iam_access_key.ci.id })
}

locals {
  tags   = {}
  single = { a = "${aws_iam_access_key.ci.id}" }
  container = jsonencode([{
    name = "x"
    environment = [
      { name = "AWS_ACCESS_KEY_ID", value = aws_iam_access_key.ci.id },
      {
        name  = "AWS_SECRET_ACCESS_KEY"
        value = aws_iam_access_key.ci.secret
      },
      { name = "A", value = "b" },
    ]
  }])
}

output "key" {
  value     = aws_iam_access_key.ci.secret
  sensitive = true
}
