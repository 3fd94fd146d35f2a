"""Where a declaration stands, and whether and how often it is made."""

from __future__ import annotations

from rolecall.frontends.resource import Resource, Unit
from rolecall.model.parts import Gate, Site


def site_of(resource: Resource) -> Site:
    return Site(
        resource.id,
        resource.unit,
        resource.address,
        resource.format,
        resource.type,
        resource.name,
        resource.module,
        resource.span,
        resource.header,
        resource.calls,
    )


def gate_of(resource: Resource) -> Gate | None:
    condition = resource.condition
    if condition is None or not condition.inputs:
        return None
    exists = None if condition.keys is None else bool(condition.keys)
    return Gate(exists, condition.inputs, condition.called)


def absent(resource: Resource, library: bool = False) -> bool:
    """Whether the code says that nothing is made (`count = 0`, a false condition).

    In a library the default of an input decides nothing: its callers do.
    """
    condition = resource.condition
    if condition is None or condition.keys != ():
        return False
    return not (library and condition.inputs and not condition.called)


def instances(resource: Resource) -> int | None:
    if resource.condition is None:
        return 1
    return None if resource.condition.keys is None else len(resource.condition.keys)


def switched_off(resource: Resource, unit: Unit) -> str:
    """The inputs by whose defaults alone a declaration is not made, of a root module whose files of values are named
    when it is applied; "" where that is not so.
    """
    condition = resource.condition
    if not unit.choices or condition is None or condition.called:
        return ""
    return ", ".join(condition.inputs)
