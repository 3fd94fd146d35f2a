"""What all module instances of one root module share: the tree, the inputs, what went wrong, and the limits."""

from __future__ import annotations

import os.path
from collections.abc import Mapping as Bindings

from rolecall.frontends.resource import Problem
from rolecall.frontends.terraform.declaration import Declaration
from rolecall.frontends.terraform.folders import Folders
from rolecall.frontends.terraform.inputs import Choice, Input
from rolecall.frontends.terraform.module import Module
from rolecall.source.text import SourceText
from rolecall.source.tree import Tree, Unreadable

#: Module instances of one root module.
MAX_INSTANCES = 5000
MAX_LISTED = 5000


class Estate:
    """One root module being read.

    `readable` are the paths that `file()` and its like may read (the unit's cache key names them), `registry` the
    folders of remote modules that `terraform init` left on disk, by their dotted path of calls.
    """

    def __init__(
        self,
        tree: Tree,
        folders: Folders,
        unit: str,
        root: str,
        registry: Bindings[str, str],
        readable: frozenset[str],
    ) -> None:
        self.tree = tree
        self.folders = folders
        self.unit = unit
        self.root = root
        self.inputs: dict[str, Input | Choice] = {}
        self.registry = registry
        self.readable = readable
        self.problems: list[Problem] = []
        self.depth = 0
        self._instances = 0
        self._seen: set[tuple[str, str]] = set()

    def report(self, problem: Problem, once: str = "") -> None:
        """Keeps a problem; those with the same `once` are kept once, others once per place."""
        slot = (problem.kind, once or f"{problem.span.path}:{problem.span.start}:{problem.message}")
        if slot not in self._seen:
            self._seen.add(slot)
            self.problems.append(problem)

    def module(self, folder: str) -> Module:
        module = self.folders.module(self.tree, folder)
        for problem in module.problems:
            self.report(problem)
        return module

    def called_folder(self, caller: Module, name: str, key_path: str) -> str | None:
        """The folder of a call's module; None, and a problem, where it is not on disk."""
        call = caller.calls[name]
        source = caller.sources.get(name)
        folder = self.registry.get(key_path)
        if folder is None and source is not None and source.startswith(("./", "../", ".\\", "..\\")):
            folder = self.tree.resolve(caller.folder, source.replace("\\", "/"))
            if folder is None:
                self.report(Problem("remote-module", f"module source {source} leads out of what is read", call.header))
                return None
            if not self.folders.has_code(folder):
                self.report(Problem("unresolved", f"module source {source} has no Terraform code", call.header))
                return None
        if folder is not None and self.folders.has_code(folder):
            return folder
        if source is None:
            self.report(Problem("unresolved", f"source of module {name} is not a plain string", call.header))
        else:
            message = f"module source {source} is not on disk, so what it declares is not seen"
            self.report(Problem("remote-module", message, call.header), source)
        return None

    def take_instance(self, call: Declaration) -> bool:
        """Counts one more module instance; False, and a problem, where there are too many."""
        self._instances += 1
        if self._instances > MAX_INSTANCES:
            self.report(Problem("limit", "too many module instances", call.header), "instances")
            return False
        return True

    def from_root(self, folder: str) -> str:
        """A folder as Terraform names it where it runs: relative to the root module."""
        return os.path.relpath(folder or ".", self.root or ".").replace(os.sep, "/")

    def read_file(self, path: str) -> SourceText | None:
        resolved = self.tree.resolve(self.root, path)
        if resolved is None or resolved not in self.readable:
            return None
        try:
            return self.tree.read(resolved)
        except Unreadable as error:
            self.report(Problem("unreadable", error.reason, SourceText(resolved, b"").span(0, 0)))
            return None

    def list_files(self, folder: str) -> list[str] | None:
        resolved = self.tree.resolve(self.root, folder)
        if resolved is None:
            return None
        below = self.folders.below(resolved, MAX_LISTED)
        if len(below) == MAX_LISTED:
            return None
        return [path[len(resolved) + 1 if resolved else 0 :] for path in below if path in self.readable]
