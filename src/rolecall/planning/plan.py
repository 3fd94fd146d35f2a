"""The plan of an estate: every credential's migrations, composed, proved, and laid out in waves.

A patch is shown only when its proof holds.  A migration whose proof fails, or that cannot go together with an earlier
one, loses its edits and says so; the rest is composed and proved again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from rolecall.evidence.facts import NOTHING, Evidence
from rolecall.frontends.resource import Unit
from rolecall.model.declaration import Declaration, declarations
from rolecall.model.finding import Finding
from rolecall.model.finding import to_json as finding_to_json
from rolecall.model.linking import Model
from rolecall.planning.answering import Answers
from rolecall.planning.building import Built, build
from rolecall.planning.case import Case, Context
from rolecall.planning.choice import Choice
from rolecall.planning.composition import Series, compose
from rolecall.planning.default_account import dedicate
from rolecall.planning.endings.dormant import dormant
from rolecall.planning.endings.observed import observed
from rolecall.planning.inventory import identities, kpis
from rolecall.planning.migration import Handover, Migration, to_json, with_waiting
from rolecall.planning.move import Planner
from rolecall.planning.narrowing.aws import narrow_aws
from rolecall.planning.narrowing.azure import narrow_azure
from rolecall.planning.narrowing.oci import narrow_statements
from rolecall.planning.narrowing.others import narrow
from rolecall.planning.proofs.proof import Failure, prove
from rolecall.planning.proofs.schema_proof import NAME as SCHEMA
from rolecall.planning.proofs.terraform_proof import Terraform
from rolecall.planning.series import to_json as series_to_json
from rolecall.planning.settings.remedies import remedies
from rolecall.planning.settings.switches import switch_settings
from rolecall.planning.settings.vault_policies import vault_policies
from rolecall.planning.test_data import spared
from rolecall.planning.trusts import pin
from rolecall.planning.waves import in_waves
from rolecall.source.tree import Tree

#: How often failing migrations are taken out and the rest is proved again, before all that is left falls.
MAX_ROUNDS = 16


class Analysed(Protocol):
    """What planning needs of an analysis: its findings and model, one unit again, and the same analysis over changed
    files.
    """

    @property
    def tree(self) -> Tree: ...
    @property
    def model(self) -> Model: ...
    @property
    def findings(self) -> Sequence[Finding]: ...
    def unit(self, name: str, format: str) -> Unit | None: ...
    def over(self, overlay: Mapping[str, bytes | None]) -> Analysed: ...


@dataclass(frozen=True)
class Plan:
    """A proved plan.  `series` holds the patches of all migrations together; `waves` the ids in order."""

    analysis: Analysed
    migrations: tuple[Migration, ...]
    series: Series
    waves: tuple[tuple[str, ...], ...]
    evidence: Evidence = NOTHING

    def to_json(self) -> dict[str, Any]:
        """The plan as the JSON contract has it."""
        model = self.analysis.model
        return {
            "schema": "rolecall/plan/1",
            "findings": list(map(finding_to_json, self.analysis.findings, self._fixes())),
            "identities": list(identities(model)),
            "migrations": [to_json(migration) for migration in self.migrations],
            "waves": [{"wave": number, "migrations": list(names)} for number, names in enumerate(self.waves)],
            "kpis": kpis(model, self.migrations),
            "series": series_to_json(self.series),
            "evidence": self.evidence.formats(),
        }

    def _fixes(self) -> Iterator[dict[str, Any] | None]:
        """What the plan says of each finding: the migration that answers it, with its disposition."""
        answers = Answers(self.migrations)
        for found in map(answers.of, self.analysis.findings):
            yield {"migration": found.id, "disposition": found.disposition} if found is not None else None


def make_plan(
    analysis: Analysed,
    planners: Mapping[tuple[str, str], Planner],
    choice: Choice | None = None,
    evidence: Evidence = NOTHING,
    settings: bool = True,
    sub_format: str = "both",
    validate: bool = False,
) -> Plan:
    """The plan of an estate, or of a part of it; without `settings` of keys, grants and trusts alone.  With `validate`
    the user's own Terraform is asked about every phase.

    Raises choice.Unknown.
    """
    context = Context(analysis.tree, analysis.model, analysis.unit, evidence, sub_format)
    built = list(_all(context, planners))
    built += [Built(None, (migration,)) for migration in dormant(analysis.model)]
    built += [Built(None, (migration,)) for migration in narrow(analysis.model, analysis.findings)]
    built += [Built(None, (migration,)) for migration in narrow_azure(context, analysis.findings)]
    built += [Built(None, (migration,)) for migration in narrow_aws(context, analysis.findings)]
    built += [Built(None, (migration,)) for migration in narrow_statements(analysis.model, analysis.findings)]
    built += [Built(None, (migration,)) for migration in pin(context, analysis.findings)]
    built = list(observed(built, evidence, analysis.model))
    others = [migration for item in built for migration in item.migrations]
    switches = switch_settings(context, analysis.findings, others) if settings else ()
    built += [Built(None, (migration,)) for migration in switches]
    vaults = vault_policies(context, analysis.findings) if settings else ()
    built += [Built(None, (migration,)) for migration in vaults]
    accounts = dedicate(context, analysis.findings, others) if settings else ()
    built += [Built(None, (migration,)) for migration in accounts]
    answered = [migration for item in built for migration in item.migrations]
    built += [Built(None, (one,)) for one in (remedies(context, analysis.findings, answered) if settings else ())]
    built = list(spared(built, getattr(analysis.tree, "named", ())))
    if choice is not None:
        built = choice.of(built)
    migrations, waves = in_waves(built)
    proved, series = settle(analysis, migrations, evidence, Terraform(analysis.tree) if validate else None)
    return Plan(analysis, tuple(proved), series, tuple(tuple(wave) for wave in waves), evidence)


def _all(context: Context, planners: Mapping[tuple[str, str], Planner]) -> list[Built]:
    built = [build(Case(context, declaration), planners) for declaration in declarations(context.model)]
    for credentials in context.model.declarations.values():
        first = credentials[0]
        if first.form == "minted" or context.model.fed_by(first) is not None:
            continue
        built.append(build(Case(context, Declaration(context.model, tuple(credentials))), planners))
    return [item for item in built if item.migrations]


def settle(
    analysis: Analysed,
    migrations: Sequence[Migration],
    evidence: Evidence = NOTHING,
    terraform: Terraform | None = None,
) -> tuple[list[Migration], Series]:
    """Compose and prove; take out what fails, with its reason; until what is left holds."""
    current = {migration.id: migration for migration in migrations}
    fallen: dict[str, list[Failure]] = defaultdict(list)
    series = compose(analysis.tree, [m for m in current.values() if m.phases])
    for _ in range(MAX_ROUNDS):
        for conflict in series.conflicts:
            fallen[conflict.migration].append(
                Failure(
                    "composition",
                    conflict.migration,
                    f"{conflict.reason} ({conflict.path}, with {conflict.other or 'the file'})",
                )
            )
        proof = prove(analysis, series, list(current.values()), evidence, terraform)
        for failure in proof.failures:
            fallen[failure.migration].append(failure)
        bad = [name for name in fallen if current[name].phases]
        if not bad:
            return [replace(m, proof=(*m.proof, *proof.of(m))) for m in current.values()], series
        for name in with_waiting(bad, [m for m in current.values() if m.phases]):
            current[name] = _demoted(current[name], fallen.get(name, []))
        series = compose(analysis.tree, [m for m in current.values() if m.phases])
    # The last series was never proved, so that no part of it is shown.
    every = [_demoted(m, [_unproved(m)]) if m.phases else m for m in current.values()]
    return every, compose(analysis.tree, [])


def _unproved(migration: Migration) -> Failure:
    return Failure("every proof", migration.id, f"other patches still failed after {MAX_ROUNDS} rounds of proofs")


def _demoted(migration: Migration, failures: list[Failure]) -> Migration:
    """The migration without its patches: advice, with the reason why no patch is shown."""
    reasons = tuple(f"no patch: the proof “{failure.name}” failed: {failure.detail}" for failure in failures) or (
        "no patch: a consumer's patch could not be proved",
    )
    newer = Handover(
        "let the code take a version of the provider that knows what the patch would write, then plan again",
        migration.subject.address,
        "the owner of the code",
        "terraform init -upgrade && terraform plan",
        "the plan shows no change by the new version",
    )
    handover = (*((newer,) if any(failure.name == SCHEMA for failure in failures) else ()), *migration.handover)
    mend = Handover(
        "mend what the proof names, or make the change by hand; then plan again",
        migration.subject.address,
        "the owner of the code",
        check="a new plan has a patch for it, or nothing more to say of it",
    )
    return replace(
        migration,
        disposition="advice" if migration.disposition != "keep" else "keep",
        phases=(),
        reasons=tuple(dict.fromkeys((*migration.reasons, *reasons))),
        handover=handover or (mend,),
    )
