"""A static AWS key in a pipeline.

What it does
    Finds jobs and steps that are given an access key from the CI system's secrets: action inputs, `env` at any level,
    lines of a script.  `role-to-assume` beside static keys is still a static key; session credentials of an earlier
    step are not.

Why it matters
    The key in the secret store lives until somebody remembers it, works from anywhere, and is readable by every job of
    the repository.  A pipeline can prove who it is by its own token instead.

Fix
    Give the job `id-token: write` and let it assume a role by OIDC, with a trust that pins this repository and branch
    or environment; then delete the secrets and the key behind them.  A key that the job only writes into a file or an
    image is for what runs there: give that the role of its platform, and leave the key out.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.nouns import CLOUDS, a_key, short
from rolecall.model.rule import Example, Related, Rule
from rolecall.model.systems import SYSTEMS

RULE = Rule(
    "RC103",
    "workflow-static-key",
    "static-credential",
    "high",
    "a pipeline logs in with a static AWS key",
    controls=(
        "NIST 800-53 IA-5",
        "NIST 800-53 IA-9",
        "PCI DSS 8.6.2",
        "ISO 27001 A.8.31",
        "OWASP NHI2",
        "OWASP NHI7",
        "ATT&CK T1552.001",
    ),
    level_now="L2",
    level_target="L5",
)


_HELP = {
    "gcp": "use workload identity federation: permissions id-token: write, google-github-actions/auth with "
    "workload_identity_provider and service_account, no key: rolecall plan",
    "oci": "exchange the job's OIDC token for a session token (token exchange, identity propagation trust): "
    "rolecall plan",
    "other": "keep it for this one store, narrowed and rotated: rolecall plan",
    "aws": "use OIDC: permissions id-token: write, role-to-assume, no keys: rolecall plan",
    "azure": "use a federated credential: permissions id-token: write, azure/login with client-id, tenant-id and "
    "subscription-id, no secret: rolecall plan",
}

_BAKED = "give what runs there the identity of its platform, and leave the key out: rolecall plan"


def check(model: Model) -> Iterator[Finding]:
    """One finding for each place of a workflow where a key comes in."""
    for credentials in model.declarations.values():
        first = credentials[0]
        if first.form not in ("input", "reference") or first.site.format not in SYSTEMS:
            continue
        consumptions = [c for credential in credentials for c in model.flow(credential).consumptions]
        jobs = {c.workload.id: c.workload for c in consumptions}
        source = model.fed_by(first)
        related = [
            Related(c.steps[-1].span, f"{c.steps[-1].field} comes in here")
            for c in {(c.steps[-1].span.path, c.steps[-1].span.start): c for c in consumptions}.values()
            if c.steps[-1].span != first.span
        ]
        if source is not None:
            related.append(Related(source.span, "the key is minted here"))
        baked = bool(jobs) and all(job.platform == "artifact" for job in jobs.values())
        names = ", ".join(dict.fromkeys(sorted(job.label or job.site.address for job in jobs.values())))
        yield RULE.finding(
            f"{first.site.address} writes {a_key(first)} into a file or an image ({first.field})"
            if baked
            else f"job {names or first.site.address} logs in to {CLOUDS.get(first.cloud, first.cloud)} "
            f"with a static {short(first)} ({first.field})",
            first.span,
            first.site.address,
            related=tuple(related[:6]),
            key=first.field,
            help=_BAKED if baked else _HELP.get(first.cloud, _HELP["aws"]),
        )


BAD = (
    Example(
        "azure/login with creds",
        {
            ".github/workflows/deploy.yml": """\
on: push
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - uses: azure/login@v2
        with:
          creds: ${{ secrets.AZURE_CREDENTIALS }} # <- RC103
  plan:
    runs-on: ubuntu-latest
    env:
      ARM_CLIENT_SECRET: ${{ secrets.ARM_CLIENT_SECRET }} # <- RC103
    steps:
      - run: terraform plan
"""
        },
    ),
    Example(
        "keys beside a role",
        {
            ".github/workflows/deploy.yml": """\
on:
  push:
    branches: [main]
jobs:
  deploy:
    runs-on: ubuntu-latest
    permissions:
      id-token: write
    steps:
      - uses: aws-actions/configure-aws-credentials@v4
        with:
          aws-access-key-id: ${{ secrets.AWS_ACCESS_KEY_ID }} # <- RC103
          aws-secret-access-key: ${{ secrets.AWS_SECRET_ACCESS_KEY }}
          role-to-assume: arn:aws:iam::111122223333:role/deploy
          aws-region: eu-west-2
"""
        },
    ),
    Example(
        "the environment of a job",
        {
            ".github/workflows/sync.yml": """\
on: push
jobs:
  sync:
    runs-on: ubuntu-latest
    env:
      AWS_ACCESS_KEY_ID: ${{ secrets.KEY_ID }} # <- RC103
      AWS_SECRET_ACCESS_KEY: ${{ secrets.KEY_SECRET }}
    steps:
      - run: aws s3 sync . s3://site
"""
        },
    ),
    Example(
        "a file that goes into the image",
        {
            ".github/workflows/build.yml": """\
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - run: |
          echo "AWS_ACCESS_KEY_ID=${{ secrets.KEY_ID }}" >> .env # <- RC103
          echo "AWS_SECRET_ACCESS_KEY=${{ secrets.KEY_SECRET }}" >> .env
          docker build .
"""
        },
    ),
    Example(
        "a service account key",
        {
            ".github/workflows/deploy.yml": """\
on: push
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: google-github-actions/auth@v2
        with:
          credentials_json: ${{ secrets.DEPLOYER }} # <- RC103
"""
        },
    ),
    Example(
        "an OCI key, and an S3-compatible key for Terraform's state in OCI",
        {
            ".github/workflows/deploy.yml": """\
on: push
jobs:
  deploy:
    runs-on: ubuntu-latest
    env:
      OCI_CLI_USER: ${{ secrets.OCI_CLI_USER }}
      OCI_CLI_FINGERPRINT: ${{ secrets.OCI_CLI_FINGERPRINT }}
      OCI_CLI_KEY_CONTENT: ${{ secrets.OCI_CLI_KEY_CONTENT }} # <- RC103
      AWS_ACCESS_KEY_ID: ${{ secrets.AWS_ACCESS_KEY_ID }} # <- RC103
      AWS_SECRET_ACCESS_KEY: ${{ secrets.AWS_SECRET_ACCESS_KEY }}
    steps:
      - run: terraform init
""",
            "main.tf": """\
terraform {
  backend "s3" {
    bucket   = "state"
    key      = "app.tfstate"
    region   = "eu-frankfurt-1"
    endpoint = "https://example.compat.objectstorage.eu-frankfurt-1.oraclecloud.com"
  }
}

provider "oci" {
  region = "eu-frankfurt-1"
}
""",
        },
    ),
)

GOOD = (
    Example(
        "workload identity federation",
        {
            ".github/workflows/deploy.yml": """\
on: push
permissions:
  id-token: write
jobs:
  deploy:
    runs-on: ubuntu-latest
    env:
      GOOGLE_APPLICATION_CREDENTIALS: /tmp/credentials.json
    steps:
      - uses: google-github-actions/auth@v2
        with:
          workload_identity_provider: ${{ secrets.PROVIDER }}
          service_account: ${{ secrets.ACCOUNT }}
"""
        },
    ),
    Example(
        "azure/login by a federated credential",
        {
            ".github/workflows/deploy.yml": """\
on: push
jobs:
  deploy:
    runs-on: ubuntu-latest
    permissions:
      id-token: write
    steps:
      - uses: azure/login@v2
        with:
          client-id: ${{ secrets.AZURE_CLIENT_ID }}
          tenant-id: ${{ secrets.AZURE_TENANT_ID }}
          subscription-id: ${{ secrets.AZURE_SUBSCRIPTION_ID }}
"""
        },
    ),
    Example(
        "a second role, taken with the session of the first",
        {
            ".github/workflows/deploy.yml": """\
on: push
permissions:
  id-token: write
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - uses: aws-actions/configure-aws-credentials@v4
        with:
          role-to-assume: arn:aws:iam::111122223333:role/first
          aws-region: eu-west-2
      - uses: aws-actions/configure-aws-credentials@v4
        with:
          aws-access-key-id: ${{ env.AWS_ACCESS_KEY_ID }}
          aws-secret-access-key: ${{ env.AWS_SECRET_ACCESS_KEY }}
          aws-session-token: ${{ env.AWS_SESSION_TOKEN }}
          role-to-assume: arn:aws:iam::444455556666:role/second
          aws-region: eu-west-2
"""
        },
    ),
    Example(
        "LocalStack",
        {
            ".github/workflows/test.yml": """\
on: pull_request
jobs:
  test:
    runs-on: ubuntu-latest
    env:
      AWS_ACCESS_KEY_ID: test
      AWS_SECRET_ACCESS_KEY: test
      AWS_ENDPOINT_URL: http://localhost:4566
    steps:
      - run: make test
"""
        },
    ),
)
