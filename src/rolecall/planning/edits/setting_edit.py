"""An attribute of a declared resource gets a value, with the blocks around it where they are missing.

Terraform and CloudFormation; what a `dynamic` block, a variable or an intrinsic function writes is left alone.  Every
function raises Refused where it cannot be sure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from rolecall.model.parts import Site
from rolecall.planning.case import Context, attribute_text
from rolecall.planning.edits import yaml_edit
from rolecall.planning.edits.hcl_edit import insert_nested_block, replace_expression, set_attribute
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.edits.stack_template import declared, template
from rolecall.planning.edits.trust_condition import nested
from rolecall.source.edits import Edit
from rolecall.source.hcl import Block, node_text, walk
from rolecall.source.text import SourceText, Span
from rolecall.source.yaml import YamlMapping, YamlScalar


@dataclass(frozen=True, slots=True)
class Body:
    """A whole block of Terraform, where none of its type stands: its arguments, and blocks in it, by name."""

    content: tuple[tuple[str, Value], ...]


#: A value as the code has it: what a table of settings holds.
Value: TypeAlias = "str | bool | int | tuple[str, ...] | Body"
#: A value that stands there by itself.
_PLAIN = re.compile(r'"[^"$%\\]*"|[\w.-]+|\[[^\[\]{}$%]*\]', re.ASCII)
_PROJECT = "{project}"
#: The rest of a line that is a comment of HCL or of YAML.
_REMARK = re.compile(rb"[ \t]*,?[ \t]*(?:#|//|/\*)")
_REFERENCE = re.compile(r"[A-Za-z_][\w-]*(?:\[[^\]\n]*\])?(?:\.[\w-]+(?:\[[^\]\n]*\])?)+", re.ASCII)
_NAMED = re.compile(rb"Ref\W{1,8}(\w+)")


def set_value(context: Context, site: Site, path: str, value: Value, near: Span) -> list[Edit]:
    """The edits that give the attribute at a dotted path of a resource a value.

    `near` is where the present value stands, which tells blocks of one type apart.
    """
    if site.format == "terraform":
        block = context.block(site.span)
        _refuse_ignored(block, path)
        edits = _in_block(block, path.split("."), value, near)
    elif site.format == "cloudformation":
        edits = _in_template(context.text(site.span.path), site, path.split("."), value)
    else:
        raise Refused("such a file is not patched")
    return [edit for edit in edits if context.text(edit.path).data[edit.start : edit.end] != edit.new.encode()]


def replace_attribute(context: Context, site: Site, old: str, name: str, value: Value) -> list[Edit]:
    """The edits that put an argument of a resource in the place of another one."""
    text = context.text(site.span.path)
    if site.format == "terraform":
        block = context.block(site.span)
        _refuse_ignored(block, old)
        written = block.attribute(old)
        if written is None or block.attribute(name) is not None:
            raise Refused(f"{old} is not written there by itself")
        if others := [a.name for a in block.attributes if a.name.startswith(f"{old}_wo")]:
            raise Refused(f"{others[0]} is written too")
        return [Edit(block.text.path, written.start, written.end, f"{name} = {json.dumps(value)}")]
    if site.format == "cloudformation":
        root = template(text)
        body = declared(root, "Resources", site.name or site.address).value
        properties = body.get("Properties") if isinstance(body, YamlMapping) else None
        pair = properties.pair(old) if isinstance(properties, YamlMapping) else None
        if pair is None or pair.merged or not isinstance(properties, YamlMapping) or properties.pair(name) is not None:
            raise Refused(f"{old} is not written there by itself")
        key = json.dumps(name) if root.flow or properties.flow else name
        return [Edit(text.path, pair.start, pair.end, f"{key}: {json.dumps(value)}")]
    raise Refused("such a file is not patched")


def written_as(context: Context, site: Site, name: str) -> str:
    """The reference that an argument is, as it stands: `var.password`, the name behind `!Ref`; "" for anything else."""
    text = context.text(site.span.path)
    if site.format == "terraform":
        block = context.block(site.span)
        attribute = block.attribute(name)
        shown = attribute_text(block, attribute).strip() if attribute is not None else ""
        return shown if _REFERENCE.fullmatch(shown) else ""
    body = declared(template(text), "Resources", site.name or site.address).value
    properties = body.get("Properties") if isinstance(body, YamlMapping) else None
    pair = properties.pair(name) if isinstance(properties, YamlMapping) else None
    found = _NAMED.search(text.data, pair.start, pair.end) if pair is not None else None
    return found[1].decode() if found is not None else ""


def _refuse_ignored(block: Block, path: str) -> None:
    """Raises Refused where Terraform is told to leave the attribute as it is."""
    for inner in block.blocks:
        ignored = inner.attribute("ignore_changes") if inner.type == "lifecycle" else None
        if ignored is None:
            continue
        words = set(re.findall(r"\w+", attribute_text(inner, ignored)))
        if words & {"all", "*", path.partition(".")[0]}:
            raise Refused(f"ignore_changes covers {path.partition('.')[0]}")


def _refuse_remarked(text: SourceText, start: int, end: int) -> None:
    """Raises Refused where a comment speaks of the value that stands there: it has a reason, which nobody reads here,
    and the comment would be wrong beside another value.
    """
    line = text.data.rfind(b"\n", 0, start) + 1
    above = text.data.rfind(b"\n", 0, max(line - 1, 0)) + 1
    for at in (end, above) if line else (end,):
        if _REMARK.match(text.data, at):
            raise Refused(f"a comment says why it is so, or would be wrong then ({text.path}:{text.position(at)[0]})")


def _in_block(block: Block, names: Sequence[str], value: Value, near: Span) -> Sequence[Edit]:
    text, outer = block.text, block
    for depth, kind in enumerate(names[:-1]):
        inside = [inner for inner in block.blocks if inner.type == kind]
        if any(inner.type == "dynamic" and inner.labels[:1] == (kind,) for inner in block.blocks):
            raise Refused(f"a dynamic block writes {kind}")
        if block.attribute(kind) is not None:
            return _in_object(text, block, kind, names[depth + 1 :], value, near)
        if not inside and not isinstance(value, Body):
            return insert_nested_block(text, block.span, _code(names[depth:], _hcl(outer, value)))
        if len(inside) > 1:
            inside = [inner for inner in inside if inner.start <= near.start and near.end <= inner.end]
        if len(inside) != 1:
            raise Refused(f"it has several blocks {kind}")
        block = inside[0]
    if isinstance(value, Body):
        if any(names[-1] in (inner.type, *inner.labels) for inner in block.blocks) or block.attribute(names[-1]):
            raise Refused(f"it has a block {names[-1]}")
        return insert_nested_block(text, block.span, "\n".join(_lines(names[-1], value)))
    written = block.attribute(names[-1])
    if written is not None and not _PLAIN.fullmatch(attribute_text(block, written).strip()):
        raise Refused(f"{names[-1]} is put together from other values")
    if written is not None:
        _refuse_remarked(text, written.start, written.end)
    if any(inner.type == "dynamic" and inner.labels[:1] == (names[-1],) for inner in block.blocks):
        raise Refused(f"a dynamic block writes {names[-1]}")
    return set_attribute(text, block.span, names[-1], _hcl(outer, value))


def _in_object(
    text: SourceText, block: Block, kind: str, names: Sequence[str], value: Value, near: Span
) -> Sequence[Edit]:
    """In an object expression, the value that stands there (`jsonencode({ name = "value" })`)."""
    attribute = block.attribute(kind)
    if attribute is not None and len(names) == 1 and attribute.value_start <= near.start:
        for node in walk(attribute.node):
            start, end = attribute.base + node.start_byte, attribute.base + node.end_byte
            if node.type != "object_elem" or not (start <= near.start and near.end <= end):
                continue
            if (node.children[0].text or b"").strip(b'"').decode("utf-8", "replace") != names[0]:
                continue
            old = node.children[-1]
            if not _PLAIN.fullmatch(node_text(old)):
                raise Refused(f"{names[0]} is put together from other values")
            span = text.span(attribute.base + old.start_byte, attribute.base + old.end_byte)
            return replace_expression(text, span, json.dumps(value))
    raise Refused(f"{kind} is not written as a block")


def _code(names: Sequence[str], value: str) -> str:
    """Nested blocks around one argument, as at column 0."""
    lines = [f"{'  ' * depth}{kind} {{" for depth, kind in enumerate(names[:-1])]
    lines.append(f"{'  ' * (len(names) - 1)}{names[-1]} = {value}")
    lines.extend(f"{'  ' * depth}}}" for depth in reversed(range(len(names) - 1)))
    return "\n".join(lines)


def shown(path: str, value: Value) -> str:
    """A setting on one line, as a hand-over says it."""
    return (
        " ".join(line.strip() for line in _lines(path, value))
        if isinstance(value, Body)
        else f"{path} = {json.dumps(value)}"
    )


def _lines(kind: str, body: Body) -> Iterator[str]:
    """A block with what is in it, as at column 0."""
    yield f"{kind} {{"
    for name, value in body.content:
        if isinstance(value, Body):
            yield from (f"  {line}" for line in _lines(name, value))
        else:
            yield f"  {name} = {json.dumps(value)}"
    yield "}"


def _hcl(block: Block, value: Value) -> str:
    if not isinstance(value, str) or _PROJECT not in value:
        return json.dumps(value)
    project = block.attribute("project")
    written = attribute_text(block, project).strip() if project is not None else ""
    if re.fullmatch(r'"[a-z0-9:.-]+"', written):
        return json.dumps(value.replace(_PROJECT, written.strip('"')))
    if re.fullmatch(r"[\w-]+(?:\.[\w-]+)+", written, re.ASCII):
        return json.dumps(value.replace(_PROJECT, f"${{{written}}}"))
    raise Refused("it does not say which project it is in")


def _in_template(text: SourceText, site: Site, names: Sequence[str], value: Value) -> Sequence[Edit]:
    if isinstance(value, Body):
        raise Refused("a template has no such blocks")
    root = template(text)
    body = declared(root, "Resources", site.name or site.address).value
    at = body.get("Properties") if isinstance(body, YamlMapping) else None
    if not isinstance(at, YamlMapping):
        raise Refused("its properties are not written out")
    for depth, key in enumerate(names):
        if at.tag.startswith("!") or any((pair.name or "").startswith(("Fn::", "Ref")) for pair in at.pairs):
            raise Refused("its properties are put together from other values")
        pair = at.pair(key)
        if pair is not None and pair.merged:
            raise Refused(f"{key} comes from another place of the template")
        if pair is None:
            flow = root.flow or at.flow
            code = json.dumps(value) if flow or not isinstance(value, str) else value
            return yaml_edit.insert_pair(text, at.span, key, nested(names[depth + 1 :], code, flow))
        if depth == len(names) - 1:
            if not isinstance(pair.value, YamlScalar) or pair.value.tag.startswith("!"):
                raise Refused(f"{key} is put together from other values")
            _refuse_remarked(text, pair.start, pair.end)
            quoted = pair.value.style in ('"', "'")
            if isinstance(value, str) and not quoted and not root.flow:
                return yaml_edit.replace_value(text, pair.span, value)
            kept = str(value) if quoted and not isinstance(value, bool) else value
            return yaml_edit.replace_value(text, pair.span, json.dumps(kept))
        if not isinstance(pair.value, YamlMapping):
            raise Refused(f"{key} is not written out")
        at = pair.value
    raise Refused("nothing is to be written")
