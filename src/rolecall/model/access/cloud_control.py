"""Resources of AWS that Terraform declares by the Cloud Control API (the provider awscc), as declarations of
CloudFormation's types.

The provider is made from CloudFormation's schemas: `awscc_`, the service in small letters, the resource and every
property in snake case
(https://github.com/hashicorp/terraform-provider-awscc/blob/main/internal/naming/naming.go); documents stay JSON text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache

from rolecall.catalog.entries import written
from rolecall.frontends.resource import Resource, Unit
from rolecall.frontends.values import Entry, Scalar, Sequence, Value
from rolecall.frontends.values import Mapping as MappingValue
from rolecall.source.patterns import late
from rolecall.source.records import replace

PREFIX = "awscc_"
_CATALOGS = ("aws.toml", "aws_secrets.toml", "aws_settings.toml", "lifecycle.toml", "transport.toml")
_TYPE = late(r"AWS::(\w+)::(\w+)")
_WORD = late(r"\b[A-Z][A-Za-z0-9]+\b")
#: Where a capital or a number begins a new word: after a small letter, and before the last of several capitals.
_BREAK = late(r"(?<=[a-z])(?=[A-Z0-9])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[0-9])(?=[A-Z][A-Z])")
_ATTRIBUTE = late(r"[a-z][a-z0-9_]*")
#: Properties whose members have names of their own.
_FREE = frozenset({"variables", "tags", "environment_variables", "parameters", "labels"})
#: What the provider writes as one word.
_ONE_WORD = {"CloudFormation": "Cloudformation", "CloudFront": "Cloudfront", "CloudWatch": "Cloudwatch", "FSx": "Fsx"}


def by_template_types(unit: Unit) -> Unit:
    """The unit, with its resources of that provider by the types that templates have for them."""
    if not any(resource.type.startswith(PREFIX) for resource in unit.resources):
        return unit
    return replace(unit, resources=tuple(map(_named, unit.resources)))


def _named(resource: Resource) -> Resource:
    type_ = _names()[0].get(resource.type) if resource.mode == "resource" else None
    if type_ is None:
        return resource
    body = _in_template(resource.body)
    return resource.seen_as(type_, body) if isinstance(body, MappingValue) else resource


def _in_template(value: Value) -> Value:
    if isinstance(value, Sequence):
        return replace(value, items=tuple(map(_in_template, value.items)))
    if not isinstance(value, MappingValue):
        return value
    entries = []
    for entry in value.entries:
        name = entry.name or ""
        if not _ATTRIBUTE.fullmatch(name):
            entries.append(entry)
            continue
        inner = entry.value if name in _FREE and isinstance(entry.value, MappingValue) else _in_template(entry.value)
        entries.append(Entry(Scalar(_property(name), entry.key.span), inner, entry.span))
    return replace(value, entries=tuple(entries))


def _property(attribute: str) -> str:
    return _names()[1].get(attribute) or "".join(part.capitalize() for part in attribute.split("_"))


@cache
def _names() -> tuple[Mapping[str, str], Mapping[str, str]]:
    """The types that the catalog knows by their names in the provider, and the properties by theirs."""
    text = "\n".join(map(written, _CATALOGS))
    types = {
        f"{PREFIX}{service.lower()}_{_snake(name)}": f"AWS::{service}::{name}" for service, name in _TYPE.findall(text)
    }
    return types, _by_attribute(_WORD.findall(text))


def _by_attribute(words: Iterable[str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for word in words:
        attribute = _snake(word)
        plain = "".join(part.capitalize() for part in attribute.split("_"))
        if word == plain or attribute not in found:
            found[attribute] = word
    return found


def _snake(name: str) -> str:
    for two, one in _ONE_WORD.items():
        name = name.replace(two, one)
    return re.sub(_BREAK.pattern, "_", name).lower()
