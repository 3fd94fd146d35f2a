"""A job logs in to a service with a token where its identity would do.

What it does
    Finds jobs of GitHub workflows that log in to Vault, JFrog, Infisical, Databricks, Snowflake, Pulumi Cloud or
    GitHub's own registry with a secret of the repository.  Tokens that an earlier step got by the job's identity, and
    `GITHUB_TOKEN`, are left alone; so are services that only take tokens.

Why it matters
    The token works from anywhere until somebody changes it, and every step of the job can read it.  One for Vault opens
    every secret that the job may read.

Fix
    Let the service trust the repository's identity (a JWT role in Vault, an OIDC provider in JFrog, a federation policy
    in Databricks, workload identity in Snowflake), give the job `id-token: write`, and delete the secret.  For GitHub's
    registry take `GITHUB_TOKEN` with `packages: write`.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy.jobs import jobs

RULE = Rule(
    "RC438",
    "lasting-service-token",
    "trust",
    "low",
    "a job logs in to a service with a token where its identity would do",
    controls=("NIST 800-53 IA-5(1)", "NIST 800-53 IA-9", "OWASP NHI7", "OWASP NHI4", "ATT&CK T1552"),
    level_now="L2",
    level_target="L5",
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each place where a secret comes in."""
    seen: set[tuple[str, int]] = set()
    for _, step in jobs(model).doing("service-login"):
        place = (step.span.path, step.span.start)
        if place in seen:
            continue
        seen.add(place)
        own = "take GITHUB_TOKEN with packages: write" if step.name.startswith("GitHub") else ""
        yield RULE.finding(
            f"{step.site.address} logs in to {step.name} with a token that works from anywhere",
            step.span,
            step.site.address,
            severity="medium" if step.name == "Vault" else RULE.severity,
            identity=step.site.address,
            key=f"{step.site.address} {step.name}",
            help=own or f"let {step.name} trust the repository's identity, and give the job id-token: write",
        )


BAD = (
    Example(
        "Vault, GitHub's registry, Databricks",
        {
            ".github/workflows/deploy.yml": """\
on: push
permissions: {}
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - uses: hashicorp/vault-action@v3
        with:
          url: https://vault.example.com
          method: approle
          roleId: ${{ secrets.VAULT_ROLE }}
          secretId: ${{ secrets.VAULT_SECRET }} # <- RC438
      - uses: docker/login-action@v3
        with:
          registry: ghcr.io
          username: shop
          password: ${{ secrets.REGISTRY }} # <- RC438
      - run: databricks bundle deploy
        env:
          DATABRICKS_TOKEN: ${{ secrets.DATABRICKS_TOKEN }} # <- RC438
      - run: snow sql -f load.sql
        env:
          SNOWFLAKE_PRIVATE_KEY_RAW: ${{ secrets.SNOWFLAKE_KEY }} # <- RC438
""",
        },
    ),
)

GOOD = (
    Example(
        "the job's identity, the job's own token, a service that only takes tokens",
        {
            ".github/workflows/deploy.yml": """\
on: push
jobs:
  deploy:
    runs-on: ubuntu-latest
    permissions:
      id-token: write
      packages: write
    env:
      VAULT_TOKEN: ${{ steps.vault.outputs.token }}
    steps:
      - uses: hashicorp/vault-action@v3
        id: vault
        with:
          url: https://vault.example.com
          method: jwt
          role: deploy
      - uses: docker/login-action@v3
        with:
          registry: ghcr.io
          username: shop
          password: ${{ secrets.GITHUB_TOKEN }}
      - uses: docker/login-action@v3
        with:
          username: shop
          password: ${{ secrets.DOCKER_HUB }}
      - run: databricks bundle deploy
        env:
          DATABRICKS_AUTH_TYPE: github-oidc
""",
        },
    ),
)
