"""The way of a key through modules, which ends with it: outputs, arguments of calls and variables that nobody takes any
more.  A way that anybody else may use stays, and then so does the key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rolecall.planning.case import Case, Use, attribute_text
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.edits.repetition import repetition
from rolecall.planning.endings.retirement import taken_by
from rolecall.planning.migration import Edit
from rolecall.source.hcl import Block
from rolecall.source.text import Span


@dataclass(frozen=True, slots=True)
class _Call:
    """The call of a module, and the folder that it stands in."""

    block: Block
    folder: str


def passages(case: Case, gone: list[Edit]) -> list[Span]:
    """What hands the key of a user from module to module and is of no use after the edits `gone`: each output whole,
    each argument of a call, each variable whole.  Nothing where a part of it cannot be told.
    """
    if len(case.declaration.credentials) != 1 or not case.uses:
        return []
    try:
        return list(dict.fromkeys(_passages(case, gone)))
    except Refused:
        return []


def _passages(case: Case, gone: list[Edit]) -> Iterator[Span]:
    key = case.context.block(case.credential.site.span)
    address = re.escape(".".join(key.labels))
    calls = case.credential.site.calls
    sources = [rf"{address}\.\w+"]
    folder = case.folder
    if calls:
        call = _call(case, calls[-1])
        outputs = {
            block.labels[0]: block
            for block in case.context.blocks(case.folder)
            if block.type == "output" and re.fullmatch(sources[0], _value(block, "value"))
        }
        yield from (block.span for block in outputs.values())
        sources = [rf"module\.{re.escape(call.block.labels[0])}\.{re.escape(name)}" for name in outputs]
        folder = call.folder
    for use in case.uses:
        inner = use.workload.site.calls
        if not inner or not sources:
            continue
        into = _call(case, inner[-1])
        if into.folder != folder or not _alone(case, use):
            raise Refused("the key goes further than from one module into another")
        for attribute in into.block.attributes:
            if any(re.fullmatch(source, attribute_text(into.block, attribute).strip()) for source in sources):
                yield into.block.text.span(attribute.start, attribute.end)
                yield _variable(case, use.workload.site.module, attribute.name, gone)
    named = re.compile("|".join(rf"(?<![\w.]){source}(?![\w-])" for source in sources) or r"(?!)")
    taken = [*taken_by(gone), *(place for use in case.uses for place in _handed(case, use, named))]
    for block in case.context.blocks(folder) if calls else ():
        for match in named.finditer(block.slice.decode("latin-1")):  # a place in bytes
            start, end = block.start + match.start(), block.start + match.end()
            if not any(path == block.text.path and a <= start and end <= b for path, a, b in taken):
                raise Refused(f"{match[0]} is read elsewhere")


def _handed(case: Case, use: Use, named: re.Pattern[str]) -> Iterator[tuple[str, int, int]]:
    """The calls that hand the key into a workload's module, where each argument with it is the key alone."""
    for span in use.workload.site.calls[-1:]:
        block = _call(case, span).block
        found = [attribute_text(block, one).strip() for one in block.attributes]
        if all(named.fullmatch(text) for text in found if named.search(text)):
            yield block.text.path, block.start, block.end


def _variable(case: Case, folder: str, name: str, gone: list[Edit]) -> Span:
    """The variable of a folder that nothing reads after the edits `gone`."""
    taken = taken_by(gone)
    reads = re.compile(rb"(?<![\w.])var\." + re.escape(name.encode()) + rb"(?![\w-])")
    declared = None
    for block in case.context.blocks(folder):
        if block.type == "variable" and block.labels == (name,):
            declared = block
        for match in reads.finditer(block.slice):
            start, end = block.start + match.start(), block.start + match.end()
            if not any(path == block.text.path and a <= start and end <= b for path, a, b in taken):
                raise Refused(f"var.{name} is read elsewhere")
    if declared is None:
        raise Refused(f"var.{name} is not declared")
    return declared.span


def _alone(case: Case, use: Use) -> bool:
    """Whether the workload's module is called once in the whole estate."""
    site = use.workload.site
    return sum(one.site.declaration == site.declaration for one in case.model.workloads.values()) == 1


def _call(case: Case, span: Span) -> _Call:
    block = case.context.block(span)
    if block.type != "module" or not block.labels or repetition(block).name:
        raise Refused("the module is not called once")
    return _Call(block, span.path.rpartition("/")[0])


def _value(block: Block, name: str) -> str:
    attribute = block.attribute(name)
    return attribute_text(block, attribute).strip() if attribute is not None else ""
