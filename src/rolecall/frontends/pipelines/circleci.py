"""CircleCI: the jobs of `.circleci/config.yml` as its workflows run them, with the commands and orbs that they use.

Sources: https://circleci.com/docs/configuration-reference/ (jobs, commands, executors, aws_auth),
https://circleci.com/docs/reusing-config/ (parameters, inline orbs), https://circleci.com/docs/contexts/,
https://circleci.com/docs/openid-connect-tokens/, and of the orbs https://circleci.com/developer/orbs/orb/circleci/aws-cli,
https://circleci.com/developer/orbs/orb/circleci/gcp-cli, https://circleci.com/developer/orbs/orb/circleci/azure-cli
(their parameters and defaults: since version 4 of aws-cli the role comes from AWS_ROLE_ARN where none is given).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from rolecall.frontends.pipelines.contexts import Scope
from rolecall.frontends.pipelines.evaluation import joined
from rolecall.frontends.pipelines.expressions import Piece, pieces_by
from rolecall.frontends.pipelines.pipeline import MAX_NESTING, Pipeline, PipelinePlan
from rolecall.frontends.pipelines.pipeline import read_unit as read_with
from rolecall.frontends.pipelines.placed import Placed
from rolecall.frontends.pipelines.reading import below, named, scalar
from rolecall.frontends.pipelines.scripts import Script
from rolecall.frontends.pipelines.variables import SESSION, SHELL, filled, implicit, text_with
from rolecall.frontends.resource import Unit
from rolecall.frontends.values import Entry, Hop, Mapping, Reference, Scalar, Unknown, Value, text, through
from rolecall.frontends.yaml_values import plain_scalar, to_value
from rolecall.source.patterns import late
from rolecall.source.text import Span
from rolecall.source.tree import Tree
from rolecall.source.yaml import YamlMapping, YamlNode, YamlPair, YamlScalar, YamlSequence

_PARAMETER = late(r"<<\s*(pipeline\.parameters|parameters)\.([\w-]+)\s*>>")
_ANY = late(r"<<\s*([^<>]*?)\s*>>")
_PREDEFINED = late(
    r"CIRCLE(?:CI)?(?:_\w+)?\Z|CI\Z|BASH_ENV\Z|[a-z]|[A-Z]\Z"
    r"|(?:HOME|PATH|PWD|OLDPWD|USER|SHELL|HOSTNAME|TERM|LANG|IFS|RANDOM|SECONDS|BASH\w*|UID|TMPDIR|OSTYPE)\Z"
)
_FEDERATED = late(
    r"assume-role-with-web-identity|AWS_WEB_IDENTITY_TOKEN_FILE|sts assume-role|CIRCLE_OIDC_TOKEN|create-cred-config"
)
_Body: TypeAlias = Callable[[], Iterable[Entry]]
#: An environment variable's name where a parameter takes one.
_NAME = late(r"\$?\{?([A-Z][A-Z0-9_]+)\}?\Z")
#: Parameters of orbs that hold a key or name the variable that does, in snake case.
_KEYED = late(r"(?:access_key|secret|service_key|password|credentials|token)")
#: What the commands of well-known orbs read where they are given nothing: the parameter, and the variable.
_DEFAULTS: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {
    ("circleci/aws-cli", "setup"): (
        ("aws_access_key_id", "AWS_ACCESS_KEY_ID"),
        ("aws_secret_access_key", "AWS_SECRET_ACCESS_KEY"),
    ),
    ("circleci/gcp-cli", "setup"): (("gcloud_service_key", "GCLOUD_SERVICE_KEY"),),
    ("circleci/gcp-cli", "initialize"): (("gcloud_service_key", "GCLOUD_SERVICE_KEY"),),
    ("circleci/azure-cli", "login_with_service_principal"): (("azure_sp_password", "AZURE_SP_PASSWORD"),),
}
#: Parameters by which they log in without a key.
_KEYLESS = ("role_arn", "use_oidc")
_WORKFLOW_KEYS = frozenset({"context", "requires", "filters", "name", "type", "matrix", "pre-steps", "post-steps"})


def units(tree: Tree, paths: Iterable[str]) -> list[PipelinePlan]:
    """One unit for each file."""
    return [PipelinePlan(path, (path,)) for path in paths]


def read_unit(tree: Tree, plan: PipelinePlan) -> Unit:
    """The jobs of one file.  Never raises: what cannot be read is a problem of the unit."""
    return read_with(tree, plan, "circleci", lambda pipeline: _Config(pipeline).build())


def pieces(written: str) -> Iterator[Piece]:
    """The `<< >>` of a text."""
    return pieces_by(_ANY, written)


@dataclass(eq=False, slots=True)
class _Frame:
    """The parameters of a job or command as one place uses it."""

    declared: YamlNode | None = None
    given: YamlNode | None = None
    outer: _Frame | None = None
    calls: tuple[Span, ...] = ()
    entered: tuple[str, ...] = ()

    def parameter(self, name: str) -> tuple[YamlNode, _Frame | None] | None:
        if (node := below(self.given, name)) is not None:
            return node, self.outer
        node = below(self.declared, name, "default")
        return (node, None) if node is not None else None


@dataclass(eq=False, slots=True)
class _Place:
    """A file's own declarations, or those of an inline orb, where names of commands and jobs are looked up."""

    root: YamlMapping
    orbs: dict[str, str | YamlMapping] = field(default_factory=dict)

    def __post_init__(self) -> None:
        orbs = self.root.get("orbs")
        for pair in orbs.effective() if isinstance(orbs, YamlMapping) else ():
            if pair.name and isinstance(pair.value, YamlScalar):
                self.orbs[pair.name] = pair.value.value
            elif pair.name and isinstance(pair.value, YamlMapping):
                self.orbs[pair.name] = pair.value

    def find(self, kind: str, name: str) -> tuple[YamlPair, _Place] | None:
        """A command, job or executor by its name, `orb/name` for those of an inline orb."""
        orb, slash, inner = name.partition("/")
        if slash:
            root = self.orbs.get(orb)
            return _Place(root).find(kind, inner) if isinstance(root, YamlMapping) and "/" not in inner else None
        node = self.root.get(kind)
        pair = node.pair(name) if isinstance(node, YamlMapping) else None
        return (pair, self) if pair is not None and isinstance(pair.value, YamlMapping) else None

    def source(self, name: str) -> tuple[str, str, int]:
        """Of `orb/command`: the orb's own name, the command in snake case, and the orb's first version number."""
        orb, _, command = name.partition("/")
        known = self.orbs.get(orb)
        source, _, version = known.partition("@") if isinstance(known, str) else ("", "", "")
        first = version.partition(".")[0]
        return source, command.replace("-", "_"), int(first) if first.isdigit() and len(first) < 4 else 0


class _Config:
    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline

    def build(self) -> None:
        root = self.pipeline.open_file(self.pipeline.plan.name)
        if root is None:
            return
        place = _Place(root)
        started: set[str] = set()
        workflows = root.get("workflows")
        for workflow in workflows.effective() if isinstance(workflows, YamlMapping) else ():
            jobs = below(workflow.value, "jobs")
            for item in jobs.items if isinstance(jobs, YamlSequence) else ():
                self._started(place, workflow.name or "", item, started)
        jobs = root.get("jobs")
        for pair in jobs.effective() if isinstance(jobs, YamlMapping) else ():
            if pair.name and pair.name not in started and isinstance(pair.value, YamlMapping):
                _Job(
                    self.pipeline, place, f"jobs.{pair.name}", pair.name, pair, _Frame(pair.value.get("parameters"))
                ).build()

    def _started(self, place: _Place, workflow: str, item: YamlNode, started: set[str]) -> None:
        """A job as a workflow starts it: once for all workflows where it takes no parameters."""
        if isinstance(item, YamlScalar):
            name, given, span = item.value, None, item.span
        elif isinstance(item, YamlMapping) and item.pairs and item.pairs[0].name:
            name, given, span = item.pairs[0].name, item.pairs[0].value, item.span
        else:
            return
        found = place.find("jobs", name)
        own = scalar(given, "name") or name
        if found is None:
            if "/" in name:
                _orb_job(self.pipeline, place, f"workflows.{workflow}.{own}", name, item, given)
            return
        pair, inner = found
        parameters = below(pair.value, "parameters")
        frame = _Frame(parameters, given, None, (span,))
        if parameters is None:
            first = name not in started
            started.add(name)
            if first:
                _Job(self.pipeline, inner, f"jobs.{name}", name, pair, frame).build(below(given, "pre-steps"))
            return
        started.add(name)
        _Job(self.pipeline, inner, f"workflows.{workflow}.{own}", own, pair, frame).build(below(given, "pre-steps"))


def _orb_job(
    pipeline: Pipeline, place: _Place, address: str, name: str, item: YamlNode, given: YamlNode | None
) -> None:
    """A job of an orb that is not here: what it is given is seen, what it does is not."""
    key = item.pairs[0].key if isinstance(item, YamlMapping) else item
    pair = YamlPair(key, given if isinstance(given, YamlMapping) else item, item.start, item.end)
    job = _Job(pipeline, place, address, name, pair, _Frame())
    job.build(below(given, "pre-steps"), below(given, "auth"), orb=name)


class _Job:
    """One job as it is started."""

    def __init__(
        self, pipeline: Pipeline, place: _Place, address: str, name: str, pair: YamlPair, frame: _Frame
    ) -> None:
        self.pipeline = pipeline
        self.place = place
        self.address = address
        self.name = name
        self.pair = pair
        self.node = pair.value
        self.frame = frame
        self.id = pipeline.id(address)
        self.number = 0
        self._following = 0
        self._environment: dict[str, Entry] | None = None
        self._federated: bool | None = None

    def build(self, *before: YamlNode | None, orb: str = "") -> None:
        self.pipeline.job(self.address, self.name, self.pair.span, self.pair.key.span, self._body, self.frame.calls)
        for node in before:
            self._steps(node, self.frame, self.place)
        if orb:
            given = self.node if isinstance(self.node, YamlMapping) else None
            self._orb(orb, given, self.pair.span, self.frame, self.place)
            return
        for image in self._images():
            self._image(image)
        self._steps(below(self.node, "steps"), self.frame, self.place)

    def _body(self) -> Iterator[Entry]:
        yield named("env", Mapping(tuple(self.environment.values()), self.pair.span))

    # -- steps

    def _steps(self, node: YamlNode | None, frame: _Frame, place: _Place, depth: int = 0) -> None:
        if isinstance(node, YamlScalar) and depth < MAX_NESTING:  # steps that a parameter brings in
            match = _PARAMETER.fullmatch(node.value.strip())
            given = frame.parameter(match[2]) if match else None
            if given is not None:
                self._steps(given[0], given[1] or frame, place, depth + 1)
            return
        for item in node.items if isinstance(node, YamlSequence) and depth < MAX_NESTING else ():
            if isinstance(item, YamlScalar):
                if "<<" in item.value:
                    self._steps(item, frame, place, depth + 1)
                else:
                    self._called(item.value, None, item.span, frame, place, depth)
            elif isinstance(item, YamlMapping):
                for pair in item.effective():
                    self._step(pair, item, frame, place, depth)

    def _step(self, pair: YamlPair, item: YamlMapping, frame: _Frame, place: _Place, depth: int) -> None:
        if pair.name == "run":
            self._run(pair, frame)
        elif pair.name in ("when", "unless") and isinstance(pair.value, YamlMapping):
            self._steps(pair.value.get("steps"), frame, place, depth + 1)
        elif pair.name == "steps":
            self._steps(pair.value, frame, place, depth + 1)
        elif pair.name:
            given = pair.value if isinstance(pair.value, YamlMapping) else None
            self._called(pair.name, given, item.span, frame, place, depth)

    def _called(
        self, name: str, given: YamlMapping | None, span: Span, frame: _Frame, place: _Place, depth: int
    ) -> None:
        found = place.find("commands", name)
        if found is None:
            if "/" in name:
                self._orb(name, given, span, frame, place)
            return
        pair, inner = found
        if name in frame.entered or depth >= MAX_NESTING:
            self.pipeline.problem("cycle", f"the command {name} leads back to itself", span)
            return
        below_ = _Frame(below(pair.value, "parameters"), given, frame, (*frame.calls, span), (*frame.entered, name))
        self._steps(below(pair.value, "steps"), below_, inner, depth + 1)

    def _add(self, name: str, span: Span, frame: _Frame, body: _Body, script: Script | None = None) -> None:
        self.pipeline.step(f"{self.address}.steps[{self.number}]", name, span, self.id, body, script, frame.calls)
        self.number += 1

    def _run(self, pair: YamlPair, frame: _Frame) -> None:
        command = pair.value if isinstance(pair.value, YamlScalar) else below(pair.value, "command")
        if not isinstance(command, YamlScalar) or not command.value:
            return
        placed = Placed(command)
        own = {entry.name or "": entry for entry in self.entries(below(pair.value, "environment"), frame)}

        def variable(name: str, span: Span) -> Value | None:
            entry = own.get(name) or self.environment.get(name)
            return entry.value if entry is not None else self.secret(name, span)

        def body() -> Iterator[Entry]:
            yield named("env", Mapping(tuple({**self.environment, **own}.values()), pair.span))
            yield named("run", text_with(placed, SHELL, self.secret))
            if not self.federated:
                yield named("implicit", implicit(placed.value, {**self.environment, **own}))

        script = Script(
            placed,
            Scope,
            variable,
            lambda: "",
            pieces,
            lambda piece, span: self.fill(piece.text, span, frame),
        )
        self._add(scalar(pair.value, "name") or "run", pair.span, frame, body, script)

    def _orb(self, name: str, given: YamlMapping | None, span: Span, frame: _Frame, place: _Place) -> None:
        """A command or job of an orb that is not here, with the keys that it is given or takes by itself."""

        def body() -> Iterator[Entry]:
            yield named("with", Mapping(tuple(self._inputs(name, given, span, frame, place)), span))
            yield named("uses_name", Scalar(name, span))

        self._add(name, span, frame, body)
        for key in ("auth", "pre-steps", "steps"):
            if given is not None and given is not self.node and (inner := given.get(key)) is not None:
                self._steps(inner, frame, place, 1)

    def _inputs(
        self, name: str, given: YamlMapping | None, span: Span, frame: _Frame, place: _Place
    ) -> Iterator[Entry]:
        source, command, version = place.source(name)
        values: dict[str, Entry] = {}
        for pair in given.effective() if given is not None else ():
            if pair.name and pair.name not in _WORKFLOW_KEYS and isinstance(pair.value, YamlScalar):
                value = self.value(pair.value, frame)
                flat = pair.name.replace("-", "_").lower()
                if (
                    _KEYED.search(flat)
                    and (match := _NAME.match(text(value) or ""))
                    and not _PREDEFINED.match(match[1])
                ):
                    value = self.variable(match[1], pair.value.span)
                values[flat] = Entry(Scalar(pair.name, pair.key.span), value, pair.span)
        if any(key in values and text(values[key].value) not in ("", "false") for key in _KEYLESS):
            values = {key: entry for key, entry in values.items() if not _KEYED.search(key)}
        else:
            keyed = any(_KEYED.search(key) for key in values)
            for parameter, variable in _DEFAULTS.get((source, command), ()):
                # from version 4 on nobody can tell: the role may come from AWS_ROLE_ARN
                if parameter not in values and (keyed or source != "circleci/aws-cli" or 0 < version < 4):
                    values[parameter] = Entry(Scalar(parameter), self.variable(variable, span), span)
        yield from values.values()

    # -- images

    def _images(self) -> Iterator[YamlMapping]:
        executor = below(self.node, "executor")
        name = executor.value if isinstance(executor, YamlScalar) else scalar(executor, "name")
        found = self.place.find("executors", name) if name else None
        for node in (self.node, found[0].value if found else None):
            images = below(node, "docker")
            for image in images.items if isinstance(images, YamlSequence) else ():
                if isinstance(image, YamlMapping):
                    yield image

    def _image(self, image: YamlMapping) -> None:
        """The login to the registry that an image comes from."""
        for key in ("aws_auth", "auth"):
            auth = image.get(key)
            if isinstance(auth, YamlMapping):
                self._registry(auth)

    def _registry(self, auth: YamlMapping) -> None:
        self._add(
            "docker",
            auth.span,
            self.frame,
            lambda: (named("with", Mapping(tuple(self.entries(auth, self.frame, True)), auth.span)),),
        )

    # -- values

    @property
    def environment(self) -> dict[str, Entry]:
        """The variables of the job and its executor."""
        if self._environment is None:
            executor = below(self.node, "executor")
            name = executor.value if isinstance(executor, YamlScalar) else scalar(executor, "name")
            found = self.place.find("executors", name) if name else None
            entries = [*self.entries(below(found[0].value, "environment"), self.frame)] if found else []
            entries += self.entries(below(self.node, "environment"), self.frame)
            self._environment = {entry.name or "": entry for entry in entries}
        return self._environment

    def entries(self, node: YamlNode | None, frame: _Frame, expand: bool = False) -> Iterator[Entry]:
        """The members of a mapping; variables are only put into what `expand` says, as CircleCI does."""
        nodes = node.items if isinstance(node, YamlSequence) else [node]
        for one in nodes:
            for pair in one.effective() if isinstance(one, YamlMapping) else ():
                if pair.name:
                    value = self.value(pair.value, frame)
                    if expand and isinstance(pair.value, YamlScalar) and "$" in pair.value.value:
                        value = filled(Placed(pair.value), SHELL, self.secret)
                    yield Entry(Scalar(pair.name, pair.key.span), value, pair.span)

    def value(self, node: YamlNode, frame: _Frame) -> Value:
        if not isinstance(node, YamlScalar):
            return to_value(node)
        if node.opaque:
            return Unknown("it lies beyond the limits of reading", span=node.span)
        if "<<" not in node.value:
            return Scalar(plain_scalar(node), node.span)
        placed = Placed(node)
        parts = [
            self.fill(piece.text, placed.span(piece.start, piece.end), frame)
            if piece.expression
            else Scalar(piece.text, placed.span(piece.start, piece.end))
            for piece in pieces(node.value)
        ]
        return parts[0] if len(parts) == 1 else joined(parts, node.span)

    def fill(self, written: str, span: Span, frame: _Frame) -> Value:
        """What is between `<<` and `>>`."""
        kind, _, name = written.strip().rpartition(".")
        if kind == "pipeline.parameters":
            declared = below(self.place.root, "parameters", name, "default")
            return (
                self.value(declared, frame) if isinstance(declared, YamlScalar) else Unknown("a parameter", span=span)
            )
        given = frame.parameter(name) if kind == "parameters" else None
        if given is None or self._following > MAX_NESTING:
            return Unknown("a parameter that is not seen", span=span)
        self._following += 1
        try:
            value = self.value(given[0], given[1] or _Frame())
        finally:
            self._following -= 1
        return through(value, Hop("parameter", f"parameters.{name}", given[0].span))

    def variable(self, name: str, span: Span) -> Value:
        """What an environment variable holds: what the job sets, or a variable of the project or a context."""
        entry = self.environment.get(name)
        if entry is not None:
            return through(entry.value, Hop("env", name, span))
        return Reference("secret", name, span)

    @property
    def federated(self) -> bool:
        """Whether the job logs in by its own token somewhere."""
        if self._federated is None:
            data = self.pair.key.text.data[self.pair.start : self.pair.end].decode("utf-8", "replace")
            self._federated = bool(_FEDERATED.search(data) or re.search(r"\brole[-_]arn\s*:", data))
        return self._federated

    def secret(self, name: str, span: Span) -> Value | None:
        """What a name stands for that the file does not set."""
        if _PREDEFINED.match(name):
            return None
        if SESSION.match(name) and self.federated:
            return Reference(self.id, f"env.{name}", span)
        return Reference("secret", name, span)
