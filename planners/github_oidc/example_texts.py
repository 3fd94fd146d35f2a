"""What several examples share: workflows that log in with a key, and the patch of the login."""

from __future__ import annotations

BESIDE_A_ROLE = """\
name: deploy

on:
  push:
    branches: [main]

jobs:
  site:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - name: Log in
        uses: aws-actions/configure-aws-credentials@v4
        with:
          aws-access-key-id: ${{ secrets.AWS_ACCESS_KEY_ID }}
          aws-secret-access-key: ${{ secrets.AWS_SECRET_ACCESS_KEY }}
          role-to-assume: arn:aws:iam::123456789012:role/deploy
          aws-region: eu-west-2
      - run: aws s3 sync site s3://site/
"""
KEYS_LEAVE = """\
diff --git a/.github/workflows/deploy.yml b/.github/workflows/deploy.yml
--- a/.github/workflows/deploy.yml
+++ b/.github/workflows/deploy.yml
@@ -7,13 +7,14 @@
 jobs:
   site:
     runs-on: ubuntu-latest
+    permissions:
+      id-token: write
+      contents: read
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
"""
KEYS_ALONE = BESIDE_A_ROLE.replace("          role-to-assume: arn:aws:iam::123456789012:role/deploy\n", "")


def permitted(said: str) -> str:
    """The workflow with a role beside its keys, and what follows `permissions:` at its top."""
    return BESIDE_A_ROLE.replace("jobs:\n", f"permissions:{said}\n\njobs:\n", 1)
