"""A role that many pods of a cluster may become.

What it does
    Finds trusts in a cluster's OIDC issuer whose subject leaves the namespace or the service account open.

Why it matters
    Whoever may start a pod there gets the role, so that Kubernetes' own rights decide about the cloud's.

Fix
    Name one service account: `system:serviceaccount:<namespace>:<name>`, with StringEquals.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy.trust import open_pods, trusts

RULE = Rule(
    "RC406",
    "open-pod-subject",
    "trust",
    "medium",
    "a role is open to many pods of a cluster",
    controls=("NIST 800-53 AC-3", "NIST 800-53 IA-9", "PCI DSS 7.2.5", "OWASP NHI4", "OWASP NHI9", "ATT&CK T1199"),
    level_now="L5·T",
    level_target="L5",
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each statement."""
    for site, statement in trusts(model):
        if (verdict := open_pods(statement)) is not None:
            severity, why = verdict
            yield RULE.finding(
                f"{site.address} trusts a cluster's tokens: {why}",
                statement.span or site.span,
                site.address,
                severity=severity,
                identity=site.address,
                key=site.address,
                help="name one service account of one namespace with StringEquals",
            )


_ISSUER = "oidc.eks.eu-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B716D3041E"
_TRUST = f"""\
resource "aws_iam_role" "pod" {{
  name = "pod"
  assume_role_policy = jsonencode({{
    Version = "2012-10-17"
    Statement = [{{MARK
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = {{ Federated = "arn:aws:iam::111122223333:oidc-provider/{_ISSUER}" }}
      Condition = {{ OPERATOR = {{ "{_ISSUER}:sub" = "system:serviceaccount:SUBJECT" }} }}
    }}]
  }})
}}
"""
_STACK = f"""\
Resources:
  Pod:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: AllowMARK
            Principal:
              Federated: arn:aws:iam::111122223333:oidc-provider/{_ISSUER}
            Action: sts:AssumeRoleWithWebIdentity
            Condition:
              OPERATOR:
                {_ISSUER}:sub: system:serviceaccount:SUBJECT
"""


def _filled(text: str, mark: str, operator: str, subject: str) -> str:
    return text.replace("MARK", mark).replace("OPERATOR", operator).replace("SUBJECT", subject)


BAD = (
    Example("every pod", {"main.tf": _filled(_TRUST, " # <- RC406", "StringLike", "*:*")}),
    Example("a namespace", {"stack.yaml": _filled(_STACK, " # <- RC406", "StringLike", "jobs:*")}),
)

GOOD = (
    Example("one service account", {"main.tf": _filled(_TRUST, "", "StringEquals", "jobs:worker")}),
    Example("one service account of a stack", {"stack.yaml": _filled(_STACK, "", "StringEquals", "jobs:worker")}),
)
