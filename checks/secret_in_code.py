"""A password, a token or a private key stands in the code.

What it does
    Finds attributes that take a secret's value (a database's master password, a broker's users, a directory's password)
    and are given one in the text: written there, as the default of a variable or parameter, or through a parameter that
    shows what it is given.

Why it matters
    Whoever may read the repository, its history or the deployed template has the secret, and nobody can tell who used
    it.  It is changed by a commit, so it is not changed.

Fix
    Let the service keep and rotate the secret itself where it can (`manage_master_user_password`, an identity instead
    of a password); else read it from a secret store when it is deployed.  Then change the value: it is in the history.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Related, Rule

RULE = Rule(
    "RC107",
    "secret-in-code",
    "static-credential",
    "high",
    "a secret's value stands in the code",
    controls=("NIST 800-53 IA-5(7)", "OWASP NHI2", "OWASP NHI7", "ATT&CK T1552.001"),
    level_now="L1",
    level_target="L3",
)
_SAYS = {
    "literal": ("high", "has its {what} written in the code"),
    "shown": (
        "medium",
        "takes its {what} from a parameter without NoEcho, which shows it to all who see the stack",
    ),
    "plain": ("medium", "takes its {what} from a parameter that is kept unencrypted"),
}
_WHAT = {"password": "password", "token": "token", "api-key": "API key", "client-secret": "client secret"}
_HELP = "let the service manage the secret, or read it from a secret store; change the value, which is in the history"


def check(model: Model) -> Iterator[Finding]:
    """One finding for each attribute that is given a readable secret."""
    seen: set[tuple[str, int, str]] = set()
    for value in model.secret_values:
        place = (value.span.path, value.span.start, value.site.address)
        if place in seen:
            continue
        seen.add(place)
        severity, says = _SAYS[value.form]
        what = _WHAT.get(value.cls, value.cls.replace("-", " "))
        yield RULE.finding(
            f"{value.site.address} {says.format(what=what)}" + (f" ({value.hint})" if value.hint else ""),
            value.span,
            value.site.address,
            severity=severity,
            related=tuple(Related(hop.span, f"through {hop.address}") for hop in value.hops[:4]),
            key=f"{value.site.address} {value.path}",
            help=_HELP,
        )


BAD = (
    Example(
        "a database's master password",
        {
            "main.tf": """\
resource "aws_db_instance" "main" {
  identifier = "main"
  username   = "app"
  password   = "correct-horse-battery-staple" # <- RC107
}
"""
        },
    ),
    Example(
        "the default of a template's parameter",
        {
            "stack.yaml": """\
Parameters:
  Password:
    Type: String
    NoEcho: true
    Default: correct-horse-battery-staple # <- RC107
Resources:
  Database:
    Type: AWS::RDS::DBInstance
    Properties:
      MasterUserPassword: !Ref Password
"""
        },
    ),
)

GOOD = (
    Example(
        "the service manages it, or it is given from outside",
        {
            "main.tf": """\
variable "password" {
  sensitive = true
}

resource "aws_db_instance" "main" {
  identifier                  = "main"
  username                    = "app"
  manage_master_user_password = true
}

resource "aws_db_instance" "other" {
  identifier = "other"
  username   = "app"
  password   = var.password
}
"""
        },
    ),
    Example(
        "a dynamic reference",
        {
            "stack.yaml": """\
Parameters:
  Password:
    Type: String
    NoEcho: true
Resources:
  Database:
    Type: AWS::RDS::DBInstance
    Properties:
      MasterUserPassword: "{{resolve:secretsmanager:database:SecretString:password}}"
  Other:
    Type: AWS::RDS::DBInstance
    Properties:
      MasterUserPassword: !Ref Password
"""
        },
    ),
)
