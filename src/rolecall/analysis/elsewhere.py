"""What other scanners were told not to say, in comments and metadata of the scanned code.

Such a skip silences nothing here: it was written about another program's finding.  But where it names the same finding,
somebody has thought about it, and the reader should know; so the finding gets a note.  Understood are:

    # checkov:skip=CKV_AWS_41:reason           inside a block, and `checkov.io/skip1: CKV_K8S_20=reason`
    # trivy:ignore:AVD-AWS-0057                on, in or right above a block; tfsec:ignore too, long names also
    # kics-scan ignore-line | ignore-block     the next line or block; `kics-scan disable=ID` holds for the file
    # zizmor: ignore[rule]                     on the line
    Metadata: {cfn_nag: {rules_to_suppress: …}, checkov: {skip: …}, guard: {SuppressedRules: …}}

Blocks are told by how files are laid out, without parsing: only files that have both a finding and a skip are read so.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from functools import cache

from rolecall.catalog.entries import written
from rolecall.model.finding import Finding
from rolecall.source.patterns import late
from rolecall.source.records import dataclass, replace
from rolecall.source.text import SourceText

_ANY = late(rb"checkov|trivy:|tfsec:|kics-scan|cfn_nag|SuppressedRules|zizmor:")
_COMMENT = late(
    r"(?P<checkov>checkov:skip=|checkov\.io/skip\d*[\"']?\s*:\s*[\"']?)(?P<check>[A-Z]\w+)(?:[:=](?P<why>[^\"'\n]*))?"
    r"|(?P<trivy>(?:trivy|tfsec):ignore:)(?P<rule>[A-Za-z][\w-]*)(?P<because>[^\n]*)"
    r"|kics-scan\s+(?:(?P<kics>ignore-line|ignore-block)|disable=(?P<disabled>[0-9a-fA-F,\s-]+))"
    r"|zizmor:\s*ignore\[(?P<zizmor>[\w,\s-]+)\](?P<remark>[^\n]*)"
)
#: A key of `Metadata`, and the items below it: `- id: W12`, `reason: …`, a rule's name by itself.
_METADATA = late(r"[\"']?(?P<tool>cfn_nag|checkov|SuppressedRules)[\"']?\s*:\s*(?P<rest>.*)")
_ID = late(r"[\"']?id[\"']?\s*:\s*[\"']?(?P<id>[A-Z]\w+)")
_WHY = late(r"[\"']?(?:reason|comment)[\"']?\s*:\s*[\"']?(?P<why>[^\"'\n]+)")
_NAME = late(r"[\"']?(?P<name>[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)[\"']?")
_ONLY_COMMENT = late(r"\s*(?:#|//|/\*|\*|<!--)")
_HCL_BLOCK = late(r"[A-Za-z_]\w*[ \t\"{]")
_RESOURCES = late(r"(?P<indent>\s*)[\"']?Resources[\"']?\s*:")
MAX_REASON = 160


@dataclass(frozen=True, slots=True)
class Skip:
    """One skip: the scanner, the rule that it was told not to speak of ("" for all), why, and the lines it is about."""

    tool: str
    rule: str
    reason: str
    first_line: int
    last_line: int


def remarked(findings: Iterable[Finding], read: Callable[[str], SourceText | None]) -> Iterator[Finding]:
    """The findings, with a note on each that another scanner was told to skip at the same place.

    `read` gives a file's text, None where it cannot be read.
    """
    known: dict[str, tuple[Skip, ...]] = {}
    for finding in findings:
        if finding.equivalents:
            path = finding.span.path
            if path not in known:
                source = read(path)
                known[path] = tuple(skips(source)) if source is not None else ()
            notes = list(dict.fromkeys(_said(finding, known[path])))
            if notes:
                note = f"skipped elsewhere: {', '.join(notes)}"
                finding = replace(finding, note=f"{finding.note}; {note}" if finding.note else note)
        yield finding


def _said(finding: Finding, skips: Iterable[Skip]) -> Iterator[str]:
    for skip in skips:
        if skip.first_line <= finding.span.end_line and finding.span.line <= skip.last_line:
            same = {one.upper(): one for one in finding.equivalents.get(skip.tool, ())}
            if (skip.rule.upper() in same) or (not skip.rule and same):
                name = same.get(skip.rule.upper(), skip.tool)
                yield f"{name} ({skip.reason})" if skip.reason else name


def skips(source: SourceText) -> Iterator[Skip]:
    """The skips of other scanners in one file."""
    if not _ANY.search(source.data):
        return
    lines = source.data.decode("utf-8", "replace").split("\n")
    starts = list(_blocks(source.path, lines))
    for at, line in enumerate(lines, 1):
        for found in _COMMENT.finditer(line):
            yield from _of_comment(found, at, lines, starts)
        if (key := _METADATA.search(line)) and not line.lstrip().startswith("#"):
            yield from _of_metadata(key, at, lines, starts)


def _of_comment(found: re.Match[str], at: int, lines: list[str], starts: list[int]) -> Iterator[Skip]:
    if found["checkov"]:
        yield Skip("checkov", found["check"], _reason(found["why"]), *_around(at, lines, starts))
    elif found["trivy"]:
        rule = found["rule"].upper().removeprefix("AVD-")
        name = _long_names().get(found["rule"].lower(), rule)
        yield Skip("trivy", name, _reason(found["because"]), *_around(_below(at, lines), lines, starts))
    elif found["kics"]:
        below = _below(at, lines)
        place = (below, below) if found["kics"] == "ignore-line" else _around(below, lines, starts)
        yield Skip("kics", "", f"kics-scan {found['kics']}", *place)
    elif found["disabled"]:
        for one in found["disabled"].split(","):
            yield Skip("kics", one.strip().lower(), "for the whole file", 1, len(lines))
    elif found["zizmor"]:
        for one in found["zizmor"].split(","):
            yield Skip("zizmor", one.strip(), _reason(found["remark"]), at, _below(at, lines))


def _of_metadata(key: re.Match[str], at: int, lines: list[str], starts: list[int]) -> Iterator[Skip]:
    """The items below a key of `Metadata`, to where the text is no deeper than the key."""
    place = _around(at, lines, starts)
    tool = "guard" if key["tool"] == "SuppressedRules" else key["tool"]
    deep = _indent(lines[at - 1])
    inside = [key["rest"]]
    for line in lines[at : at + 200]:
        item = line.lstrip()
        if item and not (_indent(line) > deep or (_indent(line) == deep and item.startswith(("-", "]", "}")))):
            break
        inside.append(line)
    if tool == "guard":
        for found in _NAME.finditer("\n".join(inside)):
            yield Skip(tool, found["name"], "", *place)
        return
    text = "\n".join(inside)
    marks = list(_ID.finditer(text))
    ends = [*(mark.start() for mark in marks), len(text)][1:]
    for mark, end in zip(marks, ends, strict=True):
        why = _WHY.search(text, mark.end(), end)
        yield Skip(tool, mark["id"], _reason(why["why"].rstrip(" }]") if why else ""), *place)


def _blocks(path: str, lines: list[str]) -> Iterator[int]:
    """The lines on which blocks begin: of HCL, of a template's resources, of the documents of any other YAML."""
    if path.endswith((".tf", ".hcl", ".tofu")):
        yield from (at for at, line in enumerate(lines, 1) if _HCL_BLOCK.match(line))
        return
    top = next(((at, found) for at, line in enumerate(lines, 1) if (found := _RESOURCES.match(line))), None)
    if top is None:
        yield from (at for at, line in enumerate(lines, 1) if line.startswith("---"))
        return
    outer = len(top[1]["indent"])
    own = -1
    for at, line in enumerate(lines[top[0] :], top[0] + 1):
        item = line.lstrip()
        if not item or item.startswith("#"):
            continue
        deep = len(line) - len(item)
        if deep <= outer:
            yield at
            return
        own = deep if own < 0 else own
        if deep == own and item[0] not in "}]":
            yield at


def _around(at: int, lines: list[str], starts: list[int]) -> tuple[int, int]:
    """The first and last line of the block that a line is in."""
    index = bisect_right(starts, at)
    first = starts[index - 1] if index else 1
    return first, (starts[index] - 1 if index < len(starts) else len(lines))


def _below(at: int, lines: list[str]) -> int:
    """The line that a comment is about: its own where something else is on it, else the next that is no comment."""
    while at < len(lines) and (_ONLY_COMMENT.match(lines[at - 1]) or not lines[at - 1].strip()):
        at += 1
    return at


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _reason(text: str | None) -> str:
    reason = (text or "").strip().removesuffix("*/").removesuffix("-->").strip(" \t:-,#")
    return reason if len(reason) <= MAX_REASON else f"{reason[: MAX_REASON - 2]} …"


@cache
def _long_names() -> dict[str, str]:
    names: dict[str, str] = tomllib.loads(written("elsewhere.toml"))["trivy"]
    return names
