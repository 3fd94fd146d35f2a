"""CloudFormation and SAM: which templates form a unit, and the resources of one.

A unit is a template that no other local template nests, with all that it nests by a local path.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field
from functools import partial

from rolecall.frontends.cloudformation import authentication
from rolecall.frontends.cloudformation.loops import Member, members
from rolecall.frontends.cloudformation.sam import globals_section, with_globals
from rolecall.frontends.cloudformation.stack import Argument, Nesting, Stack
from rolecall.frontends.cloudformation.template import (
    Template,
    call,
    is_template,
    may_be_template,
    scalar_text,
    sections,
)
from rolecall.frontends.resource import AUTHENTICATION, Condition, Mode, Problem, Resource, Unit
from rolecall.frontends.values import Entry, Mapping, Scalar, text
from rolecall.frontends.yaml_values import read_documents
from rolecall.source.patterns import late
from rolecall.source.records import dataclass
from rolecall.source.text import Span
from rolecall.source.tree import Tree, Unreadable
from rolecall.source.yaml import YamlMapping, YamlPair

#: Stacks inside each other.
MAX_STACKS_DEEP = 10
#: Resources, parameters and outputs of one unit.
MAX_RESOURCES = 20_000

#: The types that nest a template, and the property that says which.
_NESTING = {"AWS::CloudFormation::Stack": "TemplateURL", "AWS::Serverless::Application": "Location"}
_NESTED = late(rb"""(?:TemplateURL|Location|aws:asset:path)["']?\s*:\s*(?:!Sub\s+)?["']?([^\s"'{},]+)""")
_ATTRIBUTES = ("Metadata", "DeletionPolicy", "DependsOn", "UpdateReplacePolicy")


@dataclass(frozen=True, slots=True)
class TemplatePlan:
    """One unit to be: the template it is named after, and all files that its evaluation may look at, that one first."""

    name: str
    files: tuple[str, ...]


def read(tree: Tree, paths: Iterable[str]) -> Iterator[Unit]:
    """The units of all templates among the paths."""
    for plan in units(tree, paths):
        yield read_unit(tree, plan)


def units(tree: Tree, paths: Iterable[str]) -> list[TemplatePlan]:
    """What forms a unit, found by a search of bytes alone.  Of templates that nest each other the first is one."""
    nested = {path: tuple(_nested_paths(tree, path)) for path in paths if _looks_like_template(tree, path)}
    below = {target for path, targets in nested.items() for target in targets if target != path}
    plans: list[TemplatePlan] = []
    covered: set[str] = set()
    for path in [*(path for path in nested if path not in below), *nested]:
        if path not in covered:
            files = _closure(tree, path, nested)
            covered.update(files)
            plans.append(TemplatePlan(path, files))
    return sorted(plans, key=lambda plan: plan.name)


def _looks_like_template(tree: Tree, path: str) -> bool:
    if not may_be_template(path):
        return False
    try:
        return is_template(path, tree.read(path))
    except Unreadable:
        return False


def _nested_paths(tree: Tree, path: str) -> Iterator[str]:
    folder = path.rpartition("/")[0]
    for written in dict.fromkeys(_NESTED.findall(tree.read(path).data)):
        found = local_template(tree, folder, written.decode("utf-8", "replace"))
        if found is not None and _looks_like_template(tree, found):
            yield found


def _closure(tree: Tree, path: str, nested: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    found = {path: None}
    waiting = [path]
    while waiting:
        current = waiting.pop()
        if current not in nested:
            nested[current] = tuple(_nested_paths(tree, current))
        waiting += [target for target in nested[current] if target not in found]
        found.update(dict.fromkeys(nested[current]))
    return tuple(found)


def local_template(tree: Tree, folder: str, written: str) -> str | None:
    """The file that a template's location means, None where it is a URL or no file below the root."""
    if "://" in written or "$" in written or not may_be_template(written):
        return None
    found = tree.resolve(folder, written)
    return found if found and tree.exists(found) else None


def read_unit(tree: Tree, plan: TemplatePlan) -> Unit:
    """The resources, parameters and outputs of a template and of all it nests.

    Never raises: what cannot be read is a problem of the unit.  Bodies are evaluated when they are asked for, and a
    loop that makes too much becomes a problem of the unit then.
    """
    reading = Reading(tree, plan.name)
    template = reading.open(plan.name)
    if template is not None:
        reading.add(Stack(plan.name, template, reading.problems, reading.nesting), (plan.name,), (), None)
    return Unit(plan.name, "cloudformation", plan.files, tuple(reading.resources), reading.problems)


@dataclass(eq=False, slots=True)
class Reading:
    """What the stacks of a unit add to."""

    tree: Tree
    unit: str
    resources: list[Resource] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    nesting: Nesting = field(default_factory=Nesting)
    opened: dict[str, Template | None] = field(default_factory=dict)
    full: bool = False

    def open(self, path: str) -> Template | None:
        """The template of a file; None, with a problem where it is broken, where the file is none."""
        if path not in self.opened:
            self.opened[path] = None
            try:
                source = self.tree.read(path)
            except Unreadable as error:
                self.problems.append(Problem("unreadable", error.reason, Span(path, 0, 0, 1, 1, 1, 1)))
                return None
            documents, problems = read_documents(source, tolerant=True)
            self.opened[path] = sections(source, documents)
            if self.opened[path] is not None or not documents:
                self.problems += problems
        return self.opened[path]

    def add(self, stack: Stack, files: tuple[str, ...], calls: tuple[Span, ...], outer: Condition | None) -> None:
        """Adds all that a stack declares; `files` are the templates that led here, `outer` its own condition."""
        template = stack.template
        for pair in template.parameters.effective():
            self._declare(stack, Member(pair.name or "", pair, {}), "parameter", calls, outer)
        declared = list(members(stack, template.resources, {}))
        stack.logical_ids.update(member.name for member in declared)
        for member in declared:
            resource = self._declare(stack, member, "resource", calls, outer)
            if resource is not None and resource.type in _NESTING:
                self._nest(stack, member, resource, files)
        for member in members(stack, template.outputs, {}):
            self._declare(stack, member, "output", calls, outer)
        for at, block in enumerate(authentication.blocks(template)):
            self._authentication(stack, block, at, calls)

    def _declare(
        self, stack: Stack, member: Member, mode: Mode, calls: tuple[Span, ...], outer: Condition | None
    ) -> Resource | None:
        node = member.pair.value
        if not isinstance(node, YamlMapping) or self.full:
            return None
        type_name = _type_of(node) if mode == "resource" else mode
        if not type_name:
            return None
        address = {"parameter": f"Parameters/{member.name}", "output": f"Outputs/{member.name}"}.get(mode, member.name)
        resource = Resource(
            id=stack.id_of(address),
            unit=self.unit,
            address=stack.prefix + address,
            format="cloudformation",
            mode=mode,
            type=type_name,
            name=member.name,
            span=member.pair.span,
            header=member.pair.key.span,
            module=stack.template.text.path,
            evaluate=partial(_body, stack, member, node, type_name if mode == "resource" else ""),
            calls=calls,
            condition=_condition(stack, member, node, outer),
        )
        self.resources.append(resource)
        if len(self.resources) >= MAX_RESOURCES:
            self.full = True
            self.problems.append(Problem("limit", f"more than {MAX_RESOURCES} resources", resource.span))
        return resource

    def _authentication(self, stack: Stack, block: authentication.Block, at: int, calls: tuple[Span, ...]) -> None:
        """A login for a machine's set-up, as a declaration that has its owner's address."""
        self.resources.append(
            Resource(
                id=f"{stack.id_of(block.owner)}/{AUTHENTICATION}/{at}",
                unit=self.unit,
                address=stack.prefix + block.owner,
                format="cloudformation",
                mode="resource",
                type=AUTHENTICATION,
                name=block.owner,
                span=block.pair.span,
                header=block.pair.key.span,
                module=stack.template.text.path,
                evaluate=lambda _: stack.mapping(block.body, {}),
                calls=calls,
            )
        )

    def _nest(self, stack: Stack, member: Member, resource: Resource, files: tuple[str, ...]) -> None:
        """Enters the template that a resource nests."""
        node = member.pair.value
        properties = node.get("Properties") if isinstance(node, YamlMapping) else None
        place = properties.pair(_NESTING[resource.type]) if isinstance(properties, YamlMapping) else None
        if place is None or not isinstance(properties, YamlMapping) or not isinstance(node, YamlMapping):
            return
        path = self._nested_path(stack, member, place, node)
        if path is None:
            if not isinstance(place.value, YamlMapping) or place.name == "TemplateURL":
                self._problem("remote-module", "the nested template is not in the scanned folder", place.span)
        elif path in files:
            self._problem("cycle", "the nested template leads back to itself", place.span)
        elif len(files) > MAX_STACKS_DEEP:
            self._problem("limit", f"stacks nested deeper than {MAX_STACKS_DEEP}", place.span)
        elif (template := self.open(path)) is not None:
            given = properties.get("Parameters")
            arguments = members(stack, given, member.bindings) if isinstance(given, YamlMapping) else ()
            inner = Stack(
                self.unit,
                template,
                self.problems,
                self.nesting,
                f"{resource.address}.",
                {argument.name: Argument(stack, argument.pair, argument.bindings) for argument in arguments},
            )
            stack.nested[member.name] = inner
            self.add(inner, (*files, path), (*resource.calls, resource.span), resource.condition)

    def _nested_path(self, stack: Stack, member: Member, place: YamlPair, node: YamlMapping) -> str | None:
        folder = stack.template.text.path.rpartition("/")[0]
        written = text(stack.evaluate(place.value, member.bindings)) or ""
        found = local_template(self.tree, folder, written)
        if found is None and isinstance(metadata := node.get("Metadata"), YamlMapping):
            # The CDK writes the place of the template it uploads beside the address it will have then.
            found = local_template(self.tree, folder, scalar_text(metadata.get("aws:asset:path")))
        return found

    def _problem(self, kind: str, message: str, span: Span) -> None:
        self.problems.append(Problem(kind, message, span))


def _type_of(node: YamlMapping) -> str:
    """A resource's type; empty where none is written, or a function or macro makes it."""
    written = node.get("Type")
    return scalar_text(written) if written is not None and call(written) is None else ""


def _condition(stack: Stack, member: Member, node: YamlMapping, outer: Condition | None) -> Condition | None:
    """Why a declaration may not be there: its own condition, that of the stack around it, a loop of unknown length."""
    pair = node.pair("Condition")
    name = stack.bound(scalar_text(pair.value), member.bindings) if pair else ""
    if not name and not member.repeated:
        return outer
    decision = stack.conditions.decide(name) if name else None
    inputs = decision.inputs if decision else ()
    keys: tuple[str | int, ...] | None = None if member.repeated else ("",)
    if (decision and decision.holds is False) or (outer and outer.keys == ()):
        keys = ()
    called = any(address.rpartition("/")[2] in stack.given for address in inputs)
    return Condition(
        keys,
        inputs + (outer.inputs if outer else ()),
        called or bool(outer and outer.called),
        pair.span if pair else member.pair.span,
    )


def _body(stack: Stack, member: Member, node: YamlMapping, type_name: str, key: str | int | None) -> Mapping:
    """The body of a declaration: of a resource its properties, and what stands beside them under `$` and its name."""
    if not type_name:
        return stack.mapping(node, member.bindings)
    written = node.get("Properties")
    entries: tuple[Entry, ...] = ()
    if written is not None:
        value = stack.evaluate(written, member.bindings)
        shared = stack.template.globals.get(globals_section(type_name))
        if shared is not None and isinstance(value, Mapping):
            value = with_globals(stack.evaluate(shared, {}), value)
        entries = value.entries if isinstance(value, Mapping) else (Entry(Scalar("$Properties"), value, written.span),)
    beside = tuple(
        Entry(Scalar(f"${pair.name}", pair.key.span), stack.evaluate(pair.value, member.bindings), pair.span)
        for pair in node.effective()
        if pair.name in _ATTRIBUTES
    )
    return Mapping(entries + beside, written.span if written is not None else node.span)
