"""GitHub Actions: which files are workflows and actions, and their units."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from rolecall.frontends.pipelines.pipeline import data_of
from rolecall.frontends.pipelines.reading import Reading
from rolecall.frontends.pipelines.scripts import StepFact, step_facts
from rolecall.frontends.pipelines.steps import Action
from rolecall.frontends.pipelines.workflow import Workflow
from rolecall.frontends.resource import Problem, Unit
from rolecall.frontends.yaml_values import read_documents
from rolecall.source.patterns import late
from rolecall.source.records import dataclass
from rolecall.source.text import SourceText
from rolecall.source.tree import Tree, Unreadable
from rolecall.source.yaml import YamlMapping

__all__ = ["StepFact", "WorkflowPlan", "read", "read_unit", "step_facts", "units"]

_WORKFLOW = late(r"(?:^|.*/)\.github/workflows/[^/]+\.ya?ml\Z")
_ACTION = late(r"(?:^|.*/)action\.ya?ml\Z")
_USES = late(rb"""\buses["']?\s*:\s*["']?(\./[^\s"'#@,{}\[\]]*)""")
_COMPOSITE = late(rb"""\busing["']?\s*:\s*["']?composite""")
_ACTION_FILES = ("action.yml", "action.yaml")


@dataclass(frozen=True, slots=True)
class WorkflowPlan:
    """One unit to be: the file it is named after, and all files that its evaluation may look at, that one first."""

    name: str
    files: tuple[str, ...]


def read(tree: Tree, paths: Iterable[str]) -> Iterator[Unit]:
    """The units of all workflows, and of the composite actions that no workflow here uses."""
    for plan in units(tree, paths):
        yield read_unit(tree, plan)


def units(tree: Tree, paths: Iterable[str]) -> list[WorkflowPlan]:
    """What forms a unit, found without parsing YAML but for files that other files call.

    A reusable workflow that has a caller and no other trigger, and an action that is used, belong to their callers.
    """
    layout = _Layout(tree)
    used: dict[str, tuple[str, ...]] = {}
    for path in paths:
        if layout.is_workflow(path) or (_ACTION.match(path) and _COMPOSITE.search(data_of(tree, path))):
            used[path] = tuple(_used(tree, layout, path))
    called = {target for path, targets in used.items() for target in targets if target != path}
    plans = []
    for path in list(used):
        if path in called and (not layout.is_workflow(path) or _only_called(tree, path)):
            continue
        plans.append(WorkflowPlan(path, tuple(_closure(tree, layout, path, used))))
    covered = {file for plan in plans for file in plan.files}
    for path in list(used):
        if path not in covered:  # files that only call each other
            plans.append(WorkflowPlan(path, tuple(_closure(tree, layout, path, used))))
            covered.update(plans[-1].files)
    return plans


def read_unit(tree: Tree, plan: WorkflowPlan) -> Unit:
    """The jobs and steps of one unit.  Never raises: what cannot be read is a problem of the unit."""
    layout = _Layout(tree)
    problems: list[Problem] = []
    opened: dict[str, YamlMapping | None] = {}

    def open_file(path: str) -> YamlMapping | None:
        if path not in opened:
            opened[path] = _root(tree, path, problems)
        return opened[path]

    reading = Reading(plan.name, open_file, lambda uses: layout.resolve(plan.name, uses), problems=problems)
    root = open_file(plan.name)
    if root is not None and layout.is_workflow(plan.name) and (root.get("jobs") or not root.get("runs")):
        Workflow(reading, plan.name, root).build()
    elif root is not None:
        Action(reading, plan.name, root, None).build("")
    return Unit(plan.name, "github", plan.files, tuple(reading.resources), tuple(problems))


class _Layout:
    """Where the repository's root is: local paths are seen from there.

    The scanned folder may lie above it, be it, or lie below it (`rolecall check .github/workflows`).
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        root = Path(os.path.abspath(tree.root))
        parts = (root.parent if root.is_file() else root).parts
        self._above = "/".join(parts[parts.index(".github") :]) + "/" if ".github" in parts else ""

    def is_workflow(self, path: str) -> bool:
        return _WORKFLOW.match(self._above + path) is not None

    def resolve(self, seen_from: str, uses: str) -> str | None:
        """The workflow or action file that `./path` means, or None where there is none."""
        whole = self._above + seen_from
        repository = whole[: whole.index(".github/")] if ".github/" in whole else ""
        found = self._tree.resolve(repository, uses)
        if found is None or not found.startswith(self._above):
            return None
        found = found[len(self._above) :]
        if found.endswith((".yml", ".yaml")):
            return found if self._tree.exists(found) else None
        names = (f"{found}/{name}" if found else name for name in _ACTION_FILES)
        return next((name for name in names if self._tree.exists(name)), None)


def _used(tree: Tree, layout: _Layout, path: str) -> Iterator[str]:
    """The local files that a file uses, by a search of its bytes."""
    for uses in dict.fromkeys(_USES.findall(data_of(tree, path))):
        found = layout.resolve(path, uses.decode("utf-8", "replace"))
        if found is not None:
            yield found


def _closure(tree: Tree, layout: _Layout, path: str, used: dict[str, tuple[str, ...]]) -> Iterator[str]:
    waiting, seen = [path], {path}
    while waiting:
        current = waiting.pop()
        yield current
        if current not in used:
            used[current] = tuple(_used(tree, layout, current))
        for target in used[current]:
            if target not in seen:
                seen.add(target)
                waiting.append(target)


def _root(tree: Tree, path: str, problems: list[Problem]) -> YamlMapping | None:
    try:
        text = tree.read(path)
    except Unreadable as error:
        problems.append(Problem("unreadable", error.reason, SourceText(path, b"").span(0, 0)))
        return None
    nodes, found = read_documents(text)
    problems.extend(found)
    return next((node for node in nodes if isinstance(node, YamlMapping)), None)


def _only_called(tree: Tree, path: str) -> bool:
    """Whether `workflow_call` is the only event that starts a workflow."""
    root = _root(tree, path, [])
    events = root.get("on") if root else None
    if isinstance(events, YamlMapping):
        return all(pair.name == "workflow_call" for pair in events.pairs)
    items = getattr(events, "items", [events])
    return all(getattr(item, "value", "") == "workflow_call" for item in items)
