"""Tasks that get a role."""

from __future__ import annotations

from rolecall.planning.example import PlannerExample

NEW: tuple[PlannerExample, ...] = (
    PlannerExample(
        "no role yet, a user with path, boundary, tags and provider",
        {
            "main.tf": """\
provider "aws" {
  region = "eu-west-2"
}

provider "aws" {
  alias  = "mail"
  region = "eu-west-1"
}

variable "boundary" {
  type = string
}

resource "aws_iam_user" "worker" {
  provider             = aws.mail
  name                 = "worker"
  path                 = "/system/"
  permissions_boundary = var.boundary

  tags = {
    team = "billing"
  }
}

resource "aws_iam_access_key" "worker" {
  provider = aws.mail
  user     = aws_iam_user.worker.name
}

resource "aws_iam_policy" "queue" {
  provider = aws.mail
  name     = "queue"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage"]
      Resource = "arn:aws:sqs:eu-west-1:123456789012:jobs"
    }]
  })
}

resource "aws_iam_user_policy_attachment" "worker" {
  provider   = aws.mail
  user       = aws_iam_user.worker.name
  policy_arn = aws_iam_policy.queue.arn
}

resource "aws_ecs_task_definition" "worker" {
  provider                 = aws.mail
  family                   = "worker"
  requires_compatibilities = ["FARGATE"]
  cpu                      = 256
  memory                   = 512
  network_mode             = "awsvpc"
  container_definitions = jsonencode([{
    name  = "worker"
    image = "worker:1"
    environment = [
      { name = "AWS_ACCESS_KEY_ID", value = aws_iam_access_key.worker.id },
      { name = "AWS_SECRET_ACCESS_KEY", value = aws_iam_access_key.worker.secret },
    ]
  }])
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
@@ -21,6 +21,25 @@
     team = "billing"
   }
 }
+
+resource "aws_iam_role" "worker_task" {
+  provider             = aws.mail
+  name                 = "worker-task"
+  path                 = "/system/"
+  permissions_boundary = var.boundary
+  assume_role_policy = jsonencode({
+    Version = "2012-10-17"
+    Statement = [{
+      Effect    = "Allow"
+      Action    = "sts:AssumeRole"
+      Principal = { Service = "ecs-tasks.amazonaws.com" }
+    }]
+  })
+  tags = {
+    team            = "billing"
+    "migrates-from" = "aws_iam_user.worker"
+  }
+}

 resource "aws_iam_access_key" "worker" {
   provider = aws.mail
@@ -45,6 +64,12 @@
   user       = aws_iam_user.worker.name
   policy_arn = aws_iam_policy.queue.arn
 }
+
+resource "aws_iam_role_policy_attachment" "worker" {
+  provider   = aws.mail
+  role       = aws_iam_role.worker_task.name
+  policy_arn = aws_iam_policy.queue.arn
+}

 resource "aws_ecs_task_definition" "worker" {
   provider                 = aws.mail
@@ -53,6 +78,7 @@
   cpu                      = 256
   memory                   = 512
   network_mode             = "awsvpc"
+  task_role_arn            = aws_iam_role.worker_task.arn
   container_definitions = jsonencode([{
     name  = "worker"
     image = "worker:1"
""",
            "migrate": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -82,9 +82,5 @@
   container_definitions = jsonencode([{
     name  = "worker"
     image = "worker:1"
-    environment = [
-      { name = "AWS_ACCESS_KEY_ID", value = aws_iam_access_key.worker.id },
-      { name = "AWS_SECRET_ACCESS_KEY", value = aws_iam_access_key.worker.secret },
-    ]
   }])
 }
""",
        },
    ),
    PlannerExample(
        "definitions in a template file",
        {
            "main.tf": """\
resource "aws_iam_user" "worker" {
  name = "worker"
}

resource "aws_iam_access_key" "worker" {
  user = aws_iam_user.worker.name
}

resource "aws_iam_user_policy_attachment" "worker" {
  user       = aws_iam_user.worker.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"
}

resource "aws_ecs_task_definition" "worker" {
  family = "worker"
  container_definitions = templatefile("${path.module}/worker.json", {
    image  = "worker:1"
    key    = aws_iam_access_key.worker.id
    secret = aws_iam_access_key.worker.secret
  })
}
""",
            "worker.json": """\
[
  {
    "name": "worker",
    "image": "${image}",
    "environment": [
      { "name": "MODE", "value": "fast" },
      { "name": "AWS_ACCESS_KEY_ID", "value": "${key}" },
      { "name": "AWS_SECRET_ACCESS_KEY", "value": "${secret}" }
    ]
  }
]
""",
        },
        {"aws_ecs_task_definition.worker": "patch", "aws_iam_access_key.worker": "patch"},
        {"aws_ecs_task_definition.worker": ("aws:task-role",), "aws_iam_access_key.worker": ("aws:task-role",)},
        patches={
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -1,6 +1,21 @@
 resource "aws_iam_user" "worker" {
   name = "worker"
 }
+
+resource "aws_iam_role" "worker_task" {
+  name = "worker-task"
+  assume_role_policy = jsonencode({
+    Version = "2012-10-17"
+    Statement = [{
+      Effect    = "Allow"
+      Action    = "sts:AssumeRole"
+      Principal = { Service = "ecs-tasks.amazonaws.com" }
+    }]
+  })
+  tags = {
+    "migrates-from" = "aws_iam_user.worker"
+  }
+}

 resource "aws_iam_access_key" "worker" {
   user = aws_iam_user.worker.name
@@ -10,9 +25,15 @@
   user       = aws_iam_user.worker.name
   policy_arn = "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"
 }
+
+resource "aws_iam_role_policy_attachment" "worker" {
+  role       = aws_iam_role.worker_task.name
+  policy_arn = "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"
+}

 resource "aws_ecs_task_definition" "worker" {
-  family = "worker"
+  family        = "worker"
+  task_role_arn = aws_iam_role.worker_task.arn
   container_definitions = templatefile("${path.module}/worker.json", {
     image  = "worker:1"
     key    = aws_iam_access_key.worker.id
""",
            "migrate": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -35,8 +35,6 @@
   family        = "worker"
   task_role_arn = aws_iam_role.worker_task.arn
   container_definitions = templatefile("${path.module}/worker.json", {
-    image  = "worker:1"
+    image = "worker:1"
-    key    = aws_iam_access_key.worker.id
-    secret = aws_iam_access_key.worker.secret
   })
 }
diff --git a/worker.json b/worker.json
--- a/worker.json
+++ b/worker.json
@@ -3,9 +3,7 @@
     "name": "worker",
     "image": "${image}",
     "environment": [
-      { "name": "MODE", "value": "fast" },
-      { "name": "AWS_ACCESS_KEY_ID", "value": "${key}" },
-      { "name": "AWS_SECRET_ACCESS_KEY", "value": "${secret}" }
+      { "name": "MODE", "value": "fast" }
     ]
   }
 ]
""",
        },
    ),
    PlannerExample(
        "a task for each user",
        {
            "main.tf": """\
locals {
  apps = toset(["one", "two"])
}

resource "aws_iam_user" "app" {
  for_each = local.apps
  name     = each.key
}

resource "aws_iam_access_key" "app" {
  for_each = local.apps
  user     = aws_iam_user.app[each.key].name
}

resource "aws_iam_user_policy" "app" {
  for_each = local.apps
  user     = aws_iam_user.app[each.key].name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::${each.key}/*" }]
  })
}

resource "aws_ecs_task_definition" "app" {
  for_each = local.apps
  family   = each.key
  container_definitions = jsonencode([{
    name  = each.key
    image = "app:1"
    environment = [
      { name = "AWS_ACCESS_KEY_ID", value = aws_iam_access_key.app[each.key].id },
      { name = "AWS_SECRET_ACCESS_KEY", value = aws_iam_access_key.app[each.key].secret }
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
@@ -6,6 +6,22 @@
   for_each = local.apps
   name     = each.key
 }
+
+resource "aws_iam_role" "app_task" {
+  for_each = local.apps
+  name     = "${each.key}-task"
+  assume_role_policy = jsonencode({
+    Version = "2012-10-17"
+    Statement = [{
+      Effect    = "Allow"
+      Action    = "sts:AssumeRole"
+      Principal = { Service = "ecs-tasks.amazonaws.com" }
+    }]
+  })
+  tags = {
+    "migrates-from" = "aws_iam_user.app"
+  }
+}

 resource "aws_iam_access_key" "app" {
   for_each = local.apps
@@ -20,10 +36,20 @@
     Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::${each.key}/*" }]
   })
 }
+
+resource "aws_iam_role_policy" "app" {
+  for_each = local.apps
+  role     = aws_iam_role.app_task[each.key].name
+  policy = jsonencode({
+    Version   = "2012-10-17"
+    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::${each.key}/*" }]
+  })
+}

 resource "aws_ecs_task_definition" "app" {
-  for_each = local.apps
+  for_each      = local.apps
-  family   = each.key
+  family        = each.key
+  task_role_arn = aws_iam_role.app_task[each.key].arn
   container_definitions = jsonencode([{
     name  = each.key
     image = "app:1"
""",
            "migrate": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -53,9 +53,5 @@
   container_definitions = jsonencode([{
     name  = each.key
     image = "app:1"
-    environment = [
-      { name = "AWS_ACCESS_KEY_ID", value = aws_iam_access_key.app[each.key].id },
-      { name = "AWS_SECRET_ACCESS_KEY", value = aws_iam_access_key.app[each.key].secret }
-    ]
   }])
 }
""",
        },
    ),
)
