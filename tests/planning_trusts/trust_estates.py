"""Estates with trusts that let too many in, and what is planned for them."""

from __future__ import annotations

from rolecall.planning.example import PlannerExample

CALLER = 'data "aws_caller_identity" "current" {}\n'
SCHEDULE = """\
resource "aws_iam_role" "schedule" {
  name = "schedule"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "scheduler.amazonaws.com" }
    }]
  })
}
"""
FLOW_LOGS = """\
data "aws_iam_policy_document" "logs" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["vpc-flow-logs.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "logs" {
  name               = "logs"
  assume_role_policy = data.aws_iam_policy_document.logs.json
}
"""
STACK = """\
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  FlowLogs:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal:
              Service: vpc-flow-logs.amazonaws.com
            Action: sts:AssumeRole
"""
JSON_STACK = """\
{
  "AWSTemplateFormatVersion": "2010-09-09",
  "Resources": {
    "Transfers": {
      "Type": "AWS::IAM::Role",
      "Properties": {
        "AssumeRolePolicyDocument": {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Principal": {"Service": "transfer.amazonaws.com"},
              "Action": "sts:AssumeRole",
              "Condition": {
                "StringEquals": {
                  "aws:RequestedRegion": "eu-west-1"
                }
              }
            }
          ]
        }
      }
    }
  }
}
"""
HEREDOC = """\
resource "aws_iam_role" "transfer" {
  name               = "transfer"
  assume_role_policy = <<EOF
{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Principal": {"Service": "transfer.amazonaws.com"},
      "Action": "sts:AssumeRole"
    }
  ]
}
EOF
}
"""
COLONS = """\
resource "aws_iam_role" "copy" {
  name = "copy"
  assume_role_policy = jsonencode({
    "Version" : "2012-10-17",
    "Statement" : [
      {
        "Effect" : "Allow",
        "Action" : "sts:AssumeRole",
        "Principal" : { "Service" : ["transfer.amazonaws.com"] },
        "Condition" : {
          "StringEquals" : {
            "aws:RequestedRegion" : "eu-west-1"
          }
        }
      },
      {
        "Action" : "sts:AssumeRole",
        "Effect" : "Allow",
        "Principal" : { "Service" : "datasync.amazonaws.com" }
      }
    ]
  })
}
"""
SCHEDULED = """\
@@ -8,6 +8,7 @@
       Effect    = "Allow"
       Action    = "sts:AssumeRole"
       Principal = { Service = "scheduler.amazonaws.com" }
+      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
     }]
   })
 }
"""
OIDC = """\
resource "aws_iam_openid_connect_provider" "github" {
  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_role" "deploy" {
  name = "deploy"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = aws_iam_openid_connect_provider.github.arn }
      Condition = { StringLike = { "token.actions.githubusercontent.com:sub" = "repo:my-org/*" } }
    }]
  })
}
"""
WORKFLOW = """\
on:
  push:
    branches: [main]
permissions:
  id-token: write
  contents: read
jobs:
  deploy:
    runs-on: ubuntu-latest
    environment: prod
    steps:
      - uses: aws-actions/configure-aws-credentials@v4
        with:
          role-to-assume: arn:aws:iam::111122223333:role/deploy
          aws-region: eu-west-1
"""


def _role(name: str, statement: str, more: str = "") -> str:
    return f"""\
resource "aws_iam_role" "{name}" {{
{more}  name = "{name}"
  assume_role_policy = jsonencode({{
    Version   = "2012-10-17"
    Statement = [{statement}]
  }})
}}
"""


_VENDOR = '{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = "464622532012" } }'
_OTHER = '{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = %s } }'
_PIN = ("pin-trust",)


def _one(title: str, files: dict[str, str], address: str, patch: str, **more: tuple[str, ...]) -> PlannerExample:
    return PlannerExample(title, files, {address: "patch"}, {address: _PIN}, {"migrate": patch}, **more)


def _told(title: str, files: dict[str, str], address: str, *says: str) -> PlannerExample:
    return PlannerExample(title, files, {address: "advice"}, {address: _PIN}, says=says)


PATCHED: tuple[PlannerExample, ...] = (
    _one(
        "an object",
        {"main.tf": CALLER + "\n" + SCHEDULE},
        "aws_iam_role.schedule",
        "--- a/main.tf\n+++ b/main.tf\n" + SCHEDULED,
    ),
    _one(
        "a document, and no data source for the account yet",
        {"main.tf": FLOW_LOGS},
        "aws_iam_role.logs",
        """\
--- a/main.tf
+++ b/main.tf
@@ -5,8 +5,16 @@
       type        = "Service"
       identifiers = ["vpc-flow-logs.amazonaws.com"]
     }
+
+    condition {
+      test     = "StringEquals"
+      variable = "aws:SourceAccount"
+      values   = [data.aws_caller_identity.current.account_id]
+    }
   }
 }
+
+data "aws_caller_identity" "current" {}

 resource "aws_iam_role" "logs" {
   name               = "logs"
""",
    ),
    _one(
        "a template",
        {"stack.yaml": STACK},
        "FlowLogs",
        """\
--- a/stack.yaml
+++ b/stack.yaml
@@ -10,3 +10,6 @@
             Principal:
               Service: vpc-flow-logs.amazonaws.com
             Action: sts:AssumeRole
+            Condition:
+              StringEquals:
+                aws:SourceAccount: !Ref AWS::AccountId
""",
    ),
    _one(
        "a template in JSON that asks for a region already",
        {"stack.json": JSON_STACK},
        "Transfers",
        """\
--- a/stack.json
+++ b/stack.json
@@ -13,7 +13,8 @@
               "Action": "sts:AssumeRole",
               "Condition": {
                 "StringEquals": {
-                  "aws:RequestedRegion": "eu-west-1"
+                  "aws:RequestedRegion": "eu-west-1",
+                  "aws:SourceAccount": {"Ref": "AWS::AccountId"}
                 }
               }
             }
""",
    ),
    _one(
        "JSON in a heredoc",
        {"main.tf": CALLER + "\n" + HEREDOC},
        "aws_iam_role.transfer",
        """\
--- a/main.tf
+++ b/main.tf
@@ -9,7 +9,8 @@
     {
       "Effect": "Allow",
       "Principal": {"Service": "transfer.amazonaws.com"},
-      "Action": "sts:AssumeRole"
+      "Action": "sts:AssumeRole",
+      "Condition": {"StringEquals": {"aws:SourceAccount": "${data.aws_caller_identity.current.account_id}"}}
     }
   ]
 }
""",
    ),
    _one(
        "two statements of one role, with colons",
        {"main.tf": CALLER + "\n" + COLONS},
        "aws_iam_role.copy",
        """\
--- a/main.tf
+++ b/main.tf
@@ -12,13 +12,15 @@
         "Condition" : {
           "StringEquals" : {
             "aws:RequestedRegion" : "eu-west-1"
+            "aws:SourceAccount" : data.aws_caller_identity.current.account_id
           }
         }
       },
       {
         "Action" : "sts:AssumeRole",
         "Effect" : "Allow",
-        "Principal" : { "Service" : "datasync.amazonaws.com" }
+        "Principal" : { "Service" : "datasync.amazonaws.com" },
+        "Condition" : { "StringEquals" : { "aws:SourceAccount" : data.aws_caller_identity.current.account_id } },
       }
     ]
   })
""",
    ),
    PlannerExample(
        "two roles that share the data source they get, in another provider's account",
        {
            "main.tf": 'provider "aws" {\n  alias  = "logs"\n  region = "eu-west-1"\n}\n\n'
            + _role("one", _OTHER % '"grafana.amazonaws.com"', "  provider = aws.logs\n\n")
            + "\n"
            + _role("two", _OTHER % '"bedrock.amazonaws.com"', "  provider = aws.logs\n\n")
            + "\n"
            + CALLER
        },
        {"aws_iam_role.one": "patch", "aws_iam_role.two": "patch"},
        {"aws_iam_role.one": _PIN, "aws_iam_role.two": _PIN},
    ),
)

TOLD: tuple[PlannerExample, ...] = (
    _told(
        "a service beside it that does not say for whom it acts",
        {"main.tf": _role("mixed", _OTHER % '["transfer.amazonaws.com", "lambda.amazonaws.com"]')},
        "aws_iam_role.mixed",
        "not patched: a service that it lets in is not known to say which account it acts for",
    ),
    _told(
        "a document that something else takes",
        {"main.tf": FLOW_LOGS + '\noutput "trust" {\n  value = data.aws_iam_policy_document.logs.json\n}\n'},
        "aws_iam_role.logs",
        "not patched: something else takes the document too",
    ),
    _told(
        "a statement for each of several",
        {"main.tf": _role("many", 'for who in ["scheduler.amazonaws.com"] : ' + _OTHER % "who")},
        "aws_iam_role.many",
        "not patched: the statement stands for several",
    ),
    _told(
        "a function that a topic calls",
        {
            "main.tf": """\
resource "aws_lambda_permission" "topic" {
  function_name = "resize"
  action        = "lambda:InvokeFunction"
  principal     = "sns.amazonaws.com"
}
"""
        },
        "aws_lambda_permission.topic",
        "name what calls it: source_arn (SourceArn)",
    ),
    _told(
        "everybody",
        {"main.tf": _role("open", '{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = "*" } }')},
        "aws_iam_role.open",
        'endswith("/open")',
        "aws organizations describe-organization",
    ),
    _told(
        "a vendor",
        {"main.tf": _role("vendor", _VENDOR)},
        "aws_iam_role.vendor",
        "StringEquals on sts:ExternalId",
    ),
    _told(
        "a workflow of the same repository",
        {"main.tf": OIDC, ".github/workflows/deploy.yml": WORKFLOW},
        "aws_iam_role.deploy",
        "AttributeValue=AssumeRoleWithWebIdentity",
        "repo:my-org/REPOSITORY:environment:prod and repo:my-org@OWNER_ID/REPOSITORY@REPOSITORY_ID:environment:prod",
        "the job in .github/workflows/deploy.yml assumes the role",
        "which repository the workflows are in is not in the code",
    ),
    _told(
        "no workflow to be seen",
        {"main.tf": OIDC},
        "aws_iam_role.deploy",
        "repo:my-org/REPOSITORY:environment:ENVIRONMENT",
        "who comes in by it is not in the code",
    ),
    _told(
        "a pool of another cloud",
        {
            "main.tf": """\
resource "google_iam_workload_identity_pool" "ci" {
  workload_identity_pool_id = "ci"
}

resource "google_iam_workload_identity_pool_provider" "github" {
  workload_identity_pool_id          = google_iam_workload_identity_pool.ci.workload_identity_pool_id
  workload_identity_pool_provider_id = "github"
  attribute_mapping = {
    "google.subject" = "assertion.sub"
  }
  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}
"""
        },
        "google_iam_workload_identity_pool_provider.github",
        "list who comes in today, then ask for exactly these",
    ),
)
