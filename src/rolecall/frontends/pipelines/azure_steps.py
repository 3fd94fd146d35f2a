"""Jobs and steps of Azure Pipelines: the variables that they see, the connections that they name, their scripts.

Sources: https://learn.microsoft.com/azure/devops/pipelines/process/variables (macros, what becomes an environment
variable), https://learn.microsoft.com/azure/devops/pipelines/build/variables (predefined names),
https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/azure-cli-v2 (addSpnToEnvironment).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Sequence as Items
from dataclasses import field
from typing import Protocol

from rolecall.frontends.pipelines.contexts import Answer, Scope
from rolecall.frontends.pipelines.evaluation import expression, joined
from rolecall.frontends.pipelines.expressions import Piece, split
from rolecall.frontends.pipelines.pipeline import MAX_NESTING, Pipeline
from rolecall.frontends.pipelines.placed import Placed, PlacedLines, PlacedText
from rolecall.frontends.pipelines.reading import below, named, scalar
from rolecall.frontends.pipelines.scripts import Script
from rolecall.frontends.values import (
    Entry,
    Hop,
    Mapping,
    Reference,
    Scalar,
    Sequence,
    Template,
    Unknown,
    Value,
    text,
    through,
)
from rolecall.frontends.yaml_values import plain_scalar, to_value
from rolecall.source.patterns import late
from rolecall.source.records import dataclass
from rolecall.source.text import Span
from rolecall.source.yaml import YamlMapping, YamlNode, YamlPair, YamlScalar, YamlSequence

_MACRO = late(r"\$\(([A-Za-z_][\w.-]*)\)")
_PREDEFINED = late(
    r"(?:Build|System|Agent|Pipeline|Environment|Release|Common|Strategy|Resources|Checks|Task|Rev)\.", re.IGNORECASE
)
#: Names in `$(…)` that are commands of the shell rather than variables.
_COMMANDS = frozenset(
    {
        *(
            "basename",
            "cat",
            "command",
            "date",
            "dirname",
            "env",
            "free",
            "getconf",
            "git",
            "hostname",
            "id",
            "kubectl",
        ),
        *("ls", "mktemp", "nproc", "pwd", "realpath", "tty", "uname", "uptime", "uuidgen", "whoami"),
    }
)
_SCRIPTS = ("script", "bash", "pwsh", "powershell")
_INLINE = frozenset({"script", "inlinescript", "inline", "command", "arguments", "commandoptions", "scriptarguments"})
#: Inputs of tasks that name a service connection, in lower case.
#: https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/,
#: https://docs.aws.amazon.com/vsts/latest/userguide/task-reference.html
CONNECTIONS = frozenset(
    {
        "azuresubscription",
        "azuresubscriptionendpoint",
        "azureresourcemanagerconnection",
        "connectedservicename",
        "connectedservicenamearm",
        "connectedservicenameselector",
        "containerregistry",
        "dockerregistryserviceconnection",
        "dockerregistryendpoint",
        "kubernetesserviceconnection",
        "kubernetesserviceendpoint",
        "awscredentials",
        "backendservicearm",
        "backendserviceaws",
        "backendservicegcp",
        "environmentservicenameazurerm",
        "environmentservicenameaws",
        "environmentservicenamegcp",
    }
)
_AWS_TASK = late(r"AWS|Lambda|CloudFormation|S3(?:Up|Down)load|ECRPush|BeanstalkDeploy", re.IGNORECASE)


DIRECTIVE = late(r"\$\{\{\s*(?:if|elseif|else|each|insert)\b")


def pieces(written: str) -> Iterator[Piece]:
    """The `${{ }}` expressions and `$(…)` macros of a text."""
    for piece in split(written):
        if piece.expression:
            yield piece
            continue
        at = 0
        for match in _MACRO.finditer(piece.text):
            if match[1] in _COMMANDS:
                continue
            start, end = piece.start + match.start(), piece.start + match.end()
            if match.start() > at:
                yield Piece(piece.text[at : match.start()], False, piece.start + at, start, piece.start + at)
            yield Piece(match[1], True, start, end, -1)
            at = match.end()
        if at < len(piece.text):
            yield Piece(piece.text[at:], False, piece.start + at, piece.end, piece.start + at)


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable as it is written, in the frame that writes it."""

    name: str
    node: YamlNode
    span: Span
    key: Span
    frame: Frame
    level: str


@dataclass(eq=False, slots=True)
class Frame:
    """A file as one place uses it: its parameters, and the variables that are seen there."""

    path: str
    root: YamlMapping
    arguments: dict[str, tuple[YamlNode, Frame]] = field(default_factory=dict)
    calls: tuple[Span, ...] = ()
    entered: tuple[str, ...] = ()

    def parameter(self, name: str) -> tuple[YamlNode, Frame] | None:
        given = self.arguments.get(name.lower())
        if given is not None:
            return given
        declared = self.root.get("parameters")
        if isinstance(declared, YamlMapping):
            node = declared.get(name)
            return (node, self) if node is not None else None
        for item in declared.items if isinstance(declared, YamlSequence) else ():
            if scalar(item, "name").lower() == name.lower():
                node = below(item, "default")
                return (node, self) if node is not None else None
        return None


@dataclass(frozen=True, slots=True)
class Level:
    """What a job sees from outside: variables by name in lower case, and the groups that are linked."""

    variables: dict[str, Variable]
    groups: tuple[str, ...] = ()


class Reader(Protocol):
    """What a job asks of the reader of its file."""

    pipeline: Pipeline
    set_by_tasks: frozenset[str]

    def items(self, node: YamlNode | None, frame: Frame) -> Iterator[tuple[YamlMapping, Frame]]:
        """The mappings of a list, those that templates and conditions bring in among them."""

    def template(self, node: YamlMapping, frame: Frame) -> Frame | None:
        """The template that an item of a list uses."""


class Job:
    """One job: what it sees, and its steps."""

    def __init__(
        self,
        reader: Reader,
        frame: Frame,
        level: Level,
        address: str,
        name: str,
        span: Span,
        header: Span,
        node: YamlMapping,
    ) -> None:
        self.reader = reader
        self.pipeline = reader.pipeline
        self.frame = frame
        self.level = level
        self.address = address
        self.name = name
        self.span = span
        self.header = header
        self.node = node
        self.id = self.pipeline.id(address)
        self._following: list[str] = []

    def build(self, *steps: YamlNode) -> None:
        self.pipeline.job(self.address, self.name, self.span, self.header, self._body, self.frame.calls)
        number = 0
        for node in steps:
            number = self._steps(node, self.frame, number, 0)

    def _steps(self, steps: YamlNode, frame: Frame, number: int, depth: int) -> int:
        for node, inner in self.reader.items(steps, frame):
            entered = self.reader.template(node, inner)
            if entered is not None and depth < MAX_NESTING:
                root_steps = entered.root.get("steps")
                if root_steps is not None:
                    number = self._steps(root_steps, entered, number, depth + 1)
            elif entered is None and node.get("template") is None:
                _Step(self, inner, node, f"{self.address}.steps[{number}]").build()
                number += 1
        return number

    def _body(self) -> Iterator[Entry]:
        for key in ("environment", "condition", "dependsOn"):
            if (pair := self.node.pair(key)) is not None:
                yield Entry(Scalar(key, pair.key.span), to_value(pair.value), pair.span)

    # -- values

    def filled(self, node: YamlNode, frame: Frame) -> Value:
        """A node with its expressions and macros resolved."""
        if isinstance(node, YamlScalar):
            if node.opaque:
                return Unknown("it lies beyond the limits of reading", span=node.span)
            if "$" not in node.value:
                return Scalar(plain_scalar(node), node.span)
            return self.text(Placed(node), frame)
        if isinstance(node, YamlSequence):
            return Sequence(tuple(self.filled(item, frame) for item in node.items), node.span)
        return Mapping(tuple(self.entries(node, frame)), node.span)

    def entries(self, node: YamlNode | None, frame: Frame) -> Iterator[Entry]:
        for pair in node.effective() if isinstance(node, YamlMapping) else ():
            if pair.name and DIRECTIVE.match(pair.name):
                yield from self.entries(pair.value, frame)
            elif pair.name:
                yield Entry(Scalar(pair.name, pair.key.span), self.filled(pair.value, frame), pair.span)

    def text(self, placed: PlacedText, frame: Frame) -> Value:
        parts = [
            self.fill(piece, placed.span(piece.start, piece.end), frame)
            if piece.expression
            else Scalar(piece.text, placed.span(piece.start, piece.end))
            for piece in pieces(placed.value)
        ]
        whole = placed.span(0, len(placed.value))
        if not parts:
            return Scalar("", whole)
        return parts[0] if len(parts) == 1 else joined(parts, whole)

    def fill(self, piece: Piece, span: Span, frame: Frame) -> Value:
        """What one expression or macro stands for."""
        if piece.inner == -1:
            return self.variable(piece.text, span)
        scope = Scope(
            {
                "parameters": lambda keys, at: self._parameter(keys, at, frame),
                "variables": self._variable,
            }
        )
        return expression(piece.text, scope, lambda start, end: span)

    def _parameter(self, keys: Items[str], span: Span | None, frame: Frame) -> Answer:
        given = frame.parameter(keys[0]) if keys else None
        if given is None or len(self._following) > MAX_NESTING:
            return Unknown("a parameter of the pipeline", span=span), len(keys)
        self._following.append(keys[0])
        try:
            value = self.filled(*given)
        finally:
            self._following.pop()
        hop = Hop("parameter", f"parameters.{keys[0]}", given[0].span)
        return (through(value, hop) if given[1] is not frame else value), 1

    def _variable(self, keys: Items[str], span: Span | None) -> Answer:
        if not keys or span is None:
            return Unknown("all variables together", span=span), len(keys)
        name = ".".join(keys)
        return self.variable(name, span), len(keys)

    def variable(self, name: str, span: Span) -> Value:
        """What `$(name)` stands for: what the file writes, what a task sets, or a variable kept outside the file."""
        known = self.level.variables.get(name.lower())
        if known is not None and name.lower() not in self._following and len(self._following) <= MAX_NESTING:
            self._following.append(name.lower())
            try:
                value = self.filled(known.node, known.frame)
            finally:
                self._following.pop()
            return through(value, Hop("workflow", known.level, known.span))
        if name.lower() in self.reader.set_by_tasks:
            return Reference(self.id, f"env.{name}", span)
        if _PREDEFINED.match(name):
            return Unknown("a predefined variable", span=span)
        return Reference("secret", name, span)

    def environment(self, name: str) -> Value | None:
        """An environment variable that a variable of the file becomes; secret ones of outside do not."""
        wanted = name.upper()
        for known in self.level.variables.values():
            if re.sub(r"[ .-]", "_", known.name).upper() == wanted:
                return self.variable(known.name, known.span)
        return None


class _Step:
    """One step of a job."""

    def __init__(self, job: Job, frame: Frame, node: YamlMapping, address: str) -> None:
        self.job = job
        self.frame = frame
        self.node = node
        self.address = address
        self.task = scalar(node, "task").partition("@")[0]
        self.inputs = node.get("inputs")
        self.own = [node.get(key) for key in _SCRIPTS]

    def build(self) -> None:
        lines = [line for line in (*self.own, *self._inline()) if isinstance(line, YamlScalar) and line.value]
        script = None
        if lines:
            script = Script(
                PlacedLines(lines),
                Scope,
                self._variable,
                lambda: "",
                pieces,
                lambda piece, span: self.job.fill(piece, span, self.frame),
            )
        self.job.pipeline.step(
            self.address,
            scalar(self.node, "displayName") or self.task,
            self.node.span,
            self.job.id,
            lambda: self._body(lines),
            script,
            self.frame.calls,
        )

    def _inline(self) -> Iterator[YamlNode]:
        for pair in self.inputs.effective() if isinstance(self.inputs, YamlMapping) else ():
            if pair.name and pair.name.lower() in _INLINE:
                yield pair.value

    def _variable(self, name: str, span: Span) -> Value | None:
        env = self.node.get("env")
        for pair in env.effective() if isinstance(env, YamlMapping) else ():
            if pair.name == name:
                return self.job.filled(pair.value, self.frame)
        if _AWS_TASK.search(self.task) and name.startswith("AWS_"):
            return Reference(self.job.id, f"env.{name}", span)
        return self.job.environment(name)

    def _body(self, lines: list[YamlScalar]) -> Iterator[Entry]:
        yield named("env", self._env())
        if isinstance(self.inputs, YamlMapping):
            inputs = Mapping(tuple(self.job.entries(self.inputs, self.frame)), self.inputs.span)
            yield named("with", inputs)
            yield named("connections", Mapping(tuple(_connections(inputs)), self.inputs.span))
            yield from self._handed_on(lines)
        if self.task:
            yield named("uses_name", Scalar(self.task, self.node.span))
        if self.job.level.groups:
            yield named("groups", Sequence(tuple(Scalar(group) for group in self.job.level.groups)))
        if lines:
            value = self.job.text(PlacedLines(lines), self.frame)
            yield named("run", value if isinstance(value, Scalar) else Template((value,), value.span))

    def _env(self) -> Mapping:
        """The variables of the file that a step has in its environment, and its own."""
        found: dict[str, Entry] = {}
        for known in self.job.level.variables.values():
            value = self.job.variable(known.name, known.span)
            found[known.name] = Entry(Scalar(known.name, known.key), value, known.span)
        for entry in self.job.entries(self.node.get("env"), self.frame):
            found[entry.name or ""] = entry
        return Mapping(tuple(found.values()), self.node.span)

    def _handed_on(self, lines: list[YamlScalar]) -> Iterator[Entry]:
        """`hands_on`: whether the secret of the connection that a task puts into its script's environment is read."""
        pair = _input(self.inputs, "addSpnToEnvironment")
        if pair is None or text(self.job.filled(pair.value, self.frame)) != "true":
            return
        written = "\n".join(line.value for line in lines)
        how = "read" if "servicePrincipalKey" in written else "token" if "idToken" in written else "unread"
        if how == "read" or (how == "unread" and written):
            yield Entry(Scalar("hands_on", pair.key.span), Scalar(how, pair.value.span), pair.span)


def _input(inputs: YamlNode | None, name: str) -> YamlPair | None:
    for pair in inputs.effective() if isinstance(inputs, YamlMapping) else ():
        if pair.name and pair.name.lower() == name.lower():
            return pair
    return None


def _connections(inputs: Mapping) -> Iterator[Entry]:
    for entry in inputs.entries:
        if (entry.name or "").lower() in CONNECTIONS:
            yield entry


def step_lists(node: YamlMapping) -> Iterator[YamlNode]:
    """The lists of steps of a job, or of the phases of a deployment."""
    steps = node.get("steps")
    if steps is not None:
        yield steps
    strategy = node.get("strategy")
    for way in strategy.pairs if isinstance(strategy, YamlMapping) else ():
        phases = way.value.pairs if isinstance(way.value, YamlMapping) else ()
        for phase in phases:
            if (found := below(phase.value, "steps")) is not None:
                yield found
            for on in phase.value.pairs if phase.name == "on" and isinstance(phase.value, YamlMapping) else ():
                if (found := below(on.value, "steps")) is not None:
                    yield found
