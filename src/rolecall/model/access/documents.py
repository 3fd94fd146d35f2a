"""Policy documents out of values: every statement with what is known of it."""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.frontends.resource import Resource
from rolecall.frontends.terraform.json_text import decode_json
from rolecall.frontends.terraform.kinds import OneOf, choices
from rolecall.frontends.terraform.loose_json import decode_loosely
from rolecall.frontends.values import (
    Encoded,
    Entry,
    Mapping,
    Reference,
    Sequence,
    Template,
    Unknown,
    Value,
    render,
    text,
)
from rolecall.model.access.choices import is_nothing, opened, ways
from rolecall.model.flow.fields import attributes
from rolecall.model.parts import Document, Statement
from rolecall.source.records import replace
from rolecall.source.text import Span

#: Reasons for which a text that is written out is no policy.
HALF_KNOWN = "the text is put together from parts that are not known"
NOT_JSON = "it is not a JSON policy"
#: How the reason ends for which a file is not read (frontends/terraform/functions/filesystem.py).
NOT_HERE = "is not in the scanned folder"
NO_STATEMENT = "no statement is seen"
#: The reason for which a policy that is known in each of its cases is not known for sure.
SEVERAL = "which of several ways is taken is not known"
#: A condition of which nothing is known.
UNKNOWN = ("${?}", "${?}", ("${?}",))


def read_document(value: Value | None, bare: bool = False) -> Document | None:
    """The document that a value stands for; None where there is no value.  What cannot be read makes it incomplete.

    `bare` says that the value is a statement, or a list of them, with no document around.  Where there may be one of
    several documents or statements, each is read and marked as possible.
    """
    if value is None or is_nothing(value) or text(value) == "":
        return None
    gaps: list[str] = []
    statements: list[Statement] = []
    span: Span | None = None
    for node, sure, gap in ((value, True, ""),) if bare else _structures(value):
        gaps.extend((gap,) if gap else ())
        if not bare and not isinstance(node, Mapping):
            continue
        span = span or node.span
        inside = _member(node, "Statement") if isinstance(node, Mapping) and not bare else node
        for item, certain in opened(inside, sure):
            if isinstance(item, Mapping):
                found = _statement(item, certain)
                statements.append(replace(found, doubt="text") if gap and not found.doubt else found)
            else:
                gaps.append(_gap(item))
    if any(statement.doubt == "case" for statement in statements):
        gaps.append(SEVERAL)
    if not statements and not gaps:
        gaps.append(NO_STATEMENT)
    return Document(tuple(statements), not gaps, span or value.span, gaps[0] if gaps else "")


def possibly(document: Document, sure: bool) -> Document:
    """A document that is there for sure, or in one of several ways."""
    if sure:
        return document
    statements = tuple(replace(statement, doubt="case") for statement in document.statements)
    return replace(document, statements=statements, complete=False, gap=document.gap or SEVERAL)


def trust_of(resource: Resource, path: str) -> Document | None:
    """The trust policy that an attribute has, with the attribute's place."""
    for value, place in attributes(resource, path):
        document = read_document(value)
        return replace(document, place=place) if document is not None else None
    return None


def _structures(value: Value) -> Iterator[tuple[Value, bool, str]]:
    """The objects that a value may be the text of, with what is wrong with the text; what is none as it is."""
    for one, sure in ways(value):
        inner = one.inner if isinstance(one, Encoded) and one.encoding == "json" else one
        if isinstance(inner, OneOf):
            yield from ((node, False, "" if isinstance(node, Mapping) else _gap(node)) for node, _ in ways(inner))
            continue
        decoded = inner if isinstance(inner, Mapping) else decode_json(one)
        if isinstance(decoded, Mapping):
            yield decoded, sure, ""
            continue
        meant = decode_loosely(one)
        seen = meant is not None and _member(meant, "Statement") is not None
        yield meant if meant is not None and seen else inner, sure, _gap(inner)


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


def _strings(value: Value | None, each: bool = False) -> tuple[str, ...]:
    """The strings of a list; with `each` every one that a member may be.

    A part of a string that may be one of several stays unknown: the name that it is a part of is one all the same.
    """
    return tuple(render(item) for item in (_each(value) if each else _flat(value)))


def _each(value: Value | None) -> Iterator[Value]:
    return (item for item, _ in opened(value))


def _flat(value: Value | None) -> Iterator[Value]:
    if isinstance(value, Sequence):
        for item in value.items:
            yield from _flat(item)
    elif value is not None and not is_nothing(value):
        yield value


def _statement(node: Mapping, sure: bool) -> Statement:
    """A statement.  Where it allows, an action, a resource or a principal that may be one of several is each of them;
    where it denies, it is none that is known.
    """
    effects = {render(one) for one, _ in opened(_member(node, "Effect"))} or {"Allow"}
    allows = "Allow" in effects
    action, resource = _member(node, "Action"), _member(node, "Resource")
    principal, not_principal = _member(node, "Principal"), _member(node, "NotPrincipal")
    principals = _principals(principal, allows) if principal is not None else _named(not_principal, False)
    choice = allows and any(_is_choice(part) for part in (action, resource, principal))
    several = choice or not sure or len(effects) > 1
    return Statement(
        "Allow" if allows else effects.pop() if len(effects) == 1 else "${?}",
        _strings(action, allows),
        _strings(_member(node, "NotAction")),
        _strings(resource, allows),
        _strings(_member(node, "NotResource")),
        tuple(principals),
        (*_conditions(_member(node, "Condition")), *_unseen(node)),
        node.span,
        not_principal is not None,
        "case" if several else "",
    )


def _principals(value: Value, each: bool) -> Iterator[tuple[str, str]]:
    for one, _ in ways(value) if each else ((value, True),):
        if isinstance(one, Mapping):
            yield from _named(one, each)
        else:
            yield from (("AWS", who) for who in _strings(one, each))


def _named(value: Value | None, each: bool) -> Iterator[tuple[str, str]]:
    return ((entry.name or "", who) for entry in _pairs(value) for who in _strings(entry.value, each))


def _is_choice(value: Value | None) -> bool:
    """Whether one of several ways decides what a value is."""
    if isinstance(value, Mapping):
        return any(_is_choice(entry.value) for entry in value.entries)
    return any(not sure for _, sure in opened(value))


def _conditions(value: Value | None) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for operator in _pairs(value):
        for key in _pairs(operator.value):
            # a key is often put together: `"${local.issuer}:sub"`
            yield operator.name or "${?}", key.name or render(key.key), _strings(key.value)
    if isinstance(value, OneOf) and all(_pairs(one) for one in choices(value)):
        yield UNKNOWN  # each way asks for something


def _unseen(node: Mapping) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """What members of a statement whose names are not known may ask for."""
    if any(entry.name is None for entry in node.entries):
        yield UNKNOWN


def _pairs(value: Value | None) -> tuple[Entry, ...]:
    return value.entries if isinstance(value, Mapping) else ()
