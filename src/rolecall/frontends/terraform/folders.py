"""The Terraform folders of a tree: which files each has, and its module, read once."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import field
from weakref import WeakKeyDictionary

from rolecall.frontends.terraform.module import Module, read_module
from rolecall.frontends.terraform.sketch import Sketch, sketch_of
from rolecall.source.records import dataclass
from rolecall.source.tree import Tree

_CODE = (".tf", ".tf.json")
_VALUES = (".tfvars", ".tfvars.json")


@dataclass(eq=False, slots=True)
class Files:
    """The files of one folder, sorted: code, files of variable values, and a Terragrunt file."""

    code: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    terragrunt: str = ""


class Folders:
    """All folders of a tree that hold Terraform code."""

    def __init__(self, tree: Tree) -> None:
        self.paths = tree.paths()
        self.files: dict[str, Files] = {}
        self.value_files: list[str] = []
        self.sketches: dict[str, Sketch] = {}
        self._modules: dict[str, Module] = {}
        for path in self.paths:
            folder, _, name = path.rpartition("/")
            if name.endswith(_CODE):
                self._of(folder).code.append(path)
            elif name.endswith(_VALUES):
                self._of(folder).values.append(path)
                self.value_files.append(path)
            elif name == "terragrunt.hcl":
                self._of(folder).terragrunt = path

    def _of(self, folder: str) -> Files:
        files = self.files.get(folder)
        if files is None:
            files = self.files[folder] = Files()
        return files

    def has_code(self, folder: str) -> bool:
        files = self.files.get(folder)
        return files is not None and bool(files.code)

    def module(self, tree: Tree, folder: str) -> Module:
        module = self._modules.get(folder)
        if module is None:
            files = self.files.get(folder)
            module = self._modules[folder] = read_module(tree, folder, tuple(files.code) if files else ())
        return module

    def sketch(self, tree: Tree, folder: str) -> Sketch:
        """The sketch of a folder: one that another process made (`sketches`), or made here."""
        sketch = self.sketches.get(folder)
        if sketch is None:
            module = self.module(tree, folder) if self.has_code(folder) else None
            sketch = self.sketches[folder] = sketch_of(tree, module) if module is not None else Sketch()
        return sketch

    def has(self, path: str) -> bool:
        """Whether there is such a file."""
        at = bisect_left(self.paths, path)
        return at < len(self.paths) and self.paths[at] == path

    def below(self, folder: str, limit: int) -> list[str]:
        """The paths below a folder, at most `limit`."""
        if not folder:
            return self.paths[:limit]
        prefix = f"{folder}/"
        start = bisect_left(self.paths, prefix)
        end = start
        while end < len(self.paths) and end - start < limit and self.paths[end].startswith(prefix):
            end += 1
        return self.paths[start:end]


_KNOWN: WeakKeyDictionary[Tree, Folders] = WeakKeyDictionary()


def folders_of(tree: Tree) -> Folders:
    """The folders of a tree; the same object as long as the tree lives."""
    folders = _KNOWN.get(tree)
    if folders is None:
        folders = _KNOWN[tree] = Folders(tree)
    return folders
