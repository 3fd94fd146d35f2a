"""Runs of whole processes: how long they take and how much memory they hold."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SAMPLE_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of several runs of one command, and what one process of it held at most (MiB)."""

    seconds: tuple[float, ...]
    peak: float
    status: int

    @property
    def best(self) -> float:
        return min(self.seconds)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


class RunFailedError(Exception):
    """A command that did not end as it should, with what it said."""


def _once(command: Sequence[str], environment: Mapping[str, str], expected: Sequence[int]) -> tuple[float, float, int]:
    """Seconds, peak MiB and exit status of one run; its output is thrown away, what it says on stderr kept."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    said = process.stderr.read()
    _, waited, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = status = os.waitstatus_to_exitcode(waited)
    process.stderr.close()
    if status not in expected:
        raise RunFailedError(f"{' '.join(command)}: exit status {status}\n{said.decode(errors='replace')}")
    return seconds, usage.ru_maxrss / 1024, status


def measure(
    command: Sequence[str],
    runs: int,
    environment: Mapping[str, str] | None = None,
    before: Callable[[int], None] | None = None,
    expected: Sequence[int] = (0, 1),
) -> Timing:
    """Time a command several times; `before(number of the run)` prepares each run and is not timed.

    Raises RunFailedError where the exit status is not among the expected ones.
    """
    seconds: list[float] = []
    peak, status = 0.0, 0
    for number in range(runs):
        if before is not None:
            before(number)
        took, held, status = _once(command, environment or {}, expected)
        seconds.append(took)
        peak = max(peak, held)
    return Timing(tuple(seconds), peak, status)


def peak_of_all(command: Sequence[str], environment: Mapping[str, str] | None = None) -> float | None:
    """The most that a command and its children held together, in MiB; None where the system does not tell (not Linux).

    Shared pages count once.  Sampling slows the run down, so this is not for timing.
    """
    if not Path("/proc/self/smaps_rollup").exists():
        return None
    process = subprocess.Popen(
        command, env={**os.environ, **(environment or {})}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    peak = 0
    while process.poll() is None:
        peak = max(peak, sum(map(_proportional, _family(process.pid))))
        time.sleep(SAMPLE_SECONDS)
    return peak / 1024


def _family(pid: int) -> list[int]:
    found, stack = [], [pid]
    while stack:
        one = stack.pop()
        found.append(one)
        try:
            for task in Path(f"/proc/{one}/task").iterdir():
                stack.extend(map(int, (task / "children").read_text().split()))
        except OSError:
            continue
    return found


def _proportional(pid: int) -> int:
    """Proportional set size in KiB; 0 for a process that has ended."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    except (OSError, ValueError):
        pass
    return 0
