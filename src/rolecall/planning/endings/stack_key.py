"""The end of a key in CloudFormation: it is set Inactive, then goes with its user.

What a stack exports or shows in its outputs has readers that nobody sees here, and then the key stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rolecall.planning.case import Case
from rolecall.planning.edits import yaml_edit
from rolecall.planning.edits.line_edit import Refused, line_end, line_start
from rolecall.planning.edits.stack_template import declared, properties_of, template
from rolecall.planning.endings.access_key import LAST_USED, NO_ERRORS, before_soak
from rolecall.planning.endings.key_end import NO_WAY_BACK, SOAKED, KeyEnd
from rolecall.planning.migration import Edit, Handover, Phase
from rolecall.source.text import SourceText, Span
from rolecall.source.yaml import YamlMapping, YamlNode, YamlPair, YamlScalar, YamlSequence


def _inactive(text: SourceText, root: YamlMapping, key: YamlPair) -> list[Edit]:
    """Sets a key Inactive.  A new property goes before the others, so that it lies inside what is deleted later."""
    properties = properties_of(key)
    status = properties.pair("Status")
    value = '"Inactive"' if root.flow else "Inactive"
    if status is not None:
        return list(yaml_edit.replace_value(text, status.span, value))
    start = properties.pairs[0].start
    before = text.data[line_start(text.data, start) : start]
    name = '"Status"' if root.flow else "Status"
    comma = "," if properties.flow else ""
    gap = text.newline + before.decode() if not before.strip() else " "
    if not comma and before.strip():
        raise Refused("its properties are written on one line")
    return [Edit(text.path, start, start, f"{name}: {value}{comma}{gap}")]


def end_stack_key(end: KeyEnd) -> None:
    """Adds soak and contract, as far as they are safe."""
    case = end.case
    if end.moves and not end.complete:
        return
    try:
        text = case.context.text(case.credential.site.span.path)
        root = template(text)
        key = declared(root, "Resources", case.credential.site.address)
        edits = _inactive(text, root, key)
    except Refused as refused:
        end.leave(f"the key cannot be set Inactive here: {refused.reason}")
        return
    back = "set Status to Active again and update the stack: the key works at once"
    end.phases.append(Phase("soak", tuple(edits), before_soak(end), (NO_ERRORS,), back))
    if not end.complete or end.unseen:
        end.leave_deletion()
        return
    try:
        contract = _deletion(case, end.gone, text, root, key)
    except Refused as refused:
        end.leave(f"the key cannot be deleted here: {refused.reason}")
        return
    end.handover.append(
        Handover(
            "deploy with CAPABILITY_IAM (CAPABILITY_NAMED_IAM where a role is named)",
            case.credential.site.span.path,
            "whoever deploys the stack",
        )
    )
    seen = "the change set removes only the key, its user and their grants"
    end.phases.append(Phase("contract", tuple(contract), (SOAKED, LAST_USED), (seen,), NO_WAY_BACK))


def _deletion(case: Case, gone: Sequence[Edit], text: SourceText, root: YamlMapping, key: YamlPair) -> list[Edit]:
    owner = case.owner
    if owner is None or owner.site.span.path != text.path:
        raise Refused("the user is declared elsewhere")
    user = declared(root, "Resources", owner.site.address)
    spans = [key.span, user.span]
    for pair in (key, user):
        if isinstance(pair.value, YamlMapping) and pair.value.pair("DeletionPolicy") is not None:
            raise Refused(f"{pair.name} has a DeletionPolicy")
    prose = list(_prose(root))
    for grant in case.grants:
        pair = declared(root, "Resources", grant.site.address)
        if pair.span in spans:
            continue
        properties = properties_of(pair)
        users = properties.pair("Users")
        if users is None or not isinstance(users.value, YamlSequence) or len(users.value.items) != 1:
            raise Refused(f"{grant.site.address} lists other users too")
        last = line_end(text.data, max(pair.start, pair.end - 1))
        joined = any(
            edit.path == text.path
            and (pair.start <= edit.start <= pair.end or pair.end <= edit.start == edit.end <= last)
            for edit in gone
        )
        taken = re.compile(rf"(?<![\w-]){re.escape(pair.name or '')}(?![\w-])")
        joined = joined or any(edit.path == text.path and taken.search(edit.new) for edit in gone)
        others = properties.get("Groups") is not None or properties.get("Roles") is not None
        others = others or bool(_mentioned(text, [pair.name or ""], [pair.span], prose))
        spans.append(users.span if joined or others else pair.span)
    spans_gone = [*spans, *(_taken(text, gone))]
    left = _mentioned(text, [pair.name or "" for pair in (key, user)], spans_gone, prose)
    if left:
        raise Refused(f"line {left} still names it")
    return list(yaml_edit.remove(text, spans))


def _taken(text: SourceText, gone: Sequence[Edit]) -> list[Span]:
    return [text.span(edit.start, edit.end) for edit in gone if edit.path == text.path and edit.end > edit.start]


def _prose(node: YamlNode) -> Iterator[YamlScalar]:
    """Texts in blocks of lines: programs and scripts, in which nothing but `${NAME}` is a reference."""
    match node:
        case YamlScalar():
            if node.style in ("|", ">"):
                yield node
        case YamlSequence():
            for item in node.items:
                yield from _prose(item)
        case YamlMapping():
            for pair in node.pairs:
                yield from _prose(pair.value)


def _mentioned(text: SourceText, names: Sequence[str], taken: Sequence[Span], prose: Sequence[YamlScalar]) -> int:
    """The line where one of the names still stands as a word of its own; 0 where there is none."""
    word = re.compile(
        rb"(?<![\w:/-])(?:" + b"|".join(re.escape(name.encode()) for name in names if name) + rb")(?![\w-])"
    )
    for found in word.finditer(text.data):
        line = text.data[line_start(text.data, found.start()) : found.start()]
        if line.lstrip().startswith(b"#"):
            continue
        if any(span.start <= found.start() < span.end for span in taken):
            continue
        inside = any(one.content_start <= found.start() < one.end for one in prose)
        if not inside or re.search(rb"\$\{\s*$", line):
            return text.position(found.start())[0]
    return 0
