"""What is kept of one unit once it has been read, and the reading."""

from __future__ import annotations

import os

from rolecall.analysis.frontends import FRONTENDS, Plan
from rolecall.analysis.suppressions import Suppression, in_metadata
from rolecall.frontends.resource import Problem, Unit
from rolecall.model.parts import Fact, Fragment
from rolecall.source.records import dataclass
from rolecall.source.text import SourceText
from rolecall.source.tree import Tree


@dataclass(frozen=True, slots=True)
class Harvest:
    """One unit: how it was planned, what it declares, what its metadata suppresses, and how many resources it has."""

    plan: Plan
    fragment: Fragment
    suppressions: tuple[Suppression, ...]
    resources: int


@dataclass(frozen=True, slots=True)
class Task:
    """One unit to read.  `weight` is the size of its files in bytes, `planned` a plan file to lay over it."""

    format: str
    plan: Plan
    weight: int
    planned: SourceText | None = None


def read(tree: Tree, task: Task) -> Harvest:
    """Read one unit.  Never raises for what is in it: what the reading trips over becomes a problem of the unit."""
    from rolecall.model.extraction import extract

    plan, format_ = task.plan, task.format
    try:
        unit = read_unit(tree, format_, plan, task.planned)
        # a plan file's values are not in the text, so that a look at the text would tell nothing
        fragment = extract(unit, tree if task.planned is None else None)
        return Harvest(plan, fragment, tuple(in_metadata(unit)), len(unit.resources))
    except RecursionError:
        return _lost(plan, format_, "nested too deeply to be analysed")
    except MemoryError:
        return _lost(plan, format_, "too large to be analysed")
    except Exception as error:  # one unit's trouble must not cost the others their findings
        if os.environ.get("ROLECALL_DEBUG"):
            raise
        return _lost(plan, format_, f"internal error, please report it: {type(error).__name__} {_where(error)}")


def read_unit(tree: Tree, format_: str, plan: Plan, planned: SourceText | None) -> Unit:
    """One unit, with the values of a Terraform plan file where there is one for it."""
    unit = FRONTENDS[format_].read_unit(tree, plan)
    if planned is None:
        return unit
    from rolecall.frontends.terraform.plan_json import laid_over

    return laid_over(unit, planned)


def _where(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f"at {os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"


def _lost(plan: Plan, format_: str, reason: str) -> Harvest:
    """A unit that could not be analysed, said at the start of its first file."""
    path = plan.files[0] if plan.files else plan.name
    problem = Problem("limit", reason, SourceText(path, b"").span(0, 0))
    fact = Fact("problem", problem.kind, problem.message, None, problem.span)
    return Harvest(plan, Fragment(plan.name, format_, facts=[fact]), (), 0)
