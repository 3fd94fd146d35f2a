"""Something that rolecall could not read or see.

What it does
    Says which file, block, module or value the analysis could not look into, with its place and the reason.

Why it matters
    What is not seen is not clean.  A migration that rests on an unseen part is held back, and you should know why.

Fix
    Mend the file, or put the module's source where it can be read (`terraform init` fetches modules into
    `.terraform/modules`).
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding, Severity
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule

RULE = Rule("RC901", "unread-input", "analysis", "low", "a part of the input could not be read")

_SEVERITY: dict[str, Severity] = {"remote-module": "note", "unresolved": "note", "limit": "low", "cycle": "low"}


def check(model: Model) -> Iterator[Finding]:
    """One finding for each problem of the reading."""
    seen: set[tuple[str, int, str]] = set()
    for fact in model.facts["problem"]:
        if fact.span is None:
            continue
        once = ("", 0, fact.value) if fact.name == "remote-module" else (fact.span.path, fact.span.start, fact.value)
        if once in seen:
            continue
        seen.add(once)
        yield RULE.finding(
            fact.value, fact.span, "", severity=_SEVERITY.get(fact.name, "low"), key=f"{fact.name}:{fact.value}"
        )


BAD = (
    Example(
        "an argument without a value",
        {"main.tf": 'resource "aws_iam_user" "u" {\n  name = = "u" # <- RC901\n}\n'},
    ),
    Example(
        "a tab in a template",
        {"stack.yaml": "Resources:\n  User:\n    Type: AWS::IAM::User\n\tPath: / # <- RC901\n"},
    ),
)

GOOD = (Example("a whole block", {"main.tf": 'resource "aws_iam_user" "u" {\n  name = "u"\n}\n'}),)
