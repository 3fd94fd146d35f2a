"""A token of a GitHub App that may do more than the job needs.

What it does
    Finds steps that have a token of a GitHub App made (actions/create-github-app-token) for every repository of the
    installation, with all permissions of the app, or that leave it valid after the job.

Why it matters
    An app is installed for many repositories; its token then reaches all of them from the steps of one build.

Fix
    Name `repositories` and the `permission-…` inputs that the job needs, and let the action revoke the token.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy.jobs import jobs

RULE = Rule(
    "RC333",
    "app-token-too-wide",
    "excess-privilege",
    "medium",
    "a GitHub App's token may do more than the job needs",
    controls=("NIST 800-53 AC-6", "OWASP NHI5"),
    level_now="W",
    level_target="L5",
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each thing that is too wide."""
    for _, step in jobs(model).doing("app-token"):
        yield RULE.finding(
            f"the app's token of {step.site.address} {step.name}",
            step.span,
            step.site.address,
            severity="medium" if "repository" in step.name else "low",
            identity=step.site.address,
            key=f"{step.site.address} {step.name}",
            help="name the repositories and permissions that the job needs",
        )


BAD = (
    Example(
        "every repository",
        {
            ".github/workflows/ci.yml": """\
on: push
jobs:
  sync:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/create-github-app-token@v2
        with:
          app-id: ${{ vars.APP }}
          private-key: ${{ secrets.APP_KEY }}
          owner: example # <- RC333
          permission-contents: write
""",
        },
    ),
)

GOOD = (
    Example(
        "one repository",
        {
            ".github/workflows/ci.yml": """\
on: push
jobs:
  sync:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/create-github-app-token@v2
        with:
          app-id: ${{ vars.APP }}
          private-key: ${{ secrets.APP_KEY }}
          owner: example
          repositories: docs
          permission-contents: write
""",
        },
    ),
)
