"""Proof that a patch leaves files that parse, and that it changed nothing but what it said.

Each reader accepts some texts that the tool behind it rejects, so the trees are also looked at for what careless edits
make: an attribute or key twice, two attributes on one line.  python-hcl2 is a second reader, independent of the tree.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from tree_sitter import Node

from rolecall.planning.composition import Step
from rolecall.planning.migration import Proof
from rolecall.source.edits import Edit, apply, pieces
from rolecall.source.hcl import File, parse_file, walk
from rolecall.source.text import BOM, SourceText
from rolecall.source.yaml import load

#: The second reader takes seconds for each megabyte: a file above this many bytes rests on the tree alone.
_MAX_SECOND_READING = 200_000
_HCL = (".tf", ".tfvars", ".hcl")
_YAML = (".yml", ".yaml", ".json", ".template")


def prove(step: Step) -> tuple[Proof, Proof]:
    """The proofs `parses` and `untouched` for one phase; each detail names what fails, or what it rests on."""
    broken: list[str] = []
    alone: list[str] = []
    strayed: list[str] = []
    for path, edits in sorted(step.changes.items()):
        old, new = step.before[path], step.files[path]
        if new is None:
            continue
        if apply(old or b"", edits) != new:
            strayed.append(f"{path}: bytes outside the edits differ")
            continue
        if path.endswith(_HCL):
            broken.extend(f"{path}: {fault}" for fault in hcl_faults(path, old or b"", new))
            strayed.extend(f"{path}: {fault}" for fault in _block_changes(path, old or b"", new, edits))
            verdict = _second_reading(path, old or b"", new, edits)
            if verdict is None:
                alone.append(path)
            else:
                broken.extend(f"{path}: {fault}" for fault in verdict)
        elif path.endswith(_YAML):
            broken.extend(f"{path}: {fault}" for fault in yaml_faults(path, old, new))
    rests = f"python-hcl2 cannot read {', '.join(alone)}: rests on the tree alone" if alone else ""
    return (
        Proof("parses", not broken, "; ".join(broken) or rests),
        Proof("untouched", not strayed, "; ".join(strayed)),
    )


def hcl_faults(path: str, old: bytes, new: bytes) -> list[str]:
    """What Terraform would reject in the new text and the old one did not have."""
    before = Counter(message for message, _ in _hcl_faults(SourceText(path, old)))
    found: list[str] = []
    for message, line in _hcl_faults(SourceText(path, new)):
        if before[message] > 0:
            before[message] -= 1
        else:
            found.append(f"{message} in line {line}")
    return found


def _hcl_faults(text: SourceText) -> Iterator[tuple[str, int]]:
    file = parse_file(text)
    for fault in file.faults:
        yield fault.message, text.position(fault.start)[0]
    for node in walk(file.root):
        if node.type == "body":
            yield from _body_faults(node)
        elif node.type == "block":
            yield from _brace_faults(node)
        elif node.type == "object":
            yield from _object_faults(node)


def _members(node: Node) -> list[Node]:
    return [child for child in node.children if child.type in ("attribute", "block")]


def _body_faults(body: Node) -> Iterator[tuple[str, int]]:
    names: set[bytes] = set()
    row = -1
    for member in _members(body):
        line = member.start_point.row
        if line == row:
            yield "two arguments on one line", line + 1
        row = member.end_point.row
        if member.type == "attribute":
            name = member.children[0].text or b""
            if name in names:
                yield f"argument {name.decode('utf-8', 'replace')} is set twice", line + 1
            names.add(name)


def _brace_faults(block: Node) -> Iterator[tuple[str, int]]:
    body = next((child for child in block.children if child.type == "body"), None)
    opened = next((child for child in block.children if child.type == "block_start"), None)
    members = _members(body) if body is not None else []
    if opened is None or not members:
        return
    first, last = opened.start_point.row, block.end_point.row
    if first == last:
        if len(members) > 1 or members[0].type == "block":
            yield "more than one argument in a block on one line", first + 1
    elif members[0].start_point.row == first or members[-1].end_point.row == last:
        yield "an argument on the line of a brace", members[0].start_point.row + 1


def _object_faults(node: Node) -> Iterator[tuple[str, int]]:
    previous: Node | None = None
    comma = True
    for child in node.children:
        if child.type == "object_elem":
            if previous is not None and not comma and previous.end_point.row == child.start_point.row:
                yield "two entries without a comma", child.start_point.row + 1
            previous, comma = child, False
        elif child.type == ",":
            comma = True


def yaml_faults(path: str, old: bytes | None, new: bytes) -> list[str]:
    """What is wrong with the new YAML or JSON text that was not wrong with the old one: syntax, a key twice."""
    before = Counter(fault.message for fault in load(SourceText(path, old or b""))[1])
    found: list[str] = []
    for fault in load(SourceText(path, new))[1]:
        if before[fault.message] > 0:
            before[fault.message] -= 1
        else:
            found.append(f"{fault.message} in line {fault.span.line}")
    if not found and _is_json(path, old, new) and not _reads_as_json(new):
        found.append("not JSON any more" if old else "not JSON")
    return found


def _is_json(path: str, old: bytes | None, new: bytes) -> bool:
    return path.endswith(".json") if old is None else new.lstrip()[:1] in (b"{", b"[") and _reads_as_json(old)


def _reads_as_json(data: bytes) -> bool:
    try:
        json.loads(data.removeprefix(BOM))
    except (ValueError, RecursionError):
        return False
    return True


def _touched(file: File, spans: Sequence[tuple[int, int]]) -> list[bool]:
    """For each top-level block whether any of the ranges lies in it (one at its very edge does not)."""
    return [any(start < block.end and block.start < end for start, end in spans) for block in file.blocks]


def _changed_spans(old: bytes, edits: Sequence[Edit]) -> tuple[list[tuple[int, int]], list[tuple[int, int]], list[int]]:
    """What the edits take of the old text, what they write in the new one (insertions widened to touch), the shifts."""
    layout = list(pieces(len(old), edits))
    taken = [(edit.start - edit.inserts, edit.end + edit.inserts) for edit in edits]
    written = [(piece.start, piece.end) for piece in layout if piece.edit is not None]
    return taken, [(start - (start == end), end + (start == end)) for start, end in written], []


def _block_changes(path: str, old: bytes, new: bytes, edits: Sequence[Edit]) -> Iterator[str]:
    """Top-level blocks that came, went or changed without an edit in them."""
    taken, written, _ = _changed_spans(old, edits)
    before, after = parse_file(SourceText(path, old)), parse_file(SourceText(path, new))
    kept = Counter(
        block.slice for block, hit in zip(before.blocks, _touched(before, taken), strict=True) if not hit
    )
    there = Counter(block.slice for block in after.blocks)
    if lost := kept - there:
        yield f"a block that no edit is in changed: {next(iter(lost)).splitlines()[0].decode('utf-8', 'replace')}"
    same = Counter(
        block.slice for block, hit in zip(after.blocks, _touched(after, written), strict=True) if not hit
    )
    if strange := same - kept:
        yield f"a block that no edit wrote appeared: {next(iter(strange)).splitlines()[0].decode('utf-8', 'replace')}"
