"""A key passed into a workload's configuration from outside the code.

What it does
    Finds workloads, stores and Terraform's own provider and backend blocks that are given an AWS key by a variable, a
    parameter, or something that is not in the scanned code.  (Keys that the code mints are RC101, literal ones RC102,
    pipelines RC103.)

Why it matters
    The platform offers the workload an identity of its own, with credentials that rotate by themselves.  A key handed
    in beside it lives for ever, shows in the configuration, and hides the role.

Fix
    Attach the permissions to the workload's role, take the variables out of its configuration, then retire the key.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.nouns import identity, key
from rolecall.model.parts import Credential
from rolecall.model.pipelines.systems import CI_STORES, PLATFORMS, SYSTEMS
from rolecall.model.rule import Example, Related, Rule

RULE = Rule(
    "RC104",
    "workload-given-key",
    "static-credential",
    "high",
    "a workload is given a static AWS key",
    controls=(
        "NIST 800-53 IA-5(7)",
        "CIS AWS 1.18",
        "PCI DSS 8.6.2",
        "ISO 27001 A.5.17",
        "OWASP NHI2",
        "OWASP NHI7",
        "ATT&CK T1552.001",
    ),
    level_now="L2",
    level_target="L5",
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each place where a key of unseen origin comes in."""
    for credentials in model.declarations.values():
        first = credentials[0]
        if first.form not in ("input", "reference") or first.site.format in SYSTEMS or model.fed_by(first):
            continue
        flows = [model.flow(credential) for credential in credentials]
        consumers = {c.workload.id: c for flow in flows for c in flow.consumptions}
        ends = [end for flow in flows for end in flow.open_ends]
        if not consumers and not ends:
            continue
        if first.library and not consumers:
            continue
        holder = next(iter(consumers.values())).workload.site.address if consumers else ends[0].store.site.address
        origin = (
            f"from {first.hops[-1].address}"
            if first.hops
            else "from outside the code"
            if first.form == "input"
            else "by reference"
        )
        yield RULE.finding(
            f"{holder} is given a static {key(first)}{f' ({first.field})' if first.field else ''} {origin}",
            first.span if first.span.start or not consumers else next(iter(consumers.values())).steps[-1].place,
            first.site.address,
            severity="high" if consumers and not first.library and not _of_an_account(first) else "medium",
            confidence="high" if first.form == "input" else "medium",
            related=tuple(Related(hop.span, f"passes through {hop.address}") for hop in first.hops[:6]),
            key=first.field,
            help="let the pipelines log in by a token of their own, and drop these: rolecall plan"
            if any(end.store.kind in CI_STORES for end in ends)
            or any(c.workload.platform in PLATFORMS for c in consumers.values())
            else "let the vendor take a role where it can, else narrow the key and replace it by and by: rolecall plan"
            if consumers and all(c.workload.kind == "saas" for c in consumers.values())
            else f"use the {identity(first.cloud)} that the platform gives it, and drop these: rolecall plan",
        )


def _of_an_account(credential: Credential) -> bool:
    """Whether it is the shared key of an Azure account that the same code declares: known, and in no person's hands."""
    kinds = ("access-key", "sas", "password")
    return credential.cloud == "azure" and credential.cls in kinds and credential.form == "reference"


BAD = (
    Example(
        "a task's environment",
        {
            "main.tf": """\
variable "aws_key" {}
variable "aws_secret" {}

resource "aws_ecs_task_definition" "app" {
  family = "app"
  container_definitions = jsonencode([{
    name  = "app"
    image = "app:1"
    environment = [
      { name = "AWS_ACCESS_KEY_ID", value = var.aws_key }, # <- RC104
      { name = "AWS_SECRET_ACCESS_KEY", value = var.aws_secret },
    ]
  }])
}
"""
        },
    ),
    Example(
        "what a vendor writes its logs with",
        {
            "main.tf": """\
variable "keys" {
  type = map(string)
}

resource "fastly_service_vcl" "shop" {
  name = "shop"
  logging_s3 {
    name          = "logs"
    bucket_name   = "logs"
    s3_access_key = var.keys["access_key"] # <- RC104
    s3_secret_key = var.keys["secret_key"]
  }
}
"""
        },
    ),
    Example(
        "what pipelines and runs log in with",
        {
            "main.tf": """\
terraform {
  backend "s3" {}
}

variable "secret" {}

resource "gitlab_project_variable" "key" {
  project = "site"
  key     = "AWS_SECRET_ACCESS_KEY"
  value   = var.secret # <- RC104
}

resource "tfe_variable" "secret" {
  key          = "ARM_CLIENT_SECRET"
  category     = "env"
  workspace_id = "ws-site"
  sensitive    = true
  value        = var.secret # <- RC104
}

resource "azuredevops_variable_group" "deploy" {
  project_id = "site"
  name       = "deploy"
  secret_variable { # <- RC104
    name  = "GOOGLE_CREDENTIALS"
    value = var.secret
  }
}

resource "azuredevops_serviceendpoint_azurerm" "main" {
  project_id            = "site"
  service_endpoint_name = "main"
  credentials {
    serviceprincipalid  = "00000000-0000-0000-0000-000000000000"
    serviceprincipalkey = var.secret # <- RC104
  }
}
"""
        },
    ),
    Example(
        "a cluster's service principal",
        {
            "main.tf": """\
variable "client_id" {}
variable "client_secret" {}

resource "azurerm_kubernetes_cluster" "main" {
  name = "main"
  service_principal {
    client_id     = var.client_id
    client_secret = var.client_secret # <- RC104
  }
}
"""
        },
    ),
    Example(
        "a template's parameter",
        {
            "stack.yaml": """\
Parameters:
  KeyId:
    Type: String
  KeySecret:
    Type: String
    NoEcho: true
Resources:
  Job:
    Type: AWS::Lambda::Function
    Properties:
      Role: arn:aws:iam::111122223333:role/job
      Environment:
        Variables:
          S3_ACCESS_KEY_ID: !Ref KeyId # <- RC104
          S3_SECRET_ACCESS_KEY: !Ref KeySecret
"""
        },
    ),
    Example(
        "a provider",
        {
            "main.tf": """\
variable "access_key" {}
variable "secret_key" {}

provider "aws" {
  region     = "eu-west-2"
  access_key = var.access_key # <- RC104
  secret_key = var.secret_key
}
"""
        },
    ),
    Example(
        "Google Cloud: a key from outside",
        {
            "main.tf": """\
variable "key" {}

resource "google_cloud_run_v2_service" "app" {
  name     = "app"
  location = "europe-west2"
  template {
    containers {
      image = "app:1"
      env { # <- RC104
        name  = "GOOGLE_CREDENTIALS"
        value = var.key
      }
    }
  }
}
"""
        },
    ),
)

GOOD = (
    Example(
        "pipelines and runs that log in by a token of their own",
        {
            "main.tf": """\
terraform {
  backend "s3" {}
}

variable "client" {}

resource "gitlab_project_variable" "role" {
  project = "site"
  key     = "AWS_ROLE_ARN"
  value   = "arn:aws:iam::111122223333:role/site"
}

resource "tfe_variable" "role" {
  key          = "TFC_AWS_RUN_ROLE_ARN"
  category     = "env"
  workspace_id = "ws-site"
  value        = "arn:aws:iam::111122223333:role/site"
}

resource "azuredevops_serviceendpoint_azurerm" "main" {
  project_id                             = "site"
  service_endpoint_name                  = "main"
  service_endpoint_authentication_scheme = "WorkloadIdentityFederation"
  credentials {
    serviceprincipalid = var.client
  }
}
"""
        },
    ),
    Example(
        "a web application's own sign-in",
        {
            "main.tf": """\
variable "secret" {}

resource "azurerm_linux_web_app" "site" {
  name = "site"
  app_settings = {
    AZURE_AD_OAUTH_CLIENT_SECRET = var.secret
  }
}
"""
        },
    ),
    Example(
        "another provider's store",
        {
            "main.tf": """\
variable "key" {}

resource "aws_ecs_task_definition" "app" {
  family = "app"
  container_definitions = jsonencode([{
    name        = "app"
    image       = "app:1"
    environment = [{ name = "MINIO_ACCESS_KEY", value = var.key }]
  }])
}
"""
        },
    ),
    Example(
        "Google Cloud: the service account alone",
        {
            "main.tf": """\
resource "google_service_account" "app" {
  account_id = "app"
}

resource "google_cloud_run_v2_service" "app" {
  name     = "app"
  location = "europe-west2"
  template {
    service_account = google_service_account.app.email
    containers {
      image = "app:1"
    }
  }
}
"""
        },
    ),
)
