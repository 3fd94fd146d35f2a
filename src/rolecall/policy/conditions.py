"""Condition blocks: whether one holds for a request, and how much one narrows a grant.

The rules are those of the IAM reference: values of a key are alternatives, keys and operators all have to hold; a key
that is absent fails a condition, but with `…IfExists`, with a negated operator and with `ForAllValues:` it passes.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Literal

from rolecall.policy.patterns import covers, has_symbol, meet

#: (operator, key, values), as a statement has it.
Condition = tuple[str, str, tuple[str, ...]]
#: What is known of a request: lower-case keys with their values, () for a key that is not there.
Context = Mapping[str, tuple[str, ...]]
Narrowing = Literal["none", "soft", "hard"]

#: Keys that hold for almost every call, or say how it is made rather than who makes it and on what.
SOFT_KEYS = (
    "aws:requestedregion",
    "aws:securetransport",
    "aws:multifactorauthpresent",
    "aws:multifactorauthage",
    "aws:useragent",
    "aws:referer",
    "aws:currenttime",
    "aws:epochtime",
    "aws:tokenissuetime",
    "s3:signatureversion",
    "s3:signatureage",
    "s3:authtype",
    "s3:tlsversion",
    "s3:x-amz-acl",
    "s3:x-amz-server-side-encryption",
    "s3:max-keys",
    "s3:delimiter",
)
#: Keys that are part of every request of their kind, so that `IfExists` changes nothing.
ALWAYS_THERE = ("iam:passedtoservice", "aws:principalarn", "aws:principalaccount", "aws:principaltype")


def holds(condition: Condition, context: Context) -> bool | None:
    """Whether a condition holds in a context; None where the context, or an unknown value, leaves it open."""
    operator, key, values = condition
    quantifier, colon, plain = operator.rpartition(":")
    plain = (plain if colon else operator).lower()
    present = context.get(key.lower())
    if plain == "null":
        return _null(values, present)
    optional = plain.endswith("ifexists")
    plain = plain.removesuffix("ifexists")
    test = _TESTS.get(plain.replace("not", "", 1) if plain in _NEGATED else plain)
    if test is None:
        return None
    if present is None:
        never = plain == "stringequals" and not optional and quantifier.lower() != "forallvalues"
        return False if never and never_equal(key, values) else None
    negated = plain in _NEGATED
    if not present:
        return optional or negated or quantifier.lower() == "forallvalues"
    answers = [_any(test(value, item) for value in values) for item in present]
    if negated:
        answers = [None if answer is None else not answer for answer in answers]
    return _any(answers) if quantifier.lower() == "foranyvalue" else _all(answers)


def never_equal(key: str, values: tuple[str, ...]) -> bool:
    """Whether `StringEquals` asks for a star: it takes a star for itself, and only a tag's value could be one."""
    return bool(values) and "tag" not in key.lower() and all("*" in value and not has_symbol(value) for value in values)


def all_hold(conditions: Iterable[Condition], context: Context) -> bool | None:
    """Whether a whole condition block holds."""
    return _all(holds(condition, context) for condition in conditions)


def narrowing(conditions: Iterable[Condition], ignore: tuple[str, ...] = ()) -> Narrowing:
    """How much a condition block narrows what a statement allows: hard where it says who or on what.

    `ignore` are keys (lower case) that the question has taken into account already.
    """
    found: Narrowing = "none"
    for condition in conditions:
        if condition[1].lower() in ignore:
            continue
        if not is_soft(condition):
            return "hard"
        found = "soft"
    return found


def is_soft(condition: Condition) -> bool:
    """Whether a condition leaves (nearly) every request through.

    That a resource has a tag narrows, whatever the tag's value; that it has not does not.
    """
    operator, key, values = condition
    plain = operator.rpartition(":")[2].lower()
    lowered = key.lower()
    if lowered in SOFT_KEYS:
        return True
    tagged = "resourcetag/" in lowered
    if plain == "null":
        return not (tagged and values == ("false",))
    if operator.lower().startswith("forallvalues"):
        return True
    if plain.endswith("ifexists") and lowered not in ALWAYS_THERE:
        return True
    if plain.removesuffix("ifexists") in _NEGATED:
        return True
    if "like" in plain:
        return not tagged and any(set(value) <= {"*"} and value for value in values)
    if plain.startswith("ipaddress"):
        return any(value in ("0.0.0.0/0", "::/0") for value in values)
    return False


def _any(answers: Iterable[bool | None]) -> bool | None:
    found: bool | None = False
    for answer in answers:
        if answer:
            return True
        if answer is None:
            found = None
    return found


def _all(answers: Iterable[bool | None]) -> bool | None:
    found: bool | None = True
    for answer in answers:
        if answer is False:
            return False
        if answer is None:
            found = None
    return found


def _null(values: tuple[str, ...], present: tuple[str, ...] | None) -> bool | None:
    if present is None:
        return None
    wanted = {value.lower() for value in values}
    return bool(present) is ("false" in wanted) if wanted <= {"true", "false"} and len(wanted) == 1 else None


def _equal(value: str, item: str) -> bool | None:
    if has_symbol(value) or has_symbol(item):
        return None
    return value == item


def _fold(value: str, item: str) -> bool | None:
    return _equal(value.lower(), item.lower())


def _like(value: str, item: str) -> bool | None:
    if covers(value, item):
        return True
    return None if (has_symbol(value) or has_symbol(item)) and meet(value, item) else False


def _arn(value: str, item: str) -> bool | None:
    """Each of the six parts by itself, so that a star does not reach over a colon; the last part is the rest."""
    if has_symbol(value) or has_symbol(item):
        return True if covers(value, item) and value == item else None
    wanted, found = value.split(":", 5), item.split(":", 5)
    return len(wanted) == len(found) and all(covers(one, other) for one, other in zip(wanted, found, strict=True))


def _number(compare: Callable[[float, float], bool]) -> Callable[[str, str], bool | None]:
    def test(value: str, item: str) -> bool | None:
        try:
            return compare(float(item), float(value))
        except ValueError:
            return None

    return test


def _moment(text: str) -> float:
    if text.replace(".", "", 1).isdigit():
        return float(text)
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _date(compare: Callable[[float, float], bool]) -> Callable[[str, str], bool | None]:
    def test(value: str, item: str) -> bool | None:
        try:
            return compare(_moment(item), _moment(value))
        except (ValueError, OverflowError):
            return None

    return test


def _ip(value: str, item: str) -> bool | None:
    import ipaddress  # hardly ever needed, and slow to import

    try:
        return ipaddress.ip_address(item) in ipaddress.ip_network(value, strict=False)
    except ValueError:
        return None


def _compare(
    name: str, make: Callable[[Callable[[float, float], bool]], Callable[[str, str], bool | None]]
) -> dict[str, Callable[[str, str], bool | None]]:
    return {
        f"{name}equals": make(lambda a, b: a == b),
        f"{name}lessthan": make(lambda a, b: a < b),
        f"{name}lessthanequals": make(lambda a, b: a <= b),
        f"{name}greaterthan": make(lambda a, b: a > b),
        f"{name}greaterthanequals": make(lambda a, b: a >= b),
    }


_TESTS: dict[str, Callable[[str, str], bool | None]] = {
    "stringequals": _equal,
    "stringequalsignorecase": _fold,
    "stringlike": _like,
    "arnequals": _arn,
    "arnlike": _arn,
    "bool": _fold,
    "binaryequals": _equal,
    "ipaddress": _ip,
    **_compare("numeric", _number),
    **_compare("date", _date),
}
_NEGATED = frozenset(
    {
        "stringnotequals",
        "stringnotequalsignorecase",
        "stringnotlike",
        "arnnotequals",
        "arnnotlike",
        "numericnotequals",
        "datenotequals",
        "notipaddress",
    }
)
