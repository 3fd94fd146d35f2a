"""A permission to call a function that names no caller.

What it does
    Finds permissions of Lambda functions whose principal is `*` and that only the source's ARN or account keeps
    others out of.

Why it matters
    One condition is all that stands between the function and everybody: whoever edits the permission and takes the
    source away opens it to the world.

Fix
    Name the service that calls (`events.amazonaws.com`) as the principal, and keep the source.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy.callers import is_anybody
from rolecall.policy.trust import PERMISSIONS, allowed, lets_anybody_in, resource_policies

RULE = Rule(
    "RC416",
    "permission-names-nobody",
    "trust",
    "low",
    "a permission to call a function names no caller",
    controls=("NIST 800-53 AC-3", "NIST 800-53 IA-9", "PCI DSS 7.2.5", "OWASP NHI4", "ATT&CK T1199"),
    level_now="L5·T",
    level_target="L5",
    equivalents={"kics": ("e08ed7eb-f3ef-494d-9d22-2e3db756a347", "1d6e16f1-5d8a-4379-bfb3-2dadd38ed5a7")},
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each permission."""
    seen: set[tuple[str, int]] = set()
    for policy in resource_policies(model):
        for statement in allowed(policy.document) if policy.site.type in PERMISSIONS else ():
            span = statement.span or policy.site.span
            if not is_anybody(statement) or lets_anybody_in(statement) or (span.path, span.start) in seen:
                continue
            seen.add((span.path, span.start))
            if any(key.lower().startswith("aws:source") for _, key, _ in statement.conditions):
                yield RULE.finding(
                    f"{policy.site.address} lets anybody call the function, held back by its source alone",
                    span,
                    policy.site.address,
                    key=policy.site.address,
                    help="name the service that calls as the principal",
                )


BAD = (
    Example(
        "a schedule",
        {
            "main.tf": """\
resource "aws_lambda_permission" "daily" { # <- RC416
  function_name = "report"
  action        = "lambda:InvokeFunction"
  principal     = "*"
  source_arn    = "arn:aws:events:eu-west-2:111122223333:rule/daily"
}
"""
        },
    ),
    Example(
        "a schedule of a template",
        {
            "stack.yaml": """\
Resources:
  Daily: # <- RC416
    Type: AWS::Lambda::Permission
    Properties:
      FunctionName: report
      Action: lambda:InvokeFunction
      Principal: "*"
      SourceAccount: "111122223333"
"""
        },
    ),
)

GOOD = (
    Example(
        "the service by its name",
        {
            "main.tf": """\
resource "aws_lambda_permission" "daily" {
  function_name = "report"
  action        = "lambda:InvokeFunction"
  principal     = "events.amazonaws.com"
  source_arn    = "arn:aws:events:eu-west-2:111122223333:rule/daily"
}
"""
        },
    ),
    Example(
        "an organisation, which has no one name",
        {
            "stack.yaml": """\
Resources:
  Members:
    Type: AWS::Lambda::Permission
    Properties:
      FunctionName: report
      Action: lambda:InvokeFunction
      Principal: "*"
      PrincipalOrgID: o-a1b2c3d4e5
"""
        },
    ),
)
