"""A federated trust that does not say whose token it takes.

What it does
    Finds trusts in an OIDC issuer that is shared by many customers (GitHub, GitLab, Bitbucket, CircleCI, HCP Terraform,
    Google …) or in a cluster, where no condition pins the subject, or a wildcard leaves it open.

Why it matters
    Every customer of a shared issuer can get a token from it.  Without a pinned subject each of them can become this
    role: a permanent key that everybody holds.

Fix
    Compare the subject with the exact repository and branch or environment (`repo:org/name:environment:prod`), by
    StringEquals.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.access.openness import judge_trust
from rolecall.model.finding import Finding, Severity, lower
from rolecall.model.linking import Model
from rolecall.model.parts import Site, Statement
from rolecall.model.rule import Example, Rule
from rolecall.policy.entra import judge_credential
from rolecall.policy.issuers import issuer_of, judge, shared_host
from rolecall.policy.trust import LOOSE, taker, trust_documents

RULE = Rule(
    "RC402",
    "unpinned-oidc-subject",
    "trust",
    "critical",
    "an OIDC trust does not pin the subject",
    controls=("NIST 800-53 AC-3", "NIST 800-53 IA-8", "PCI DSS 7.2.5", "OWASP NHI4", "OWASP NHI6", "ATT&CK T1199"),
    level_now="L5·T",
    level_target="L5",
    equivalents={
        "checkov": ("CKV_AWS_358", "CKV_AWS_393", "CKV_AZURE_249", "CKV_GCP_118", "CKV_GCP_125"),
        "trivy": ("GCP-0068",),
    },
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each statement or block whose subject is open."""
    yield from _blocks(model)
    urls = {fact.name: fact.value for fact in model.facts["oidc-provider"]}
    judged: dict[tuple[str, int], list[tuple[Site, Statement, str, tuple[Severity, str] | None]]] = {}
    for site, document in trust_documents(model):
        for statement in document.statements:
            issuer = issuer_of(statement, urls, site.unit)
            if issuer:
                span = statement.span or site.span
                group = judged.setdefault((span.path, span.start), [])
                if site.type != LOOSE or not group:
                    group.append((site, statement, issuer, judge(statement, issuer)))
    for group in judged.values():
        # A module's block that is not open for every call of it is not to blame: the call that leaves it open is.
        instances = sum(1 for i in model.identities.values() if i.site.declaration == group[0][0].declaration)
        pinned = sum(1 for _, _, _, verdict in group if verdict is not None) < instances
        for site, statement, issuer, verdict in group:
            if verdict is None:
                continue
            severity, why = verdict
            steps, whose = taker(model, site)
            yield RULE.finding(
                f"{site.address} trusts {issuer}: {why}{whose}",
                site.calls[-1] if pinned and site.calls else statement.span or site.span,
                site.address,
                severity=lower(severity, steps),
                identity=site.address,
                key=site.address,
                help="pin the subject to one repository and branch or environment with StringEquals",
            )
            if not pinned:
                break


def _blocks(model: Model) -> Iterator[Finding]:
    """Trusts that are blocks of their own: a workload identity pool's provider, a federated credential."""
    seen: set[tuple[str, int]] = set()
    for trust in model.trusts:
        span = trust.site.span
        if (span.path, span.start) in seen or (trust.library and trust.gate is not None):
            continue
        host = trust.issuer.removeprefix("https://").rstrip("/")
        verdict = (
            judge_credential(trust) if trust.cloud == "azure" else judge_trust(model, trust, bool(shared_host(host)))
        )
        if verdict is None:
            continue
        seen.add((span.path, span.start))
        severity, why = verdict
        yield RULE.finding(
            f"{trust.site.address} trusts {host}: {why}",
            span,
            trust.site.address,
            severity=severity,
            identity=trust.target.rpartition("//")[2],
            key=trust.site.address,
            help="ask for one repository and branch or environment, by ids where the issuer has them",
        )


BAD = (
    Example(
        "only the audience",
        {
            "main.tf": """\
data "aws_iam_policy_document" "trust" {
  statement { # <- RC402
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals {
      type        = "Federated"
      identifiers = ["arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:aud"
      values   = ["sts.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "deploy" {
  name               = "deploy"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}
"""
        },
    ),
    Example(
        "a document for roles that are made elsewhere",
        {
            "main.tf": """\
data "aws_iam_policy_document" "trust" {
  statement { # <- RC402
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals {
      type        = "Federated"
      identifiers = ["arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"]
    }
  }
}

output "trust" {
  value = data.aws_iam_policy_document.trust.json
}
"""
        },
    ),
    Example(
        "credentials of Entra ID that let a whole organisation in, and whoever spells his subject the same",
        {
            "main.tf": """\
resource "azuread_application" "deploy" {
  display_name = "deploy"
}

resource "azuread_application_flexible_federated_identity_credential" "all" { # <- RC402
  application_id             = azuread_application.deploy.id
  display_name               = "all"
  issuer                     = "https://token.actions.githubusercontent.com"
  audience                   = "api://AzureADTokenExchange"
  claims_matching_expression = "claims['sub'] matches 'repo:my-org/*:ref:refs/heads/main'"
}

resource "azuread_application_federated_identity_credential" "prod" { # <- RC402
  application_id = azuread_application.deploy.id
  display_name   = "prod"
  issuer         = "https://token.actions.githubusercontent.com"
  audiences      = ["api://AzureADTokenExchange"]
  subject        = "environment:prod"
}
"""
        },
    ),
    Example(
        "the call of a module that leaves it open",
        {
            "main.tf": """\
module "site" {
  source   = "./role"
  subjects = ["repo:my-org/site:environment:prod"]
}

module "api" { # <- RC402
  source   = "./role"
  subjects = ["repo:my-org/*"]
}
""",
            "role/main.tf": """\
variable "subjects" {}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals {
      type        = "Federated"
      identifiers = ["arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"]
    }
    condition {
      test     = "StringLike"
      variable = "token.actions.githubusercontent.com:sub"
      values   = var.subjects
    }
  }
}

resource "aws_iam_role" "this" {
  assume_role_policy = data.aws_iam_policy_document.trust.json
}
""",
        },
    ),
    Example(
        "every repository",
        {
            "stack.yaml": """\
Resources:
  Deploy:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow # <- RC402
            Action: sts:AssumeRoleWithWebIdentity
            Principal:
              Federated: !Sub arn:aws:iam::${AWS::AccountId}:oidc-provider/token.actions.githubusercontent.com
            Condition:
              StringLike:
                token.actions.githubusercontent.com:sub: repo:my-org/*
"""
        },
    ),
    Example(
        "a workload identity pool for all of GitHub",
        {
            "main.tf": """\
resource "google_iam_workload_identity_pool" "ci" {
  workload_identity_pool_id = "ci"
}

resource "google_iam_workload_identity_pool_provider" "github" { # <- RC402
  workload_identity_pool_id          = google_iam_workload_identity_pool.ci.workload_identity_pool_id
  workload_identity_pool_provider_id = "github"
  attribute_mapping = {
    "google.subject" = "assertion.sub"
  }
  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}
"""
        },
    ),
    Example(
        "an OCI identity domain that takes any GitHub token",
        {
            "main.tf": """\
variable "domain_url" {}

resource "oci_identity_domains_identity_propagation_trust" "github" { # <- RC402
  idcs_endpoint       = var.domain_url
  schemas             = ["urn:ietf:params:scim:schemas:oracle:idcs:IdentityPropagationTrust"]
  name                = "github"
  type                = "JWT"
  issuer              = "https://token.actions.githubusercontent.com"
  allow_impersonation = true
}
"""
        },
    ),
)

GOOD = (
    Example(
        "pinned",
        {
            "main.tf": """\
resource "aws_iam_role" "deploy" {
  name = "deploy"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com" }
      Condition = {
        StringEquals = {
          "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
          "token.actions.githubusercontent.com:sub" = "repo:my-org/site:environment:prod"
        }
      }
    }]
  })
}
"""
        },
    ),
    Example(
        "pinned under a name that is put together",
        {
            "main.tf": """\
data "circleci_project" "site" {
  slug = "github/my-org/site"
}

locals {
  org    = data.circleci_project.site.organization_id
  issuer = "oidc.circleci.com/org/${local.org}"
}

resource "aws_iam_role" "deploy" {
  name = "deploy"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = "arn:aws:iam::111122223333:oidc-provider/${local.issuer}" }
      Condition = {
        StringEquals = { "${local.issuer}:aud" = local.org }
        StringLike   = { "${local.issuer}:sub" = "org/${local.org}/project/${data.circleci_project.site.id}/user/*" }
      }
    }]
  })
}
"""
        },
    ),
    Example(
        "credentials of Entra ID for one branch, one environment, one service account",
        {
            "main.tf": """\
resource "azuread_application" "deploy" {
  display_name = "deploy"
}

resource "azuread_application_flexible_federated_identity_credential" "tags" {
  application_id             = azuread_application.deploy.id
  display_name               = "tags"
  issuer                     = "https://token.actions.githubusercontent.com"
  audience                   = "api://AzureADTokenExchange"
  claims_matching_expression = "claims['sub'] matches 'repo:my-org/site:ref:refs/tags/v*'"
}

resource "azuread_application_federated_identity_credential" "prod" {
  application_id = azuread_application.deploy.id
  display_name   = "prod"
  issuer         = "https://token.actions.githubusercontent.com"
  audiences      = ["api://AzureADTokenExchange"]
  subject        = "repo:my-org@1234/site@5678:environment:prod"
}

resource "azurerm_user_assigned_identity" "api" {
  name = "api"
}

resource "azurerm_kubernetes_cluster" "main" {
  name                      = "main"
  oidc_issuer_enabled       = true
  workload_identity_enabled = true
}

resource "azurerm_federated_identity_credential" "api" {
  name      = "api"
  parent_id = azurerm_user_assigned_identity.api.id
  issuer    = azurerm_kubernetes_cluster.main.oidc_issuer_url
  audience  = ["api://AzureADTokenExchange"]
  subject   = "system:serviceaccount:shop:api"
}
"""
        },
    ),
    Example(
        "the form of the subject with ids",
        {
            "main.tf": """\
resource "aws_iam_role" "deploy" {
  name = "deploy"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com" }
      Condition = {
        StringLike = { "token.actions.githubusercontent.com:sub" = "repo:my-org@*/site@*:environment:prod" }
      }
    }]
  })
}
"""
        },
    ),
    Example(
        "a pool that lets one repository in",
        {
            "main.tf": """\
resource "google_iam_workload_identity_pool" "ci" {
  workload_identity_pool_id = "ci"
}

resource "google_iam_workload_identity_pool_provider" "github" {
  workload_identity_pool_id          = google_iam_workload_identity_pool.ci.workload_identity_pool_id
  workload_identity_pool_provider_id = "github"
  attribute_mapping = {
    "google.subject"          = "assertion.sub"
    "attribute.repository_id" = "assertion.repository_id"
  }
  attribute_condition = "attribute.repository_id == '123456' && assertion.ref == 'refs/heads/main'"
  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}
"""
        },
    ),
)
