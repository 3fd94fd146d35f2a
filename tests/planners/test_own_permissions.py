"""Where the permissions are the workflow's, the job that needs a token gets a list of its own: the others need none."""

from __future__ import annotations

from pathlib import Path

from planner_estates import planned

from rolecall.planning.series import patch

_WORKFLOW = """\
on: push

permissions:
  contents: read

jobs:
  lint:
    runs-on: ubuntu-latest
    steps:
      - run: make lint
  site:
    runs-on: ubuntu-latest
    steps:
      - uses: aws-actions/configure-aws-credentials@v4
        with:
          aws-access-key-id: ${{ secrets.AWS_ACCESS_KEY_ID }}
          aws-secret-access-key: ${{ secrets.AWS_SECRET_ACCESS_KEY }}
          role-to-assume: arn:aws:iam::123456789012:role/deploy
          aws-region: eu-west-2
      - run: aws s3 sync site s3://site/
"""
_ADDED = """\
   site:
     runs-on: ubuntu-latest
+    permissions:
+      contents: read
+      id-token: write
     steps:
"""


def test_only_the_job_that_logs_in_may_ask(tmp_path: Path) -> None:
    path = tmp_path / ".github" / "workflows" / "deploy.yml"
    path.parent.mkdir(parents=True)
    path.write_text(_WORKFLOW)
    text = patch(planned(tmp_path).series.step("migrate")).decode()
    assert _ADDED in text
    assert text.count("id-token: write") == 1
