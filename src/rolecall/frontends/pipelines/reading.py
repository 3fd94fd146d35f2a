"""What the reading of one pipeline unit shares, and small ways to look into its YAML."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import field

from rolecall.frontends.pipelines.contexts import Scope, evaluated
from rolecall.frontends.resource import Problem, Resource
from rolecall.frontends.values import Entry, Hop, Scalar, Value, through
from rolecall.source.records import dataclass
from rolecall.source.text import Span
from rolecall.source.yaml import YamlMapping, YamlNode, YamlPair, YamlScalar

#: Reusable workflows or composite actions inside each other; GitHub allows 10.
MAX_NESTING = 10
#: Resources of one unit.
MAX_RESOURCES = 5_000


@dataclass(eq=False, slots=True)
class Reading:
    """The resources and problems of a unit as they are found.

    `open_file(path)` gives the root mapping of a YAML file, or None; `resolve(uses)` the workflow or action file that a
    local `./path` means, or None.  `following` counts the jobs whose outputs are being looked into.
    """

    unit: str
    open_file: Callable[[str], YamlMapping | None]
    resolve: Callable[[str], str | None]
    resources: list[Resource] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    following: int = 0

    @property
    def full(self) -> bool:
        return len(self.resources) >= MAX_RESOURCES

    def add(self, resource: Resource) -> None:
        self.resources.append(resource)
        if self.full:
            self.problems.append(Problem("limit", f"more than {MAX_RESOURCES} jobs and steps", resource.span))

    def enter(self, uses: str, span: Span, entered: tuple[str, ...], what: str) -> tuple[str, YamlMapping] | None:
        """The file that a local `uses` means; where it cannot be entered that is a problem.

        `entered` are the files that led here.
        """
        path = self.resolve(uses)
        if path is None:
            self.problems.append(Problem("unresolved", f"the {what} is not in the scanned folder", span))
        elif path in entered:
            self.problems.append(Problem("cycle", f"the {what} leads back to itself", span))
        elif len(entered) > MAX_NESTING:
            self.problems.append(Problem("limit", f"{what}s nested deeper than {MAX_NESTING}", span))
        else:
            root = self.open_file(path)
            return (path, root) if root is not None else None
        return None


def scalar(node: YamlNode | None, name: str) -> str:
    """The text of a mapping's scalar member; empty where there is none."""
    found = node.get(name) if isinstance(node, YamlMapping) else None
    return found.value if isinstance(found, YamlScalar) else ""


def below(node: YamlNode | None, *names: str) -> YamlNode | None:
    """The member at a path of keys."""
    for name in names:
        node = node.get(name) if isinstance(node, YamlMapping) else None
    return node


def pair_of(node: YamlNode | None, name: str) -> YamlPair | None:
    """A member by a name whose case does not matter, as with inputs, secrets and outputs."""
    if isinstance(node, YamlMapping):
        wanted = name.lower()
        for pair in node.pairs:
            if pair.name is not None and pair.name.lower() == wanted:
                return pair
    return None


def named(name: str, value: Value) -> Entry:
    """A member that the reader adds, which stands nowhere in the file as such."""
    return Entry(Scalar(name), value, value.span)


def members(node: YamlMapping, scope: Scope, without: frozenset[str]) -> Iterator[Entry]:
    """The members of a mapping, evaluated, but for some."""
    for pair in node.effective():
        if pair.name not in without:
            yield Entry(Scalar(pair.name, pair.key.span), evaluated(pair.value, scope), pair.span)


def verbatim(node: YamlMapping, name: str) -> Iterator[Entry]:
    """A scalar member as it is written, its expressions not resolved."""
    pair = node.pair(name)
    if pair and isinstance(pair.value, YamlScalar):
        yield Entry(Scalar(name, pair.key.span), Scalar(pair.value.value, pair.value.span), pair.span)


def argument(node: YamlNode | None, name: str, scope: Scope, kind: str, address: str) -> Value | None:
    """What a call passes as `name`, one hop on from there; None where it does not."""
    pair = pair_of(node, name)
    if pair is None:
        return None
    return through(evaluated(pair.value, scope), Hop(kind, f"{address}.{pair.name}", pair.span))


def default(declared: YamlNode | None, name: str) -> Value | None:
    """The default of an input, or None."""
    pair = declared.pair("default") if isinstance(declared, YamlMapping) else None
    if pair is None:
        return None
    return through(evaluated(pair.value, Scope()), Hop("workflow", f"inputs.{name}", pair.span, "default"))
