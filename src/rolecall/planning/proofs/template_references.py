"""What the resources of a CloudFormation template name of each other, and where that goes in a circle.

CloudFormation refuses a template whose resources depend on each other in a circle:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html#troubleshooting-errors-dependency-error
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from rolecall.source.yaml import YamlMapping, YamlNode, YamlPair, YamlScalar, YamlSequence, values

_SUB_NAME = re.compile(r"\$\{([^!}][^}]*)\}")
_FUNCTION = "AWS::Serverless::Function"
#: Events of a function of SAM whose source is given the function, by the property that names it.  Other events lie
#: between the two: neither needs the other.
_GIVEN_TO = {"S3": "Bucket", "Api": "RestApiId", "HttpApi": "ApiId"}


def uses(root: YamlMapping) -> Iterator[tuple[str, YamlNode]]:
    """The names that a template uses (`condition NAME` for its conditions), with where."""
    resources = root.get("Resources")
    for pair in resources.pairs if isinstance(resources, YamlMapping) else ():
        if isinstance(pair.value, YamlMapping):
            for key, prefix in (("DependsOn", ""), ("Condition", "condition ")):
                for name in _strings(pair.value.get(key)):
                    yield prefix + name, pair.key
    yield from _calls([root])


def _calls(roots: Iterable[YamlNode]) -> Iterator[tuple[str, YamlNode]]:
    for node in values(roots):
        yield from ((name, node) for name in _called(node.tag, node))
        if isinstance(node, YamlMapping) and len(node.pairs) == 1 and node.pairs[0].name in _FUNCTIONS:
            yield from ((name, node) for name in _called(_FUNCTIONS[node.pairs[0].name or ""], node.pairs[0].value))


def new_circles(before: Sequence[YamlMapping], after: Sequence[YamlMapping]) -> Iterator[tuple[list[str], int]]:
    """Resources that depend on each other after a patch and did not before, with the line of the first of them."""
    for at, root in enumerate(after):
        known = [set(names) for names, _ in _circles(before[at])] if at < len(before) else []
        for names, line in _circles(root):
            if not any(set(names) <= other for other in known):
                yield names, line


def _circles(root: YamlMapping) -> Iterator[tuple[list[str], int]]:
    import networkx

    resources = root.get("Resources")
    declared = {pair.name: pair for pair in resources.pairs if pair.name} if isinstance(resources, YamlMapping) else {}
    graph = networkx.DiGraph()
    for name, pair in declared.items():
        graph.add_edges_from((one, other) for one, other in _edges(name, pair) if one in declared and other in declared)
    for names in networkx.strongly_connected_components(graph):
        if len(names) > 1 or any(graph.has_edge(name, name) for name in names):
            yield sorted(names), min(declared[name].key.span.line for name in names)


def _edges(name: str, pair: YamlPair) -> Iterator[tuple[str, str]]:
    """Who needs whom; a function of SAM needs what its role needs."""
    body = pair.value
    if not isinstance(body, YamlMapping):
        return
    yield from ((name, other) for other in _strings(body.get("DependsOn")))
    kind, properties = body.get("Type"), body.get("Properties")
    if not isinstance(kind, YamlScalar) or kind.value != _FUNCTION or not isinstance(properties, YamlMapping):
        yield from ((name, other) for other, _ in _calls([body]))
        return
    yield from ((name, other) for other, _ in _calls(p.value for p in properties.pairs if p.name != "Events"))
    events = properties.get("Events")
    for event in events.pairs if isinstance(events, YamlMapping) else ():
        source = event.value.get("Type") if isinstance(event.value, YamlMapping) else None
        given = event.value.get("Properties") if isinstance(event.value, YamlMapping) else None
        wanted = _GIVEN_TO.get(source.value) if isinstance(source, YamlScalar) else None
        place = given.get(wanted) if isinstance(given, YamlMapping) and wanted else None
        if place is not None:
            yield from ((other, name) for other, _ in _calls([place]))


_FUNCTIONS = {"Ref": "!Ref", "Fn::GetAtt": "!GetAtt", "Fn::Sub": "!Sub"}


def _called(function: str, argument: YamlNode) -> Iterator[str]:
    """The logical ids that one call of an intrinsic function names."""
    strings = _strings(argument)
    if function == "!Ref":
        yield from strings[:1]
    elif function == "!GetAtt":
        yield from (name.split(".")[0] for name in strings[:1])
    elif function == "!Sub" and strings:
        own: set[str | None] = set()
        if isinstance(argument, YamlSequence) and len(argument.items) > 1:
            values = argument.items[1]
            own = {pair.name for pair in values.pairs} if isinstance(values, YamlMapping) else own
        for found in _SUB_NAME.finditer(strings[0]):
            name = found[1].strip().split(".")[0]
            if name not in own:
                yield name


def _strings(node: YamlNode | None) -> list[str]:
    items = node.items if isinstance(node, YamlSequence) else [node]
    return [item.value for item in items if isinstance(item, YamlScalar)]
