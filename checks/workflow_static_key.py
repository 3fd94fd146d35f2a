"""A static key in a pipeline.

What it does
    Finds jobs and steps that are given a cloud's key from the CI system's secrets: inputs of actions, tasks, orbs and
    pipes, variables at any level, lines of a script, bindings; in GitHub Actions, GitLab CI, Azure Pipelines, Bitbucket
    Pipelines, CircleCI and Jenkins.  `role-to-assume` beside static keys is still a static key; session credentials of
    an earlier step are not.

Why it matters
    The key in the secret store lives until somebody remembers it, works from anywhere, and is readable by every job of
    the repository.  A pipeline can prove who it is by its own token instead.

Fix
    Let the job prove who it is by its own token (`id-token: write` in GitHub, `id_tokens` in GitLab, a service
    connection with workload identity federation in Azure Pipelines, `oidc: true` in Bitbucket, CIRCLE_OIDC_TOKEN_V2 in
    CircleCI) and assume a role with it, by a trust that pins this repository and branch or environment; then delete the
    secrets and the key behind them.  A key that the job only writes into a file or an image is for what runs there:
    give that the role of its platform, and leave the key out.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.nouns import CLOUDS, a_key, short
from rolecall.model.pipelines.systems import SYSTEMS, keyless_way
from rolecall.model.rule import Example, Related, Rule

RULE = Rule(
    "RC103",
    "workflow-static-key",
    "static-credential",
    "high",
    "a pipeline logs in with a static key",
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
    "workload_identity_provider and service_account, no key",
    "oci": "exchange the job's OIDC token for a session token (token exchange, identity propagation trust)",
    "other": "keep it for this one store, narrowed and rotated",
    "aws": "use OIDC: permissions id-token: write, role-to-assume, no keys",
    "azure": "use a federated credential: permissions id-token: write, azure/login with client-id, tenant-id and "
    "subscription-id, no secret",
}
_BAKED = "give what runs there the identity of its platform, and leave the key out"


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
        way = keyless_way(SYSTEMS[first.site.format].platform, first.cloud) or _HELP.get(first.cloud, _HELP["aws"])
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
            help=f"{_BAKED if baked else way}: rolecall plan",
        )


BAD = (
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
    endpoint = "https://example.compat.objectstorage.eu-frankfurt-1.oraclecloud.com"
  }
}

provider "oci" {
  region = "eu-frankfurt-1"
}
""",
        },
    ),
    Example(
        "GitLab: variables and what a job extends; Azure Pipelines: a group, a template, a connection's secret",
        {
            ".gitlab-ci.yml": """\
include:
  - local: /ci/login.yml
variables:
  AWS_ACCESS_KEY_ID: $DEPLOYER_KEY_ID # <- RC103
  AWS_SECRET_ACCESS_KEY: $DEPLOYER_SECRET

sync:
  script: [aws s3 sync . s3://site]

azure:
  inherit: {variables: false}
  extends: .azure
  script: [az group list]

google:
  inherit: {variables: false}
  script:
    - !reference [.google, script]
""",
            "ci/login.yml": """\
.azure:
  before_script:
    - az login --service-principal -u "$APP_ID" -p "$APP_SECRET" --tenant "$TENANT" # <- RC103
.google:
  script:
    - echo "$SERVICE_ACCOUNT" | base64 -d > /tmp/key.json # <- RC103
    - gcloud auth activate-service-account --key-file /tmp/key.json
""",
            "azure-pipelines.yml": """\
trigger: [main]
variables:
  - group: deploy
jobs:
  - job: sync
    steps:
      - bash: aws s3 sync . s3://site
        env:
          AWS_ACCESS_KEY_ID: $(key-id) # <- RC103
          AWS_SECRET_ACCESS_KEY: $(key-secret)
  - job: plan
    steps:
      - template: ci/azure.yml
        parameters: {secret: $(app-secret)}
      - task: AzureCLI@2
        inputs:
          azureSubscription: production
          addSpnToEnvironment: true
          scriptType: bash
          inlineScript: |
            export ARM_CLIENT_SECRET=$servicePrincipalKey # <- RC103
            terraform plan
""",
            "ci/azure.yml": """\
parameters:
  secret: ""
steps:
  - bash: az login --service-principal -u $(app-id) -p ${{ parameters.secret }} --tenant $(tenant) # <- RC103
""",
        },
    ),
    Example(
        "pipes of Bitbucket, orbs and commands of CircleCI, bindings of Jenkins",
        {
            "bitbucket-pipelines.yml": """\
pipelines:
  branches:
    main:
      - step:
          script:
            - pipe: atlassian/aws-s3-deploy:1.6.1 # <- RC103
              variables:
                S3_BUCKET: site
      - step:
          script:
            - pipe: atlassian/google-gke-kubectl-run:3.4.0
              variables:
                KEY_FILE: $KEY_FILE # <- RC103
""",
            ".circleci/config.yml": """\
version: 2.1
orbs:
  aws-cli: circleci/aws-cli@3.2.0
  gcp-cli: circleci/gcp-cli@3.3.0
commands:
  login:
    parameters:
      key: {type: env_var_name}
      secret: {type: env_var_name}
    steps:
      - run: |
          aws configure set aws_access_key_id $<< parameters.key >> # <- RC103
          aws configure set aws_secret_access_key $<< parameters.secret >>
jobs:
  sync:
    docker: [{image: cimg/base:current}]
    steps:
      - login: {key: SITE_KEY, secret: SITE_SECRET}
  list:
    docker: [{image: cimg/base:current}]
    steps:
      - aws-cli/setup # <- RC103
      - gcp-cli/setup # <- RC103
workflows:
  main:
    jobs: [sync, list]
""",
            "vars/deploy.groovy": "def call() { withCredentials([aws(credentialsId: 'a')]) { sh 'aws' } } // <- RC103\n"
            "apply(keys: [string(variable: 'AWS_SECRET_ACCESS_KEY', credentialsId: 'b')]) // <- RC103\n",
            "Jenkinsfile": """\
pipeline {
  environment {
    ARM_CLIENT_SECRET = credentials('terraform') // <- RC103
  }
  stages {
    stage('Sync') {
      steps {
        withCredentials([aws(credentialsId: 'deployer')]) { // <- RC103
          sh 'aws s3 ls'
        }
        withCredentials([string(credentialsId: 'oracle', variable: 'OCI_CLI_KEY_CONTENT')]) { // <- RC103
          sh 'oci os ns get' }
      }
    }
  }
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
        "tokens of GitLab's, Azure's, Bitbucket's and CircleCI's jobs, the role of Jenkins's agent",
        {
            ".gitlab-ci.yml": """\
sync:
  id_tokens: {TOKEN: {aud: https://gitlab.com}}
  script:
    - >
      export $(printf "AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=%s AWS_SESSION_TOKEN=%s"
      $(aws sts assume-role-with-web-identity --role-arn $ROLE --web-identity-token $TOKEN
      --query "Credentials.[AccessKeyId,SecretAccessKey,SessionToken]" --output text))
    - aws configure set aws_access_key_id $AWS_ACCESS_KEY_ID
    - az login --service-principal -u $APP_ID --federated-token $TOKEN --tenant $TENANT
""",
            "azure-pipelines.yml": """\
steps:
  - task: AzureCLI@2
    inputs:
      azureSubscription: production
      addSpnToEnvironment: true
      scriptType: bash
      inlineScript: |
        export ARM_OIDC_TOKEN=$idToken
        terraform plan
  - task: AWSShellScript@1
    inputs:
      awsCredentials: production
      scriptType: inline
      inlineScript: aws configure set aws_access_key_id $AWS_ACCESS_KEY_ID
""",
            "bitbucket-pipelines.yml": """\
pipelines:
  default:
    - step:
        oidc: true
        script:
          - pipe: atlassian/aws-s3-deploy:1.6.1
            variables:
              AWS_OIDC_ROLE_ARN: arn:aws:iam::111122223333:role/site
              S3_BUCKET: site
""",
            ".circleci/config.yml": """\
version: 2.1
orbs:
  aws-cli: circleci/aws-cli@4.1.3
  gcp-cli: circleci/gcp-cli@3.3.0
jobs:
  sync:
    docker: [{image: cimg/base:current}]
    steps:
      - aws-cli/setup: {role_arn: "arn:aws:iam::111122223333:role/site"}
      - gcp-cli/setup: {use_oidc: true}
workflows:
  main:
    jobs: [sync]
""",
            "Jenkinsfile": """\
node {
  withAWS(role: 'deploy', roleAccount: '111122223333') { sh 'aws s3 sync . s3://site' }
  withCredentials([string(credentialsId: 'sonar', variable: 'SONAR_TOKEN')]) { sh './gradlew sonar' }
}
""",
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
