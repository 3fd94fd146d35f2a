"""Small estates with containers whose role may do too much, and what becomes of them."""

from __future__ import annotations

from narrowing_estates import _shown

from rolecall.planning.example import PlannerExample

MAIN = """\
resource "aws_s3_bucket" "reports" {
  bucket_prefix = "reports-"
}

resource "aws_ecr_repository" "reports" {
  name = "reports"
}

resource "aws_iam_role" "task" {
  name = "reports-task"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "task" {
  role = aws_iam_role.task.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["s3:*", "dynamodb:*", "ecr:*"]
        Resource = "*"
      },
    ]
  })
}

resource "aws_ecs_task_definition" "reports" {
  family        = "reports"
  task_role_arn = aws_iam_role.task.arn
  container_definitions = jsonencode([
    {
      name  = "web"
      image = "${aws_ecr_repository.reports.repository_url}:latest"
      environment = [
        { name = "BUCKET", value = aws_s3_bucket.reports.bucket },
      ]
    },
  ])
}
"""
DOCKERFILE = """\
FROM python:3.13-slim AS build
WORKDIR /app
COPY requirements.txt .
RUN pip install --prefix /install \\
    -r requirements.txt

FROM python:3.13-slim
COPY --from=build /install /usr/local
WORKDIR /app
COPY . .
CMD ["gunicorn", "-b", "0.0.0.0:8000", "reports.web:app"]
"""
CODE = """\
import os

import boto3
from flask import Flask

app = Flask(__name__)


@app.post("/reports/<name>")
def save(name):
    boto3.client("s3").put_object(Bucket=os.environ["BUCKET"], Key="out/" + name, Body=b"")
    return ""
"""
WORKFLOW = """\
on: push
env:
  ECR_REPOSITORY: reports
permissions:
  id-token: write
  contents: read
jobs:
  image:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - id: login
        uses: aws-actions/amazon-ecr-login@v2
      - run: |
          docker build -t $REGISTRY/$ECR_REPOSITORY:$GITHUB_SHA .
          docker push $REGISTRY/$ECR_REPOSITORY:$GITHUB_SHA
        working-directory: app
        env:
          REGISTRY: ${{ steps.login.outputs.registry }}
"""
ACTION = """\
on: push
permissions:
  contents: read
jobs:
  image:
    runs-on: ubuntu-latest
    steps:
      - uses: docker/metadata-action@v5
        id: meta
        with:
          images: ${{ secrets.REGISTRY }}/reports
      - uses: docker/build-push-action@v6
        with:
          context: app
          push: true
          tags: ${{ steps.meta.outputs.tags }}
"""
FILES = {
    "main.tf": MAIN,
    "app/Dockerfile": DOCKERFILE,
    "app/reports/web.py": CODE,
    "app/tests/test_web.py": "import pytest\n",
    ".github/workflows/image.yml": WORKFLOW,
}
ADDRESS = "aws_iam_role_policy.task"
CUT = """\
--- a/main.tf
+++ b/main.tf
@@ -25,8 +25,8 @@
     Statement = [
       {
         Effect   = "Allow"
-        Action   = ["s3:*", "dynamodb:*", "ecr:*"]
+        Action   = ["s3:PutObject"]
-        Resource = "*"
+        Resource = "${aws_s3_bucket.reports.arn}/out/*"
       },
     ]
   })
"""
SERVICE = (
    MAIN.partition('resource "aws_ecs_task_definition"')[0].replace("ecs-tasks", "tasks.apprunner")
    + """\
resource "aws_apprunner_service" "reports" {
  service_name = "reports"

  instance_configuration {
    instance_role_arn = aws_iam_role.task.arn
  }
  source_configuration {
    image_repository {
      image_identifier      = "${aws_ecr_repository.reports.repository_url}:latest"
      image_repository_type = "ECR"

      image_configuration {
        runtime_environment_variables = {
          BUCKET = aws_s3_bucket.reports.bucket
        }
      }
    }
  }
}
"""
)
STACK = """\
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Uploads:
    Type: AWS::S3::Bucket
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal:
              Service: ecs-tasks.amazonaws.com
            Action: sts:AssumeRole
      Policies:
        - PolicyName: work
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action: s3:*
                Resource: "*"
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      TaskRoleArn: !GetAtt Role.Arn
      ContainerDefinitions:
        - Name: web
          Image: !Sub ${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com/reports:latest
          Environment:
            - Name: BUCKET
              Value: !Ref Uploads
"""


def _with(**files: str) -> dict[str, str]:
    names = {"main": "main.tf", "docker": "app/Dockerfile", "workflow": ".github/workflows/image.yml"}
    return {**FILES, **{names.get(name, name): text for name, text in files.items()}}


PATCHED = (
    _shown("a task whose image a workflow builds", FILES, ADDRESS, "patch", CUT),
    _shown("a build by docker/build-push-action", _with(workflow=ACTION), ADDRESS, "patch", CUT),
    _shown(
        "a role that starts the task too",
        _with(
            main=MAIN.replace("\n  container_def", "\n\n  execution_role_arn = aws_iam_role.task.arn\n  container_def")
        ),
        ADDRESS,
        "patch",
    ),
    _shown("a service of App Runner", _with(main=SERVICE), ADDRESS, "patch", CUT),
    _shown(
        "a task of CloudFormation",
        {**{path: text for path, text in FILES.items() if path != "main.tf"}, "stack.yaml": STACK},
        "Role",
        "patch",
        """\
--- a/stack.yaml
+++ b/stack.yaml
@@ -18,8 +18,8 @@
             Version: "2012-10-17"
             Statement:
               - Effect: Allow
-                Action: s3:*
+                Action: s3:PutObject
-                Resource: "*"
+                Resource: !Sub "${Uploads.Arn}/out/*"
   Task:
     Type: AWS::ECS::TaskDefinition
     Properties:
""",
    ),
)


def _held(title: str, says: str, **files: str) -> PlannerExample:
    return _shown(title, _with(**files), ADDRESS, "advice", "", says)


TOLD = (
    _held(
        "two folders that may be the image's",
        "which build makes its image is not certain",
        workflow=WORKFLOW + "      - run: docker build -t $REGISTRY/${{ inputs.name }} other\n",
    ),
    _held("an image that is built elsewhere", "what builds its image", workflow=WORKFLOW.replace(": reports", ": web")),
    _held(
        "an image beside it",
        "what builds its image (datadog/agent) is not in the code",
        main=MAIN.replace("    },\n  ])", '    },\n    { name = "agent", image = "datadog/agent:7" },\n  ])'),
    ),
    _held(
        "a base that is not plain",
        "starts from acme/base:1",
        docker=DOCKERFILE.replace("python:3.13-slim\nCOPY", "acme/base:1\nCOPY"),
    ),
    _held(
        "a script",
        "what runs in its image is not seen",
        docker=DOCKERFILE.replace('["gunicorn"', '["./run.sh", "gunicorn"'),
    ),
    _held(
        "a command of the task's own",
        "what its container runs",
        main=MAIN.replace("      environment", "      command     = [var.command]\n      environment"),
    ),
    _held(
        "a program that is downloaded",
        "adds what is not in the repository",
        docker=DOCKERFILE + "ADD https://example.com/a /a\n",
    ),
    _held(
        "code that is not there",
        "is not in the code that is seen",
        docker=DOCKERFILE.replace("reports.web", "reports.other"),
    ),
    _held(
        "a role that starts the task",
        "is started with the role",
        main=MAIN.replace("  task_role_arn =", "  execution_role_arn ="),
    ),
    _held(
        "a service whose tasks others register",
        "runs task definitions that others register",
        main=MAIN
        + """
resource "aws_ecs_service" "reports" {
  name            = "reports"
  task_definition = aws_ecs_task_definition.reports.arn
  lifecycle {
    ignore_changes = [task_definition]
  }
}
""",
    ),
    _held(
        "another tag of the repository",
        "what builds its image with the tag tools is not in the code",
        main=MAIN.replace(":latest", ":tools"),
        workflow=WORKFLOW.replace(":$GITHUB_SHA", ":latest"),
    ),
    _held(
        "a package that its settings make call AWS",
        "asks for watchtower",
        **{"app/requirements.txt": "flask==3.1\nwatchtower==3\n"},
    ),
    _held(
        "a variable that loads other code",
        "the variable NODE_OPTIONS may load other code",
        main=MAIN.replace(
            'name = "BUCKET", value', 'name = "NODE_OPTIONS", value = "-r x" }, { name = "BUCKET", value'
        ),
    ),
    _held(
        "tests that the code imports",
        "app/reports/tests/stubs.py",
        **{
            "app/reports/web.py": CODE.replace("import boto3\n", "import boto3\nfrom reports.tests import stubs\n"),
            "app/reports/tests/stubs.py": "import subprocess\n",
        },
    ),
)
