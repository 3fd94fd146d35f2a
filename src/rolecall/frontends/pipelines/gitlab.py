"""GitLab CI: `.gitlab-ci.yml` with the local files that it includes, jobs with what they extend.

Sources: https://docs.gitlab.com/ci/yaml/ (keywords, extends, include, !reference, id_tokens, secrets),
https://docs.gitlab.com/ci/variables/ (levels, expansion), https://docs.gitlab.com/ci/variables/predefined_variables/.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from rolecall.frontends.pipelines.contexts import Scope
from rolecall.frontends.pipelines.pipeline import MAX_NESTING, Pipeline, PipelinePlan, data_of, items, plans
from rolecall.frontends.pipelines.pipeline import read_unit as read_with
from rolecall.frontends.pipelines.placed import PlacedLines
from rolecall.frontends.pipelines.reading import below, named, scalar
from rolecall.frontends.pipelines.scripts import Script
from rolecall.frontends.pipelines.variables import SESSION, SHELL, Variables, Written, implicit, text_with
from rolecall.frontends.resource import Unit
from rolecall.frontends.values import Entry, Reference, Scalar, Value
from rolecall.frontends.yaml_values import to_value
from rolecall.source.patterns import late
from rolecall.source.text import Span
from rolecall.source.tree import Tree
from rolecall.source.yaml import YamlMapping, YamlNode, YamlPair, YamlScalar, YamlSequence

_START = late(r"(?:^|/)\.gitlab-ci\.ya?ml\Z")
_LOCAL = late(rb"""(?:\blocal["']?\s*:\s*|^\s*(?:-\s*|include\s*:\s*))["']?(/?[\w.@*-][\w./@*-]*\.ya?ml)\b""", re.M)
#: Keys of the top level that are no jobs.
_GLOBAL = frozenset(
    {
        "default",
        "include",
        "stages",
        "types",
        "variables",
        "workflow",
        "spec",
        "cache",
        "image",
        "services",
        "before_script",
        "after_script",
    }
)
#: Variables that GitLab or the shell sets, which are no secrets of the project.
PREDEFINED = late(
    r"(?:CI|GITLAB|FF|CHAT|TRIGGER|DOCKER_ENV)(?:_\w+)?\Z|[a-z]|[A-Z]\Z"
    r"|(?:HOME|PATH|PWD|OLDPWD|USER|SHELL|HOSTNAME|TERM|LANG|IFS|RANDOM|SECONDS|BASH\w*|UID|TMPDIR|OSTYPE)\Z"
)
_FEDERATED = late(
    r"assume-role-with-web-identity|AWS_WEB_IDENTITY_TOKEN_FILE|sts assume-role|--federated-token|create-cred-config"
)


def units(tree: Tree, paths: Iterable[str]) -> list[PipelinePlan]:
    """What forms a unit, found without parsing YAML."""
    return plans(tree, paths, lambda path: _START.search(path) is not None, lambda path: _included(tree, path))


def read_unit(tree: Tree, plan: PipelinePlan) -> Unit:
    """The jobs of one unit.  Never raises: what cannot be read is a problem of the unit."""
    return read_with(tree, plan, "gitlab", lambda pipeline: _Configuration(pipeline).build())


def _included(tree: Tree, path: str) -> Iterator[str]:
    """The local files that a file may include, by a search of its bytes.

    Paths are seen from the repository's root: the folder of the start file, or the nearest above that has the file.
    """
    data = data_of(tree, path)
    if b"include" not in data:
        return
    for written in dict.fromkeys(_LOCAL.findall(data)):
        yield from _resolved(tree, path, written.decode("utf-8", "replace"))


def _resolved(tree: Tree, path: str, written: str) -> Iterator[str]:
    relative = written.lstrip("/")
    folder = path.rpartition("/")[0]
    while True:
        found = tree.resolve(folder, relative)
        if found is not None and "*" in found:
            pattern = re.compile(fnmatch.translate(found))
            if matched := [one for one in tree.paths() if pattern.match(one)]:
                yield from matched
                return
        elif found is not None and tree.exists(found):
            yield found
            return
        if not folder:
            return
        folder = folder.rpartition("/")[0]


class _Configuration:
    """All files of a unit taken together: later files write over earlier ones, the start file over all."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self.roots = [
            root
            for path in (*reversed(pipeline.plan.files[1:]), pipeline.plan.name)
            for root in (self._root(path),)
            if root is not None
        ]
        self.definitions: dict[str, list[YamlPair]] = {}
        for root in self.roots:
            for pair in root.effective():
                if pair.name and pair.name not in _GLOBAL and isinstance(pair.value, YamlMapping):
                    self.definitions.setdefault(pair.name, []).append(pair)

    def _root(self, path: str) -> YamlMapping | None:
        """The configuration of a file; one that has inputs begins with a document that declares them."""
        found = [node for node in self.pipeline.documents(path) if isinstance(node, YamlMapping)]
        return next((node for node in reversed(found)), None)

    def build(self) -> None:
        visible = [name for name in self.definitions if not name.startswith(".")]
        # a file of templates alone: what extends them is elsewhere
        for name in visible or self.definitions:
            _Job(self, name, self.definitions[name][-1]).build()

    def default(self, key: str) -> YamlNode | None:
        """A keyword of `default:`, or of the top level, where it had its place before."""
        for root in reversed(self.roots):
            node = below(root, "default", key) or root.get(key)
            if node is not None:
                return node
        return None

    @cached_property
    def variables(self) -> dict[str, Written]:
        found: dict[str, Written] = {}
        for root in self.roots:
            found.update(self.written(root.get("variables"), "variables."))
        return found

    def written(self, node: YamlNode | None, level: str = "") -> dict[str, Written]:
        """The variables of one `variables:`."""
        node = self.dereferenced(node)
        found: dict[str, Written] = {}
        for pair in node.effective() if isinstance(node, YamlMapping) else ():
            value = self.dereferenced(pair.value)
            if isinstance(value, YamlMapping):
                value = value.get("value")
            if pair.name and value is not None:
                found[pair.name] = Written(
                    pair.name, value, pair.span, pair.key.span, f"{level}{pair.name}" if level else ""
                )
        return found

    def chain(self, name: str, entered: tuple[str, ...] = ()) -> list[YamlMapping]:
        """What a job is merged from, in the order in which later ones win."""
        own = [pair.value for pair in self.definitions.get(name, ()) if isinstance(pair.value, YamlMapping)]
        extends = next((node for one in reversed(own) if (node := one.get("extends")) is not None), None)
        found: list[YamlMapping] = []
        for item in items(extends):
            if not isinstance(item, YamlScalar) or item.value == name:
                continue
            if item.value in entered or len(entered) > MAX_NESTING:
                self.pipeline.problem("cycle", f"the job {name} extends itself", item.span)
            elif len(found) < 200:
                found += self.chain(item.value, (*entered, name))
        return found + own

    def dereferenced(self, node: YamlNode | None, depth: int = 0) -> YamlNode | None:
        """What a `!reference [job, key]` stands for; any other node is itself."""
        if not isinstance(node, YamlSequence) or node.tag != "!reference" or depth > MAX_NESTING:
            return node
        path = [item.value for item in node.items if isinstance(item, YamlScalar)]
        if not path:
            return None
        if path[0] in self.definitions:
            merged = self.chain(path[0])
            found = next((one.get(path[1]) for one in reversed(merged) if len(path) > 1 and one.get(path[1])), None)
            rest = path[2:]
        else:
            found, rest = self.default(path[0]), path[1:]
        return self.dereferenced(below(found, *rest), depth + 1)

    def lines(self, node: YamlNode | None, depth: int = 0) -> Iterator[YamlScalar]:
        """The lines of a script, those that it takes from other jobs among them."""
        node = self.dereferenced(node)
        for item in items(node):
            if isinstance(item, YamlSequence) and depth < MAX_NESTING:
                yield from self.lines(item, depth + 1)
            elif isinstance(item, YamlScalar) and item.value:
                yield item


class _Job:
    """One job with what it extends."""

    def __init__(self, configuration: _Configuration, name: str, pair: YamlPair) -> None:
        self.configuration = configuration
        self.pipeline = configuration.pipeline
        self.name = name
        self.pair = pair
        self.address = f"jobs.{name}"
        self.id = self.pipeline.id(self.address)
        self.merged = configuration.chain(name)

    def key(self, name: str, inherited: bool = True) -> YamlNode | None:
        """A keyword of the job: its own, or the default one."""
        own = next((node for one in reversed(self.merged) if (node := one.get(name)) is not None), None)
        if own is not None or not inherited:
            return own
        inherit = below(self.key("inherit", False), "default")
        if isinstance(inherit, YamlScalar) and inherit.value == "false":
            return None
        if isinstance(inherit, YamlSequence) and not any(
            isinstance(item, YamlScalar) and item.value == name for item in inherit.items
        ):
            return None
        return self.configuration.default(name)

    def build(self) -> None:
        pair = self.pair
        self.pipeline.job(self.address, self.name, pair.span, pair.key.span, self._body)
        lines = [*self.configuration.lines(self.key("before_script")), *self.configuration.lines(self.key("script"))]
        self._step("script", lines)
        if after := list(self.configuration.lines(self.key("after_script"))):
            self._step("after_script", after)

    def _step(self, what: str, lines: list[YamlScalar]) -> None:
        script = None
        if lines:
            placed = PlacedLines(lines)
            script = Script(placed, Scope, self._variable, lambda: "")
        self.pipeline.step(
            f"{self.address}.{what}", what, self.pair.span, self.id, lambda: self._members(lines), script
        )

    def _members(self, lines: list[YamlScalar]) -> Iterator[Entry]:
        yield named("env", self.variables.mapping())
        if lines:
            placed = PlacedLines(lines)
            yield named("run", text_with(placed, SHELL, self._secret))
            if not self.federated:
                yield named("implicit", implicit(placed.value, self.variables.written))

    def _body(self) -> Iterator[Entry]:
        for one in reversed(self.merged):
            for key in ("environment", "rules", "only", "id_tokens", "secrets"):
                if (pair := one.pair(key)) is not None:
                    yield Entry(Scalar(key, pair.key.span), to_value(pair.value), pair.span)

    @cached_property
    def variables(self) -> Variables:
        written: dict[str, Written] = {}
        inherit = below(self.key("inherit", False), "variables")
        if isinstance(inherit, YamlSequence):
            wanted = {item.value for item in inherit.items if isinstance(item, YamlScalar)}
            written.update((name, one) for name, one in self.configuration.variables.items() if name in wanted)
        elif not (isinstance(inherit, YamlScalar) and inherit.value == "false"):
            written.update(self.configuration.variables)
        for one in self.merged:
            written.update(self.configuration.written(one.get("variables")))
        return Variables(written, self._secret)

    @cached_property
    def fetched(self) -> dict[str, Value]:
        """What `secrets:` brings in by name."""
        found: dict[str, Value] = {}
        for one in self.merged:
            node = one.get("secrets")
            for pair in node.effective() if isinstance(node, YamlMapping) else ():
                if pair.name:
                    found[pair.name] = _fetched(pair)
        return found

    @cached_property
    def tokens(self) -> frozenset[str]:
        """The names of the tokens by which the job proves who it is."""
        names: set[str] = set()
        nodes = [one.get("id_tokens") for one in self.merged] or []
        for node in (*nodes, self.configuration.default("id_tokens")):
            names.update(pair.name for pair in (node.pairs if isinstance(node, YamlMapping) else ()) if pair.name)
        return frozenset(names)

    @cached_property
    def federated(self) -> bool:
        """Whether the session of a role is what the standard variables hold."""
        if self.tokens or any(
            name in self.variables.written for name in ("AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE")
        ):
            return True
        parts = (self.key("before_script"), self.key("script"))
        return any(_FEDERATED.search(line.value) for part in parts for line in self.configuration.lines(part))

    def _secret(self, name: str, span: Span) -> Value | None:
        """What a name stands for that the file does not set: a variable of the project or the group."""
        if name in self.fetched:
            return self.fetched[name]
        if name in self.tokens or PREDEFINED.match(name):
            return None
        if SESSION.match(name) and self.federated:
            return Reference(self.id, f"env.{name}", span)
        return Reference("secret", name, span)

    def _variable(self, name: str, span: Span) -> Value | None:
        own = self.variables.own(name)
        return own if own is not None else self._secret(name, span)


def _fetched(pair: YamlPair) -> Value:
    """A secret that the job reads from a vault: a reference to the vault, or a session where its engine makes one."""
    for kind in ("vault", "azure_key_vault", "gcp_secret_manager", "aws_secrets_manager"):
        node = below(pair.value, kind)
        if isinstance(node, YamlScalar):
            path, _, engine = node.value.partition("@")
            if engine.startswith("aws"):
                return Reference("vault", f"env.{pair.name}", pair.span)
            return Reference(f"{kind}:{path}", "", pair.span)
        if isinstance(node, YamlMapping):
            engine = scalar(node.get("engine"), "name")
            if engine.startswith(("aws", "gcp", "azure")):
                return Reference("vault", f"env.{pair.name}", pair.span)
            return Reference(f"{kind}:{scalar(node, 'path') or scalar(node, 'name')}", "", pair.span)
    return Reference("vault", f"env.{pair.name}", pair.span)


__all__ = ["PipelinePlan", "read_unit", "units"]
