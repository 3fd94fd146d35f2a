"""Policy documents out of values: every statement with what is known of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rolecall.frontends.resource import Resource
from rolecall.frontends.terraform.json_text import decode_json
from rolecall.frontends.values import (
    Encoded,
    Entry,
    Mapping,
    Reference,
    Scalar,
    Sequence,
    Template,
    Unknown,
    Value,
    render,
)
from rolecall.model.fields import attributes
from rolecall.model.parts import Document, Statement

#: Reasons for which a text that is written out is no policy.
HALF_KNOWN = "the text is put together from parts that are not known"
NOT_JSON = "it is not a JSON policy"


def read_document(value: Value | None, bare: bool = False) -> Document | None:
    """The document that a value stands for; None where there is no value.  What cannot be read makes it incomplete.

    `bare` says that the value is a statement, or a list of them, with no document around.
    """
    if value is None:
        return None
    node = value if bare else _structure(value)
    if node is None:
        return Document((), False, value.span, _gap(value))
    gaps: list[str] = []
    statements: list[Statement] = []
    for item in _items(_member(node, "Statement") if isinstance(node, Mapping) and not bare else node):
        if isinstance(item, Mapping):
            statements.append(_statement(item))
        else:
            gaps.append(_gap(item))
    if not statements and not gaps:
        gaps.append("no statement is seen")
    return Document(tuple(statements), not gaps, node.span or value.span, gaps[0] if gaps else "")


def trust_of(resource: Resource, path: str) -> Document | None:
    """The trust policy that an attribute has, with the attribute's place."""
    for value, place in attributes(resource, path):
        document = read_document(value)
        return replace(document, place=place) if document is not None else None
    return None


def _structure(value: Value) -> Mapping | None:
    if isinstance(value, Mapping):
        return value
    if isinstance(value, Encoded) and value.encoding == "json":
        return value.inner if isinstance(value.inner, Mapping) else None
    decoded = decode_json(value)
    return decoded if isinstance(decoded, Mapping) else None


def _gap(value: Value) -> str:
    match value:
        case Unknown(reason=reason):
            return reason
        case Reference():
            return f"{render(value)} is not in the scanned code"
        case Template():
            return HALF_KNOWN
        case _:
            return NOT_JSON


def _member(node: Mapping, name: str) -> Value | None:
    for entry in node.entries:
        written = entry.name or ""
        if written == name or (len(written) == len(name) and written.lower() == name.lower()):
            return entry.value
    return None


def _items(value: Value | None) -> Iterator[Value]:
    if isinstance(value, Sequence):
        for item in value.items:
            yield from _items(item)
    elif isinstance(value, Scalar) and value.value is None:
        return
    elif value is not None:
        yield value


def _strings(value: Value | None) -> tuple[str, ...]:
    return tuple(render(item) for item in _items(value))


def _statement(node: Mapping) -> Statement:
    principals: list[tuple[str, str]] = []
    principal = _member(node, "Principal")
    not_principal = _member(node, "NotPrincipal")
    for entry in _pairs(principal if principal is not None else not_principal):
        principals.extend((entry.name or "", who) for who in _strings(entry.value))
    if principal is not None and not isinstance(principal, Mapping):
        principals.extend(("AWS", who) for who in _strings(principal))
    conditions = tuple(
        (operator.name or "${?}", key.name or "${?}", _strings(key.value))
        for operator in _pairs(_member(node, "Condition"))
        for key in _pairs(operator.value)
    )
    effect = _member(node, "Effect")
    return Statement(
        render(effect) if effect is not None else "Allow",
        _strings(_member(node, "Action")),
        _strings(_member(node, "NotAction")),
        _strings(_member(node, "Resource")),
        _strings(_member(node, "NotResource")),
        tuple(principals),
        conditions,
        node.span,
        not_principal is not None,
    )


def _pairs(value: Value | None) -> tuple[Entry, ...]:
    return value.entries if isinstance(value, Mapping) else ()
