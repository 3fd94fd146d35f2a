"""Jobs whose steps use the job's own token: a list of permissions names what they need."""

from __future__ import annotations

from rolecall.planners.github_oidc.example_texts import BESIDE_A_ROLE, KEYS_LEAVE
from rolecall.planning.example import PlannerExample

_PUSHES = """\
      - run: git push origin HEAD:published
      - uses: mshick/add-pr-comment@v3
        with:
          message: published
      - uses: docker/login-action@v3
        with:
          registry: ghcr.io
          username: ${{ github.actor }}
          password: ${{ secrets.GITHUB_TOKEN }}
"""
_UNKNOWN = """\
      - uses: acme/announce@v1
        with:
          token: ${{ secrets.GITHUB_TOKEN }}
"""
_LEAVES = KEYS_LEAVE.replace(
    "+      contents: read\n", "+      contents: write\n+      pull-requests: write\n+      packages: write\n"
)
_KNOWN_ROLE = """\
  other:
    runs-on: ubuntu-latest
    permissions:
      id-token: write
    steps:
      - uses: aws-actions/configure-aws-credentials@v4
        with:
          role-to-assume: arn:aws:iam::123456789012:role/deploy
          aws-region: eu-west-2
"""
_COMPOSED = """\
on:
  push:
    branches: [main]

permissions:
  contents: read
  id-token: write

jobs:
  site:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - name: Apply
        env:
          AWS_ACCESS_KEY_ID: ${{ vars.AWS_ACCESS_KEY_ID }}
          AWS_SECRET_ACCESS_KEY: ${{ secrets.AWS_SECRET_ACCESS_KEY }}
        run: |
          aws sts get-caller-identity --region eu-west-2
          docker compose run --rm terraform apply
"""
_SERVICE = """\
services:
  terraform:
    image: hashicorp/terraform:1.9
    environment:
      - AWS_ACCESS_KEY_ID=${AWS_ACCESS_KEY_ID}
      - AWS_SECRET_ACCESS_KEY=${AWS_SECRET_ACCESS_KEY}
"""

TOKENS: tuple[PlannerExample, ...] = (
    PlannerExample(
        "steps that push, comment and publish an image",
        {".github/workflows/deploy.yml": BESIDE_A_ROLE + _PUSHES},
        {"jobs.site": "partial"},
        {"jobs.site": ("aws:oidc",)},
        patches={"migrate": _LEAVES.replace("-7,13 +7,14", "-7,13 +7,16")},
        says=("let the job's tokens in: add this statement to the trust of the role",),
    ),
    PlannerExample(
        "a step that takes the token for what is not known",
        {".github/workflows/deploy.yml": BESIDE_A_ROLE + _UNKNOWN},
        {"jobs.site": "partial"},
        {"jobs.site": ("aws:oidc",)},
        says=(
            "what .github/workflows/deploy.yml:20 does with the job's token is not known",
            "add to the job's permissions what these steps do with GITHUB_TOKEN",
        ),
    ),
    PlannerExample(
        "a role that another job reaches by its token",
        {".github/workflows/deploy.yml": BESIDE_A_ROLE + _KNOWN_ROLE},
        {"jobs.site": "patch"},
        {"jobs.site": ("aws:oidc",)},
    ),
    PlannerExample(
        "a release of the action that takes no tokens",
        {".github/workflows/deploy.yml": BESIDE_A_ROLE.replace("credentials@v4", "credentials@v1.5.9")},
        {"jobs.site": "advice"},
        {"jobs.site": ("aws:oidc",)},
        says=("v1.6.0 is the first release that does",),
    ),
    PlannerExample(
        "a service of compose that is given the session's token too",
        {".github/workflows/site.yml": _COMPOSED, "docker-compose.yml": _SERVICE + "      - AWS_SESSION_TOKEN\n"},
        {"jobs.site": "partial"},
        {"jobs.site": ("aws:oidc",)},
        patches={
            "migrate": """\
diff --git a/.github/workflows/site.yml b/.github/workflows/site.yml
--- a/.github/workflows/site.yml
+++ b/.github/workflows/site.yml
@@ -11,10 +11,11 @@
     runs-on: ubuntu-latest
     steps:
       - uses: actions/checkout@v4
+      - uses: aws-actions/configure-aws-credentials@v6
+        with:
+          role-to-assume: ${{ vars.AWS_ROLE_ARN }}
+          aws-region: eu-west-2
       - name: Apply
-        env:
-          AWS_ACCESS_KEY_ID: ${{ vars.AWS_ACCESS_KEY_ID }}
-          AWS_SECRET_ACCESS_KEY: ${{ secrets.AWS_SECRET_ACCESS_KEY }}
         run: |
           aws sts get-caller-identity --region eu-west-2
           docker compose run --rm terraform apply
""",
        },
    ),
    PlannerExample(
        "a service of compose that would miss the session's token",
        {".github/workflows/site.yml": _COMPOSED, "docker-compose.yml": _SERVICE},
        {"jobs.site": "advice"},
        {"jobs.site": ("aws:oidc",)},
        says=("add AWS_SESSION_TOKEN, without a value, to its environment first",),
    ),
    PlannerExample(
        "a build that is given the login's keys one by one",
        {".github/workflows/deploy.yml": BESIDE_A_ROLE + "      - run: docker build --build-arg AWS_ACCESS_KEY_ID .\n"},
        {"jobs.site": "advice"},
        {"jobs.site": ("aws:oidc",)},
        says=("the step at line 20 hands the login's keys on without the session's token",),
    ),
    PlannerExample(
        "a later step with a key of its own",
        {
            ".github/workflows/deploy.yml": BESIDE_A_ROLE
            + "      - run: aws s3 ls\n        env:\n          AWS_ACCESS_KEY_ID: ${{ secrets.OTHER_ID }}\n"
            + "          AWS_SECRET_ACCESS_KEY: ${{ secrets.OTHER_SECRET }}\n"
        },
        {"jobs.site": "advice"},
        {"jobs.site": ("aws:oidc",)},
        says=("the step at line 20 has a key of its own",),
    ),
    PlannerExample(
        "a key that is chosen while the job runs",
        {
            ".github/workflows/site.yml": _COMPOSED.replace("secrets.AWS", "secrets[env.KEY] || secrets.AWS").replace(
                "docker compose run --rm ", ""
            )
        },
        {"jobs.site": "advice"},
        {"jobs.site": ("aws:oidc",)},
        says=("which of several keys it gets is decided while it runs",),
    ),
    PlannerExample(
        "a job that works in a cluster of EKS",
        {".github/workflows/site.yml": _COMPOSED.replace("docker compose run", "aws eks update-kubeconfig --name x #")},
        {"jobs.site": "partial"},
        {"jobs.site": ("aws:oidc",)},
        says=("may know its user and not its role", "let the role into the cluster as the user is, beside it"),
    ),
    PlannerExample(
        "a script that hands the keys on",
        {
            ".github/workflows/deploy.yml": BESIDE_A_ROLE + "      - run: npm run publish\n",
            "package.json": '{\n  "scripts": {\n    "publish": "./tools/publish.sh"\n  }\n}\n',
            "tools/publish.sh": 'docker build --build-arg KEY="$AWS_ACCESS_KEY_ID" .\n',
        },
        {"jobs.site": "advice"},
        {"jobs.site": ("aws:oidc",)},
        says=("tools/publish.sh, which a step runs, hands the keys on without the session's token",),
    ),
)
