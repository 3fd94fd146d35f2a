"""Strings made of parts: joined, cut at `${…}`, and searched for dynamic references (`{{resolve:…}}`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from rolecall.frontends.values import Hop, Reference, Scalar, Template, Unknown, Value, is_known, render, text
from rolecall.source.text import SourceText, Span
from rolecall.source.yaml import YamlScalar

#: Bytes of text that one expression may make.
MAX_TEXT = 1024 * 1024
#: Parts of one string.
MAX_PARTS = 5_000

_PLACEHOLDER = re.compile(r"\$\{([^{}]*)\}")
_OPENING = "{{resolve:"
_SECRET_ARN = re.compile(r"(arn:[^:]*:secretsmanager:[^:]*:[^:]*:secret:[^:]+)(?::(.*))?\Z", re.DOTALL)
_ARN_NAME = re.compile(r"\Aarn:[^:]*:secretsmanager:[^:]*:[^:]*:secret:(.+)\Z", re.DOTALL)
_ARN_SUFFIX = re.compile(r"-(?=[A-Za-z]*[0-9A-Z])[A-Za-z0-9]{6}\Z")
_PARAMETER_ARN = re.compile(r"\Aarn:[^:]*:ssm:[^:]*:[^:]*:parameter(/.+)\Z", re.DOTALL)
_HOLE = re.compile("\ue000(\\d+)\ue001")
#: What of a store's resource a dynamic reference to it reads.
_READ_FROM = {"secretsmanager": "SecretString", "ssm": "Value", "ssm-secure": "Value"}


def pieces_of(node: YamlScalar, source: SourceText) -> Iterator[tuple[str, bool, Span]]:
    """The text of a `Fn::Sub` cut at its placeholders: text, whether it names something, and where it is written.

    `${!Name}` is the text `${Name}`.
    """
    raw_at = node.content_start
    at = 0
    value = node.value
    for found in _PLACEHOLDER.finditer(value):
        raw = source.data.find(found[0].encode(), raw_at, node.end)
        start, end = (raw, raw + len(found[0].encode())) if raw != -1 else (node.start, node.end)
        if found.start() > at:
            between = (raw_at, raw) if raw != -1 and raw > raw_at else (node.start, node.end)
            yield value[at : found.start()], False, source.span(*_verbatim(source, *between, value[at : found.start()]))
        name = found[1].strip()
        if name.startswith("!"):
            yield "${" + name[1:] + "}", False, source.span(start, end)
        else:
            yield name, True, source.span(start, end)
        at = found.end()
        raw_at = end if raw != -1 else raw_at
    if at < len(value):
        yield value[at:], False, source.span(*_verbatim(source, raw_at, node.end, value[at:]))


def _verbatim(source: SourceText, start: int, end: int, piece: str) -> tuple[int, int]:
    """The byte range of a piece inside a wider one, where it is written there as it is (no escapes, no folding)."""
    encoded = piece.encode("utf-8", "surrogatepass")
    at = source.data.find(encoded, start, end)
    return (at, at + len(encoded)) if at != -1 else (start, end)


def joined(parts: Iterable[Value], span: Span, source: SourceText) -> Value:
    """Several values as one string.

    One part is itself; all known make a scalar that keeps their hops; else a template.  Dynamic references inside
    become references.
    """
    flat: list[Value] = []
    size = 0
    for part in parts:
        for piece in _flat(part):
            known = text(piece)
            if known == "":
                if piece.via:
                    flat.append(piece)
                continue
            size += len(known or "")
            flat.append(piece)
        if len(flat) > MAX_PARTS or size > MAX_TEXT:
            return Unknown("the text is too long", (), span)
    flat = list(resolved(flat, span, source))
    if not flat:
        return Scalar("", span)
    if len(flat) == 1:
        only = flat[0]
        return replace(only, value=text(only)) if isinstance(only, Scalar) else only
    words = [text(part) for part in flat]
    if None in words:
        return Template(tuple(flat), span)
    return Scalar("".join(word or "" for word in words), span, merged_hops(flat))


def _flat(part: Value) -> tuple[Value, ...]:
    if not isinstance(part, Template):
        return (part,)
    return tuple(replace(piece, via=piece.via + part.via) for piece in part.parts) if part.via else part.parts


def merged_hops(values: Iterable[Value]) -> tuple[Hop, ...]:
    """The hops of several values, each once, in order."""
    return tuple(dict.fromkeys(hop for value in values for hop in value.via))


def resolved(parts: Iterable[Value], span: Span, source: SourceText) -> Iterator[Value]:
    """The parts of a string with every dynamic reference in them made a reference."""
    inside: list[Value] | None = None
    opened: tuple[Span | None, str, int] = (None, "", 0)
    for part in parts:
        known = part.value if isinstance(part, Scalar) else None
        if not isinstance(known, str):
            if inside is None:
                yield part
            else:
                inside.append(part)
            continue
        at = 0
        while True:
            if inside is None:
                found = known.find(_OPENING, at)
                if found == -1:
                    if at == 0:
                        yield part
                    elif at < len(known):
                        yield _cut(part, known, at, len(known), source)
                    break
                if found > at:
                    yield _cut(part, known, at, found, source)
                opened = (part.span, known, found)
                inside, at = [], found + len(_OPENING)
            else:
                found = known.find("}}", at)
                if found == -1:
                    inside.append(_cut(part, known, at, len(known), source))
                    break
                if found > at:
                    inside.append(_cut(part, known, at, found, source))
                where = _place(opened[0], known, opened[2], found + 2, source) if opened[1] is known else span
                yield dynamic_reference(inside, where or span)
                inside, at = None, found + 2
    if inside is not None:
        yield Scalar(_OPENING, span)
        yield from inside


def _cut(part: Value, known: str, start: int, end: int, source: SourceText) -> Value:
    return Scalar(known[start:end], _place(part.span, known, start, end, source), part.via)


def _place(span: Span | None, known: str, start: int, end: int, source: SourceText) -> Span | None:
    """The span of a part of a text, where the file writes the text as it is; else that of the whole."""
    if span is None or span.path != source.path:
        return span
    encoded = known.encode("utf-8", "surrogatepass")
    at = source.data.find(encoded, span.start, span.end)
    if at == -1:
        return span
    first = at + len(known[:start].encode("utf-8", "surrogatepass"))
    return source.span(first, first + len(known[start:end].encode("utf-8", "surrogatepass")))


def dynamic_reference(parts: list[Value], span: Span) -> Value:
    """What `{{resolve:…}}` points at, from the parts of what stands behind the first colon.

    A store named by text is `ssm:NAME` or `secretsmanager:NAME`, with the JSON key as the attribute.  One that this
    code declares is that resource, with what is read of it (`SecretString.password`, `Value`).
    """
    written = "".join(
        f"\ue000{place}\ue001" if (known := text(part)) is None else known for place, part in enumerate(parts)
    )
    service, _, rest = written.partition(":")
    if service not in _READ_FROM:
        unknown = tuple(part for part in parts if not is_known(part))
        return Unknown("the dynamic reference is of an unknown kind", unknown, span)
    via = merged_hops(parts)
    if service == "secretsmanager":
        arn = _SECRET_ARN.match(rest)
        name, _, tail = (arn[1], "", arn[2] or "") if arn else rest.partition(":")
        fields = tail.split(":")
        key = fields[1] if len(fields) > 1 else ""
    else:
        name, _, version = rest.rpartition(":")
        if not name or not version.isdigit():
            name = rest
        key = ""
    only = _HOLE.fullmatch(name)
    if only:
        store = parts[int(only[1])]
        if isinstance(store, Reference) and store.attribute in ("Ref", "Arn", "Id", "Name"):
            attribute = _READ_FROM[service] + (f".{_filled(key, parts)}" if key else "")
            return Reference(store.target, attribute, span, store.via)
    store_name = _filled(name, parts)
    kind = "secretsmanager" if service == "secretsmanager" else "ssm"
    return Reference(f"{kind}:{stored_name(store_name)}", _filled(key, parts), span, via)


def stored_name(name: str) -> str:
    """The name that a store goes by: an ARN without what is before its name and behind it."""
    if found := _ARN_NAME.match(name):
        return _ARN_SUFFIX.sub("", found[1])
    if found := _PARAMETER_ARN.match(name):
        return found[1]
    return name


def _filled(written: str, parts: list[Value]) -> str:
    return _HOLE.sub(lambda found: render(parts[int(found[1])]), written)
