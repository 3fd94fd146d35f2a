"""A device that may do everything, or be any other device.

What it does
    Finds AWS IoT policies that allow every action (`*`, `iot:*`), or actions on every resource, with no condition that
    ties them to the device (`iot:Connection.Thing.IsAttached`, or its name in the resource).

Why it matters
    The certificate of a single device is easy to take.  With it somebody then connects as any other device, and reads
    and writes every topic.

Fix
    Allow the four actions that a device needs, on resources with policy variables:
    `client/${iot:Connection.Thing.ThingName}`.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding, Severity
from rolecall.model.linking import Model
from rolecall.model.parts import Statement
from rolecall.model.rule import Example, Related, Rule
from rolecall.policy.conditions import narrowing
from rolecall.policy.decision import is_everything

RULE = Rule(
    "RC313",
    "device-policy-wildcard",
    "excess-privilege",
    "high",
    "a device may do everything, or be any device",
    controls=("NIST 800-53 AC-6", "NIST 800-53 IA-9", "ISO 27001 A.8.2", "OWASP NHI5"),
    level_now="W",
    level_target="L5",
    equivalents={"kics": ("4d32780f-43a4-424a-a06d-943c543576a5", "be5b230d-4371-4a28-a441-85dc760e2aa3")},
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each policy, about its worst statement."""
    seen: set[tuple[str, int]] = set()
    for policy in model.policies.values():
        if policy.kind != "iot" or policy.document is None or policy.site.declaration in seen:
            continue
        if policy.library and policy.gate is not None:
            continue
        judged = [(said, s) for s in policy.document.statements if (said := _judged(s)) is not None]
        if not judged:
            continue
        seen.add(policy.site.declaration)
        (severity, says), statement = min(judged, key=lambda pair: pair[0][0] != "high")
        yield RULE.finding(
            f"a device with {policy.site.address} {says}",
            policy.site.span,
            policy.site.address,
            severity=severity,
            related=(Related(statement.span, "the statement"),) if statement.span is not None else (),
            key=f"{policy.site.address} device",
            help="allow what a device does, on its own client and topics",
        )


def _judged(statement: Statement) -> tuple[Severity, str] | None:
    if statement.effect != "Allow" or narrowing(statement.conditions) == "hard":
        return None
    every = bool(statement.not_actions) or any(action.lower() in ("*", "iot:*") for action in statement.actions)
    anywhere = bool(statement.not_resources) or any(is_everything(resource) for resource in statement.resources)
    if every:
        return ("high", "may do everything everywhere") if anywhere else ("medium", "may do everything it names")
    if anywhere:
        return "medium", f"may do {', '.join(statement.actions[:3])} as any device and on any topic"
    return None


BAD = (
    Example(
        "everything",
        {
            "main.tf": """\
resource "aws_iot_policy" "sensor" { # <- RC313
  name = "sensor"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "iot:*", Resource = "*" }]
  })
}
"""
        },
    ),
    Example(
        "any client",
        {
            "stack.yaml": """\
Resources:
  Sensor: # <- RC313
    Type: AWS::IoT::Policy
    Properties:
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: iot:Connect
            Resource: "*"
"""
        },
    ),
)

GOOD = (
    Example(
        "its own client and topics",
        {
            "main.tf": """\
resource "aws_iot_policy" "sensor" {
  name = "sensor"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = "iot:Connect"
        Resource = "arn:aws:iot:eu-west-2:111122223333:client/$${iot:Connection.Thing.ThingName}"
      },
      {
        Effect   = "Allow"
        Action   = "iot:Publish"
        Resource = "arn:aws:iot:eu-west-2:111122223333:topic/sensors/$${iot:Connection.Thing.ThingName}"
      },
    ]
  })
}
"""
        },
    ),
    Example(
        "a thing that is attached",
        {
            "stack.yaml": """\
Resources:
  Sensor:
    Type: AWS::IoT::Policy
    Properties:
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: iot:Connect
            Resource: "*"
            Condition:
              Bool:
                iot:Connection.Thing.IsAttached: "true"
"""
        },
    ),
)
