"""Conditions that say who calls, or from where: whether a policy that names everybody still lets in only some.

Each key is judged by what a stranger can make of it.  An account, an organisation, a network of one's own cannot be
claimed; a role's name, a tag on a principal, a service that calls for anybody can.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html (the meaning of "public")
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rolecall.model.parts import Statement
from rolecall.policy.conditions import Condition
from rolecall.policy.patterns import has_symbol

#: Condition keys that tell which account or resource a service acts for.
SOURCES = ("aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths", "s3:resourceaccount")
_NEGATED = ("stringnot", "arnnot", "notipaddress", "numericnot", "datenot")
#: A network of which more addresses than this are let in is no network of one's own: a /8 at the widest.
_WIDEST = {4: 8, 6: 32}


def _open(value: str) -> bool:
    """Whether nothing is left of a value but wildcards and what every value has."""
    return set(value) <= set("*?") and value != ""


def _named(value: str) -> bool:
    return not value.startswith(("*", "?", "o-*", "vpc-*", "vpce-*"))


def _arn(value: str) -> bool:
    """Whether a pattern of ARNs holds to an account, or to a bucket, whose name is one in the world."""
    if has_symbol(value):
        return True
    parts = value.split(":", 5)
    if len(parts) < 6:
        return not value.startswith("*") and value.isdigit()
    service, account, rest = parts[2], parts[4], parts[5]
    return not _open(account) if account and service != "s3" else not rest.startswith("*")


def _network(value: str) -> bool:
    import ipaddress  # hardly ever needed, and slow to import

    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return True
    return network.prefixlen >= _WIDEST[network.version]


def _yes(value: str) -> bool:
    return value.lower() != "false"


#: What a value of each key must be like for a stranger to be kept out.
_PINS: dict[str, Callable[[str], bool]] = {
    "aws:principalorgid": _named,
    "aws:principalorgpaths": _named,
    "aws:principalaccount": _named,
    "aws:principalarn": _arn,
    "aws:principalisawsservice": _yes,
    "aws:principalservicename": _named,
    "aws:sourceaccount": _named,
    "aws:sourceowner": _named,
    "aws:sourcearn": _arn,
    "aws:sourceorgid": _named,
    "aws:sourceorgpaths": _named,
    "aws:sourcevpc": _named,
    "aws:sourcevpce": _named,
    "aws:vpceaccount": _named,
    "aws:vpceorgid": _named,
    "aws:vpceorgpaths": _named,
    "aws:sourceip": _network,
    "aws:userid": _named,
    "aws:ec2instancesourcevpc": _named,
    "ec2:sourceinstancearn": _arn,
    "elasticfilesystem:accessedviamounttarget": _yes,
    "events:creatoraccount": _named,
    "kms:calleraccount": _named,
    "lambda:eventsourcetoken": _named,
    "lambda:sourcefunctionarn": _arn,
    "s3:dataaccesspointaccount": _named,
    "s3:dataaccesspointarn": _arn,
    "sns:endpoint": _named,
}
#: Operators under which a star is a letter, so that a value with one is met by nobody.
_EXACT = ("stringequals", "stringequalsignorecase")


def pins(condition: Condition) -> bool:
    """Whether a condition keeps strangers out.

    Where the key is absent a condition with `…IfExists`, a negated one and one with `ForAllValues:` pass, and a caller
    without a name, or from elsewhere, has no such key.  A key that is not known may keep them out.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
    """
    operator, key, values = condition
    quantifier, _, plain = operator.lower().rpartition(":")
    if has_symbol(key):
        return True
    test = _PINS.get(key.lower())
    if test is None or quantifier == "forallvalues" or plain.endswith("ifexists") or plain.startswith(_NEGATED):
        return False
    if plain == "null" or not values:
        return False
    if plain in _EXACT:
        return True
    return all(test(value) for value in values)


def pinned(conditions: Iterable[Condition]) -> bool:
    """Whether a condition block keeps strangers out: all of its conditions have to hold, so one is enough."""
    return any(pins(condition) for condition in conditions)


def is_anybody(statement: Statement) -> bool:
    """Whether a statement names every principal of every account."""
    return any(kind in ("AWS", "*") and who == "*" for kind, who in statement.principals)


def keeps_strangers_out(deny: Statement) -> bool:
    """Whether a Deny is for everybody but callers of one's own.

    Its conditions are the other way round: they hold for whom it keeps out.
    """
    if deny.effect != "Deny" or not (deny.not_principals or is_anybody(deny)):
        return False
    if not deny.conditions:
        return deny.not_principals and not is_anybody(deny)
    turned = [_turned(condition) for condition in deny.conditions]
    return all(condition is not None for condition in turned) and any(c is not None and pins(c) for c in turned)


def _turned(condition: Condition) -> Condition | None:
    """The condition that lets in whom a Deny's condition does not hold for; None where none can be told."""
    operator, key, values = condition
    plain = operator.lower().rpartition(":")[2].removesuffix("ifexists")
    if plain.startswith(_NEGATED):
        return plain.replace("not", "", 1), key, values
    if plain == "bool" and key.lower().startswith("aws:"):
        return "bool", key, tuple("false" if value.lower() == "true" else "true" for value in values)
    return ("null", key, values) if plain == "null" else None
