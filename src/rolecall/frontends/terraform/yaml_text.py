"""YAML inside strings, read as `yamldecode` reads it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rolecall.frontends.terraform.conversion import NotKnown, Refused, number
from rolecall.frontends.terraform.kinds import seen_through
from rolecall.frontends.terraform.verbatim import Locate
from rolecall.frontends.values import Entry, Hop, Mapping, Scalar, Sequence, Value
from rolecall.source.patterns import late
from rolecall.source.text import SourceText

if TYPE_CHECKING:
    from rolecall.source.yaml import YamlNode

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"), False),
}
_RADIX = late(r"0(?:x[0-9a-fA-F]{1,15}|o[0-7]{1,20})\Z")
_DATE = late(r"\d{4}-\d\d-\d\d\Z", re.ASCII)


def decode_yaml(text: str, locate: Locate, via: tuple[Hop, ...]) -> Value:
    """The structure of one YAML document, its parts placed by `locate` (byte ranges of the text).

    Raises Refused where it is not YAML, NotKnown where it is too deep or too large.
    """
    from rolecall.source.yaml import load

    nodes, faults = load(SourceText("", text.encode("utf-8", "surrogatepass")))
    if any(fault.kind == "limit" for fault in faults):
        raise NotKnown("YAML is too large")
    if faults or len(nodes) > 1:
        raise Refused("not a YAML document")
    return seen_through(_value(nodes[0], locate), via) if nodes else Scalar(None, locate(0, 0), via)


def _plain(text: str) -> str | int | float | bool | None:
    """What an unquoted scalar stands for: Terraform goes by YAML 1.1 here, and takes a date for a point in time."""
    if text in _WORDS:
        return _WORDS[text]
    if _DATE.match(text):
        return f"{text}T00:00:00Z"
    if _RADIX.match(text):
        return int(text, 0)
    found = number(text) if text[:1] in "+-.0123456789" else None
    return text if found is None else found


def _value(node: YamlNode, locate: Locate) -> Value:
    from rolecall.source.yaml import YamlMapping, YamlScalar

    span = locate(node.start, node.end)
    if isinstance(node, YamlScalar):
        return Scalar(node.value if node.style or node.tag else _plain(node.value), span)
    if isinstance(node, YamlMapping):
        entries = (
            Entry(
                Scalar(pair.name, locate(pair.key.start, pair.key.end)),
                _value(pair.value, locate),
                locate(pair.start, pair.end),
            )
            for pair in node.effective()
            if pair.name is not None
        )
        return Mapping(tuple(entries), span)
    return Sequence(tuple(_value(item, locate) for item in node.items), span)
