"""A trust that no token can meet.

What it does
    Finds trusts that compare a token's subject by StringEquals with a text that has a `*` in it (only StringLike reads
    it as a wildcard), and federated credentials of Entra ID with one, which always compare the subject as it is.

Why it matters
    Nobody gets the role, and whoever looks for the reason is likely to take the condition away, or to put a key in the
    role's place.

Fix
    Write the subject in full; where a part must stay open, use StringLike, in Entra ID a flexible federated credential
    with `matches`.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy.entra import statement_of
from rolecall.policy.google_pools import never_equal
from rolecall.policy.trust import never_holds, trusts

RULE = Rule(
    "RC407",
    "subject-never-matches",
    "trust",
    "low",
    "a trust compares the subject with a wildcard as if it were text",
    controls=("NIST 800-53 IA-9", "OWASP NHI4"),
    level_now="L5·T",
    level_target="L5",
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each statement."""
    for site, statement in trusts(model):
        if subject := never_holds(statement):
            yield RULE.finding(
                f"{site.address} cannot be assumed: no subject equals “{subject}”, "
                + ("whose * is plain text" if "*" in subject else "and each names its parts (repo:…, environment:…)"),
                statement.span or site.span,
                site.address,
                identity=site.address,
                key=site.address,
                help="write the subject in full, or compare with StringLike",
            )
    seen: set[tuple[str, int]] = set()
    for trust in model.trusts:
        asked = statement_of(trust) if trust.cloud == "azure" else None
        if asked is None or trust.site.declaration in seen or not (subject := never_holds(asked)):
            continue
        seen.add(trust.site.declaration)
        yield RULE.finding(
            f"{trust.site.address} lets nobody in: no token has the subject “{subject}”, which is compared as it is",
            trust.site.span,
            trust.site.address,
            identity=trust.target.rpartition("//")[2],
            key=trust.site.address,
            help="write the subject in full, or make it a flexible credential that matches an expression",
        )
    yield from _pools(model)


def _pools(model: Model) -> Iterator[Finding]:
    """Conditions of Google Cloud's workload identity pools."""
    seen: set[tuple[str, int]] = set()
    for trust in model.trusts:
        value = never_equal(trust) if trust.cloud == "gcp" and trust.site.declaration not in seen else ""
        if value:
            seen.add(trust.site.declaration)
            yield RULE.finding(
                f"{trust.site.address} lets nobody in: no claim equals “{value}”, whose * is plain text",
                trust.site.span,
                trust.site.address,
                key=trust.site.address,
                help="write the value in full, or use startsWith",
            )


_ISSUER = "token.actions.githubusercontent.com"
_TRUST = f"""\
resource "aws_iam_role" "deploy" {{
  name = "deploy"
  assume_role_policy = jsonencode({{
    Version = "2012-10-17"
    Statement = [{{MARK
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = {{ Federated = "arn:aws:iam::111122223333:oidc-provider/{_ISSUER}" }}
      Condition = {{ StringEquals = {{ "{_ISSUER}:sub" = "repo:my-org/site:SUBJECT" }} }}
    }}]
  }})
}}
"""
_STACK = f"""\
Resources:
  Deploy:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: AllowMARK
            Principal:
              Federated: !Sub arn:aws:iam::${{AWS::AccountId}}:oidc-provider/{_ISSUER}
            Action: sts:AssumeRoleWithWebIdentity
            Condition:
              StringEquals:
                {_ISSUER}:sub: repo:my-org/site:SUBJECT
"""
_MARK = " # <- RC407"

_CREDENTIAL = """\
resource "azurerm_user_assigned_identity" "deploy" {
  name = "deploy"
}

resource "azurerm_federated_identity_credential" "deploy" {MARK
  name      = "deploy"
  parent_id = azurerm_user_assigned_identity.deploy.id
  issuer    = "https://token.actions.githubusercontent.com"
  audience  = ["api://AzureADTokenExchange"]
  subject   = "repo:my-org/site:SUBJECT"
}
"""

BAD = (
    Example("every branch", {"stack.yaml": _STACK.replace("MARK", _MARK).replace("SUBJECT", "ref:refs/heads/*")}),
    Example(
        "a wildcard in Entra ID", {"main.tf": _CREDENTIAL.replace("MARK", _MARK).replace("SUBJECT", "ref:refs/heads/*")}
    ),
    Example("every tag", {"main.tf": _TRUST.replace("MARK", _MARK).replace("SUBJECT", "ref:refs/tags/*")}),
    Example(
        "a star in a condition of Google Cloud",
        {
            "main.tf": """\
resource "google_iam_workload_identity_pool_provider" "github" { # <- RC407
  workload_identity_pool_id          = "github"
  workload_identity_pool_provider_id = "github"
  attribute_mapping                  = { "google.subject" = "assertion.sub" }
  attribute_condition                = "assertion.sub == 'repo:example/app:*'"
  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}
"""
        },
    ),
)

GOOD = (
    Example("one branch", {"main.tf": _TRUST.replace("MARK", "").replace("SUBJECT", "ref:refs/heads/main")}),
    Example(
        "one branch in Entra ID",
        {"main.tf": _CREDENTIAL.replace("MARK", "").replace("SUBJECT", "ref:refs/heads/main")},
    ),
    Example("an environment", {"stack.yaml": _STACK.replace("MARK", "").replace("SUBJECT", "environment:prod")}),
    Example(
        "a star in a condition of Google Cloud",
        {
            "main.tf": """\
resource "google_iam_workload_identity_pool_provider" "github" {
  workload_identity_pool_id          = "github"
  workload_identity_pool_provider_id = "github"
  attribute_mapping                  = { "google.subject" = "assertion.sub" }
  attribute_condition                = "assertion.sub.startsWith('repo:example/app:')"
  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}
"""
        },
    ),
)
