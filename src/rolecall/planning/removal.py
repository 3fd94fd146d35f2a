"""Taking entries out, whatever file they stand in: the step that ends the shadowing (rule R0)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from rolecall.planning.case import Context
from rolecall.planning.hcl_edit import remove, remove_heredoc_lines
from rolecall.planning.line_edit import Refused
from rolecall.planning.migration import Edit
from rolecall.source.text import SourceText, Span

_YAML = (".yml", ".yaml", ".json", ".template")


def take_out(context: Context, places: Iterable[Span], prune: bool = True) -> list[Edit]:
    """The edits that remove each place: an attribute, an object entry, a list item, a YAML pair, lines of a script.

    Raises Refused where one of them cannot be removed cleanly; then none is.
    """
    by_file: dict[str, list[Span]] = defaultdict(list)
    for place in places:
        by_file[place.path].append(place)
    edits: list[Edit] = []
    for path, spans in by_file.items():
        edits.extend(_from_file(context, path, spans, prune))
    return edits


#: A value that is the key and nothing else: a traversal, alone, in an interpolation or encoded; or a literal string.
_ALONE = re.compile(
    rb"""(?x) \A (?: base64encode\( )? (?: "\$\{ \s* )? [A-Za-z_][\w.\[\]"*-]* (?: \s* \}" )? \)? \Z | \A "[^"$%\\]*" \Z"""
)


def _holds_more(text: SourceText, span: Span) -> bool:
    """Whether an attribute or entry holds more than the key: a template, a document, a command line."""
    written = text.data[span.start : span.end]
    name, sign, value = written.partition(b"=")
    if not sign or not re.fullmatch(rb'\s*"?[\w.-]+"?\s*', name) or value.startswith(b"="):
        return False  # a block or a list item: it is taken out as the whole that it is
    return _ALONE.match(value.strip().rstrip(b",").strip()) is None


def _from_file(context: Context, path: str, spans: list[Span], prune: bool) -> list[Edit]:
    text = context.text(path)
    if path.endswith((".tf", ".tfvars")):
        if any(_holds_more(text, span) for span in spans):
            raise Refused(f"{path}: more than the key is written there")
        try:
            return list(remove(text, spans, prune))
        except Refused:
            edits: list[Edit] = []
            for span in spans:
                edits.extend(edit for edit in remove_heredoc_lines(text, span) if edit not in edits)
            return edits
    if path.endswith(".tf.json"):
        raise Refused(f"{path} is Terraform in JSON, which is mostly generated")
    if path.endswith(_YAML) or text.data.lstrip()[:1] in (b"{", b"["):
        from rolecall.planning import yaml_edit

        return list(yaml_edit.remove(text, spans))
    raise Refused(f"{path} is a template that cannot be edited safely")
