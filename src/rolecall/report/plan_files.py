"""The folder that `rolecall plan` writes: the plan for programs, the road map for people, and the patches for git.

plan.json  roadmap.md  phases/1-prepare.patch …  migrations/ID/{runbook.md, 2-expand.patch …}
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from rolecall.planning.composition import Series, Step, compose
from rolecall.planning.migration import PHASES, Migration, about, with_waiting
from rolecall.planning.series import patch
from rolecall.report.json import dumps
from rolecall.report.markdown import block, code, code_of_path, escaped, table
from rolecall.report.masking import quotes_key
from rolecall.report.secret_places import SecretPlaces
from rolecall.report.text import counted
from rolecall.source.diff import unified
from rolecall.source.patterns import late
from rolecall.source.tree import Tree

SCHEMA = "rolecall/plan/1"
_ID = late(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class NotAPlanFolderError(Exception):
    """A folder that holds something else, so that nothing is written there."""


def files(
    data: Mapping[str, Any], migrations: Sequence[Migration], series: Series, tree: Tree, places: SecretPlaces
) -> Iterator[tuple[str, bytes]]:
    """Every file of the folder, as (path, content).  `data` is the plan as its JSON has it."""
    yield "plan.json", (dumps(data) + "\n").encode()
    shown, left_out = _showable(migrations, series, tree, places)
    phases = list(_patches("phases", shown))
    yield "roadmap.md", roadmap(data, left_out, [path for path, _ in phases]).encode("utf-8", "replace")
    yield from phases
    for migration, record in zip(migrations, data["migrations"], strict=True):
        folder = f"migrations/{migration.id if _ID.fullmatch(migration.id) else 'unnamed'}"
        own = _showable([migration], compose(tree, [migration]), tree, places)[0] if migration.phases else None
        patches = list(_patches(folder, own)) if own is not None else []
        yield from patches
        names = [path.rpartition("/")[2] for path, _ in patches]
        yield f"{folder}/runbook.md", runbook(record, names).encode("utf-8", "replace")


def _showable(
    migrations: Sequence[Migration], series: Series, tree: Tree, places: SecretPlaces
) -> tuple[Series, list[str]]:
    """The series of those migrations that patches may show whole, and the ids of the others.

    A migration of which a patch would show one file and not another would be applied by halves; a key waits for the
    moves that it is to die after.
    """
    kept = [migration for migration in migrations if migration.phases]
    left: list[str] = []
    while paths := {path for step in series.steps for path in secretive(step, places)}:
        out = [m.id for m in kept if any(edit.path in paths for phase in m.phases for edit in phase.edits)]
        left += with_waiting(out, kept)
        kept = [m for m in kept if m.id not in left]
        series = compose(tree, kept)
    return series, left


def _patches(folder: str, series: Series) -> Iterator[tuple[str, bytes]]:
    for step in series.steps:
        if step.changes:
            yield f"{folder}/{PHASES.index(step.name) + 1}-{step.name}.patch", patch(step)


def secretive(step: Step, places: SecretPlaces) -> Iterator[str]:
    """The files whose part of a patch would quote a secret: git needs the lines that a patch takes away.

    Its migrations are left out of the patches; `rolecall apply` changes it without quoting it.
    """
    for path, edits in step.changes.items():
        part = unified(path, step.before[path], edits).decode("utf-8", "replace")
        secret = places.lines(path)
        _, _, body = part.partition("\n@@")  # a path is no secret, whatever its shape
        shown = [line[1:] for line in body.splitlines()[1:] if line[:1] in ("-", " ")]
        if any(line in secret or quotes_key(line, path) for line in shown):
            yield path


def write(folder: Path, contents: Iterator[tuple[str, bytes]]) -> None:
    """Write the folder, in the place of the plan that was there before.

    Everything is written beside it first.  Raises NotAPlanFolderError where the folder holds anything but a plan,
    OSError where writing fails; then what was there is as it was.
    """
    folder = Path(os.path.abspath(folder))
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not _is_plan(folder))):
        raise NotAPlanFolderError(f"{folder} holds something that is not a plan; nothing is written there")
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = folder.with_name(f".{folder.name}.{os.getpid()}")
    old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    try:
        for path, content in contents:
            target = fresh / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        if folder.exists():
            folder.rename(old)
        try:
            fresh.rename(folder)
        except OSError:
            with suppress(OSError):
                old.rename(folder)
            raise
    finally:
        for rest in (fresh, old):
            shutil.rmtree(rest, ignore_errors=True)


def _is_plan(folder: Path) -> bool:
    """Whether a folder holds a plan and nothing else."""
    known = {"plan.json", "roadmap.md", "phases", "migrations"}
    if any(entry.name not in known for entry in folder.iterdir()):
        return False
    try:
        with (folder / "plan.json").open("rb") as file:
            return SCHEMA.encode() in file.read(200)
    except OSError:
        return False


_DISPOSITIONS = {
    "patch": "complete patches",
    "partial": "patches for one side, the rest by hand",
    "advice": "no patch would be right",
    "keep": "no keyless way exists: keep it, with controls",
}


#: Targets whose words do not say what they lead to.
_MEANS = {
    "narrow": "the same grant with less in it",
    "pin-trust": "the same trust with fewer in it",
    "retire": "nobody needs it",
    "keep-with-controls": "no keyless way, or a setting to change",
    "unknown": "the code does not say",
}


def roadmap(data: Mapping[str, Any], left_out: Sequence[str] = (), patches: Sequence[str] = ()) -> str:
    """The whole plan for people: where the estate stands, then wave by wave.

    `left_out` are the migrations that no patch shows since it would quote a secret, `patches` the files that there are.
    """
    migrations = {record["id"]: record for record in data["migrations"]}
    kpis = data["kpis"]
    lines = ["# Road map", ""]
    lines += [
        f"{counted(kpis.get('identities', 0), 'machine identity', 'machine identities')}, "
        f"{counted(kpis.get('static_credentials', 0), 'static credential')}, {counted(len(migrations), 'migration')}.",
        "",
    ]
    counts = kpis.get("migrations_by_disposition", {})
    rows = [(name, str(counts[name]), text) for name, text in _DISPOSITIONS.items() if counts.get(name)]
    if rows:
        lines += [*table(("disposition", "migrations", "meaning"), rows), ""]
    phases = [part["name"] for part in data.get("series", ())]
    if phases:
        lines += [
            "Each phase leaves the estate deployable.  Merge and apply them one at a time, in this order, and do what",
            "the runbooks say in between.  In the folder that was planned, where PLAN is the folder of this file:",
            "",
        ]
        for at, name in enumerate(phases, start=1):
            file = f"phases/{PHASES.index(name) + 1}-{name}.patch"
            by_git = f"`git apply PLAN/{file}`, or " if file in patches else ""
            lines.append(f"{at}. {by_git}`rolecall apply PLAN --phase {name}`")
        lines.append("")
        if left_out:
            lines += [
                "The patches leave these migrations out, since they would quote a secret beside the lines that change;",
                "`rolecall apply` makes a phase with them: " + ", ".join(code(name) for name in left_out) + ".",
                "",
            ]
    for wave in data["waves"]:
        lines += [f"## Wave {wave['wave']}", ""]
        records = [migrations[name] for name in wave["migrations"] if name in migrations]
        settings = [record for record in records if about(record["id"]) == "setting"]
        if len(settings) < len(records):
            lines += _listed([record for record in records if record not in settings])
        if settings:
            lines += ["### Settings", "", *_listed(settings)]
    return "\n".join(lines)


def _listed(records: Sequence[Mapping[str, Any]]) -> list[str]:
    rows = [
        (
            f"[{record['id']}](migrations/{record['id']}/runbook.md)",
            code(record["identity"] or record["subject"]["address"]),
            code_of_path(f"{record['subject']['path']}:{record['subject']['start_line']}"),
            escaped(", ".join(record["targets"])),
            record["disposition"],
            str(record["risk"]),
            str(record["effort"]),
        )
        for record in records
    ]
    return [*table(("migration", "identity", "place", "target", "disposition", "risk", "effort"), rows), ""]


def runbook(record: Mapping[str, Any], patches: Sequence[str]) -> str:
    """One migration for the person who carries it out."""
    subject = record["subject"]
    place = f"{subject['path']}:{subject['start_line']}"
    lines = [f"# {record['id']}", ""]
    lines += [f"{escaped(subject['kind'])} {code(subject['address'])} in {code_of_path(place)}", ""]
    if record["identity"]:
        lines += [f"Identity: {code(record['identity'])}", ""]
    targets = [f"{word} ({_MEANS[word]})" if word in _MEANS else word for word in record["targets"]]
    lines += [f"Target: {escaped(', '.join(targets))}", ""]
    lines += [f"Disposition: {record['disposition']} ({_DISPOSITIONS[record['disposition']]})", ""]
    if record["reuses"]:
        lines += [f"It takes over an identity that exists: {code(record['reuses'])}", ""]
    lines += _list("Why", record["reasons"])
    lines += _list("Before you start", record.get("prerequisites", ()))
    lines += _list("Permissions that applying it needs", record.get("permissions", ()), code)
    lines += _consumers(record["consumers"])
    for phase in record["phases"]:
        lines += _phase(phase, patches)
    if record["handover"]:
        lines += ["## By hand", ""]
        for number, step in enumerate(record["handover"], start=1):
            lines += _step(number, step)
    if record["proof"]:
        said = {True: "holds", False: "fails", None: "not decided"}
        rows = [(escaped(item["name"]), said[item["holds"]], escaped(item["detail"])) for item in record["proof"]]
        lines += ["## Proof", "", *table(("what", "", "detail"), rows), ""]
    return "\n".join(lines)


def _list(title: str, items: Sequence[str], form: Any = escaped) -> list[str]:
    return [f"## {title}", "", *(f"- {form(item)}" for item in items), ""] if items else []


def _consumers(consumers: Sequence[Mapping[str, Any]]) -> list[str]:
    if not consumers:
        return []
    lines = ["## Who consumes it", ""]
    for consumer in consumers:
        where = code_of_path(f"{consumer['path']}:{consumer['start_line']}")
        lines.append(f"- {code(consumer['address'])} ({escaped(consumer['platform'] or consumer['kind'])}) in {where}")
        lines += [
            f"  - {escaped(hop['kind'])} {code(hop['address'])} in {code_of_path(hop['path'])} line {hop['start_line']}"
            for hop in consumer["via"]
        ]
    return [*lines, ""]


def _step(number: int, step: Mapping[str, str]) -> Iterator[str]:
    """One step for people, as an entry of a numbered list; its command stands alone, so that it can be copied."""
    indent = " " * (len(str(number)) + 2)
    yield f"{number}. {escaped(step['what'])}"
    for title, key in (("where", "where"), ("who", "who"), ("done when", "check")):
        if step[key]:
            yield f"{indent}- {title}: {escaped(step[key])}"
    yield ""
    if step["command"]:
        yield from (indent + line for line in block(step["command"]))
        yield ""


def _phase(phase: Mapping[str, Any], patches: Sequence[str]) -> list[str]:
    number = PHASES.index(phase["name"]) + 1
    lines = [f"## {number} {phase['name']}", ""]
    name = f"{number}-{phase['name']}.patch"
    if name in patches:
        lines += [f"Patch: [{name}]({name})", ""]
    elif phase.get("edits"):
        lines += [f"No patch, since it would quote a secret: `rolecall apply PLAN --phase {phase['name']}`", ""]
    for title, key in (("Needs", "needs"), ("Look at after it", "verify")):
        if phase[key]:
            lines += [f"{title}:", "", *(f"- {escaped(item)}" for item in phase[key]), ""]
    if phase["rollback"]:
        lines += [f"Way back: {escaped(phase['rollback'])}", ""]
    return lines
