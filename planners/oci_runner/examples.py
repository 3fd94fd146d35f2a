"""What this planner does, by examples."""

from __future__ import annotations

from rolecall.planning.example import PlannerExample

_VARIABLES = """\
variable "tenancy_ocid" {
  type = string
}

variable "user_ocid" {
  type = string
}

variable "fingerprint" {
  type = string
}

variable "private_key_path" {
  type    = string
  default = "~/.oci/key.pem"
}

"""
_PROVIDER = """\
provider "oci" {
  tenancy_ocid     = var.tenancy_ocid
  user_ocid        = var.user_ocid
  fingerprint      = var.fingerprint
  private_key_path = var.private_key_path
  region           = "uk-london-1"
}
"""
_PRINCIPAL = """\

provider "oci" {
  alias  = "home"
  auth   = "InstancePrincipal"
  region = "eu-frankfurt-1"
}
"""
_STATE = """\
terraform {
  required_version = ">= 1.12"

  backend "s3" {
    bucket                      = "states"
    key                         = "shop/terraform.tfstate"
    region                      = "uk-london-1"
    endpoint                    = "https://examplens.compat.objectstorage.uk-london-1.oraclecloud.com"
    access_key                  = "AKIAIOSFODNN7EXAMPLE"
    secret_key                  = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    skip_credentials_validation = true
    skip_region_validation      = true
    force_path_style            = true
  }
}
"""

EXAMPLES: tuple[PlannerExample, ...] = (
    PlannerExample(
        "a provider beside one that logs in as the instance",
        {"main.tf": _VARIABLES + _PROVIDER + _PRINCIPAL},
        {"provider.oci": "patch"},
        {"provider.oci": ("oci:instance-principal",)},
        patches={
            "migrate": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -16,11 +16,9 @@
 }

 provider "oci" {
-  tenancy_ocid     = var.tenancy_ocid
+  tenancy_ocid = var.tenancy_ocid
-  user_ocid        = var.user_ocid
+  auth         = "InstancePrincipal"
-  fingerprint      = var.fingerprint
-  private_key_path = var.private_key_path
-  region           = "uk-london-1"
+  region       = "uk-london-1"
 }

 provider "oci" {
""",
        },
    ),
    PlannerExample(
        "a provider that runs nobody knows where",
        {"main.tf": _VARIABLES + _PROVIDER},
        {"provider.oci": "advice"},
        {"provider.oci": ("oci:token-exchange", "oci:instance-principal")},
        says=(
            "where Terraform runs provider.oci is not in the code",
            "OCI_AUTH=InstancePrincipal terraform plan",
        ),
    ),
    PlannerExample(
        "state by the S3 protocol, where the instance has a principal",
        {"main.tf": _STATE + _PRINCIPAL},
        {"terraform.backend.s3": "patch"},
        {"terraform.backend.s3": ("oci:instance-principal",)},
        patches={
            "migrate": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -1,16 +1,13 @@
 terraform {
   required_version = ">= 1.12"

-  backend "s3" {
-    bucket                      = "states"
-    key                         = "shop/terraform.tfstate"
-    region                      = "uk-london-1"
-    endpoint                    = "https://examplens.compat.objectstorage.uk-london-1.oraclecloud.com"
-    access_key                  = "AKIAIOSFODNN7EXAMPLE"
-    secret_key                  = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
-    skip_credentials_validation = true
-    skip_region_validation      = true
-    force_path_style            = true
+  backend "oci" {
+    bucket               = "states"
+    namespace            = "examplens"
+    key                  = "shop/terraform.tfstate"
+    workspace_key_prefix = "env:"
+    region               = "uk-london-1"
+    auth                 = "InstancePrincipal"
   }
 }

""",
        },
    ),
    PlannerExample(
        "state by the S3 protocol, run nobody knows where",
        {"main.tf": _STATE},
        {"terraform.backend.s3": "advice"},
        {"terraform.backend.s3": ("oci:token-exchange", "oci:instance-principal")},
        says=('backend "oci" { bucket = "states" namespace = "examplens"',),
    ),
    PlannerExample(
        "a Terraform that has no backend for OCI",
        {"main.tf": _STATE.replace(">= 1.12", "~> 1.9.0") + _PRINCIPAL},
        {"terraform.backend.s3": "advice"},
        {"terraform.backend.s3": ("oci:instance-principal",)},
        says=("lets in no Terraform with a backend for OCI",),
    ),
)
