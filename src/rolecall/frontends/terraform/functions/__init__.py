"""The functions of the Terraform language, as tables by theme."""

from __future__ import annotations

from importlib import import_module

from rolecall.frontends.terraform.conversion import NotKnown, Refused
from rolecall.frontends.terraform.functions.call import Call, Function
from rolecall.frontends.terraform.kinds import Invalid, judged, unknown
from rolecall.frontends.values import Value

__all__ = ["NAMES", "Call", "call", "function_named"]

#: The functions of each theme; a theme's module is imported when one of them is called first.
_THEMES: dict[str, str] = {
    "collections": (
        "alltrue anytrue chunklist coalesce coalescelist compact concat contains distinct element flatten "
        "index keys length list lookup map matchkeys merge one range reverse setintersection setproduct "
        "setsubtract setunion slice sort transpose values zipmap"
    ),
    "dates": "formatdate plantimestamp timeadd timecmp timestamp",
    "encoding": (
        "base64decode base64encode base64gzip csvdecode jsondecode jsonencode textdecodebase64 "
        "textencodebase64 urlencode yamldecode yamlencode"
    ),
    "filesystem": "abspath basename dirname file filebase64 fileexists fileset pathexpand templatefile templatestring",
    "hashing": (
        "base64sha256 base64sha512 bcrypt filebase64sha256 filebase64sha512 filemd5 filesha1 filesha256 "
        "filesha512 md5 rsadecrypt sha1 sha256 sha512 uuid uuidv5"
    ),
    "ip": "cidrhost cidrnetmask cidrsubnet cidrsubnets",
    "numbers": "abs ceil floor log max min parseint pow signum sum",
    "strings": (
        "chomp endswith format formatlist indent join lower regex regexall replace split startswith "
        "strcontains strrev substr title trim trimprefix trimspace trimsuffix upper"
    ),
    "types": (
        "can ephemeralasnull issensitive nonsensitive sensitive tobool tolist tomap tonumber toset tostring try type"
    ),
}
_THEME_OF = {name: theme for theme, names in _THEMES.items() for name in names.split()}
#: Functions whose result tells something of an argument and hands nothing of it on.
_JUDGING = frozenset(
    {*_THEMES["hashing"].split(), "alltrue", "anytrue", "can", "contains", "endswith", "fileexists", "index"}
    | {"issensitive", "keys", "length", "startswith", "strcontains", "timecmp", "type"}
) - {"rsadecrypt"}
#: Every function of the language.
NAMES = frozenset(_THEME_OF)


def function_named(name: str) -> Function | None:
    """A function of the language; None where it has none of this name."""
    theme = _THEME_OF.get(name)
    if theme is None:
        return None
    table: dict[str, Function] = import_module(f"rolecall.frontends.terraform.functions.{theme}").TABLE
    return table[name]


def call(asked: Call) -> Value:
    """What a function returns; unknown where it is not one of Terraform's own."""
    function = function_named(asked.name.removeprefix("core::"))
    if function is None:
        reason = "belongs to a provider" if asked.name.startswith("provider::") else "does not exist"
        return unknown(f"function {asked.name} {reason}"[:200], asked.arguments, asked.span)
    try:
        value = function(asked)
    except NotKnown as reason:
        value = asked.unknown(str(reason))
    except Refused as refused:
        return Invalid(f"{asked.name}: {refused}", asked.arguments, asked.span)
    except (ValueError, ArithmeticError, LookupError, TypeError) as error:
        return Invalid(f"{asked.name}: {str(error)[:200]}", asked.arguments, asked.span)
    return judged(value) if asked.name in _JUDGING else value
