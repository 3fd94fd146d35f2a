"""The proof of a plan: what has to hold before a patch is shown.

Every phase of the composed series is laid over the tree and read again: the files parse, nothing dangles, no phase
brings a new finding of the same or a higher severity, nothing new is granted, and at the end the finding is gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rolecall.analysis.aside import Aside
from rolecall.evidence.facts import NOTHING, Evidence
from rolecall.model.finding import RANK, Finding
from rolecall.model.linking import Model
from rolecall.planning.building import identifier
from rolecall.planning.case import Context
from rolecall.planning.composition import Series, Step
from rolecall.planning.migration import Migration, Proof
from rolecall.planning.narrowing.used import NAME as USED
from rolecall.planning.narrowing.used import losses
from rolecall.planning.proofs.containment_proof import counterexamples
from rolecall.planning.proofs.once_proof import NAME as ONCE
from rolecall.planning.proofs.once_proof import doubles
from rolecall.planning.proofs.schema_proof import NAME, Judged, of_step, proofs
from rolecall.planning.proofs.statement_proof import counterexamples as more_said
from rolecall.planning.proofs.syntax_proof import dangling, syntax
from rolecall.planning.proofs.terraform_proof import NAME as VALIDATE
from rolecall.planning.proofs.terraform_proof import Terraform, proof_of
from rolecall.planning.proofs.terraform_proof import failures as broken
from rolecall.planning.proofs.use_proof import still_used

if TYPE_CHECKING:
    from rolecall.planning.plan import Analysed


@dataclass(frozen=True, slots=True)
class Failure:
    """A proof that failed, and the migration that has to give way."""

    name: str
    migration: str
    detail: str


#: Bytes of changed files from which on two processes prove faster than one.
_WORTH_FORKING = 100_000
#: A trust that lets nobody in is no risk: a new role waits like that for its owner to say who may have it.
LETS_NOBODY_IN = frozenset({"RC407"})


@dataclass(frozen=True)
class Outcome:
    """What was shown of a series."""

    failures: tuple[Failure, ...]
    shown: Mapping[str, tuple[Proof, ...]]

    def of(self, migration: Migration) -> tuple[Proof, ...]:
        return self.shown.get(migration.id, ())


def prove(
    analysis: Analysed,
    series: Series,
    migrations: Sequence[Migration],
    evidence: Evidence = NOTHING,
    terraform: Terraform | None = None,
) -> Outcome:
    """Every proof over every phase.  Failures name the migrations whose edits lie in the file that failed.

    `terraform` is asked too, where nothing else failed.
    """
    touching = _touching(series, migrations)
    if not touching:
        return Outcome((), {})
    by_id = {migration.id: migration for migration in migrations}
    included = [by_id[name] for name in series.included]
    steps = [step for step in series.steps if step.changes]
    size = sum(len(data or b"") for step in steps for path, data in step.files.items() if path in step.changes)
    judged: list[Judged] = []
    with Aside(lambda: list(_files(steps, touching, analysis, migrations, included)), size > _WORTH_FORKING) as files:
        last, failures = _analysed_again(analysis, steps, touching, migrations, series)
        for misread, blocks in files.made():
            failures.extend(misread)
            judged.extend(blocks)
    failures.extend(_gone(series, migrations, last))
    failures.extend(_compared(analysis, last, included, judged, evidence))
    judged_by_terraform = terraform.judge(series, included) if terraform is not None and not failures else {}
    failures.extend(Failure(VALIDATE, *found) for found in broken(judged_by_terraform, series, included))
    bad = {failure.migration for failure in failures}
    agreed = proofs(judged)
    shown = {
        migration.id: tuple(_held(migration, agreed.get(migration.id), proof_of(judged_by_terraform, migration)))
        for migration in migrations
        if migration.phases and migration.id in series.included and migration.id not in bad
    }
    return Outcome(tuple(failures), shown)


def _files(
    steps: Sequence[Step],
    touching: Mapping[str, list[str]],
    analysis: Analysed,
    migrations: Sequence[Migration],
    included: Sequence[Migration],
) -> Iterator[tuple[list[Failure], list[Judged]]]:
    """What is wrong with the files of each phase by themselves, and what the providers' schemas say of its blocks."""
    context = Context(analysis.tree, analysis.model, analysis.unit)
    units = {migration.id: migration.unit for migration in migrations}
    before = analysis.tree
    for step in steps:
        after = analysis.tree.with_overlay(step.files)
        misread = list(_read_again(step, touching, analysis))
        misread += [
            Failure(ONCE, double.migration, f"phase {step.name}: {double.detail}")
            for double in doubles(analysis.tree, before, after, step, included)
        ]
        yield misread, list(of_step(step, context, units))
        before = after


def _analysed_again(
    analysis: Analysed,
    steps: Sequence[Step],
    touching: Mapping[str, list[str]],
    migrations: Sequence[Migration],
    series: Series,
) -> tuple[Analysed, list[Failure]]:
    """The analysis after the last phase, and what an analysis of each phase has against it."""
    owners = {
        m.subject.address: m.identity for m in migrations if m.id in series.included and m.subject.type != "trust"
    }
    before = {finding.fingerprint: finding for finding in analysis.findings}
    holders = _with_groups(analysis.model, set(owners.values()))
    failures: list[Failure] = []
    told: set[str] = set()
    last = analysis
    for step in steps:
        last = last.over(step.files)  # what an earlier phase has changed is not read again
        blamed = _blamed(step, touching, migrations)
        failures.extend(_no_worse(step, before, last.findings, blamed, owners, holders, told))
        if step.name == "migrate":
            left = still_used(last.model, [m for m in migrations if m.id in series.included or not m.phases])
            failures.extend(Failure(found.name, found.migration, found.detail) for found in left)
    return last, failures


def _compared(
    analysis: Analysed, last: Analysed, included: Sequence[Migration], judged: Sequence[Judged], evidence: Evidence
) -> Iterator[Failure]:
    """What the schemas, the logs of use, and the grants before and after have against the series."""
    by_id = {migration.id: migration for migration in included}
    for block in judged:
        if block.faults:
            detail = f"{block.title}, by {block.against}: {'; '.join(block.faults)}"
            yield from (Failure(NAME, name, detail) for name in _at_fault(block, by_id))
    yield from (Failure(USED, *lost) for lost in losses(analysis.model, last.model, evidence, included))
    for proof in (counterexamples, more_said):
        for found in proof(analysis.model, last.model, included):
            yield Failure(found.name, found.migration, found.detail)


def _with_groups(model: Model, users: set[str]) -> set[str]:
    """The addresses of users, and of the groups that they are in."""
    found = set(users)
    for identity in model.identities.values():
        if identity.site.address in users:
            groups = (model.identities.get(g.policy) for g in model.own_grants(identity) if g.how == "membership")
            found.update(group.site.address for group in groups if group is not None)
    return found


def _touching(series: Series, migrations: Sequence[Migration]) -> dict[str, list[str]]:
    """The migrations that change each path."""
    found: dict[str, list[str]] = {}
    for migration in migrations:
        if migration.id in series.included:
            for phase in migration.phases:
                for path in phase.files:
                    names = found.setdefault(path, [])
                    if migration.id not in names:
                        names.append(migration.id)
    return found


def _blamed(step: Step, touching: Mapping[str, list[str]], migrations: Sequence[Migration]) -> Mapping[str, list[str]]:
    """The migrations that change each path in one phase; of a path that none does, those that change it at all."""
    phases = {migration.id: migration for migration in migrations}
    blamed: dict[str, list[str]] = {}
    for path, names in touching.items():
        now = [name for name in names if any(edit.path == path for edit in phases[name].edits(step.name))]
        blamed[path] = now or names
    return blamed


def _read_again(step: Step, touching: Mapping[str, list[str]], analysis: Analysed) -> Iterator[Failure]:
    for path in step.changes:
        for proof in syntax(path, step.before[path], step.files.get(path), step.changes[path]):
            if proof.holds is False:
                for name in touching.get(path, ()):
                    yield Failure(proof.name, name, f"{path}, phase {step.name}: {proof.detail}")
    after = analysis.tree.with_overlay(step.files)
    folders = {path.rpartition("/")[0] for path in step.changes if path.endswith(".tf")}
    templates = [path for path in step.changes if not path.endswith(".tf")]
    for problem in dangling(analysis.tree, after, sorted(folders), templates):
        names = touching.get(problem.path) or [n for path in step.changes for n in touching.get(path, ())]
        for name in dict.fromkeys(names):
            yield Failure("nothing dangles", name, f"phase {step.name}: {problem.detail}")


def _no_worse(
    step: Step,
    before: Mapping[str, Finding],
    findings: Sequence[Finding],
    touching: Mapping[str, list[str]],
    owners: Mapping[str, str],
    holders: Set[str],
    told: set[str],
) -> Iterator[Failure]:
    """No finding that was not there, unless it takes the place of one as severe: a workload that had no role and has a
    key gets a role that the key still hides; a user whose key goes (`owners`, by the key) stays behind without one; a
    role may do what was too much for the user or its groups (`holders`) already (that it is no more than that is
    another proof).  `told` has the fingerprints of earlier phases, and gets those of this one.
    """
    left = {finding.fingerprint for finding in findings}
    replaced: dict[tuple[str, str], int] = {}
    for finding in before.values():
        if finding.fingerprint not in left:
            about = finding.family, finding.address
            replaced[about] = max(replaced.get(about, -1), RANK[finding.severity])
    for finding in before.values():
        if finding.fingerprint not in left and (owner := owners.get(finding.address)):
            about = "identity-choice", owner
            replaced[about] = max(replaced.get(about, -1), RANK[finding.severity])
    # what is a matter of taste does not stop a patch that ends something worse
    worst = max((RANK[finding.severity] for finding in before.values()), default=0)
    least = RANK["medium"] if worst > RANK["low"] else RANK["low"]
    carried: dict[str, int] = {}
    for finding in before.values():
        if finding.family == "excess-privilege" and finding.identity in holders:
            carried[finding.rule] = max(carried.get(finding.rule, -1), RANK[finding.severity])
    for finding in findings:
        if finding.fingerprint in before or RANK[finding.severity] < least or finding.rule in LETS_NOBODY_IN:
            continue
        if finding.fingerprint in told:
            continue
        if finding.family == "excess-privilege" and carried.get(finding.rule, -1) >= RANK[finding.severity]:
            continue
        if replaced.get((finding.family, finding.address), -1) >= RANK[finding.severity]:
            continue
        told.add(finding.fingerprint)
        for name in touching.get(finding.span.path, ()):
            yield Failure(
                "no new finding",
                name,
                f"phase {step.name}: {finding.rule} at {finding.span}: {finding.message}",
            )


def _at_fault(block: Judged, migrations: Mapping[str, Migration]) -> list[str]:
    """Of the migrations that write in a block those that write what the schema does not have, else all."""
    words = {fault.partition(" ")[0].rpartition(".")[2] for fault in block.faults}
    named = [
        name
        for name in sorted(block.owners)
        if any(word in edit.new for phase in migrations[name].phases for edit in phase.edits for word in words)
    ]
    return named or sorted(block.owners)


def _gone(series: Series, migrations: Sequence[Migration], last: Analysed) -> Iterator[Failure]:
    """A complete patch ends its own finding: no credential is left where it was, no trust is as open as before."""
    left = {(c.site.address, c.span.path) for c in last.model.credentials.values() if c.form == "minted"}
    told = {identifier(kind, f.address, f.fingerprint) for f in last.findings for kind in ("trust", "grant")}
    still = {finding.fingerprint for finding in last.findings}
    for migration in migrations:
        if migration.disposition != "patch" or migration.id not in series.included:
            continue
        if migration.id in told:
            left_over = "still lets too many in" if migration.subject.type == "trust" else "still grants too much"
            yield Failure("the finding is gone", migration.id, f"{migration.subject.address} {left_over}")
        if not still.isdisjoint(migration.answers):
            yield Failure("the finding is gone", migration.id, f"{migration.subject.address} is still set as it was")
        if migration.about != "key":
            continue
        if (migration.subject.address, migration.subject.path) in left:
            yield Failure(
                "the finding is gone", migration.id, f"{migration.subject.address} is still there after the last phase"
            )


def _held(migration: Migration, *asked: Proof | None) -> Iterator[Proof]:
    yield Proof("files parse", True, "by the tree; by python-hcl2, PyYAML where it reads the original")
    yield from (proof for proof in asked if proof is not None)
    yield Proof("nothing dangles", True, "every reference of the changed folders resolves after each phase")
    yield Proof("no new finding", True, "each phase was analysed again")
    if migration.disposition == "patch":
        yield Proof("the finding is gone", True, "after the last phase")
    yield Proof("nothing new is granted", True, "every statement and policy was the role's or the user's before")
    if migration.disposition == "patch" and migration.about == "move":
        yield Proof("the role can do what the key could", True, "where the role is in the code")
    yield Proof("other bytes are the same", True)
