"""`python -m bench`: every budget, measured on a made-up estate and on real repositories where they are there."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import estate
from bench.process import RunFailedError, Timing, measure, peak_of_all
from bench.table import Row, render, seconds, times

ROLECALL = str(Path(sys.executable).with_name("rolecall"))
#: The budgets.
START_SECONDS = 0.25
MEMORY_MIB = 600
CHECK_RATIO = 1.0
WARM_RATIO = 0.1
PLAN_RATIO = 2.0
CHECKOV_RATIO = 100.0
#: How much more a unit of work may cost in a large estate than in a small one, to still be called linear.
LINEAR = 1.3

REAL = (
    "ministryofjustice__cloud-platform-environments",
    "bridgecrewio__terragoat",
    "GoogleCloudPlatform__cloud-foundation-fabric",
)
AGAINST_CHECKOV = REAL[1:]


@dataclass(frozen=True, slots=True)
class Bench:
    """What all measurements share: where to write, how often to run."""

    work: Path
    runs: int

    def cache(self, name: str) -> dict[str, str]:
        return {"ROLECALL_CACHE_DIR": str(self.work / "cache" / name)}

    def check(self, folder: Path, *more: str) -> list[str]:
        return [ROLECALL, "check", str(folder), "--format", "json", *more]


def row(what: str, timing: Timing, base: Timing | None = None, limit: float | None = None, of: str = "") -> Row:
    """A row of a timing, compared with another where one is given."""
    if base is None or limit is None:
        return Row(what, seconds(timing.best), seconds(timing.median))
    ratio = timing.best / base.best
    return Row(what, seconds(timing.best), seconds(timing.median), times(ratio), f"{times(limit)} {of}", ratio <= limit)


def start(bench: Bench) -> Iterator[Row]:
    """From pressing return to the first finding, on ten files."""
    folder = bench.work / "ten"
    estate.namespaces(folder, 10)
    for what, command in (
        ("rolecall --version", [ROLECALL, "--version"]),
        ("check of 10 files", bench.check(folder, "--no-cache")),
        ("check of 10 files, as text", [ROLECALL, "check", str(folder), "--no-cache"]),
    ):
        timing = measure(command, max(bench.runs, 10))
        yield Row(
            what,
            seconds(timing.best),
            seconds(timing.median),
            "",
            seconds(START_SECONDS),
            timing.best <= START_SECONDS,
        )


def whole(bench: Bench, name: str, folder: Path, copied: bool) -> Iterator[Row]:
    """Everything that is measured on one estate.  `copied` says that the folder is ours to change."""
    environment = bench.cache(name)
    bare = measure([sys.executable, "-m", "bench.parse", str(folder)], bench.runs)
    cold = measure(bench.check(folder, "--no-cache"), bench.runs)
    yield row("bare tree-sitter parse", bare)
    yield row("check --no-cache", cold, bare, CHECK_RATIO, "bare parse")

    def forget(_: int) -> None:
        shutil.rmtree(environment["ROLECALL_CACHE_DIR"], ignore_errors=True)

    yield row("check, writing the cache", measure(bench.check(folder), bench.runs, environment, forget))
    scratch = folder if copied else link_copy(folder, bench.work / "copies" / name)
    measure(bench.check(scratch), 1, environment)
    yield row("check, nothing changed", measure(bench.check(scratch), bench.runs, environment))
    edited = measure(bench.check(scratch), bench.runs, environment, editor(scratch))
    yield row("check after one edit", edited, bare, WARM_RATIO, "bare parse")
    output = bench.work / "plan"
    plan = measure([ROLECALL, "plan", str(folder), "--no-cache", "--output", str(output)], bench.runs)
    yield row("plan --no-cache", plan, cold, PLAN_RATIO, "check --no-cache")
    for what, command, timing in (
        ("memory of check", bench.check(folder, "--no-cache"), cold),
        ("memory of plan", [ROLECALL, "plan", str(folder), "--no-cache", "--output", str(output)], plan),
    ):
        together = peak_of_all(command)
        peak = timing.peak if together is None else together
        note = "one process" if together is None else f"largest process {timing.peak:.0f} MiB"
        yield Row(what, f"{peak:.0f} MiB", "", note, f"{MEMORY_MIB} MiB", peak <= MEMORY_MIB)


def link_copy(folder: Path, target: Path) -> Path:
    """A copy of hard links: a file may be replaced in it, never written to."""

    def link(source: str, destination: str) -> None:
        try:
            os.link(source, destination)
        except OSError:
            shutil.copyfile(source, destination)

    shutil.copytree(folder, target, symlinks=True, copy_function=link, ignore=shutil.ignore_patterns(".git"))
    return target


def editor(folder: Path) -> Callable[[int], None]:
    """Before each run, adds a user to another `.tf` file, as a new file in the place of the old one."""
    files = sorted(folder.rglob("*.tf"))

    def edit(number: int) -> None:
        path = files[(number * 7919) % len(files)]
        data = path.read_bytes() + f'\nresource "aws_iam_user" "edit_{number}" {{\n  name = "edit"\n}}\n'.encode()
        path.unlink()
        path.write_bytes(data)

    return edit


def growth(bench: Bench, what: str, unit: str, sizes: list[tuple[float, Path]]) -> Iterator[Row]:
    """Check estates of growing size; the cost of a unit of work must stay the same.

    The time of an empty run is taken off, since it would make a large estate look cheaper than it is.
    """
    empty = bench.work / "empty"
    empty.mkdir(exist_ok=True)
    (empty / "main.tf").write_text("", "utf-8")
    idle = measure(bench.check(empty, "--no-cache"), bench.runs).best
    first: float | None = None
    for amount, folder in sizes:
        timing = measure(bench.check(folder, "--no-cache"), bench.runs)
        each = max(timing.best - idle, 1e-6) / amount
        first = first or each
        ratio = each / first
        yield Row(
            f"{what}: {amount:,.5g} {unit}",
            seconds(timing.best),
            seconds(timing.median),
            f"{each * 1e3:.2f} ms each, {times(ratio)}",
            f"{times(LINEAR)} the first",
            ratio <= LINEAR,
        )


def bytes_growth(bench: Bench, files: int) -> Iterator[Row]:
    sizes = []
    for part in (4, 2, 1):
        folder = bench.work / f"part-{part}"
        size = estate.namespaces(folder, files // part)
        sizes.append((size.bytes / 1e6, folder))
    yield from growth(bench, "estate", "MB", sizes)


def calls_growth(bench: Bench) -> Iterator[Row]:
    sizes = []
    for count in (250, 500, 1000, 2000):
        folder = bench.work / f"calls-{count}"
        estate.calls(folder, count)
        sizes.append((float(count), folder))
    yield from growth(bench, "one root", "module calls", sizes)


def against_checkov(bench: Bench, folder: Path, checkov: str | None) -> Iterator[Row]:
    """checkov and rolecall on the same folder, one after the other."""
    if checkov is None:
        yield Row("checkov", "skipped", "", "", "no checkov on PATH and none in $CHECKOV")
        return
    command = [checkov, "-d", str(folder), "--framework", "terraform", "--compact", "--quiet", "-o", "json"]
    other = measure(command, 1)
    own = measure(bench.check(folder, "--no-cache"), bench.runs)
    ratio = other.best / own.best
    yield Row("checkov", seconds(other.best), seconds(other.median), f"{other.peak:.0f} MiB")
    yield Row(
        "rolecall check --no-cache",
        seconds(own.best),
        seconds(own.median),
        f"{ratio:.0f} times faster",
        f"{CHECKOV_RATIO:.0f} times faster",
        ratio >= CHECKOV_RATIO,
    )


def sections(bench: Bench, options: argparse.Namespace) -> Iterator[tuple[str, Iterator[Row]]]:
    yield "Start", start(bench)
    folder = bench.work / "estate"
    size = estate.namespaces(folder, options.files)
    yield f"Made-up estate: {size}", whole(bench, "estate", folder, copied=True)
    yield "Growth with bytes", bytes_growth(bench, options.files)
    yield "Growth with module calls", calls_growth(bench)
    checkov = os.environ.get("CHECKOV") or shutil.which("checkov")
    for name in REAL:
        real = options.corpora / name
        if not real.is_dir():
            yield name, iter([Row("skipped", "", "", "", f"no folder {real}")])
            continue
        yield name, whole(bench, name, real, copied=False)
        if name in AGAINST_CHECKOV:
            yield f"{name} against checkov", against_checkov(bench, real, checkov)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--files", type=int, default=12_000, help="size of the made-up estate (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="runs of each command (default: %(default)s)")
    parser.add_argument(
        "--corpora",
        type=Path,
        default=Path("../corpora"),
        help="a folder of real repositories (default: %(default)s)",
    )
    return parser.parse_args()


def main() -> int:
    options = arguments()
    print(f"# rolecall, measured: {platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}")
    print(
        f"\nWhole processes, {options.runs} runs each; ratios are of the best runs, which others disturbed least.\n",
        flush=True,
    )
    over = 0
    with tempfile.TemporaryDirectory(prefix="rolecall-bench-") as folder:
        bench = Bench(Path(folder), options.runs)
        for title, rows in sections(bench, options):
            try:
                found = list(rows)
            except RunFailedError as error:
                print(f"## {title}\n\nfailed: {error}\n", flush=True)
                over += 1
                continue
            over += sum(one.holds is False for one in found)
            print(render(title, found), flush=True)
    print("All within their limits." if not over else f"{over} over their limits.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
