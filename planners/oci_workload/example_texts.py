"""The parts that the examples are put together from."""

USER = """\
variable "tenancy_ocid" {
  type = string
}

variable "compartment_ocid" {
  type = string
}

resource "oci_identity_user" "orders" {
  compartment_id = var.tenancy_ocid
  name           = "orders"
  description    = "The application"
}

resource "oci_identity_group" "orders" {
  compartment_id = var.tenancy_ocid
  name           = "orders"
  description    = "The application"
}

resource "oci_identity_user_group_membership" "orders" {
  user_id  = oci_identity_user.orders.id
  group_id = oci_identity_group.orders.id
}

"""
KEY = """\
resource "tls_private_key" "orders" {
  algorithm = "RSA"
}

resource "oci_identity_api_key" "orders" {
  user_id   = oci_identity_user.orders.id
  key_value = tls_private_key.orders.public_key_pem
}

"""
POLICY = """\
resource "oci_identity_policy" "orders" {
  compartment_id = var.compartment_ocid
  name           = "orders"
  description    = "What the application may do"
  statements = [
    "Allow group ${oci_identity_group.orders.name} to read objects in compartment Shop",
    "Allow group ${oci_identity_group.orders.name} to use keys in compartment Shop",
  ]
}

"""
FUNCTION = """\
resource "oci_functions_function" "orders" {
  application_id = "ocid1.fnapp.oc1..example"
  display_name   = "orders"
  memory_in_mbs  = 256
  image          = "lhr.ocir.io/example/orders:1"
  config = {
    BUCKET      = "in"
    FINGERPRINT = oci_identity_api_key.orders.fingerprint
    PRIVATE_KEY = tls_private_key.orders.private_key_pem
  }
}
"""
DOMAIN = """\
data "oci_identity_domain" "apps" {
  domain_id = "ocid1.domain.oc1..example"
}

resource "oci_identity_domains_user" "orders" {
  idcs_endpoint = data.oci_identity_domain.apps.url
  schemas       = ["urn:ietf:params:scim:schemas:core:2.0:User"]
  user_name     = "orders"
}

resource "oci_identity_domains_group" "orders" {
  idcs_endpoint = data.oci_identity_domain.apps.url
  schemas       = ["urn:ietf:params:scim:schemas:core:2.0:Group"]
  display_name  = "orders"

  members {
    type  = "User"
    value = oci_identity_domains_user.orders.id
  }
}

resource "oci_identity_policy" "orders" {
  compartment_id = "ocid1.compartment.oc1..example"
  name           = "orders"
  description    = "What the application may do"
  statements = [
    "Allow group 'apps'/'${oci_identity_domains_group.orders.display_name}' to read objects in compartment Shop",
    "allow group id ${oci_identity_domains_group.orders.ocid} to use keys in compartment Shop",
  ]
}

resource "tls_private_key" "orders" {
  algorithm = "RSA"
}

resource "oci_identity_domains_api_key" "orders" {
  idcs_endpoint = data.oci_identity_domain.apps.url
  schemas       = ["urn:ietf:params:scim:schemas:oracle:idcs:apikey"]
  key           = tls_private_key.orders.public_key_pem

  user {
    value = oci_identity_domains_user.orders.id
  }
}

resource "oci_container_instances_container_instance" "orders" {
  availability_domain = "AD-1"
  compartment_id      = "ocid1.compartment.oc1..example"
  shape               = "CI.Standard.E4.Flex"

  containers {
    image_url = "lhr.ocir.io/example/orders:1"
    environment_variables = {
      BUCKET      = "in"
      PRIVATE_KEY = tls_private_key.orders.private_key_pem
    }
  }

  shape_config {
    ocpus = 1
  }

  vnics {
    subnet_id = "ocid1.subnet.oc1..example"
  }
}
"""
INSTANCE = """\
resource "oci_core_instance" "orders" {
  availability_domain = "AD-1"
  compartment_id      = var.compartment_ocid
  shape               = "VM.Standard.E5.Flex"
  metadata = {
    user_data = base64encode(<<-EOT
      #!/bin/sh
      export OCI_CLI_FINGERPRINT=${oci_identity_api_key.orders.fingerprint}
      export OCI_CLI_KEY_CONTENT="${tls_private_key.orders.private_key_pem}"
      systemctl start orders
    EOT
    )
  }
}
"""
CLUSTER = """\
resource "oci_containerengine_cluster" "apps" {
  compartment_id     = var.compartment_ocid
  kubernetes_version = "v1.33.1"
  name               = "apps"
  vcn_id             = "ocid1.vcn.oc1..example"
  type               = "ENHANCED_CLUSTER"
}

resource "kubernetes_secret_v1" "orders" {
  metadata {
    name      = "orders-oci"
    namespace = "shop"
  }

  data = {
    PRIVATE_KEY = tls_private_key.orders.private_key_pem
  }
}

resource "kubernetes_deployment_v1" "orders" {
  metadata {
    name      = "orders"
    namespace = "shop"
  }

  spec {
    selector {
      match_labels = { orders = "orders" }
    }

    template {
      metadata {
        labels = { orders = "orders" }
      }

      spec {
        service_account_name = "orders"

        container {
          name  = "orders"
          image = "lhr.ocir.io/example/orders:1"

          env_from {
            secret_ref {
              name = kubernetes_secret_v1.orders.metadata[0].name
            }
          }
        }
      }
    }
  }
}
"""
