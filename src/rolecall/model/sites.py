"""Where a declaration stands, and whether and how often it is made."""

from __future__ import annotations

from collections.abc import Sequence

from rolecall.frontends.resource import Resource, Unit
from rolecall.model.parts import Gate, Site
from rolecall.source.text import Span


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


#: Folders whose modules only show, or try, how others are called.
_SAMPLES = frozenset({"validation", "examples", "example", "tests", "test"})


def switched_off(resource: Resource, unit: Unit) -> str:
    """The inputs by which a declaration is not made, though those who apply it may well have it made; "" for none.

    That is so where defaults alone decide in a root module whose files of values are named when it is applied, and in a
    module that is called from samples alone: what a sample leaves out, others ask for.
    """
    condition = resource.condition
    if condition is None or not (is_sampled(resource.calls, resource.module) if condition.called else unit.choices):
        return ""
    return ", ".join(condition.inputs)


def is_sampled(calls: Sequence[Span], module: str) -> bool:
    """Whether a module is called from a folder of samples that it does not lie in: its last call, outermost first."""
    if not calls:
        return False
    *folders, _ = calls[-1].path.split("/")
    return not _SAMPLES.isdisjoint(folders) and _SAMPLES.isdisjoint(module.split("/"))
