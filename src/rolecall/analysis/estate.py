"""All units together: joined into islands, linked, checked; only the islands in which something changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from rolecall.analysis import elsewhere, filefacts, islands, literals, pickling
from rolecall.analysis.aside import Aside
from rolecall.analysis.cache import Harvests, Row, Snapshot
from rolecall.analysis.harvest import Harvest
from rolecall.analysis.islands import Joins
from rolecall.analysis.survey import Survey
from rolecall.analysis.units import Units
from rolecall.model.finding import Finding
from rolecall.model.linking import Model, link
from rolecall.model.parts import Credential, Fact, Fragment
from rolecall.model.secrets.secret_places import secret_places
from rolecall.model.state.tags import plain
from rolecall.source.digests import blake2b
from rolecall.source.records import replace
from rolecall.source.text import SourceText

#: How much there is to judge (`_weight`) from which on two processes do it faster than one.
_WORTH_FORKING = 5_000
#: The island of files that belong to no unit.
_LOOSE = -1


def whole(snapshot: Snapshot, harvests: Harvests) -> Model:
    """The model of the whole estate.  Raises LostHarvestError."""
    harvests.load()
    fragments = [harvests.need(row).fragment for row in snapshot.rows]
    return link([*fragments, _of_files(snapshot.survey, snapshot.survey.facts, fragments)])


def settle(
    surveyed: Survey,
    found: Units,
    fresh: dict[bytes, Harvest],
    before: Snapshot | None,
    harvests: Harvests,
    read: Callable[[str], SourceText | None],
    identity_tags: Iterable[tuple[str, tuple[str, ...]]] = (),
) -> Snapshot:
    """The snapshot of a changed estate: what the checks say of changed islands, and what they said of the others.

    `read` gives the text of a file, None where it cannot be read.  `identity_tags` are those of the options.
    """
    asked = [Fact("asked-tags", name, " ".join(map(plain, tags))) for name, tags in identity_tags]
    if len(fresh) > len(found.rows) // 4:
        harvests.load()
    rows, joins = _joined(found.rows, fresh, before, harvests)
    homes = {path: row.island for row in rows for path in row.files}
    members: dict[int, list[Row]] = {_LOOSE: []}
    for row in rows:
        members.setdefault(row.island, []).append(row)
    keys = {island: _island_key(own) for island, own in members.items() if island != _LOOSE}
    keys[_LOOSE] = _loose_key(surveyed, homes)
    old = before.findings if before is not None else {}
    findings = {key: old[key] for key in keys.values() if key in old}
    pending = [island for island, key in keys.items() if key not in findings]
    for island, said in _checked(surveyed, pending, members, homes, fresh, harvests, asked).items():
        findings[keys[island]] = tuple(elsewhere.remarked(said, read))
    metadata = before.suppressions if before is not None else {}
    suppressions = {row.key: metadata[row.key] for row in rows if row.key in metadata}
    suppressions.update((key, harvest.suppressions) for key, harvest in fresh.items() if harvest.suppressions)
    secrets = {row.key: known for row in rows if before is not None and (known := before.secrets.get(row.key))}
    secrets.update((key, places) for key, harvest in fresh.items() if (places := secret_places(harvest.fragment)))
    return Snapshot(surveyed, found.structures, rows, joins, findings, suppressions, secrets)


def _joined(
    rows: Sequence[Row], fresh: dict[bytes, Harvest], before: Snapshot | None, harvests: Harvests
) -> tuple[list[Row], bytes]:
    """The rows with their islands, and the pickled joins of all of them."""
    new: dict[int, Joins] = {}
    done: list[Row] = []
    for at, row in enumerate(rows):
        if not row.joins or row.key in fresh:
            harvest = fresh.get(row.key) or harvests.need(row)
            new[at] = islands.joins(harvest.fragment, row.files)
            row = replace(row, joins=_digest(new[at]), resources=harvest.resources)
        done.append(row)
    if before is not None and [_meeting(row) for row in done] == [_meeting(row) for row in before.rows]:
        homes = [row.island for row in before.rows]
        return [_on(row, home) for row, home in zip(done, homes, strict=True)], before.joins
    known: dict[bytes, Joins] = {}
    if before is not None and len(new) < len(done):
        offers: Iterable[tuple[frozenset[int], frozenset[int]]] = pickling.loads(before.joins)
        known = {row.joins: Joins(*pair) for row, pair in zip(before.rows, offers, strict=True)}
    all_joins = [new[at] if at in new else known[row.joins] for at, row in enumerate(done)]
    homes = islands.partition(all_joins)
    packed = pickling.dumps([(joins.offers, joins.asks) for joins in all_joins])
    return [_on(row, home) for row, home in zip(done, homes, strict=True)], packed


def _on(row: Row, island: int) -> Row:
    return row if row.island == island else replace(row, island=island)


def _meeting(row: Row) -> tuple[str, str, bytes]:
    return row.format, row.name, row.joins


def _digest(joins: Joins) -> bytes:
    return blake2b(repr((sorted(joins.offers), sorted(joins.asks))).encode(), digest_size=8).digest()


def _island_key(rows: Iterable[Row]) -> bytes:
    return blake2b(b"".join(sorted(row.key for row in rows)), digest_size=16).digest()


def _loose_key(surveyed: Survey, homes: dict[str, int]) -> bytes:
    digest = blake2b(b"loose", digest_size=16)
    for path, facts in surveyed.facts.items():
        if path not in homes or facts.unreadable:
            digest.update(f"{path}\0{facts.unreadable}\0".encode("utf-8", "surrogateescape"))
            digest.update(pickling.dumps(facts.literals))
    return digest.digest()


def _checked(
    surveyed: Survey,
    pending: Sequence[int],
    members: dict[int, list[Row]],
    homes: dict[str, int],
    fresh: dict[bytes, Harvest],
    harvests: Harvests,
    asked: Sequence[Fact],
) -> dict[int, list[Finding]]:
    """What the checks say of some islands; `asked` is what the project's settings ask for.

    Islands do not meet, so they are linked and checked together, and each finding belongs to the island of its file.
    """
    if not pending:
        return {}
    fragments = {
        island: [(fresh.get(row.key) or harvests.need(row)).fragment for row in members[island]] for island in pending
    }
    said: dict[int, list[Finding]] = {island: [] for island in pending}
    mine, others = _halves(fragments)

    def checked_aside() -> bytes:
        return pickling.dumps(list(_said(surveyed, homes, others, asked)))

    with Aside(checked_aside, forks=bool(others)) as meanwhile:
        together = list(_said(surveyed, homes, mine, asked))
        if others:
            together += pickling.loads(meanwhile.made())
    if all(_home(finding, homes) in said for finding in together):
        for finding in together:
            said[_home(finding, homes)].append(finding)
        return said
    # A finding at a place that no unit has read: only an island by itself tells whose it is.
    return {island: list(_said(surveyed, homes, {island: own}, asked)) for island, own in fragments.items()}


def _weight(fragment: Fragment) -> int:
    """How much there is to judge in a unit."""
    return 1 + 4 * (len(fragment.grants) + len(fragment.policies)) + len(fragment.cluster)


def _halves(
    fragments: dict[int, list[Fragment]],
) -> tuple[dict[int, list[Fragment]], dict[int, list[Fragment]]]:
    """The islands in two parts of about the same size; in one where they are not worth a second process."""
    sizes = {island: sum(map(_weight, own)) for island, own in fragments.items()}
    total, seen = sum(sizes.values()), 0
    first: dict[int, list[Fragment]] = {}
    second: dict[int, list[Fragment]] = {}
    for island, own in fragments.items():
        (first if total < _WORTH_FORKING or seen * 2 < total else second)[island] = own
        seen += sizes[island]
    return first, second


def _home(finding: Finding, homes: dict[str, int]) -> int:
    return homes.get(finding.span.path, _LOOSE)


def _said(
    surveyed: Survey, homes: dict[str, int], fragments: dict[int, list[Fragment]], asked: Iterable[Fact]
) -> Iterator[Finding]:
    from rolecall.checks import load

    mine = [path for path in surveyed.facts if homes.get(path, _LOOSE) in fragments]
    flat = [fragment for own in fragments.values() for fragment in own]
    loose = _of_files(surveyed, mine, flat)
    loose.facts.extend(asked)
    model = link([*flat, loose])
    for check in load(model):
        yield from check.check(model)


def _of_files(surveyed: Survey, paths: Iterable[str], fragments: Sequence[Fragment]) -> Fragment:
    """What files say by themselves: keys that no unit has found, and that they cannot be read where no unit said so."""
    found: list[Credential] = []
    unreadable: list[tuple[str, str]] = []
    for path in paths:
        facts = surveyed.facts[path]
        found.extend(facts.literals)
        if facts.unreadable:
            unreadable.append((path, facts.unreadable))
    fragment = literals.unclaimed(found, fragments)
    fragment.facts.extend(
        Fact("problem", "unreadable", reason, None, filefacts.start_of(path)) for path, reason in unreadable
    )
    return fragment
