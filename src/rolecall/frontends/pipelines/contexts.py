"""The contexts of workflow expressions: what `secrets.X`, `env.X` and `steps.a.outputs.b` stand for at a place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Mapping as Table
from collections.abc import Sequence as Items
from dataclasses import field
from itertools import islice
from typing import TypeAlias

from rolecall.frontends.pipelines.evaluation import member, string
from rolecall.frontends.pipelines.placed import Placed
from rolecall.frontends.values import (
    Entry,
    Hop,
    Mapping,
    Reference,
    Scalar,
    Sequence,
    Unknown,
    Value,
    through,
)
from rolecall.frontends.yaml_values import plain_scalar
from rolecall.source.records import dataclass
from rolecall.source.text import Span
from rolecall.source.yaml import YamlMapping, YamlNode, YamlScalar, YamlSequence

#: What a context gives for `name.keys…`: a value, and how many keys that took.
Answer: TypeAlias = "tuple[Value, int]"
Context: TypeAlias = Callable[[Items[str], "Span | None"], Answer]
#: The variables of one level, by name; "*" is a whole `env:` that is an expression.
Layer: TypeAlias = dict[str, Entry]

#: Combinations of a matrix that are told apart.
MAX_MATRIX = 50
#: Variables of one level; nobody writes more.
MAX_VARIABLES = 1_000


@dataclass(frozen=True, slots=True)
class Scope:
    """The contexts of one place.  One that is not in `known` is a Reference when GitHub has it, else unknown."""

    known: Table[str, Context] = field(default_factory=dict)

    def lookup(self, name: str, keys: Items[str], span: Span | None) -> Answer:
        context = self.known.get(name)
        if context is not None:
            return context(keys, span)
        if name == "vars":
            return Reference("var", keys[0] if keys else "", span), min(1, len(keys))
        if name in ("github", "runner", "job", "strategy"):
            return Reference(name, ".".join(keys), span), len(keys)
        return Unknown(f"there is no {name} here", span=span), len(keys)

    def with_contexts(self, **contexts: Context) -> Scope:
        return Scope({**self.known, **contexts})


def evaluated(node: YamlNode, scope: Scope) -> Value:
    """A node of a workflow file with its expressions resolved."""
    if isinstance(node, YamlScalar):
        if node.opaque:
            return Unknown("it lies beyond the limits of reading", span=node.span)
        if "${{" in node.value:
            return string(node.value, scope, Placed(node).span)
        return Scalar(plain_scalar(node), node.span)
    if isinstance(node, YamlSequence):
        return Sequence(tuple(evaluated(item, scope) for item in node.items), node.span)
    return Mapping(tuple(entries(node, scope)), node.span)


def entries(node: YamlMapping, scope: Scope) -> Iterator[Entry]:
    for pair in node.effective():
        yield Entry(_key(pair.key), evaluated(pair.value, scope), pair.span)


def _key(node: YamlNode) -> Value:
    return Scalar(node.value if isinstance(node, YamlScalar) else None, node.span)


def layer(node: YamlNode | None, scope: Scope) -> Layer:
    """The variables of one `env:`."""
    if isinstance(node, YamlMapping):
        return {entry.name or "": entry for entry in islice(entries(node, scope), MAX_VARIABLES)}
    if isinstance(node, YamlScalar) and node.value:
        value = evaluated(node, scope)
        if isinstance(value, Mapping):
            return {entry.name or "": entry for entry in value.entries}
        return {"*": Entry(value, value, node.span)}
    return {}


def handed_down(variables: Layer, kind: str, address: str) -> Layer:
    """The variables as a level further in sees them: one hop further from where they are set."""
    return {
        name: Entry(entry.key, through(entry.value, Hop(kind, f"{address}{name}", entry.span)), entry.span)
        if entry.span
        else entry
        for name, entry in variables.items()
    }


def env_context(own: Callable[[], Layer], exported: Callable[[str], str | None], outer: Callable[[], Layer]) -> Context:
    """`env`: the step's own variables, what earlier steps exported (`exported` gives their id), then outer levels."""

    def context(keys: Items[str], span: Span | None) -> Answer:
        if not keys:
            return Mapping(tuple({**outer(), **own()}.values()), span), 0
        name = keys[0]
        entry = own().get(name)
        if entry is None and (exporter := exported(name)) is not None:
            return Reference(exporter, f"env.{name}", span), 1
        entry = entry or outer().get(name) or own().get("*") or outer().get("*")
        if entry is None:
            return Scalar("", span), 1
        return (through(entry.value, Hop("env", f"env.{name}", span)) if span else entry.value), 1

    return context


def member_context(what: str, find: Callable[[str, Span | None], Value | None]) -> Context:
    """A context with one level of names (`secrets`, `inputs`); a bare one is a Reference to all of it."""

    def context(keys: Items[str], span: Span | None) -> Answer:
        if not keys:
            return Reference(what, "", span), 0
        value = find(keys[0], span)
        return (value if value is not None else Reference(what, keys[0], span)), 1

    return context


def output_context(
    what: str, resource: Callable[[str], str | None], output: Callable[[str, str, Span | None], Value]
) -> Context:
    """`steps`, `needs` and `jobs`: a member's outputs by `output(id, name, span)`, the rest of it as a Reference."""

    def context(keys: Items[str], span: Span | None) -> Answer:
        if not keys:
            return Unknown(f"all {what} together", span=span), 0
        target = resource(keys[0])
        if target is None:
            return Unknown(f"there is no {keys[0]} among the {what}", span=span), len(keys)
        if len(keys) > 2 and keys[1] == "outputs":
            return output(keys[0], keys[2], span), 3
        return Reference(target, ".".join(keys[1:]), span), len(keys)

    return context


def matrix_context(matrix: Callable[[], Value | None]) -> Context:
    """`matrix`: what a name may be, over all combinations; known where there is one possibility only."""
    found: dict[tuple[str, ...], list[Value]] = {}

    def context(keys: Items[str], span: Span | None) -> Answer:
        value = matrix()
        if value is None:
            return Unknown("there is no matrix", span=span), len(keys)
        if not keys:
            return Unknown("it depends on the matrix", (value,), span), 0
        if not isinstance(value, Mapping):
            return Unknown("the matrix is not known", (value,), span), len(keys)
        path = tuple(keys)
        if path not in found:
            found[path] = [_at(item, path[1:]) for item in _possible(value, path[0])[:MAX_MATRIX]]
        possible = found[path]
        if len(possible) == 1 and not isinstance(possible[0], Unknown):
            hop = Hop("job", f"matrix.{keys[0]}", possible[0].span) if possible[0].span else None
            return (through(possible[0], hop) if hop else possible[0]), len(keys)
        return Unknown("it depends on the matrix", tuple(possible), span), len(keys)

    return context


def _at(value: Value, keys: Items[str]) -> Value:
    for key in keys:
        value = member(value, Scalar(key), value.span)
    return value


def _possible(matrix: Mapping, name: str) -> list[Value]:
    found: list[Value] = []
    for entry in matrix.entries:
        if entry.name == name:
            found += entry.value.items if isinstance(entry.value, Sequence) else [entry.value]
        elif entry.name == "include" and isinstance(entry.value, Sequence):
            for combination in entry.value.items:
                if isinstance(combination, Mapping):
                    value = combination.get(name)
                    found += [value] if value is not None else []
                else:
                    found.append(combination)
        elif entry.name == "include":
            found.append(entry.value)
    return found
