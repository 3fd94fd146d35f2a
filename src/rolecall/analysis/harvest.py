"""What is kept of one unit once it has been read, and the reading of many, on several processors where that pays."""

from __future__ import annotations

import os
import pickle
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from rolecall.analysis import pickling
from rolecall.analysis.frontends import FRONTENDS, Plan
from rolecall.analysis.suppressions import Suppression, in_metadata
from rolecall.frontends.resource import Problem, Unit
from rolecall.model.parts import Fact, Fragment
from rolecall.source.text import SourceText
from rolecall.source.tree import Tree

#: Below this many bytes of code a second process costs more than it saves.
PARALLEL_BYTES = 400_000


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


def read_all(tree: Tree, tasks: Sequence[Task], progress: Callable[[int], None]) -> Iterator[bytes]:
    """The harvest of each task as `pickling.dumps` writes it, in the order of the tasks.

    `progress` is called with the number of units that are done.
    """
    shares = _shares(tasks, _processes(sum(task.weight for task in tasks)))
    if len(shares) == 1:
        yield from _work(tree, tasks, progress)
        return
    own, *others = shares
    with _Children() as children:
        pipes = [children.start(tree, [tasks[at] for at in share]) for share in others]
        # The shares weigh the same, so that one tells how far all are.
        mine = _work(tree, [tasks[at] for at in own], lambda done: progress(done * len(tasks) // len(own)))
        results: dict[int, bytes] = dict(zip(own, mine, strict=True))
        for share, pipe in zip(others, pipes, strict=True):
            received = _receive(pipe)
            if received is None or len(received) != len(share):  # the process died: its share is done here
                received = list(_work(tree, [tasks[at] for at in share], lambda _: None))
            results.update(zip(share, received, strict=True))
            progress(len(results))
    for at in range(len(tasks)):
        yield results[at]


def _work(tree: Tree, tasks: Sequence[Task], progress: Callable[[int], None]) -> Iterator[bytes]:
    for done, task in enumerate(tasks, 1):
        yield pickling.dumps(read(tree, task))
        progress(done)


def _processes(size: int) -> int:
    if size < PARALLEL_BYTES or not hasattr(os, "fork") or os.environ.get("ROLECALL_JOBS") == "1":
        return 1
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(count, size // (PARALLEL_BYTES // 2), 16))


def _shares(tasks: Sequence[Task], count: int) -> list[list[int]]:
    """The tasks' positions in `count` shares of about the same weight, the heaviest given out first."""
    shares: list[list[int]] = [[] for _ in range(count)]
    loads = [0] * count
    for at in sorted(range(len(tasks)), key=lambda at: -tasks[at].weight):
        lightest = loads.index(min(loads))
        shares[lightest].append(at)
        loads[lightest] += tasks[at].weight + 200
    return [sorted(share) for share in shares]


class _Children:
    """Forked processes that end with this block, whatever happens."""

    def __init__(self) -> None:
        self._ids: list[int] = []
        self._pipes: list[int] = []

    def __enter__(self) -> _Children:
        sys.stdout.flush()
        sys.stderr.flush()
        return self

    def start(self, tree: Tree, tasks: Sequence[Task]) -> int:
        """A process that reads the tasks and writes their harvests into the pipe that is returned."""
        reading, writing = os.pipe()
        child = os.fork()
        if child:
            os.close(writing)
            self._ids.append(child)
            self._pipes.append(reading)
            return reading
        status = 1
        try:
            os.close(reading)
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            data = pickle.dumps(list(_work(tree, tasks, lambda _: None)), protocol=5)
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(data)
            status = 0
        finally:
            os._exit(status)

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        for pipe in self._pipes:
            with suppress(OSError):
                os.close(pipe)
        for child in self._ids:
            if kind is not None:
                with suppress(OSError):
                    os.kill(child, signal.SIGKILL)
            with suppress(OSError):
                os.waitpid(child, 0)


def _receive(pipe: int) -> list[bytes] | None:
    """What a process of our own wrote, None where it did not finish."""
    parts: list[bytes] = []
    while part := os.read(pipe, 1 << 20):
        parts.append(part)
    try:
        received = pickle.loads(b"".join(parts))
    except (pickle.UnpicklingError, EOFError, ValueError):
        return None
    return received if isinstance(received, list) else None
