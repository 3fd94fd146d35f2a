"""What a module instance declares, as resources whose parts are read when somebody asks for them."""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.frontends.resource import Condition, Mode, Problem, Resource
from rolecall.frontends.terraform.declaration import Declaration
from rolecall.frontends.terraform.instance import Instance, InstanceKey
from rolecall.frontends.values import Mapping
from rolecall.source.patterns import late
from rolecall.source.text import Span

_WORD = late(r"[A-Za-z_][\w.-]*")


class TerraformResource(Resource):
    """A `Resource` that reads its spans, condition and meta-arguments on first use: most are never asked for theirs."""

    __slots__ = ("_condition", "_declaration", "_instance", "_meta")

    _declaration: Declaration
    _instance: Instance

    def __init__(
        self, instance: Instance, declaration: Declaration, mode: Mode, type: str, name: str, address: str
    ) -> None:
        self._declaration = declaration
        self._instance = instance
        self._condition: tuple[Condition | None] | None = None
        self._meta: tuple[str, bool, tuple[str, ...]] | None = None
        self.unit = instance.unit
        self.address = instance.prefix + address
        self.id = f"{self.unit}//{self.address}"
        self.format = "terraform"
        self.mode = mode
        self.type = type
        self.name = name
        self.module = instance.module.folder
        self.calls = instance.calls
        self.evaluate = self._evaluate
        self._body = None

    def _evaluate(self, key: InstanceKey) -> Mapping:
        return evaluate(self._instance, self._declaration, key)

    @property
    def span(self) -> Span:  # type: ignore[override]
        return self._declaration.span

    @property
    def header(self) -> Span:  # type: ignore[override]
        return self._declaration.header

    @property
    def condition(self) -> Condition | None:  # type: ignore[override]
        if self._condition is None:
            self._condition = (self._instance.condition_of(self._declaration),)
        return self._condition[0]

    @property
    def provider(self) -> str:  # type: ignore[override]
        return self._read_meta()[0]

    @property
    def prevent_destroy(self) -> bool:  # type: ignore[override]
        return self._read_meta()[1]

    @property
    def ignore_changes(self) -> tuple[str, ...]:  # type: ignore[override]
        return self._read_meta()[2]

    def _read_meta(self) -> tuple[str, bool, tuple[str, ...]]:
        if self._meta is None:
            self._meta = _meta(self._declaration) if self.mode in ("resource", "data") else ("", False, ())
        return self._meta


def _meta(declaration: Declaration) -> tuple[str, bool, tuple[str, ...]]:
    """The provider, prevent_destroy and ignore_changes of a resource, as written."""
    provider = (declaration.written("provider") or b"").decode("utf-8", "replace").strip().strip('"')
    prevent, ignored = False, ""
    for block in declaration.nested("lifecycle"):
        prevent = prevent or (block.written("prevent_destroy") or b"").strip(b'" \t\r\n') == b"true"
        ignored = (block.written("ignore_changes") or b"").decode("utf-8", "replace") or ignored
    return provider.removeprefix("${").removesuffix("}"), prevent, tuple(_WORD.findall(ignored))


def evaluate(instance: Instance, declaration: Declaration, key: InstanceKey) -> Mapping:
    """The body of a declaration; what of it could not be read is reported with the unit's problems."""
    instance.estate.depth = 0
    body = declaration.body(instance.place(declaration, key))
    for fault in declaration.faults():
        text = declaration.text
        instance.estate.report(Problem("syntax", fault.message, text.span(fault.start, fault.end)))
    return body


def resources_of(root: Instance) -> Iterator[Resource]:
    """All that a root module and the modules it calls declare, in the order of the files, callers first."""
    stack = [root]
    while stack:
        instance = stack.pop()
        yield from _own(instance)
        called: list[Instance] = []
        for name in instance.module.calls:
            for _, child in instance.children(name) or ():
                called.append(child)
        stack.extend(reversed(called))


def _own(instance: Instance) -> Iterator[Resource]:
    module = instance.module
    for (mode, type_, name), declaration in module.resources.items():
        if mode == "resource":
            yield TerraformResource(instance, declaration, "resource", type_, name, f"{type_}.{name}")
        else:
            yield TerraformResource(instance, declaration, "data", type_, name, f"{mode}.{type_}.{name}")
    for declaration in module.providers:
        alias = declaration.literal("alias") or ""
        type_ = declaration.labels[0]
        address = f"provider.{type_}.{alias}" if alias else f"provider.{type_}"
        yield TerraformResource(instance, declaration, "provider", type_, alias, address)
    for settings in module.settings:
        for kind in ("backend", "cloud"):
            for backend in settings.nested(kind):
                type_ = backend.labels[0] if backend.labels else kind
                yield TerraformResource(instance, backend, "backend", type_, "", f"terraform.backend.{type_}")
    for name, declaration in module.calls.items():
        source = module.sources.get(name, "")
        yield TerraformResource(instance, declaration, "module", source, name, f"module.{name}")
    for name, declaration in module.outputs.items():
        yield TerraformResource(instance, declaration, "output", "output", name, f"output.{name}")
    for name, declaration in module.variables.items():
        yield TerraformResource(instance, declaration, "variable", "variable", name, f"var.{name}")
