"""The JSON syntax of Terraform (`.tf.json`, `.tfvars.json`): the same declarations, whose strings are templates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from rolecall.frontends import values
from rolecall.frontends.resource import Problem
from rolecall.frontends.terraform.expressions import evaluate_template_text
from rolecall.frontends.values import Entry, Mapping, Scalar, Unknown, Value
from rolecall.frontends.yaml_values import key_value, plain_scalar, to_value
from rolecall.source.hcl import Fault
from rolecall.source.records import dataclass
from rolecall.source.text import SourceText, Span
from rolecall.source.yaml import YamlMapping, YamlNode, YamlPair, YamlScalar, YamlSequence, load

if TYPE_CHECKING:
    from rolecall.frontends.terraform.declaration import Declaration
    from rolecall.frontends.terraform.place import Place

Report = Callable[[Problem], None]

#: How many names lead from a block type to its bodies.
_LABELS = {"resource": 2, "data": 2, "ephemeral": 2, "module": 1, "variable": 1, "output": 1, "provider": 1}
#: Nested blocks that have a name.
_LABELLED = ("backend", "provisioner")
_BLOCKS = {*_LABELS, "terraform", "locals"}


@dataclass(eq=False, slots=True)
class JsonDeclaration:
    """An object that stands for a block: `{"resource": {TYPE: {NAME: {…}}}}`."""

    type: str
    labels: tuple[str, ...]
    pair: YamlPair
    content: YamlMapping

    @property
    def text(self) -> SourceText:
        return self.content.text

    @property
    def span(self) -> Span:
        return self.pair.span

    @property
    def header(self) -> Span:
        return self.pair.key.span

    def mentions(self, word: bytes) -> bool:
        return self.text.data.find(word, self.content.start, self.content.end) >= 0

    def names(self) -> list[str]:
        return [pair.name for pair in self.content.effective() if pair.name is not None and pair.name != "//"]

    def attribute_span(self, name: str) -> Span | None:
        pair = self.content.pair(name)
        return pair.span if pair is not None else None

    def written(self, name: str) -> bytes | None:
        node = self.content.get(name)
        return None if node is None else self.text.data[node.start : node.end]

    def literal(self, name: str) -> str | None:
        node = self.content.get(name)
        return node.value if isinstance(node, YamlScalar) and "${" not in node.value else None

    def value(self, name: str, place: Place) -> Value | None:
        node = self.content.get(name)
        if node is None:
            return None
        # `default` and `type` of a variable are not templates: their strings are taken as they are.
        return to_value(node) if self.type == "variable" else json_value(node, place)

    def body(self, place: Place) -> Mapping:
        entries: list[Entry] = []
        for pair in self.content.effective():
            if pair.name == "//":
                continue
            if pair.name == "dynamic" and self.type in ("resource", "data", "provider"):
                entries.extend(_dynamic(pair, place))
                continue
            value = to_value(pair.value) if self.type == "variable" else json_value(pair.value, place)
            entries.append(Entry(key_value(pair.key), value, pair.span))
        return Mapping(tuple(entries), self.span)

    def nested(self, kind: str) -> Sequence[Declaration]:
        pair = self.content.pair(kind)
        if pair is None:
            return ()
        return list(_labelled(kind, (), pair, pair.value, 1 if kind in _LABELLED else 0))

    def faults(self) -> list[Fault]:
        return []


def _dynamic(pair: YamlPair, place: Place) -> Iterator[Entry]:
    """`"dynamic": {TYPE: {"for_each": …, "content": {…}}}`: one block that stands for any of them."""
    if not isinstance(pair.value, YamlMapping):
        return
    for inner in pair.value.effective():
        blocks: list[Value] = []
        for block in _objects(inner.value):
            iterator = block.get("iterator")
            name = iterator.value if isinstance(iterator, YamlScalar) else inner.name or ""
            each = block.get("for_each")
            about = (json_value(each, place),) if each is not None else ()
            any_of = Unknown("it differs between the elements of for_each", about)
            turn = Mapping((Entry(Scalar("key"), any_of), Entry(Scalar("value"), any_of)))
            blocks.extend(json_value(content, place.child({name: turn})) for content in _objects(block.get("content")))
        yield Entry(key_value(inner.key), values.Sequence(tuple(blocks), inner.span), inner.span)


def json_value(node: YamlNode, place: Place | None = None) -> Value:
    """A node as a value; with a place its strings are templates evaluated there."""
    if place is None:
        return to_value(node)
    if isinstance(node, YamlScalar):
        plain = plain_scalar(node)
        if isinstance(plain, str) and not node.opaque:
            return evaluate_template_text(plain, place.at(node.text, 0), node.span)
        return to_value(node)
    if isinstance(node, YamlSequence):
        return values.Sequence(tuple(json_value(item, place) for item in node.items), node.span)
    entries = []
    for pair in node.effective():
        key = json_value(pair.key, place)
        entries.append(Entry(key, json_value(pair.value, place), pair.span))
    return Mapping(tuple(entries), node.span)


def top_pairs(text: SourceText, report: Report) -> list[YamlPair]:
    """The members of a JSON file's one object, with its faults reported."""
    return [pair for root in _roots(text, report) for pair in root.effective() if pair.name not in (None, "//")]


def declarations(text: SourceText, report: Report) -> Iterator[Declaration]:
    """What a `.tf.json` file declares."""
    for root in _roots(text, report):
        for pair in root.effective():
            if pair.name in _BLOCKS:
                yield from _labelled(pair.name, (), pair, pair.value, _LABELS.get(pair.name, 0))


def _roots(text: SourceText, report: Report) -> list[YamlMapping]:
    nodes, faults = load(text)
    for fault in faults:
        report(Problem(fault.kind, fault.message, fault.span))
    return [found for node in nodes for found in _objects(node)]


def _objects(node: YamlNode | None) -> list[YamlMapping]:
    """An object, or those of an array: Terraform takes either where blocks may repeat."""
    if isinstance(node, YamlMapping):
        return [node]
    if isinstance(node, YamlSequence):
        return [item for item in node.items if isinstance(item, YamlMapping)]
    return []


def _labelled(
    kind: str, labels: tuple[str, ...], pair: YamlPair, node: YamlNode, missing: int
) -> Iterator[Declaration]:
    for found in _objects(node):
        if not missing:
            yield JsonDeclaration(kind, labels, pair, found)
            continue
        for inner in found.effective():
            if inner.name is not None and inner.name != "//":
                yield from _labelled(kind, (*labels, inner.name), inner, inner.value, missing - 1)
