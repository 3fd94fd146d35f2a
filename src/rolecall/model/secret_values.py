"""Secrets' values that stand in the code: a password, a token, a private key in the attribute that takes it.

The catalog says which attributes take one (catalog/entries.py, `secrets`).  The text of the value never leaves this
module.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from rolecall.catalog.entries import Entry
from rolecall.frontends.resource import Resource
from rolecall.frontends.values import Hop, Reference, Scalar, Template, Value, text, truth
from rolecall.model.fields import attributes, place_in
from rolecall.model.parts import SecretValue, Site
from rolecall.source.text import Span

#: Values that stand for something to be filled in, or name where the value is kept.
_FILLED_IN = re.compile(
    r"\A(?:<[^>]*>|\{\{.*\}\}|\$\{.*\}|#\{.*\}#?|\$\(.*\)|__\w+__|%\w+%|x{3,}|\*{3,})\Z", re.IGNORECASE
)
_PLAIN_PARAMETER = re.compile(r"\{\{resolve:ssm:")


def read_secret_values(
    resource: Resource, entry: Entry, site: Site, library: bool, resources: Mapping[str, Resource]
) -> Iterator[SecretValue]:
    """Every secret of one resource that people can read in the code or where it is deployed."""
    for field in entry.secrets:
        for path in field.path.split("|"):
            for value, attribute in attributes(resource, path):
                for form, hint, span, hops in _read(value, library, resources):
                    place = span or place_in(value, attribute) or resource.header
                    yield SecretValue(site, path, field.cls, form, hint, place, hops)


def _read(
    value: Value, library: bool, resources: Mapping[str, Resource]
) -> Iterator[tuple[str, str, Span | None, tuple[Hop, ...]]]:
    """Form, hint, place and hops of what a value shows."""
    if library and any(hop.kind == "variable" for hop in value.via):
        return
    if isinstance(value, Scalar) and isinstance(value.value, str | int):
        said = text(value) or ""
        if _PLAIN_PARAMETER.match(said):
            yield "plain", "", value.span, value.via
        elif said.strip() and not _FILLED_IN.match(said.strip()):
            yield "literal", f"{len(said)} characters", value.span, value.via
    elif isinstance(value, Reference):
        parameter = resources.get(value.target)
        if parameter is not None and parameter.mode == "parameter":
            yield from _parameter(parameter, value)
    elif isinstance(value, Template) and any(
        isinstance(part, Scalar) and _PLAIN_PARAMETER.search(text(part) or "") for part in value.parts
    ):
        yield "plain", "", value.span, value.via


def _parameter(parameter: Resource, value: Reference) -> Iterator[tuple[str, str, Span | None, tuple[Hop, ...]]]:
    """A template's parameter: one with a default has the secret in the code; one without NoEcho shows what it is given
    (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html).
    """
    default = parameter.get("Default")
    said = text(default) or ""
    if "SSM::Parameter" in (text(parameter.get("Type")) or ""):
        return
    if said.strip() and not _FILLED_IN.match(said.strip()):
        span = default.span if default is not None else None
        yield "literal", f"{len(said)} characters", span or parameter.span, value.via
    elif truth(parameter.get("NoEcho")) is not True:
        yield "shown", "", parameter.header, value.via
