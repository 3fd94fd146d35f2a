"""Estates with settings that stand wrong, and what is planned for them."""

from __future__ import annotations

from rolecall.planning.example import PlannerExample

TRUST = """\
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }]
  })
"""
ROLE = f"""\
resource "aws_iam_role" "nightly" {{
  name                 = "nightly"
  max_session_duration = 43200
{TRUST}}}
"""
INSTANCE = """\
resource "aws_instance" "left" {
  ami                  = "ami-0abcdef1234567890"
  instance_type        = "t3.micro"
  iam_instance_profile = "left"
}
"""
REGISTRY = """\
resource "azurerm_container_registry" "images" {
  name                = "images"
  resource_group_name = "images"
  location            = "westeurope"
  sku                 = "Standard"
  admin_enabled       = true
}
"""
COSMOS = """\
resource "azurerm_cosmosdb_account" "orders" {
  name                = "orders"
  resource_group_name = "orders"
  location            = "westeurope"
  offer_type          = "Standard"
  kind                = "GlobalDocumentDB"

  consistency_policy {
    consistency_level = "Session"
  }

  geo_location {
    location          = "westeurope"
    failover_priority = 0
  }
}
"""


def pinned(version: str) -> str:
    return f"""\
terraform {{
  required_providers {{
    azurerm = {{
      source  = "hashicorp/azurerm"
      version = "{version}"
    }}
  }}
}}

"""


PATCHED: tuple[PlannerExample, ...] = (
    PlannerExample(
        "session tokens for machines",
        {
            "main.tf": """\
resource "aws_instance" "open" {
  ami                  = "ami-0abcdef1234567890"
  instance_type        = "t3.micro"
  iam_instance_profile = "open"

  metadata_options {
    http_tokens = "optional"
  }
}

"""
            + INSTANCE
            + """\

resource "aws_launch_template" "workers" {
  name_prefix = "workers"

  metadata_options {
    http_endpoint = "enabled"
  }
}
"""
        },
        {"aws_instance.open": "patch", "aws_instance.left": "patch", "aws_launch_template.workers": "patch"},
        dict.fromkeys(
            ("aws_instance.open", "aws_instance.left", "aws_launch_template.workers"), ("keep-with-controls",)
        ),
        {
            "migrate": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -4,7 +4,7 @@
   iam_instance_profile = "open"

   metadata_options {
-    http_tokens = "optional"
+    http_tokens = "required"
   }
 }

@@ -12,6 +12,10 @@
   ami                  = "ami-0abcdef1234567890"
   instance_type        = "t3.micro"
   iam_instance_profile = "left"
+
+  metadata_options {
+    http_tokens = "required"
+  }
 }

 resource "aws_launch_template" "workers" {
@@ -19,5 +23,6 @@

   metadata_options {
     http_endpoint = "enabled"
+    http_tokens   = "required"
   }
 }
"""
        },
        says=("aws cloudwatch get-metric-statistics --namespace AWS/EC2 --metric-name MetadataNoToken",),
    ),
    PlannerExample(
        "session tokens in a template",
        {
            "stack.yaml": """\
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Web:
    Type: AWS::EC2::Instance
    Properties:
      ImageId: ami-0abcdef1234567890
      IamInstanceProfile: web
      MetadataOptions:
        HttpTokens: optional
  Workers:
    Type: AWS::EC2::LaunchTemplate
    Properties:
      LaunchTemplateData:
        ImageId: ami-0abcdef1234567890
""",
            "stack.json": """\
{
  "AWSTemplateFormatVersion": "2010-09-09",
  "Resources": {
    "Batch": {
      "Type": "AWS::EC2::Instance",
      "Properties": {
        "ImageId": "ami-0abcdef1234567890",
        "IamInstanceProfile": "batch"
      }
    }
  }
}
""",
        },
        {"Web": "patch", "Workers": "patch", "Batch": "patch"},
        dict.fromkeys(("Web", "Workers", "Batch"), ("keep-with-controls",)),
        {
            "migrate": """\
diff --git a/stack.json b/stack.json
--- a/stack.json
+++ b/stack.json
@@ -5,7 +5,8 @@
       "Type": "AWS::EC2::Instance",
       "Properties": {
         "ImageId": "ami-0abcdef1234567890",
-        "IamInstanceProfile": "batch"
+        "IamInstanceProfile": "batch",
+        "MetadataOptions": {"HttpTokens": "required"}
       }
     }
   }
diff --git a/stack.yaml b/stack.yaml
--- a/stack.yaml
+++ b/stack.yaml
@@ -6,9 +6,11 @@
       ImageId: ami-0abcdef1234567890
       IamInstanceProfile: web
       MetadataOptions:
-        HttpTokens: optional
+        HttpTokens: required
   Workers:
     Type: AWS::EC2::LaunchTemplate
     Properties:
       LaunchTemplateData:
         ImageId: ami-0abcdef1234567890
+        MetadataOptions:
+          HttpTokens: required
"""
        },
    ),
    PlannerExample(
        "shorter sessions, a rotation more often, and a rule that tells sooner",
        {
            "main.tf": ROLE
            + """\

resource "aws_secretsmanager_secret" "mails" {
  name = "mails"
}

resource "aws_secretsmanager_secret_rotation" "mails" {
  secret_id           = aws_secretsmanager_secret.mails.id
  rotation_lambda_arn = "arn:aws:lambda:eu-west-1:111122223333:function:rotate"

  rotation_rules {
    automatically_after_days = 365
  }
}

resource "aws_config_config_rule" "keys" {
  name             = "keys"
  input_parameters = jsonencode({ maxAccessKeyAge = "180" })

  source {
    owner             = "AWS"
    source_identifier = "ACCESS_KEYS_ROTATED"
  }
}
"""
        },
        {
            "aws_iam_role.nightly": "patch",
            "aws_secretsmanager_secret_rotation.mails": "patch",
            "aws_config_config_rule.keys": "patch",
        },
        dict.fromkeys(
            (
                "aws_iam_role.nightly",
                "aws_secretsmanager_secret_rotation.mails",
                "aws_config_config_rule.keys",
            ),
            ("keep-with-controls",),
        ),
        {
            "migrate": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -1,6 +1,6 @@
 resource "aws_iam_role" "nightly" {
   name                 = "nightly"
-  max_session_duration = 43200
+  max_session_duration = 3600
   assume_role_policy = jsonencode({
     Version   = "2012-10-17"
     Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }]
@@ -16,13 +16,13 @@
   rotation_lambda_arn = "arn:aws:lambda:eu-west-1:111122223333:function:rotate"

   rotation_rules {
-    automatically_after_days = 365
+    automatically_after_days = 90
   }
 }

 resource "aws_config_config_rule" "keys" {
   name             = "keys"
-  input_parameters = jsonencode({ maxAccessKeyAge = "180" })
+  input_parameters = jsonencode({ maxAccessKeyAge = "90" })

   source {
     owner             = "AWS"
"""
        },
        says=("nobody asks for more than an hour",),
    ),
    PlannerExample(
        "sessions and a rotation in a template",
        {
            "stack.yaml": """\
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Nightly:
    Type: AWS::IAM::Role
    Properties:
      MaxSessionDuration: 43200
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Action: "sts:AssumeRole", Principal: {Service: ec2.amazonaws.com}}
  Mails:
    Type: AWS::SecretsManager::Secret
    Properties:
      Name: mails
  Rotation:
    Type: AWS::SecretsManager::RotationSchedule
    Properties:
      SecretId: !Ref Mails
      RotationLambdaARN: arn:aws:lambda:eu-west-1:111122223333:function:rotate
      RotationRules:
        AutomaticallyAfterDays: 365
"""
        },
        {"Nightly": "patch", "Rotation": "patch"},
        dict.fromkeys(("Nightly", "Rotation"), ("keep-with-controls",)),
        {
            "migrate": """\
diff --git a/stack.yaml b/stack.yaml
--- a/stack.yaml
+++ b/stack.yaml
@@ -3,7 +3,7 @@
   Nightly:
     Type: AWS::IAM::Role
     Properties:
-      MaxSessionDuration: 43200
+      MaxSessionDuration: 3600
       AssumeRolePolicyDocument:
         Version: "2012-10-17"
         Statement:
@@ -18,4 +18,4 @@
       SecretId: !Ref Mails
       RotationLambdaARN: arn:aws:lambda:eu-west-1:111122223333:function:rotate
       RotationRules:
-        AutomaticallyAfterDays: 365
+        AutomaticallyAfterDays: 90
"""
        },
    ),
    PlannerExample(
        "the metadata endpoints of another cloud, and a key that is rotated",
        {
            "main.tf": pinned("~> 4.0")
            + """\
resource "oci_core_instance" "batch" {
  availability_domain = "AD-1"
  compartment_id      = "ocid1.compartment.oc1..example"
  shape               = "VM.Standard.E4.Flex"
}

resource "azurerm_key_vault_key" "orders" {
  name         = "orders"
  key_vault_id = "/subscriptions/00000000-0000-0000-0000-000000000000/vault"
  key_type     = "RSA"
  key_size     = 2048
  key_opts     = ["decrypt", "encrypt"]
}
"""
        },
        {"oci_core_instance.batch": "patch", "azurerm_key_vault_key.orders": "patch"},
        dict.fromkeys(("oci_core_instance.batch", "azurerm_key_vault_key.orders"), ("keep-with-controls",)),
        {
            "migrate": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -11,6 +11,10 @@
   availability_domain = "AD-1"
   compartment_id      = "ocid1.compartment.oc1..example"
   shape               = "VM.Standard.E4.Flex"
+
+  instance_options {
+    are_legacy_imds_endpoints_disabled = true
+  }
 }

 resource "azurerm_key_vault_key" "orders" {
@@ -19,4 +23,10 @@
   key_type     = "RSA"
   key_size     = 2048
   key_opts     = ["decrypt", "encrypt"]
+
+  rotation_policy {
+    automatic {
+      time_after_creation = "P90D"
+    }
+  }
 }
"""
        },
    ),
    PlannerExample(
        "keys of a registry and of a database's own, which nobody in the code uses",
        {"main.tf": pinned("~> 4.0") + REGISTRY + "\n" + COSMOS},
        {"azurerm_container_registry.images": "partial", "azurerm_cosmosdb_account.orders": "partial"},
        dict.fromkeys(
            ("azurerm_container_registry.images", "azurerm_cosmosdb_account.orders"), ("azure:managed-identity",)
        ),
        {
            "soak": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -12,15 +12,16 @@
   resource_group_name = "images"
   location            = "westeurope"
   sku                 = "Standard"
-  admin_enabled       = true
+  admin_enabled       = false
 }

 resource "azurerm_cosmosdb_account" "orders" {
-  name                = "orders"
+  name                          = "orders"
-  resource_group_name = "orders"
+  resource_group_name           = "orders"
-  location            = "westeurope"
+  location                      = "westeurope"
-  offer_type          = "Standard"
+  offer_type                    = "Standard"
-  kind                = "GlobalDocumentDB"
+  kind                          = "GlobalDocumentDB"
+  local_authentication_disabled = true

   consistency_policy {
     consistency_level = "Session"
"""
        },
        says=("ContainerRegistryLoginEvents | where Identity == 'images'", "who else has its keys is not in the code"),
    ),
    PlannerExample(
        "the same argument, called otherwise and turned round since version 5",
        {"main.tf": pinned("~> 5.0") + COSMOS},
        {"azurerm_cosmosdb_account.orders": "partial"},
        {"azurerm_cosmosdb_account.orders": ("azure:managed-identity",)},
        {
            "soak": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -8,11 +8,12 @@
 }

 resource "azurerm_cosmosdb_account" "orders" {
-  name                = "orders"
+  name                         = "orders"
-  resource_group_name = "orders"
+  resource_group_name          = "orders"
-  location            = "westeurope"
+  location                     = "westeurope"
-  offer_type          = "Standard"
+  offer_type                   = "Standard"
-  kind                = "GlobalDocumentDB"
+  kind                         = "GlobalDocumentDB"
+  local_authentication_enabled = false

   consistency_policy {
     consistency_level = "Session"
"""
        },
    ),
    PlannerExample(
        "roles and identities beside what there is",
        {
            "main.tf": """\
resource "aws_db_instance" "main" {
  engine         = "postgres"
  instance_class = "db.t4g.micro"
}

resource "google_container_cluster" "main" {
  name               = "main"
  project            = var.project
  location           = "europe-west1"
  initial_node_count = 1

  node_config {
    service_account = "nodes@example.iam.gserviceaccount.com"
  }
}

variable "project" {
  type = string
}
""",
            "stack.yaml": """\
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Orders:
    Type: AWS::RDS::DBCluster
    Properties:
      Engine: aurora-postgresql
      MasterUsername: orders
      ManageMasterUserPassword: true
""",
        },
        {"aws_db_instance.main": "partial", "google_container_cluster.main": "partial", "Orders": "partial"},
        {
            "aws_db_instance.main": ("unknown",),
            "google_container_cluster.main": ("gcp:gke-workload-identity",),
            "Orders": ("unknown",),
        },
        {
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -1,6 +1,7 @@
 resource "aws_db_instance" "main" {
-  engine         = "postgres"
+  engine                              = "postgres"
-  instance_class = "db.t4g.micro"
+  instance_class                      = "db.t4g.micro"
+  iam_database_authentication_enabled = true
 }

 resource "google_container_cluster" "main" {
@@ -12,6 +13,10 @@
   node_config {
     service_account = "nodes@example.iam.gserviceaccount.com"
   }
+
+  workload_identity_config {
+    workload_pool = "${var.project}.svc.id.goog"
+  }
 }

 variable "project" {
diff --git a/stack.yaml b/stack.yaml
--- a/stack.yaml
+++ b/stack.yaml
@@ -6,3 +6,4 @@
       Engine: aurora-postgresql
       MasterUsername: orders
       ManageMasterUserPassword: true
+      EnableIAMDatabaseAuthentication: true
"""
        },
        says=("in PostgreSQL a user with rds_iam takes no password any more",),
    ),
)

PATCHED += (
    PlannerExample(
        "master passwords that the service makes and keeps itself",
        {
            "main.tf": """\
resource "aws_db_instance" "main" {
  engine                              = "postgres"
  instance_class                      = "db.t4g.micro"
  iam_database_authentication_enabled = true
  username                            = "main"
  password                            = "correct-horse-battery-staple"
}
""",
            "stack.yaml": """\
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Orders:
    Type: AWS::RDS::DBCluster
    Properties:
      Engine: aurora-postgresql
      EnableIAMDatabaseAuthentication: true
      MasterUsername: orders
      MasterUserPassword: correct-horse-battery-staple
""",
        },
        {"aws_db_instance.main": "partial", "Orders": "partial"},
        {"aws_db_instance.main": ("unknown",), "Orders": ("unknown",)},
        {
            "soak": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -3,5 +3,5 @@
   instance_class                      = "db.t4g.micro"
   iam_database_authentication_enabled = true
   username                            = "main"
-  password                            = "correct-horse-battery-staple"
+  manage_master_user_password         = true
 }
diff --git a/stack.yaml b/stack.yaml
--- a/stack.yaml
+++ b/stack.yaml
@@ -6,4 +6,4 @@
       Engine: aurora-postgresql
       EnableIAMDatabaseAuthentication: true
       MasterUsername: orders
-      MasterUserPassword: correct-horse-battery-staple
+      ManageMasterUserPassword: true
"""
        },
        says=("the service makes a new master password at once",),
    ),
    PlannerExample(
        "rotation and renewal by the service itself, in four clouds",
        {
            "main.tf": """\
resource "aws_kms_key" "orders" {
  description = "orders"
}

resource "google_kms_crypto_key" "orders" {
  name     = "orders"
  key_ring = "projects/p/locations/europe-west1/keyRings/r"
}

resource "oci_kms_vault" "main" {
  compartment_id = "ocid1.compartment.oc1..example"
  display_name   = "main"
  vault_type     = "VIRTUAL_PRIVATE"
}

resource "oci_kms_key" "orders" {
  compartment_id      = "ocid1.compartment.oc1..example"
  display_name        = "orders"
  management_endpoint = oci_kms_vault.main.management_endpoint
  key_shape {
    algorithm = "AES"
    length    = 32
  }
}

resource "azurerm_key_vault_certificate" "site" {
  name         = "site"
  key_vault_id = "vault"
  certificate_policy {
    issuer_parameters {
      name = "Self"
    }
    key_properties {
      exportable = true
      key_type   = "RSA"
      key_size   = 3072
      reuse_key  = false
    }
    secret_properties {
      content_type = "application/x-pkcs12"
    }
  }
}
""",
            "stack.yaml": """\
Resources:
  Orders:
    Type: AWS::KMS::Key
    Properties:
      EnableKeyRotation: false
      KeyPolicy: {}
""",
        },
        {
            "Orders": "patch",
            "aws_kms_key.orders": "patch",
            "azurerm_key_vault_certificate.site": "patch",
            "google_kms_crypto_key.orders": "patch",
            "oci_kms_key.orders": "patch",
        },
        {
            "Orders": ("keep-with-controls",),
            "aws_kms_key.orders": ("keep-with-controls",),
            "azurerm_key_vault_certificate.site": ("keep-with-controls",),
            "google_kms_crypto_key.orders": ("keep-with-controls",),
            "oci_kms_key.orders": ("keep-with-controls",),
        },
        {
            "migrate": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -1,10 +1,12 @@
 resource "aws_kms_key" "orders" {
-  description = "orders"
+  description         = "orders"
+  enable_key_rotation = true
 }

 resource "google_kms_crypto_key" "orders" {
-  name     = "orders"
+  name            = "orders"
-  key_ring = "projects/p/locations/europe-west1/keyRings/r"
+  key_ring        = "projects/p/locations/europe-west1/keyRings/r"
+  rotation_period = "7776000s"
 }

 resource "oci_kms_vault" "main" {
@@ -14,13 +16,18 @@
 }

 resource "oci_kms_key" "orders" {
-  compartment_id      = "ocid1.compartment.oc1..example"
+  compartment_id           = "ocid1.compartment.oc1..example"
-  display_name        = "orders"
+  display_name             = "orders"
-  management_endpoint = oci_kms_vault.main.management_endpoint
+  management_endpoint      = oci_kms_vault.main.management_endpoint
+  is_auto_rotation_enabled = true
   key_shape {
     algorithm = "AES"
     length    = 32
   }
+
+  auto_key_rotation_details {
+    rotation_interval_in_days = 90
+  }
 }

 resource "azurerm_key_vault_certificate" "site" {
@@ -39,5 +46,14 @@
     secret_properties {
       content_type = "application/x-pkcs12"
     }
+
+    lifetime_action {
+      action {
+        action_type = "AutoRenew"
+      }
+      trigger {
+        days_before_expiry = 30
+      }
+    }
   }
 }
diff --git a/stack.yaml b/stack.yaml
--- a/stack.yaml
+++ b/stack.yaml
@@ -2,5 +2,5 @@
   Orders:
     Type: AWS::KMS::Key
     Properties:
-      EnableKeyRotation: false
+      EnableKeyRotation: true
       KeyPolicy: {}
"""
        },
        says=("nobody who uses the key notices", "the vault makes the next version 30 days before the end"),
    ),
)

TOLD: tuple[PlannerExample, ...] = (
    PlannerExample(
        "ways in beside those that there are, for pods and for clients of a broker",
        {
            "main.tf": pinned("~> 4.0")
            + """\
resource "azurerm_kubernetes_cluster" "main" {
  name                   = "main"
  local_account_disabled = true
}

resource "aws_msk_cluster" "events" {
  cluster_name = "events"

  client_authentication {
    sasl {
      scram = true
    }
  }
}
"""
        },
        {"azurerm_kubernetes_cluster.main": "partial", "aws_msk_cluster.events": "partial"},
        {"azurerm_kubernetes_cluster.main": ("azure:workload-identity",), "aws_msk_cluster.events": ("unknown",)},
        {
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -8,8 +8,10 @@
 }

 resource "azurerm_kubernetes_cluster" "main" {
-  name                   = "main"
+  name                      = "main"
-  local_account_disabled = true
+  local_account_disabled    = true
+  oidc_issuer_enabled       = true
+  workload_identity_enabled = true
 }

 resource "aws_msk_cluster" "events" {
@@ -18,6 +20,7 @@
   client_authentication {
     sasl {
       scram = true
+      iam   = true
     }
   }
 }
"""
        },
    ),
    PlannerExample(
        "containers that would lose the machine's role",
        {
            "main.tf": INSTANCE.replace(
                "}\n", '  user_data            = "echo ECS_CLUSTER=main >> /etc/ecs/ecs.config"\n}\n'
            ),
            "hop/main.tf": INSTANCE.replace(
                "}\n",
                """\
  user_data            = "echo ECS_CLUSTER=main >> /etc/ecs/ecs.config"
  metadata_options {
    http_put_response_hop_limit = 2
    http_tokens                 = "required"
  }
}
""",
            ),
        },
        {"aws_instance.left": "advice"},
        {"aws_instance.left": ("keep-with-controls",)},
        says=(
            "no patch: main.tf:5 starts containers, and no hop limit lets them through",
            "write http_put_response_hop",
        ),
    ),
    PlannerExample(
        "Terraform itself deploys with the publishing profile",
        {
            "main.tf": """\
resource "azurerm_linux_web_app" "site" {
  name            = "site"
  zip_deploy_file = "site.zip"

  identity {
    type = "SystemAssigned"
  }
}
""",
        },
        {"azurerm_linux_web_app.site": "advice"},
        {"azurerm_linux_web_app.site": ("azure:federated-credential",)},
        says=("Terraform itself deploys the code (zip_deploy_file)", "az webapp deploy --name site"),
    ),
    PlannerExample(
        "a master password that an application is given too",
        {
            "main.tf": """\
variable "password" {
  default = "correct-horse-battery-staple"
}

resource "aws_db_instance" "main" {
  engine                              = "postgres"
  iam_database_authentication_enabled = true
  password                            = var.password
}

resource "aws_lambda_function" "orders" {
  function_name = "orders"
  role          = "arn:aws:iam::111122223333:role/orders"
  environment {
    variables = {
      DB_PASSWORD = var.password
    }
  }
}

provider "aws" {
  region = "eu-west-1"
}
""",
        },
        {"aws_db_instance.main": "advice", "aws_lambda_function.orders": "advice"},
        {"aws_db_instance.main": ("aws:execution-role",), "aws_lambda_function.orders": ("keep-with-controls",)},
        says=("no patch: main.tf:16 is given the same", "let these log in by their role, or read the secret"),
    ),
    PlannerExample(
        "the same password in an address elsewhere",
        {
            "stack.yaml": """\
Resources:
  Orders:
    Type: AWS::RDS::DBInstance
    Properties:
      Engine: postgres
      EnableIAMDatabaseAuthentication: true
      MasterUsername: orders
      MasterUserPassword: correct-horse-battery-staple
  Web:
    Type: AWS::ElasticBeanstalk::Environment
    Properties:
      ApplicationName: orders
      OptionSettings:
        - Namespace: aws:elasticbeanstalk:application:environment
          OptionName: WHERE
          Value: !Sub "postgres://orders:correct-horse-battery-staple@${Orders.Endpoint.Address}/orders"
""",
        },
        {"Orders": "advice"},
        {"Orders": ("aws:instance-profile",)},
        says=("no patch: stack.yaml:16 is given the same",),
    ),
    PlannerExample(
        "a key whose kind a parameter says",
        {
            "stack.yaml": """\
Parameters:
  Spec: {Type: String, Default: SYMMETRIC_DEFAULT}
Resources:
  Seal:
    Type: AWS::KMS::Key
    Properties:
      KeySpec: !Ref Spec
      KeyPolicy: {Version: "2012-10-17", Statement: []}
"""
        },
        {"Seal": "advice"},
        {"Seal": ("keep-with-controls",)},
        says=("so what the stacks are given decides",),
    ),
    PlannerExample(
        "a cluster of a mode that may know no roles",
        {
            "stack.yaml": """\
Parameters:
  Mode: {Type: String, Default: provisioned, AllowedValues: [provisioned, serverless]}
Resources:
  Orders:
    Type: AWS::RDS::DBCluster
    Properties:
      Engine: aurora-mysql
      EngineMode: !Ref Mode
      ManageMasterUserPassword: true
""",
        },
        {"Orders": "advice"},
        {"Orders": ("unknown",)},
        says=("Aurora Serverless v1 has none",),
    ),
    PlannerExample(
        "somebody in the code uses the keys",
        {
            "main.tf": REGISTRY
            + """\

output "password" {
  value     = azurerm_container_registry.images.admin_password
  sensitive = true
}
""",
        },
        {"azurerm_container_registry.images": "advice"},
        {"azurerm_container_registry.images": ("azure:managed-identity",)},
        says=("no patch: main.tf:10 reads admin_password", "AcrPull to what pulls", "then plan again, or write"),
    ),
    PlannerExample(
        "a pipeline asks for the keys",
        {
            "main.tf": REGISTRY,
            ".github/workflows/push.yml": """\
on: push
jobs:
  push:
    runs-on: ubuntu-latest
    steps:
      - run: az acr credential show --name images
""",
        },
        {"azurerm_container_registry.images": "advice"},
        {"azurerm_container_registry.images": ("azure:managed-identity",)},
        says=("no patch: .github/workflows/push.yml:6 asks for keys of this kind",),
    ),
    PlannerExample(
        "a workspace that needs the registry's administrator",
        {
            "main.tf": REGISTRY
            + """\

resource "azurerm_machine_learning_workspace" "main" {
  name                  = "main"
  container_registry_id = azurerm_container_registry.images.id
}
""",
        },
        {"azurerm_container_registry.images": "advice"},
        {"azurerm_container_registry.images": ("azure:managed-identity",)},
        says=("(azurerm_machine_learning_workspace.main) needs or makes keys of it",),
    ),
    PlannerExample(
        "a certificate that something reads by its version",
        {
            "main.tf": """\
resource "azurerm_key_vault_certificate" "site" {
  name         = "site"
  key_vault_id = azurerm_key_vault.site.id

  certificate_policy {
    issuer_parameters {
      name = "Self"
    }
  }
}

output "site" {
  value = azurerm_key_vault_certificate.site.secret_id
}
""",
        },
        {"azurerm_key_vault_certificate.site": "advice"},
        {"azurerm_key_vault_certificate.site": ("keep-with-controls",)},
        says=('certificate_policy.lifetime_action { action { action_type = "AutoRenew" }',),
    ),
    PlannerExample(
        "a rule of a queue, whose keys are the namespace's",
        {
            "main.tf": """\
resource "azurerm_servicebus_namespace" "jobs" {
  name = "jobs"
  sku  = "Standard"
}

resource "azurerm_servicebus_queue" "jobs" {
  name         = "jobs"
  namespace_id = azurerm_servicebus_namespace.jobs.id
}

resource "azurerm_servicebus_queue_authorization_rule" "jobs" {
  name     = "jobs"
  queue_id = azurerm_servicebus_queue.jobs.id
  listen   = true
}
""",
        },
        {"azurerm_servicebus_namespace.jobs": "advice"},
        {"azurerm_servicebus_namespace.jobs": ("azure:managed-identity",)},
        says=("(azurerm_servicebus_queue_authorization_rule.jobs) needs or makes keys of it",),
    ),
    PlannerExample(
        "Terraform itself uses the key",
        {
            "main.tf": """\
provider "azurerm" {
  features {}
}

resource "azurerm_storage_account" "data" {
  name = "data"
}
"""
        },
        {"azurerm_storage_account.data": "advice"},
        {"azurerm_storage_account.data": ("azure:managed-identity",)},
        says=(
            "Terraform itself uses the key until the provider says storage_use_azuread = true",
            "write storage_use_azuread = true in the provider block",
        ),
    ),
    PlannerExample(
        "what is started asks without a token",
        {
            "main.tf": INSTANCE.replace("}\n", '  user_data            = file("start.sh")\n}\n'),
            "start.sh": "curl -s http://169.254.169.254/latest/meta-data/instance-id\n",
        },
        {"aws_instance.left": "advice"},
        {"aws_instance.left": ("keep-with-controls",)},
        says=("no patch: start.sh:1 asks the metadata service without a token",),
    ),
    PlannerExample(
        "a job asks for more",
        {
            "main.tf": ROLE,
            ".github/workflows/nightly.yml": """\
on: push
jobs:
  nightly:
    runs-on: ubuntu-latest
    steps:
      - uses: aws-actions/configure-aws-credentials@v4
        with:
          role-to-assume: arn:aws:iam::111122223333:role/nightly
          role-duration-seconds: 7200
""",
        },
        {"aws_iam_role.nightly": "advice"},
        {"aws_iam_role.nightly": ("keep-with-controls",)},
        says=("no patch: .github/workflows/nightly.yml:9 asks for a session of 7200 seconds",),
    ),
    PlannerExample(
        "people may ask for more",
        {"main.tf": ROLE.replace('Service = "ec2.amazonaws.com"', 'AWS = "arn:aws:iam::444455556666:root"')},
        {"aws_iam_role.nightly": "advice"},
        {"aws_iam_role.nightly": ("keep-with-controls",)},
        says=("arn:aws:iam::444455556666:root may assume it, and for how long is not in the code",),
    ),
    PlannerExample(
        "an application with the account's key, which may make its own collections",
        {
            "main.tf": """\
resource "azurerm_cosmosdb_account" "orders" {
  name                = "orders"
  resource_group_name = "orders"
  location            = "westeurope"
  offer_type          = "Standard"
  kind                = "MongoDB"

  consistency_policy {
    consistency_level = "Session"
  }

  geo_location {
    location          = "westeurope"
    failover_priority = 0
  }
}

output "orders" {
  value     = azurerm_cosmosdb_account.orders.primary_mongodb_connection_string
  sensitive = true
}
"""
        },
        {"azurerm_cosmosdb_account.orders": "advice"},
        {"azurerm_cosmosdb_account.orders": ("keep-with-controls",)},
        says=("no patch: main.tf:19 reads primary_mongodb_connection_string",),
    ),
    PlannerExample(
        "a reason beside the value",
        {"main.tf": ROLE.replace("= 43200", "= 43200 # a restore takes ten hours")},
        {"aws_iam_role.nightly": "advice"},
        {"aws_iam_role.nightly": ("keep-with-controls",)},
        says=("a comment says why it is so, or would be wrong then (main.tf:3)",),
    ),
    PlannerExample(
        "values that come from elsewhere, blocks that Terraform is to leave, blocks that others write",
        {
            "main.tf": """\
provider "aws" {
  region = "eu-west-1"
}

variable "tokens" {
  default = "optional"
}

resource "aws_instance" "given" {
  ami                  = "ami-0abcdef1234567890"
  iam_instance_profile = "given"
  metadata_options {
    http_tokens = var.tokens
  }
}
""",
            "left/main.tf": """\
resource "aws_instance" "left" {
  ami                  = "ami-0abcdef1234567890"
  iam_instance_profile = "left"
  lifecycle {
    ignore_changes = [metadata_options]
  }
}
""",
            "old/main.tf": pinned("~> 2.0")
            + REGISTRY.replace("admin_enabled       = true\n", "")
            + """\

resource "azurerm_servicebus_namespace" "jobs" {
  name = "jobs"
  sku  = "Standard"
}
""",
        },
        {
            "aws_instance.given": "advice",
            "aws_instance.left": "advice",
            "azurerm_servicebus_namespace.jobs": "advice",
        },
        {
            "aws_instance.given": ("keep-with-controls",),
            "aws_instance.left": ("keep-with-controls",),
            "azurerm_servicebus_namespace.jobs": ("azure:managed-identity",),
        },
        says=(
            "not patched: aws_instance.given: the value comes from var.tokens (main.tf:5)",
            "not patched: aws_instance.left: ignore_changes covers metadata_options",
            "not patched: azurerm_servicebus_namespace.jobs: the provider's version is pinned below 3.0",
        ),
    ),
    PlannerExample(
        "what replaces something is its owner's to decide, and many of a kind are one piece of advice",
        {
            "main.tf": """\
resource "aws_launch_configuration" "workers" {
  name     = "workers"
  image_id = "ami-0abcdef1234567890"
}

resource "aws_secretsmanager_secret" "one" {
  name = "one"
}

resource "aws_secretsmanager_secret" "two" {
  name = "two"
}

resource "azurerm_cognitive_account" "words" {
  name = "words"
}
"""
        },
        {
            "aws_launch_configuration.workers": "advice",
            "aws_secretsmanager_secret.one": "advice",
            "azurerm_cognitive_account.words": "advice",
        },
        {
            "aws_launch_configuration.workers": ("keep-with-controls",),
            "aws_secretsmanager_secret.one": ("keep-with-controls",),
            "azurerm_cognitive_account.words": ("azure:managed-identity",),
        },
        says=(
            "any change replaces it, so its owner decides when",
            "aws_secretsmanager_secret.two is a secret that nothing rotates",
            "callers with an Entra token need custom_subdomain_name, and writing it replaces the account",
        ),
    ),
)
