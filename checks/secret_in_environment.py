"""A secret is written into what a workload is given: its environment, its arguments, its start script.

What it does
    Finds literals in the inputs of functions, containers, machines, builds and jobs of pipelines: variables whose name
    says that they hold a password, a token or an API key, values whose form says so whatever they are called (tokens of
    forges, chat and payment services, model providers; private keys), and passwords in URLs.  Names and addresses of
    secrets, references and switches are left alone, and so are the passwords of what a pipeline starts for its tests.
    AWS keys and other clouds' keys are the matter of literal-access-key.

Why it matters
    The environment of a function or task is shown to everybody who may describe it, user data to everything that runs
    on the machine, and both to all who read the code.  A password here is one that nobody can change without a release.

Fix
    Give the workload the name of a secret and the right to read it (`secrets` of a task definition, a secret store's
    extension or SDK), or an identity that needs no secret at all.  Change the value: it is in the history.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Confidence, Finding, Severity
from rolecall.model.linking import Model
from rolecall.model.pipelines.systems import SYSTEMS
from rolecall.model.rule import Example, Related, Rule

RULE = Rule(
    "RC109",
    "secret-in-environment",
    "static-credential",
    "high",
    "a secret is written into what a workload is given",
    controls=("NIST 800-53 IA-5(7)", "OWASP NHI2", "OWASP NHI7", "ATT&CK T1552.001"),
    level_now="L1",
    level_target="L4",
    equivalents={
        "checkov": ("CKV_AWS_45", "CKV_AWS_46", "CKV_AZURE_45"),
        "trivy": ("AWS-0029", "AWS-0036", "AWS-0122", "AWS-0129", "AZU-0037"),
        "kics": (
            "443488f5-c734-460b-a36d-5b3f330174dc",
            "568cc372-ca64-420d-9015-ee347d00d288",
            "2564172f-c92b-4261-9acd-464aed511696",
        ),
    },
)
#: What is said of each class of secret, how bad it is and how sure.
_SAYS: dict[str, tuple[str, Severity, Confidence]] = {
    "token": ("a token or private key", "high", "high"),
    "password": ("a secret, as its name says,", "high", "medium"),
    "url": ("a URL with a password", "high", "high"),
    "word": ("a password that anybody guesses", "medium", "medium"),
    "key": ("a text of the length of a secret access key", "low", "low"),
    "stand-in": ("a stand-in for a secret, which invites one,", "low", "medium"),
}

_HELP = "let the workload read it from a secret store by its identity; change the value, it is in the history"
_IN_PIPELINE = "change the value, which is in the history, and take the new one from the pipeline's secrets"


def check(model: Model) -> Iterator[Finding]:
    """One finding for each variable or script."""
    seen: set[tuple[str, int, str]] = set()
    for value in model.secret_values:
        place = (value.span.path, value.span.start, value.path)
        if value.form != "environment" or place in seen:
            continue
        seen.add(place)
        what, severity, confidence = _SAYS[value.cls]
        yield RULE.finding(
            f"{value.site.address} is given {what} in {value.path}" + (f" ({value.hint})" if value.hint else ""),
            value.span,
            value.site.address,
            severity=severity,
            confidence=confidence,
            related=tuple(Related(hop.span, f"through {hop.address}") for hop in value.hops[:4]),
            key=f"{value.site.address} {value.path}",
            help=_IN_PIPELINE if value.site.format in SYSTEMS else _HELP,
        )


BAD = (
    Example(
        "the script of a machine of Azure",
        {
            "main.tf": """\
resource "azurerm_linux_virtual_machine" "agent" {
  name        = "agent"
  custom_data = base64encode("export DATABASE_PASSWORD=correct-horse-battery-staple") # <- RC109
}
"""
        },
    ),
    Example(
        "one of several parts that cloud-init takes",
        {
            "main.tf": """\
data "cloudinit_config" "web" {
  part {
    content = "#!/bin/bash"
  }
  part {
    content_type = "text/cloud-config"
    content      = <<-EOT
      write_files:
        - path: /etc/web.env
          content: |
            DB_PASSWORD=correct-horse-battery-staple
    EOT
  }
}

resource "aws_instance" "web" {
  ami              = "ami-0abcdef1234567890"
  user_data_base64 = data.cloudinit_config.web.rendered # <- RC109
}
"""
        },
    ),
    Example(
        "a function, a task and a machine",
        {
            "main.tf": """\
resource "aws_lambda_function" "answers" {
  function_name = "answers"
  role          = "arn:aws:iam::111122223333:role/answers"
  environment {
    variables = {
      OPENAI_API_KEY = "correctHorse1batteryStaple" # <- RC109
      DATABASE_URL   = "postgres://app:correct-horse@db.internal/app" # <- RC109
      STAGE          = "prod"
    }
  }
}

resource "aws_ecs_task_definition" "web" {
  family        = "web"
  task_role_arn = "arn:aws:iam::111122223333:role/web"
  container_definitions = jsonencode([{
    name  = "web"
    image = "web:1"
    environment = [
      { name = "DB_PASSWORD", value = "letmein" }, # <- RC109
      { name = "DB_HOST", value = "db.internal" },
    ]
  }])
}

resource "aws_launch_configuration" "web" {
  image_id  = "ami-0abcdef1234567890"
  user_data = <<-EOT # <- RC109
    #!/bin/bash
    export DATABASE_PASSWORD="correct-horse-battery-staple"
  EOT
}
"""
        },
    ),
    Example(
        "a template",
        {
            "stack.yaml": """\
Resources:
  Answers:
    Type: AWS::Lambda::Function
    Properties:
      Role: arn:aws:iam::111122223333:role/answers
      Environment:
        Variables:
          SLACK_BOT_TOKEN: correctHorse1batteryStaple # <- RC109
"""
        },
    ),
    Example(
        "jobs of pipelines",
        {
            ".github/workflows/release.yml": """\
on: push
permissions: {}
jobs:
  release:
    runs-on: ubuntu-latest
    env:
      NPM_TOKEN: npm_correctHorseBatteryStapleCorrectHorse00 # <- RC109
    steps:
      - uses: docker/login-action@v3
        with:
          username: shop
          password: correct-h0rse-battery-staple # <- RC109
""",
            ".gitlab-ci.yml": """\
deploy:
  variables:
    REGISTRY_PASSWORD: correct-h0rse-battery-staple # <- RC109
  script:
    - ./deploy
""",
        },
    ),
    Example(
        "in one of two cases",
        {
            "stack.yaml": """\
Parameters:
  Stage:
    Type: String
Conditions:
  IsTest: !Equals [!Ref Stage, test]
Resources:
  Resize:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: app.main
      Environment:
        Variables: !If
          - IsTest
          - DB_PASSWORD: correct-horse-battery-staple # <- RC109
          - !Ref AWS::NoValue
"""
        },
    ),
)

GOOD = (
    Example(
        "a program that passes a variable on",
        {
            "agents.yaml": """\
Resources:
  Agent:
    Type: AWS::EC2::Instance
    Properties:
      ImageId: ami-0123456789abcdef0
      UserData:
        Fn::Base64: |
          #!/usr/bin/ruby
          client.complete_lifecycle_action(
            lifecycle_action_token: token,
            lifecycle_action_result: 'CONTINUE'
          )
"""
        },
    ),
    Example(
        "names and addresses of secrets, references, switches",
        {
            "main.tf": """\
variable "api_key" {
  sensitive = true
}

resource "aws_lambda_function" "answers" {
  function_name = "answers"
  role          = "arn:aws:iam::111122223333:role/answers"
  environment {
    variables = {
      OPENAI_API_KEY     = var.api_key
      OPENAI_SECRET      = "prod/openai"
      DB_PASSWORD_SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db"
      API_KEY_PARAMETER  = "/answers/api-key"
      TOKEN_TTL          = "3600"
      USE_TOKEN          = "true"
      TOKEN_URL          = "https://login.example.org/token"
      PUBLIC_KEY         = "-----BEGIN PUBLIC KEY-----"
      MAX_TOKENS         = "4096"
      DB_PASSWORD        = "@Microsoft.KeyVault(SecretUri=https://kv.vault.azure.net/secrets/db)"
      DATABASE_URL       = "postgres://db.internal/app"
      MAPS_PUBLIC_API_KEY = "AIzaCorrectHorseBatteryStapleCorrectHor"
    }
  }
}

resource "aws_instance" "web" {
  ami                  = "ami-0abcdef1234567890"
  iam_instance_profile = "web"
  user_data            = <<-EOT
    #!/bin/bash
    TOKEN=$(curl -X PUT http://169.254.169.254/latest/api/token)
    export DB_PASSWORD=$(aws secretsmanager get-secret-value --secret-id db --query SecretString --output text)
    sed -i 's/PasswordAuthentication: yes/PasswordAuthentication: no/' /etc/ssh/sshd_config
  EOT
}
"""
        },
    ),
    Example(
        "what a program fills in",
        {
            "stack.yaml": """\
Parameters:
  LicenseKey: {Type: String, NoEcho: true}
Resources:
  Agent:
    Type: AWS::Lambda::Function
    Properties:
      Role: arn:aws:iam::111122223333:role/agent
      Environment:
        Variables: {LICENSE_KEY: !Sub "{LicenseKey}"}
"""
        },
    ),
    Example(
        "a name that is put together",
        {
            "main.tf": """\
variable "name" {}

resource "helm_release" "issuers" {
  name   = "issuers"
  chart  = "issuers"
  values = [<<-EOT
    issuer:
      secret: ca-issuer-${var.name}
      kind: Issuer
  EOT
  ]
}
"""
        },
    ),
    Example(
        "what a job starts for its tests, and secrets of the CI system",
        {
            ".github/workflows/test.yml": """\
on: push
permissions: {}
jobs:
  test:
    runs-on: ubuntu-latest
    services:
      db: {image: "postgres:17"}
    env:
      POSTGRES_PASSWORD: correct-h0rse-battery-staple
      DATABASE_URL: postgres://shop:c0rrect-horse@localhost:5432/shop
      SECRET_KEY_BASE: secret-key-base-for-tests-0123456789
      NPM_TOKEN: ${{ secrets.NPM_TOKEN }}
    steps:
      - run: make test
"""
        },
    ),
)
