"""Migrations out of cases: one for each workload that has to move, and one for the key that dies when all have moved.

The workload's migration grants and moves (expand, migrate); the key's migration soaks and deletes (soak, contract) and
comes after all of them.  So a team can move its own workload, and nobody deletes a key while another still holds it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from rolecall.frontends.values import Hop
from rolecall.model.linking import Consumption, OpenEnd, Step
from rolecall.model.parts import Workload
from rolecall.model.pipelines.systems import CI_STORES, SYSTEMS, keyless_way
from rolecall.model.targets import TARGETS, target_of
from rolecall.planning.case import Case, Use
from rolecall.planning.edits.foreign import is_foreign
from rolecall.planning.edits.variable_home import at_home
from rolecall.planning.endings.access_key import PERMISSIONS, end_access_key
from rolecall.planning.endings.controls import hardened, hidden_outputs, open_outputs
from rolecall.planning.endings.ending import ENDINGS, ends_in_place
from rolecall.planning.endings.key_end import NO_WAY_BACK, KeyEnd
from rolecall.planning.endings.stack_key import end_stack_key
from rolecall.planning.endings.succession import succeeded
from rolecall.planning.migration import PHASES, Consumer, Disposition, Edit, Handover, Migration, Phase, Subject
from rolecall.planning.move import Move, Planner
from rolecall.planning.scoring import effort, risk
from rolecall.planning.verdicts.advising import advise, held, likely, steps_to, why
from rolecall.planning.verdicts.application_steps import application_steps
from rolecall.planning.verdicts.copied_key import copied
from rolecall.planning.verdicts.image_pull import pull_steps
from rolecall.planning.verdicts.judgement import Verdict, carried_by_another, hold_back, likely_target
from rolecall.planning.verdicts.named_pipeline import named_pipeline
from rolecall.planning.verdicts.named_secrets import naming_steps
from rolecall.planning.verdicts.named_stores import readers_by_name
from rolecall.planning.verdicts.other_account import other_account
from rolecall.planning.verdicts.outside import answer
from rolecall.planning.verdicts.serverless import service_steps
from rolecall.planning.verdicts.steps import LAST_USE, last_use, take_over
from rolecall.source.text import Span

_ROLLBACK = {
    "prepare": "revert the commit and apply",
    "expand": "revert the commit and apply: nothing uses the new identity yet",
    "migrate": "revert the commit and apply: the key is still active",
    "soak": 'set status = "Active" again and apply: the key works at once',
    "contract": NO_WAY_BACK,
}
#: The platform that reads a store of a CI system.
_PIPELINES = {
    **{system.store: system.platform for system in SYSTEMS.values()},
    "tfe-variable": "hcp-terraform",
}
_READERS = {**_PIPELINES, "service-connection": "azure-pipelines"}
#: Stores that a role of AWS reads, whatever it runs.
_OF_AWS = {"ssm": "aws-store", "secretsmanager": "aws-store"}
#: Stores by the cloud of the key that say what reads them, so that a planner can plan for a reader that is not seen.
_SEEN = {
    "aws": ("k8s-secret", *_PIPELINES),
    "azure": tuple(name for name in _READERS if name != "azuredevops-group"),
    "gcp": ("k8s-secret", *(name for name in _PIPELINES if name != "azuredevops-group"), *_OF_AWS),
    "oci": ("github-secret", "gitlab-variable"),
}


@dataclass(frozen=True)
class Built:
    """What one case came to: the migrations, the last one being the key's own.  A grant to narrow has no case."""

    case: Case | None
    migrations: tuple[Migration, ...]


def build(case: Case, planners: Mapping[tuple[str, str], Planner]) -> Built:
    """All migrations of one case."""
    cloud = case.credential.cloud
    uses = (*case.uses, *_unseen_uses(case), *_named_use(case))
    served = any((cloud, use.workload.platform) in planners for use in uses) or ends_in_place(case)
    verdict = hold_back(case) if cloud == "aws" else held(case) if served else advise(case)
    if verdict is not None:
        return Built(case, (_held(case, verdict),))
    moves: list[tuple[Use, Move]] = []
    for use in uses:
        planner = planners.get((cloud, use.workload.platform))
        move = other_account(case, use)
        if move is None:
            foreign = is_foreign(use.workload.site)
            move = _by_hand(case, use) if planner is None or foreign else planner.plan(case, use)
        moves.append((use, move))
        moves[-1][1].handover.extend(pull_steps(case, use) if cloud == "aws" else ())
    _hold_shared_places(moves)
    parts = [_move_migration(case, use, move) for use, move in moves]
    if case.credential.form != "minted":
        return Built(case, tuple(parts))
    key = replace(_key_migration(case, moves), waits=tuple(part.id for part in parts))
    return Built(case, (*parts, key))


def _hold_shared_places(moves: list[tuple[Use, Move]]) -> None:
    """Entries on the way of several workloads go when all of them can move, since they go for all of them."""
    while True:
        waiting = [
            (move, other)
            for _, move in moves
            for other, held in moves
            if move.complete and not held.complete and _overlap(move.edits["migrate"], other)
        ]
        for move, other in waiting:
            move.hold(f"{other.workload.site.address} takes the key by the same entries, and cannot be moved yet")
        if not waiting:
            return


def _overlap(edits: list[Edit], use: Use) -> bool:
    """Whether edits take away something that the key passes through on its way to a workload."""
    spans = {step.span for consumption in use.consumptions for step in consumption.steps}
    return any(e.path == s.path and e.start < s.end and s.start < e.end for e in edits for s in spans)


def _unseen_uses(case: Case) -> Iterator[Use]:
    """Stores whose reader is not seen but whose kind says what reads it: pods, jobs of another repository."""
    cloud = case.credential.cloud
    by_store: dict[tuple[str, int], list[OpenEnd]] = {}
    for end in case.ends:
        by_store.setdefault(end.store.site.declaration, []).append(end)
    groups: dict[tuple[str, str, str], list[OpenEnd]] = {}
    for ends in by_store.values():
        store = ends[0].store
        # a CI secret is one login however many blocks write it, a Kubernetes secret is read by its own pods
        name = store.scope if store.kind in CI_STORES else store.id
        groups.setdefault((store.kind, store.site.unit, name), []).extend(ends)
    for (kind, _, _), ends in groups.items():
        if kind not in _SEEN.get(cloud, ()) or (kind in CI_STORES and "inactive" in case.credential.marks):
            continue  # with a key that is switched off nobody logs in, so that there is nothing to move
        platform = {**_READERS, **_OF_AWS}.get(kind, "eks")
        site = ends[0].store.site
        if kind == "service-connection" and succeeded(case, site):
            continue
        workload = Workload(
            site,
            {"eks": "pod", "aws-store": "unknown"}.get(platform, "pipeline-job"),
            platform,
            cloud,
            "aws:pod-role" if platform == "eks" else TARGETS[cloud]["github-actions"],
            namespace=ends[0].store.scope,
        )
        yield Use(workload, tuple(Consumption(workload, end.steps) for end in ends))


def _named_use(case: Case) -> Iterator[Use]:
    """The pipeline that the names of a credential speak of, where it is handed over and nobody is seen to take it."""
    blind, cloud = _blind(case), case.credential.cloud
    if case.uses or not blind or len(blind) < len(case.ends) or case.is_switched_off or cloud not in _SEEN:
        return
    platform, word = named_pipeline(case)
    if platform:
        target = TARGETS[cloud]["github-actions"]
        workload = Workload(blind[0].store.site, "pipeline-job", platform, cloud, target, label=word)
        yield Use(workload, tuple(Consumption(workload, end.steps) for end in blind))


def _blind(case: Case) -> list[OpenEnd]:
    """The places that the key is put into and that do not say what reads them."""
    return [end for end in case.ends if end.store.kind not in _SEEN.get(case.credential.cloud, ())]


def _by_hand(case: Case, use: Use) -> Move:
    """A workload that no planner knows: the target is named where the catalog knows it, the rest is for people."""
    move = Move(target_of(case.credential.cloud, use.workload))
    for step in steps_to(case, move.target):
        move.hold(why(use.workload, move.target), step)
    if move.complete:
        move.hold(
            f"rolecall cannot patch {use.workload.site.address} ({use.workload.platform or 'unknown platform'})",
            Handover(
                keyless_way(use.workload.platform, "aws")
                or f"find out how {use.workload.site.address} can take a role",
                use.workload.site.address,
                "its owner",
            ),
        )
    return move


def _move_migration(case: Case, use: Use, move: Move) -> Migration:
    place = use.places[0]
    last = max(use.places, key=lambda span: span.end_line if span.path == place.path else 0)
    site = use.workload.site
    phases = tuple(_phases(case, move))
    handover = (*move.handover, *naming_steps(case, use), *(() if move.platform else application_steps(case, use)))
    subject = Subject(
        "credential",
        case.credential.cls,
        case.credential.cloud,
        site.address,
        place.path,
        place.line,
        last.end_line if last.path == place.path else place.end_line,
    )
    return Migration(
        id=identifier("move", site.address, case.credential.id),
        subject=subject,
        identity=_identity(case),
        unit=case.credential.site.unit,
        consumers=tuple(_consumers((use,))),
        targets=move.targets,
        disposition=move.disposition,
        reuses=move.reuses or None,
        reasons=tuple(move.reasons),
        phases=phases,
        handover=handover or (() if phases else (take_over(case, use),)),
        risk=risk(case),
        effort=effort(move.complete, move.handover, len(case.uses)),
        prerequisites=tuple(move.prerequisites),
        permissions=tuple(dict.fromkeys(move.permissions)),
    )


def _phases(case: Case, move: Move) -> Iterator[Phase]:
    for name in PHASES:
        edits = move.edits.get(name)
        # nothing is taken away from a workload while a part of its way is left to people
        if edits and (move.complete or name in ("prepare", "expand")):
            kept = tuple(at_home(case.context, edits))
            yield Phase(name, kept, tuple(move.needs[name]), tuple(move.verify[name]), _ROLLBACK[name])


def _key_migration(case: Case, moves: list[tuple[Use, Move]]) -> Migration:
    """The end of the key itself."""
    targets = [target for _, move in moves for target in move.targets]
    end = KeyEnd(case, moves, complete=bool(moves))
    for use, move in moves:
        if not move.complete:
            why_not = "; ".join(move.reasons)
            end.leave(f"{use.workload.site.address} cannot be moved by a patch alone: {why_not}", *move.handover)
        elif move.one_sided:
            end.leave(f"{use.workload.site.address} is patched on its own side alone: {'; '.join(move.reasons)}")
    blind = _blind(case)
    secret = [open_end for open_end in blind if open_end.steps[0].attribute != "id"]  # an id alone opens nothing
    for open_end in secret or blind:
        address = open_end.store.site.address
        end.leave(
            f"nothing seen reads {address}, so nobody can tell who uses what lies there", _find_reader(case, open_end)
        )
    targets += [_guess(case, open_end) for open_end in blind]
    if not moves and not blind:
        replacement = carried_by_another(case)
        targets = ["retire"] if replacement else ["retire", _guess(case, None)]
        end.leave(
            f"nothing in the scanned code reads this key, and {replacement} carries the same policies already"
            + _runs_as(case, replacement)
            if replacement
            else "nothing in the scanned code reads this key; somebody may hold it out of sight",
            last_use(case),
        )
    by_hand = copied(case) if not moves and not blind else None
    lost = case.declaration.lost
    if by_hand is not None:
        targets.reverse()
        end.leave("a pipeline here logs in with a key that no code makes, and it may be this one", by_hand)
    elif lost is not None:
        targets = [_guess(case, None)]
        end.reasons[:] = [f"{lost.path}:{lost.line} reads this key, and where it goes from there cannot be followed"]
        end.handover.insert(0, _find_taker(lost))
    elif not blind and not is_foreign(case.credential.site):
        _end(end)
    if not moves:
        end.handover.extend(service_steps(case, targets))
    if case.is_switched_off:
        end.phases = [phase for phase in end.phases if phase.name != "soak"]
    if not end.complete:
        end.phases[:0] = hidden_outputs(case)
    disposition: Disposition = (
        "patch"
        if end.complete
        else ("partial" if end.phases or any(m.disposition == "partial" for _, m in moves) else "advice")
    )
    return Migration(
        id=identifier("key", case.credential.site.address, case.credential.id),
        subject=_key_subject(case),
        identity=_identity(case),
        unit=case.credential.site.unit,
        consumers=tuple(_consumers([use for use, _ in moves])),
        targets=tuple(dict.fromkeys(targets)) or ("unknown",),
        disposition=disposition,
        reuses=next((move.reuses for _, move in moves if move.reuses), None),
        reasons=tuple(dict.fromkeys(end.reasons)),
        phases=tuple(end.phases),
        handover=tuple(dict.fromkeys(end.handover)),
        risk=risk(case),
        effort=effort(end.complete, end.handover, len(moves)),
        prerequisites=("every consumer has moved: " + ", ".join(use.workload.site.address for use, _ in moves),)
        if moves
        else (),
        permissions=_permissions(case) if end.phases else (),
    )


def _runs_as(case: Case, role: str) -> str:
    """Who runs as a role, in words: what used the key once may be among them."""
    named = {w.site.address for w in case.model.workloads.values() if w.identity.rpartition("//")[2] == role}
    return f" ({', '.join(sorted(named)[:3])} runs as it, and may be what used the key once)" if named else ""


def _end(end: KeyEnd) -> None:
    """Adds soak and contract, as the kind of key has them."""
    credential = end.case.credential
    ending = ENDINGS.get(credential.site.type)
    if credential.site.type == "aws_iam_access_key":
        end_access_key(end)
    elif credential.site.format == "cloudformation":
        end_stack_key(end)
    elif ending is not None:
        ending.end(end)
    elif credential.cloud != "aws":
        end.complete = False


def _permissions(case: Case) -> tuple[str, ...]:
    ending = ENDINGS.get(case.credential.site.type)
    if ending is not None:
        return ending.permissions
    return PERMISSIONS


def _guess(case: Case, end: OpenEnd | None) -> str:
    return likely_target(case, end) if case.credential.cloud == "aws" else likely(case, end)


def _find_taker(place: Span) -> Handover:
    return Handover(
        "find out what takes the key where the code names it, and treat that as its consumer",
        str(place),
        "the owner of the code there",
    )


def _find_reader(case: Case, end: OpenEnd) -> Handover:
    store = end.store
    ask = "aws iam get-access-key-last-used --access-key-id KEY_ID"
    credential = case.credential
    named = readers_by_name(case.context, end)
    return Handover(
        f"find out who reads {store.name or store.site.address} ({store.kind})"
        + (f"; these lines name it: {named}" if named else ""),
        str(end.steps[-1].span),
        "the owner of the code that reads it",
        ask
        if credential.cloud == "aws" and credential.cls == "access-key"
        else LAST_USE.get((credential.cloud, credential.cls), ""),
        "what it says of the last use points at the reader",
    )


def _held(case: Case, verdict: Verdict) -> Migration:
    move = answer(case, verdict)
    phases = (*hardened(case), *_phases(case, move))
    return Migration(
        id=identifier("key", case.credential.site.address, case.credential.id),
        subject=_key_subject(case),
        identity=_identity(case),
        unit=case.credential.site.unit,
        consumers=tuple(_consumers(case.uses)),
        targets=verdict.targets,
        disposition="partial" if phases and verdict.disposition == "advice" else verdict.disposition,
        reasons=(verdict.reason, *move.reasons),
        phases=phases,
        handover=(*move.handover, *open_outputs(case)),
        risk=risk(case),
        effort=effort(False, move.handover, len(case.uses)),
        permissions=tuple(dict.fromkeys(move.permissions)) if phases else (),
    )


def _key_subject(case: Case) -> Subject:
    place = case.credential.span  # the block, where it is changed, and not the call that asked for it
    return Subject(
        "credential",
        case.credential.cls,
        case.credential.cloud,
        case.credential.site.address,
        place.path,
        place.line,
        place.end_line,
    )


def _identity(case: Case) -> str:
    return case.owner.site.address if case.owner is not None else ""


def _consumers(uses: Iterable[Use]) -> Iterator[Consumer]:
    for use in uses:
        site = use.workload.site
        steps = use.consumptions[0].steps
        yield Consumer(
            use.workload.kind,
            use.workload.platform,
            site.address,
            use.places[0].path,
            use.places[0].line,
            tuple(_hops(steps)),
        )


def _hops(steps: Iterable[Step]) -> Iterator[Hop]:
    for step in steps:
        yield from step.hops
        yield Hop("store" if step.by_name else "resource", step.holder.rpartition("//")[2], step.span)


def identifier(kind: str, address: str, about: str) -> str:
    """A migration's id: short, and the same as long as the credential and the consumer are."""
    return f"{kind}-{hashlib.sha256(f'{address}|{about}'.encode()).hexdigest()[:8]}"
