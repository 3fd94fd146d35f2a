"""Small estates with a function whose role may do too much, and what becomes of them."""

from __future__ import annotations

import json

from rolecall.planning.example import PlannerExample

HANDLER = """\
import os

import boto3

BUCKET = os.environ["BUCKET"]
s3 = boto3.client("s3")
table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
sqs = boto3.client("sqs")


def handler(event, context):
    body = s3.get_object(Bucket=BUCKET, Key=event["key"])["Body"].read()
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket="archive-of-reports"):
        print(page["KeyCount"])
    s3.upload_file("/tmp/report", BUCKET, "out/" + event["key"])
    table.put_item(Item={"id": event["key"], "size": len(body)})
    sqs.send_message(QueueUrl=os.environ["QUEUE_URL"], MessageBody="done")
"""

ROLE = """\
provider "aws" {
  region = "eu-west-2"
}

variable "bucket" {
  type = string
}

resource "aws_dynamodb_table" "reports" {
  name = "reports"
}

resource "aws_sqs_queue" "done" {
  name = "done"
}

data "archive_file" "code" {
  type        = "zip"
  source_dir  = "${path.module}/src"
  output_path = "${path.module}/code.zip"
}

resource "aws_iam_role" "reports" {
  name = "reports"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_lambda_function" "reports" {
  function_name = "reports"
  role          = aws_iam_role.reports.arn
  runtime       = "python3.13"
  handler       = "app.handler"
  filename      = data.archive_file.code.output_path

  environment {
    variables = {
      BUCKET    = var.bucket
      TABLE     = aws_dynamodb_table.reports.name
      QUEUE_URL = aws_sqs_queue.done.url
    }
  }
}
"""
OBJECT = """\

resource "aws_iam_role_policy" "reports" {
  role = aws_iam_role.reports.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["s3:*", "dynamodb:*", "sqs:*", "logs:*"]
        Resource = "*"
      },
    ]
  })
}
"""
DOCUMENT = """\

data "aws_partition" "current" {}

data "aws_iam_policy_document" "reports" {
  # everything, for now
  statement {
    sid       = "Work"
    effect    = "Allow"
    actions   = ["*"]
    resources = ["*"]
  }
}

resource "aws_iam_policy" "reports" {
  name   = "reports"
  policy = data.aws_iam_policy_document.reports.json
}

resource "aws_iam_role_policy_attachment" "reports" {
  role       = aws_iam_role.reports.name
  policy_arn = aws_iam_policy.reports.arn
}
"""
HEREDOC = """\

resource "aws_iam_role_policy" "reports" {
  role   = aws_iam_role.reports.id
  policy = <<-EOF
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Effect": "Allow",
          "Action": "dynamodb:*",
          "Resource": "*"
        }
      ]
    }
  EOF
}
"""
STACK = """\
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Uploads:
    Type: AWS::S3::Bucket
  Done:
    Type: AWS::SNS::Topic
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal:
              Service: lambda.amazonaws.com
            Action: sts:AssumeRole
      Policies:
        - PolicyName: work
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action:
                  - s3:*
                  - sns:Publish
                  - logs:PutLogEvents
                Resource: "*"
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Handler: index.handler
      Runtime: python3.13
      Role: !GetAtt Role.Arn
      Environment:
        Variables:
          UPLOADS: !Ref Uploads
      Code:
        ZipFile: !Sub |
          import os
          import boto3
          def handler(event, context):
              boto3.client("s3").put_object(Bucket=os.environ["UPLOADS"], Key="latest", Body=b"")
              boto3.client("sns").publish(TopicArn="${Done}", Message="done")
"""
SERVERLESS = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  Jobs:
    Type: AWS::SQS::Queue
  Function:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.handler
      Runtime: python3.13
      CodeUri: src
      Environment:
        Variables:
          QUEUE_URL: !Ref Jobs
      Policies:
        - Statement:
            - Effect: Allow
              Action: "sqs:*"
              Resource: "*"
"""
SENDER = """\
import os
import boto3


class Sender:
    def __init__(self):
        self.url = os.environ["QUEUE_URL"]
        self.client = boto3.client("sqs")

    def send(self, text):
        self.client.send_message(QueueUrl=self.url, MessageBody=text)


def handler(event, context):
    Sender().send("done")
"""


MANAGED = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  Jobs:
    Type: AWS::SQS::Queue
  Plain:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.handler
      Runtime: python3.13
      CodeUri: src
      Policies: AmazonSQSFullAccess
      Environment:
        Variables:
          QUEUE_URL: !Ref Jobs
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal:
              Service: lambda.amazonaws.com
            Action: sts:AssumeRole
      ManagedPolicyArns:
        - arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole
        - arn:aws:iam::aws:policy/AmazonSQSFullAccess
  Own:
    Type: AWS::Lambda::Function
    Properties:
      Handler: app.handler
      Runtime: python3.13
      Code: src
      Role: !GetAtt Role.Arn
      Environment:
        Variables:
          QUEUE_URL: !Ref Jobs
"""
JSON_STACK = json.dumps(
    {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Resources": {
            "Jobs": {"Type": "AWS::SQS::Queue"},
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "AssumeRolePolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [
                            {
                                "Effect": "Allow",
                                "Principal": {"Service": "lambda.amazonaws.com"},
                                "Action": "sts:AssumeRole",
                            }
                        ],
                    },
                    "ManagedPolicyArns": ["arn:aws:iam::aws:policy/AmazonSQSFullAccess"],
                    "Policies": [
                        {
                            "PolicyName": "more",
                            "PolicyDocument": {
                                "Version": "2012-10-17",
                                "Statement": [{"Effect": "Allow", "Action": ["logs:PutLogEvents"], "Resource": "*"}],
                            },
                        }
                    ],
                },
            },
            "Function": {
                "Type": "AWS::Lambda::Function",
                "Properties": {
                    "Handler": "app.handler",
                    "Runtime": "python3.13",
                    "Code": "src",
                    "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                    "Environment": {"Variables": {"QUEUE_URL": {"Ref": "Jobs"}}},
                },
            },
        },
    },
    indent=4,
)
ATTACHED = """\

resource "aws_iam_role_policy_attachment" "queues" {
  role       = aws_iam_role.reports.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonSQSFullAccess"
}
"""


def _shown(
    title: str, files: dict[str, str], address: str, disposition: str, patch: str = "", *says: str
) -> PlannerExample:
    return PlannerExample(
        title,
        files,
        {address: disposition},  # type: ignore[dict-item]
        {address: ("narrow",)},
        {"migrate": patch} if patch else {},
        says,
    )


PATCHED = (
    _shown(
        "an object in jsonencode",
        {"main.tf": ROLE + OBJECT, "src/app.py": HANDLER},
        "aws_iam_role_policy.reports",
        "patch",
        """\
--- a/main.tf
+++ b/main.tf
@@ -55,9 +55,34 @@
     Statement = [
       {
         Effect   = "Allow"
-        Action   = ["s3:*", "dynamodb:*", "sqs:*", "logs:*"]
+        Action   = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
         Resource = "*"
       },
+      {
+        Effect   = "Allow"
+        Action   = ["dynamodb:DescribeTable", "dynamodb:PutItem"]
+        Resource = aws_dynamodb_table.reports.arn
+      },
+      {
+        Effect   = "Allow"
+        Action   = ["s3:AbortMultipartUpload", "s3:PutObject"]
+        Resource = "arn:aws:s3:::${var.bucket}/out/*"
+      },
+      {
+        Effect   = "Allow"
+        Action   = ["s3:GetObject"]
+        Resource = "arn:aws:s3:::${var.bucket}/*"
+      },
+      {
+        Effect   = "Allow"
+        Action   = ["s3:ListBucket"]
+        Resource = ["arn:aws:s3:::${var.bucket}", "arn:aws:s3:::archive-of-reports"]
+      },
+      {
+        Effect   = "Allow"
+        Action   = ["sqs:SendMessage"]
+        Resource = aws_sqs_queue.done.arn
+      },
     ]
   })
 }
""",
    ),
    _shown(
        "a statement of everything in a policy document",
        {"main.tf": ROLE + DOCUMENT, "src/app.py": HANDLER},
        "aws_iam_policy.reports",
        "patch",
    ),
    _shown(
        "JSON in a heredoc",
        {"main.tf": ROLE + HEREDOC, "src/app.py": HANDLER},
        "aws_iam_role_policy.reports",
        "patch",
        """\
--- a/main.tf
+++ b/main.tf
@@ -56,8 +56,8 @@
       "Statement": [
         {
           "Effect": "Allow",
-          "Action": "dynamodb:*",
+          "Action": ["dynamodb:DescribeTable", "dynamodb:PutItem"],
-          "Resource": "*"
+          "Resource": "${aws_dynamodb_table.reports.arn}"
         }
       ]
     }
""",
    ),
    _shown(
        "a template with its code inside",
        {"stack.yaml": STACK},
        "Role",
        "patch",
        """\
--- a/stack.yaml
+++ b/stack.yaml
@@ -21,10 +21,14 @@
             Statement:
               - Effect: Allow
                 Action:
-                  - s3:*
-                  - sns:Publish
                   - logs:PutLogEvents
                 Resource: "*"
+              - Effect: Allow
+                Action: s3:PutObject
+                Resource: !Sub "${Uploads.Arn}/latest"
+              - Effect: Allow
+                Action: sns:Publish
+                Resource: !Ref Done
   Function:
     Type: AWS::Lambda::Function
     Properties:
""",
    ),
    _shown(
        "the role that a template makes for its function",
        {"template.yaml": SERVERLESS, "src/app.py": SENDER},
        "Function",
        "patch",
        """\
--- a/template.yaml
+++ b/template.yaml
@@ -15,5 +15,5 @@
       Policies:
         - Statement:
             - Effect: Allow
-              Action: "sqs:*"
+              Action: "sqs:SendMessage"
-              Resource: "*"
+              Resource: !GetAtt Jobs.Arn
""",
    ),
    PlannerExample(
        "policies of AWS in a template",
        {"template.yaml": MANAGED, "src/app.py": SENDER},
        {"Plain": "patch", "Role": "patch"},
        {"Plain": ("narrow",), "Role": ("narrow",)},
        {
            "migrate": """\
--- a/template.yaml
+++ b/template.yaml
@@ -9,7 +9,11 @@
       Handler: app.handler
       Runtime: python3.13
       CodeUri: src
-      Policies: AmazonSQSFullAccess
+      Policies:
+        - Statement:
+            - Effect: Allow
+              Action: sqs:SendMessage
+              Resource: !GetAtt Jobs.Arn
       Environment:
         Variables:
           QUEUE_URL: !Ref Jobs
@@ -25,7 +29,14 @@
             Action: sts:AssumeRole
       ManagedPolicyArns:
         - arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole
-        - arn:aws:iam::aws:policy/AmazonSQSFullAccess
+      Policies:
+        - PolicyName: RoleCalls
+          PolicyDocument:
+            Version: "2012-10-17"
+            Statement:
+              - Effect: Allow
+                Action: sqs:SendMessage
+                Resource: !GetAtt Jobs.Arn
   Own:
     Type: AWS::Lambda::Function
     Properties:
"""
        },
    ),
    PlannerExample(
        "a template in JSON",
        {"stack.json": JSON_STACK + "\n", "src/app.py": SENDER},
        {"Role": "patch"},
        {"Role": ("narrow",)},
        {
            "migrate": """\
--- a/stack.json
+++ b/stack.json
@@ -19,9 +19,6 @@
                         }
                     ]
                 },
-                "ManagedPolicyArns": [
-                    "arn:aws:iam::aws:policy/AmazonSQSFullAccess"
-                ],
                 "Policies": [
                     {
                         "PolicyName": "more",
@@ -37,6 +34,19 @@
                                 }
                             ]
                         }
+                    },
+                    {
+                        "PolicyName": "RoleCalls",
+                        "PolicyDocument": {
+                            "Version": "2012-10-17",
+                            "Statement": [
+                                {
+                                    "Effect": "Allow",
+                                    "Action": "sqs:SendMessage",
+                                    "Resource": {"Fn::GetAtt": ["Jobs", "Arn"]}
+                                }
+                            ]
+                        }
                     }
                 ]
             }
"""
        },
    ),
    PlannerExample(
        "an attachment of AWS's policy",
        {"main.tf": ROLE + ATTACHED, "src/app.py": SENDER},
        {"aws_iam_role_policy_attachment.queues": "patch"},
        {"aws_iam_role_policy_attachment.queues": ("narrow",)},
        {
            "expand": """\
--- a/main.tf
+++ b/main.tf
@@ -52,3 +52,17 @@
   role       = aws_iam_role.reports.name
   policy_arn = "arn:aws:iam::aws:policy/AmazonSQSFullAccess"
 }
+
+resource "aws_iam_role_policy" "queues" {
+  role = aws_iam_role.reports.name
+  policy = jsonencode({
+    Version = "2012-10-17"
+    Statement = [
+      {
+        Effect   = "Allow"
+        Action   = ["sqs:SendMessage"]
+        Resource = aws_sqs_queue.done.arn
+      },
+    ]
+  })
+}
""",
            "migrate": """\
--- a/main.tf
+++ b/main.tf
@@ -47,11 +47,6 @@
     }
   }
 }
-
-resource "aws_iam_role_policy_attachment" "queues" {
-  role       = aws_iam_role.reports.name
-  policy_arn = "arn:aws:iam::aws:policy/AmazonSQSFullAccess"
-}

 resource "aws_iam_role_policy" "queues" {
   role = aws_iam_role.reports.name
""",
        },
    ),
)


def _held(title: str, says: str, main: str = ROLE + OBJECT, code: str = HANDLER) -> PlannerExample:
    return _shown(title, {"main.tf": main, "src/app.py": code}, "aws_iam_role_policy.reports", "advice", "", says)


TOLD = (
    _held("a name that is computed", "computed name", code=HANDLER + "\n\ndef do(name):\n    getattr(s3, name)()\n"),
    _held("a command", "uses subprocess", code="import subprocess\n" + HANDLER),
    _held("a package that is not here", "uses pandas", code="import pandas\n" + HANDLER),
    _held("another language", "nodejs22.x", ROLE.replace("python3.13", "nodejs22.x") + OBJECT),
    _held(
        "a layer", "layers", ROLE.replace("  runtime ", '  layers        = ["arn:aws:lambda:x"]\n  runtime ') + OBJECT
    ),
    _held(
        "a package that is built elsewhere",
        "package",
        ROLE.replace("data.archive_file.code.output_path", '"x.zip"') + OBJECT,
    ),
    _held(
        "code that another one takes the place of",
        "its code stands in for what is deployed later: it says “Placeholder”",
        code="# Placeholder, see deploy.sh\ndef handler(event, context):\n    return event\n",
    ),
    _held(
        "code that Terraform leaves to others",
        "Terraform leaves its code to others (ignore_changes: filename)",
        ROLE.replace(
            "data.archive_file.code.output_path\n",
            "data.archive_file.code.output_path\n  lifecycle {\n    ignore_changes = [filename]\n  }\n",
        )
        + OBJECT,
    ),
    PlannerExample(
        "code that a script puts in the place of the template's",
        {
            "stack.yaml": STACK,
            "deploy.sh": "aws lambda update-function-code --function-name work --zip-file fileb://x\n",
        },
        {"Role": "advice"},
        {"Role": ("narrow",)},
        says=("deploy.sh puts other code into functions than the template has",),
    ),
    _held("a handler that is not there", "handler", ROLE.replace("app.handler", "app.other") + OBJECT),
    _held(
        "somebody else who may have the role",
        "ec2.amazonaws.com",
        ROLE.replace('"lambda.amazonaws.com"', '["lambda.amazonaws.com", "ec2.amazonaws.com"]') + OBJECT,
    ),
    _held(
        "a role that is handed on",
        "output",
        ROLE + OBJECT + '\noutput "role" {\n  value = aws_iam_role.reports.arn\n}\n',
    ),
    _held(
        "something else that runs with the role",
        "aws_sfn_state_machine.other",
        ROLE + OBJECT + '\nresource "aws_sfn_state_machine" "other" {\n  role_arn = aws_iam_role.reports.arn\n}\n',
    ),
    _held("a call of what nobody knows", "whose permission is not known", code=HANDLER + "\n\ns3.rename_object()\n"),
    _held(
        "a service that acts for its caller",
        "cloudformation",
        code=HANDLER + '\n\nboto3.client("cloudformation").create_stack()\n',
    ),
)
