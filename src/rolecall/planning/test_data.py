"""Patches of test data: a program's own tests read such files and compare them, so that nothing in them is changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from rolecall.analysis.testdata import lies_in_tests
from rolecall.planning.building import Built
from rolecall.planning.migration import Handover, Migration


def spared(built: Iterable[Built], named: Sequence[str]) -> Iterator[Built]:
    """The same without phases where a migration would change test data.  `named` are the paths that the user named, as
    `lies_in_tests` takes them.
    """
    for item in built:
        if any(_touches(migration, named) for migration in item.migrations):
            # the key's own end waits for the workloads' moves: they stay or go together
            item = replace(item, migrations=tuple(map(_told, item.migrations)))
        yield item


def _touches(migration: Migration, named: Sequence[str]) -> bool:
    return any(lies_in_tests(path, named) for phase in migration.phases for path in phase.files)


def _told(migration: Migration) -> Migration:
    if not migration.phases:
        return migration
    files = sorted({path for phase in migration.phases for path in phase.files})
    return replace(
        migration,
        disposition="keep" if migration.disposition == "keep" else "advice",
        phases=(),
        reasons=(*migration.reasons, f"no patch: {files[0]} lies in test data, which a program's own tests compare"),
        handover=(
            *migration.handover,
            Handover(
                "see whether it is ever applied; where it is, plan that folder by itself",
                files[0],
                "the owner of the tests",
                f"rolecall plan {files[0].rpartition('/')[0]}",
                "its plan has the patch",
            ),
        ),
    )
