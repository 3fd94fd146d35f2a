"""New inputs of a Terraform folder go where its others are: in the file that holds them, where one does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rolecall.planning.case import Context
from rolecall.planning.edits.hcl_edit import insert_after
from rolecall.planning.edits.line_edit import Refused
from rolecall.source.edits import Edit
from rolecall.source.hcl import Block
from rolecall.source.outline import outline
from rolecall.source.text import SourceText

#: What Terraform's own style guide calls the file: https://developer.hashicorp.com/terraform/language/style#file-names
_NAME = "variables.tf"


def at_home(context: Context, edits: Iterable[Edit]) -> Iterator[Edit]:
    """Edits with the variable blocks that they write moved to the folder's file of variables."""
    for edit in edits:
        parts = _parts(edit) if edit.inserts and edit.path.endswith(".tf") and 'variable "' in edit.new else None
        home = _home(context, edit.path) if parts is not None else None
        if parts is None or home is None or home.text.path == edit.path:
            yield edit
            continue
        code, rest = parts
        try:
            moved = insert_after(home.text, home.span, code)
        except Refused:
            yield edit
            continue
        yield from moved
        if rest.strip():
            yield Edit(edit.path, edit.start, edit.end, rest)


def _parts(edit: Edit) -> tuple[str, str] | None:
    """The variable blocks of what is written, and the rest of it; None where there is no such block."""
    text = SourceText(edit.path, edit.data)
    found = [block for block in outline(text).blocks if block.type == "variable"]
    if not found:
        return None
    code = "\n\n".join(_written(block) for block in found)
    rest, at = b"", 0
    for block in found:
        rest += text.data[at : block.start]
        at = block.end + len(text.data[block.end :]) - len(text.data[block.end :].lstrip(b"\r\n"))
    return code, (rest + text.data[at:]).decode("utf-8", "surrogateescape")


def _written(block: Block) -> str:
    return block.slice.decode("utf-8", "surrogateescape").replace("\r\n", "\n")


def _home(context: Context, path: str) -> Block | None:
    """The last variable of a folder's file of variables; None where they lie among other blocks or in several files."""
    folder = path.rpartition("/")[0]
    blocks = list(context.blocks(folder))
    variables = [block for block in blocks if block.type == "variable"]
    named = f"{folder}/{_NAME}" if folder else _NAME
    if any(block.text.path == named for block in variables):
        return next(block for block in reversed(variables) if block.text.path == named)
    holders = {block.text.path for block in variables}
    mixed = {block.text.path for block in blocks if block.type != "variable"}
    return variables[-1] if len(holders) == 1 and not holders & mixed else None
