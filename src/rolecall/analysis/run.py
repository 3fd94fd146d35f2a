"""One analysis: survey, units, harvests, islands, checks, suppressions."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from datetime import date
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rolecall.analysis import survey, testdata, units
from rolecall.analysis.cache import Cache, Harvests, LostHarvestError, Snapshot
from rolecall.analysis.discovery import RootError, Roots, open_roots
from rolecall.analysis.frontends import FRONTENDS
from rolecall.model.finding import Finding
from rolecall.source.records import dataclass
from rolecall.source.text import SourceText, Span
from rolecall.source.tree import Unreadable

if TYPE_CHECKING:  # a run that finds everything in the cache links nothing and reads nothing
    from rolecall.analysis.crew import Crew
    from rolecall.analysis.harvest import Harvest
    from rolecall.analysis.suppressions import Suppression
    from rolecall.frontends.resource import Unit
    from rolecall.model.linking import Model
    from rolecall.model.rule import Rule

__all__ = ["Analysis", "Options", "RootError", "analyse", "rules"]


#: What the key of RC901's findings about such a module begins with.
_REMOTE_MODULE = "remote-module:"


@dataclass(frozen=True, slots=True)
class Options:
    """How to analyse.  `select` and `ignore` are rule ids or prefixes of them; `until=` is compared with `today`.

    `variable_files` are root-relative; `plan_files` are outputs of `terraform show -json`, each laid over the root
    module that it fits best (with one, nothing is cached).  `progress(done, all)` is called with numbers of units
    while they are read.  `identity_tags` are pairs of what every identity has to say and the tags that say it
    (config.IDENTITY_TAGS).
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    variable_files: tuple[str, ...] = ()
    plan_files: tuple[Path, ...] = ()
    cache: bool = True
    today: date | None = None
    progress: Callable[[int, int], None] | None = None
    identity_tags: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass
class Analysis:
    """What was found.  `findings` are sorted by place, without the `suppressed` ones; `notes` are for people."""

    tree: Roots
    options: Options
    snapshot: Snapshot
    harvests: Harvests
    findings: list[Finding]
    suppressed: list[Finding]
    notes: list[str]
    stats: dict[str, Any]
    planned: Mapping[str, SourceText]

    @cached_property
    def model(self) -> Model:
        """The whole estate, linked."""
        from rolecall.analysis import estate

        return estate.whole(self.snapshot, self.harvests)

    @property
    def secrets(self) -> Iterator[Span]:
        """The places of texts that no output may show."""
        return (place for row in self.snapshot.rows for place in self.snapshot.secrets.get(row.key, ()))

    def unit(self, name: str, format: str) -> Unit | None:
        """One unit, read again so that its resources can be asked; None where there is no such unit."""
        row = next((row for row in self.snapshot.rows if row.name == name and row.format == format), None)
        if row is None:
            return None
        from rolecall.analysis.harvest import read_unit

        planned = self.planned.get(name) if format == "terraform" else None
        return read_unit(self.tree, format, self.harvests.need(row).plan, planned)

    def over(self, overlay: Mapping[str, bytes | None]) -> Analysis:
        """The same analysis with changed files laid over the tree; what they do not touch is not read again."""
        return _examine(
            self.tree.with_overlay(overlay), self.options, self.snapshot, self.harvests.copy(), self.planned
        )


def analyse(roots: Iterable[Path | str], options: Options) -> Analysis:
    """Everything below the roots, analysed.  Raises RootError where a root or a plan file cannot be read."""
    tree = open_roots([Path(root) for root in roots], options.exclude)
    cache = None
    planned: dict[str, SourceText] = {}
    notes: list[str] = []
    if options.plan_files:
        from rolecall.analysis.planned import assign

        planned, notes = assign(tree, options.plan_files, options.variable_files)
    elif options.cache:
        named = [os.path.join(os.path.realpath(tree.root), name) for name in tree.named or ("",)]
        cache = Cache.of(named, (options.exclude, options.variable_files, options.identity_tags))
    loaded = cache.load() if cache is not None else None
    before, harvests = loaded if loaded is not None else (None, Harvests())
    analysis = _examine(tree, options, before, harvests, planned)
    analysis.notes.extend(notes)
    if cache is not None and analysis.snapshot is not before:
        cache.save(analysis.snapshot, analysis.harvests)
    return analysis


class _Clock:
    """Seconds for each stage, by its name."""

    def __init__(self) -> None:
        self._last = time.perf_counter()
        self.seconds: dict[str, float] = {}

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self.seconds[stage] = round(now - self._last, 4)
        self._last = now


def _examine(
    tree: Roots,
    options: Options,
    before: Snapshot | None,
    harvests: Harvests,
    planned: Mapping[str, SourceText],
) -> Analysis:
    try:
        return _examined(tree, options, before, harvests, planned)
    except LostHarvestError:
        return _examined(tree, options, None, Harvests(), planned)


def _examined(
    tree: Roots,
    options: Options,
    before: Snapshot | None,
    harvests: Harvests,
    planned: Mapping[str, SourceText],
) -> Analysis:
    clock = _Clock()
    with ExitStack() as stack:
        crew = stack.enter_context(_crew(tree)) if before is None else None
        looked = crew.look() if crew is not None else {}
        surveyed, changes = survey.take(tree, before.survey if before is not None else None, looked)
        clock.lap("survey")
        found = units.find(tree, surveyed, changes, before, options.variable_files, planned)
        clock.lap("units")
        fresh = _gather(tree, surveyed, found, before, harvests, planned, options.progress, crew)
        clock.lap("extract")
    if before is not None and surveyed is before.survey and not fresh:
        snapshot = before
    else:
        from rolecall.analysis import estate

        snapshot = estate.settle(surveyed, found, fresh, before, harvests, partial(_text, tree), options.identity_tags)
    clock.lap("check")
    findings, suppressed = _judged(snapshot, options, tree.named)
    clock.lap("judge")
    stats = {
        "files": len({path for row in snapshot.rows for path in row.files}),
        "files_read": changes.read,
        "units": {name: count for name in FRONTENDS if (count := sum(row.format == name for row in snapshot.rows))},
        "units_read": len(fresh),
        "resources": sum(row.resources for row in snapshot.rows),
        "suppressed": len(suppressed),
        "seconds": {**clock.seconds, "total": round(sum(clock.seconds.values()), 4)},
    }
    return Analysis(tree, options, snapshot, harvests, findings, suppressed, [], stats, planned)


def _text(tree: Roots, path: str) -> SourceText | None:
    try:
        return tree.read(path)
    except Unreadable:
        return None


def _gather(
    tree: Roots,
    surveyed: survey.Survey,
    found: units.Units,
    before: Snapshot | None,
    harvests: Harvests,
    planned: Mapping[str, SourceText],
    progress: Callable[[int, int], None] | None,
    crew: Crew | None,
) -> dict[bytes, Harvest]:
    """Read every unit whose harvest is not there yet; the harvests by key."""
    missing = [row for row in found.rows if row.key not in harvests]
    if not missing:
        return {}
    from rolecall.analysis.harvest import Task

    old = {(row.format, row.name): row for row in before.rows} if before is not None else {}
    tasks: list[Task] = []
    for row in missing:
        name = row.format, row.name
        plan = found.plans.get(name) or harvests.need(old[name]).plan  # where only contents changed, as before
        laid = planned.get(row.name) if row.format == "terraform" else None
        tasks.append(Task(row.format, plan, sum(map(surveyed.size, row.files)), laid))
    done: dict[int, Harvest] = {}
    with nullcontext(crew) if crew is not None else _crew(tree, sum(task.weight for task in tasks)) as reading:
        for at, harvest, data in reading.read(tasks):
            harvests.add(missing[at].key, harvest, data)
            done[at] = harvest
            if progress is not None:
                progress(len(done), len(tasks))
    for at, row in enumerate(missing):
        row.resources = done[at].resources
    return {row.key: done[at] for at, row in enumerate(missing)}


def _crew(tree: Roots, size: int | None = None) -> Crew:
    from rolecall.analysis.crew import Crew  # a run that finds everything in the cache reads nothing

    return Crew(tree, size)


def _judged(snapshot: Snapshot, options: Options, named: Sequence[str]) -> tuple[list[Finding], list[Finding]]:
    """The findings that are left, sorted by place, and those that are suppressed."""
    seen: dict[tuple[object, ...], Finding] = {}
    for part in snapshot.findings.values():
        for finding in part:
            # a module that is not on disk is named once, though islands do not know what others have said
            place = None if finding.key.startswith(_REMOTE_MODULE) else finding.span
            about = finding.rule, place, finding.address, finding.message
            if about not in seen or finding.span < seen[about].span:
                seen[about] = finding
    suppressions: list[Suppression] = [s for facts in snapshot.survey.facts.values() for s in facts.suppressions]
    for row in snapshot.rows:
        suppressions.extend(snapshot.suppressions.get(row.key, ()))
    findings = list(testdata.softened(seen.values(), named))
    suppressed: list[Finding] = []
    if suppressions:
        from rolecall.analysis.acceptance import obey

        findings, suppressed = obey(findings, suppressions, options.today or date.today(), rule_ids())
    if options.select or options.ignore:
        findings = [finding for finding in findings if _selected(finding.rule, options)]
        suppressed = [finding for finding in suppressed if _selected(finding.rule, options)]
    findings.sort(key=lambda f: (f.span.path, f.span.line, f.span.column, f.rule, f.address, f.message))
    return findings, suppressed


def _selected(rule: str, options: Options) -> bool:
    return (not options.select or rule.startswith(options.select)) and not rule.startswith(options.ignore or ("\0",))


def rule_ids() -> set[str]:
    """The ids of all rules there are, those of the analysis itself among them; loads no check."""
    from rolecall.analysis.acceptance import RULES
    from rolecall.checks import CHECKS

    return {*CHECKS.values(), *(rule.id for rule, _ in RULES)}


def rules(ids: Collection[str] | None = None) -> list[Rule]:
    """Every rule there is, those of the analysis itself among them, by id; or those of some ids, loading no others."""
    from rolecall.analysis.acceptance import RULES
    from rolecall.checks import of_rules

    wanted = rule_ids() if ids is None else ids
    found = [*(check.RULE for check in of_rules(wanted)), *(rule for rule, _ in RULES if rule.id in wanted)]
    return sorted(found, key=lambda rule: rule.id)
