"""Bitbucket Pipelines: the steps of `bitbucket-pipelines.yml`, their scripts and pipes.

Sources: https://support.atlassian.com/bitbucket-cloud/docs/bitbucket-pipelines-configuration-reference/,
https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets/ (levels, predefined names),
https://support.atlassian.com/bitbucket-cloud/docs/deploy-on-aws-using-bitbucket-pipelines-openid-connect/ (oidc), and
the pages of the pipes, e.g. https://bitbucket.org/atlassian/aws-s3-deploy (which variables they take from outside).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rolecall.frontends.pipelines.contexts import Scope
from rolecall.frontends.pipelines.pipeline import MAX_NESTING, Pipeline, PipelinePlan, items
from rolecall.frontends.pipelines.pipeline import read_unit as read_with
from rolecall.frontends.pipelines.placed import Placed, PlacedLines
from rolecall.frontends.pipelines.reading import below, named, scalar
from rolecall.frontends.pipelines.scripts import Script
from rolecall.frontends.pipelines.variables import SESSION, SHELL, filled, implicit, text_with
from rolecall.frontends.resource import Unit
from rolecall.frontends.values import Entry, Mapping, Reference, Scalar, Unknown, Value
from rolecall.frontends.yaml_values import plain_scalar, to_value
from rolecall.source.patterns import late
from rolecall.source.text import Span
from rolecall.source.tree import Tree
from rolecall.source.yaml import YamlMapping, YamlNode, YamlPair, YamlScalar

_PREDEFINED = late(
    r"(?:BITBUCKET|PIPELINES|DOCKER)_\w+\Z|CI\Z|[a-z]|[A-Z]\Z"
    r"|(?:HOME|PATH|PWD|OLDPWD|USER|SHELL|HOSTNAME|TERM|LANG|IFS|RANDOM|SECONDS|BASH\w*|UID|TMPDIR|OSTYPE)\Z"
)
_FEDERATED = late(
    r"assume-role-with-web-identity|AWS_WEB_IDENTITY_TOKEN_FILE|sts assume-role|BITBUCKET_STEP_OIDC_TOKEN"
)
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


def units(tree: Tree, paths: Iterable[str]) -> list[PipelinePlan]:
    """One unit for each file."""
    return [PipelinePlan(path, (path,)) for path in paths]


def read_unit(tree: Tree, plan: PipelinePlan) -> Unit:
    """The steps of one file.  Never raises: what cannot be read is a problem of the unit."""
    return read_with(tree, plan, "bitbucket", _build)


def _build(pipeline: Pipeline) -> None:
    root = pipeline.open_file(pipeline.plan.name)
    pipelines = root.get("pipelines") if root is not None else None
    seen: set[int] = set()
    names: set[str] = set()
    for kind in pipelines.effective() if isinstance(pipelines, YamlMapping) else ():
        if isinstance(kind.value, YamlMapping):
            for one in kind.value.effective():
                _steps(pipeline, one.value, f"pipelines.{kind.name}.{one.name}", seen, names)
        else:
            _steps(pipeline, kind.value, f"pipelines.{kind.name}", seen, names)


def _steps(pipeline: Pipeline, node: YamlNode, prefix: str, seen: set[int], names: set[str]) -> None:
    """The steps of one list; a step that several pipelines share by an anchor is there once."""
    for number, (pair, step) in enumerate(_found(node)):
        if id(step) in seen or pipeline.full:
            continue
        seen.add(id(step))
        address = f"{prefix}.steps[{number}]"
        names.add(address)
        _Step(pipeline, pair, step, address).build()


def _found(node: YamlNode | None, depth: int = 0) -> Iterator[tuple[YamlPair, YamlMapping]]:
    """Every `step:` below a list, those in `parallel:` and `stage:` too."""
    for item in items(node) if depth < MAX_NESTING else ():
        for pair in item.effective() if isinstance(item, YamlMapping) else ():
            if pair.name == "step" and isinstance(pair.value, YamlMapping):
                yield pair, pair.value
            elif pair.name in ("parallel", "stage", "steps"):
                yield from _found(pair.value, depth + 1)


class _Step:
    """One step: a job of its own, with its script and its pipes."""

    def __init__(self, pipeline: Pipeline, pair: YamlPair, node: YamlMapping, address: str) -> None:
        self.pipeline = pipeline
        self.pair = pair
        self.node = node
        self.address = address
        self.id = pipeline.id(address)
        self.script = items(node.get("script"))
        self.after = items(node.get("after-script"))

    def build(self) -> None:
        name = scalar(self.node, "name") or self.address
        self.pipeline.job(self.address, name, self.node.span, self.pair.key.span, self._body)
        image = below(self.node, "image", "aws")
        if isinstance(image, YamlMapping):
            self.pipeline.step(
                f"{self.address}.image", "image", image.span, self.id, lambda: (named("with", self._inputs(image)),)
            )
        for what, nodes in (("script", self.script), ("after-script", self.after)):
            self._lines(what, [node for node in nodes if isinstance(node, YamlScalar) and node.value])
            for number, node in enumerate(nodes):
                if isinstance(node, YamlMapping) and node.pair("pipe") is not None:
                    self._pipe(f"{self.address}.{what}[{number}]", node)

    def _body(self) -> Iterator[Entry]:
        if (pair := self.node.pair("deployment")) is not None:
            yield Entry(Scalar("environment", pair.key.span), to_value(pair.value), pair.span)
        if (pair := self.node.pair("oidc")) is not None:
            yield Entry(Scalar("oidc", pair.key.span), to_value(pair.value), pair.span)

    def _lines(self, what: str, lines: list[YamlScalar]) -> None:
        if lines:
            placed = PlacedLines(lines)
            self.pipeline.step(
                f"{self.address}.{what}",
                what,
                self.node.span,
                self.id,
                lambda: self._script(placed),
                Script(placed, Scope, self._secret, lambda: ""),
            )

    def _script(self, placed: PlacedLines) -> Iterator[Entry]:
        yield named("run", text_with(placed, SHELL, self._secret))
        if not self.federated:
            yield named("implicit", implicit(placed.value, ()))

    def _pipe(self, address: str, node: YamlMapping) -> None:
        name = scalar(node, "pipe").removeprefix("docker://").partition(":")[0]
        variables = node.get("variables")

        def body() -> Iterator[Entry]:
            inputs = self._inputs(variables if isinstance(variables, YamlMapping) else None)
            given = {entry.name for entry in inputs.entries}
            entries = list(inputs.entries)
            pair = node.pair("pipe")
            if (
                name.startswith("atlassian/aws-")
                and pair is not None
                and not self.federated
                and given.isdisjoint((*_KEYS, "AWS_OIDC_ROLE_ARN"))
            ):  # these pipes take their keys from the variables of the repository where nothing is given
                entries += [Entry(Scalar(key), Reference("secret", key, pair.span), pair.span) for key in _KEYS]
            yield named("with", Mapping(tuple(entries), inputs.span))
            yield named("uses_name", Scalar(name, node.span))

        self.pipeline.step(address, name, node.span, self.id, body)

    def _inputs(self, node: YamlMapping | None) -> Mapping:
        found = [
            Entry(Scalar(pair.name, pair.key.span), self._value(pair.value), pair.span)
            for pair in (node.effective() if node is not None else ())
            if pair.name
        ]
        return Mapping(tuple(found), node.span if node is not None else self.node.span)

    def _value(self, node: YamlNode) -> Value:
        if not isinstance(node, YamlScalar):
            return to_value(node)
        if node.opaque:
            return Unknown("it lies beyond the limits of reading", span=node.span)
        if "$" not in node.value:
            return Scalar(plain_scalar(node), node.span)
        return filled(Placed(node), SHELL, self._secret)

    @property
    def federated(self) -> bool:
        """Whether the step logs in by its own token."""
        if scalar(self.node, "oidc") == "true":
            return True
        return any(isinstance(line, YamlScalar) and _FEDERATED.search(line.value) for line in self.script)

    def _secret(self, name: str, span: Span) -> Value | None:
        """What a name stands for: a variable of the step's deployment, the repository or the workspace."""
        if _PREDEFINED.match(name):
            return None
        if SESSION.match(name) and self.federated:
            return Reference(self.id, f"env.{name}", span)
        return Reference("secret", name, span)
