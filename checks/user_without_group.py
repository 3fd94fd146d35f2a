"""A user in no group, or a group with nobody in it.

What it does
    Finds IAM users that no code puts into a group, gives a policy or a key, or names in a resource's policy, and groups
    without members in code that declares users or memberships.

Why it matters
    Such a user has either no use, or rights that somebody gave it by hand and nobody reviews.  A group without members
    is waiting for whoever is put there.

Fix
    Put people into groups, or give them roles through IAM Identity Center; delete what is not used.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.parts import Grant, Identity
from rolecall.model.rule import Example, Rule

RULE = Rule(
    "RC205",
    "user-without-group",
    "identity-choice",
    "low",
    "a user is in no group, or a group has no members",
    confidence="low",
    controls=("NIST 800-53 AC-2", "CIS AWS 1.15", "PCI DSS 7.2.2", "ISO 27001 A.5.15"),
    level_now="L2",
    level_target="L4",
    equivalents={
        "checkov": ("CKV2_AWS_14", "CKV2_AWS_21"),
        "kics": (
            "fc101ca7-c9dd-4198-a1eb-0fbe92e80044",
            "8f957abd-9703-413d-87d3-c578950a753c",
            "06933df4-0ea7-461c-b9b5-104d27390e0e",
        ),
    },
)


#: What a user or a group is, rather than a call of a module that makes one.  (What a module makes, its callers use.)
_TYPES = frozenset({"aws_iam_user", "aws_iam_group", "AWS::IAM::User", "AWS::IAM::Group"})


def check(model: Model) -> Iterator[Finding]:
    """One finding for each user and each group, where all memberships of the unit can be told."""
    filled: set[str] = set()
    known = {identity.site.unit for identity in model.identities.values() if identity.kind == "aws:user"}
    unclear: set[str] = set()
    for grant in model.every_grant():
        if grant.how == "membership":
            filled.add(grant.policy)
            known.add(grant.site.unit)
            if _is_unclear(grant):
                unclear.add(grant.site.unit)
    seen: set[tuple[str, int]] = set()
    for identity in model.identities.values():
        site = identity.site
        if site.type not in _TYPES or site.calls or site.unit in unclear or site.declaration in seen:
            continue
        if identity.library and identity.gate is not None:
            continue
        if identity.kind == "aws:user" and not _has_a_use(model, identity):
            said = f"{site.address} is in no group and has no policy: what it may do is decided out of sight"
        elif identity.kind == "aws:group" and site.unit in known and not {identity.id, identity.label} & filled:
            said = f"no user is put into {site.address}"
        else:
            continue
        seen.add(site.declaration)
        yield RULE.finding(
            said,
            site.span,
            site.address,
            identity=site.address,
            key=f"{site.address} group",
            help="put people into groups or give them roles; delete what is not used",
        )


def _has_a_use(model: Model, user: Identity) -> bool:
    """Whether it is given something, has a key, or is named by the policy of a resource."""
    return bool(model.own_grants(user) or model.credentials_of(user) or model.mentions.get(user.id))


def _is_unclear(grant: Grant) -> bool:
    """Whether a membership may be of any user, or of any group; a block that is not there is a name too."""
    user = not grant.principal and "${" in grant.label and "aws_iam_user." not in grant.label
    return user or ("${" in grant.policy and "aws_iam_group." not in grant.policy)


BAD = (
    Example(
        "a user and a group",
        {
            "main.tf": """\
resource "aws_iam_user" "jane" { # <- RC205
  name = "jane.doe"
}

resource "aws_iam_group" "readers" { # <- RC205
  name = "readers"
}
"""
        },
    ),
    Example(
        "in a template",
        {
            "stack.yaml": """\
Resources:
  Readers: # <- RC205
    Type: AWS::IAM::Group
    Properties:
      GroupName: readers
  Jane: # <- RC205
    Type: AWS::IAM::User
    Properties:
      UserName: jane.doe
"""
        },
    ),
)

GOOD = (
    Example(
        "a member",
        {
            "main.tf": """\
resource "aws_iam_user" "jane" {
  name = "jane.doe"
}

resource "aws_iam_group" "readers" {
  name = "readers"
}

resource "aws_iam_group_membership" "readers" {
  name  = "readers"
  users = [aws_iam_user.jane.name]
  group = aws_iam_group.readers.name
}
"""
        },
    ),
    Example(
        "a group whose members are somewhere else",
        {
            "stack.yaml": """\
Resources:
  Readers:
    Type: AWS::IAM::Group
    Properties:
      GroupName: readers
"""
        },
    ),
)
