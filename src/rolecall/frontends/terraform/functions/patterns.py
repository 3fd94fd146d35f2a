"""Regular expressions as RE2 reads them, run by an engine that backtracks: what could take long is not run."""

from __future__ import annotations

import functools
import re
import warnings
from typing import Any

from rolecall.frontends.terraform.conversion import MAX_ITEMS, MAX_STRING, NotKnown, Refused
from rolecall.frontends.terraform.functions.call import Call
from rolecall.frontends.values import Value
from rolecall.source.patterns import late

_MAX_PATTERN = 1000
#: Steps that a match may take in the worst case.
_MAX_WORK = 20_000_000
_CLASSES = {
    "alpha": "a-zA-Z",
    "digit": "0-9",
    "alnum": "0-9A-Za-z",
    "upper": "A-Z",
    "lower": "a-z",
    "space": r"\t\n\v\f\r ",
    "blank": r"\t ",
    "punct": r"!-/:-@\[-`{-~",
    "xdigit": "0-9A-Fa-f",
    "word": "0-9A-Za-z_",
    "cntrl": r"\x00-\x1f\x7f",
    "print": " -~",
    "graph": "!-~",
    "ascii": r"\x00-\x7f",
}
_POSIX = late(r"\[:(\^?)(\w+):\]")
#: What RE2 does not have, or Python reads otherwise.
_FOREIGN = late(r"\\(?:[1-9]|[pPQECRXkKGZ]|x\{)|\(\?(?:[=!]|<[=!]|P=|P>|[(#>R|]|[a-zA-Z-]*U)|[*+?}]\+")


def regex_call(call: Call) -> Value:
    """`regex(pattern, string)`: the first match; refused where there is none."""
    pattern, text = _arguments(call)
    found = pattern.search(text)
    if found is None:
        raise Refused("pattern does not match")
    return call.result(_captured(found))


def regexall_call(call: Call) -> Value:
    """`regexall(pattern, string)`: every match."""
    pattern, text = _arguments(call)
    found: list[Any] = []
    for match in pattern.finditer(text):
        found.append(_captured(match))
        if len(found) > MAX_ITEMS:
            raise NotKnown
    return call.result(found)


def _arguments(call: Call) -> tuple[re.Pattern[str], str]:
    if len(call.arguments) != 2:
        raise Refused("wrong number of arguments")
    text = call.string(1)
    return bounded_pattern(call.string(0), len(text)), text


def _captured(match: re.Match[str]) -> object:
    """The whole match; with groups the list of them, with named groups the map."""
    if match.re.groupindex:
        return match.groupdict()
    return list(match.groups()) if match.re.groups else match.group()


def replaced(text: str, pattern: str, replacement: str) -> str:
    """Every match replaced, `$1` and `${name}` in the replacement standing for groups."""
    compiled = bounded_pattern(pattern, len(text))
    size = 0

    def expand(match: re.Match[str]) -> str:
        nonlocal size
        new = re.sub(r"\$(?:(\$)|(\w+)|\{(\w+)\})", lambda part: _group(match, part), replacement)
        size += len(new)
        if size > MAX_STRING:
            raise NotKnown
        return new

    return compiled.sub(expand, text)


def _group(match: re.Match[str], part: re.Match[str]) -> str:
    if part.group(1):
        return "$"
    name = part.group(2) or part.group(3)
    try:
        return match.group(int(name) if name.isdigit() else name) or ""
    except (IndexError, ValueError):
        return ""


def bounded_pattern(pattern: str, length: int) -> re.Pattern[str]:
    """The pattern compiled, when a text of this length cannot keep it busy.

    Raises NotKnown where that is not sure, Refused where it is no pattern.
    """
    compiled, factors = _compiled(pattern)
    if (length + 1) ** factors > _MAX_WORK:
        raise NotKnown
    return compiled


@functools.lru_cache(maxsize=256)
def _compiled(pattern: str) -> tuple[re.Pattern[str], int]:
    if len(pattern) > _MAX_PATTERN or _FOREIGN.search(pattern):
        raise NotKnown
    source = _POSIX.sub(lambda match: _posix(match.group(1), match.group(2)), pattern)
    source = source.replace("(?<", "(?P<").replace("\\z", "\\Z")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree: Any = _parser().parse(source, re.ASCII)
            if not tree.state.flags & re.MULTILINE:
                source = _closed(source)
            compiled = re.compile(source, re.ASCII)
    except (re.error, RecursionError, OverflowError):
        raise Refused("not a valid pattern") from None
    anchored = source.startswith(("^", "\\A"))
    return compiled, _factors(list(tree), 0) + (0 if anchored else 1)


def _closed(source: str) -> str:
    """`$` is the end of the text in RE2, where Python also takes the place before a last newline."""
    return re.sub(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\$", lambda m: "\\Z" if m.group() == "$" else m.group(), source)


def _posix(negated: str, name: str) -> str:
    if negated or name not in _CLASSES:
        raise NotKnown
    return _CLASSES[name]


def _parser() -> Any:
    import re._parser as parser  # type: ignore[import-not-found]

    return parser


def _factors(items: list[Any], depth: int) -> int:
    """How many repetitions can each try every length: the exponent of the worst case.  Raises NotKnown for a repetition
    inside a repetition, whose worst case is exponential."""
    if depth > 30:
        raise NotKnown
    total = 0
    for at, (op, argument) in enumerate(items):
        name = str(op)
        if name in ("MAX_REPEAT", "MIN_REPEAT"):
            _, most, body = argument
            inner = list(body)
            if int(most) > 1 and _varies(inner, depth):
                raise NotKnown
            if int(most) > 1:
                if int(most) < 1 << 20 and int(most) * max(len(inner), 1) > 5000:
                    raise NotKnown
                total += 0 if _deterministic(inner, items[at + 1 :]) else 1
            else:
                total += _factors(inner, depth + 1)
        elif name == "SUBPATTERN":
            total += _factors(list(argument[-1]), depth + 1)
        elif name == "BRANCH":
            total += sum(_factors(list(branch), depth + 1) for branch in argument[1])
        elif name in ("ASSERT", "ASSERT_NOT", "GROUPREF", "GROUPREF_EXISTS"):
            raise NotKnown
    return total


def _varies(items: list[Any], depth: int) -> bool:
    """Whether the items can match in more than one way."""
    if depth > 30:
        return True
    for op, argument in items:
        name = str(op)
        if name in ("MAX_REPEAT", "MIN_REPEAT"):
            least, most, body = argument
            if int(least) != int(most) or _varies(list(body), depth + 1):
                return True
        elif name == "SUBPATTERN":
            if _varies(list(argument[-1]), depth + 1):
                return True
        elif name not in ("LITERAL", "NOT_LITERAL", "ANY", "IN", "RANGE", "CATEGORY"):
            return True
    return False


def _deterministic(body: list[Any], rest: list[Any]) -> bool:
    """Whether the repetition of one character class must end where the literal after it stands: no length to try."""
    if len(body) != 1 or not rest or str(rest[0][0]) != "LITERAL":
        return False
    literal = chr(rest[0][1])
    op, argument = body[0]
    if str(op) == "NOT_LITERAL":
        return bool(argument == ord(literal))
    if str(op) == "LITERAL":
        return bool(argument != ord(literal))
    if str(op) != "IN":
        return False
    negated = bool(argument) and str(argument[0][0]) == "NEGATE"
    inside = any(_holds(member, literal) for member in argument)
    return inside if negated else not inside


def _holds(member: Any, literal: str) -> bool:
    op, argument = str(member[0]), member[1]
    if op == "LITERAL":
        return bool(argument == ord(literal))
    if op == "RANGE":
        return bool(argument[0] <= ord(literal) <= argument[1])
    if op == "CATEGORY":
        kind = str(argument)
        plain = {"DIGIT": literal.isdigit(), "WORD": literal.isalnum() or literal == "_", "SPACE": literal.isspace()}
        found = plain[kind.rpartition("_")[2]]
        return not found if "_NOT_" in kind else found
    return False
