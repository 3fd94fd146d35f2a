# Berth notices go out by SMTP.  SES has no way to log in to SMTP with a role: this user stays, with controls.

resource "aws_ses_domain_identity" "mail" {
  domain = "northquay.example"
}

resource "aws_iam_user" "mailer" {
  name = "${local.prefix}-smtp-mailer"
  path = "/services/"
}

resource "aws_iam_access_key" "mailer" {
  user = aws_iam_user.mailer.name
}

resource "aws_iam_user_policy" "mailer" {
  name = "send-mail"
  user = aws_iam_user.mailer.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "ses:SendRawEmail"
      Resource = aws_ses_domain_identity.mail.arn
    }]
  })
}

resource "aws_ssm_parameter" "smtp_user" {
  name  = "/northquay/mail/smtp-user"
  type  = "String"
  value = aws_iam_access_key.mailer.id
}

resource "aws_ssm_parameter" "smtp_password" {
  name  = "/northquay/mail/smtp-password"
  type  = "SecureString"
  value = aws_iam_access_key.mailer.ses_smtp_password_v4
}

module "mailer" {
  source = "../modules/ecs-service"

  name               = "${local.prefix}-mailer"
  image              = "${var.registry}/mailer:0.9.0"
  cluster_arn        = aws_ecs_cluster.this.arn
  subnet_ids         = var.subnet_ids
  execution_role_arn = aws_iam_role.ecs_execution.arn

  environment = {
    SMTP_HOST = "email-smtp.${var.region}.amazonaws.com"
  }

  secrets = {
    SMTP_USERNAME = aws_ssm_parameter.smtp_user.arn
    SMTP_PASSWORD = aws_ssm_parameter.smtp_password.arn
  }
}
