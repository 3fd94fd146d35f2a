"""The files of one namespace of the made-up estate, each written by its own function."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

SEED = 20_260_101

Writer = Callable[[random.Random, str], str]

TAGS = (
    ("business-unit", "unit"),
    ("application", "namespace"),
    ("is-production", "is_production"),
    ("environment-name", "environment"),
    ("owner", "team"),
    ("infrastructure-support", "support"),
)


def _versions(_: random.Random, __: str) -> str:
    return """\
terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.40"
    }
    kubernetes = {
      source  = "hashicorp/kubernetes"
      version = "~> 2.30"
    }
    github = {
      source  = "integrations/github"
      version = "~> 6.2"
    }
  }
}
"""


def _main(_: random.Random, name: str) -> str:
    tags = "\n".join(f"      {tag:<22} = var.{value}" for tag, value in TAGS)
    providers = "".join(
        f"""
provider "aws" {{
{alias}  region = "{region}"
  default_tags {{
    tags = {{
{tags}
    }}
  }}
}}
"""
        for alias, region in (("", "eu-west-2"), ('  alias  = "ireland"\n', "eu-west-1"))
    )
    return f"""\
terraform {{
  backend "s3" {{
    bucket = "estate-state"
    key    = "namespaces/{name}.tfstate"
    region = "eu-west-2"
  }}
}}
{providers}
provider "github" {{
  owner = var.organisation
  token = var.github_token
}}
"""


def _variables(_: random.Random, name: str) -> str:
    known = {
        "namespace": name,
        "team": f"team-{name.rpartition('-')[0]}",
        "unit": "platform",
        "environment": name.rpartition("-")[2],
        "organisation": "example",
        "cluster": "live",
        "support": "support@example.com",
        "is_production": "false",
    }
    written = "\n".join(
        f"""\
variable "{key}" {{
  description = "The {key.replace("_", " ")} of this namespace, as in its annotations."
  type        = string
  default     = "{value}"
}}
"""
        for key, value in known.items()
    )
    return f'{written}\nvariable "github_token" {{\n  type      = string\n  sensitive = true\n}}\n'


def _remote(name: str, source: str, chance: random.Random, more: str = "") -> str:
    version = f"{chance.randint(1, 7)}.{chance.randint(0, 9)}.0"
    return f"""\
module "{name}" {{
  source = "git::https://git.example.com/modules/{source}.git?ref={version}"

{more}  # Tags
  business_unit          = var.unit
  application            = "${{var.namespace}}-{name}"
  is_production          = var.is_production
  team_name              = var.team
  namespace              = var.namespace
  environment_name       = var.environment
  infrastructure_support = var.support
}}
"""


def secret(label: str, data: dict[str, str]) -> str:
    width = max(map(len, data))
    lines = "\n".join(f"    {key:<{width}} = {value}" for key, value in data.items())
    return f"""
resource "kubernetes_secret" "{label}" {{
  metadata {{
    name      = "{label.replace("_", "-")}-output"
    namespace = var.namespace
  }}

  data = {{
{lines}
  }}
}}
"""


def _service_account(chance: random.Random, _: str) -> str:
    rules = "".join(
        f"""    {{
      api_groups = ["{group}"]
      resources  = ["{kind}s", "{kind}s/status"]
      verbs      = ["get", "list", "watch", "create", "patch", "update", "delete"]
    }},
"""
        for group, kind in (("apps", "deployment"), ("", "pod"), ("batch", "cronjob"), ("networking.k8s.io", "ingres"))
    )
    own = f"""  serviceaccount_name = "deploy-{chance.randint(1, 9)}"
  github_repositories = ["{chance.choice(("api", "web", "worker"))}"]
  serviceaccount_rules = [
{rules}  ]

"""
    return _remote("serviceaccount", "serviceaccount", chance, own)


def _ecr(chance: random.Random, _: str) -> str:
    own = """  repo_name           = "${var.namespace}-ecr"
  oidc_providers      = ["github"]
  github_repositories = [var.namespace]
  lifecycle_policy    = <<EOF
{
  "rules": [
    {
      "rulePriority": 1,
      "description": "Expire images older than 28 days",
      "selection": {
        "tagStatus": "untagged",
        "countType": "sinceImagePushed",
        "countUnit": "days",
        "countNumber": 28
      },
      "action": { "type": "expire" }
    }
  ]
}
EOF

"""
    return _remote("ecr", "ecr-credentials", chance, own) + secret(
        "ecr", {"repo_url": "module.ecr.repo_url", "repo_arn": "module.ecr.repo_arn"}
    )


def _irsa(chance: random.Random, _: str) -> str:
    own = """  eks_cluster_name     = var.cluster
  service_account_name = "${var.namespace}-app"
  role_policy_arns     = merge(local.queue_policies, { own = aws_iam_policy.app.arn })

"""
    return f"""\
locals {{
  queues = {{
    "{chance.choice(("orders", "events", "mail"))}-queue" = "shared-{chance.randint(1, 40)}"
    "{chance.choice(("audit", "notes", "calls"))}-dead"  = "shared-{chance.randint(1, 40)}"
  }}
  queue_policies = {{ for item in data.aws_ssm_parameter.policies : item.name => item.value }}
}}

data "aws_ssm_parameter" "policies" {{
  for_each = local.queues
  name     = "/${{each.value}}/sqs/${{each.key}}/irsa-policy-arn"
}}

data "aws_iam_policy_document" "app" {{
  statement {{
    actions   = ["s3:ListBucket", "s3:GetObject", "s3:PutObject"]
    resources = ["arn:aws:s3:::${{var.namespace}}-data", "arn:aws:s3:::${{var.namespace}}-data/*"]
  }}
}}

resource "aws_iam_policy" "app" {{
  name   = "${{var.namespace}}-app"
  policy = data.aws_iam_policy_document.app.json
}}

{_remote("irsa", "irsa", chance, own)}"""


def _rds(chance: random.Random, _: str) -> str:
    own = f"""  vpc_name             = var.cluster
  db_engine            = "postgres"
  db_engine_version    = "{chance.randint(12, 16)}"
  rds_family           = "postgres{chance.randint(12, 16)}"
  db_instance_class    = "db.t4g.{chance.choice(("micro", "small", "medium"))}"
  db_allocated_storage = {chance.choice((20, 50, 100))}
  prepare_for_upgrade  = {chance.choice(("true", "false"))}

"""
    replica = """  vpc_name             = var.cluster
  replicate_source_db  = module.rds.db_identifier
  db_instance_class    = "db.t4g.small"
  skip_final_snapshot  = "true"
  backup_retention     = 0
  deletion_protection  = false

"""
    both = f"{_remote('rds', 'rds-instance', chance, own)}\n{_remote('rds_replica', 'rds-instance', chance, replica)}"
    return both + secret(
        "rds",
        {
            "endpoint": "module.rds.rds_instance_endpoint",
            "username": "module.rds.database_username",
            "password": "module.rds.database_password",
            "url": '"postgres://${module.rds.database_username}:${module.rds.database_password}@db/main"',
        },
    )


def _key_in_secret(chance: random.Random, name: str) -> str:
    actions = ", ".join(f'"s3:{verb}Object"' for verb in chance.sample(("Get", "Put", "Delete", "Restore"), 3))
    return f"""\
resource "random_id" "bucket" {{
  byte_length = 16
}}

resource "aws_s3_bucket" "files" {{
  bucket = "{name}-files"
}}

resource "aws_iam_user" "files" {{
  name = "{name}-files-${{random_id.bucket.hex}}"
  path = "/system/{name}/"
}}

resource "aws_iam_access_key" "files" {{
  user = aws_iam_user.files.name
}}

resource "aws_iam_user_policy" "files" {{
  name = "files"
  user = aws_iam_user.files.name

  policy = <<POLICY
{{
  "Version": "2012-10-17",
  "Statement": [
    {{
      "Sid": "Objects",
      "Effect": "Allow",
      "Action": [{actions}],
      "Resource": "${{aws_s3_bucket.files.arn}}/*"
    }}
  ]
}}
POLICY
}}
""" + secret(
        "files",
        {
            "bucket": "aws_s3_bucket.files.bucket",
            "access_key_id": "aws_iam_access_key.files.id",
            "secret_access_key": "aws_iam_access_key.files.secret",
        },
    )


def _key_in_pipeline(chance: random.Random, name: str) -> str:
    prefix = chance.choice(("", "PROD_", "DEPLOY_"))
    return f"""\
module "pipeline_user" {{
  source = "../../../modules/key-user"
  name   = "{name}-ci"
  policy = jsonencode({{
    Version = "2012-10-17"
    Statement = [{{
      Effect   = "Allow"
      Action   = ["ecr:GetAuthorizationToken", "ecr:PutImage"]
      Resource = "*"
    }}]
  }})
}}

resource "github_actions_secret" "id" {{
  repository      = "{name}"
  secret_name     = "{prefix}AWS_ACCESS_KEY_ID"
  plaintext_value = module.pipeline_user.id
}}

resource "github_actions_secret" "secret" {{
  repository      = "{name}"
  secret_name     = "{prefix}AWS_SECRET_ACCESS_KEY"
  plaintext_value = module.pipeline_user.secret
}}
"""


def _queue(chance: random.Random, _: str) -> str:
    labels = chance.sample(("orders", "events", "audit", "mail", "notes", "calls"), 3)
    return "\n".join(_one_queue(chance, label) for label in labels)


def _one_queue(chance: random.Random, label: str) -> str:
    return (
        _remote(f"{label}_queue", "sqs", chance, f'  sqs_name        = "{label}"\n  encrypt_sqs_kms = "true"\n\n')
        + f"""
resource "aws_sqs_queue_policy" "{label}" {{
  queue_url = module.{label}_queue.sqs_id

  policy = <<EOF
{{
  "Version": "2012-10-17",
  "Id": "${{module.{label}_queue.sqs_arn}}/SQSDefaultPolicy",
  "Statement": [
    {{
      "Sid": "TopicToQueue",
      "Effect": "Allow",
      "Principal": {{"AWS": "*"}},
      "Resource": "${{module.{label}_queue.sqs_arn}}",
      "Action": "SQS:SendMessage",
      "Condition": {{
        "ArnEquals": {{"aws:SourceArn": "arn:aws:sns:eu-west-2:123456789012:{label}"}}
      }}
    }}
  ]
}}
EOF
}}
"""
    )


def _plain(chance: random.Random, name: str) -> str:
    """Alarms: much of a real estate has nothing to do with identities."""
    alarms = "".join(
        f"""
resource "aws_cloudwatch_metric_alarm" "{metric}_{index}" {{
  alarm_name          = "{name}-{metric}-{index}"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  evaluation_periods  = {chance.randint(1, 5)}
  metric_name         = "{metric}"
  namespace           = "AWS/RDS"
  period              = {chance.choice((60, 120, 300))}
  statistic           = "Average"
  threshold           = {chance.randint(10, 95)}
  alarm_description   = "Watches {metric} of the database of {name}"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [data.aws_sns_topic.alarms.arn]
  ok_actions          = [data.aws_sns_topic.alarms.arn]

  dimensions = {{
    DBInstanceIdentifier = "{name}-{index}"
  }}
}}
"""
        for index, metric in enumerate(chance.sample(("cpu", "memory", "connections", "lag", "queue", "disk"), 6))
    )
    topic = f'data "aws_sns_topic" "alarms" {{\n  name = "{name}-alarms"\n}}\n'
    return f"# Alarms of {name}.\n\n{topic}{alarms}"


def _records(chance: random.Random, name: str) -> str:
    records = "".join(
        f"""
resource "aws_route53_record" "{host}" {{
  zone_id = aws_route53_zone.this.zone_id
  name    = "{host}.{name}.example.com"
  type    = "{chance.choice(("A", "CNAME", "TXT", "MX"))}"
  ttl     = {chance.choice((60, 300, 3600))}
  records = ["{host}-{chance.randint(1, 99)}.example.net."]
}}
"""
        for host in ("www", "api", "mail", "status", "docs", "login", "cdn")
    )
    return f"""\
resource "aws_route53_zone" "this" {{
  name = "{name}.example.com"

  tags = {{
    business-unit = var.unit
    owner         = "${{var.team}}: ${{var.support}}"
  }}
}}
{records}"""


#: Every namespace has these …
ALWAYS: tuple[tuple[str, Writer], ...] = (
    ("versions.tf", _versions),
    ("main.tf", _main),
    ("variables.tf", _variables),
)
#: … and each of these with its share of the namespaces, in parts of a hundred.
SOMETIMES: tuple[tuple[str, Writer, int], ...] = (
    ("serviceaccount.tf", _service_account, 90),
    ("ecr.tf", _ecr, 75),
    ("irsa.tf", _irsa, 75),
    ("rds.tf", _rds, 75),
    ("sqs.tf", _queue, 70),
    ("alarms.tf", _plain, 90),
    ("records.tf", _records, 50),
    ("s3.tf", _key_in_secret, 20),
    ("pipeline.tf", _key_in_pipeline, 12),
)


def files(name: str) -> Iterator[tuple[str, str]]:
    """Name and text of each file of a namespace: the same for the same name, whatever else is written."""
    chance = random.Random(f"{SEED}/{name}")
    for file, write in ALWAYS:
        yield file, write(chance, name)
    for file, write, share in SOMETIMES:
        if chance.randrange(100) < share:
            yield file, write(chance, name)
