"""The one shape in which every frontend hands over what it read.

A Terraform resource, data source, provider, backend, output or module call, a CloudFormation resource, parameter or
output, a Kubernetes object, a workflow job: each is a `Resource` with an address, a type the catalog knows, and
attributes that are evaluated when they are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import field
from typing import Literal

from rolecall.frontends.values import Mapping, Value, find
from rolecall.source.records import dataclass
from rolecall.source.text import Span

Format = Literal[
    "terraform",
    "cloudformation",
    "kubernetes",
    "github",
    "gitlab",
    "azure-pipelines",
    "bitbucket",
    "circleci",
    "jenkins",
]
Mode = Literal["resource", "data", "provider", "backend", "module", "output", "variable", "parameter", "job", "step"]


#: Instances of one declaration that are looked at one by one.
MAX_INSTANCES = 64
#: The type of a template's block of `AWS::CloudFormation::Authentication` (frontends/cloudformation/authentication.py).
AUTHENTICATION = "cloudformation:authentication"


@dataclass(frozen=True, slots=True)
class Condition:
    """Why a declaration may not be there: its `count`, `for_each` or CloudFormation `Condition`.

    `keys` are the instance keys when they are known (strings for for_each, numbers for count), None when not; an empty
    tuple means that nothing is made.  `inputs` are the addresses of the variables of its own module that decide it.
    `called` is True when a call in the scanned code set at least one of those inputs (not a default).
    """

    keys: tuple[str | int, ...] | None
    inputs: tuple[str, ...] = ()
    called: bool = False
    span: Span | None = None


@dataclass(eq=False, slots=True)
class Resource:
    """One declaration, evaluated.

    `id` is unique in the estate: `<unit>//<address>`, where `unit` is the root-relative folder of the Terraform root
    module, or the path of the template, manifest or workflow file.  `address` is as its own tool prints it
    (`module.api[0].aws_iam_user.mod`, a logical id, `jobs.deploy.steps[2]`), without instance keys of its own
    count/for_each. `span` covers the whole block, `header` its first line's type and labels.  `module` is the folder
    (or file) that declares it, `calls` the spans of the module calls that led here, outermost first.
    """

    id: str
    unit: str
    address: str
    format: Format
    mode: Mode
    type: str
    name: str
    span: Span
    header: Span
    module: str
    evaluate: Callable[[str | int | None], Mapping]
    calls: tuple[Span, ...] = ()
    condition: Condition | None = None
    provider: str = ""
    prevent_destroy: bool = False
    ignore_changes: tuple[str, ...] = ()
    _body: Mapping | None = field(default=None, repr=False)

    @property
    def body(self) -> Mapping:
        """All attributes and nested blocks: a block type maps to the Sequence of its blocks' bodies.

        Where `count` or `for_each` makes exactly one known instance it is that one's; where it makes several, or nobody
        can tell, `each` and `count.index` are unknown in it (`about` holds the possible keys).
        """
        if self._body is None:
            keys = self.condition.keys if self.condition else None
            self._body = self.evaluate(keys[0] if keys is not None and len(keys) == 1 else None)
        return self._body

    def instance(self, key: str | int) -> Mapping:
        """The body of one known instance."""
        return self.evaluate(key)

    def instances(self) -> Iterator[Resource]:
        """Each of its known instances as a declaration of its own, of the same id and place; itself where it makes one
        or nobody can tell.  Of many, the first MAX_INSTANCES.
        """
        keys = self.condition.keys if self.condition else None
        if keys is None or len(keys) < 2:
            yield self
        else:
            yield from (self.seen_as(self.type, self.evaluate(key)) for key in keys[:MAX_INSTANCES])

    def seen_as(self, type: str, body: Mapping) -> Resource:
        """The same declaration with another type and body."""
        return Resource(
            self.id,
            self.unit,
            self.address,
            self.format,
            self.mode,
            type,
            self.name,
            self.span,
            self.header,
            self.module,
            lambda _: body,
            self.calls,
            self.condition,
            self.provider,
            self.prevent_destroy,
            self.ignore_changes,
        )

    def get(self, path: str) -> Value | None:
        """The first value at a dotted path (see `values.find`), or None where the code does not write it.

        `new|old` stands for the first of several paths that is written.
        """
        for one in path.split("|"):
            if (value := next(find(self.body, one), None)) is not None:
                return value
        return None

    def find(self, path: str) -> Iterator[Value]:
        return find(self.body, path)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about the reading itself that the user must know: one RC9xx finding each.

    `kind` is one of: unreadable, syntax, remote-module, cycle, limit, unresolved.
    """

    kind: str
    message: str
    span: Span


@dataclass(eq=False, slots=True)
class Unit:
    """What is evaluated together: a Terraform root module with all it calls, or one template, manifest or workflow
    file.

    `files` are all files whose content the evaluation may have looked at (the cache key); `folders` the module folders.
    `library` is True for a Terraform folder that nothing calls and that shows no sign of being applied by itself
    (no backend, provider or cloud block, no tfvars, not named by a terragrunt file).
    `problems` of a Terraform unit grows while bodies are asked for, since that is when they are parsed: read it last.
    `provider_versions` are the constraints of the root module, by the provider's local name.
    `choices` are the files of values of which the command line names one: what none of them sets may be set elsewhere.
    """

    name: str
    format: Format
    files: tuple[str, ...]
    resources: tuple[Resource, ...]
    problems: Sequence[Problem] = ()
    folders: tuple[str, ...] = ()
    library: bool = False
    provider_versions: dict[str, str] = field(default_factory=dict)
    choices: tuple[str, ...] = ()
