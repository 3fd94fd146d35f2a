"""A job that reads secrets outside any environment.

What it does
    Finds jobs that read secrets of the repository or organisation and name no environment.  Workflows that others call
    are left alone, since the caller hands them their secrets.

Why it matters
    A secret of the repository is there for every workflow on every branch: whoever may push a branch can print it.  An
    environment can be tied to branches and to reviewers.

Fix
    Move the secret to an environment with a branch rule, and name that in the job.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy.jobs import jobs

RULE = Rule(
    "RC330",
    "secrets-without-environment",
    "excess-privilege",
    "low",
    "a job reads secrets outside any environment",
    controls=("NIST 800-53 AC-6", "OWASP NHI8", "ATT&CK T1552"),
    level_now="L1",
    level_target="L5",
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each job, at the first of its secrets."""
    for job in jobs(model).once():
        if not job.secrets or job.environment or job.called or "workflow_call" in job.triggers:
            continue
        names = [name for name, _ in job.secrets]
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        yield RULE.finding(
            f"{job.site.address} reads {', '.join(names[:3])}{more} outside any environment",
            job.secrets[0][1],
            job.site.address,
            identity=job.site.address,
            key=job.site.address,
            help="keep them in an environment that is tied to branches, and name it in the job",
        )


BAD = (
    Example(
        "a job",
        {
            ".github/workflows/ci.yml": """\
on: push
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - run: ./deploy
        env:
          TOKEN: ${{ secrets.DEPLOY_TOKEN }} # <- RC330
""",
        },
    ),
)

GOOD = (
    Example(
        "a job in an environment",
        {
            ".github/workflows/ci.yml": """\
on: push
jobs:
  deploy:
    runs-on: ubuntu-latest
    environment: production
    steps:
      - run: ./deploy
        env:
          TOKEN: ${{ secrets.DEPLOY_TOKEN }}
""",
        },
    ),
    Example(
        "the job's own token, and a comment",
        {
            ".github/workflows/ci.yml": """\
on: push
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      # ${{ secrets.OLD }}
      - run: ./deploy
        env:
          TOKEN: ${{ secrets.GITHUB_TOKEN }}
""",
        },
    ),
)
