"""`AWS::CloudFormation::Authentication`: with what cfn-init logs in to where it fetches files from.

It is metadata of a machine, but stands in templates beside anything: of a group, a handle, a custom resource, of the
template itself, and as a resource that was given the name as its type.  Whoever may read the stack reads it wherever
it lies.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-authentication.html
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.frontends.cloudformation.template import Template, scalar_text
from rolecall.source.records import dataclass
from rolecall.source.yaml import YamlMapping, YamlNode, YamlPair, YamlSequence

NAME = "AWS::CloudFormation::Authentication"
#: Blocks of one template that are looked at.
_MOST = 200
_DEEPEST = 40


@dataclass(frozen=True, slots=True)
class Block:
    """One such block, and what it belongs to: a resource's logical id, else the section of the template."""

    owner: str
    pair: YamlPair
    body: YamlMapping


def blocks(template: Template) -> Iterator[Block]:
    """Every block of the template, in source order; nothing is walked where the name does not occur."""
    if NAME.encode() not in template.text.data:
        return
    told = 0
    stack: list[tuple[YamlNode, tuple[str, ...]]] = [(template.root, ())]
    while stack and told < _MOST:
        node, path = stack.pop()
        if len(path) > _DEEPEST:
            continue
        if isinstance(node, YamlSequence):
            stack.extend((item, (*path, "")) for item in reversed(node.items))
        elif isinstance(node, YamlMapping):
            for pair in node.effective():
                for body in _bodies(pair):
                    told += 1
                    yield Block(_owner((*path, pair.name or "")), pair, body)
            stack.extend((pair.value, (*path, pair.name or "")) for pair in reversed(list(node.effective())))


def _bodies(pair: YamlPair) -> Iterator[YamlMapping]:
    """The block that a pair is, or those of a resource of its name."""
    value = pair.value
    if not isinstance(value, YamlMapping):
        return
    if pair.name == NAME:
        yield value
    elif scalar_text(value.get("Type")) == NAME:
        yield from (body for name in ("Properties", "Metadata") if isinstance(body := value.get(name), YamlMapping))


def _owner(path: tuple[str, ...]) -> str:
    inside = path[0] == "Resources" and len(path) > 1 if path else False
    return path[1] if inside else path[0] if path else NAME
