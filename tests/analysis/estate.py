"""A small estate whose units meet: through a shared module, a store and a workflow's secret."""

from __future__ import annotations

from pathlib import Path

ESTATE = {
    "api/main.tf": """\
terraform {
  backend "local" {}
}

resource "aws_iam_user" "api" {
  name = "api"
}

resource "aws_iam_access_key" "api" {
  user = aws_iam_user.api.name
}

resource "aws_ssm_parameter" "secret" {
  name  = "/api/secret"
  type  = "SecureString"
  value = aws_iam_access_key.api.secret
}

module "queue" {
  source = "../modules/queue"
  name   = "api"
}
""",
    "worker/main.tf": """\
terraform {
  backend "local" {}
}

data "aws_ssm_parameter" "secret" {
  name = "/api/secret"
}

resource "aws_lambda_function" "worker" {
  function_name = "worker"
  environment {
    variables = {
      AWS_SECRET_ACCESS_KEY = data.aws_ssm_parameter.secret.value
    }
  }
}

module "queue" {
  source = "../modules/queue"
  name   = "worker"
}
""",
    "batch/main.tf": """\
terraform {
  backend "local" {}
}

module "queue" {
  source = "../modules/queue"
  name   = "batch"
}

output "secret" {
  value = module.queue.secret
}
""",
    "modules/queue/main.tf": """\
variable "name" {}

resource "aws_iam_role" "queue" {
  name               = var.name
  assume_role_policy = file("${path.module}/trust.json")
}

resource "aws_iam_user" "queue" {
  name = "${var.name}-queue"
}

resource "aws_iam_access_key" "queue" {
  user = aws_iam_user.queue.name
}

output "secret" {
  value = aws_iam_access_key.queue.secret
}
""",
    "modules/queue/trust.json": """\
{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}]}
""",
    "stack.yaml": """\
Resources:
  User:
    Type: AWS::IAM::User
  Key:
    Type: AWS::IAM::AccessKey
    Properties:
      UserName: !Ref User
Outputs:
  Secret:
    Value: !GetAtt Key.SecretAccessKey
""",
    ".github/workflows/deploy.yml": """\
on: push
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - uses: aws-actions/configure-aws-credentials@v4
        with:
          aws-access-key-id: ${{ secrets.AWS_ACCESS_KEY_ID }}
          aws-secret-access-key: ${{ secrets.AWS_SECRET_ACCESS_KEY }}
          aws-region: eu-west-2
      - run: aws s3 sync . s3://site
""",
    "scripts/run.sh": "export AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE\n",
    "README.md": "AKIAIOSFODNN7EXAMPLE is the documented example\n",
}


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
