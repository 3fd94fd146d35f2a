# Vessel tracking: two tasks that share a queue.  The consumer gets its key in plain sight, the publisher through
# SSM, the mailer gets SMTP credentials, which no role can replace.

data "aws_iam_policy_document" "ecs_assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "ecs_execution" {
  name               = "${local.prefix}-ecs-execution"
  assume_role_policy = data.aws_iam_policy_document.ecs_assume.json
}

resource "aws_iam_role_policy_attachment" "ecs_execution" {
  role       = aws_iam_role.ecs_execution.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

# ---- consumer

resource "aws_iam_user" "tracking" {
  name = "${local.prefix}-tracking"
  path = "/services/"
}

resource "aws_iam_access_key" "tracking" {
  user = aws_iam_user.tracking.name
}

resource "aws_iam_user_policy" "tracking" {
  name = "consume-positions"
  user = aws_iam_user.tracking.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
      Resource = aws_sqs_queue.positions.arn
    }]
  })
}

locals {
  tracking_environment = {
    QUEUE_URL             = aws_sqs_queue.positions.url
    AWS_REGION            = var.region
    AWS_ACCESS_KEY_ID     = aws_iam_access_key.tracking.id
    AWS_SECRET_ACCESS_KEY = aws_iam_access_key.tracking.secret
  }
}

module "tracking" {
  source = "../modules/ecs-service"

  name               = "${local.prefix}-tracking"
  image              = "${var.registry}/tracking:1.8.2"
  cluster_arn        = aws_ecs_cluster.this.arn
  subnet_ids         = var.subnet_ids
  execution_role_arn = aws_iam_role.ecs_execution.arn
  environment        = local.tracking_environment
}

# ---- publisher: the key goes by SSM

resource "aws_iam_user" "publisher" {
  name = "${local.prefix}-publisher"
  path = "/services/"
}

resource "aws_iam_access_key" "publisher" {
  user = aws_iam_user.publisher.name
}

resource "aws_iam_user_policy" "publisher" {
  name   = "publish-positions"
  user   = aws_iam_user.publisher.name
  policy = templatefile("${path.module}/policies/publish.json.tftpl", { queue_arn = aws_sqs_queue.positions.arn })
}

resource "aws_ssm_parameter" "publisher_key_id" {
  name  = "/northquay/publisher/access-key-id"
  type  = "SecureString"
  value = aws_iam_access_key.publisher.id
}

resource "aws_ssm_parameter" "publisher_secret" {
  name  = "/northquay/publisher/secret-access-key"
  type  = "SecureString"
  value = aws_iam_access_key.publisher.secret
}

resource "aws_iam_role" "publisher_task" {
  name               = "${local.prefix}-publisher-task"
  assume_role_policy = data.aws_iam_policy_document.ecs_assume.json
}

resource "aws_ecs_task_definition" "publisher" {
  family                   = "${local.prefix}-publisher"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512
  execution_role_arn       = aws_iam_role.ecs_execution.arn
  task_role_arn            = aws_iam_role.publisher_task.arn

  container_definitions = jsonencode([
    {
      name      = "publisher"
      image     = "${var.registry}/publisher:2.0.1"
      essential = true

      environment = [
        { name = "QUEUE_URL", value = aws_sqs_queue.positions.url },
      ]

      secrets = [
        { name = "AWS_ACCESS_KEY_ID", valueFrom = aws_ssm_parameter.publisher_key_id.arn },
        { name = "AWS_SECRET_ACCESS_KEY", valueFrom = aws_ssm_parameter.publisher_secret.arn },
      ]
    }
  ])
}
