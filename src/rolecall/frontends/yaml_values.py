"""YAML and JSON nodes as values, by the YAML 1.2 core schema.

So `on`, `yes` and `2012-10-17` are strings, `~` and `null` are null.  A number that would not come back as it was
written (`001234567890`, `1e999`) stays a string: it is an account id or a hash, and its digits matter.
"""

from __future__ import annotations

from rolecall.frontends.resource import Problem
from rolecall.frontends.values import Entry, Mapping, Scalar, Sequence, Template, Unknown, Value
from rolecall.source.patterns import late
from rolecall.source.text import SourceText
from rolecall.source.yaml import YamlMapping, YamlNode, YamlScalar, YamlSequence, load
from rolecall.source.yaml_template import pieces

_WORDS: dict[str, bool | None] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_INTEGER = late(r"[-+]?(?:0|[1-9][0-9]{0,17})\Z")
_RADIX = late(r"0(?:o[0-7]{1,20}|x[0-9a-fA-F]{1,15})\Z")
_FLOAT = late(r"[-+]?(?:\.[0-9]{1,17}|(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{0,17})?)(?:[eE][-+]?[0-9]{1,2})?\Z")
_TEMPLATED = "a template engine fills it in"


def read_documents(text: SourceText, tolerant: bool = False) -> tuple[list[YamlNode], list[Problem]]:
    """The root nodes of a file and what is wrong with it, as problems."""
    nodes, faults = load(text, tolerant)
    return nodes, [Problem(fault.kind, fault.message, fault.span) for fault in faults]


def plain_scalar(node: YamlScalar) -> str | int | float | bool | None:
    """What a scalar stands for.  Quoted and block scalars, and those tagged `!!str` or otherwise, are strings."""
    value = node.value
    if node.style or node.tag or len(value) > 32:
        return value
    if value in _WORDS:
        return _WORDS[value]
    if value[0] not in "+-.0123456789":
        return value
    if _INTEGER.match(value):
        return int(value)
    if _RADIX.match(value):
        return int(value, 0)
    if _FLOAT.match(value):
        return float(value)
    return value


def scalar_value(node: YamlScalar) -> Value:
    """A scalar with its span: a template of known and unknown parts where a template engine fills some of it in."""
    span = node.span
    if node.opaque:
        return Unknown("it lies beyond the limits of reading", (), span)
    if node.templated:
        found = pieces(node.value)
        if None not in found:
            found.append(None)  # the directives stood on lines of their own inside the text
        parts = tuple(
            Unknown(_TEMPLATED, (), span) if piece is None else Scalar(piece, span) for piece in found if piece != ""
        )
        return parts[0] if len(parts) == 1 else Template(parts, span)
    return Scalar(plain_scalar(node), span)


def key_value(node: YamlNode) -> Value:
    """A mapping's key: always a string, whatever it looks like."""
    if isinstance(node, YamlScalar) and not node.templated and not node.opaque:
        return Scalar(node.value, node.span)
    return to_value(node)


def to_value(node: YamlNode) -> Value:
    """A node and all below it; tags of the file's own (`!Ref`) are not interpreted.

    Aliases share the anchor's value.  Of a key written twice the last counts.
    """
    return _to_value(node, {})


def _to_value(node: YamlNode, done: dict[int, Value]) -> Value:
    if isinstance(node, YamlScalar):
        return scalar_value(node)
    value = done.get(id(node)) if node.anchor else None
    if value is None:
        if isinstance(node, YamlSequence):
            value = Sequence(tuple(_to_value(item, done) for item in node.items), node.span)
        else:
            value = Mapping(tuple(_entries(node, done)), node.span)
        if node.anchor:
            done[id(node)] = value
    return value


def _entries(node: YamlMapping, done: dict[int, Value]) -> list[Entry]:
    return [Entry(key_value(pair.key), _to_value(pair.value, done), pair.span) for pair in node.effective()]
