"""A role that another company's account may assume without an external id.

What it does
    Finds trust policies that let the account of a known vendor in without `sts:ExternalId`; and, less severe, those
    that let a whole account in and ask for nothing (an external id, an organisation, a second factor), where nothing
    else in the code says that the account is one's own.

Why it matters
    A vendor uses one account for all of its customers.  Without an external id one customer can have the vendor act in
    the account of another, by entering that one's role.

Fix
    Require the external id that the vendor shows for your account: `StringEquals` on `sts:ExternalId`.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy.trust import own_accounts, place_in, placed_trusts, strangers, vendors

RULE = Rule(
    "RC404",
    "vendor-without-external-id",
    "trust",
    "medium",
    "another company's account may assume a role without an external id",
    controls=("NIST 800-53 IA-9", "NIST 800-53 AC-20", "ISO 27001 A.5.19", "OWASP NHI3", "ATT&CK T1199"),
    level_now="L5·T",
    level_target="L5",
    equivalents={"kics": ("09c35abf-5852-4622-ac7a-b987b331232e", "85138beb-ce7c-4ca3-a09f-e8fbcc57ddd7")},
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each statement."""
    own = own_accounts(model)
    for site, document, statement in placed_trusts(model):
        span = place_in(site, document, statement)
        told = list(dict.fromkeys(vendors(statement)))
        if told:
            yield RULE.finding(
                f"{site.address} can be assumed by {' and '.join(told)} on behalf of any of its customers",
                span,
                site.address,
                identity=site.address,
                key=site.address,
                help="require the external id that the vendor gives you (sts:ExternalId)",
            )
            continue
        accounts = list(dict.fromkeys(strangers(statement, own)))
        if accounts:
            yield RULE.finding(
                f"{site.address} can be assumed by whoever account {' or '.join(accounts)} lets",
                span,
                site.address,
                severity="low",
                confidence="low",
                identity=site.address,
                key=site.address,
                help="name the role that assumes it; if the account is another company's, require an external id",
            )


BAD = (
    Example(
        "monitoring",
        {
            "main.tf": """\
resource "aws_iam_role" "monitoring" {
  name = "monitoring"
  assume_role_policy = jsonencode({ # <- RC404
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = "arn:aws:iam::464622532012:root" }
    }]
  })
}
"""
        },
    ),
    Example(
        "an account that nothing says anything of",
        {
            "stack.yaml": """\
Resources:
  Partner:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: # <- RC404
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal:
              AWS: arn:aws:iam::444455556666:root
            Action: sts:AssumeRole
"""
        },
    ),
)

GOOD = (
    Example(
        "with its external id",
        {
            "main.tf": """\
variable "external_id" {
  type = string
}

resource "aws_iam_role" "monitoring" {
  name = "monitoring"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = "arn:aws:iam::464622532012:root" }
      Condition = { StringEquals = { "sts:ExternalId" = var.external_id } }
    }]
  })
}
"""
        },
    ),
    Example(
        "the account itself",
        {
            "stack.yaml": """\
Resources:
  Operators:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal:
              AWS: !Sub arn:aws:iam::${AWS::AccountId}:root
            Action: sts:AssumeRole
"""
        },
    ),
)
