"""Azure Pipelines: stages, jobs and steps with the local templates that they use.

Sources: https://learn.microsoft.com/azure/devops/pipelines/yaml-schema,
https://learn.microsoft.com/azure/devops/pipelines/process/templates (paths, parameters, extends),
https://learn.microsoft.com/azure/devops/pipelines/process/variables (macros, what becomes an environment variable),
https://learn.microsoft.com/azure/devops/pipelines/build/variables (predefined names).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from rolecall.frontends.pipelines.azure_steps import DIRECTIVE, Frame, Job, Level, Variable, step_lists
from rolecall.frontends.pipelines.pipeline import MAX_NESTING, Pipeline, PipelinePlan, data_of, plans
from rolecall.frontends.pipelines.pipeline import read_unit as read_with
from rolecall.frontends.pipelines.reading import below, scalar
from rolecall.frontends.resource import Unit
from rolecall.source.patterns import late
from rolecall.source.text import Span
from rolecall.source.tree import Tree
from rolecall.source.yaml import YamlMapping, YamlNode, YamlScalar, YamlSequence

_START = late(r"(?:^|/)[^/]*azure-pipelines?[^/]*\.ya?ml\Z")
_LOOK = late(rb"""^["']?(?:\$\{\{.*|steps|jobs|stages|extends|variables|parameters)["']?\s*:""", re.M)
_TEMPLATE = late(rb"""\btemplate["']?\s*:\s*["']?(/?[\w.-][\w./ -]*\.ya?ml)(?:["'\s@#,}]|$)""", re.M)
_SET = late(rb"task\.setvariable\s+[^\]]*?variable=([\w.-]+)", re.IGNORECASE)
_PARAMETER = late(r"\$\{\{\s*parameters\.([A-Za-z_][\w-]*)\s*\}\}\Z")


def units(tree: Tree, paths: Iterable[str]) -> list[PipelinePlan]:
    """What forms a unit, found without parsing YAML."""
    taken = [path for path in paths if _START.search(path) or _LOOK.search(data_of(tree, path))]
    return plans(tree, taken, lambda path: _START.search(path) is not None, lambda path: _used(tree, path))


def read_unit(tree: Tree, plan: PipelinePlan) -> Unit:
    """The jobs and steps of one unit.  Never raises: what cannot be read is a problem of the unit."""
    return read_with(tree, plan, "azure-pipelines", lambda pipeline: _Reader(pipeline).build())


def _used(tree: Tree, path: str) -> Iterator[str]:
    """The local templates that a file names: seen from its own folder, or from the repository's root."""
    for written in dict.fromkeys(_TEMPLATE.findall(data_of(tree, path))):
        found = _resolved(tree, path, written.decode("utf-8", "replace"))
        if found is not None:
            yield found


def _resolved(tree: Tree, path: str, written: str) -> str | None:
    folder = path.rpartition("/")[0]
    if written.startswith("/"):
        while True:  # the repository's root is not known: the nearest folder above that has the file
            found = tree.resolve(folder, written.lstrip("/"))
            if found is not None and tree.exists(found):
                return found
            if not folder:
                return None
            folder = folder.rpartition("/")[0]
    found = tree.resolve(folder, written)
    return found if found is not None and tree.exists(found) else None


class _Reader:
    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self.set_by_tasks: frozenset[str] = frozenset(
            name.decode("ascii", "replace").lower()
            for path in pipeline.plan.files
            for name in _SET.findall(data_of(pipeline.tree, path))
        )
        self.depth = 0

    def build(self) -> None:
        root = self.pipeline.open_file(self.pipeline.plan.name)
        if root is not None:
            self._root(Frame(root.text.path, root, entered=(root.text.path,)), Level({}), "")

    def _root(self, frame: Frame, level: Level, prefix: str) -> None:
        """A pipeline file, or a template that one extends."""
        root = frame.root
        level = self._level(root.get("variables"), frame, level, "variables.")
        extends = root.pair("extends")
        if extends is not None and (entered := self._entered(extends.value, frame, extends.span)) is not None:
            self._root(entered, level, prefix)
        stages = root.pair("stages")
        if stages is not None:
            for number, (node, inner) in enumerate(self.items(stages.value, frame)):
                self._stage(node, inner, level, prefix, number)
        elif (jobs := root.pair("jobs")) is not None:
            self._jobs(jobs.value, frame, level, prefix)
        elif (steps := root.pair("steps")) is not None:
            Job(self, frame, level, f"{prefix}job", "job", steps.span, steps.key.span, root).build(steps.value)

    def _stage(self, node: YamlMapping, frame: Frame, level: Level, prefix: str, number: int) -> None:
        if (entered := self.template(node, frame)) is not None:
            for at, (inner, below_) in enumerate(self.items(entered.root.get("stages"), entered)):
                self._stage(inner, below_, level, f"{prefix}stages[{number}].", at)
            return
        name = scalar(node, "stage")
        address = f"{prefix}stages.{name}" if name and "${{" not in name else f"{prefix}stages[{number}]"
        level = self._level(node.get("variables"), frame, level, f"{address}.variables.")
        self._jobs(node.get("jobs"), frame, level, f"{address}.")

    def _jobs(self, jobs: YamlNode | None, frame: Frame, level: Level, prefix: str) -> None:
        for number, (node, inner) in enumerate(self.items(jobs, frame)):
            if (entered := self.template(node, inner)) is not None:
                self._jobs(entered.root.get("jobs"), entered, level, f"{prefix}jobs[{number}].")
                continue
            name = scalar(node, "job") or scalar(node, "deployment")
            address = f"{prefix}jobs.{name}" if name and "${{" not in name else f"{prefix}jobs[{number}]"
            seen = self._level(node.get("variables"), inner, level, f"{address}.variables.")
            header = node.pairs[0].span if node.pairs else node.span
            job = Job(self, inner, seen, address, name or address, node.span, header, node)
            job.build(*step_lists(node))

    # -- lists, templates, variables

    def items(self, node: YamlNode | None, frame: Frame, depth: int = 0) -> Iterator[tuple[YamlMapping, Frame]]:
        """The mappings of a list, those under conditions and those that a parameter brings in among them."""
        if isinstance(node, YamlScalar) and (match := _PARAMETER.match(node.value.strip())):
            given = frame.parameter(match[1])
            if given is not None and depth < MAX_NESTING:
                yield from self.items(*given, depth + 1)
            return
        for item in node.items if isinstance(node, YamlSequence) else ():
            if self.pipeline.full:
                return
            if isinstance(item, YamlMapping):
                conditional = [pair for pair in item.pairs if pair.name and DIRECTIVE.match(pair.name)]
                for pair in conditional if depth < MAX_NESTING else ():
                    yield from self.items(pair.value, frame, depth + 1)
                if len(conditional) < len(item.pairs):
                    yield item, frame
            elif isinstance(item, (YamlScalar, YamlSequence)) and depth < MAX_NESTING:
                yield from self.items(item, frame, depth + 1)

    def template(self, node: YamlMapping, frame: Frame) -> Frame | None:
        pair = node.pair("template")
        return self._entered(node, frame, pair.span) if pair is not None else None

    def _entered(self, node: YamlNode, frame: Frame, span: Span) -> Frame | None:
        """The template that a place uses; None where it is not here."""
        written = scalar(node, "template")
        if not written or "@" in written or "${{" in written:
            return None
        path = _resolved(self.pipeline.tree, frame.path, written)
        if path is None:
            self.pipeline.problem("unresolved", "the template is not in the scanned folder", span)
        elif path in frame.entered:
            self.pipeline.problem("cycle", "the template leads back to itself", span)
        elif len(frame.entered) > MAX_NESTING:
            self.pipeline.problem("limit", f"templates nested deeper than {MAX_NESTING}", span)
        elif (root := self.pipeline.open_file(path)) is not None:
            given = below(node, "parameters")
            arguments = {
                pair.name.lower(): (pair.value, frame)
                for pair in (given.effective() if isinstance(given, YamlMapping) else ())
                if pair.name
            }
            return Frame(path, root, arguments, (*frame.calls, span), (*frame.entered, path))
        return None

    def _level(self, node: YamlNode | None, frame: Frame, outer: Level, level: str) -> Level:
        """The variables of one level over those further out."""
        found: dict[str, Variable] = {}
        groups: list[str] = []
        self._variables(node, frame, level, found, groups)
        return Level({**outer.variables, **found}, (*outer.groups, *groups)) if found or groups else outer

    def _variables(
        self, node: YamlNode | None, frame: Frame, level: str, found: dict[str, Variable], groups: list[str]
    ) -> None:
        if isinstance(node, YamlMapping):
            for pair in node.effective():
                if pair.name and DIRECTIVE.match(pair.name):
                    self._variables(pair.value, frame, level, found, groups)
                elif pair.name:
                    found[pair.name.lower()] = Variable(
                        pair.name, pair.value, pair.span, pair.key.span, frame, f"{level}{pair.name}"
                    )
            return
        for item, inner in self.items(node, frame):
            name, value = scalar(item, "name"), item.get("value")
            if name and value is not None:
                found[name.lower()] = Variable(name, value, item.span, item.span, inner, f"{level}{name}")
            elif group := scalar(item, "group"):
                groups.append(group)
            elif (entered := self.template(item, inner)) is not None:
                self._variables(entered.root.get("variables"), entered, level, found, groups)
