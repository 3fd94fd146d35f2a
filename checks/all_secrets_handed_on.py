"""All secrets at once, handed on.

What it does
    Finds jobs that hand a called workflow all secrets (`secrets: inherit`), and expressions that take all of them
    (`toJSON(secrets)`, a name put together at run time).

Why it matters
    What is called has every secret that the repository and the organisation keep, those of tomorrow too, where it needs
    one or two.  Where the workflow is another repository's, so has whoever can change it.

Fix
    Pass the secrets that it needs by name.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy.jobs import jobs

RULE = Rule(
    "RC331",
    "all-secrets-handed-on",
    "excess-privilege",
    "medium",
    "all secrets are handed on at once",
    controls=("NIST 800-53 AC-6", "OWASP NHI5", "ATT&CK T1552"),
    level_now="L1",
    level_target="L5",
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each place.  A workflow of the same repository is less severe: its code is reviewed here."""
    for job in jobs(model).once():
        if job.inherits is not None:
            yield RULE.finding(
                f"{job.site.address} hands all secrets to {job.called or 'what it calls'}",
                job.site.span,
                job.site.address,
                severity="low" if job.called.startswith("./") else "medium",
                identity=job.site.address,
                key=job.site.address,
                help="pass the secrets that it needs by name",
            )
        for number, span in enumerate(job.whole):
            yield RULE.finding(
                f"{job.site.address} takes all secrets at once",
                span,
                job.site.address,
                identity=job.site.address,
                key=f"{job.site.address} {number}",
                help="name the secrets that it needs",
            )


BAD = (
    Example(
        "a workflow of another repository",
        {
            ".github/workflows/ci.yml": """\
on: push
jobs:
  deploy: # <- RC331
    uses: example/workflows/.github/workflows/deploy.yml@v1
    secrets: inherit
""",
        },
    ),
    Example(
        "all of them as a text",
        {
            ".github/workflows/ci.yml": """\
on: push
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - run: ./deploy
        env:
          ALL: ${{ toJSON(secrets) }} # <- RC331
""",
        },
    ),
)

GOOD = (
    Example(
        "by name",
        {
            ".github/workflows/ci.yml": """\
on: push
jobs:
  deploy:
    uses: example/workflows/.github/workflows/deploy.yml@v1
    secrets:
      token: ${{ secrets.TOKEN }}
""",
        },
    ),
)
