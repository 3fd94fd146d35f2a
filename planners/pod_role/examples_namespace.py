"""Worked examples of secrets whose pods are not seen: the namespace's own role is the only choice."""

from __future__ import annotations

from rolecall.planning.example import PlannerExample

_SECRET = """\

resource "kubernetes_secret" "uploads" {
  metadata {
    name      = "uploads"
    namespace = "shop"
  }

  data = {
    bucket            = "shop-uploads"
    access_key_id     = aws_iam_access_key.uploads.id
    secret_access_key = aws_iam_access_key.uploads.secret
  }
}
"""
_USER = """\
resource "aws_iam_user" "uploads" {
  name = "shop-uploads"
}

resource "aws_iam_access_key" "uploads" {
  user = aws_iam_user.uploads.name
}

resource "aws_iam_user_policy" "uploads" {
  name = "write-only"
  user = aws_iam_user.uploads.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:PutObject", Resource = "arn:aws:s3:::shop-uploads/*" }]
  })
}
"""
_CALL = """\
module "irsa" {
  source = "github.com/ministryofjustice/cloud-platform-terraform-irsa?ref=2.1.0"

  eks_cluster_name     = "main"
  namespace            = "shop"
  service_account_name = "shop"

  role_policy_arns = merge(
    {
      queue = "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"
    },
    local.policies
  )
}
"""
_GIVEN = """\
diff --git a/namespace/irsa.tf b/namespace/irsa.tf
--- a/namespace/irsa.tf
+++ b/namespace/irsa.tf
@@ -7,7 +7,8 @@

   role_policy_arns = merge(
     {
-      queue = "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"
+      queue   = "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"
+      uploads = aws_iam_policy.uploads.arn
     },
     local.policies
   )
diff --git a/namespace/main.tf b/namespace/main.tf
--- a/namespace/main.tf
+++ b/namespace/main.tf
@@ -14,6 +14,14 @@
     Statement = [{ Effect = "Allow", Action = "s3:PutObject", Resource = "arn:aws:s3:::shop-uploads/*" }]
   })
 }
+
+resource "aws_iam_policy" "uploads" {
+  name_prefix = "write-only-"
+  policy = jsonencode({
+    Version   = "2012-10-17"
+    Statement = [{ Effect = "Allow", Action = "s3:PutObject", Resource = "arn:aws:s3:::shop-uploads/*" }]
+  })
+}

 resource "kubernetes_secret" "uploads" {
   metadata {
"""
_LOCALS = """\

locals {
  policies = {}
}
"""
_BOTH = ("kubernetes_secret.uploads", "aws_iam_access_key.uploads")

NAMESPACE: tuple[PlannerExample, ...] = (
    PlannerExample(
        "the only role of the namespace, whose policies are merged from several maps",
        {"namespace/main.tf": _USER + _SECRET, "namespace/irsa.tf": _CALL + _LOCALS},
        dict.fromkeys(_BOTH, "partial"),
        dict.fromkeys(_BOTH, ("aws:pod-role",)),
        patches={"expand": _GIVEN},
        says=("no pod is seen that reads",),
    ),
    PlannerExample(
        "several roles in the namespace, none of which has the policies",
        {
            "namespace/main.tf": _USER + _SECRET,
            "namespace/irsa.tf": _CALL
            + "\n"
            + _CALL.replace('"irsa"', '"jobs"').replace('= "shop"', '= "jobs"')
            + _LOCALS,
        },
        dict.fromkeys(_BOTH, "advice"),
        dict.fromkeys(_BOTH, ("aws:pod-role",)),
        says=("module.irsa, module.jobs",),
    ),
)
