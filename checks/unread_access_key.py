"""A minted access key that nothing in the scanned code reads.

What it does
    Finds minted keys whose secret leaves their block for nowhere: no workload, no store, no output takes it.  Where the
    code names the key and what takes it there could not be told, the finding says so and points at the place.

Why it matters
    Either somebody copies it out of the state by hand, which nobody can see, or nobody uses it and it is only a risk.
    Both are reasons to look; neither is a reason to delete it unseen.

Fix
    Ask AWS when it was last used (`aws iam get-access-key-last-used`), set it Inactive for the soak time, and delete it
    when nothing broke.  `rolecall plan` writes the soak as a patch and the questions as a list.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.declaration import declarations
from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.nouns import noun
from rolecall.model.rule import Example, Related, Rule

RULE = Rule(
    "RC105",
    "unread-access-key",
    "static-credential",
    "medium",
    "a minted access key has no reader in the scanned code",
    controls=("NIST 800-53 AC-2(3)", "CIS AWS 1.12", "PCI DSS 8.2.6", "OWASP NHI1", "OWASP NHI7"),
    level_now="L2",
    level_target="L5",
)

_LOOK_AWS = "look up its last use, set it Inactive, delete it after the soak: rolecall plan"
_LOOK = "look up its last use, delete it after the soak: rolecall plan"
_FIND = "find out what takes it there: until then it counts as used, and nothing switches it off"


def check(model: Model) -> Iterator[Finding]:
    """One finding for each block that mints a key and hands it to nobody."""
    for declaration in declarations(model):
        flow = declaration.flow
        if flow.consumptions or flow.open_ends or "remote-module" in declaration.first.marks:
            continue
        owner = declaration.owner
        if owner is not None and owner.nature == "human":
            continue
        low = declaration.is_broker or declaration.first.marks & {"inactive", "rotated", "bounded"}
        says, related = "and nothing in the scanned code reads it", declaration.related()
        fix = _LOOK_AWS if declaration.first.cloud == "aws" else _LOOK
        if (lost := declaration.lost) is not None:
            says = f"and named at {lost.path}:{lost.line}, from where its way could not be followed"
            related, fix = (*related, Related(lost, "named here, where its way is lost")), _FIND
        yield RULE.finding(
            f"{noun(declaration.first)} of {declaration.label} is minted here {says}",
            declaration.place,
            declaration.first.site.address,
            severity="low" if low else "medium",
            identity=owner.site.address if owner is not None else "",
            related=related,
            key=declaration.first.site.address,
            help=fix,
        )


BAD = (
    Example(
        "a service principal's password",
        {
            "main.tf": """\
resource "azuread_service_principal" "agent" {
  client_id = "11111111-2222-3333-4444-555555555555"
}

resource "azuread_service_principal_password" "agent" { # <- RC105
  service_principal_id = azuread_service_principal.agent.id
}
"""
        },
    ),
    Example(
        "only its user is mentioned elsewhere",
        {
            "main.tf": """\
resource "aws_iam_user" "snapshots" {
  name = "snapshots"
}

resource "aws_iam_access_key" "snapshots" { # <- RC105
  user = aws_iam_user.snapshots.name
}

resource "kubernetes_secret" "snapshots" {
  metadata {
    name = "snapshots"
  }
  data = {
    user_arn = aws_iam_user.snapshots.arn
  }
}
"""
        },
    ),
    Example(
        "a template's key",
        {
            "stack.yaml": """\
Resources:
  Sync:
    Type: AWS::IAM::User
  SyncKey: # <- RC105
    Type: AWS::IAM::AccessKey
    Properties:
      UserName: !Ref Sync
"""
        },
    ),
    Example(
        "a program that is started with it",
        {
            "main.tf": """\
resource "aws_iam_access_key" "sync" { # <- RC105
  user = "sync"
}

resource "aws_ssm_parameter" "version" {
  name  = "/sync/version"
  type  = "String"
  value = "3"
  provisioner "local-exec" {
    command = "./hand-over '${aws_iam_access_key.sync.secret}'"
  }
}
"""
        },
    ),
    Example(
        "a key that a custom resource has made",
        {
            "stack.yaml": """\
Resources:
  Sync:
    Type: AWS::IAM::User
  Maker:
    Type: AWS::Lambda::Function
    Properties:
      Role: arn:aws:iam::111122223333:role/maker
      Code:
        ZipFile: |
          import boto3
          def handler(event, context):
              key = boto3.client('iam').create_access_key(UserName=event['ResourceProperties']['User'])
              hand_over(key)
  SyncKey: # <- RC105
    Type: Custom::AccessKey
    Properties:
      ServiceToken: !GetAtt Maker.Arn
      User: !Ref Sync
"""
        },
    ),
    Example(
        "only its hash goes somewhere",
        {
            "main.tf": """\
resource "aws_iam_access_key" "sync" { # <- RC105
  user = "sync"
}

resource "null_resource" "restart" {
  triggers = { key = sha256(aws_iam_access_key.sync.secret) }
}
"""
        },
    ),
    Example(
        "Google Cloud and OCI",
        {
            "main.tf": """\
resource "google_service_account" "app" {
  account_id = "app"
}

resource "google_service_account_key" "app" { # <- RC105
  service_account_id = google_service_account.app.name
}

resource "oci_identity_api_key" "ci" { # <- RC105
  user_id   = oci_identity_user.ci.id
  key_value = tls_private_key.ci.public_key_pem
}

resource "tls_private_key" "ci" {
  algorithm = "RSA"
}

resource "oci_identity_user" "ci" {
  compartment_id = "ocid1.tenancy.oc1..example"
  name           = "ci"
  description    = "deploys"
}
"""
        },
    ),
)

GOOD = (
    Example(
        "a key that functions and a loop pass on",
        {
            "main.tf": """\
resource "google_service_account" "backup" {
  account_id = "backup"
}

resource "google_service_account_key" "backup" {
  service_account_id = google_service_account.backup.name
}

variable "region" {}

locals {
  env = { for name, value in { KEY = google_service_account_key.backup.private_key, REGION = var.region } :
    name => trimspace(value) if value != null && try(trimspace(value), "") != ""
  }
}

resource "nomad_job" "backup" {
  jobspec = templatefile("${path.module}/backup.hcl", { env = local.env })
}

resource "google_service_account_key" "web" {
  service_account_id = google_service_account.backup.name
}

resource "heroku_app" "web" {
  name        = "web"
  region      = "eu"
  config_vars = { KEYFILE = base64decode(google_service_account_key.web.private_key) }
}
""",
            "backup.hcl": """\
job "backup" {
%{ for name, value in env }
${name} = "${value}"
%{ endfor }
}
""",
        },
    ),
    Example(
        "a key that an output hands over",
        {
            "main.tf": """\
resource "aws_iam_user" "worker" {
  name = "worker"
}

resource "aws_iam_access_key" "worker" {
  user = aws_iam_user.worker.name
}

output "secret" {
  value     = aws_iam_access_key.worker.secret
  sensitive = true
}
"""
        },
    ),
)
