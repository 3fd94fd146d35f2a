"""One folder of Terraform code as a module: what it declares, read from the outlines of its files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import field
from functools import cached_property
from typing import TypeVar

from rolecall.frontends.resource import Problem
from rolecall.frontends.terraform.declaration import Declaration, HclDeclaration, Overridden
from rolecall.source.outline import outline
from rolecall.source.records import dataclass
from rolecall.source.text import SourceText
from rolecall.source.tree import Tree, Unreadable

K = TypeVar("K")

#: Declarations that a module has by name: block type to the number of labels.
_NAMED = {"resource": 2, "data": 2, "ephemeral": 2, "module": 1, "variable": 1, "output": 1, "provider": 1}


def is_override(path: str) -> bool:
    stem = path.rpartition("/")[2].removesuffix(".json").removesuffix(".tf")
    return stem == "override" or stem.endswith("_override")


@dataclass
class Module:
    """The declarations of a folder, overrides merged in.  Nothing in it is evaluated."""

    folder: str
    files: tuple[str, ...]
    resources: dict[tuple[str, str, str], Declaration] = field(default_factory=dict)
    calls: dict[str, Declaration] = field(default_factory=dict)
    variables: dict[str, Declaration] = field(default_factory=dict)
    outputs: dict[str, Declaration] = field(default_factory=dict)
    providers: list[Declaration] = field(default_factory=list)
    settings: list[Declaration] = field(default_factory=list)
    local_blocks: list[Declaration] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @cached_property
    def locals(self) -> dict[str, Declaration]:
        """The block that declares each local; where two do, the later, since override files come last."""
        return {name: block for block in self.local_blocks for name in block.names()}

    @cached_property
    def sources(self) -> dict[str, str]:
        """The source of each call that writes it as a plain string."""
        return {name: source for name, call in self.calls.items() if (source := call.literal("source")) is not None}

    def declarations(self) -> Iterator[Declaration]:
        yield from self.resources.values()
        yield from self.calls.values()
        yield from self.variables.values()
        yield from self.outputs.values()
        yield from self.providers
        yield from self.settings
        yield from self.local_blocks


def read_module(tree: Tree, folder: str, files: tuple[str, ...]) -> Module:
    """The module of a folder.  `files` are its code, sorted; override files are merged after the others."""
    module = Module(folder, files)
    for overriding in (False, True):
        for path in files:
            if is_override(path) == overriding:
                for declaration in file_declarations(tree, path, module.problems.append):
                    _add(module, declaration, overriding)
    return module


def file_declarations(tree: Tree, path: str, report: Callable[[Problem], None]) -> Iterator[Declaration]:
    try:
        text = tree.read(path)
    except Unreadable as error:
        report(Problem("unreadable", error.reason, SourceText(path, b"").span(0, 0)))
        return
    if path.endswith(".json"):
        from rolecall.frontends.terraform.json_syntax import declarations  # YAML is not loaded for HCL alone

        yield from declarations(text, report)
        return
    top = outline(text)
    for fault in top.faults:
        report(Problem("syntax", fault.message, text.span(fault.start, fault.end)))
    for block in top.blocks:
        yield HclDeclaration(block)


def _add(module: Module, declaration: Declaration, overriding: bool) -> None:
    kind, labels = declaration.type, declaration.labels
    if len(labels) < _NAMED.get(kind, 0):
        module.problems.append(Problem("syntax", f"{kind} block without a name", declaration.header))
    elif kind in ("resource", "data", "ephemeral"):
        _merge(module, module.resources, (kind, labels[0], labels[1]), declaration, overriding)
    elif kind == "module":
        _merge(module, module.calls, labels[0], declaration, overriding)
    elif kind == "variable":
        _merge(module, module.variables, labels[0], declaration, overriding)
    elif kind == "output":
        _merge(module, module.outputs, labels[0], declaration, overriding)
    elif kind == "provider":
        _add_provider(module, declaration, overriding)
    elif kind == "terraform":
        module.settings.append(declaration)
    elif kind == "locals":
        module.local_blocks.append(declaration)


def _merge(module: Module, known: dict[K, Declaration], key: K, declaration: Declaration, overriding: bool) -> None:
    base = known.get(key)
    if base is None:
        known[key] = declaration
    elif not overriding:
        name = ".".join((declaration.type, *declaration.labels))
        module.problems.append(Problem("syntax", f"{name} is declared twice", declaration.header))
    elif isinstance(base, Overridden):
        known[key] = Overridden(base.base, (*base.layers, declaration))
    else:
        known[key] = Overridden(base, (declaration,))


def _add_provider(module: Module, declaration: Declaration, overriding: bool) -> None:
    if overriding:
        key = (declaration.labels[0], declaration.literal("alias") or "")
        for index, base in enumerate(module.providers):
            if (base.labels[0], base.literal("alias") or "") == key:
                layers = base.layers if isinstance(base, Overridden) else ()
                first = base.base if isinstance(base, Overridden) else base
                module.providers[index] = Overridden(first, (*layers, declaration))
                return
    module.providers.append(declaration)
