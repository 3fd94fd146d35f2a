"""What an expression in infrastructure code stands for, and how it came to be there.

A value is known (`Scalar`, `Sequence`, `Mapping`), or points at something that only exists once the code is applied
(`Reference`), or is made of several values (`Template`, `Encoded`), or is `Unknown` with a reason.  Every value keeps
the span of the text that wrote it and `via`, the hops it took from there to where it was asked for: through a local, a
variable, a module's input or output, a template file, a parameter.  An unknown never turns into a guess.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TypeAlias

from rolecall.source.records import dataclass, replace
from rolecall.source.text import Span

Plain: TypeAlias = "str | int | float | bool | list[Plain] | dict[str, Plain] | None"


@dataclass(frozen=True, slots=True)
class Hop:
    """One place that a value passed through on its way.

    `kind` is one of: local, variable, tfvars, module-input, module-output, output, data, resource, template, file,
    store, parameter, export, env, step, job, workflow, secret, manifest, image.  `address` names it as its own language
    does (`local.creds`, `module.api.var.key`, `/prod/key`).  `note` is a short remark for people; empty where there is
    nothing to say.
    """

    kind: str
    address: str
    span: Span
    note: str = ""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A known string, number, bool or null."""

    value: str | int | float | bool | None
    span: Span | None = None
    via: tuple[Hop, ...] = ()


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list, tuple or set; also the repeated nested blocks of one type."""

    items: tuple[Value, ...]
    span: Span | None = None
    via: tuple[Hop, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One member of a mapping: `span` covers the whole `key = value` (an attribute, an object element, a YAML pair)."""

    key: Value
    value: Value
    span: Span | None = None

    @property
    def name(self) -> str | None:
        key = self.key
        if type(key) is Scalar and type(key.value) is str:  # nearly always, and asked for more than anything else
            return key.value
        return text(key)


@dataclass(frozen=True, slots=True)
class Mapping:
    """An object or map; also the body of one nested block."""

    entries: tuple[Entry, ...]
    span: Span | None = None
    via: tuple[Hop, ...] = ()

    def get(self, name: str) -> Value | None:
        for entry in self.entries:
            if entry.name == name:
                return entry.value
        return None


@dataclass(frozen=True, slots=True)
class Reference:
    """An attribute of something declared: known by name now, by value only after apply.

    `target` is the id of the resource (`Resource.id`) where the frontend resolved it, else the address as written.
    `attribute` is the dotted path below it ("secret", "identity.0.oidc.0.issuer"); empty for the whole object.
    """

    target: str
    attribute: str
    span: Span | None = None
    via: tuple[Hop, ...] = ()


@dataclass(frozen=True, slots=True)
class Template:
    """A string of several parts, of which at least one is not known."""

    parts: tuple[Value, ...]
    span: Span | None = None
    via: tuple[Hop, ...] = ()


@dataclass(frozen=True, slots=True)
class Encoded:
    """The text form of a structure: `encoding` is json, yaml or base64."""

    encoding: str
    inner: Value
    span: Span | None = None
    via: tuple[Hop, ...] = ()


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that cannot be told from the code: `reason` says why; `about` are the values it was made from.

    Reasons are short noun phrases that fit after "because": "variable db_password has no default", "module source is
    remote", "function timestamp is not pure".
    """

    reason: str
    about: tuple[Value, ...] = ()
    span: Span | None = None
    via: tuple[Hop, ...] = ()


Value: TypeAlias = Scalar | Sequence | Mapping | Reference | Template | Encoded | Unknown


def through(value: Value, hop: Hop) -> Value:
    """The same value, seen one hop further on."""
    return replace(value, via=(*value.via, hop))


def children(value: Value) -> tuple[Value, ...]:
    match value:
        case Sequence(items=items):
            return items
        case Mapping(entries=entries):
            return tuple(part for entry in entries for part in (entry.key, entry.value))
        case Template(parts=parts):
            return parts
        case Encoded(inner=inner):
            return (inner,)
        case Unknown(about=about):
            return about
        case _:
            return ()


def references(value: Value) -> Iterator[Reference]:
    """Every reference inside a value, with the hops of the values around it added to its own, nearest the reader
    last.
    """
    stack: list[tuple[Value, tuple[Hop, ...]]] = [(value, ())]
    while stack:
        node, outer = stack.pop()
        if isinstance(node, Reference):
            yield replace(node, via=node.via + outer) if outer else node
            continue
        below = node.via + outer
        stack.extend((child, below) for child in reversed(children(node)))


def scalars(value: Value) -> Iterator[Scalar]:
    """Every known scalar inside a value, with the hops of the values around it, as `references` does."""
    stack: list[tuple[Value, tuple[Hop, ...]]] = [(value, ())]
    while stack:
        node, outer = stack.pop()
        if isinstance(node, Scalar):
            yield replace(node, via=node.via + outer) if outer else node
            continue
        below = node.via + outer
        stack.extend((child, below) for child in reversed(children(node)))


def text(value: Value | None) -> str | None:
    """The string that a value is, when it is a known scalar (numbers and bools as HCL converts them)."""
    if not isinstance(value, Scalar) or value.value is None:
        return None
    if isinstance(value.value, bool):
        return "true" if value.value else "false"
    if isinstance(value.value, float) and value.value.is_integer():
        return str(int(value.value))
    return str(value.value)


def mappings(value: Value | None) -> Iterator[Mapping]:
    """A mapping, or those in a sequence of them."""
    if isinstance(value, Mapping):
        yield value
    elif isinstance(value, Sequence):
        for item in value.items:
            yield from mappings(item)


def truth(value: Value | None) -> bool | None:
    """A known bool (or the strings "true"/"false"); None when it cannot be told."""
    return {"true": True, "false": False}.get(text(value) or "")


def is_known(value: Value) -> bool:
    """True where nothing inside is a reference, a template or an unknown."""
    if isinstance(value, (Reference, Template, Unknown)):
        return False
    return all(is_known(child) for child in children(value))


def plain(value: Value) -> Plain:
    """A known value as Python data.  Raises ValueError where something inside is not known."""
    match value:
        case Scalar(value=inner):
            return inner
        case Sequence(items=items):
            return [plain(item) for item in items]
        case Mapping(entries=entries):
            return {str(plain(entry.key)): plain(entry.value) for entry in entries}
        case Encoded(encoding="json", inner=inner):
            return json.dumps(plain(inner), separators=(",", ":"))
        case _:
            raise ValueError("not known")


def render(value: Value) -> str:
    """A string for people and for pattern matching: what is known as it is, the rest as `${target.attribute}`,
    `${?}`.
    """
    match value:
        case Scalar():
            return text(value) or ""
        case Template(parts=parts):
            return "".join(render(part) for part in parts)
        case Reference(target=target, attribute=attribute):
            address = target.rpartition("//")[2]
            return f"${{{address}.{attribute}}}" if attribute else f"${{{address}}}"
        case Encoded(inner=inner):
            return render(inner)
        case Sequence(items=items):
            return ",".join(render(item) for item in items)
        case Mapping(entries=entries):
            return ",".join(f"{render(entry.key)}={render(entry.value)}" for entry in entries)
        case Unknown():
            return "${?}"


def find(value: Value | None, path: str) -> Iterator[Value]:
    """The values at a dotted path.  Sequences and json/yaml encodings are entered by themselves; `*` is every member.

    >>> # find(body, "environment.variables") yields the map of each `environment` block's `variables`
    """
    if value is None:
        return
    if isinstance(value, Encoded) and value.encoding in ("json", "yaml") and path:
        yield from find(value.inner, path)
    elif isinstance(value, Sequence) and path:
        for item in value.items:
            yield from find(item, path)
    elif not path:
        yield value
    elif isinstance(value, Mapping):
        name, _, rest = path.partition(".")
        for entry in value.entries:
            if name == "*" or entry.name == name:
                if rest:
                    yield from find(entry.value, rest)
                else:
                    yield entry.value
