"""Functions of strings."""

from __future__ import annotations

import re
import unicodedata

from rolecall.frontends.terraform.conversion import MAX_STRING, NotKnown, Refused, to_text
from rolecall.frontends.terraform.functions import formatting, patterns
from rolecall.frontends.terraform.functions.call import Call, Function, pure
from rolecall.frontends.terraform.kinds import Splat, element_of
from rolecall.frontends.values import Mapping, Scalar, Sequence, Template, Value
from rolecall.source.patterns import late

_WORD = late(r"(?<!\w)(\w)")


def clusters(text: str) -> list[str]:
    """The characters of a string as a reader counts them: marks belong to what they stand on."""
    text = unicodedata.normalize("NFC", text)
    if text.isascii():
        return re.findall(r"\r\n|[\s\S]", text) if "\r\n" in text else list(text)
    found: list[str] = []
    for char in text:
        joins = unicodedata.combining(char) or char in "\u200d\ufe0f" or "\U0001f3fb" <= char <= "\U0001f3ff"
        if found and (joins or found[-1].endswith("\u200d") or (char == "\n" and found[-1] == "\r")):
            found[-1] += char
        else:
            found.append(char)
    return found


def _indent(spaces: int, text: str) -> str:
    if not 0 <= spaces <= 1000 or spaces * (text.count("\n") + 1) > MAX_STRING:
        raise Refused("indentation is too large")
    return text.replace("\n", "\n" + " " * spaces)


def _substr(text: str, offset: int, length: int) -> str:
    chars = clusters(text)
    if offset < 0:
        offset += len(chars)
        if offset < 0:
            raise Refused("offset is out of range")
    if length == 0 or offset >= len(chars):
        return ""
    return "".join(chars[offset:] if length < 0 else chars[offset : offset + length])


def _chomp(text: str) -> str:
    return re.sub(r"[\r\n]+\Z", "", text)


def _split(separator: str, text: str) -> list[str]:
    return clusters(text) if not separator else text.split(separator)


def _upper(text: str) -> str:
    """Character by character: ß has no capital of its own."""
    return "".join(char if len(char.upper()) > 1 else char.upper() for char in text)


def _lower(text: str) -> str:
    return "".join(char if len(char.lower()) > 1 else char.lower() for char in text)


def _title(text: str) -> str:
    return _WORD.sub(lambda match: match.group(1).upper(), text)


def _join(call: Call) -> Value:
    """A template where members are not known; the member itself where there is only one."""
    if len(call.arguments) < 2:
        raise Refused("a separator and a list are required")
    separator = call.string(0)
    if len(call.arguments) == 2 and isinstance(call.argument(1), Splat):
        return element_of(call.argument(1)) or call.unknown()
    members: list[Value] = [item for at in range(1, len(call.arguments)) for item in call.items(at)]
    if any(isinstance(item, (Sequence, Mapping)) for item in members):
        raise Refused("a list of strings is required")
    try:
        return call.result(_limited(separator.join([to_text(item) for item in members])))
    except NotKnown:
        pass
    if len(members) == 1:
        return members[0]
    parts: list[Value] = []
    for member in members:
        if parts and separator:
            parts.append(Scalar(separator, call.argument(0).span, call.argument(0).via))
        parts.append(member)
    return Template(tuple(parts), call.span)


def _limited(text: str) -> str:
    if len(text) > MAX_STRING:
        raise NotKnown
    return text


def _replace(call: Call) -> Value:
    if len(call.arguments) != 3:
        raise Refused("wrong number of arguments")
    text, search, replacement = call.string(0), call.string(1), call.string(2)
    if len(search) > 1 and search.startswith("/") and search.endswith("/"):
        return call.result(patterns.replaced(text, search[1:-1], replacement))
    if replacement and text.count(search) * len(replacement) > MAX_STRING:
        raise NotKnown
    return call.result(text.replace(search, replacement))


def _trimspace(call: Call) -> Value:
    """A template keeps its parts where its ends are literals: a heredoc around JSON mostly."""
    value = call.argument(0)
    if len(call.arguments) != 1:
        raise Refused("wrong number of arguments")
    if not isinstance(value, Template):
        return call.result(call.string(0).strip())
    first, *middle, last = value.parts if len(value.parts) > 1 else (*value.parts, *value.parts)
    if not middle and len(value.parts) < 2:
        return call.unknown()
    ends = [end.value if isinstance(end, Scalar) and isinstance(end.value, str) else None for end in (first, last)]
    start, end = (text.strip() if text else None for text in ends)
    if not start or not end:
        return call.unknown()
    return Template(
        (Scalar(start, first.span, first.via), *middle, Scalar(end, last.span, last.via)), call.span, value.via
    )


TABLE: dict[str, Function] = {
    "chomp": pure(_chomp, "s"),
    "endswith": pure(str.endswith, "ss"),
    "format": formatting.format_call,
    "formatlist": formatting.formatlist_call,
    "indent": pure(_indent, "is"),
    "join": _join,
    "lower": pure(_lower, "s"),
    "regex": patterns.regex_call,
    "regexall": patterns.regexall_call,
    "replace": _replace,
    "split": pure(_split, "ss"),
    "startswith": pure(str.startswith, "ss"),
    "strcontains": pure(str.__contains__, "ss"),
    "strrev": pure(lambda text: "".join(reversed(clusters(text))), "s"),
    "substr": pure(_substr, "sii"),
    "title": pure(_title, "s"),
    "trim": pure(str.strip, "ss"),
    "trimprefix": pure(str.removeprefix, "ss"),
    "trimspace": _trimspace,
    "trimsuffix": pure(str.removesuffix, "ss"),
    "upper": pure(_upper, "s"),
}
