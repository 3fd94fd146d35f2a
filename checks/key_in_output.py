"""A secret key in an output.

What it does
    Finds root outputs of Terraform that are not marked sensitive, and outputs of CloudFormation, that carry the secret
    half of a minted key.  (A sensitive output is named by the finding of the key itself.)

Why it matters
    A CloudFormation output is readable by everybody who may describe the stack; a Terraform output that is not marked
    sensitive lands in logs; and both are an open door through which readers outside this code take the key unseen.

Fix
    Find who reads the output, move them to a role, then replace the output by the role's ARN.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.declaration import Declaration, declarations
from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.nouns import secret, short
from rolecall.model.rule import Example, Related, Rule

RULE = Rule(
    "RC106",
    "key-in-output",
    "static-credential",
    "high",
    "an output carries a secret access key",
    controls=("NIST 800-53 IA-5(7)", "NIST 800-53 SC-28", "ISO 27001 A.8.12", "OWASP NHI2", "ATT&CK T1552"),
    level_now="L2·X",
    level_target="L5",
)

OUTPUTS = ("tf-output", "cfn-output", "cfn-export")


def check(model: Model) -> Iterator[Finding]:
    """One finding for each output that carries a secret."""
    seen: set[tuple[str, int]] = set()
    for declaration in declarations(model):
        for one in (Declaration(model, (credential,)) for credential in declaration.credentials):
            for end in one.flow.stores:
                store = end.store
                if store.kind not in OUTPUTS or end.steps[0].attribute == "id" or store.site.declaration in seen:
                    continue
                seen.add(store.site.declaration)
                if "pgp" in one.first.marks or (store.kind == "tf-output" and store.sensitive):
                    continue  # the key's own finding names it as a place where it is handed over
                yield RULE.finding(
                    f"output {store.site.name} carries the {secret(one.first)} of {one.label}",
                    store.site.span,
                    store.site.address,
                    severity="low" if "rotated" in one.first.marks else RULE.severity,
                    identity=one.owner.site.address if one.owner else "",
                    related=() if one.at_call else (Related(one.first.span, f"the {short(one.first)} is minted here"),),
                    key=store.site.name,
                    help="move its readers to a role, then drop the output",
                )


BAD = (
    Example(
        "an output in clear",
        {
            "main.tf": """\
resource "aws_iam_user" "u" {
  name = "u"
}

resource "aws_iam_access_key" "u" {
  user = aws_iam_user.u.name
}

output "key" { # <- RC106
  value = "${aws_iam_access_key.u.id}:${aws_iam_access_key.u.secret}"
}
"""
        },
    ),
    Example(
        "a client secret in clear",
        {
            "main.tf": """\
resource "azuread_application" "agent" {
  display_name = "agent"
}

resource "azuread_application_password" "agent" {
  application_id = azuread_application.agent.id
}

output "secret" { # <- RC106
  value = azuread_application_password.agent.value
}
"""
        },
    ),
    Example(
        "a stack's output",
        {
            "stack.yaml": """\
Resources:
  User:
    Type: AWS::IAM::User
  Key:
    Type: AWS::IAM::AccessKey
    Properties:
      UserName: !Ref User
Outputs:
  Secret: # <- RC106
    Value: !GetAtt Key.SecretAccessKey
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

resource "google_service_account_key" "app" {
  service_account_id = google_service_account.app.name
}

output "key" { # <- RC106
  value = google_service_account_key.app.private_key
}

resource "oci_identity_user" "ci" {
  compartment_id = "ocid1.tenancy.oc1..example"
  name           = "ci"
  description    = "deploys"
}

resource "oci_identity_auth_token" "ci" {
  description = "registry"
  user_id     = oci_identity_user.ci.id
}

output "token" { # <- RC106
  value = oci_identity_auth_token.ci.token
}
"""
        },
    ),
)

GOOD = (
    Example(
        "only the id",
        {
            "main.tf": """\
resource "aws_iam_user" "u" {
  name = "u"
}

resource "aws_iam_access_key" "u" {
  user = aws_iam_user.u.name
}

output "key_id" {
  value = aws_iam_access_key.u.id
}
"""
        },
    ),
)
