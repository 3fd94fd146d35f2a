"""Several processes that read one tree together: each looks at its part of the files first and then reads the units in
it, so that what it has outlined by then is not outlined again.
"""

from __future__ import annotations

import os
import pickle
import signal
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from select import select
from typing import TYPE_CHECKING, Any

from rolecall.analysis import pickling
from rolecall.analysis.aside import forked, processors
from rolecall.analysis.discovery import Roots
from rolecall.analysis.frontends import is_source
from rolecall.analysis.harvest import Harvest, Task, read
from rolecall.analysis.survey import Look, look
from rolecall.source.records import dataclass

if TYPE_CHECKING:
    from rolecall.frontends.terraform.sketch import Sketch

#: Below this many bytes of code a second process costs more than it saves.
PARALLEL_BYTES = 400_000
#: What a unit costs beside its bytes, in bytes.
_EACH = 200
#: What part of its tasks a process is given at once, and in what portions it gets the rest.
_AT_ONCE, _PORTION = 0.6, 0.02
#: How many of them it has at a time, so that it need not wait until somebody looks what it has done.  What it is asked
#: meanwhile lies in the pipe, so that it has to be short: the tasks are told before, and then only their numbers.
_AHEAD = 2
#: The suffixes of the files whose folders are outlined.
_OUTLINED = (".tf", ".tf.json")


def processes(size: int) -> int:
    """How many processes pay for so many bytes of code."""
    if size < PARALLEL_BYTES:
        return 1
    return max(1, min(processors(), size // (PARALLEL_BYTES // 2), 16))


class Crew:
    """This process and `count - 1` forked ones, which end with the `with` block, whatever happens.

    Each has the files from its place in the sorted paths up to the next one's (`_starts`).
    """

    def __init__(self, tree: Roots, size: int | None = None) -> None:
        """`size` is how many bytes there are to read; all there are where it is not given."""
        self._tree = tree
        self._paths = tree.paths()
        weights = self._weights() if size is None or processes(size) > 1 else []
        self.count = processes(sum(weights) if size is None else size)
        self._starts = _cut(weights, self.count)
        self._members: list[_Member] = []

    def _weights(self) -> list[int]:
        sizes = self._tree.statuses[::3]
        return [max(0, size) if is_source(path) else 0 for path, size in zip(self._paths, sizes, strict=True)]

    def __enter__(self) -> Crew:
        if self.count > 1:
            for _ in range(1, self.count):
                self._members.append(_Member.start(self._tree, self._members))
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        for member in self._members:
            member.end(kill=kind is not None)

    def look(self) -> dict[str, Look]:
        """What `survey.look` gives of every file of the tree, by path; also outlines the Terraform folders.

        One process alone looks at nothing: it does so when it is asked.
        """
        if self.count == 1:
            return {}
        parts = [self._paths[start:end] for start, end in self._ranges()]
        for member, part in zip(self._members, parts[1:], strict=True):
            member.ask("look", part)
        files, sketches = _look(self._tree, parts[0])
        for member, part in zip(self._members, parts[1:], strict=True):
            theirs = member.answer() or _look(self._tree, part)
            files.update(theirs[0])
            sketches.update(theirs[1])
        if sketches:
            from rolecall.frontends.terraform.folders import folders_of

            folders_of(self._tree).sketches.update(sketches)
        return files

    def read(self, tasks: Sequence[Task]) -> Iterator[tuple[int, Harvest, bytes | None]]:
        """Each task by its number, with its harvest and, where another process has read it, what `pickling.dumps` makes
        of that; as they are done.
        """
        queues = [deque(_batches(share, tasks)) for share in self._shares(tasks)]
        done: list[tuple[int, Harvest, bytes | None]] = []
        busy: dict[_Member, deque[list[int]]] = {member: deque() for member in self._members}

        def give(member: _Member) -> None:
            batch = _next(queues, self._members.index(member) + 1)
            if batch is not None:
                busy[member].append(batch)
                member.ask("read", batch)
            elif not busy[member]:
                del busy[member]

        def collect(timeout: float | None) -> None:
            ready = select([member.answering for member in busy], [], [], timeout)[0]
            for member in [member for member in busy if member.answering in ready]:
                batch, received = busy[member][0], member.answer()
                if received is None or len(received) != len(batch):  # the process died: its batches are done here
                    queues[0].extend(busy.pop(member))
                    continue
                done.extend((at, pickling.loads(data), data) for at, data in zip(batch, received, strict=True))
                busy[member].popleft()
                give(member)

        for member in self._members:
            member.ask("tasks", list(tasks))
            for _ in range(_AHEAD):
                if member in busy:
                    give(member)
        while (batch := _next(queues, 0)) is not None or busy:
            for at in batch or ():
                yield at, read(self._tree, tasks[at]), None
                if busy:
                    collect(0)
                    yield from done
                    done.clear()
            if batch is None:
                collect(None)
        yield from done

    def _ranges(self) -> list[tuple[int, int]]:
        return list(zip(self._starts, [*self._starts[1:], len(self._paths)], strict=True))

    def _shares(self, tasks: Sequence[Task]) -> list[list[int]]:
        """The tasks' positions by process: where their files were looked at, unless that is not fair."""
        shares: list[list[int]] = [[] for _ in range(self.count)]
        loads = [0] * self.count
        firsts = [self._paths[start] if start < len(self._paths) else "" for start in self._starts]
        for at, task in enumerate(tasks):
            owner = bisect_right(firsts, task.plan.files[0]) - 1 if task.plan.files else 0
            shares[max(0, owner)].append(at)
            loads[max(0, owner)] += task.weight + _EACH
        fair = sum(loads) / self.count
        for share, load in zip(shares, loads, strict=True):
            for at in sorted(share, key=lambda at: tasks[at].weight) if load > 1.1 * fair else ():
                lightest = loads.index(min(loads))
                mine = shares.index(share)
                weight = tasks[at].weight + _EACH
                if loads[mine] <= fair or loads[lightest] + weight > 1.05 * fair:
                    continue
                share.remove(at)
                shares[lightest].append(at)
                loads[mine] -= weight
                loads[lightest] += weight
        return [sorted(share) for share in shares]


def _cut(weights: Sequence[int], count: int) -> list[int]:
    """Where each of `count` runs of about the same weight starts."""
    starts, seen, total = [0], 0, sum(weights)
    for at, weight in enumerate(weights):
        seen += weight
        if len(starts) < count and seen >= total * len(starts) / count:
            starts.append(at + 1)
    return starts + [len(weights)] * (count - len(starts))


def _batches(share: Sequence[int], tasks: Sequence[Task]) -> Iterator[list[int]]:
    """A process's tasks in the portions in which they are given out: most at once, the rest in small ones that whoever
    is done first takes.
    """
    total = sum(tasks[at].weight + _EACH for at in share)
    batch: list[int] = []
    seen, limit = 0, total * _AT_ONCE
    for at in share:
        batch.append(at)
        seen += tasks[at].weight + _EACH
        if seen >= limit:
            yield batch
            batch, limit = [], seen + total * _PORTION
    if batch:
        yield batch


def _next(queues: Sequence[deque[list[int]]], own: int) -> list[int] | None:
    """The next batch of a process: of its own, else of whoever has most left; None where nothing is."""
    if queues[own]:
        return queues[own].popleft()
    fullest = max(queues, key=len)
    return fullest.pop() if fullest else None


def _look(tree: Roots, paths: Sequence[str]) -> tuple[dict[str, Look], dict[str, Sketch]]:
    statuses, every = tree.statuses, tree.paths()
    first = bisect_right(every, paths[0]) - 1 if paths else 0
    files = {path: look(tree, path, statuses[3 * (first + at)]) for at, path in enumerate(paths)}
    sketches: dict[str, Sketch] = {}
    folders = dict.fromkeys(path.rpartition("/")[0] for path in paths if path.endswith(_OUTLINED))
    if folders:
        from rolecall.frontends.terraform.folders import folders_of

        known = folders_of(tree)
        sketches = {folder: known.sketch(tree, folder) for folder in folders}
    return files, sketches


@dataclass(slots=True, eq=False)
class _Member:
    """One forked process, with the ends of its pipes that are ours."""

    id: int
    asking: int
    answering: int

    @classmethod
    def start(cls, tree: Roots, others: Sequence[_Member]) -> _Member:
        asked, asking = os.pipe()
        answering, answers = os.pipe()

        def serve() -> None:
            os.close(asking)
            os.close(answering)
            for other in others:  # so that the others see the end of their pipes
                os.close(other.asking)
                os.close(other.answering)
            _serve(tree, asked, answers)

        child = forked(serve)
        os.close(asked)
        os.close(answers)
        return cls(child, asking, answering)

    def ask(self, what: str, about: Any) -> None:
        with suppress(OSError):  # it died: `answer` says so
            _send(self.asking, (what, about))

    def answer(self) -> Any:
        """What the process answers; None where it died."""
        return _receive(self.answering)

    def end(self, kill: bool) -> None:
        for pipe in (self.asking, self.answering):
            with suppress(OSError):
                os.close(pipe)
        if kill:
            with suppress(OSError):
                os.kill(self.id, signal.SIGKILL)
        with suppress(OSError):
            os.waitpid(self.id, 0)


def _serve(tree: Roots, asked: int, answers: int) -> None:
    """Answers until nobody can ask any more."""
    tasks: Sequence[Task] = ()
    while (request := _receive(asked)) is not None:
        match request:
            case "look", paths:
                _send(answers, _look(tree, paths))
            case "tasks", tasks:  # no answer
                pass
            case "read", places:
                _send(answers, [pickling.dumps(read(tree, tasks[at])) for at in places])


def _send(pipe: int, value: Any) -> None:
    data = pickle.dumps(value, protocol=5)
    view = memoryview(len(data).to_bytes(8, "big") + data)
    while view:
        view = view[os.write(pipe, view) :]


def _receive(pipe: int) -> Any:
    """What a process of our own wrote; None where it did not finish."""
    size = _bytes(pipe, 8)
    data = _bytes(pipe, int.from_bytes(size, "big")) if len(size) == 8 else b""
    try:
        return pickle.loads(data)
    except (pickle.UnpicklingError, EOFError, ValueError):
        return None


def _bytes(pipe: int, wanted: int) -> bytes:
    parts: list[bytes] = []
    while wanted and (part := os.read(pipe, min(wanted, 1 << 20))):
        parts.append(part)
        wanted -= len(part)
    return b"".join(parts)
