"""Kustomize's generators: the secrets and config maps that a kustomization makes from literals and env files."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rolecall.frontends.kubernetes.addresses import Addresses
from rolecall.frontends.resource import Resource
from rolecall.frontends.values import Entry, Hop, Mapping, Scalar
from rolecall.frontends.yaml_values import to_value
from rolecall.source.patterns import late
from rolecall.source.text import SourceText
from rolecall.source.tree import Tree, Unreadable
from rolecall.source.yaml import YamlMapping, YamlNode, YamlPair, YamlScalar, YamlSequence, load

_FILE = late(r"(?:^|.*/)(?:kustomization\.ya?ml|Kustomization)\Z")
_GENERATORS = {"secretGenerator": ("Secret", "stringData"), "configMapGenerator": ("ConfigMap", "data")}
_GENERATOR = late(rb"\b(?:secret|configMap)Generator\b")
_LINE = late(rb"^[ \t]*([^#=\s][^=\r\n]*)=([^\r\n]*)", re.MULTILINE)


def is_kustomization(path: str) -> bool:
    return _FILE.match(path) is not None


def generates(data: bytes) -> bool:
    return _GENERATOR.search(data) is not None


def sources(tree: Tree, path: str) -> Iterator[str]:
    """The env files below the root that a kustomization reads."""
    try:
        text = tree.read(path)
    except Unreadable:
        return
    for root in load(text)[0]:
        for key in _GENERATORS:
            for item in _items(root, key):
                for env in _items(item, "envs"):
                    found = _resolved(tree, path, env)
                    if found is not None:
                        yield found


def generated(tree: Tree, path: str, root: YamlMapping, addresses: Addresses) -> Iterator[Resource]:
    """One resource for each generator, its literals and env files as the object's data."""
    for key, (kind, member) in _GENERATORS.items():
        for node in _items(root, key):
            if isinstance(node, YamlMapping):
                yield _resource(tree, path, node, kind, member, addresses)


def _resource(tree: Tree, path: str, node: YamlMapping, kind: str, member: str, addresses: Addresses) -> Resource:
    name, namespace = _text(node.get("name")), _text(node.get("namespace"))
    address = addresses.take(kind, namespace, name)
    first = node.pairs[0].span if node.pairs else node.span

    def evaluate(_: str | int | None) -> Mapping:
        data = (*_literals(node), *_env_files(tree, path, node))
        about = [Entry(Scalar(pair.name, pair.key.span), to_value(pair.value), pair.span) for pair in _naming(node)]
        return Mapping(
            (
                Entry(Scalar("kind"), Scalar(kind)),
                Entry(Scalar("metadata"), Mapping(tuple(about), node.span)),
                Entry(Scalar(member), Mapping(data, node.span)),
            ),
            node.span,
        )

    return Resource(
        id=f"{path}//{address}",
        unit=path,
        address=address,
        format="kubernetes",
        mode="resource",
        type=f"k8s:{kind}",
        name=name,
        span=node.span,
        header=first,
        module=path,
        evaluate=evaluate,
    )


def _naming(node: YamlMapping) -> Iterator[YamlPair]:
    return (pair for pair in node.effective() if pair.name in ("name", "namespace"))


def _items(node: YamlNode | None, key: str) -> list[YamlNode]:
    found = node.get(key) if isinstance(node, YamlMapping) else None
    return found.items if isinstance(found, YamlSequence) else []


def _text(node: YamlNode | None) -> str:
    return node.value if isinstance(node, YamlScalar) else ""


def _literals(node: YamlMapping) -> Iterator[Entry]:
    for item in _items(node, "literals"):
        name, equals, value = _text(item).partition("=")
        if equals:
            unquoted = value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else value
            yield Entry(Scalar(name, item.span), Scalar(unquoted, item.span), item.span)


def _env_files(tree: Tree, path: str, node: YamlMapping) -> Iterator[Entry]:
    for item in _items(node, "envs"):
        found = _resolved(tree, path, item)
        try:
            text = tree.read(found) if found else None
        except Unreadable:
            text = None
        yield from _lines(text, item) if text else ()


def _lines(text: SourceText, named: YamlNode) -> Iterator[Entry]:
    """The variables of an env file, one hop on from it."""
    hop = Hop("file", text.path, named.span)
    for found in _LINE.finditer(text.data):
        key, value = (found[group].decode("utf-8", "replace").strip() for group in (1, 2))
        place = text.span(*found.span(2))
        yield Entry(Scalar(key, text.span(*found.span(1))), Scalar(value, place, (hop,)), text.span(*found.span()))


def _resolved(tree: Tree, path: str, node: YamlNode) -> str | None:
    name = _text(node)
    found = tree.resolve(path.rpartition("/")[0], name) if name else None
    return found if found and tree.exists(found) else None
