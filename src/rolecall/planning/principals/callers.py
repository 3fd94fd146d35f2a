"""A user that a module makes for others: its role is made in the module too, and callers that grant to the user by an
output grant to the role by one beside it.
"""

from __future__ import annotations

import re
from posixpath import join, normpath

from rolecall.planning.case import Case, attribute_text
from rolecall.planning.edits.hcl_edit import insert_after
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.edits.repetition import repetition
from rolecall.planning.migration import Edit
from rolecall.planning.principals.roles import Role
from rolecall.source.hcl import Block

_THROUGH = re.compile(r'\s*"?(?:\$\{)?\s*module\.([\w-]+)(\[[^\]]*\])?\.([\w-]+)\s*\}?"?\s*')


def of_caller(case: Case) -> str:
    """Where an input of the user's module is set: its folder, or the calls that have to say it (`path:line`)."""
    found = [c.site.calls[-1] for c in case.declaration.credentials if c.site.calls]
    calls = list(dict.fromkeys(f"{span.path}:{span.line}" for span in found))
    return ", ".join(calls[:5]) or case.folder or "."


def through_call(case: Case, role: Role, granting: Block, argument: str) -> tuple[str, list[Edit]]:
    """How a block of a caller, whose `argument` names the user by an output of the module, names the role; and the
    edits that give the module that output.  Raises Refused where the user comes to the block in another way.
    """
    address = ".".join(granting.labels)
    given = granting.attribute(argument)
    named = _THROUGH.fullmatch(attribute_text(granting, given)) if given is not None else None
    if named is None:
        raise Refused(f"{address} grants from another module; add the role there by hand")
    folder = granting.text.path.rpartition("/")[0]
    output = _output(case, named[3]) if _calls(case, folder, named[1]) else None
    if output is None or role.repeats.name:
        raise Refused(f"{address} grants from another module; add the role there by hand")
    name = case.context.free_name(case.folder, "output", "role_name", role.address, f"_{role.label}")
    code = f'output "{name}" {{\n  value = {role.address}.name\n}}\n'
    return f"module.{named[1]}{named[2] or ''}.{name}", list(insert_after(output.text, output.span, code))


def _calls(case: Case, folder: str, name: str) -> bool:
    """Whether a module call of a folder is one of the module in which the user is declared."""
    for block in case.context.blocks(folder):
        if block.type == "module" and block.labels == (name,):
            source = block.plain("source") or ""
            return source.startswith(".") and normpath(join(folder, source)) == normpath(case.folder)
    return False


def _output(case: Case, name: str) -> Block | None:
    """The output of the user's module that is the name of the user."""
    user = case.owner.site.name if case.owner is not None else ""
    for block in case.context.blocks(case.folder):
        value = block.attribute("value")
        if block.type == "output" and block.labels == (name,) and value is not None and not repetition(block).name:
            written = attribute_text(block, value)
            if re.fullmatch(rf'\s*"?(?:\$\{{)?\s*aws_iam_user\.{re.escape(user)}\.(?:name|id)\s*\}}?"?\s*', written):
                return block
    return None
