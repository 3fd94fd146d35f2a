"""Tasks with a role of their own, in Terraform and CloudFormation."""

from __future__ import annotations

from rolecall.planning.example import PlannerExample

_USER = """\
resource "aws_iam_user" "app" {
  name = "app"
}

resource "aws_iam_access_key" "app" {
  user = aws_iam_user.app.name
}

resource "aws_iam_user_policy" "app" {
  name = "app"
  user = aws_iam_user.app.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::in/*" }]
  })
}
"""

OWN: tuple[PlannerExample, ...] = (
    PlannerExample(
        "a task with a role",
        {
            "main.tf": """\
# The publisher writes reports to a bucket.
resource "aws_iam_user" "publisher" {
  name = "publisher"
}

# key for the publisher
resource "aws_iam_access_key" "publisher" {
  user = aws_iam_user.publisher.name
}

resource "aws_iam_user_policy" "publisher" {
  name = "reports"
  user = aws_iam_user.publisher.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["s3:PutObject"]
      Resource = "arn:aws:s3:::reports/*"
    }]
  })
}

resource "aws_iam_role" "task" {
  name = "publisher-task"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
    }]
  })
}

resource "aws_ecs_task_definition" "publisher" {
  family        = "publisher"
  task_role_arn = aws_iam_role.task.arn
  container_definitions = jsonencode([{
    name  = "publisher"
    image = "publisher:1"
    environment = [
      { name = "BUCKET", value = "reports" },
      { name = "AWS_ACCESS_KEY_ID", value = aws_iam_access_key.publisher.id },
      { name = "AWS_SECRET_ACCESS_KEY", value = aws_iam_access_key.publisher.secret },
    ]
  }])
}
""",
        },
        {"aws_ecs_task_definition.publisher": "patch", "aws_iam_access_key.publisher": "patch"},
        {"aws_ecs_task_definition.publisher": ("aws:task-role",), "aws_iam_access_key.publisher": ("aws:task-role",)},
        patches={
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -21,6 +21,20 @@
     }]
   })
 }
+
+resource "aws_iam_role_policy" "publisher" {
+  name = "reports"
+  role = aws_iam_role.task.name
+
+  policy = jsonencode({
+    Version = "2012-10-17"
+    Statement = [{
+      Effect   = "Allow"
+      Action   = ["s3:PutObject"]
+      Resource = "arn:aws:s3:::reports/*"
+    }]
+  })
+}

 resource "aws_iam_role" "task" {
   name = "publisher-task"
""",
            "migrate": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -56,8 +56,6 @@
     image = "publisher:1"
     environment = [
       { name = "BUCKET", value = "reports" },
-      { name = "AWS_ACCESS_KEY_ID", value = aws_iam_access_key.publisher.id },
-      { name = "AWS_SECRET_ACCESS_KEY", value = aws_iam_access_key.publisher.secret },
     ]
   }])
 }
""",
            "soak": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -5,7 +5,8 @@

 # key for the publisher
 resource "aws_iam_access_key" "publisher" {
-  user = aws_iam_user.publisher.name
+  user   = aws_iam_user.publisher.name
+  status = "Inactive"
 }

 resource "aws_iam_user_policy" "publisher" {
""",
            "contract": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -1,28 +1,3 @@
-# The publisher writes reports to a bucket.
-resource "aws_iam_user" "publisher" {
-  name = "publisher"
-}
-
-# key for the publisher
-resource "aws_iam_access_key" "publisher" {
-  user   = aws_iam_user.publisher.name
-  status = "Inactive"
-}
-
-resource "aws_iam_user_policy" "publisher" {
-  name = "reports"
-  user = aws_iam_user.publisher.name
-
-  policy = jsonencode({
-    Version = "2012-10-17"
-    Statement = [{
-      Effect   = "Allow"
-      Action   = ["s3:PutObject"]
-      Resource = "arn:aws:s3:::reports/*"
-    }]
-  })
-}
-
 resource "aws_iam_role_policy" "publisher" {
   name = "reports"
   role = aws_iam_role.task.name
""",
        },
    ),
    PlannerExample(
        "quoted interpolation and heredocs",
        {
            "main.tf": """\
resource "aws_iam_user" "worker" {
  name = "worker-${var.env}"
}

variable "env" {}

resource "aws_iam_access_key" "worker" {
  user = "${aws_iam_user.worker.name}"
}

resource "aws_iam_user_policy" "worker" {
  name   = "worker"
  user   = "${aws_iam_user.worker.name}"
  policy = <<EOF
{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::in-${var.env}/*"}
  ]
}
EOF
}

resource "aws_iam_role" "worker" {
  name               = "worker-${var.env}"
  assume_role_policy = <<EOF
{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}
  ]
}
EOF
}

resource "aws_ecs_task_definition" "worker" {
  family        = "worker"
  task_role_arn = "${aws_iam_role.worker.arn}"

  container_definitions = <<EOF
[
  {
    "name": "worker",
    "image": "worker:1",
    "environment": [
      {"name": "ENV", "value": "${var.env}"},
      {"name": "AWS_ACCESS_KEY_ID", "value": "${aws_iam_access_key.worker.id}"},
      {"name": "AWS_SECRET_ACCESS_KEY", "value": "${aws_iam_access_key.worker.secret}"}
    ]
  }
]
EOF
}
""",
        },
        {"aws_ecs_task_definition.worker": "patch", "aws_iam_access_key.worker": "patch"},
        {"aws_ecs_task_definition.worker": ("aws:task-role",), "aws_iam_access_key.worker": ("aws:task-role",)},
        patches={
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -20,6 +20,19 @@
 }
 EOF
 }
+
+resource "aws_iam_role_policy" "worker" {
+  name   = "worker"
+  role   = aws_iam_role.worker.name
+  policy = <<EOF
+{
+  "Version": "2012-10-17",
+  "Statement": [
+    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::in-${var.env}/*"}
+  ]
+}
+EOF
+}

 resource "aws_iam_role" "worker" {
   name               = "worker-${var.env}"
""",
            "migrate": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -56,9 +56,7 @@
     "name": "worker",
     "image": "worker:1",
     "environment": [
-      {"name": "ENV", "value": "${var.env}"},
-      {"name": "AWS_ACCESS_KEY_ID", "value": "${aws_iam_access_key.worker.id}"},
-      {"name": "AWS_SECRET_ACCESS_KEY", "value": "${aws_iam_access_key.worker.secret}"}
+      {"name": "ENV", "value": "${var.env}"}
     ]
   }
 ]
""",
        },
    ),
    PlannerExample(
        "the role has a policy of the same name",
        {
            "main.tf": _USER
            + """\

resource "aws_iam_role" "app" {
  name = "app"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ecs-tasks.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "app" {
  name = "app"
  role = aws_iam_role.app.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "logs:PutLogEvents", Resource = "*" }]
  })
}

resource "aws_ecs_task_definition" "app" {
  family        = "app"
  task_role_arn = aws_iam_role.app.arn
  container_definitions = jsonencode([{
    name  = "app"
    image = "app:1"
    environment = [
      { name = "AWS_ACCESS_KEY_ID", value = aws_iam_access_key.app.id },
      { name = "AWS_SECRET_ACCESS_KEY", value = aws_iam_access_key.app.secret }
    ]
  }])
}
""",
        },
        {"aws_ecs_task_definition.app": "patch", "aws_iam_access_key.app": "patch"},
        {"aws_ecs_task_definition.app": ("aws:task-role",), "aws_iam_access_key.app": ("aws:task-role",)},
        patches={
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -14,6 +14,15 @@
     Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::in/*" }]
   })
 }
+
+resource "aws_iam_role_policy" "app_from_user" {
+  name = "app-from-user"
+  role = aws_iam_role.app.name
+  policy = jsonencode({
+    Version   = "2012-10-17"
+    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::in/*" }]
+  })
+}

 resource "aws_iam_role" "app" {
   name = "app"
""",
            "migrate": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -47,9 +47,5 @@
   container_definitions = jsonencode([{
     name  = "app"
     image = "app:1"
-    environment = [
-      { name = "AWS_ACCESS_KEY_ID", value = aws_iam_access_key.app.id },
-      { name = "AWS_SECRET_ACCESS_KEY", value = aws_iam_access_key.app.secret }
-    ]
   }])
 }
""",
        },
    ),
    PlannerExample(
        "CloudFormation",
        {
            "task.yaml": """\
AWSTemplateFormatVersion: "2010-09-09"
Description: Receipts
Resources:
  Receipts:
    Type: AWS::S3::Bucket

  # the function's own user
  ReceiptUser:
    Type: AWS::IAM::User

  ReceiptKey:
    Type: AWS::IAM::AccessKey
    Properties:
      UserName: !Ref ReceiptUser

  ReceiptPolicy:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: receipts
      Users:
        - !Ref ReceiptUser
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: s3:PutObject
            Resource: !Sub "${Receipts.Arn}/*"

  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: receipts
      ContainerDefinitions:
        - Name: app
          Image: app:1
          Environment:
            - Name: BUCKET
              Value: !Ref Receipts
            - Name: AWS_ACCESS_KEY_ID
              Value: !Ref ReceiptKey
            - Name: AWS_SECRET_ACCESS_KEY
              Value: !GetAtt ReceiptKey.SecretAccessKey
""",
        },
        {"Task": "patch", "ReceiptKey": "patch"},
        {"Task": ("aws:task-role",), "ReceiptKey": ("aws:task-role",)},
        patches={
            "expand": """\
diff --git a/task.yaml b/task.yaml
--- a/task.yaml
+++ b/task.yaml
@@ -19,17 +19,31 @@
       PolicyName: receipts
       Users:
         - !Ref ReceiptUser
+      Roles:
+        - !Ref ReceiptUserRole
       PolicyDocument:
         Version: "2012-10-17"
         Statement:
           - Effect: Allow
             Action: s3:PutObject
             Resource: !Sub "${Receipts.Arn}/*"
+
+  ReceiptUserRole:
+    Type: AWS::IAM::Role
+    Properties:
+      AssumeRolePolicyDocument:
+        Version: "2012-10-17"
+        Statement:
+          - Effect: Allow
+            Principal:
+              Service: ecs-tasks.amazonaws.com
+            Action: sts:AssumeRole

   Task:
     Type: AWS::ECS::TaskDefinition
     Properties:
       Family: receipts
+      TaskRoleArn: !GetAtt ReceiptUserRole.Arn
       ContainerDefinitions:
         - Name: app
           Image: app:1
""",
            "migrate": """\
diff --git a/task.yaml b/task.yaml
--- a/task.yaml
+++ b/task.yaml
@@ -50,7 +50,3 @@
           Environment:
             - Name: BUCKET
               Value: !Ref Receipts
-            - Name: AWS_ACCESS_KEY_ID
-              Value: !Ref ReceiptKey
-            - Name: AWS_SECRET_ACCESS_KEY
-              Value: !GetAtt ReceiptKey.SecretAccessKey
""",
            "contract": """\
diff --git a/task.yaml b/task.yaml
--- a/task.yaml
+++ b/task.yaml
@@ -3,23 +3,11 @@
 Resources:
   Receipts:
     Type: AWS::S3::Bucket
-
-  # the function's own user
-  ReceiptUser:
-    Type: AWS::IAM::User
-
-  ReceiptKey:
-    Type: AWS::IAM::AccessKey
-    Properties:
-      Status: Inactive
-      UserName: !Ref ReceiptUser

   ReceiptPolicy:
     Type: AWS::IAM::Policy
     Properties:
       PolicyName: receipts
-      Users:
-        - !Ref ReceiptUser
       Roles:
         - !Ref ReceiptUserRole
       PolicyDocument:
""",
        },
    ),
)
