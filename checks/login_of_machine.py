"""A machine's user can sign in to the console.

What it does
    Finds IAM users with a login profile whose access key a workload takes, or whose name says that they are a
    machine's.

Why it matters
    A program needs no console.  The password is a second way in that nobody watches: no person changes it, has a second
    factor for it or leaves the company with it.  And where a person uses it, the trail no longer says who did what.

Fix
    Delete the login profile; give the program a role instead of the user, and the people who signed in as it their own
    way in (IAM Identity Center).
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding, Related
from rolecall.model.linking import Model
from rolecall.model.nature import USERS
from rolecall.model.parts import Fact, Identity
from rolecall.model.rule import Example, Rule

RULE = Rule(
    "RC507",
    "login-of-machine",
    "lifecycle",
    "medium",
    "a machine's user can sign in to the console",
    confidence="medium",
    controls=("NIST 800-53 IA-2", "NIST 800-53 AC-2(11)", "OWASP NHI10", "ATT&CK T1078.004"),
    level_now="L1",
    level_target="L5",
    equivalents={"checkov": ("CKV2_AWS_22",), "kics": ("9ec311bf-dfd9-421f-8498-0b063c8bc552",)},
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each machine's user with a login."""
    logins: dict[str, Fact] = {fact.name: fact for fact in model.facts["login-profile"]}
    seen: set[tuple[str, int]] = set()
    for identity in model.identities.values():
        login = logins.get(identity.id) or logins.get(identity.label)
        if identity.kind not in USERS or identity.site.declaration in seen:
            continue
        if login is None and not any("login profile" in evidence.seen for evidence in identity.evidence):
            continue
        reason = _reason(model, identity)
        if reason:
            seen.add(identity.site.declaration)
            site = login.site if login is not None and login.site is not None else identity.site
            yield RULE.finding(
                f"{identity.site.address} is a machine's ({reason}) and can sign in to the console",
                site.span if site is not identity.site else site.header,
                site.address,
                identity=identity.site.address,
                related=(Related(identity.site.header, "the user"),) if site is not identity.site else (),
                key=identity.site.address,
                help="delete the login profile, and give the program a role",
            )


def _reason(model: Model, identity: Identity) -> str:
    """What says that a user is a machine's; a key by itself does not, since people have them too."""
    for credential in model.credentials_of(identity):
        for workload in model.flow(credential).workloads:
            return f"its key is consumed by {workload.site.address}"
    return next((one.seen for one in identity.evidence if one.says == "machine" and "name" in one.seen), "")


BAD = (
    Example(
        "a function's user with a password",
        {
            "main.tf": """\
resource "aws_iam_user" "mailer" {
  name = "mailer"
}

resource "aws_iam_user_login_profile" "mailer" { # <- RC507
  user = aws_iam_user.mailer.name
}

resource "aws_iam_access_key" "mailer" {
  user = aws_iam_user.mailer.name
}

resource "aws_lambda_function" "mailer" {
  function_name = "mailer"
  role          = "arn:aws:iam::111122223333:role/mailer"
  environment {
    variables = {
      AWS_SECRET_ACCESS_KEY = aws_iam_access_key.mailer.secret
    }
  }
}
"""
        },
    ),
    Example(
        "a robot with a password",
        {
            "stack.yaml": """\
Resources:
  Robot: # <- RC507
    Type: AWS::IAM::User
    Properties:
      UserName: jenkins
      LoginProfile:
        Password: "{{resolve:secretsmanager:robot:SecretString:password}}"
"""
        },
    ),
)

GOOD = (
    Example(
        "a person with a key, and a machine without a login",
        {
            "main.tf": """\
resource "aws_iam_user" "alice" {
  name = "alice"
}

resource "aws_iam_user_login_profile" "alice" {
  user = aws_iam_user.alice.name
}

resource "aws_iam_access_key" "alice" {
  user = aws_iam_user.alice.name
}

resource "aws_iam_user" "jenkins" {
  name = "jenkins"
}
"""
        },
    ),
)
