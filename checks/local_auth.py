"""A service takes keys or passwords of its own next to the platform's identities.

What it does
    Finds services that could authenticate every caller by its role or managed identity, and also (or only) take a key,
    a connection string or a password of their own: local authentication of Azure's services, a registry's admin user,
    databases without IAM or Entra authentication, a cluster's basic authentication.

Why it matters
    Such a key belongs to nobody, does not expire, and passes every policy that is about identities.  As long as it is
    accepted, somebody will use it.

Fix
    Give the callers roles, and switch the keys off.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.missets import findings
from rolecall.model.rule import Example, Rule

RULE = Rule(
    "RC110",
    "local-authentication",
    "static-credential",
    "low",
    "a service takes keys of its own next to identities",
    controls=("NIST 800-53 IA-2", "NIST 800-53 IA-5", "OWASP NHI4", "OWASP NHI7"),
    level_now="L2",
    level_target="L5",
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each service that takes keys of its own."""
    yield from findings(model, RULE, "local-auth", "give the callers roles, then switch the service's own keys off")


BAD = (
    Example(
        "a message bus with its keys",
        {
            "main.tf": """\
resource "azurerm_servicebus_namespace" "jobs" { # <- RC110
  name = "jobs"
  sku  = "Standard"
}

resource "azurerm_servicebus_namespace" "mails" {
  name               = "mails"
  sku                = "Standard"
  local_auth_enabled = true # <- RC110
}
"""
        },
    ),
    Example(
        "databases, a cache and a broker of AWS",
        {
            "main.tf": """\
resource "aws_db_instance" "main" { # <- RC110
  engine = "postgres"
}

resource "aws_rds_cluster" "main" {
  engine                              = "aurora-mysql"
  iam_database_authentication_enabled = false # <- RC110
}

resource "aws_elasticache_replication_group" "main" { # <- RC110
  auth_token = var.token
}

resource "aws_msk_cluster" "main" {
  client_authentication {
    sasl {
      iam   = true
      scram = true # <- RC110
    }
  }
}

variable "token" {
  sensitive = true
}
""",
            "stack.yaml": """\
Resources:
  Main: # <- RC110
    Type: AWS::RDS::DBInstance
    Properties:
      Engine: postgres
  Graph: # <- RC110
    Type: AWS::Neptune::DBCluster
  Search:
    Type: AWS::OpenSearchService::Domain
    Properties:
      AdvancedSecurityOptions:
        InternalUserDatabaseEnabled: true # <- RC110
""",
        },
    ),
)

GOOD = (
    Example(
        "databases that let roles in, or take it from their cluster, or cannot",
        {
            "main.tf": """\
resource "aws_db_instance" "main" {
  engine                              = "postgres"
  iam_database_authentication_enabled = true
}

resource "aws_db_instance" "old" {
  engine = "sqlserver-ex"
}
""",
            "stack.yaml": """\
Resources:
  Main:
    Type: AWS::RDS::DBCluster
    Properties:
      Engine: aurora-postgresql
      EnableIAMDatabaseAuthentication: true
  One:
    Type: AWS::RDS::DBInstance
    Properties:
      Engine: postgres
      DBClusterIdentifier: !Ref Main
""",
        },
    ),
    Example(
        "keys switched off",
        {
            "main.tf": """\
resource "azurerm_servicebus_namespace" "jobs" {
  name               = "jobs"
  sku                = "Standard"
  local_auth_enabled = false
}
"""
        },
    ),
)
