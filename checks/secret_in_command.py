"""A secret in the text of a command.

What it does
    Finds scripts of workflows that put a secret into the text of a `curl` command.

Why it matters
    The text of a command is seen by every process of the machine, and a value with a quote in it changes what is run.

Fix
    Put the secret into a variable of the step (`env`) and use that, or have curl read a header from a file.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy.jobs import jobs

RULE = Rule(
    "RC146",
    "secret-in-command",
    "static-credential",
    "low",
    "a secret is put into the text of a command",
    controls=("NIST 800-53 IA-5(7)", "OWASP NHI2", "ATT&CK T1552"),
    level_now="L1",
    level_target="L5",
    equivalents={"checkov": ("CKV_GHA_3",)},
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each script."""
    for _, step in jobs(model).doing("command-secret"):
        yield RULE.finding(
            f"{step.site.address} puts the secret {step.name} into the text of a command",
            step.span,
            step.site.address,
            identity=step.site.address,
            key=f"{step.site.address} {step.name}",
            help="put it into a variable of the step and use that",
        )


BAD = (
    Example(
        "a header",
        {
            ".github/workflows/ci.yml": """\
on: push
jobs:
  call:
    runs-on: ubuntu-latest
    steps:
      - run: | # <- RC146
          curl -H "Authorization: Bearer ${{ secrets.TOKEN }}" https://api.example.com
""",
        },
    ),
)

GOOD = (
    Example(
        "a variable",
        {
            ".github/workflows/ci.yml": """\
on: push
jobs:
  call:
    runs-on: ubuntu-latest
    steps:
      - run: |
          curl -H "Authorization: Bearer $TOKEN" https://api.example.com
        env:
          TOKEN: ${{ secrets.TOKEN }}
""",
        },
    ),
)
