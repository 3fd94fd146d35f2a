"""Keys that no patch takes away."""

from __future__ import annotations

from keeping import KEEPING
from told import TOLD

from rolecall.planning.example import PlannerExample

HELD_BACK: tuple[PlannerExample, ...] = (
    PlannerExample(
        "a vendor in the middle of a name, in a template",
        {
            "logs.yaml": """\
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  AWSIAMSumoLogicUser:
    Type: AWS::IAM::User

  AWSIAMSumoLogicUserKey:
    Type: AWS::IAM::AccessKey
    Properties:
      UserName: !Ref AWSIAMSumoLogicUser

Outputs:
  Secret:
    Value: !GetAtt AWSIAMSumoLogicUserKey.SecretAccessKey
""",
        },
        {"AWSIAMSumoLogicUserKey": "advice"},
        {"AWSIAMSumoLogicUserKey": ("aws:cross-account-role", "keep-with-controls")},
        says=("Sumo Logic, which can assume a role in this account with an external id", "set Status: Inactive on it"),
    ),
    PlannerExample(
        "SES takes no role",
        {
            "main.tf": """\
resource "aws_iam_user" "mailer" {
  name = "mailer"
}

resource "aws_iam_access_key" "mailer" {
  user = aws_iam_user.mailer.name
}

resource "aws_iam_user_policy" "mailer" {
  user = aws_iam_user.mailer.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "ses:SendRawEmail", Resource = "arn:aws:ses:*:*:identity/example.com" }]
  })
}

resource "aws_ssm_parameter" "password" {
  name  = "/mail/password"
  type  = "SecureString"
  value = aws_iam_access_key.mailer.ses_smtp_password_v4
}
""",
        },
        {"aws_iam_access_key.mailer": "keep"},
        {"aws_iam_access_key.mailer": ("keep-with-controls",)},
        says=("SES takes SMTP logins made from a user's key only, no role: the user stays, with controls",),
    ),
    PlannerExample(
        "nobody is seen to read it",
        {
            "main.tf": """\
resource "aws_iam_user" "reports" {
  name = "reports"
}

resource "aws_iam_access_key" "reports" {
  user = aws_iam_user.reports.name
}

resource "aws_iam_user_policy" "reports" {
  name = "reports"
  user = aws_iam_user.reports.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::in/*" }]
  })
}
""",
        },
        {"aws_iam_access_key.reports": "partial"},
        {
            "aws_iam_access_key.reports": (
                "retire",
                "unknown",
            )
        },
        says=(
            "nothing in the scanned code reads this key; somebody may hold it out of sight",
            "the deletion is left to people: no consumer is seen, so nobody can prove that there is none",
        ),
    ),
    PlannerExample(
        "a developer's",
        {
            "main.tf": """\
resource "aws_iam_user" "local_dev" {
  name = "local-dev"
}

resource "aws_iam_access_key" "local_dev" {
  user = aws_iam_user.local_dev.name
}

resource "aws_iam_user_policy" "local_dev" {
  name = "local-dev"
  user = aws_iam_user.local_dev.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::in/*" }]
  })
}

output "secret" {
  value     = aws_iam_access_key.local_dev.secret
  sensitive = true
}
""",
        },
        {"aws_iam_access_key.local_dev": "advice"},
        {"aws_iam_access_key.local_dev": ("aws:identity-center",)},
        says=("“local” in its names says that people use it from their own machines; they belong in Identity",),
    ),
    PlannerExample(
        "a sender whose key nobody reads",
        {
            "main.tf": """\
resource "aws_iam_user" "email" {
  name = "shop-email"
}

resource "aws_iam_access_key" "email" {
  user = aws_iam_user.email.name
}

resource "aws_iam_policy" "send" {
  name = "send"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "ses:SendRawEmail", Resource = "arn:aws:ses:*:*:identity/example.com" }]
  })
}

resource "aws_iam_group" "email" {
  name = "email"
}

resource "aws_iam_group_policy_attachment" "send" {
  group      = aws_iam_group.email.name
  policy_arn = aws_iam_policy.send.arn
}

resource "aws_iam_user_group_membership" "email" {
  user   = aws_iam_user.email.name
  groups = [aws_iam_group.email.name]
}
""",
        },
        {"aws_iam_access_key.email": "keep"},
        {"aws_iam_access_key.email": ("keep-with-controls",)},
        says=("its user may send raw messages by SES and nothing else",),
    ),
    PlannerExample(
        "people's, as the comment says",
        {
            "main.tf": """\
# For the picture desk: they browse the bucket with FileZilla.
resource "aws_iam_user" "pictures" {
  name = "pictures"
}

resource "aws_iam_access_key" "pictures" {
  user = aws_iam_user.pictures.name
}

resource "aws_iam_user_policy" "pictures" {
  name = "pictures"
  user = aws_iam_user.pictures.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::pictures/*" }]
  })
}
""",
        },
        {"aws_iam_access_key.pictures": "advice"},
        {"aws_iam_access_key.pictures": ("aws:identity-center",)},
        says=("“filezilla”, which is written beside it, is a program of people; they belong in Identity Center",),
    ),
    PlannerExample(
        "what a variable of its name is called says nothing",
        {
            "main.tf": """\
variable "deployment" {}

variable "pipeline" {
  default = "{{ .Pipeline }}"
}

resource "aws_iam_user" "blobs" {
  name = "${var.deployment}-${var.pipeline}-blobs"
}

resource "aws_iam_access_key" "blobs" {
  user = aws_iam_user.blobs.name
}

output "blobs_key" {
  value     = aws_iam_access_key.blobs.secret
  sensitive = true
}
""",
        },
        {"aws_iam_access_key.blobs": "advice"},
        {"aws_iam_access_key.blobs": ("unknown",)},
    ),
    PlannerExample(
        "switched off already",
        {
            "main.tf": """\
variable "environment" {}

resource "aws_iam_user" "export" {
  count = var.environment == "test" ? 1 : 0
  name  = "export"
}

resource "aws_iam_access_key" "export" {
  count  = var.environment == "test" ? 1 : 0
  user   = aws_iam_user.export[count.index].name
  status = "Inactive"
}

resource "aws_ssm_parameter" "export" {
  count = var.environment == "test" ? 1 : 0
  name  = "/export/key"
  type  = "SecureString"
  value = aws_iam_access_key.export[count.index].secret
}
""",
        },
        {"aws_iam_access_key.export": "advice"},
        {"aws_iam_access_key.export": ("retire",)},
        says=("the code holds it Inactive, so that nobody signs in by it any more",),
    ),
    PlannerExample(
        "a vendor's",
        {
            "main.tf": """\
resource "aws_iam_user" "fastly_logs" {
  name = "fastly-logs"
}

resource "aws_iam_access_key" "fastly_logs" {
  user = aws_iam_user.fastly_logs.name
}

resource "aws_iam_user_policy" "fastly_logs" {
  name = "fastly-logs"
  user = aws_iam_user.fastly_logs.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::in/*" }]
  })
}

output "secret" {
  value     = aws_iam_access_key.fastly_logs.secret
  sensitive = true
}
""",
        },
        {"aws_iam_access_key.fastly_logs": "keep"},
        {
            "aws_iam_access_key.fastly_logs": (
                "keep-with-controls",
                "aws:roles-anywhere",
            )
        },
        says=("its name says that it is for Fastly, which cannot take a role: the key stays, narrowed and rotated",),
    ),
    PlannerExample(
        "a person's",
        {
            "main.tf": """\
resource "aws_iam_user" "jane" {
  name = "jane"
}

resource "aws_iam_access_key" "jane" {
  user = aws_iam_user.jane.name
}

resource "aws_iam_user_policy" "jane" {
  name = "jane"
  user = aws_iam_user.jane.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::in/*" }]
  })
}

resource "aws_iam_user_login_profile" "jane" {
  user    = aws_iam_user.jane.name
  pgp_key = "keybase:jane"
}
""",
        },
        {"aws_iam_access_key.jane": "advice"},
        {"aws_iam_access_key.jane": ("aws:identity-center",)},
        says=("aws_iam_user.jane can log in to the console, so a person has this key; people belong in Identity",),
    ),
    PlannerExample(
        "a broker's",
        {
            "broker/main.tf": """\
variable "instance_name" {}

resource "aws_iam_user" "binding" {
  name = "csb-${var.instance_name}"
}

resource "aws_iam_access_key" "binding" {
  user = aws_iam_user.binding.name
}

output "secret" {
  value     = aws_iam_access_key.binding.secret
  sensitive = true
}

provider "aws" {
  region = "eu-west-2"
}
""",
        },
        {"aws_iam_access_key.binding": "keep"},
        {"aws_iam_access_key.binding": ("keep-with-controls",)},
        says=("a service broker makes one key for each binding and deletes it with the binding; no patch is right",),
    ),
    PlannerExample(
        "a secret that nobody is seen to read",
        {
            "main.tf": """\
resource "aws_iam_user" "loader" {
  name = "loader"
}

resource "aws_iam_access_key" "loader" {
  user = aws_iam_user.loader.name
}

resource "aws_iam_user_policy" "loader" {
  name = "loader"
  user = aws_iam_user.loader.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::in/*" }]
  })
}

resource "aws_secretsmanager_secret" "loader" {
  name = "loader"
}

resource "aws_secretsmanager_secret_version" "loader" {
  secret_id     = aws_secretsmanager_secret.loader.id
  secret_string = jsonencode({ id = aws_iam_access_key.loader.id, secret = aws_iam_access_key.loader.secret })
}
""",
        },
        {"aws_iam_access_key.loader": "advice"},
        {"aws_iam_access_key.loader": ("unknown",)},
        says=("nothing seen reads aws_secretsmanager_secret_version.loader, so nobody can tell who uses what lies",),
    ),
    PlannerExample(
        "an output of a stack",
        {
            "receipts.yaml": """\
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

  ReceiptRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal:
              Service: lambda.amazonaws.com
            Action: sts:AssumeRole

  ReceiptFunction:
    Type: AWS::Lambda::Function
    Properties:
      Handler: index.handler
      Role: !GetAtt ReceiptRole.Arn
      Runtime: python3.12
      Code:
        S3Bucket: code
        S3Key: receipts.zip
      Environment:
        Variables:
          BUCKET: !Ref Receipts
          RECEIPT_KEY: !Ref ReceiptKey
          RECEIPT_SECRET: !GetAtt ReceiptKey.SecretAccessKey

Outputs:
  Secret:
    Value: !GetAtt ReceiptKey.SecretAccessKey
""",
        },
        {"ReceiptFunction": "patch", "ReceiptKey": "advice"},
        {
            "ReceiptFunction": ("aws:execution-role",),
            "ReceiptKey": (
                "aws:execution-role",
                "unknown",
            ),
        },
        patches={
            "expand": """\
diff --git a/receipts.yaml b/receipts.yaml
--- a/receipts.yaml
+++ b/receipts.yaml
@@ -19,6 +19,8 @@
       PolicyName: receipts
       Users:
         - !Ref ReceiptUser
+      Roles:
+        - !Ref ReceiptRole
       PolicyDocument:
         Version: "2012-10-17"
         Statement:
""",
            "migrate": """\
diff --git a/receipts.yaml b/receipts.yaml
--- a/receipts.yaml
+++ b/receipts.yaml
@@ -51,8 +51,6 @@
       Environment:
         Variables:
           BUCKET: !Ref Receipts
-          RECEIPT_KEY: !Ref ReceiptKey
-          RECEIPT_SECRET: !GetAtt ReceiptKey.SecretAccessKey

 Outputs:
   Secret:
""",
        },
    ),
    PlannerExample(
        "nobody is seen to read it, CloudFormation",
        {
            "u.yaml": """\
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
""",
        },
        {"ReceiptKey": "partial"},
        {
            "ReceiptKey": (
                "retire",
                "unknown",
            )
        },
        says=(
            "nothing in the scanned code reads this key; somebody may hold it out of sight",
            "the deletion is left to people: no consumer is seen, so nobody can prove that there is none",
        ),
    ),
    PlannerExample(
        "a server in a data centre",
        {
            "main.tf": """\
resource "azuread_application" "backup" {
  display_name = "backup-onprem"
}

resource "azuread_application_password" "backup" {
  application_id = azuread_application.backup.id
}
""",
        },
        {"azuread_application_password.backup": "advice"},
        {"azuread_application_password.backup": ("retire", "azure:managed-identity")},
        says=("connect the server to Azure Arc", "a certificate of at most 90 days"),
    ),
    PlannerExample(
        "a key that goes through functions and loops to what rolecall does not know",
        {
            "main.tf": """\
resource "google_service_account" "proxy" {
  account_id = "registry-proxy"
}

resource "google_service_account_key" "proxy" {
  service_account_id = google_service_account.proxy.name
}

variable "more" {
  type    = map(string)
  default = {}
}

locals {
  env  = merge({ GOOGLE_CREDENTIALS_BASE64 = google_service_account_key.proxy.private_key }, var.more)
  each = { for key, value in local.env : key => trimspace(value) }
}

resource "nomad_job" "proxy" {
  jobspec = templatefile("${path.module}/proxy.hcl", { env = local.each })
}
""",
            "proxy.hcl": 'job "proxy" {\n%{ for key, value in env }\n  ${key} = "${value}"\n%{ endfor }\n}\n',
        },
        {"google_service_account_key.proxy": "advice"},
        {"google_service_account_key.proxy": ("unknown",)},
        says=("rolecall does not know what nomad_job.proxy does with it",),
    ),
    *KEEPING,
    *TOLD,
)
