"""Strings made of parts: joined, cut at `${…}`, and searched for dynamic references (`{{resolve:…}}`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from rolecall.frontends.values import Hop, Reference, Scalar, Template, Unknown, Value, is_known, render, text
from rolecall.source.patterns import late
from rolecall.source.records import dataclass
from rolecall.source.text import SourceText, Span

if TYPE_CHECKING:
    from rolecall.source.yaml import YamlScalar

#: Bytes of text that one expression may make.
MAX_TEXT = 1024 * 1024
#: Parts of one string.
MAX_PARTS = 5_000
#: Characters of a text, not all ASCII, in which places are still looked for one by one.
MAX_WIDE_TEXT = 64 * 1024

_PLACEHOLDER = late(r"\$\{([^{}]*)\}")
_OPENING = "{{resolve:"
_SECRET_ARN = late(r"(arn:[^:]*:secretsmanager:[^:]*:[^:]*:secret:[^:]+)(?::(.*))?\Z", re.DOTALL)
_ARN_NAME = late(r"\Aarn:[^:]*:secretsmanager:[^:]*:[^:]*:secret:(.+)\Z", re.DOTALL)
_ARN_SUFFIX = late(r"-(?=[A-Za-z]*[0-9A-Z])[A-Za-z0-9]{6}\Z")
_PARAMETER_ARN = late(r"\Aarn:[^:]*:ssm:[^:]*:[^:]*:parameter(/.+)\Z", re.DOTALL)
_HOLE = late("\ue000(\\d+)\ue001")
#: What of a store's resource a dynamic reference to it reads.
_READ_FROM = {"secretsmanager": "SecretString", "ssm": "Value", "ssm-secure": "Value"}


@dataclass(frozen=True, slots=True)
class ClearReference(Reference):
    """What is read of a parameter that keeps its value unencrypted (`{{resolve:ssm:…}}`)."""


def pieces_of(node: YamlScalar, source: SourceText) -> Iterator[tuple[str, bool, Span]]:
    """The text of a `Fn::Sub` cut at its placeholders: text, whether it names something, and where it is written.

    `${!Name}` is the text `${Name}`.
    """
    raw_at = node.content_start
    whole = source.span(node.start, node.end)
    lost = False  # an escape or a folded line: from there on the text does not stand in the file as it is
    at = 0
    value = node.value

    def literal(piece: str, end: int) -> tuple[str, bool, Span]:
        if lost:
            return piece, False, whole
        encoded = piece.encode("utf-8", "surrogatepass")
        start = source.data.find(encoded, raw_at, end)
        return piece, False, source.span(raw_at, end) if start == -1 else source.span(start, start + len(encoded))

    for found in _PLACEHOLDER.finditer(value):
        encoded = found[0].encode("utf-8", "surrogatepass")
        raw = -1 if lost else source.data.find(encoded, raw_at, node.end)
        lost = raw == -1
        if found.start() > at:
            yield literal(value[at : found.start()], raw)
        span = whole if lost else source.span(raw, raw + len(encoded))
        name = found[1].strip()
        yield ("${" + name[1:] + "}", False, span) if name.startswith("!") else (name, True, span)
        at = found.end()
        raw_at = raw_at if lost else raw + len(encoded)
    if at < len(value):
        yield literal(value[at:], node.end)


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
    opened: tuple[int, int] = (-1, 0)  # the part and the place in it where the reference begins
    for number, part in enumerate(parts):
        known = part.value if isinstance(part, Scalar) else None
        if not isinstance(known, str) or (inside is None and _OPENING not in known):
            if inside is None:
                yield part
            else:
                inside.append(part)
            continue
        place = _placing(part, known, source)
        at = 0
        while at < len(known):
            mark = _OPENING if inside is None else "}}"
            found = known.find(mark, at)
            end = found if found != -1 else len(known)
            between = [Scalar(known[at:end], place(at, end), part.via)] if end > at else []
            if inside is None:
                yield from between
                if found != -1:
                    inside, opened = [], (number, found)
            else:
                inside += between
                if found != -1:
                    yield dynamic_reference(
                        inside, (place(opened[1], found + 2) if opened[0] == number else None) or span
                    )
                    inside = None
            at = end + len(mark)
    if inside is not None:
        yield Scalar(_OPENING, span)
        yield from inside


def _placing(part: Value, known: str, source: SourceText) -> Callable[[int, int], Span | None]:
    """What gives the span of a piece of a part's text; that of the whole part where the piece cannot be told in it."""
    whole = part.span
    if whole is None or whole.path != source.path or len(known) > (MAX_TEXT if known.isascii() else MAX_WIDE_TEXT):
        return lambda start, end: whole
    origin = source.data.find(known.encode("utf-8", "surrogatepass"), whole.start, whole.end)
    if origin == -1:
        return _searching(whole, known, source)
    if known.isascii():
        return lambda start, end: source.span(origin + start, origin + end)
    return lambda start, end: source.span(
        origin + len(known[:start].encode("utf-8", "surrogatepass")),
        origin + len(known[:end].encode("utf-8", "surrogatepass")),
    )


def _searching(whole: Span, known: str, source: SourceText) -> Callable[[int, int], Span | None]:
    """The same for a text that the file writes otherwise (indented): dynamic references are looked for in order."""
    behind = whole.start

    def place(start: int, end: int) -> Span | None:
        nonlocal behind
        if behind == -1 or not known.startswith(_OPENING, start):
            return whole
        encoded = known[start:end].encode("utf-8", "surrogatepass")
        at = source.data.find(encoded, behind, whole.end)
        behind = at if at == -1 else at + len(encoded)
        return whole if at == -1 else source.span(at, behind)

    return place


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
    make = ClearReference if service == "ssm" else Reference
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
            return make(store.target, attribute, span, store.via)
    store_name = _filled(name, parts)
    kind = "secretsmanager" if service == "secretsmanager" else "ssm"
    return make(f"{kind}:{stored_name(store_name)}", _filled(key, parts), span, via)


def stored_name(name: str) -> str:
    """The name that a store goes by: an ARN without what is before its name and behind it."""
    if found := _ARN_NAME.match(name):
        return _ARN_SUFFIX.sub("", found[1])
    if found := _PARAMETER_ARN.match(name):
        return found[1]
    return name


def _filled(written: str, parts: list[Value]) -> str:
    return _HOLE.sub(lambda found: render(parts[int(found[1])]), written)
