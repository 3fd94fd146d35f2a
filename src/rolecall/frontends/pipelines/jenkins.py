"""Jenkins: what a Jenkinsfile does with credentials, stage by stage.

Nothing of it is evaluated: the reader knows `environment { X = credentials('id') }`, `withCredentials`, `withAWS`,
`withEnv`, `docker.withRegistry` and the scripts of `sh`, `bat` and `powershell`, declarative or scripted.

Sources: https://www.jenkins.io/doc/book/pipeline/jenkinsfile/#handling-credentials,
https://www.jenkins.io/doc/pipeline/steps/credentials-binding/, https://www.jenkins.io/doc/pipeline/steps/pipeline-aws/
(withAWS), https://plugins.jenkins.io/aws-credentials/ (what the AWS binding sets),
https://plugins.jenkins.io/azure-credentials/, https://plugins.jenkins.io/amazon-ecr/ (ecr:region:id).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

from rolecall.frontends.pipelines.contexts import Scope
from rolecall.frontends.pipelines.expressions import Piece, pieces_by
from rolecall.frontends.pipelines.groovy import GroovyText, Source, Token
from rolecall.frontends.pipelines.pipeline import MAX_NESTING, Pipeline, PipelinePlan
from rolecall.frontends.pipelines.pipeline import read_unit as read_with
from rolecall.frontends.pipelines.reading import named
from rolecall.frontends.pipelines.scripts import Script
from rolecall.frontends.pipelines.variables import SHELL, filled, text_with
from rolecall.frontends.resource import Unit
from rolecall.frontends.values import Entry, Hop, Mapping, Reference, Scalar, Value, through
from rolecall.source.patterns import late
from rolecall.source.records import dataclass
from rolecall.source.text import Span
from rolecall.source.tree import Tree

_GROOVY = late(r"\$\{\s*(?:env\.|params\.)?([A-Za-z_]\w*)\s*\}")
#: Where `"${env.X}"` stands in a double-quoted value, or `$X`.
_VALUE = late(r"\$\{\s*(?:env\.|params\.)?([A-Za-z_]\w*)\s*\}|\$([A-Za-z_]\w*)")
_Body: TypeAlias = Callable[[], Iterable[Entry]]
_SHELLS = frozenset({"sh", "bat", "powershell", "pwsh"})
_OPENERS = {"(": ")", "[": "]", "{": "}"}
#: Bindings: the variables that they set where the file names none, by the argument that would.
_BINDINGS: dict[str, dict[str, str]] = {
    "AmazonWebServicesCredentialsBinding": {
        "accessKeyVariable": "AWS_ACCESS_KEY_ID",
        "secretKeyVariable": "AWS_SECRET_ACCESS_KEY",
    },
    "aws": {"accessKeyVariable": "AWS_ACCESS_KEY_ID", "secretKeyVariable": "AWS_SECRET_ACCESS_KEY"},
    "azureServicePrincipal": {"clientIdVariable": "AZURE_CLIENT_ID", "clientSecretVariable": "AZURE_CLIENT_SECRET"},
    "string": {"variable": ""},
    "StringBinding": {"variable": ""},
    "file": {"variable": ""},
    "FileBinding": {"variable": ""},
    "usernamePassword": {"usernameVariable": "", "passwordVariable": ""},
    "UsernamePasswordMultiBinding": {"usernameVariable": "", "passwordVariable": ""},
}
_AWS_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


def units(tree: Tree, paths: Iterable[str]) -> list[PipelinePlan]:
    """One unit for each file."""
    return [PipelinePlan(path, (path,)) for path in paths]


def read_unit(tree: Tree, plan: PipelinePlan) -> Unit:
    """The stages of one file.  Never raises: what cannot be read is a problem of the unit."""
    return read_with(tree, plan, "jenkins", _build)


def _build(pipeline: Pipeline) -> None:
    text = pipeline.text(pipeline.plan.name)
    if text is not None:
        source = Source(text)
        tokens = list(source.tokens())
        whole = Stage("pipeline", "", source.span(0, 0))
        _Reader(pipeline, source, tokens).block(0, len(tokens), whole, {}, 0)


@dataclass(eq=False, slots=True)
class Stage:
    """One stage: a job, which is only there when something of interest is in it."""

    address: str
    name: str
    span: Span
    id: str = ""
    number: int = 0


class _Reader:
    def __init__(self, pipeline: Pipeline, source: Source, tokens: list[Token]) -> None:
        self.pipeline = pipeline
        self.source = source
        self.tokens = tokens
        self.closers = _closers(tokens)
        self.names: set[str] = set()

    def block(self, at: int, end: int, stage: Stage, known: dict[str, Value], depth: int) -> None:
        """The statements between two places; `known` are the variables that they see."""
        tokens = self.tokens
        known = dict(known)
        while at < end and not self.pipeline.full:
            token = tokens[at]
            if token.kind != "word":
                at += 1
                continue
            if token.text == "environment" and self._opens(at + 1, "{"):
                known.update(self._environment(at + 2, self.closers[at + 1], stage, known))
                at = self.closers[at + 1] + 1
            elif token.text in _SHELLS:
                at = self._shell(at, stage, known)
            elif (inner := self._with(at, stage, known)) is not None:
                at = self._entered(at, inner, stage, known, depth)
            elif token.text == "stage" and self._opens(at + 1, "("):
                at = self._stage(at, known, depth)
            elif at + 1 < end and tokens[at + 1].text == ":" and self._opens(at + 2, "["):
                self._add(stage, token.text, list(self._bindings(at + 3, self.closers[at + 2])))
                at += 3  # bindings that a step of a shared library is handed
            else:
                at += 1

    def _opens(self, at: int, mark: str) -> bool:
        return at < len(self.tokens) and self.tokens[at].text == mark and at in self.closers

    def _entered(
        self, at: int, inner: tuple[int, dict[str, Value]], stage: Stage, known: dict[str, Value], depth: int
    ) -> int:
        """The block behind a `with…(…)`, which sees what that sets."""
        after, bound = inner
        if self._opens(after, "{") and depth < MAX_NESTING:
            self.block(after + 1, self.closers[after], stage, {**known, **bound}, depth + 1)
            return self.closers[after] + 1
        return max(after, at + 1)

    def _stage(self, at: int, known: dict[str, Value], depth: int) -> int:
        close = self.closers[at + 1]
        name = next((token.text for token in self.tokens[at + 2 : close] if token.kind == "string"), "")
        after = self._skipped(close + 1)
        if not self._opens(after, "{") or depth >= MAX_NESTING:
            return close + 1
        address = f"stages.{name}" if name else f"stages[{len(self.names)}]"
        while address in self.names:
            address = f"{address}'"
        self.names.add(address)
        span = self.source.span(self.tokens[at].start, self.tokens[self.closers[after]].end)
        self.block(after + 1, self.closers[after], Stage(address, name, span), known, depth + 1)
        return self.closers[after] + 1

    def _skipped(self, at: int) -> int:
        while at < len(self.tokens) and self.tokens[at].kind == "line":
            at += 1
        return at

    # -- what sets variables

    def _environment(self, at: int, end: int, stage: Stage, known: dict[str, Value]) -> dict[str, Value]:
        """The variables of an `environment { }`."""
        tokens = self.tokens
        found: dict[str, Value] = {}
        entries: list[Entry] = []
        while at < end:
            if tokens[at].kind == "word" and at + 2 < end and tokens[at + 1].text == "=":
                name, value = tokens[at], tokens[at + 2]
                if value.text == "credentials" and self._opens(at + 3, "("):
                    close = self.closers[at + 3]
                    span = self.source.span(name.start, tokens[close].end)
                    identifier = next((t.text for t in tokens[at + 4 : close] if t.kind == "string"), "")
                    secret = Reference("secret", identifier, span)
                    found[name.text] = secret
                    found[f"{name.text}_USR"] = found[f"{name.text}_PSW"] = secret
                    at = close
                elif value.kind == "string":
                    span = self.source.span(name.start, value.end)
                    found[name.text] = self._string(value, {**known, **found})
                    at += 2
                else:
                    at += 1
                    continue
                entries.append(Entry(Scalar(name.text), found[name.text], span))
            at += 1
        self._add(stage, "environment", entries)
        return found

    def _string(self, token: Token, known: dict[str, Value]) -> Value:
        placed = GroovyText(self.source, token)
        if not token.filled:
            return Scalar(token.text, placed.span(0, len(token.text)))
        return filled(placed, _VALUE, lambda name, span: self._known(known, name, span))

    def _known(self, known: dict[str, Value], name: str, span: Span) -> Value | None:
        value = known.get(name)
        return through(value, Hop("env", f"${name}", span)) if value is not None else None

    def _with(self, at: int, stage: Stage, known: dict[str, Value]) -> tuple[int, dict[str, Value]] | None:
        """A `with…` step: the place after its arguments, and the variables that it sets."""
        name = self.tokens[at].text
        if name not in ("withCredentials", "withAWS", "withEnv", "docker.withRegistry") or not self._opens(at + 1, "("):
            return None
        close = self.closers[at + 1]
        entries: list[Entry] = []
        if name == "withCredentials":
            entries = list(self._bindings(at + 2, close))
        elif name == "withAWS":
            arguments = self._arguments(at + 2, close)
            if (token := arguments.get("credentials")) is not None:
                entries = [self._secret(variable, token, at, close) for variable in _AWS_KEYS]
        elif name == "withEnv":
            entries = list(self._given(at + 2, close, known))
        else:
            strings = [token for token in self.tokens[at + 2 : close] if token.kind == "string"]
            if len(strings) > 1 and strings[1].text.startswith("ecr:"):
                entries = [self._secret(variable, strings[1], at, close) for variable in _AWS_KEYS]
        self._add(stage, name, entries)
        return self._skipped(close + 1), {entry.name or "": entry.value for entry in entries}

    def _secret(self, variable: str, token: Token, first: int, last: int) -> Entry:
        span = self.source.span(self.tokens[first].start, self.tokens[last].end)
        identifier = token.text.rpartition(":")[2] if token.text.startswith("ecr:") else token.text
        return Entry(Scalar(variable), Reference("secret", identifier, span), span)

    def _bindings(self, at: int, end: int) -> Iterator[Entry]:
        """The variables that the bindings of a `withCredentials` set."""
        tokens = self.tokens
        while at < end:
            token = tokens[at]
            first = at
            kind = ""
            if token.kind == "word" and self._opens(at + 1, "("):
                kind, opened = token.text, at + 1
            elif token.text == "[" and at in self.closers and self._class(at) is not None:
                kind, opened = self._class(at) or "", at
            if kind not in _BINDINGS:
                at += 1
                continue
            close = self.closers[opened]
            arguments = self._arguments(opened + 1, close)
            identifier = arguments.get("credentialsId") or arguments.get("")
            for argument, standard in _BINDINGS[kind].items():
                named_ = arguments.get(argument)
                variable = named_.text if named_ is not None else standard
                if variable and identifier is not None:
                    yield self._secret(variable, identifier, first, close)
            at = close + 1

    def _class(self, at: int) -> str | None:
        """What `[$class: 'Kind', …]` says; None for any other list."""
        at = self._skipped(at + 1)
        tokens = self.tokens[at : at + 3]
        if len(tokens) == 3 and tokens[0].text == "$class" and tokens[1].text == ":":
            return tokens[2].text
        return None

    def _arguments(self, at: int, end: int) -> dict[str, Token]:
        """The arguments of a call by name; the first without a name under ""."""
        tokens = self.tokens
        found: dict[str, Token] = {}
        while at < end:
            if at in self.closers and tokens[at].text in _OPENERS:
                at = self.closers[at] + 1
                continue
            if tokens[at].kind == "word" and at + 2 < end and tokens[at + 1].text == ":":
                found.setdefault(tokens[at].text, tokens[at + 2])
                at += 3
                continue
            if tokens[at].kind == "string":
                found.setdefault("", tokens[at])
            at += 1
        return found

    def _given(self, at: int, end: int, known: dict[str, Value]) -> Iterator[Entry]:
        """The `NAME=value` strings of a `withEnv`."""
        for token in self.tokens[at:end]:
            name, mark, _ = token.text.partition("=")
            if token.kind != "string" or not mark or not re.fullmatch(r"[A-Za-z_]\w*", name):
                continue
            placed = GroovyText(self.source, token)
            span = self.source.span(token.start, token.end)
            value: Value = Scalar(token.text[len(name) + 1 :], placed.span(len(name) + 1, len(token.text)))
            if token.filled and (match := _VALUE.fullmatch(token.text, len(name) + 1)):
                value = self._known(known, match[1] or match[2], span) or value
            yield Entry(Scalar(name), value, span)

    # -- scripts

    def _shell(self, at: int, stage: Stage, known: dict[str, Value]) -> int:
        """`sh '…'` and `sh(script: '…')`."""
        tokens = self.tokens
        token: Token | None = None
        after = at + 1
        if self._opens(at + 1, "("):
            after = self.closers[at + 1] + 1
            arguments = self._arguments(at + 2, after - 1)
            token = arguments.get("script") or arguments.get("")
        elif at + 1 < len(tokens) and tokens[at + 1].kind == "string":
            token, after = tokens[at + 1], at + 2
        elif at + 3 < len(tokens) and tokens[at + 1].text == "script" and tokens[at + 2].text == ":":
            token, after = tokens[at + 3], at + 4
        if token is None or token.kind != "string" or not token.text:
            return max(after, at + 1)
        placed = GroovyText(self.source, token)
        span = self.source.span(tokens[at].start, token.end)

        def lookup(name: str, place: Span) -> Value | None:
            return self._known(known, name, place)

        script = Script(
            placed,
            Scope,
            lambda name, place: known.get(name),
            lambda: "",
            _pieces if token.filled else _no_pieces,
            lambda piece, place: lookup(piece.text, place) or Reference("env", piece.text, place),
        )
        self._step(stage, tokens[at].text, span, lambda: (named("run", text_with(placed, SHELL, lookup)),), script)
        return after

    # -- jobs and steps

    def _add(self, stage: Stage, name: str, entries: Sequence[Entry]) -> None:
        if entries and entries[0].span is not None:
            self._step(stage, name, entries[0].span, lambda: (named("env", Mapping(tuple(entries))),))

    def _step(self, stage: Stage, name: str, span: Span, body: _Body, script: Script | None = None) -> None:
        if not stage.id:
            stage.id = self.pipeline.job(stage.address, stage.name or stage.address, stage.span, stage.span, tuple)
        self.pipeline.step(f"{stage.address}.steps[{stage.number}]", name, span, stage.id, body, script)
        stage.number += 1


def _pieces(written: str) -> Iterator[Piece]:
    return pieces_by(_GROOVY, written)


def _no_pieces(written: str) -> Iterator[Piece]:
    if written:
        yield Piece(written, False, 0, len(written), 0)


def _closers(tokens: Sequence[Token]) -> dict[int, int]:
    """The place of the bracket that closes each one that is closed."""
    found: dict[int, int] = {}
    stack: list[int] = []
    for at, token in enumerate(tokens):
        if token.kind != "mark":
            continue
        if token.text in _OPENERS:
            stack.append(at)
        elif token.text in ")]}":
            for back in range(len(stack) - 1, max(-1, len(stack) - 4), -1):  # brackets that nobody closed are passed
                if _OPENERS[tokens[stack[back]].text] == token.text:
                    found[stack[back]] = at
                    del stack[back:]
                    break
    return found
