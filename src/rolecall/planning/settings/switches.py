"""Settings that stand wrong, as migrations of their own: the right value is written where nobody loses access by it, or
where it can be taken back at once; else people are told exactly what to do (recipes AZ-14 to AZ-20).

What is right for a setting is a row of catalog/switches.toml.  Who in the code uses the keys that a switch would end is
named, and then nothing is switched (rule R3).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from rolecall.frontends.values import Hop, text
from rolecall.frontends.values import Mapping as MappingValue
from rolecall.frontends.values import Sequence as SequenceValue
from rolecall.model.finding import Finding
from rolecall.model.parts import Misset, SecretValue
from rolecall.model.state.settings import ABSENT, PRESENT, WRITTEN, told
from rolecall.planning.building import identifier
from rolecall.planning.case import Context
from rolecall.planning.edits.foreign import refuse_foreign
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.edits.setting_edit import Value, replace_attribute, set_value, shown
from rolecall.planning.edits.stack_template import declared, template
from rolecall.planning.migration import Disposition, Edit, Handover, Migration, Phase, Subject
from rolecall.planning.narrowing.others import cloud_of
from rolecall.planning.proofs.provider_pin import Pin, pin_in
from rolecall.planning.settings.key_readers import Readers, Use
from rolecall.planning.settings.sessions import refuse_askers
from rolecall.planning.settings.switch_rows import Switch, rows
from rolecall.source.yaml import YamlMapping, YamlScalar, YamlSequence

_RISK = {"critical": 100, "high": 60, "medium": 30, "low": 8}
_CLOUDS = {"AWS::": "aws", "github:": "ci"}
#: What a switch that can be taken back at once has in common.
_BACK = "take the change back and apply: its keys are still good"
_UNSEEN = "who else has its keys is not in the code, so the end of them is left to people"
_MOST = 10
#: Words in commands, and the attributes that say what to put there.
_NAMES = {"NAME": "name", "GROUP": "resource_group_name"}
#: A name that no shell and no query reads as more than a name.
_NAME = re.compile(r"[\w-]{1,120}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Fault:
    """One finding with the setting that it is about, and the row that answers it."""

    finding: Finding
    misset: Misset | SecretValue
    switch: Switch


@dataclass
class Switches:
    """The settings of one plan.  `edited` are the edits of other migrations by path."""

    context: Context
    edited: Mapping[str, Sequence[Edit]]
    readers: Readers = field(init=False)

    def __post_init__(self) -> None:
        self.readers = Readers(self.context)

    def migrations(self, findings: Iterable[Finding]) -> Iterator[Migration]:
        """One migration for each setting of a resource; advice for several resources of one folder is one."""
        advice: dict[tuple[str, Switch], list[tuple[Fault, str]]] = defaultdict(list)
        groups: dict[tuple[tuple[str, int], Switch], list[Fault]] = defaultdict(list)
        for fault in self._faults(findings):
            groups[fault.misset.site.declaration, fault.switch].append(fault)
        for (_, switch), faults in groups.items():
            first = faults[0]
            reason = ""
            if switch.set:
                edits, users, reason = self._edits(faults)
                if edits or users:
                    plain = _migration(faults, targets(self.context, first))
                    plan = _held(plain, first, users) if users else _switched(plain, first, edits, self._note(first))
                    yield self._named(plan, first)
                    continue
            advice[first.misset.site.module, switch].extend((fault, reason) for fault in faults)
        for told_of in advice.values():
            faults = [fault for fault, _ in told_of]
            plan = _advised(_migration(faults, targets(self.context, faults[0])), told_of)
            yield self._named(plan, faults[0]) if len(faults) == 1 else plan

    def _named(self, migration: Migration, fault: Fault) -> Migration:
        """The same with the resource's own name and group in its commands, where the code has them."""
        texts = [step.command for step in migration.handover]
        texts += [need for phase in migration.phases for need in phase.needs]
        names: dict[str, str] = {}
        for word, attribute in _NAMES.items():
            if any(re.search(rf"\b{word}\b", one) for one in texts):
                resource = self.context.resource(fault.misset.site)
                name = text(resource.get(attribute)) if resource is not None else None
                if name and _NAME.fullmatch(name):
                    names[word] = name
        if not names:
            return migration
        pattern = re.compile(rf"\b(?:{'|'.join(names)})\b")

        def filled(command: str) -> str:
            return pattern.sub(lambda match: names[match[0]], command)

        return replace(
            migration,
            handover=tuple(replace(step, command=filled(step.command)) for step in migration.handover),
            phases=tuple(replace(phase, needs=tuple(map(filled, phase.needs))) for phase in migration.phases),
        )

    def _faults(self, findings: Iterable[Finding]) -> Iterator[Fault]:
        known: dict[tuple[str, int, str], list[Misset | SecretValue]] = defaultdict(list)
        model = self.context.model
        missets: list[Misset | SecretValue] = [*chain.from_iterable(model.missets.values()), *model.secret_values]
        for misset in missets:
            if rows(misset.site.type, misset.path):
                key = f"{misset.site.address} {misset.path}"
                known[misset.span.path, misset.span.start, key].append(misset)
        if not known:
            return
        for finding in findings:
            if finding.severity == "note":
                continue
            for misset in known.get((finding.span.path, finding.span.start, finding.key), ())[:1]:
                switch = self._row(misset)
                if switch is not None:
                    yield Fault(finding, misset, switch)

    def _row(self, misset: Misset | SecretValue) -> Switch | None:
        for switch in rows(misset.site.type, misset.path):
            if switch.value and isinstance(misset, Misset) and switch.value != misset.value:
                continue
            if all(self._holds(misset, path, wanted) for path, wanted in switch.when):
                return switch
        return None

    def _holds(self, misset: Misset | SecretValue, path: str, wanted: tuple[str, ...]) -> bool:
        if path.startswith("lifecycle."):
            return self._lifecycle(misset, path.partition(".")[2]) in wanted
        resource = self.context.resource(misset.site)
        value = resource.get(path) if resource is not None else None
        if value is None:
            return ABSENT in wanted and resource is not None
        if WRITTEN in wanted or (PRESENT in wanted and isinstance(value, MappingValue | SequenceValue)):
            return True
        return told(value, False) in wanted and not any(
            hop.kind == "parameter" and hop.note == "default" and not self._only(hop, wanted) for hop in value.via
        )

    def _only(self, hop: Hop, wanted: tuple[str, ...]) -> bool:
        """Whether a parameter of a template whose default is taken here cannot be given any other value than these."""
        try:
            body = declared(
                template(self.context.text(hop.span.path)), "Parameters", hop.address.rpartition("/")[2]
            ).value
        except Refused:
            return False
        allowed = body.get("AllowedValues") if isinstance(body, YamlMapping) else None
        items = allowed.items if isinstance(allowed, YamlSequence) else []
        return bool(items) and all(isinstance(item, YamlScalar) and item.value.lower() in wanted for item in items)

    def _lifecycle(self, misset: Misset | SecretValue, name: str) -> str:
        try:
            block = self.context.block(misset.site.span)
        except Refused:
            return ""
        return next((inner.plain(name) or "" for inner in block.blocks if inner.type == "lifecycle"), ABSENT)

    def _edits(self, faults: Sequence[Fault]) -> tuple[list[Edit], list[Use], str]:
        """The edits of a switch; or who uses what it would end; or why there is none."""
        first = faults[0]
        site, switch = first.misset.site, first.switch
        if any(fault.misset.hops for fault in faults) and not switch.instead:
            hop = next(fault.misset.hops[-1] for fault in faults if fault.misset.hops)
            return [], [], f"{site.address}: the value comes from {hop.address} ({hop.span.path}:{hop.span.line})"
        for hop in (hop for fault in faults for hop in fault.misset.hops if hop.kind == "module-input"):
            return [], [], f"{site.address}: it is handed in by {hop.address} ({hop.span.path}:{hop.span.line})"
        try:
            users = self.readers.of(site, switch, first.misset.span)
            if users:
                return [], users, ""
            if switch.asked:
                refuse_askers(self.context.model, site)
            refuse_foreign(site)
            edits: list[Edit] = []
            for path, value in self._written(first):
                if switch.instead:
                    edits.extend(replace_attribute(self.context, site, first.misset.path, path, value))
                else:
                    edits.extend(set_value(self.context, site, path, value, first.misset.span))
            self._refuse_changed(first, edits)
        except Refused as refused:
            return [], [], f"{site.address}: {refused.reason}"
        return edits, [], ""

    def _written(self, fault: Fault) -> tuple[tuple[str, Value], ...]:
        """What to write, by the version of the provider."""
        site, switch = fault.misset.site, fault.switch
        if site.format != "terraform":
            return switch.set
        if switch.provider and not self._says(site.unit, site.type.partition("_")[0], switch.provider):
            raise Refused(
                f"Terraform itself uses the key until the provider says {switch.provider} = true (and its identity has "
                "the roles for the data)"
            )
        pin = self._pin(site.unit, site.type)
        if switch.since and not pin.reaches(*switch.since):
            raise Refused(f"the provider's version is pinned below {'.'.join(map(str, switch.since))}")
        if switch.new and (fault.misset.path == switch.new[0][0] or self._takes_new(fault)):
            return switch.new
        if not switch.new and len(switch.paths) > 1 and len(switch.set) == 1 and fault.misset.path in switch.paths:
            return ((fault.misset.path, switch.set[0][1]),)
        return switch.set

    def _takes_new(self, fault: Fault) -> bool:
        """Whether the newer name of an argument is written; never beside the older one."""
        site = fault.misset.site
        unwritten = fault.misset.span == site.header
        return unwritten and self._pin(site.unit, site.type).reaches(*fault.switch.new_since)

    def _note(self, fault: Fault) -> tuple[str, ...]:
        """What has to be true of the provider where the code does not pin it."""
        site, switch = fault.misset.site, fault.switch
        if site.format != "terraform" or self._pin(site.unit, site.type).newest is not None:
            return ()
        version, before = switch.since, ""
        if switch.new and self._written(fault) == switch.new:
            version, before = switch.new_since, f" (before it is {' and '.join(path for path, _ in switch.set)})"
        if not version:
            return ()
        name = site.type.partition("_")[0]
        return (f"the provider {name} is of version {'.'.join(map(str, version))} or newer{before}: no code says so",)

    def _pin(self, unit: str, type_name: str) -> Pin:
        return pin_in(self.context, unit, type_name.partition("_")[0])

    def _says(self, unit: str, provider: str, name: str) -> bool:
        """Whether every block of a provider in a root module says so."""
        known = self.context.unit(unit, "terraform")
        blocks = [r for r in known.resources if r.mode == "provider" and r.type == provider] if known else []
        return bool(blocks) and all(
            (value := block.get(name)) is not None and told(value, False) == "true" for block in blocks
        )

    def _refuse_changed(self, fault: Fault, edits: Sequence[Edit]) -> None:
        """Raises Refused where another migration writes the same attribute: it comes first."""
        span = fault.misset.site.span
        names = {part for path, _ in fault.switch.set for part in path.split(".")}
        for other in self.edited.get(span.path, ()):
            if span.start <= other.start and other.end <= span.end and any(name in other.new for name in names):
                raise Refused("another migration changes it; plan again after that")
        if not edits:
            raise Refused("nothing is left to write")


def targets(context: Context, fault: Fault) -> tuple[str, ...]:
    """The row's target; of a database's the identities of the workloads of its unit."""
    if fault.switch.target != "database":
        return (fault.switch.target,)
    site = fault.misset.site
    cloud = "gcp:" if site.type.startswith("google_") else "aws:"
    around = (w for w in context.model.workloads.values() if w.site.unit == site.unit)
    found = {workload.target for workload in around if workload.target.startswith(cloud)}
    return tuple(sorted(found)) or ("unknown",)


def _migration(faults: Sequence[Fault], wanted: tuple[str, ...]) -> Migration:
    """A migration that says what is wrong, and nothing yet of what to do."""
    first = faults[0]
    site, span = first.misset.site, first.finding.span
    cloud = next((cloud for start, cloud in _CLOUDS.items() if site.type.startswith(start)), cloud_of(f"{site.type}.x"))
    worst = max(_RISK.get(fault.finding.severity, 1) for fault in faults)
    messages = [fault.finding.message for fault in faults]
    if len(messages) > _MOST:
        messages[_MOST:] = [f"and {len(messages) - _MOST} more of its folder"]
    return Migration(
        id=identifier("setting", site.address, first.finding.fingerprint),
        subject=Subject(first.switch.about, site.type, cloud, site.address, span.path, span.line, span.end_line),
        identity=first.finding.identity,
        consumers=(),
        targets=wanted,
        disposition="advice",
        reasons=tuple(dict.fromkeys(messages)),
        risk=worst,
        effort=5,
        unit=site.unit,
        answers=tuple(dict.fromkeys(fault.finding.fingerprint for fault in faults)),
    )


def _switched(plain: Migration, fault: Fault, edits: Sequence[Edit], note: tuple[str, ...]) -> Migration:
    """The switch as a patch: whole, or the side of it that takes nothing away for good."""
    switch, where = fault.switch, fault.misset.site.address
    reasons, handover = (switch.why,) if switch.why else (), _steps(fault, where)
    needs, verify, rollback = switch.needs, switch.verify, switch.rollback
    disposition: Disposition = "patch" if switch.phase == "migrate" else "partial"
    if switch.phase == "soak" and not switch.needs:
        reasons, rollback = (_UNSEEN,), _BACK
        needs = (f"nobody uses its keys any more: {switch.seen}{f': {switch.probe}' if switch.probe else ''}",)
        verify = ("no caller is refused; a caller with a key is",)
        handover = (
            Handover(
                f"find who else uses its keys, and give each a role instead: {switch.roles}",
                where,
                "the owner of the resource",
                switch.probe,
                switch.seen,
            ),
            Handover(
                "after two weeks without trouble make its keys anew, so that copies of them are worthless even when "
                "the switch is taken back",
                where,
                "the owner of the resource",
                switch.anew,
                "the old keys are refused, also while they are taken",
            ),
        )
    elif switch.phase == "expand":
        reasons = (*reasons, "what comes after it is not in the code")
    phase = Phase(switch.phase, tuple(dict.fromkeys(edits)), needs, verify, rollback)
    return replace(
        plain,
        disposition=disposition,
        reasons=(*plain.reasons, *reasons),
        phases=(phase,),
        handover=handover,
        effort=1 if disposition == "patch" else 2 + len(handover),
        prerequisites=note,
        permissions=switch.permissions,
    )


def _held(plain: Migration, fault: Fault, users: Sequence[Use]) -> Migration:
    """Somebody in the code would lose access: nothing is switched before that has changed."""
    switch, where = fault.switch, fault.misset.site.address
    instead = f", by a role: {switch.roles}" if switch.roles else ""
    what = "let none of these depend on it"
    if switch.readers or switch.makers or switch.words:
        what = f"move these off its keys{instead}"
    elif switch.hosts:
        what = (
            "let these ask with a session token (IMDSv2), and let containers have roles of their own or write "
            "http_put_response_hop_limit (HttpPutResponseHopLimit) = 2 beside it"
        )
    elif switch.instead:
        what = "let these log in by their role, or read the secret that the service keeps, and not be given it any more"
    written = ", ".join(shown(path, value) for path, value in switch.set)
    return replace(
        plain,
        reasons=(*plain.reasons, "no patch: " + "; ".join(map(str, users))),
        handover=(
            Handover(
                f"{what}: {', '.join(f'{use.path}:{use.line}' for use in users)}",
                where,
                "the owners of these",
                check="a new plan names none of them",
            ),
            Handover(
                f"then plan again, or write {written}",
                where,
                "the owner of the resource",
                switch.probe,
                (*switch.verify, "no caller is refused")[0],
            ),
        ),
    )


def _advised(plain: Migration, told_of: Sequence[tuple[Fault, str]]) -> Migration:
    fault, _ = told_of[0]
    switch = fault.switch
    unpatched = dict.fromkeys(f"not patched: {reason}" for _, reason in told_of if reason)
    where = ", ".join(dict.fromkeys(fault.misset.site.address for fault, _ in told_of[:_MOST]))
    handover = _steps(fault, where)
    if switch.set:
        written = ", ".join(shown(path, value) for path, value in switch.set)
        sourced = any(fault.misset.hops for fault, _ in told_of)
        first = [
            Handover(
                f"write {switch.provider} = true in the provider block, and give Terraform's own identity the roles "
                "for the data",
                where,
                "the owner of the pipeline",
                check="a plan reads containers, queues and shares without the key",
            )
        ]
        handover = (
            *(first if switch.provider else ()),
            Handover(
                f"find who depends on it{f', and give each a role instead: {switch.roles}' if switch.roles else ''}",
                where,
                "the owner of the resource",
                switch.probe,
                switch.seen if switch.probe or not switch.needs else "; ".join(switch.needs),
            ),
            Handover(
                f"then write {written}{', where the value comes from' if sourced else ''}",
                where,
                "the owner of the resource",
                check=(*switch.verify, "no caller is refused; a caller with a key is")[0],
            ),
            *handover,
        )
        if switch.instead:
            handover = handover[-len(switch.steps) :]
    return replace(
        plain,
        reasons=(*plain.reasons, *((switch.why,) if switch.why else ()), *unpatched),
        handover=handover,
    )


def _steps(fault: Fault, where: str) -> tuple[Handover, ...]:
    return tuple(Handover(step.what, where, step.who, step.command, step.check) for step in fault.switch.steps)


def switch_settings(context: Context, findings: Iterable[Finding], others: Iterable[Migration]) -> Iterator[Migration]:
    """One migration for each setting that stands wrong and that a row of the table answers.

    `others` are the plan's other migrations, which come first where they change the same attribute.
    """
    edited: dict[str, list[Edit]] = defaultdict(list)
    for migration in others:
        for phase in migration.phases:
            for edit in phase.edits:
                edited[edit.path].append(edit)
    yield from Switches(context, edited).migrations(findings)
