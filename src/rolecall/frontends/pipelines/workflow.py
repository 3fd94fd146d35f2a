"""A workflow file and the reusable workflows it calls, as jobs and steps.

Which jobs and steps there are is read at once; values are evaluated when a body is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from rolecall.frontends.pipelines.contexts import (
    Answer,
    Context,
    Layer,
    Scope,
    env_context,
    evaluated,
    handed_down,
    layer,
    matrix_context,
    member_context,
    output_context,
)
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
from rolecall.frontends.pipelines.steps import Line, StepSite, build_steps, scope_at
from rolecall.frontends.resource import Resource
from rolecall.frontends.values import Entry, Hop, Mapping, Reference, Scalar, Sequence, Unknown, Value, through
from rolecall.frontends.yaml_values import to_value
from rolecall.source.text import Span
from rolecall.source.yaml import YamlMapping, YamlNode, YamlPair, YamlScalar, YamlSequence

if TYPE_CHECKING:
    from collections.abc import Sequence as Items

#: Jobs whose outputs are made from those of other jobs, one after another.
MAX_FOLLOWED = 30
_MADE = frozenset({"steps", "env", "permissions", "environment", "if", "defaults"})


def _nothing(name: str) -> None:
    return None


class Workflow:
    """A workflow file as one job calls it (`caller` is None for the file by itself)."""

    def __init__(self, reading: Reading, path: str, root: YamlMapping, caller: Job | None = None) -> None:
        self.reading = reading
        self.path = path
        self.root = root
        self.caller = caller
        self.prefix: str = f"{caller.address}." if caller else ""
        self.calls: tuple[Span, ...] = caller.calls_inside if caller else ()
        self.entered: tuple[str, ...] = (*(caller.entered if caller else ()), path)
        self.jobs: dict[str, Job] = {}

    def build(self) -> None:
        """Adds its jobs to the reading."""
        jobs = self.root.get("jobs")
        for pair in jobs.effective() if isinstance(jobs, YamlMapping) else ():
            if pair.name and isinstance(pair.value, YamlMapping) and not self.reading.full:
                job = self.jobs[pair.name.lower()] = Job(self, pair.name, pair, pair.value)
                job.build()

    @cached_property
    def base(self) -> Scope:
        return Scope(
            {
                "secrets": member_context("secret", self.secret),
                "inputs": member_context("input", self.input),
                "github": self._github,
            }
        )

    @cached_property
    def env(self) -> Layer:
        return layer(self.root.get("env"), self.base)

    @cached_property
    def env_below(self) -> Layer:
        """The workflow's variables as its jobs have them."""
        return handed_down(self.env, "workflow", "env.")

    def _github(self, keys: Items[str], span: Span | None) -> Answer:
        if len(keys) > 2 and keys[0] == "event" and keys[1] == "inputs":
            return self.input(keys[2], span) or Reference("input", keys[2], span), 3
        return Reference("github", ".".join(keys), span), len(keys)

    def input(self, name: str, span: Span | None) -> Value | None:
        """What the caller passes, or the default; None where neither is to be seen."""
        value = self.caller.argument("with", name) if self.caller else None
        for event in ("workflow_call", "workflow_dispatch"):
            declared = pair_of(below(self.root, "on", event, "inputs"), name) if value is None else None
            value = default(declared.value, name) if declared else value
        return Scalar("", span) if value is None and self.caller else value

    def secret(self, name: str, span: Span | None) -> Value | None:
        """The caller's value of a secret; None where it is the repository's own."""
        caller = self.caller
        if caller is None or name.upper() == "GITHUB_TOKEN":
            return None
        secrets = caller.node.get("secrets")
        if isinstance(secrets, YamlScalar) and secrets.value == "inherit":
            value = caller.workflow.secret(name, span) or Reference("secret", name, span)
            return through(value, Hop("secret", f"{caller.address}.secrets", secrets.span, "inherit"))
        return caller.argument("secrets", name) or Unknown(f"the call does not pass the secret {name}", span=span)

    def output(self, name: str, span: Span | None) -> Value:
        declared = pair_of(below(self.root, "on", "workflow_call", "outputs"), name)
        node = below(declared.value, "value") if declared else None
        if node is None:
            return Unknown(f"the workflow has no output {name}", span=span)
        return evaluated(node, self.base.with_contexts(jobs=self.outputs_of("jobs")))

    def outputs_of(self, what: str) -> Context:
        """The context `needs` or `jobs`."""

        def resource(name: str) -> str | None:
            job = self.jobs.get(name.lower())
            return job.id if job else None

        return output_context(what, resource, lambda job, name, span: self.jobs[job.lower()].output(name, span))

    def triggers(self) -> Iterator[Entry]:
        """The events that start it: those of the workflow that calls it, where one does."""
        if self.caller:
            yield from self.caller.workflow.triggers()
            return
        node = self.root.get("on")
        if isinstance(node, YamlMapping):
            names = [Scalar(pair.name, pair.key.span) for pair in node.effective()]
            yield named("trigger_filters", to_value(node))
        else:
            items = node.items if isinstance(node, YamlSequence) else [node]
            names = [Scalar(item.value, item.span) for item in items if isinstance(item, YamlScalar)]
        if node is not None:
            yield named("triggers", Sequence(tuple(names), node.span))


class Job:
    """One job: a place of steps, or a call of a reusable workflow."""

    def __init__(self, workflow: Workflow, name: str, pair: YamlPair, node: YamlMapping) -> None:
        self.workflow = workflow
        self.reading = workflow.reading
        self.path = workflow.path
        self.calls = workflow.calls
        self.entered = workflow.entered
        self.name = name
        self.pair = pair
        self.node = node
        self.address: str = f"{workflow.prefix}jobs.{name}"
        self.id = self.job_id = f"{self.reading.unit}//{self.address}"
        self.line = Line()
        self.steps: list[StepSite] = []
        self.called: Workflow | None = None
        self._outputs: dict[str, Value] = {}

    @property
    def calls_inside(self) -> tuple[Span, ...]:
        pair = self.node.pair("uses")
        return (*self.calls, pair.span) if pair else self.calls

    def build(self) -> None:
        self.reading.add(
            Resource(
                id=self.id,
                unit=self.reading.unit,
                address=self.address,
                format="github",
                mode="job",
                type="github:job",
                name=self.name,
                span=self.pair.span,
                header=self.pair.key.span,
                module=self.path,
                evaluate=lambda _: self.body(),
                calls=self.calls,
            )
        )
        uses = scalar(self.node, "uses")
        if uses.startswith("./"):
            found = self.reading.enter(uses, self.calls_inside[-1], self.entered, "reusable workflow")
            if found:
                self.called = Workflow(self.reading, *found, self)
                self.called.build()
        build_steps(self.node.get("steps"), self, f"{self.address}.")

    @cached_property
    def base(self) -> Scope:
        """What all of the job sees; `env` is the workflow's."""
        return self.workflow.base.with_contexts(
            needs=self.workflow.outputs_of("needs"),
            matrix=matrix_context(lambda: self.matrix),
            env=env_context(dict, _nothing, lambda: self.workflow.env),
        )

    @cached_property
    def matrix(self) -> Value | None:
        node = below(self.node, "strategy", "matrix")
        scope = self.workflow.base.with_contexts(needs=self.workflow.outputs_of("needs"))
        return evaluated(node, scope) if node is not None else None

    @cached_property
    def own_env(self) -> Layer:
        return layer(self.node.get("env"), self.base)

    @property
    def env(self) -> Layer:
        """The job's variables with the workflow's."""
        return {**self.workflow.env_below, **self.own_env}

    @cached_property
    def outer_env(self) -> Layer:
        return {
            **self.workflow.env_below,
            **handed_down(self.own_env, "job", f"{self.address}.env."),
        }

    def running(self, key: str) -> YamlPair | None:
        for node in (self.node, self.workflow.root):
            run = below(node, "defaults", "run")
            pair = run.pair(key) if isinstance(run, YamlMapping) else None
            if pair:
                return pair
        return None

    def argument(self, key: str, name: str) -> Value | None:
        """What the job passes to the workflow it calls, in `with` or `secrets`."""
        kind = "secret" if key == "secrets" else "job"
        return argument(self.node.get(key), name, self.base, kind, f"{self.address}.{key}")

    def output(self, name: str, span: Span | None) -> Value:
        """An output of the job as other jobs see it."""
        if name not in self._outputs:
            if self.reading.following >= MAX_FOLLOWED:
                return Unknown("it is followed through too many jobs", span=span)
            self.reading.following += 1
            try:
                self._outputs[name] = self._output(name, span)
            finally:
                self.reading.following -= 1
        return self._outputs[name]

    def _output(self, name: str, span: Span | None) -> Value:
        if self.called is not None:
            hop = Hop("workflow", f"{self.address}.outputs.{name}", self.calls_inside[-1])
            return through(self.called.output(name, span), hop)
        pair = pair_of(self.node.get("outputs"), name)
        if pair is None:
            return Reference(self.id, f"outputs.{name}", span)
        value = evaluated(pair.value, scope_at(self, dict, len(self.line.steps)))
        return through(value, Hop("job", f"{self.address}.outputs.{name}", pair.span))

    def body(self) -> Mapping:
        found = list(members(self.node, scope_at(self, dict, len(self.line.steps)), _MADE))
        found += verbatim(self.node, "if")
        if env := self.env:
            found.append(named("env", Mapping(tuple(env.values()))))
        found += self._permissions()
        found += self._environment()
        found += self.workflow.triggers()
        return Mapping(tuple(found), self.pair.span)

    def _permissions(self) -> Iterator[Entry]:
        """What its token may do.  A called workflow that says nothing has what the calling job has."""
        for level, node in (("job", self.node), ("workflow", self.workflow.root)):
            pair = node.pair("permissions")
            if pair:
                yield Entry(Scalar("permissions", pair.key.span), evaluated(pair.value, self.base), pair.span)
                yield named("permissions_level", Scalar(level, pair.span))
                return
        if self.workflow.caller:
            yield from self.workflow.caller._permissions()

    def _environment(self) -> Iterator[Entry]:
        pair = self.node.pair("environment")
        if pair is None:
            return
        node: YamlNode = pair.value
        scope = scope_at(self, dict, len(self.line.steps))
        if isinstance(node, YamlMapping):
            url = node.pair("url")
            if url:
                yield Entry(Scalar("environment_url", url.key.span), evaluated(url.value, scope), url.span)
            node = node.get("name") or node
        yield Entry(Scalar("environment", pair.key.span), evaluated(node, scope), pair.span)
