"""An IAM user that a workload uses, whose key is made out of sight.

What it does
    Finds IAM users that are no persons (by name, path, tags, no login, no group of people) and have permissions, while
    the code shows no key of theirs: somebody makes the key by hand.  Users whose key the code mints are RC101 or RC105.

Why it matters
    A user is an identity for ever, with keys that do not expire.  A workload can take a role where it runs.

Fix
    Find where the key is used, give that workload a role with the same policies, and delete the user after the soak.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.nature import USERS, speaks, vendor_of_name
from rolecall.model.nouns import CLOUDS
from rolecall.model.rule import Example, Related, Rule

RULE = Rule(
    "RC201",
    "user-for-workload",
    "identity-choice",
    "medium",
    "an IAM user stands for a workload",
    confidence="medium",
    controls=(
        "NIST 800-53 IA-2",
        "NIST 800-53 IA-9",
        "NIST 800-53 AC-2",
        "CIS AWS 1.18",
        "PCI DSS 8.6.1",
        "OWASP NHI10",
        "ATT&CK T1136.003",
    ),
    level_now="L2",
    level_target="L5",
    equivalents={"checkov": ("CKV_AWS_273", "CKV_AWS_40")},
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each machine's user without a key in the code."""
    seen: set[tuple[str, int]] = set()
    for identity in model.identities.values():
        site = identity.site
        if identity.kind not in USERS or identity.nature != "machine" or site.declaration in seen:
            continue
        if model.credentials_of(identity) or not model.own_grants(identity):
            continue
        if identity.gate is not None and identity.gate.open is not True:
            continue
        if speaks("break_glass", identity.label, site.name):
            continue
        seen.add(site.declaration)
        reason = next((e.seen for e in identity.evidence if e.says == "machine"), "it has permissions and no login")
        vendor = vendor_of_name(identity.label, site.name) if identity.cloud != "aws" else ""
        kind = "IAM" if identity.cloud == "aws" else CLOUDS[identity.cloud]
        yield RULE.finding(
            f"{kind} user {identity.label} stands for a workload ({reason}); its key is made out of sight",
            site.span,
            site.address,
            severity="low" if vendor else RULE.severity,
            identity=site.address,
            related=tuple(
                Related(e.span, e.seen) for e in identity.evidence if e.span is not None and e.span != site.header
            )[:4],
            key=site.address,
            help=f"ask {vendor} for a way without a key; until then narrow its groups and rotate the key"
            if vendor
            else "find where its key is used, give that workload a role",
        )


BAD = (
    Example(
        "a deployer",
        {
            "main.tf": """\
resource "aws_iam_user" "deployer" { # <- RC201
  name = "ci-deployer"
}

resource "aws_iam_user_policy_attachment" "deployer" {
  user       = aws_iam_user.deployer.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonS3FullAccess"
}
"""
        },
    ),
    Example(
        "a template's user",
        {
            "stack.yaml": """\
Resources:
  Deployer: # <- RC201
    Type: AWS::IAM::User
    Properties:
      UserName: ci-deployer
      ManagedPolicyArns:
        - arn:aws:iam::aws:policy/AmazonS3FullAccess
"""
        },
    ),
    Example(
        "an OCI user for a vendor",
        {
            "main.tf": """\
resource "oci_identity_user" "metrics" { # <- RC201
  compartment_id = var.tenancy_ocid
  name           = "grafana-metrics-reader"
  description    = "reads metrics"
}

resource "oci_identity_group" "metrics" {
  compartment_id = var.tenancy_ocid
  name           = "metrics-readers"
  description    = "reads metrics"
}

resource "oci_identity_user_group_membership" "metrics" {
  user_id  = oci_identity_user.metrics.id
  group_id = oci_identity_group.metrics.id
}

variable "tenancy_ocid" {}
"""
        },
    ),
)

GOOD = (
    Example(
        "a person",
        {
            "main.tf": """\
resource "aws_iam_user" "jo" {
  name = "jo"
}

resource "aws_iam_user_login_profile" "jo" {
  user    = aws_iam_user.jo.name
  pgp_key = "keybase:jo"
}

resource "aws_iam_user_group_membership" "jo" {
  user   = aws_iam_user.jo.name
  groups = ["engineers"]
}
"""
        },
    ),
)
