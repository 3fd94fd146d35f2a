"""What the readers of the CI systems beside GitHub share: units to be, files that are opened once, jobs and steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import field

from rolecall.frontends.pipelines.reading import named
from rolecall.frontends.pipelines.scripts import Script, Step
from rolecall.frontends.resource import Format, Problem, Resource, Unit
from rolecall.frontends.values import Entry, Mapping, Reference
from rolecall.frontends.yaml_values import read_documents
from rolecall.source.records import dataclass
from rolecall.source.text import SourceText, Span
from rolecall.source.tree import Tree, Unreadable
from rolecall.source.yaml import YamlMapping, YamlNode, YamlScalar, YamlSequence

#: Jobs and steps of one unit.
MAX_RESOURCES = 5_000
#: Files that one unit may be made of.
MAX_FILES = 200
#: Templates, extended jobs or references inside each other.
MAX_NESTING = 20


@dataclass(frozen=True, slots=True)
class PipelinePlan:
    """One unit to be: the file it is named after, and all files that its evaluation may look at, that one first."""

    name: str
    files: tuple[str, ...]


@dataclass(eq=False, slots=True)
class Pipeline:
    """One unit while it is read.  Only the files of its plan are opened."""

    tree: Tree
    plan: PipelinePlan
    format: Format
    resources: list[Resource] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    _opened: dict[str, list[YamlNode]] = field(default_factory=dict)

    def open_file(self, path: str) -> YamlMapping | None:
        """The first mapping among the documents of a file; None where there is none."""
        return next((node for node in self.documents(path) if isinstance(node, YamlMapping)), None)

    def documents(self, path: str) -> list[YamlNode]:
        if path not in self._opened:
            self._opened[path] = []
            if path in self.plan.files:
                text = self.text(path)
                nodes, problems = read_documents(text) if text is not None else ([], [])
                self.problems.extend(problems)
                self._opened[path] = nodes
        return self._opened[path]

    def text(self, path: str) -> SourceText | None:
        try:
            return self.tree.read(path)
        except Unreadable as error:
            self.problem("unreadable", error.reason, SourceText(path, b"").span(0, 0))
            return None

    def problem(self, kind: str, message: str, span: Span) -> None:
        if len(self.problems) < 100:
            self.problems.append(Problem(kind, message, span))

    @property
    def full(self) -> bool:
        return len(self.resources) >= MAX_RESOURCES

    def id(self, address: str) -> str:
        return f"{self.plan.name}//{address}"

    def job(
        self,
        address: str,
        name: str,
        span: Span,
        header: Span,
        body: Callable[[], Iterable[Entry]],
        calls: tuple[Span, ...] = (),
    ) -> str:
        """Adds a job; gives its id.  `body` is asked for its members when somebody looks at them."""
        return self._add(
            Resource(
                id=self.id(address),
                unit=self.plan.name,
                address=address,
                format=self.format,
                mode="job",
                type=f"{self.format}:job",
                name=name,
                span=span,
                header=header,
                module=span.path,
                evaluate=lambda _: Mapping(tuple(body()), span),
                calls=calls,
            )
        )

    def step(
        self,
        address: str,
        name: str,
        span: Span,
        job: str,
        body: Callable[[], Iterable[Entry]],
        script: Script | None = None,
        calls: tuple[Span, ...] = (),
    ) -> str:
        """Adds a step of a job."""

        def evaluate(_: object) -> Mapping:
            return Mapping((*body(), named("job", Reference(job, "", span))), span)

        return self._add(
            Step(
                id=self.id(address),
                unit=self.plan.name,
                address=address,
                format=self.format,
                mode="step",
                type=f"{self.format}:step",
                name=name,
                span=span,
                header=span,
                module=span.path,
                evaluate=evaluate,
                calls=calls,
                script=script,
            )
        )

    def _add(self, resource: Resource) -> str:
        count = len(self.resources)
        if count < MAX_RESOURCES:
            self.resources.append(resource)
            if count + 1 == MAX_RESOURCES:
                self.problem("limit", f"more than {MAX_RESOURCES} jobs and steps", resource.span)
        return resource.id

    def unit(self) -> Unit:
        return Unit(self.plan.name, self.format, self.plan.files, tuple(self.resources), tuple(self.problems))


def read_unit(tree: Tree, plan: PipelinePlan, format_: Format, build: Callable[[Pipeline], None]) -> Unit:
    """A unit as `build` fills it."""
    pipeline = Pipeline(tree, plan, format_)
    build(pipeline)
    return pipeline.unit()


def data_of(tree: Tree, path: str) -> bytes:
    """The bytes of a file, none where it cannot be read."""
    try:
        return tree.read(path).data
    except Unreadable:
        return b""


def plans(
    tree: Tree, paths: Iterable[str], is_start: Callable[[str], bool], used: Callable[[str], Iterable[str]]
) -> list[PipelinePlan]:
    """The units among the files of a CI system.

    `used` gives the local files that one includes; those that are included and are no start by their name (`is_start`)
    belong to the units that include them.
    """
    known: dict[str, tuple[str, ...]] = {}

    def uses(path: str) -> tuple[str, ...]:
        if path not in known:
            known[path] = tuple(dict.fromkeys(used(path)))
        return known[path]

    wanted = list(paths)
    called = {target for path in wanted for target in uses(path) if target != path}
    found = [_plan(path, uses) for path in wanted if is_start(path) or path not in called]
    covered = {file for plan in found for file in plan.files}
    for path in wanted:
        if path not in covered:  # files that only include each other
            found.append(_plan(path, uses))
            covered.update(found[-1].files)
    return found


def _plan(path: str, uses: Callable[[str], Sequence[str]]) -> PipelinePlan:
    waiting, seen = [path], {path: None}
    while waiting and len(seen) < MAX_FILES:
        for target in uses(waiting.pop()):
            if target not in seen and len(seen) < MAX_FILES:
                seen[target] = None
                waiting.append(target)
    return PipelinePlan(path, tuple(seen))


def items(node: YamlNode | None) -> list[YamlNode]:
    """The items of a list; a single value is a list of one, nothing an empty one."""
    if isinstance(node, YamlSequence):
        return node.items
    return [] if node is None or (isinstance(node, YamlScalar) and not node.value) else [node]
