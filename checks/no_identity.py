"""A workload that could have an identity of its own has none.

What it does
    Finds instances without an instance profile, container tasks without a task role, machines and apps without a
    managed identity or service account, where the platform would give them one.

Why it matters
    Such a workload reaches other services with keys that somebody hands it, or as whatever it runs on.  What it does
    cannot be told from what its neighbours do.

Fix
    Give it an identity of its own, even one that may do nothing yet: then the first permission has a place to go.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.model.secrets.given import given
from rolecall.model.state.missets import findings

RULE = Rule(
    "RC213",
    "no-identity",
    "identity-choice",
    "low",
    "a workload has no identity of its own",
    controls=("NIST 800-53 IA-9", "NIST 800-53 AC-6", "CIS AWS 1.18", "OWASP NHI4"),
    level_now="L2",
    level_target="L5",
    equivalents={
        "checkov": (
            "CKV2_AWS_41",
            "CKV_AZURE_16",
            "CKV_AZURE_71",
            "CKV2_AZURE_36",
            "CKV2_AZURE_28",
            "CKV2_AZURE_35",
            "CKV_AZURE_207",
            "CKV_AZURE_202",
            "CKV_AZURE_238",
            "CKV_AZURE_181",
            "CKV_AZURE_194",
            "CKV_AZURE_191",
            "CKV_AZURE_176",
        ),
        "kics": (
            "f914357d-8386-4d56-9ba6-456e5723f9a6",
            "7f384a5f-b5a2-4d84-8ca3-ee0a5247becb",
            "b61cce4b-0cc4-472b-8096-15617a6d769b",
            "c87749b3-ff10-41f5-9df2-c421e8151759",
        ),
        "trivy": ("AZU-0002",),
    },
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each workload without an identity; of one that is given a key RC202 speaks."""
    told = {
        workload.site.declaration
        for workload, _, _ in given(model)
        if workload.slot and not workload.identity and not workload.identity_text
    }
    yield from findings(
        model,
        RULE,
        "no-identity",
        "give it an identity of its own, with what it needs and no more",
        lambda misset: misset.site.declaration not in told,
    )


BAD = (
    Example(
        "apps, jobs and a cluster of Azure",
        {
            "main.tf": """\
resource "azurerm_linux_web_app" "site" { # <- RC213
  name = "site"
}

resource "azurerm_container_group" "api" { # <- RC213
  name = "api"
}

resource "azurerm_automation_account" "nightly" { # <- RC213
  name = "nightly"
}

resource "azurerm_kusto_cluster" "metrics" { # <- RC213
  name = "metrics"
}

resource "azurerm_eventgrid_topic" "orders" { # <- RC213
  name               = "orders"
  local_auth_enabled = false
}
"""
        },
    ),
    Example(
        "an instance and a task",
        {
            "main.tf": """\
resource "aws_instance" "web" { # <- RC213
  ami           = "ami-0abcdef1234567890"
  instance_type = "t3.micro"
}

resource "aws_ecs_task_definition" "jobs" { # <- RC213
  family                = "jobs"
  execution_role_arn    = "arn:aws:iam::111122223333:role/pull"
  container_definitions = "[]"
}
"""
        },
    ),
    Example(
        "the same in a template",
        {
            "stack.yaml": """\
Resources:
  Web: # <- RC213
    Type: AWS::EC2::Instance
    Properties:
      ImageId: ami-0abcdef1234567890
  Task: # <- RC213
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: jobs
"""
        },
    ),
)

GOOD = (
    Example(
        "one that is given a key is the matter of another rule",
        {
            "main.tf": """\
resource "aws_instance" "web" {
  ami       = "ami-0abcdef1234567890"
  user_data = <<-EOT
    export AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE
    export AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
  EOT
}
"""
        },
    ),
    Example(
        "apps of Azure with one",
        {
            "main.tf": """\
resource "azurerm_linux_web_app" "site" {
  name = "site"
  identity {
    type = "SystemAssigned"
  }
}

resource "azurerm_user_assigned_identity" "api" {
  name = "api"
}

resource "azurerm_container_group" "api" {
  name = "api"
  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.api.id]
  }
}

variable "identity" {}

resource "azurerm_automation_account" "nightly" {
  name = "nightly"
  dynamic "identity" {
    for_each = var.identity
    content {
      type = identity.value
    }
  }
}
"""
        },
    ),
    Example(
        "one of their own, or one that the launch template gives",
        {
            "main.tf": """\
resource "aws_instance" "web" {
  ami                  = "ami-0abcdef1234567890"
  instance_type        = "t3.micro"
  iam_instance_profile = "web"
}

resource "aws_instance" "worker" {
  launch_template {
    name = "worker"
  }
}

resource "aws_ecs_task_definition" "jobs" {
  family                = "jobs"
  task_role_arn         = "arn:aws:iam::111122223333:role/jobs"
  container_definitions = "[]"
}
""",
            "stack.yaml": """\
Resources:
  Web:
    Type: AWS::EC2::Instance
    Properties:
      ImageId: ami-0abcdef1234567890
      IamInstanceProfile: web
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: jobs
      TaskRoleArn: arn:aws:iam::111122223333:role/jobs
""",
        },
    ),
    Example(
        "a library whose callers decide",
        {
            "main.tf": """\
variable "profile" {
  default = null
}

resource "aws_instance" "this" {
  ami                  = "ami-0abcdef1234567890"
  instance_type        = "t3.micro"
  iam_instance_profile = var.profile
}
"""
        },
    ),
)
