"""The steps of a job or a composite action: their variables, their scopes, what they hand on."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Protocol

from rolecall.frontends.pipelines.actions import exports
from rolecall.frontends.pipelines.contexts import (
    Layer,
    Scope,
    env_context,
    evaluated,
    handed_down,
    layer,
    member_context,
    output_context,
)
from rolecall.frontends.pipelines.placed import Placed
from rolecall.frontends.pipelines.reading import (
    Reading,
    argument,
    below,
    default,
    members,
    named,
    pair_of,
    scalar,
    verbatim,
)
from rolecall.frontends.pipelines.scripts import Script, Step
from rolecall.frontends.values import Entry, Hop, Mapping, Reference, Scalar, Value, through
from rolecall.source.text import Span
from rolecall.source.yaml import YamlMapping, YamlNode, YamlPair, YamlScalar, YamlSequence

_MADE = frozenset({"env", "if", "uses", "shell", "working-directory"})
_RUNNING = ("shell", "working-directory")


class Place(Protocol):
    """Where steps stand: a job, or a composite action as one step uses it."""

    reading: Reading
    path: str
    job_id: str
    calls: tuple[Span, ...]
    entered: tuple[str, ...]
    line: Line
    steps: list[StepSite]

    @property
    def base(self) -> Scope:
        """The contexts but for `env` and `steps`."""

    @property
    def outer_env(self) -> Layer:
        """The variables that every step here starts from."""

    def running(self, key: str) -> YamlPair | None:
        """The default of `shell` or `working-directory`."""


class Line:
    """All steps of one job in the order they run, those of composite actions after the step that uses them."""

    def __init__(self) -> None:
        self.steps: list[StepSite] = []

    @cached_property
    def _exports(self) -> dict[str, list[tuple[int, str]]]:
        found: dict[str, list[tuple[int, str]]] = {}
        for step in self.steps:
            for name in step.exported:
                found.setdefault(name, []).append((step.position, step.id))
        return found

    def exporter(self, name: str, position: int) -> str | None:
        """The id of the last step before a position that exports a variable."""
        known = self._exports.get(name, [])
        index = bisect_left(known, (position, ""))
        return known[index - 1][1] if index else None


def scope_at(place: Place, own: Callable[[], Layer], position: int) -> Scope:
    """What expressions see at a position among the steps of a place."""

    def resource(name: str) -> str | None:
        wanted = name.lower()
        return next((step.id for step in place.steps if step.name.lower() == wanted), None)

    def output(step: str, name: str, span: Span | None) -> Value:
        return Reference(resource(step) or "", f"outputs.{name}", span)

    return place.base.with_contexts(
        env=env_context(own, lambda name: place.line.exporter(name, position), lambda: place.outer_env),
        steps=output_context("steps", resource, output),
    )


def build_steps(steps: YamlNode | None, place: Place, prefix: str) -> None:
    """Adds the steps of a place, and those of the composite actions they use, to the reading."""
    for number, node in enumerate(steps.items if isinstance(steps, YamlSequence) else ()):
        if isinstance(node, YamlMapping) and not place.reading.full:
            StepSite(place, node, f"{prefix}steps[{number}]").build()


class StepSite:
    """One step at one place."""

    def __init__(self, place: Place, node: YamlMapping, address: str) -> None:
        self.place = place
        self.node = node
        self.address = address
        self.id = f"{place.reading.unit}//{address}"
        self.name = scalar(node, "id")
        self.uses = scalar(node, "uses")
        self.position = len(place.line.steps)
        self.action: Action | None = None
        run = node.get("run")
        self.script = (
            Script(Placed(run), lambda: self.scope, self._variable, self._shell)
            if isinstance(run, YamlScalar)
            else None
        )
        place.steps.append(self)
        place.line.steps.append(self)

    def build(self) -> None:
        place, node = self.place, self.node
        first = node.pairs[0].span if node.pairs else node.span
        place.reading.add(
            Step(
                id=self.id,
                unit=place.reading.unit,
                address=self.address,
                format="github",
                mode="step",
                type="github:step",
                name=self.name or scalar(node, "name"),
                span=node.span,
                header=first,
                module=place.path,
                evaluate=lambda _: self.body(),
                calls=place.calls,
                script=self.script,
            )
        )
        pair = node.pair("uses")
        if pair and self.uses.startswith("./"):
            found = place.reading.enter(self.uses, pair.span, place.entered, "local action")
            if found:
                self.action = Action(place.reading, *found, self)
                self.action.build(f"{self.address}.")

    @cached_property
    def scope(self) -> Scope:
        return scope_at(self.place, lambda: self.own_env, self.position)

    @cached_property
    def own_env(self) -> Layer:
        return layer(self.node.get("env"), scope_at(self.place, dict, self.position))

    @property
    def env(self) -> Layer:
        """The step's variables with those of all levels around it."""
        return {**self.place.outer_env, **self.own_env}

    @cached_property
    def exported(self) -> tuple[str, ...]:
        """The names of the variables that later steps have from this one."""
        if self.script is not None:
            return self.script.names
        return tuple(exports(self.uses.partition("@")[0], self.node)) if self.uses else ()

    def _variable(self, name: str, span: Span) -> Value | None:
        """What the environment variable holds for the step's script; None where nothing sets it."""
        entry = self.own_env.get(name)
        if entry is None and (exporter := self.place.line.exporter(name, self.position)):
            return Reference(exporter, f"env.{name}", span)
        entry = entry or self.place.outer_env.get(name)
        return entry.value if entry else None

    def _shell(self) -> str:
        pair = self.node.pair("shell") or self.place.running("shell")
        return pair.value.value if pair and isinstance(pair.value, YamlScalar) else ""

    def body(self) -> Mapping:
        node = self.node
        found = list(members(node, self.scope, _MADE))
        found += verbatim(node, "if")
        found += self._uses()
        for key in _RUNNING if self.script else ():
            pair = node.pair(key) or self.place.running(key)
            if pair:
                found.append(Entry(Scalar(key, pair.key.span), evaluated(pair.value, self.scope), pair.span))
        if env := self.env:
            found.append(named("env", Mapping(tuple(env.values()))))
        found += self._handed_on()
        found.append(named("job", Reference(self.place.job_id, "", node.span)))
        return Mapping(tuple(found), node.span)

    def _uses(self) -> Iterator[Entry]:
        yield from verbatim(self.node, "uses")
        pair = self.node.pair("uses")
        if pair and isinstance(pair.value, YamlScalar):
            name, at, ref = self.uses.partition("@")
            placed = Placed(pair.value)
            yield named("uses_name", Scalar(name, placed.span(0, len(name))))
            if at:
                yield named("ref", Scalar(ref, placed.span(len(name) + 1, len(self.uses))))

    def _handed_on(self) -> Iterator[Entry]:
        """`exports`: the variables for later steps.  `outputs`: those that are seen in the code."""
        written = self.script.facts if self.script and self.script.hands_on else ()
        exported = [named(fact.name, fact.value or Scalar("")) for fact in written if fact.kind == "github-env"]
        outputs = [named(fact.name, fact.value or Scalar("")) for fact in written if fact.kind == "github-output"]
        if self.script is None:
            exported = [named(name, Reference(self.id, f"env.{name}", self.node.span)) for name in self.exported]
        if self.action is not None:
            outputs = list(self.action.outputs())
        if exported:
            yield named("exports", Mapping(tuple(exported), self.node.span))
        if outputs:
            yield named("outputs", Mapping(tuple(outputs), self.node.span))


class Action:
    """A composite action as one step uses it (`step` is None for the file by itself)."""

    def __init__(self, reading: Reading, path: str, root: YamlMapping, step: StepSite | None) -> None:
        self.reading = reading
        self.path = path
        self.root = root
        self.step = step
        self.steps: list[StepSite] = []
        self.line = step.place.line if step else Line()
        self.job_id = step.place.job_id if step else f"{reading.unit}//"
        uses = step.node.pair("uses") if step else None
        self.calls: tuple[Span, ...] = (*step.place.calls, uses.span) if step and uses else ()
        self.entered: tuple[str, ...] = (*(step.place.entered if step else ()), path)

    def build(self, prefix: str) -> None:
        build_steps(below(self.root, "runs", "steps"), self, prefix)

    @cached_property
    def base(self) -> Scope:
        return Scope({"inputs": member_context("input", self._input)})

    @cached_property
    def outer_env(self) -> Layer:
        step = self.step
        return handed_down(step.env, "step", f"{step.address}.env.") if step else {}

    def running(self, key: str) -> YamlPair | None:
        return None

    def _input(self, name: str, span: Span | None) -> Value | None:
        step = self.step
        value = argument(step.node.get("with"), name, step.scope, "step", f"{step.address}.with") if step else None
        if value is None:
            declared = pair_of(self.root.get("inputs"), name)
            value = default(declared.value, name) if declared else None
        return Scalar("", span) if value is None and step else value

    def outputs(self) -> Iterator[Entry]:
        scope = scope_at(self, dict, len(self.line.steps))
        node = self.root.get("outputs")
        for pair in node.effective() if isinstance(node, YamlMapping) else ():
            value = below(pair.value, "value")
            if pair.name and value is not None:
                hop = Hop("step", f"outputs.{pair.name}", pair.span)
                yield Entry(Scalar(pair.name, pair.key.span), through(evaluated(value, scope), hop), pair.span)
