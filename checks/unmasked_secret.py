"""A part of a secret that is not masked.

What it does
    Finds expressions that take a member out of a secret (`fromJSON(secrets.X).member`).

Why it matters
    The runner masks the whole secret in logs, not its parts: what is taken out of it is printed in clear.

Fix
    Keep each value as a secret of its own, or mask the part (`::add-mask::`) before anything uses it.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy.jobs import jobs

RULE = Rule(
    "RC334",
    "unmasked-secret",
    "excess-privilege",
    "low",
    "a part of a secret is not masked",
    controls=("NIST 800-53 AU-9", "OWASP NHI2"),
    level_now="L1",
    level_target="L5",
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each secret of a job."""
    for job in jobs(model).once():
        for name, span in dict(reversed(job.unpacked)).items():
            yield RULE.finding(
                f"{job.site.address} takes a part of the secret {name}, which the log then shows",
                span,
                job.site.address,
                identity=job.site.address,
                key=f"{job.site.address} {name}",
                help="keep each value as a secret of its own",
            )


BAD = (
    Example(
        "a member",
        {
            ".github/workflows/ci.yml": """\
on: push
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - run: ./deploy
        env:
          PASSWORD: ${{ fromJSON(secrets.DATABASE).password }} # <- RC334
""",
        },
    ),
)

GOOD = (
    Example(
        "the whole",
        {
            ".github/workflows/ci.yml": """\
on: push
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - run: ./deploy
        env:
          DATABASE: ${{ secrets.DATABASE }}
""",
        },
    ),
)
