"""A policy that allows everything but what it names.

What it does
    Finds statements that allow with `NotAction`: on every resource, or, less bad, on resources that are named; in the
    trust of a role and the policy of a resource too, where they name nobody to whom it is allowed.

Why it matters
    What is not named is allowed: every service that the account uses, and every action that AWS will add.

Fix
    Name the actions that are needed in `Action`.  To keep a few from somebody who may do the rest, use a Deny.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.parts import Document, Site, Statement
from rolecall.model.rule import Example, Related, Rule
from rolecall.policy.judgement import left_out
from rolecall.policy.telling import findings

HELP = "name the actions that are needed in Action"
RULE = Rule(
    "RC308",
    "allow-with-not-action",
    "excess-privilege",
    "critical",
    "a policy allows every action but a few",
    controls=(
        "NIST 800-53 AC-6",
        "NIST 800-53 AC-6(1)",
        "PCI DSS 7.2.5",
        "ISO 27001 A.8.2",
        "OWASP NHI5",
    ),
    level_now="W",
    level_target="L5",
    equivalents={
        "kics": (
            "5ea624e4-c8b1-4bb3-87a4-4235a776adcc",
            "818f38ed-8446-4132-9c03-474d49e10195",
        ),
    },
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each principal, and for each policy whose principal is not seen."""
    yield from findings(model, RULE, "all-but", HELP)
    seen: set[tuple[str, int]] = set()
    for site, document in _others(model):
        statement = next((s for s in document.statements if _is_all_but(s)), None)
        if statement is None or site.declaration in seen:
            continue
        seen.add(site.declaration)
        yield RULE.finding(
            f"{site.address} allows every action but {left_out(statement.not_actions)}, to nobody that it names",
            site.span,
            site.address,
            severity="medium",
            confidence="medium",
            related=(Related(statement.span, "the statement"),) if statement.span is not None else (),
            key=f"{site.address} not-action",
            help=HELP,
        )


def _is_all_but(statement: Statement) -> bool:
    return statement.effect == "Allow" and bool(statement.not_actions) and not statement.principals


def _others(model: Model) -> Iterator[tuple[Site, Document]]:
    """Trusts of roles, and policies of resources.  (Where they name somebody, the findings about trust speak of it.)"""
    for identity in model.identities.values():
        if identity.assume is not None and not (identity.library and identity.gate is not None):
            yield identity.site, identity.assume
    for policy in model.resource_policies:
        yield policy.site, policy.document


BAD = (
    Example(
        "a machine's role",
        {
            "main.tf": """\
resource "aws_iam_role" "worker" {
  name = "worker"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "worker" {
  role = aws_iam_role.worker.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { # <- RC308
        Effect   = "Allow"
        NotAction = ["iam:*", "organizations:*"]
        Resource = "*"
      },
    ]
  })
}
"""
        },
    ),
    Example(
        "a document that others take",
        {
            "main.tf": """\
data "aws_iam_policy_document" "shared" { # <- RC308
  statement {
    effect      = "Allow"
    not_actions = ["iam:*"]
    resources   = ["*"]
  }
}

output "policy" {
  value = data.aws_iam_policy_document.shared.json
}
"""
        },
    ),
    Example(
        "a managed policy",
        {
            "stack.yaml": """\
Resources:
  Policy: # <- RC308
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            NotAction: iam:*
            Resource: "*"
"""
        },
    ),
)

GOOD = (
    Example(
        "a machine's role",
        {
            "main.tf": """\
resource "aws_iam_role" "worker" {
  name = "worker"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "worker" {
  role = aws_iam_role.worker.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Deny"
        NotAction = ["s3:GetObject"]
        Resource = "*"
      },
    ]
  })
}
"""
        },
    ),
    Example(
        "a document that others take",
        {
            "main.tf": """\
data "aws_iam_policy_document" "shared" {
  statement {
    effect    = "Allow"
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::reports/*"]
  }
}

output "policy" {
  value = data.aws_iam_policy_document.shared.json
}
"""
        },
    ),
    Example(
        "a managed policy",
        {
            "stack.yaml": """\
Resources:
  Policy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: sqs:SendMessage
            Resource: arn:aws:sqs:eu-west-2:111122223333:jobs
"""
        },
    ),
)
