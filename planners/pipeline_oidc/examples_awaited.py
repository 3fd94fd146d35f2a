"""Jobs with a key that people put among the pipeline's variables: their login waits for a role."""

from __future__ import annotations

from rolecall.planning.example import PlannerExample

_BITBUCKET = """\
pipelines:
  branches:
    main:
      - step:
          name: Publish
          script:
            - export AWS_ACCESS_KEY_ID=$PROD_ACCESS_KEY AWS_SECRET_ACCESS_KEY=$PROD_SECRET_KEY
            - aws s3 sync site s3://site
"""
_STEP = "pipelines.branches.main.steps[0]"

AWAITED: tuple[PlannerExample, ...] = (
    PlannerExample(
        "Bitbucket: a key that people keep",
        {"bitbucket-pipelines.yml": _BITBUCKET},
        {_STEP: "partial"},
        {_STEP: ("aws:oidc",)},
        patches={
            "migrate": """\
diff --git a/bitbucket-pipelines.yml b/bitbucket-pipelines.yml
--- a/bitbucket-pipelines.yml
+++ b/bitbucket-pipelines.yml
@@ -3,6 +3,10 @@
     main:
       - step:
           name: Publish
+          oidc: true
           script:
-            - export AWS_ACCESS_KEY_ID=$PROD_ACCESS_KEY AWS_SECRET_ACCESS_KEY=$PROD_SECRET_KEY
+            - unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
+            - export AWS_ROLE_ARN="$AWS_ROLE_ARN_PROD" AWS_WEB_IDENTITY_TOKEN_FILE="$(mktemp)"
+            - export AWS_ROLE_SESSION_NAME="bitbucket-$BITBUCKET_BUILD_NUMBER"
+            - printf '%s' "$BITBUCKET_STEP_OIDC_TOKEN" > "$AWS_WEB_IDENTITY_TOKEN_FILE"
             - aws s3 sync site s3://site
""",
        },
        says=("set AWS_ROLE_ARN_PROD to the role's ARN among the variables of the repository",),
    ),
    PlannerExample(
        "Bitbucket: a key whose names say different things",
        {
            "bitbucket-pipelines.yml": _BITBUCKET.replace("$PROD_SECRET_KEY", "$TEST_SECRET_KEY"),
        },
        {_STEP: "advice"},
        {_STEP: ("aws:oidc",)},
        says=("the names of its secrets do not tell which role",),
    ),
)
