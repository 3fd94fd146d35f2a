"""One identity for production and for what is not production.

What it does
    Finds roles, service accounts, managed identities and users whose workloads, or whose trusted subjects, are named
    after production on the one hand and after development, test or staging on the other.

Why it matters
    Who takes over the test system is then somebody in production: the same identity has the same rights wherever it is
    used.  Test systems have weaker guards and more people.

Fix
    Make one identity for each environment, in the environment's own account or project, and let each trust only its own
    workloads.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding, Related
from rolecall.model.linking import Model
from rolecall.model.nature import words
from rolecall.model.parts import Identity, Workload
from rolecall.model.rule import Example, Rule
from rolecall.source.text import Span

RULE = Rule(
    "RC506",
    "identity-across-environments",
    "lifecycle",
    "low",
    "one identity is used in production and elsewhere",
    confidence="medium",
    controls=("NIST 800-53 AC-6", "NIST 800-53 CM-4", "ISO 27001 A.8.31", "OWASP NHI8", "OWASP NHI9"),
    level_now="L3",
    level_target="L5",
)
_PRODUCTION = frozenset({"prod", "production", "prd", "live"})
_ELSEWHERE = frozenset(
    {"dev", "development", "test", "testing", "staging", "stage", "stg", "qa", "uat", "sandbox", "preview"}
    | {"preprod", "preproduction", "nonprod", "nonproduction"}
    | {"pre-prod", "pre-production", "non-prod", "non-production", "not-prod"}
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each identity of production that something else uses too."""
    workloads: dict[str, list[Workload]] = {}
    for workload in model.workloads.values():
        if workload.identity and workload.identity != workload.id:
            workloads.setdefault(workload.identity, []).append(workload)
    seen: set[tuple[str, int]] = set()
    for identity in model.identities.values():
        if identity.site.declaration in seen:
            continue
        users = list(_users(model, identity, workloads.get(identity.id, [])))
        production = next(((name, span) for name, span in users if _is_production(name) is True), None)
        elsewhere = next(((name, span) for name, span in users if _is_production(name) is False), None)
        if production is None or elsewhere is None:
            continue
        seen.add(identity.site.declaration)
        places = ((production[1], "production uses it here"), (elsewhere[1], "and what is not production here"))
        yield RULE.finding(
            f"{identity.site.address} is the identity of {production[0]} and of {elsewhere[0]}: "
            "who takes over the one is the other",
            identity.site.header,
            identity.site.address,
            identity=identity.site.address,
            related=tuple(Related(span, says) for span, says in places if span is not None),
            key=identity.site.address,
            help="make one identity for each environment",
        )


def _users(model: Model, identity: Identity, workloads: list[Workload]) -> Iterator[tuple[str, Span | None]]:
    """Who uses an identity, by name, and where that is said: workloads, consumers of its keys, subjects it trusts."""
    yield from ((workload.site.address, workload.site.header) for workload in workloads)
    for credential in model.credentials_of(identity):
        yield from ((workload.site.address, workload.site.header) for workload in model.flow(credential).workloads)
    for statement in identity.assume.statements if identity.assume is not None else ():
        for _, key, values in statement.conditions:
            if statement.effect == "Allow" and key.lower().endswith(":sub"):
                yield from ((value, statement.span) for value in values)


def _is_production(name: str) -> bool | None:
    """Whether a name says production, or something else; None where it says neither or both."""
    said = words(name)
    if said & _ELSEWHERE:
        plain = said - {word for pair in said & _ELSEWHERE if "-" in pair for word in pair.split("-")}
        return None if plain & _PRODUCTION else False
    return True if said & _PRODUCTION else None


BAD = (
    Example(
        "a role of two functions",
        {
            "main.tf": """\
resource "aws_iam_role" "orders" { # <- RC506
  name = "orders"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}

resource "aws_lambda_function" "orders_prod" {
  function_name = "orders-prod"
  role          = aws_iam_role.orders.arn
}

resource "aws_lambda_function" "orders_dev" {
  function_name = "orders-dev"
  role          = aws_iam_role.orders.arn
}
"""
        },
    ),
    Example(
        "a role that the pipelines of two environments take",
        {
            "main.tf": """\
resource "aws_iam_role" "deploy" { # <- RC506
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
          "token.actions.githubusercontent.com:sub" = [
            "repo:octo-org/app:environment:staging",
            "repo:octo-org/app:environment:production",
          ]
        }
      }
    }]
  })
}
"""
        },
    ),
    Example(
        "a managed identity of two apps",
        {
            "main.tf": """\
resource "azurerm_user_assigned_identity" "app" { # <- RC506
  name = "app"
}

resource "azurerm_linux_web_app" "live" {
  name = "app-live"
  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.app.id]
  }
}

resource "azurerm_linux_web_app" "staging" {
  name = "app-staging"
  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.app.id]
  }
}
"""
        },
    ),
)

GOOD = (
    Example(
        "one for each, and several test systems on one",
        {
            "main.tf": """\
resource "aws_iam_role" "orders" {
  for_each = toset(["prod", "dev"])
  name     = "orders-${each.key}"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}

resource "aws_lambda_function" "orders_prod" {
  function_name = "orders-prod"
  role          = aws_iam_role.orders["prod"].arn
}

resource "aws_iam_role" "tests" {
  name = "tests"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}

resource "aws_lambda_function" "orders_dev" {
  function_name = "orders-dev"
  role          = aws_iam_role.tests.arn
}

resource "aws_lambda_function" "orders_pre_prod" {
  function_name = "orders-pre-prod"
  role          = aws_iam_role.tests.arn
}
"""
        },
    ),
)
