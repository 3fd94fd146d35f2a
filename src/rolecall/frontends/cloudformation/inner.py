"""Templates of CloudFormation that Terraform carries as text: what `aws_cloudformation_stack` is given as its body.

A body that is written there (a heredoc, `jsonencode`) or in a file that is no template by its name is read at its
place; a template's own file is a unit of its own, and read there.
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/cloudformation_stack
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from rolecall.frontends.cloudformation.reading import Reading
from rolecall.frontends.cloudformation.stack import Stack
from rolecall.frontends.cloudformation.template import is_template, sections
from rolecall.frontends.resource import Resource, Unit
from rolecall.frontends.values import Encoded, Entry, Mapping, Reference, Scalar, Sequence, Template, Value, text
from rolecall.frontends.yaml_values import read_documents
from rolecall.source.patterns import late
from rolecall.source.text import SourceText, Span
from rolecall.source.tree import Tree, Unreadable

#: All of a line but its end.
_REST = late(rb"[^\r\n]")


def with_inner_stacks(unit: Unit, stacks: Iterable[Resource], tree: Tree) -> Unit:
    """The unit, with what the templates in the bodies of some stacks declare."""
    inner = [found for stack in stacks for found in _declared(unit, stack, tree)]
    return replace(unit, resources=(*unit.resources, *inner)) if inner else unit


def _declared(unit: Unit, stack: Resource, tree: Tree) -> Iterator[Resource]:
    body = stack.get("template_body")
    if isinstance(body, Encoded) and body.encoding == "json":
        yield from _of_object(unit, stack, body.inner)
    elif isinstance(body, (Scalar, Template)) and body.span is not None:
        source = _alone(tree, body.span, stack.span)
        template = sections(source, read_documents(source, tolerant=True)[0]) if source is not None else None
        if template is not None:
            reading = Reading(tree, unit.name)
            given = stack.get("parameters")
            values = {e.name: e for e in given.entries if e.name} if isinstance(given, Mapping) else {}
            top = Stack(unit.name, template, reading.problems, reading.nesting, f"{stack.address}.", values=values)
            reading.add(top, (template.text.path,), stack.calls, stack.condition)
            yield from reading.resources


def _alone(tree: Tree, span: Span, stack: Span) -> SourceText | None:
    """The file of a body with all else in it blanked, so that every part of the template stands where it stands; None
    where it is a template that is read by itself, or written in quotes.
    """
    try:
        whole = tree.read(span.path)
    except Unreadable:
        return None
    if not stack.contains(span):
        return None if is_template(span.path, whole) else SourceText(span.path, whole.data.replace(b"$${", b" ${"))
    start, end = whole.data.find(b"\n", span.start, span.end) + 1, span.end
    if not whole.data.startswith(b"<<", span.start) or not start:
        return None
    end = whole.data.rfind(b"\n", start, end) + 1 or end
    before = _REST.sub(b" ", whole.data[:start])
    return SourceText(span.path, before + whole.data[start:end].replace(b"$${", b" ${"))


def _of_object(unit: Unit, stack: Resource, template: Value) -> Iterator[Resource]:
    """The resources of a template that is an object of Terraform's own."""
    declared = template.get("Resources") if isinstance(template, Mapping) else None
    entries = declared.entries if isinstance(declared, Mapping) else ()
    names = {entry.name for entry in entries}
    for entry in entries:
        type_ = text(entry.value.get("Type")) if isinstance(entry.value, Mapping) else None
        if not type_ or not entry.name or not isinstance(entry.value, Mapping):
            continue
        written = entry.value.get("Properties")
        head = f"{unit.name}//{stack.address}."
        body = _called(written, head, names) if written is not None else Mapping(())
        span = entry.span or stack.span
        yield Resource(
            id=head + entry.name,
            unit=unit.name,
            address=f"{stack.address}.{entry.name}",
            format="cloudformation",
            mode="resource",
            type=type_,
            name=entry.name,
            span=span,
            header=entry.key.span or span,
            module=stack.module,
            evaluate=_constant(body if isinstance(body, Mapping) else Mapping(())),
            calls=stack.calls,
            condition=stack.condition,
        )


class _constant:  # noqa: N801 - a function that pickles
    """A body that is the same for every instance."""

    def __init__(self, body: Mapping) -> None:
        self.body = body

    def __call__(self, _: str | int | None) -> Mapping:
        return self.body


def _called(value: Value, head: str, names: set[str | None]) -> Value:
    """A value with `Ref` and `Fn::GetAtt` as the references that they are."""
    if isinstance(value, Sequence):
        return replace(value, items=tuple(_called(item, head, names) for item in value.items))
    if not isinstance(value, Mapping):
        return value
    if len(value.entries) == 1:
        name, of = value.entries[0].name, value.entries[0].value
        if name == "Ref" and (target := text(of)):
            return Reference(head + target if target in names else target, "Ref", value.span, value.via)
        if name == "Fn::GetAtt":
            parts = [text(i) or "" for i in of.items] if isinstance(of, Sequence) else (text(of) or "").split(".", 1)
            if len(parts) == 2 and parts[0] in names:
                return Reference(head + parts[0], parts[1], value.span, value.via)
    entries = tuple(Entry(e.key, _called(e.value, head, names), e.span) for e in value.entries)
    return replace(value, entries=entries)
