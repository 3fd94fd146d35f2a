"""Root modules: which folders are applied on their own, what each may read, and the reading of one.

`units` is cheap and tells what there is; `read_unit` reads one of them, so that a caller may cache by the files that a
unit names, or read several at once.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress

from rolecall.frontends.resource import Problem, Unit
from rolecall.frontends.terraform.declaration import Declaration
from rolecall.frontends.terraform.estate import Estate
from rolecall.frontends.terraform.folders import Folders, folders_of
from rolecall.frontends.terraform.inputs import (
    Choice,
    Input,
    automatic,
    named_later,
    read_values,
    terragrunt_inputs,
    terragrunt_source,
)
from rolecall.frontends.terraform.instance import Instance
from rolecall.frontends.terraform.module import Module
from rolecall.frontends.terraform.place import Place
from rolecall.frontends.terraform.resources import resources_of
from rolecall.frontends.terraform.sketch import Sketch
from rolecall.frontends.values import Mapping, text
from rolecall.source.patterns import late
from rolecall.source.records import dataclass
from rolecall.source.text import SourceText
from rolecall.source.tree import Tree, Unreadable

_LOCAL = ("./", "../", ".\\", "..\\")
_MODULE_PATH = late(r"\$\{\s*path\.module\s*\}")
_ROOT_PATH = late(r"\$\{\s*path\.(?:root|cwd)\s*\}")
#: Files that one `file()` call with a computed name may make readable.
_MAX_FILES = 2000


@dataclass(frozen=True, slots=True)
class UnitPlan:
    """One root module: its name, the folders that it is made of, and every file that reading it may look at.

    `folder` is the root-relative folder ("" for the root), `name` the same with "." for the root.  `values` are the
    files of variable values in the order they are applied, `choices` those of which the command line may name one,
    `terragrunt` the file whose inputs hold for it, if one does.
    """

    name: str
    folder: str
    folders: tuple[str, ...]
    files: tuple[str, ...]
    values: tuple[str, ...] = ()
    terragrunt: str = ""
    library: bool = False
    choices: tuple[str, ...] = ()


def read(
    tree: Tree, paths: Sequence[str], variable_files: Sequence[str] = (), plan_files: Sequence[str] = ()
) -> Iterator[Unit]:
    """Every Terraform root module among the paths.

    `variable_files` (root-relative) are laid over each one's own.  Each of `plan_files` (`terraform show -json`) is
    laid over the unit that declares the most of what it plans; it is a unit of its own where none declares any.
    """
    read_units = (read_unit(tree, plan) for plan in units(tree, paths, variable_files))
    if not plan_files:
        yield from read_units
        return
    from rolecall.frontends.terraform import plan_json  # JSON's reader is not loaded for HCL alone

    found = list(read_units)
    for path in plan_files:
        try:
            plan = tree.read(path)
        except Unreadable as error:
            place = SourceText(path, b"").span(0, 0)
            found.append(Unit(path, "terraform", (path,), (), (Problem("unreadable", error.reason, place),)))
            continue
        scores = [plan_json.matches(plan, unit) for unit in found]
        best = max(scores, default=0)
        if best:
            at = scores.index(best)
            found[at] = plan_json.laid_over(found[at], plan)
        else:
            found.append(plan_json.laid_over(Unit(path, "terraform", (path,), ()), plan))
    yield from found


def units(tree: Tree, paths: Sequence[str], variable_files: Sequence[str] = ()) -> list[UnitPlan]:
    """The root modules among the paths, by outlines and module sources only, sorted by folder."""
    folders = folders_of(tree)
    wanted = {path.rpartition("/")[0] for path in paths if path.endswith((".tf", ".tf.json"))}
    wanted = {folder for folder in wanted if ".terraform" not in folder.split("/")}
    calls = _Calls(tree, folders)
    called = {target for folder in wanted for target in calls.of(folder) if target != folder}
    applied, inputs = _terragrunt(tree, folders)
    roots = sorted(folder for folder in wanted if folder not in called or calls.has_backend(folder))
    reached: set[str] = set()
    plans: list[UnitPlan] = []
    for folder in roots:
        made_of = calls.closure(folder)
        reached.update(made_of)
        plans.append(_plan(tree, folders, calls, folder, made_of, applied, inputs, variable_files))
    for folder in sorted(wanted - reached):  # modules that call each other in a ring, and that nobody else calls
        if folder not in reached:
            made_of = calls.closure(folder)
            reached.update(made_of)
            plans.append(_plan(tree, folders, calls, folder, made_of, applied, inputs, variable_files))
    return sorted(plans, key=lambda plan: plan.folder)


class _Calls:
    """Which local modules each folder calls."""

    def __init__(self, tree: Tree, folders: Folders) -> None:
        self._tree = tree
        self._folders = folders
        self._known: dict[str, tuple[str, ...]] = {}

    def sketch(self, folder: str) -> Sketch:
        return self._folders.sketch(self._tree, folder)

    def of(self, folder: str) -> tuple[str, ...]:
        known = self._known.get(folder)
        if known is None:
            targets = (
                self._tree.resolve(folder, source.replace("\\", "/"))
                for _, source in self.sketch(folder).sources
                if source.startswith(_LOCAL)
            )
            known = tuple(
                dict.fromkeys(target for target in targets if target is not None and self._folders.has_code(target))
            )
            self._known[folder] = known
        return known

    def closure(self, folder: str) -> tuple[str, ...]:
        """The folder and all that it calls, directly or not."""
        found = {folder: None}
        stack = [folder, *registry(self._tree, folder).values()]
        while stack:
            for target in self.of(stack.pop()):
                if target not in found:
                    found[target] = None
                    stack.append(target)
        for target in registry(self._tree, folder).values():
            found.setdefault(target)
        return tuple(found)

    def has_backend(self, folder: str) -> bool:
        return self.sketch(folder).backend


def registry(tree: Tree, folder: str) -> dict[str, str]:
    """Where `terraform init` put the modules of a root module: dotted path of calls to root-relative folder."""
    path = f"{folder}/.terraform/modules/modules.json" if folder else ".terraform/modules/modules.json"
    if not folders_of(tree).has(path):
        return {}
    try:
        listed = json.loads(tree.read(path).data)["Modules"]
        found = {str(entry["Key"]): tree.resolve(folder, str(entry["Dir"])) for entry in listed if entry["Key"]}
    except (Unreadable, ValueError, KeyError, TypeError, RecursionError):
        return {}
    return {key: target for key, target in found.items() if target is not None}


def _terragrunt(tree: Tree, folders: Folders) -> tuple[set[str], dict[str, str]]:
    """The folders that Terragrunt applies, and for those that just one file applies, that file."""
    by_target: dict[str, list[str]] = {}
    for folder, files in folders.files.items():
        if not files.terragrunt:
            continue
        try:
            source = terragrunt_source(tree.read(files.terragrunt))
        except Unreadable:
            continue
        target = tree.resolve(folder, source) if source is not None else folder
        if target is not None:
            by_target.setdefault(target, []).append(files.terragrunt)
    return set(by_target), {target: paths[0] for target, paths in by_target.items() if len(paths) == 1}


def _plan(
    tree: Tree,
    folders: Folders,
    calls: _Calls,
    folder: str,
    made_of: tuple[str, ...],
    applied: Collection[str],
    inputs: dict[str, str],
    variable_files: Sequence[str],
) -> UnitPlan:
    own = folders.files[folder]
    values = (*automatic(own.values), *variable_files)
    choices = () if variable_files else tuple(named_later(folders, folder))
    terragrunt = inputs.get(folder, "")
    sketch = calls.sketch(folder)
    library = not (own.values or choices or sketch.providers or folder in applied or own.terragrunt or sketch.backend)
    files: dict[str, None] = dict.fromkeys(path for part in made_of for path in calls.sketch(part).files)
    files.update(dict.fromkeys((*values, *choices)))
    if terragrunt:
        files[terragrunt] = None
    installed = f"{folder}/.terraform/modules/modules.json" if folder else ".terraform/modules/modules.json"
    if folders.has(installed):
        files[installed] = None
    for part in made_of:
        files.update(dict.fromkeys(_read_by(folders, tree, part, calls.sketch(part), folder)))
    return UnitPlan(folder or ".", folder, made_of, tuple(files), values, terragrunt, library, choices)


def _read_by(folders: Folders, tree: Tree, folder: str, sketch: Sketch, root: str) -> Iterator[str]:
    """The files that the `file()` calls of a module may read."""
    for written in dict.fromkeys(sketch.reads):
        yield from _named_files(tree, folders, written, folder, root)
    if sketch.local_files:
        yield from folders.below(folder, _MAX_FILES)


def _named_files(tree: Tree, folders: Folders, written: bytes | None, folder: str, root: str) -> Iterable[str]:
    if written is None:
        return dict.fromkeys([*folders.below(folder, _MAX_FILES), *folders.below(root, _MAX_FILES)])
    name = written[1:-1].decode("utf-8", "replace")
    base = root
    if _MODULE_PATH.match(name):
        name, base = _MODULE_PATH.sub(".", name, count=1), folder
    name = _ROOT_PATH.sub(".", name, count=1)
    fixed, dynamic, _ = name.partition("${")
    if dynamic:
        fixed = fixed.rpartition("/")[0]
    resolved = tree.resolve(base, fixed or ".")
    if resolved is None:
        return ()
    return [resolved] if not dynamic and folders.has(resolved) else folders.below(resolved, _MAX_FILES)


def read_unit(tree: Tree, plan: UnitPlan) -> Unit:
    """One root module with all that it calls, ready to be asked.

    Bodies are evaluated when they are asked for, and what cannot be read in them joins the unit's problems then.
    """
    folders = folders_of(tree)
    estate = Estate(tree, folders, plan.name, plan.folder, registry(tree, plan.folder), frozenset(plan.files))
    if plan.terragrunt:
        with suppress(Unreadable):  # then it names no unit
            estate.inputs.update((entry.name, entry) for entry in terragrunt_inputs(tree.read(plan.terragrunt)))
    for path in plan.values:
        estate.inputs.update((entry.name, entry) for entry in read_values(tree, path, estate.report))
    module = estate.module(plan.folder)
    estate.inputs.update(_choices(tree, plan, module, estate))
    root = Instance(estate, module)
    resources = tuple(resources_of(root))
    return Unit(
        plan.name,
        "terraform",
        plan.files,
        resources,
        estate.problems,
        plan.folders,
        plan.library,
        provider_versions=_provider_versions(root),
        choices=plan.choices,
    )


def _choices(tree: Tree, plan: UnitPlan, module: Module, estate: Estate) -> Iterator[tuple[str, Choice]]:
    """The variables whose default does not hold for every way to apply the module.

    A variable without a default is given from outside anyway.
    """
    found: dict[str, list[Input]] = {}
    for path in plan.choices:
        for entry in read_values(tree, path, estate.report):
            if entry.name not in estate.inputs:
                found.setdefault(entry.name, []).append(entry)
    for name, entries in found.items():
        declaration = module.variables.get(name)
        if declaration is not None and declaration.attribute_span("default") is not None:
            yield name, Choice(name, tuple(entries), declaration)


def _provider_versions(root: Instance) -> dict[str, str]:
    """The version constraint of each provider of the root module, by its local name."""
    found: dict[str, str] = {}
    for provider in root.module.providers:
        version = provider.written("version")
        if version is not None:
            found[provider.labels[0]] = version.decode("utf-8", "replace").strip('"')
    for settings in root.module.settings:
        for required in settings.nested("required_providers"):
            written = required.text.data[required.span.start : required.span.end]
            known = _VERSIONS.get(written)
            if known is None:
                known = tuple(_required(required, Place(root, required.text)))
                if len(_VERSIONS) < _MAX_VERSIONS:
                    _VERSIONS[written] = known
            found.update(known)
    return found


#: What blocks of required providers say, by their text: the root modules of an estate mostly have the same.
_VERSIONS: dict[bytes, tuple[tuple[str, str], ...]] = {}
_MAX_VERSIONS = 1000


def _required(declaration: Declaration, place: Place) -> Iterator[tuple[str, str]]:
    for name in declaration.names():
        value = declaration.value(name, place)
        version = text(value.get("version") if isinstance(value, Mapping) else value)
        if version is not None:
            yield name, version
