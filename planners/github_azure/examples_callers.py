"""Jobs of workflows that others call: whoever calls them has to let them ask for a token too."""

from __future__ import annotations

from rolecall.planning.example import PlannerExample

_PLAN = """\
on:
  workflow_call:
    secrets:
      ARM_CLIENT_SECRET:
        required: true
jobs:
  plan:
    runs-on: ubuntu-latest
    env:
      ARM_CLIENT_ID: ${{ vars.ARM_CLIENT_ID }}
      ARM_CLIENT_SECRET: ${{ secrets.ARM_CLIENT_SECRET }}
    steps:
      - uses: actions/checkout@v4
      - run: terraform plan
  comment:
    runs-on: ubuntu-latest
    needs: plan
    permissions:
      pull-requests: write
    steps:
      - run: gh pr comment --body planned
"""
_CALL = """\
on:
  push:
    branches: [main]
jobs:
  plan:
    uses: ./.github/workflows/plan.yml
    secrets: inherit
"""
_PULLED = _CALL.replace("push:\n    branches: [main]", "pull_request:")
_CALLED = {".github/workflows/plan.yml": _PLAN, ".github/workflows/main.yml": _CALL}
_TARGET = ("azure:federated-credential",)
_MIGRATED = """\
diff --git a/.github/workflows/main.yml b/.github/workflows/main.yml
--- a/.github/workflows/main.yml
+++ b/.github/workflows/main.yml
@@ -4,4 +4,8 @@
 jobs:
   plan:
     uses: ./.github/workflows/plan.yml
+    permissions:
+      id-token: write
+      contents: read
+      pull-requests: write
     secrets: inherit
diff --git a/.github/workflows/plan.yml b/.github/workflows/plan.yml
--- a/.github/workflows/plan.yml
+++ b/.github/workflows/plan.yml
@@ -6,9 +6,12 @@
 jobs:
   plan:
     runs-on: ubuntu-latest
+    permissions:
+      id-token: write
+      contents: read
     env:
       ARM_CLIENT_ID: ${{ vars.ARM_CLIENT_ID }}
-      ARM_CLIENT_SECRET: ${{ secrets.ARM_CLIENT_SECRET }}
+      ARM_USE_OIDC: "true"
     steps:
       - uses: actions/checkout@v4
       - run: terraform plan
diff --git a/.github/workflows/pull.yml b/.github/workflows/pull.yml
--- a/.github/workflows/pull.yml
+++ b/.github/workflows/pull.yml
@@ -3,4 +3,8 @@
 jobs:
   plan:
     uses: ./.github/workflows/plan.yml
+    permissions:
+      id-token: write
+      contents: read
+      pull-requests: write
     secrets: inherit
"""

CALLERS: tuple[PlannerExample, ...] = (
    PlannerExample(
        "a workflow that two others call",
        {**_CALLED, ".github/workflows/pull.yml": _PULLED},
        {"jobs.plan.jobs.plan": "partial"},
        {"jobs.plan.jobs.plan": _TARGET},
        patches={"migrate": _MIGRATED},
        says=("subject repo:OWNER/NAME:ref:refs/heads/main", "subject repo:OWNER/NAME:pull_request"),
    ),
    PlannerExample(
        "a workflow that another one calls for strangers",
        {**_CALLED, ".github/workflows/pull.yml": _PULLED.replace("pull_request:", "pull_request_target:")},
        {"jobs.plan.jobs.plan": "advice"},
        {"jobs.plan.jobs.plan": _TARGET},
        says=("the workflow runs on pull_request_target",),
    ),
    PlannerExample(
        "a workflow that every branch starts",
        {**_CALLED, ".github/workflows/main.yml": _CALL.replace("push:\n    branches: [main]", "push:")},
        {"jobs.plan.jobs.plan": "partial"},
        {"jobs.plan.jobs.plan": _TARGET},
        says=("one for each branch that starts it, since no wildcard is compared",),
    ),
    PlannerExample(
        "a workflow for callers elsewhere",
        {".github/workflows/plan.yml": _PLAN},
        {"jobs.plan": "advice"},
        {"jobs.plan": _TARGET},
        says=("runs for the workflows that call it, which are not here",),
    ),
)
