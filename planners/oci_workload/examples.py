"""What this planner does, by examples."""

from __future__ import annotations

from rolecall.planners.oci_workload.example_texts import CLUSTER, DOMAIN, FUNCTION, INSTANCE, KEY, POLICY, USER
from rolecall.planning.example import PlannerExample

EXAMPLES: tuple[PlannerExample, ...] = (
    PlannerExample(
        "a template that writes the key to a file",
        {
            "main.tf": USER
            + POLICY
            + KEY
            + """\
resource "oci_core_instance" "orders" {
  availability_domain = "AD-1"
  compartment_id      = var.compartment_ocid
  shape               = "VM.Standard.E5.Flex"
  metadata = {
    user_data = base64encode(templatefile("${path.module}/init.sh", {
      key         = tls_private_key.orders.private_key_pem
      fingerprint = oci_identity_api_key.orders.fingerprint
    }))
  }
}
""",
            "init.sh": """\
#!/bin/sh
cat > /root/.oci/key.pem <<EOF
${key}
EOF
echo "fingerprint=${fingerprint}" >> /root/.oci/config
""",
        },
        {"oci_core_instance.orders": "partial", "oci_identity_api_key.orders": "partial"},
        {
            "oci_core_instance.orders": ("oci:instance-principal",),
            "oci_identity_api_key.orders": ("oci:instance-principal",),
        },
        says=("init.sh:3 does more than set the key",),
    ),
    PlannerExample(
        "a function whose configuration holds the key",
        {"main.tf": USER + POLICY + KEY + FUNCTION},
        {"oci_functions_function.orders": "patch", "oci_identity_api_key.orders": "patch"},
        {
            "oci_functions_function.orders": ("oci:resource-principal",),
            "oci_identity_api_key.orders": ("oci:resource-principal",),
        },
        patches={
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -53,3 +53,26 @@
     PRIVATE_KEY = tls_private_key.orders.private_key_pem
   }
 }
+
+resource "oci_identity_dynamic_group" "orders_function" {
+  compartment_id = var.tenancy_ocid
+  name           = "orders-function"
+  description    = "oci_functions_function.orders, as itself and without a key"
+  matching_rule  = "resource.id = '${oci_functions_function.orders.id}'"
+  freeform_tags = {
+    "migrates-from" = "oci_identity_user.orders"
+  }
+}
+
+resource "oci_identity_policy" "orders_function" {
+  compartment_id = var.compartment_ocid
+  name           = "orders-function"
+  description    = "What oci_identity_user.orders may do, for oci_functions_function.orders"
+  statements = [
+    "Allow dynamic-group ${oci_identity_dynamic_group.orders_function.name} to read objects in compartment Shop",
+    "Allow dynamic-group ${oci_identity_dynamic_group.orders_function.name} to use keys in compartment Shop",
+  ]
+  freeform_tags = {
+    "migrates-from" = "oci_identity_user.orders"
+  }
+}
""",
            "migrate": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -48,9 +48,7 @@
   memory_in_mbs  = 256
   image          = "lhr.ocir.io/example/orders:1"
   config = {
-    BUCKET      = "in"
+    BUCKET = "in"
-    FINGERPRINT = oci_identity_api_key.orders.fingerprint
-    PRIVATE_KEY = tls_private_key.orders.private_key_pem
   }
 }

""",
            "contract": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -36,11 +36,6 @@
 resource "tls_private_key" "orders" {
   algorithm = "RSA"
 }
-
-resource "oci_identity_api_key" "orders" {
-  user_id   = oci_identity_user.orders.id
-  key_value = tls_private_key.orders.public_key_pem
-}

 resource "oci_functions_function" "orders" {
   application_id = "ocid1.fnapp.oc1..example"
""",
        },
    ),
    PlannerExample(
        "an instance whose user data holds the key",
        {"main.tf": USER + POLICY + KEY + INSTANCE},
        {"oci_core_instance.orders": "patch", "oci_identity_api_key.orders": "patch"},
        {
            "oci_core_instance.orders": ("oci:instance-principal",),
            "oci_identity_api_key.orders": ("oci:instance-principal",),
        },
        patches={
            "migrate": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -49,8 +49,6 @@
   metadata = {
     user_data = base64encode(<<-EOT
       #!/bin/sh
-      export OCI_CLI_FINGERPRINT=${oci_identity_api_key.orders.fingerprint}
-      export OCI_CLI_KEY_CONTENT="${tls_private_key.orders.private_key_pem}"
       systemctl start orders
     EOT
     )
""",
        },
    ),
    PlannerExample(
        "a container instance, and a group of an identity domain",
        {"main.tf": DOMAIN},
        {"oci_container_instances_container_instance.orders": "patch", "oci_identity_domains_api_key.orders": "patch"},
        {
            "oci_container_instances_container_instance.orders": ("oci:resource-principal",),
            "oci_identity_domains_api_key.orders": ("oci:resource-principal",),
        },
    ),
    PlannerExample(
        "pods of an enhanced cluster",
        {"main.tf": USER + POLICY + KEY + CLUSTER},
        {"kubernetes_deployment_v1.orders": "patch", "oci_identity_api_key.orders": "patch"},
        {
            "kubernetes_deployment_v1.orders": ("oci:oke-workload-identity",),
            "oci_identity_api_key.orders": ("oci:oke-workload-identity",),
        },
        patches={
            "migrate": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -96,12 +96,6 @@
         container {
           name  = "orders"
           image = "lhr.ocir.io/example/orders:1"
-
-          env_from {
-            secret_ref {
-              name = kubernetes_secret_v1.orders.metadata[0].name
-            }
-          }
         }
       }
     }
""",
        },
    ),
    PlannerExample(
        "a basic cluster",
        {"main.tf": USER + POLICY + KEY + CLUSTER.replace("ENHANCED", "BASIC")},
        {"kubernetes_deployment_v1.orders": "advice", "oci_identity_api_key.orders": "advice"},
        {
            "kubernetes_deployment_v1.orders": ("oci:oke-workload-identity",),
            "oci_identity_api_key.orders": ("oci:oke-workload-identity",),
        },
        says=("only enhanced clusters have identities for workloads",),
    ),
    PlannerExample(
        "a function that has a group already",
        {
            "main.tf": USER
            + POLICY
            + KEY
            + FUNCTION
            + """\

resource "oci_identity_dynamic_group" "orders_function" {
  compartment_id = var.tenancy_ocid
  name           = "orders-function"
  description    = "The function"
  matching_rule  = "ALL {resource.id = '${oci_functions_function.orders.id}'}"
}

resource "oci_identity_policy" "orders_function" {
  compartment_id = var.compartment_ocid
  name           = "orders-function"
  description    = "What the function may do"
  statements = [
    "Allow dynamic-group ${oci_identity_dynamic_group.orders_function.name} to use keys in compartment Shop",
  ]
}
"""
        },
        {"oci_functions_function.orders": "patch", "oci_identity_api_key.orders": "patch"},
        {
            "oci_functions_function.orders": ("oci:resource-principal",),
            "oci_identity_api_key.orders": ("oci:resource-principal",),
        },
        patches={
            "expand": """\
diff --git a/main.tf b/main.tf
--- a/main.tf
+++ b/main.tf
@@ -53,6 +53,18 @@
     PRIVATE_KEY = tls_private_key.orders.private_key_pem
   }
 }
+
+resource "oci_identity_policy" "orders_function_2" {
+  compartment_id = var.compartment_ocid
+  name           = "orders-function"
+  description    = "What oci_identity_user.orders may do, for oci_functions_function.orders"
+  statements = [
+    "Allow dynamic-group ${oci_identity_dynamic_group.orders_function.name} to read objects in compartment Shop",
+  ]
+  freeform_tags = {
+    "migrates-from" = "oci_identity_user.orders"
+  }
+}

 resource "oci_identity_dynamic_group" "orders_function" {
   compartment_id = var.tenancy_ocid
""",
        },
    ),
    PlannerExample(
        "statements that only a user can meet",
        {
            "main.tf": USER
            + POLICY.replace("keys in compartment Shop", "keys in compartment Shop where request.user.name = 'orders'")
            + KEY
            + FUNCTION
        },
        {"oci_functions_function.orders": "advice", "oci_identity_api_key.orders": "advice"},
        {
            "oci_functions_function.orders": ("oci:resource-principal",),
            "oci_identity_api_key.orders": ("oci:resource-principal",),
        },
        says=("asks for request.user",),
    ),
    PlannerExample(
        "a user whose groups are not in the code",
        {"main.tf": USER.partition('resource "oci_identity_group')[0] + KEY + FUNCTION},
        {"oci_functions_function.orders": "advice", "oci_identity_api_key.orders": "advice"},
        {
            "oci_functions_function.orders": ("oci:resource-principal",),
            "oci_identity_api_key.orders": ("oci:resource-principal",),
        },
        says=(
            "no group of oci_identity_user.orders is in the code",
            "resource.id = 'FUNCTION_OCID'",
        ),
    ),
    PlannerExample(
        "a function that may speak S3 only",
        {
            "main.tf": USER
            + POLICY
            + """\
resource "oci_identity_customer_secret_key" "orders" {
  user_id      = oci_identity_user.orders.id
  display_name = "orders"
}

"""
            + FUNCTION.replace("oci_identity_api_key.orders.fingerprint", "oci_identity_customer_secret_key.orders.id")
            .replace("tls_private_key.orders.private_key_pem", "oci_identity_customer_secret_key.orders.key")
            .replace("BUCKET      =", "BUCKET     =")
            .replace("FINGERPRINT", "ACCESS_KEY")
            .replace("PRIVATE_KEY", "SECRET_KEY")
        },
        {"oci_functions_function.orders": "partial", "oci_identity_customer_secret_key.orders": "partial"},
        {
            "oci_functions_function.orders": ("oci:resource-principal",),
            "oci_identity_customer_secret_key.orders": ("oci:resource-principal",),
        },
        says=("uses the S3-compatible API, which takes a user's keys only",),
    ),
    PlannerExample(
        "a configuration of instances that are not there yet",
        {
            "main.tf": USER
            + POLICY
            + KEY
            + """\
resource "oci_core_instance_configuration" "orders" {
  compartment_id = var.compartment_ocid

  instance_details {
    instance_type = "compute"

    launch_details {
      compartment_id = var.compartment_ocid
      metadata = {
        orders_key = tls_private_key.orders.private_key_pem
      }
    }
  }
}
"""
        },
        {"oci_core_instance_configuration.orders": "advice", "oci_identity_api_key.orders": "advice"},
        {
            "oci_core_instance_configuration.orders": ("oci:instance-principal",),
            "oci_identity_api_key.orders": ("oci:instance-principal",),
        },
        says=(
            "no rule by id can name",
            "tag.NAMESPACE.KEY.value",
            "to use keys in compartment Shop",
        ),
    ),
)
