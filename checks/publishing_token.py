"""A token for a package registry that would take the pipeline's own identity.

What it does
    Finds workflows that publish to PyPI, npm, crates.io, RubyGems or NuGet with a token that the repository keeps, or
    in a job that could not have an identity token made.  Other registries are left alone.

Why it matters
    The token works from anywhere, for years, for whoever gets at it in one of the many steps of a build.

Fix
    Set the repository up as a trusted publisher at the registry, give the job `id-token: write`, and delete the token.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy.jobs import jobs

RULE = Rule(
    "RC435",
    "publishing-token",
    "trust",
    "low",
    "a workflow publishes with a token where its identity would do",
    controls=("NIST 800-53 IA-5(1)", "OWASP NHI7", "OWASP NHI4", "ATT&CK T1552"),
    level_now="L1",
    level_target="L5",
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each step."""
    known = jobs(model)
    private = {(step.job, step.name) for _, step in known.doing("private-registry")}
    for job, step in known.doing("publish"):
        if (step.job, step.name) in private:
            continue
        if job is not None and job.mints_tokens and not step.sure:
            continue
        said = "with a token that works from anywhere" if step.sure else "in a job that can have no identity token made"
        yield RULE.finding(
            f"{step.site.address} publishes to {step.name} {said}",
            step.span,
            step.site.address,
            severity="medium" if step.sure else "low",
            identity=step.site.address,
            key=f"{step.site.address} {step.name}",
            help=f"make the repository a trusted publisher at {step.name}, and give the job id-token: write",
        )


BAD = (
    Example(
        "an action with a password",
        {
            ".github/workflows/ci.yml": """\
on: push
jobs:
  publish:
    runs-on: ubuntu-latest
    permissions:
      id-token: write
    steps:
      - uses: pypa/gh-action-pypi-publish@release/v1 # <- RC435
        with:
          password: ${{ secrets.PYPI_TOKEN }}
""",
        },
    ),
    Example(
        "a command with a token",
        {
            ".github/workflows/ci.yml": """\
on: push
jobs:
  publish:
    runs-on: ubuntu-latest
    steps:
      - run: npm publish --access public # <- RC435
        env:
          NODE_AUTH_TOKEN: ${{ secrets.NPM_TOKEN }}
""",
        },
    ),
)

GOOD = (
    Example(
        "trusted publishing",
        {
            ".github/workflows/ci.yml": """\
on: push
jobs:
  publish:
    runs-on: ubuntu-latest
    permissions:
      id-token: write
    steps:
      - uses: pypa/gh-action-pypi-publish@release/v1
      - run: npm publish
""",
        },
    ),
    Example(
        "other registries",
        {
            ".github/workflows/ci.yml": """\
on: push
jobs:
  publish:
    runs-on: ubuntu-latest
    steps:
      - uses: pypa/gh-action-pypi-publish@release/v1
        with:
          password: ${{ secrets.TOKEN }}
          repository-url: https://packages.example.com/legacy/
      - run: npm publish
        env:
          NODE_AUTH_TOKEN: ${{ secrets.GITHUB_TOKEN }}
      - run: cargo publish --dry-run
      - run: npm run publish
""",
        },
    ),
)
