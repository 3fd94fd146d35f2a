"""The jobs of an estate's workflows with what their steps do, each place once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import field
from weakref import WeakKeyDictionary

from rolecall.model.linking import Model
from rolecall.model.pipelines.ci_jobs import CiJob, CiStep
from rolecall.source.records import dataclass


@dataclass(slots=True)
class Jobs:
    """`steps` are by the id of their job; those of an action that nothing here uses by the id of its file."""

    all: list[CiJob] = field(default_factory=list)
    steps: dict[str, list[CiStep]] = field(default_factory=lambda: defaultdict(list))
    by_id: dict[str, CiJob] = field(default_factory=dict)

    def doing(self, kind: str) -> Iterator[tuple[CiJob | None, CiStep]]:
        """Every step that does something, with its job; a step that several callers share once."""
        seen: set[tuple[str, int, str]] = set()
        for job, steps in self.steps.items():
            for step in steps:
                place = (step.span.path, step.span.start, step.name)
                if step.kind == kind and place not in seen:
                    seen.add(place)
                    yield self.by_id.get(job), step

    def once(self) -> Iterator[CiJob]:
        """Every job, one that several callers share once."""
        seen: set[tuple[str, int]] = set()
        for job in self.all:
            place = (job.site.span.path, job.site.span.start)
            if place not in seen:
                seen.add(place)
                yield job

    def workflows(self) -> Iterator[tuple[str, list[CiJob]]]:
        """The jobs of each workflow file."""
        found: dict[str, list[CiJob]] = defaultdict(list)
        for job in self.once():
            found[job.site.span.path].append(job)
        yield from found.items()


_JOBS: WeakKeyDictionary[Model, Jobs] = WeakKeyDictionary()


def jobs(model: Model) -> Jobs:
    """The jobs of an estate, indexed; once for each model."""
    known = _JOBS.get(model)
    if known is None:
        known = _JOBS[model] = Jobs()
        for part in model.ci:
            if isinstance(part, CiJob):
                known.all.append(part)
                known.by_id[part.site.id] = part
            else:
                known.steps[part.job].append(part)
    return known
