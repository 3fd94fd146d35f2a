"""Type constraints of variables: what Terraform makes of a value that is given to `type = …`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tree_sitter import Node

from rolecall.frontends.terraform.conversion import number
from rolecall.frontends.terraform.expressions import evaluate
from rolecall.frontends.terraform.kinds import Set
from rolecall.frontends.values import Entry, Mapping, Scalar, Sequence, Value, text
from rolecall.source.hcl import node_text, parse
from rolecall.source.records import replace

if TYPE_CHECKING:
    from rolecall.frontends.terraform.declaration import Declaration
    from rolecall.frontends.terraform.place import Place

_MAX_DEPTH = 40


def conform(value: Value, declaration: Declaration, place: Place) -> Value:
    """The value converted to the type that the variable declares; what cannot be converted stays as it is."""
    if not declaration.mentions(b"type"):
        return value
    word = declaration.literal("type")
    if word is not None and word.isalpha():  # by far the most: no need to parse one word
        return _scalar(value, word) if isinstance(value, Scalar) else value
    written, span = declaration.written("type"), declaration.attribute_span("type")
    if written is None or span is None:
        return value
    before = b"t = "
    base = span.end - len(written) - len(before)
    if written.startswith(b'"'):  # the quoted types of Terraform 0.11, and of JSON
        written = written[1:-1].replace(b'\\"', b'"')
        base += 1
    node = _descend(parse(before + written))
    return value if node is None else _convert(value, node, place.at(place.text, base), 0)


def _descend(root: Node) -> Node | None:
    node: Node | None = root
    for kind in ("body", "attribute", "expression"):
        node = next((child for child in node.children if child.type == kind), None) if node is not None else None
    return node


def _inner(node: Node) -> Node:
    while node.type == "expression" and node.named_child_count == 1:
        node = node.named_children[0]
    return node


def _call(node: Node) -> tuple[str, list[Node]]:
    """Name and arguments of a type constructor; a plain word has no arguments."""
    node = _inner(node)
    if node.type == "function_call":
        name = next((node_text(child) for child in node.children if child.type == "identifier"), "")
        arguments = next((child for child in node.children if child.type == "function_arguments"), None)
        found = [child for child in arguments.named_children if child.type == "expression"] if arguments else []
        return name, found
    return node_text(node), []


def _convert(value: Value, node: Node, place: Place, depth: int) -> Value:
    if depth > _MAX_DEPTH:
        return value
    name, arguments = _call(node)
    if isinstance(value, Scalar):
        return _scalar(value, name)
    inner = arguments[0] if arguments else None
    if name in ("list", "set", "tuple") and isinstance(value, Sequence):
        if name == "tuple":
            return value
        items = value.items if inner is None else tuple(_convert(item, inner, place, depth + 1) for item in value.items)
        return _set(items, value) if name == "set" else Sequence(items, value.span, value.via)
    if name == "map" and isinstance(value, Mapping) and inner is not None:
        entries = tuple(replace(e, value=_convert(e.value, inner, place, depth + 1)) for e in value.entries)
        return replace(value, entries=entries)
    if name == "object" and isinstance(value, Mapping) and inner is not None:
        return _object(value, inner, place, depth)
    return value


def _scalar(value: Scalar, name: str) -> Scalar:
    inner = value.value
    if inner is None:
        return value
    if name == "string" and not isinstance(inner, str):
        return replace(value, value=text(value))
    if name == "number" and isinstance(inner, str):
        converted = number(inner)
        return value if converted is None else replace(value, value=converted)
    if name == "bool" and inner in ("true", "false"):
        return replace(value, value=inner == "true")
    return value


def _set(items: tuple[Value, ...], whole: Sequence) -> Set:
    names = [text(item) for item in items]
    if all(name is not None for name in names):
        known = dict(sorted(zip(names, items, strict=True), key=lambda pair: str(pair[0])))
        items = tuple(known.values())
    return Set(items, whole.span, whole.via)


def _object(value: Mapping, members: Node, place: Place, depth: int) -> Mapping:
    wanted = _inner(members)
    while wanted.type == "collection_value":
        wanted = wanted.named_children[0]
    if wanted.type != "object" or any(entry.name is None for entry in value.entries):
        return value
    given = {entry.name: entry for entry in value.entries}
    entries: list[Entry] = []
    for element in wanted.named_children:
        if element.type != "object_elem":
            continue
        parts = [child for child in element.named_children if child.type == "expression"]
        if len(parts) != 2:
            continue
        name = node_text(parts[0]).strip('"')
        constructor, arguments = _call(parts[1])
        kind, default = parts[1], None
        if constructor == "optional" and arguments:
            kind = arguments[0]
            default = arguments[1] if len(arguments) > 1 else None
        entry = given.get(name)
        if entry is None or (default is not None and isinstance(entry.value, Scalar) and entry.value.value is None):
            filled = evaluate(default, place) if default is not None else Scalar(None)
            entry = Entry(Scalar(name), filled)
        entries.append(replace(entry, value=_convert(entry.value, kind, place, depth + 1)))
    return replace(value, entries=tuple(entries))
