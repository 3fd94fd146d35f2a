"""A role of another module than the user's: its name is handed into the user's module, where the grants are.

Terraform orders by resource and not by module, so two modules may take from each other what does not depend on itself
(https://developer.hashicorp.com/terraform/language/modules/syntax#accessing-module-output-values).
"""

from __future__ import annotations

from dataclasses import dataclass

from rolecall.model.parts import Identity
from rolecall.planning.case import Case, attribute_text
from rolecall.planning.edits.hcl_edit import insert_after, set_attribute
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.edits.repetition import Repetition, repetition
from rolecall.planning.migration import Edit
from rolecall.planning.principals.roles import Role, account_of
from rolecall.source.hcl import Block
from rolecall.source.text import Span


@dataclass(frozen=True, slots=True)
class HandedRole(Role):
    """A role whose name the user's module gets by an expression."""

    expression: str = ""

    @property
    def address(self) -> str:
        return self.expression

    def attribute(self, name: str, referrer: Block) -> str:
        if name != "name":
            raise Refused(f"only the name of {self.label} is handed into {referrer.text.path}")
        return self.expression


def handed_role(case: Case, identifier: str) -> tuple[HandedRole, list[Edit]] | None:
    """The role of an id as the user's module can name it, with the edits that hand its name in; None where it is made
    several times, or further away than in one module beside or under the user's.  Raises Refused.
    """
    identity, owner = case.model.identities.get(identifier), case.owner
    if identity is None or owner is None or identity.site.type != "aws_iam_role":
        return None
    if identity.site.unit != case.credential.site.unit or not _once(case, identity):
        return None
    role, user = case.context.resource(identity.site), case.context.resource(owner.site)
    if role is None or user is None or owner.site.module != case.folder:
        return None
    shared = 0
    while shared < min(len(role.calls), len(user.calls)) and role.calls[shared] == user.calls[shared]:
        shared += 1
    inner, outer = role.calls[shared:], user.calls[shared:]
    if len(inner) > 1 or len(outer) > 1 or not (inner or outer):
        return None
    block, its_user = case.context.block(identity.site.span), case.context.block(owner.site.span)
    if account_of(block) != account_of(its_user):
        return None
    name, edits = f"{'.'.join(block.labels)}.name", []
    if inner:
        output, new = _output(case, identity.site.module, block, name)
        name, edits = f"module.{_call(case, inner[0]).labels[0]}.{output}", new
    if outer:
        call = _call(case, outer[0])
        wanted = f"{block.labels[1]}_role_name"
        variable = case.context.free_name(case.folder, "variable", wanted, identifier)
        code = f'variable "{variable}" {{\n  type = string\n}}\n'
        edits = [*edits, *_declared(case, case.folder, "variables.tf", its_user, code)]
        edits += set_attribute(call.text, call.span, variable, name)
        name = f"var.{variable}"
    return HandedRole(block.labels[1], Repetition(), identity.id, name), edits


def _once(case: Case, identity: Identity) -> bool:
    """Whether the user and the role are each made once in the whole estate."""
    same = [one for one in case.model.identities.values() if one.site.declaration == identity.site.declaration]
    owner = case.owner
    return (
        len(same) == 1
        and len(case.declaration.credentials) == 1
        and owner is not None
        and not repetition(case.context.block(identity.site.span)).name
        and not repetition(case.context.block(owner.site.span)).name
    )


def _call(case: Case, span: Span) -> Block:
    call = case.context.block(span)
    kept = ("count", "for_each", "providers", "depends_on")  # with depends_on two modules cannot take from each other
    if call.type != "module" or not call.labels or any(call.attribute(name) is not None for name in kept):
        raise Refused(f"the module call at {span} is not one plain call")
    return call


def _output(case: Case, folder: str, role: Block, value: str) -> tuple[str, list[Edit]]:
    """The output of a folder that is the role's name, and the edits that make it where it is not there."""
    taken = set()
    for block in case.context.blocks(folder):
        if block.type == "output" and block.labels:
            written = block.attribute("value")
            if written is not None and attribute_text(block, written).strip() == value:
                return block.labels[0], []
            taken.add(block.labels[0])
    name = f"{role.labels[1]}_role_name"
    while name in taken:
        name += "_"
    return name, _declared(case, folder, "outputs.tf", role, f'output "{name}" {{\n  value = {value}\n}}\n')


def _declared(case: Case, folder: str, file: str, beside: Block, code: str) -> list[Edit]:
    """A block in the file where a folder keeps such, else beside what it is about."""
    path = f"{folder}/{file}" if folder else file
    there = [block for block in case.context.blocks(folder) if block.text.path == path]
    last = there[-1] if there else beside
    return list(insert_after(last.text, last.span, code))
