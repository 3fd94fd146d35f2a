"""Variables that are filled into text: `$NAME` in a value, a macro in an input, levels of them one inside another."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator

from rolecall.frontends.pipelines.evaluation import joined
from rolecall.frontends.pipelines.placed import Placed, PlacedText
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
    through,
)
from rolecall.frontends.yaml_values import plain_scalar
from rolecall.source.patterns import late
from rolecall.source.records import dataclass
from rolecall.source.text import Span
from rolecall.source.yaml import YamlNode, YamlScalar

#: `$NAME`, `${NAME}` and `%NAME%`; a doubled `$$` is a dollar sign.
SHELL = late(r"\$\$|\$(?:env:)?([A-Za-z_]\w*)|\$\{(?:env:)?([A-Za-z_]\w*)[^{}]*\}|%([A-Za-z_]\w*)%")
#: What the session of an assumed role goes by.
SESSION = late(r"AWS_(?:ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN)\Z")
_AWS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_TERRAFORM = (*_AWS, "ARM_CLIENT_SECRET", "GOOGLE_CREDENTIALS", "GOOGLE_APPLICATION_CREDENTIALS")
#: Programs that log in by themselves with what they find in the environment, and under which names.
_PROGRAMS = (
    (re.compile(r"(?m)(?:^|[\s;&|(])(?:aws|cdk|sam|serverless|sls|eksctl|ecs-deploy)\s+[a-z-]"), _AWS),
    (re.compile(r"(?m)(?:^|[\s;&|(])(?:terraform|tofu|terragrunt|pulumi|packer)\s+[a-z-]"), _TERRAFORM),
)
#: Variables made of variables made of variables.
MAX_FOLLOWED = 10
#: Names in one text that are looked up.
MAX_FILLED = 500


@dataclass(frozen=True, slots=True)
class Written:
    """One variable as it is written: its value, the pair that sets it, and the hop that it passes by where it is set
    further out (empty where it is the job's own).
    """

    name: str
    node: YamlNode
    span: Span
    key: Span
    level: str = ""


def filled(placed: PlacedText, names: re.Pattern[str], lookup: Callable[[str, Span], Value | None]) -> Value:
    """A text with what `names` matches (its first group that took part is the name) replaced by what that stands for.

    Where `lookup` knows nothing of a name, it stays as text.
    """
    written = placed.value
    parts: list[Value] = []
    at = 0
    for number, match in enumerate(names.finditer(written)):
        name = next((group for group in match.groups() if group), "")
        if number >= MAX_FILLED:
            break
        span = placed.span(match.start(), match.end())
        value = lookup(name, span) if name else None
        if value is None:
            continue
        if match.start() > at:
            parts.append(Scalar(written[at : match.start()], placed.span(at, match.start())))
        parts.append(value)
        at = match.end()
    whole = placed.span(0, len(written))
    if not parts:
        return Scalar(written, whole)
    if at < len(written):
        parts.append(Scalar(written[at:], placed.span(at, len(written))))
    if len(parts) == 1:
        return parts[0]
    return joined(parts, whole)


class Variables:
    """The variables that a place sees, evaluated when asked for.

    `outside(name, span)` is what a name stands for that none of them sets; None where nobody can tell.  A variable that
    is made of its own name has it from outside.
    """

    def __init__(
        self,
        written: dict[str, Written],
        outside: Callable[[str, Span], Value | None],
        names: re.Pattern[str] | None = SHELL,
    ) -> None:
        self.written = written
        self._outside = outside
        self._names = names
        self._following: list[str] = []

    def get(self, name: str, span: Span) -> Value | None:
        """What `$name` stands for at a place."""
        known = self.written.get(name)
        if known is None or name in self._following:
            return self._outside(name, span)
        return through(self._value(known), Hop("env", f"${name}", span))

    def own(self, name: str) -> Value | None:
        """What a script starts with in a variable; None where none of these sets it."""
        known = self.written.get(name)
        return self._value(known) if known is not None else None

    def entries(self) -> Iterator[Entry]:
        for known in self.written.values():
            yield Entry(Scalar(known.name, known.key), self._value(known), known.span)

    def mapping(self) -> Mapping:
        return Mapping(tuple(self.entries()))

    def _value(self, known: Written) -> Value:
        node = known.node
        if not isinstance(node, YamlScalar):
            return Unknown("it is no text", span=node.span)
        if node.opaque:
            return Unknown("it lies beyond the limits of reading", span=node.span)
        if len(self._following) >= MAX_FOLLOWED:
            return Unknown("it is made in too many steps", span=node.span)
        value: Value
        if self._names is None or not self._names.search(node.value):
            value = Scalar(plain_scalar(node), node.span)
        else:
            self._following.append(known.name)
            try:
                value = filled(Placed(node), self._names, self.get)
            finally:
                self._following.pop()
        return through(value, Hop("workflow", known.level, known.span)) if known.level else value


def text_with(placed: PlacedText, names: re.Pattern[str], lookup: Callable[[str, Span], Value | None]) -> Value:
    """A script's text in which the secrets that it names are references; a plain text where it names none."""
    value = filled(placed, names, lookup)
    return value if isinstance(value, (Scalar, Template)) else Template((value,), placed.span(0, len(placed.value)))


def implicit(script: str, known: Container[str]) -> Sequence:
    """The secrets that a script's programs take from the environment without naming them, where every variable of the
    project is there; `known` are the names that the file itself sets.
    """
    names = dict.fromkeys(name for program, names in _PROGRAMS if program.search(script) for name in names)
    return Sequence(tuple(Reference("secret", name) for name in names if name not in known))
