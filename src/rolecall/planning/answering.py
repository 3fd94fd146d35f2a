"""Which migration of a plan answers a finding.

A migration names the findings that it ends where it can (`answers`); else it answers what lies where its subject does.
A finding about the way of a key, a workload that has no identity of its own or an output that shows the key, is
answered by the migration of that workload or that key.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from rolecall.model.finding import Finding
from rolecall.planning.migration import Migration

#: Rules about a workload that is given a key: what moves the workload answers them.
_OF_CONSUMERS = frozenset({"RC202", "RC203"})
#: Rules about a place that a key comes by: what ends the key answers them.
_OF_KEYS = frozenset({"RC106"})


class Answers:
    """The migrations of one plan by what they answer; an earlier one wins."""

    def __init__(self, migrations: Sequence[Migration]) -> None:
        self._named: dict[str, Migration] = {}
        self._near: dict[str, list[Migration]] = defaultdict(list)
        self._of_subject: dict[str, list[Migration]] = defaultdict(list)
        self._of_owner: dict[str, list[Migration]] = defaultdict(list)
        self._at: dict[tuple[str, int], list[Migration]] = defaultdict(list)
        self._of_consumer: dict[tuple[str, str], Migration] = {}
        for migration in migrations:
            for fingerprint in migration.answers:
                self._named.setdefault(fingerprint, migration)
            if not migration.answers:
                self._near[migration.subject.path].append(migration)
            if migration.about == "key":
                self._of_subject[migration.subject.address].append(migration)
                self._of_owner[migration.identity].append(migration)
                self._at[migration.subject.path, migration.subject.start_line].append(migration)
            for consumer in migration.consumers:
                self._of_consumer.setdefault((consumer.path, consumer.address), migration)

    def of(self, finding: Finding) -> Migration | None:
        """The migration that answers a finding; None where none does."""
        return next(self._found(finding), None)

    def _found(self, finding: Finding) -> Iterator[Migration]:
        span = finding.span
        if (named := self._named.get(finding.fingerprint)) is not None:
            yield named
        for migration in self._near.get(span.path, ()):
            subject = migration.subject
            overlaps = subject.start_line <= span.end_line and span.line <= subject.end_line
            if overlaps and (subject.type != "trust" or finding.family == "trust"):
                yield migration
        yield from self._of_subject.get(finding.address, ())[:1]
        if finding.rule in _OF_CONSUMERS and (mover := self._of_consumer.get((span.path, finding.address))):
            yield mover
        if finding.rule in _OF_KEYS:
            for place in finding.related:
                yield from self._at.get((place.span.path, place.span.line), ())
            yield from _nearest(self._of_owner.get(finding.identity, ()) if finding.identity else (), span.path)


def _nearest(migrations: Iterable[Migration], path: str) -> Iterator[Migration]:
    """The one of the same folder; else the only one."""
    found = list(migrations)
    folder = path.rpartition("/")[0]
    beside = [migration for migration in found if migration.subject.path.rpartition("/")[0] == folder]
    yield from beside[:1] or (found if len(found) == 1 else ())
