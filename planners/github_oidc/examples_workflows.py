"""Jobs that leave a key behind."""

from __future__ import annotations

from rolecall.planners.github_oidc.example_texts import BESIDE_A_ROLE, KEYS_LEAVE, permitted
from rolecall.planning.example import PlannerExample

WORKFLOWS: tuple[PlannerExample, ...] = (
    PlannerExample(
        "a role beside the keys",
        {
            ".github/workflows/deploy.yml": BESIDE_A_ROLE,
        },
        {"jobs.site": "partial"},
        {"jobs.site": ("aws:oidc",)},
        patches={
            "migrate": KEYS_LEAVE,
        },
    ),
    PlannerExample(
        "permissions of the job",
        {
            ".github/workflows/deploy.yml": BESIDE_A_ROLE.replace(
                "    steps:\n", "    permissions:\n      contents: read\n    steps:\n"
            ),
        },
        {"jobs.site": "partial"},
        {"jobs.site": ("aws:oidc",)},
        patches={
            "migrate": """\
diff --git a/.github/workflows/deploy.yml b/.github/workflows/deploy.yml
--- a/.github/workflows/deploy.yml
+++ b/.github/workflows/deploy.yml
@@ -9,13 +9,12 @@
     runs-on: ubuntu-latest
     permissions:
       contents: read
+      id-token: write
     steps:
       - uses: actions/checkout@v4
       - name: Log in
         uses: aws-actions/configure-aws-credentials@v4
         with:
-          aws-access-key-id: ${{ secrets.AWS_ACCESS_KEY_ID }}
-          aws-secret-access-key: ${{ secrets.AWS_SECRET_ACCESS_KEY }}
           role-to-assume: arn:aws:iam::123456789012:role/deploy
           aws-region: eu-west-2
       - run: aws s3 sync site s3://site/
""",
        },
    ),
    PlannerExample(
        "permissions of the workflow",
        {
            ".github/workflows/deploy.yml": permitted("\n  contents: read"),
        },
        {"jobs.site": "partial"},
        {"jobs.site": ("aws:oidc",)},
        patches={
            "migrate": """\
diff --git a/.github/workflows/deploy.yml b/.github/workflows/deploy.yml
--- a/.github/workflows/deploy.yml
+++ b/.github/workflows/deploy.yml
@@ -6,6 +6,7 @@

 permissions:
   contents: read
+  id-token: write

 jobs:
   site:
@@ -15,8 +16,6 @@
       - name: Log in
         uses: aws-actions/configure-aws-credentials@v4
         with:
-          aws-access-key-id: ${{ secrets.AWS_ACCESS_KEY_ID }}
-          aws-secret-access-key: ${{ secrets.AWS_SECRET_ACCESS_KEY }}
           role-to-assume: arn:aws:iam::123456789012:role/deploy
           aws-region: eu-west-2
       - run: aws s3 sync site s3://site/
""",
        },
    ),
    PlannerExample(
        "a token is asked for already",
        {
            ".github/workflows/deploy.yml": permitted("\n  id-token: write\n  contents: read"),
        },
        {"jobs.site": "patch"},
        {"jobs.site": ("aws:oidc",)},
        patches={
            "migrate": """\
diff --git a/.github/workflows/deploy.yml b/.github/workflows/deploy.yml
--- a/.github/workflows/deploy.yml
+++ b/.github/workflows/deploy.yml
@@ -16,8 +16,6 @@
       - name: Log in
         uses: aws-actions/configure-aws-credentials@v4
         with:
-          aws-access-key-id: ${{ secrets.AWS_ACCESS_KEY_ID }}
-          aws-secret-access-key: ${{ secrets.AWS_SECRET_ACCESS_KEY }}
           role-to-assume: arn:aws:iam::123456789012:role/deploy
           aws-region: eu-west-2
       - run: aws s3 sync site s3://site/
""",
        },
    ),
    PlannerExample(
        "no permissions at all",
        {
            ".github/workflows/deploy.yml": permitted(" {}"),
        },
        {"jobs.site": "partial"},
        {"jobs.site": ("aws:oidc",)},
        patches={
            "migrate": """\
diff --git a/.github/workflows/deploy.yml b/.github/workflows/deploy.yml
--- a/.github/workflows/deploy.yml
+++ b/.github/workflows/deploy.yml
@@ -4,7 +4,8 @@
   push:
     branches: [main]

-permissions: {}
+permissions:
+  id-token: write

 jobs:
   site:
@@ -14,8 +15,6 @@
       - name: Log in
         uses: aws-actions/configure-aws-credentials@v4
         with:
-          aws-access-key-id: ${{ secrets.AWS_ACCESS_KEY_ID }}
-          aws-secret-access-key: ${{ secrets.AWS_SECRET_ACCESS_KEY }}
           role-to-assume: arn:aws:iam::123456789012:role/deploy
           aws-region: eu-west-2
       - run: aws s3 sync site s3://site/
""",
        },
    ),
    PlannerExample(
        "lines that end in CRLF",
        {
            ".github/workflows/deploy.yml": BESIDE_A_ROLE,
        },
        {"jobs.site": "partial"},
        {"jobs.site": ("aws:oidc",)},
        patches={
            "migrate": KEYS_LEAVE,
        },
        newline="\r\n",
    ),
    PlannerExample(
        "a workflow that others call",
        {
            ".github/workflows/deploy.yml": """\
name: deploy

on: push

jobs:
  site:
    uses: ./.github/workflows/sync.yml
    secrets:
      key: ${{ secrets.AWS_ACCESS_KEY_ID }}
      secret: ${{ secrets.AWS_SECRET_ACCESS_KEY }}
""",
            ".github/workflows/sync.yml": """\
name: sync

on:
  workflow_call:
    secrets:
      key:
        required: true
      secret:
        required: true

jobs:
  sync:
    runs-on: ubuntu-latest
    steps:
      - uses: aws-actions/configure-aws-credentials@v4
        with:
          aws-access-key-id: ${{ secrets.key }}
          aws-secret-access-key: ${{ secrets.secret }}
          role-to-assume: arn:aws:iam::123456789012:role/deploy
          aws-region: eu-west-2
      - run: aws s3 sync site s3://site/
""",
        },
        {"jobs.site.jobs.sync": "partial"},
        {"jobs.site.jobs.sync": ("aws:oidc",)},
        patches={
            "migrate": """\
diff --git a/.github/workflows/deploy.yml b/.github/workflows/deploy.yml
--- a/.github/workflows/deploy.yml
+++ b/.github/workflows/deploy.yml
@@ -5,6 +5,9 @@
 jobs:
   site:
     uses: ./.github/workflows/sync.yml
+    permissions:
+      id-token: write
+      contents: read
     secrets:
       key: ${{ secrets.AWS_ACCESS_KEY_ID }}
       secret: ${{ secrets.AWS_SECRET_ACCESS_KEY }}
diff --git a/.github/workflows/sync.yml b/.github/workflows/sync.yml
--- a/.github/workflows/sync.yml
+++ b/.github/workflows/sync.yml
@@ -11,11 +11,12 @@
 jobs:
   sync:
     runs-on: ubuntu-latest
+    permissions:
+      id-token: write
+      contents: read
     steps:
       - uses: aws-actions/configure-aws-credentials@v4
         with:
-          aws-access-key-id: ${{ secrets.key }}
-          aws-secret-access-key: ${{ secrets.secret }}
           role-to-assume: arn:aws:iam::123456789012:role/deploy
           aws-region: eu-west-2
       - run: aws s3 sync site s3://site/
""",
        },
    ),
)
