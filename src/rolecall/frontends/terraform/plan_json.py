"""Plan files (`terraform show -json PLAN`) laid over the source: exact values, at the places that write them.

A plan says which instances there are and what most attributes will be; the source says where that is written and which
resource a value comes from.  So a planned value replaces what the source leaves open, and a reference to another
resource stays a reference, because that link is what a flow follows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from rolecall.frontends.resource import Condition, Mode, Problem, Resource, Unit
from rolecall.frontends.terraform.conversion import Refused, from_plain
from rolecall.frontends.values import (
    Encoded,
    Entry,
    Mapping,
    Scalar,
    Sequence,
    Unknown,
    Value,
    references,
)
from rolecall.source.patterns import late
from rolecall.source.records import replace
from rolecall.source.text import SourceText, Span

_INDEX = late(r"\[(?:\d+|\"(?:[^\"\\]|\\.)*\")\]")
_MAX_MODULES = 10_000

Json = dict[str, Any]


@dataclass(slots=True)
class _Planned:
    """All instances of one resource of one module instance; `module` is its address with a dot, "" for the root."""

    module: str
    mode: Mode
    type: str
    name: str
    instances: dict[str | int | None, Json] = field(default_factory=dict)

    @property
    def local(self) -> str:
        return f"data.{self.type}.{self.name}" if self.mode == "data" else f"{self.type}.{self.name}"

    @property
    def keys(self) -> tuple[str | int, ...]:
        return tuple(key for key in self.instances if key is not None)


def matches(plan: SourceText, unit: Unit) -> int:
    """How many resources of a plan the unit declares: the unit with the most is the one that was planned."""
    known = {_bare(resource.address) for resource in unit.resources}
    return sum(_bare(planned.module + planned.local) in known for planned in _read(plan)[0].values())


def laid_over(unit: Unit, plan: SourceText) -> Unit:
    """The unit as the plan says that it will be.

    Resources keep their spans; a planned resource that the source does not show points at the plan file.  What the
    plan does not make has a condition without keys.
    """
    planned, fault = _read(plan)
    whole = plan.span(0, len(plan.data))
    if fault:
        return replace(unit, problems=(*unit.problems, Problem("syntax", fault, plan.span(0, 0))))
    by_address = {resource.address: resource for resource in unit.resources}
    by_bare: dict[str, Resource] = {}
    for resource in unit.resources:
        by_bare.setdefault(_bare(resource.address), resource)
    unknown = _unknown_values(plan)
    used: set[int] = set()
    made: dict[int, list[Resource]] = {}
    alone: list[Resource] = []
    for one in planned.values():
        address = one.module + one.local
        source = by_address.get(address) or by_bare.get(_bare(address))
        resource = _resource(unit, one, source, unknown, whole)
        if source is None:
            alone.append(resource)
        else:
            used.add(id(source))
            made.setdefault(id(source), []).append(resource)
    resources: list[Resource] = []
    for resource in unit.resources:
        if id(resource) in used:
            resources.extend(made[id(resource)])
        elif resource.mode == "resource":
            resources.append(_like(resource, resource.address, resource.evaluate, Condition((), span=resource.header)))
        else:
            resources.append(resource)
    return replace(unit, resources=(*resources, *alone), files=tuple(dict.fromkeys((*unit.files, plan.path))))


def _bare(address: str) -> str:
    return _INDEX.sub("", address)


def _document(plan: SourceText) -> tuple[Json, str]:
    try:
        document = json.loads(plan.data)
    except (ValueError, RecursionError):
        return {}, "plan file is not JSON"
    if not isinstance(document, dict) or "planned_values" not in document:
        return {}, "file is not a plan as `terraform show -json` writes it"
    return document, ""


def _read(plan: SourceText) -> tuple[dict[str, _Planned], str]:
    document, fault = _document(plan)
    found: dict[str, _Planned] = {}
    prior = _object(_object(document.get("prior_state")).get("values"))
    for part in (prior, _object(document.get("planned_values"))):
        for module, resource in _instances(_object(part.get("root_module"))):
            type_, name = resource.get("type"), resource.get("name")
            if not isinstance(type_, str) or not isinstance(name, str):
                continue
            data = resource.get("mode") == "data"
            if part is prior and not data:
                continue  # what is there now and not planned any more is going to be destroyed
            one = _Planned(module, "data" if data else "resource", type_, name)
            one = found.setdefault(module + one.local, one)
            index = resource.get("index")
            one.instances[index if isinstance(index, (str, int)) else None] = _object(resource.get("values"))
    return found, fault


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _instances(root: Json) -> Iterator[tuple[str, Json]]:
    stack = [root]
    for _ in range(_MAX_MODULES):
        if not stack:
            return
        module = stack.pop()
        address = module.get("address")
        prefix = f"{address}." if isinstance(address, str) else ""
        for resource in _list(module.get("resources")):
            yield prefix, _object(resource)
        stack.extend(_object(child) for child in _list(module.get("child_modules")))


def _unknown_values(plan: SourceText) -> dict[str, Json]:
    """What each instance's attributes are only known after apply, by the instance's address."""
    document, _ = _document(plan)
    changes = (_object(change) for change in _list(document.get("resource_changes")))
    return {
        str(change.get("address")): _object(_object(change.get("change")).get("after_unknown")) for change in changes
    }


def _resource(
    unit: Unit, planned: _Planned, source: Resource | None, unknown: dict[str, Json], whole: Span
) -> Resource:
    address = planned.module + planned.local

    def evaluate(key: str | int | None) -> Mapping:
        values = planned.instances.get(key)
        if values is None and len(planned.instances) == 1:
            key, values = next(iter(planned.instances.items()))
        body = source.evaluate(key) if source is not None else Mapping((), whole)
        if values is None:  # several instances, and nobody said which
            return body
        index = "" if key is None else f"[{key}]" if isinstance(key, int) else f"[{json.dumps(key)}]"
        return _body(body, values, unknown.get(address + index, {}), whole if source is None else source.header)

    keys = planned.keys
    condition = None
    if keys:
        own = source.condition if source is not None else None
        condition = replace(own, keys=keys) if own is not None else Condition(keys)
    if source is not None:
        return _like(source, address, evaluate, condition)
    return Resource(
        id=f"{unit.name}//{address}",
        unit=unit.name,
        address=address,
        format="terraform",
        mode=planned.mode,
        type=planned.type,
        name=planned.name,
        span=whole,
        header=whole,
        module=unit.name,
        evaluate=evaluate,
        condition=condition,
    )


def _like(source: Resource, address: str, evaluate: Any, condition: Condition | None) -> Resource:
    return Resource(
        id=f"{source.unit}//{address}",
        unit=source.unit,
        address=address,
        format=source.format,
        mode=source.mode,
        type=source.type,
        name=source.name,
        span=source.span,
        header=source.header,
        module=source.module,
        evaluate=evaluate,
        calls=source.calls,
        condition=condition,
        provider=source.provider,
        prevent_destroy=source.prevent_destroy,
        ignore_changes=source.ignore_changes,
    )


def _body(body: Mapping, values: Json, unknown: Json, place: Span) -> Mapping:
    entries: list[Entry] = []
    for entry in body.entries:
        name = entry.name
        if name is None or name not in values or unknown.get(name) is True:
            entries.append(entry)
        else:
            entries.append(replace(entry, value=_settled(entry.value, values[name], entry.span or place)))
    written = {entry.name for entry in body.entries}
    for name, planned in values.items():
        if name in written or planned is None or planned == [] or planned == {}:
            continue
        entries.append(Entry(Scalar(name, place), _value(planned, place), place))
    for name, later in unknown.items():
        if later is True and name not in written and name not in values:
            entries.append(Entry(Scalar(name, place), Unknown("it is known after apply", (), place), place))
    return replace(body, entries=tuple(entries))


def _value(planned: object, span: Span) -> Value:
    try:
        return from_plain(planned, span)
    except Refused as refused:
        return Unknown(str(refused), (), span)


def _settled(source: Value, planned: object, span: Span) -> Value:
    """What the source writes, with what it leaves open filled in from the plan."""
    span = source.span or span
    if isinstance(source, Mapping) and isinstance(planned, dict):
        entries = [
            replace(entry, value=_settled(entry.value, planned[entry.name], entry.span or span))
            if entry.name in planned
            else entry
            for entry in source.entries
        ]
        written = {entry.name for entry in source.entries}
        more = (item for item in planned.items() if item[0] not in written and item[1] not in (None, [], {}))
        entries.extend(Entry(Scalar(name, span), _value(value, span), span) for name, value in more)
        return replace(source, entries=tuple(entries))
    if isinstance(source, Sequence) and isinstance(planned, list) and len(source.items) == len(planned):
        pairs = zip(source.items, planned, strict=True)
        return replace(source, items=tuple(_settled(item, value, span) for item, value in pairs))
    if isinstance(source, Sequence) and len(source.items) == 1 and isinstance(planned, dict):
        return replace(source, items=(_settled(source.items[0], planned, span),))
    if isinstance(source, Encoded) and source.encoding == "json" and isinstance(planned, str):
        try:
            return replace(source, inner=_settled(source.inner, json.loads(planned), span))
        except (ValueError, RecursionError):
            return source
    if planned is None or _is_linked(source):
        return source
    return replace(_value(planned, span), via=source.via)


def _is_linked(value: Value) -> bool:
    """Whether a value comes from a resource, not only from the inputs of the root module."""
    return any(not reference.target.rpartition("//")[2].startswith("var.") for reference in references(value))
