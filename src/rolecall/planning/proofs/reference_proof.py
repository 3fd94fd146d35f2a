"""Proof that nothing dangles: every name that resolved before a patch resolves after it, and every new name resolves.

Terraform: resources, data sources, variables, locals and modules of each folder, the outputs and inputs of modules that
lie in the tree.  CloudFormation: `Ref`, `GetAtt`, `Sub`, `DependsOn` and `Condition` of each template.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from tree_sitter import Node

from rolecall.planning.proofs.template_references import new_circles, uses
from rolecall.source.hcl import Block, block_node, node_text, walk
from rolecall.source.outline import outline
from rolecall.source.text import SourceText
from rolecall.source.tree import Tree, Unreadable
from rolecall.source.yaml import YamlMapping, load

_ROOTS = ("var", "local", "module", "data")
#: Roots of names that no block declares.
_GIVEN = frozenset({"each", "count", "self", "path", "terraform"})
#: Blocks that may name what is no longer, or not yet, declared.
_STATE_BLOCKS = frozenset({"moved", "removed"})
#: Arguments of a module call that are not inputs of the module.
_CALL_ARGUMENTS = frozenset({"source", "version", "count", "for_each", "providers", "depends_on"})
_QUOTED_ADDRESS = re.compile(rb'"((?:data\.|module\.)?[\w-]+\.?[\w-]*)"')


@dataclass(frozen=True, slots=True, order=True)
class Dangling:
    """A name that does not resolve after the patch, or does so in a circle: where it is written, and what is wrong."""

    path: str
    line: int
    name: str
    says: str = "is not declared"

    @property
    def detail(self) -> str:
        return f"{self.path}:{self.line}: {self.name} {self.says}"


@dataclass(slots=True)
class _Names:
    """What a folder or template declares, and the names used in it with the first place of each."""

    declared: set[str] = field(default_factory=set)
    used: dict[str, tuple[str, int]] = field(default_factory=dict)

    def unresolved(self) -> dict[str, tuple[str, int]]:
        return {name: place for name, place in self.used.items() if name not in self.declared}


def dangling(before: Tree, after: Tree, folders: Iterable[str], templates: Iterable[str] = ()) -> list[Dangling]:
    """The names that dangle after a patch of Terraform `folders` and CloudFormation `templates` (root-relative).

    The folders that call a patched folder as a module are looked at too.
    """
    found: set[Dangling] = set()
    patched = set(folders)
    if patched:
        old, new = _Terraform(before), _Terraform(after)
        for folder in sorted(patched | new.callers(patched)):
            found.update(_new(_folder(old, folder), _folder(new, folder)))
    for path in sorted(set(templates)):
        found.update(_new(_template(before, path), _template(after, path)))
        for names, line in new_circles(_roots(before, path), _roots(after, path)):
            found.add(Dangling(path, line, " and ".join(names), "would depend on each other in a circle"))
    return sorted(found)


def _new(before: _Names, after: _Names) -> Iterator[Dangling]:
    old = before.unresolved()
    for name, (path, line) in after.unresolved().items():
        if name not in old:
            yield Dangling(path, line, name)


def _read(tree: Tree, path: str) -> SourceText | None:
    try:
        return tree.read(path)
    except Unreadable:
        return None


class _Terraform:
    """The Terraform files of a tree by their folders."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._paths: dict[str, list[str]] = {}
        for path in tree.paths():
            if path.endswith(".tf"):
                self._paths.setdefault(path.rpartition("/")[0], []).append(path)

    def files(self, folder: str) -> Iterator[SourceText]:
        for path in self._paths.get(folder, ()):
            text = _read(self.tree, path)
            if text is not None:
                yield text

    def callers(self, folders: set[str]) -> set[str]:
        """The folders that call one of these as a module by a local path."""
        return {
            folder
            for folder in self._paths
            if any(_called_folder(self.tree, folder, call) in folders for call in self.calls(folder, local=True))
        }

    def calls(self, folder: str, local: bool = False) -> Iterator[Block]:
        """The calls in a folder; of `local` ones only those in files that hold the text of a local path."""
        for text in self.files(folder):
            if b"module" in text.data and (not local or b'"./' in text.data or b'"../' in text.data):
                yield from (one for one in outline(text).blocks if one.type == "module" and len(one.labels) == 1)


def _called_folder(tree: Tree, folder: str, call: Block) -> str | None:
    if b'"./' not in call.slice and b'"../' not in call.slice:
        return None  # a local source is a literal; most calls have none and are not parsed
    source = call.attribute("source")
    literal = node_text(source.node).strip('"') if source is not None else ""
    return tree.resolve(folder, literal) if literal.startswith(("./", "../")) else None


def _folder(terraform: _Terraform, folder: str) -> _Names:
    names = _Names()
    for text in terraform.files(folder):
        known = text.__dict__.get("reference_names")
        if known is None:  # a file that a patch leaves alone is the same text in both trees
            known = text.__dict__["reference_names"] = _file(text)
        names.declared |= known.declared
        for name, place in known.used.items():
            names.used.setdefault(name, place)
    for call in terraform.calls(folder):
        _call(terraform, folder, call, names)
    return names


def _file(text: SourceText) -> _Names:
    names = _Names()
    for block in outline(text).blocks:
        names.declared.update(_declares(block))
        if block.type not in _STATE_BLOCKS:
            for name, at in _used_in(block.slice):
                names.used.setdefault(name, (text.path, text.position(block.start + at)[0]))
    return names


@lru_cache(4096)
def _used_in(block: bytes) -> tuple[tuple[str, int], ...]:
    """The names that a block's text uses: a patch leaves most blocks of a file as they are."""
    node = block_node(block)
    return tuple(_uses(node, _bound(node))) if node is not None else ()


def _declares(block: Block) -> Iterator[str]:
    match block.type, block.labels:
        case "resource", (kind, name):
            yield f"{kind}.{name}"
        case "data", (kind, name):
            yield f"data.{kind}.{name}"
        case "variable", (name,):
            yield f"var.{name}"
        case "module", (name,):
            yield f"module.{name}"
        case "locals", ():
            for attribute in block.attributes:
                yield f"local.{attribute.name}"
        case "check", _:
            for inner in block.blocks:
                yield from _declares(inner)


def _bound(block: Node) -> set[str]:
    """Names that `for` expressions and dynamic blocks bind."""
    names: set[str] = set()
    for node in walk(block):
        if node.type == "for_intro":
            names.update(node_text(child) for child in node.children if child.type == "identifier")
        elif node.type == "block" and node.children and node.children[0].text == b"dynamic":
            names.update(node_text(child).strip('"') for child in node.children[1:3] if child.type != "block_start")
        elif node.type == "attribute" and node.children[0].text == b"iterator":
            names.add(node_text(node.children[-1]))
    return names


def _uses(block: Node, bound: set[str]) -> Iterator[tuple[str, int]]:
    """The addresses that a block's expressions name, with their offsets within the parsed text."""
    for node in walk(block):
        if node.type == "variable_expr":
            root = node_text(node)
            if root in _GIVEN or root in bound:
                continue
            steps = _steps(node)
            if root in _ROOTS or "_" in root:
                wanted = 2 if root == "data" else 1
                if len(steps) >= wanted:
                    yield ".".join([root, *steps[:wanted]]), node.start_byte
                if root == "module" and len(steps) > 1:
                    yield f"module.{steps[0]}.{steps[1]}", node.start_byte
        elif node.type == "attribute" and node.children[0].text == b"depends_on":
            for found in _QUOTED_ADDRESS.finditer(node.text or b""):
                yield found[1].decode("utf-8", "replace"), node.start_byte


def _steps(variable: Node) -> list[str]:
    """The attribute names that follow a name, instance keys left out: `.a[0].b` is a, b."""
    steps: list[str] = []
    sibling = variable.next_sibling
    while sibling is not None and sibling.type in ("get_attr", "index", "splat"):
        if sibling.type == "get_attr":
            steps.append(node_text(sibling).lstrip(".").strip())
        elif sibling.type == "splat":
            steps.extend(node_text(node).lstrip(".").strip() for node in walk(sibling) if node.type == "get_attr")
        sibling = sibling.next_sibling
    return steps


def _call(terraform: _Terraform, folder: str, block: Block, names: _Names) -> None:
    """A module call: what the module in the tree offers is declared, what the call wants of it is used."""
    label = block.labels[0]
    outputs = [name for name in names.used if name.startswith(f"module.{label}.")]
    child = _called_folder(terraform.tree, folder, block)
    files = list(terraform.files(child)) if child is not None else []
    if not files:
        names.declared.update(outputs)  # not in the tree: nobody can tell
        return
    place = (block.text.path, block.span.line)
    given = {attribute.name for attribute in block.attributes} - _CALL_ARGUMENTS
    names.used.update((f"module.{label} input {name}", place) for name in given)
    for text in files:
        for inner in outline(text).blocks:
            if len(inner.labels) != 1:
                continue
            name = inner.labels[0]
            if inner.type == "output":
                names.declared.add(f"module.{label}.{name}")
            elif inner.type == "variable":
                names.declared.add(f"module.{label} input {name}")
                if inner.attribute("default") is None:
                    names.used.setdefault(f"module.{label} without its input {name}", place)
                    if name in given:
                        names.declared.add(f"module.{label} without its input {name}")


def _template(tree: Tree, path: str) -> _Names:
    names = _Names()
    for root in _roots(tree, path):
        for section in ("Resources", "Parameters"):
            part = root.get(section)
            if isinstance(part, YamlMapping):
                names.declared.update(pair.name for pair in part.pairs if pair.name)
        conditions = root.get("Conditions")
        if isinstance(conditions, YamlMapping):
            names.declared.update(f"condition {pair.name}" for pair in conditions.pairs)
        for name, node in uses(root):
            if not name.startswith("AWS::"):
                names.used.setdefault(name, (path, node.span.line))
    return names


def _roots(tree: Tree, path: str) -> list[YamlMapping]:
    text = _read(tree, path) if tree.exists(path) else None
    roots = load(text)[0] if text is not None else []
    return [root for root in roots if isinstance(root, YamlMapping)]
