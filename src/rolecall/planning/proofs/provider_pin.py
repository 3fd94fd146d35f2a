"""Which versions of a provider the code lets Terraform take: what decides how arguments are called.

The lock file says which version is used, where it lies beside the code; else the constraint of the root module says the
newest that may be.  https://developer.hashicorp.com/terraform/language/expressions/version-constraints
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rolecall.planning.case import Case, Context
from rolecall.source.outline import outline
from rolecall.source.tree import Unreadable

_CLAUSE = re.compile(r"\s*(=|!=|>=|<=|>|<|~>)?\s*v?(\d+(?:\.\d+){0,2})\s*")
LOCK = ".terraform.lock.hcl"
#: The first release of the aws provider whose aws_iam_openid_connect_provider needs no thumbprint_list: its schema has
#: the argument as required in 5.80.0 and as optional in 5.81.0.
#: https://github.com/hashicorp/terraform-provider-aws/pull/37255
WITHOUT_THUMBPRINTS = (5, 81)


@dataclass(frozen=True, slots=True)
class Pin:
    """The newest version that may be taken; None for whatever is the newest, `short` where it is a bound that is not
    reached itself.
    """

    newest: tuple[int, ...] | None = None
    short: bool = False

    @property
    def major(self) -> int | None:
        """The newest major; None for the newest there is."""
        if self.newest is None:
            return None
        below = self.short and not any(self.newest[1:])
        return self.newest[0] - 1 if below else self.newest[0]

    def reaches(self, *version: int) -> bool:
        """Whether a version at least as new may be taken."""
        if self.newest is None:
            return True
        wanted = (*version, 0, 0, 0)[:3]
        newest = (*self.newest, 0, 0, 0)[:3]
        return newest > wanted if self.short else newest >= wanted


def pin_of(case: Case, provider: str) -> Pin:
    """How the root module of a case pins a provider, by its local name."""
    return pin_in(case.context, case.credential.site.unit, provider)


def pin_in(context: Context, name: str, provider: str) -> Pin:
    """The same for a Terraform unit by its name."""
    unit = context.unit(name, "terraform")
    if unit is None:
        return Pin()
    folder = unit.folders[0] if unit.folders else ""
    locked = _locked(context, f"{folder}/{LOCK}" if folder not in ("", ".") else LOCK, provider)
    return locked or newest(unit.provider_versions.get(provider, ""))


def newest(constraint: str) -> Pin:
    """The newest version that a constraint lets in; one that cannot be read lets in everything."""
    found = Pin()
    for clause in constraint.split(","):
        match = _CLAUSE.fullmatch(clause)
        if match is None:
            continue
        version = tuple(int(part) for part in match[2].split("."))
        pin = Pin()
        if match[1] in (None, "=", "<="):
            pin = Pin(version)
        elif match[1] == "<":
            pin = Pin(version, True)
        elif match[1] == "~>":
            kept = version[:-1] if len(version) > 1 else version
            pin = Pin((*kept[:-1], kept[-1] + 1), True)
        if pin.newest is not None and (found.newest is None or pin.newest < found.newest):
            found = pin
    return found


def _locked(context: Context, path: str, provider: str) -> Pin | None:
    try:
        blocks = outline(context.tree.read(path)).blocks
    except Unreadable:
        return None
    for block in blocks:
        if block.type == "provider" and block.labels and block.labels[0].rpartition("/")[2] == provider:
            match = _CLAUSE.fullmatch(block.plain("version") or "")
            return Pin(tuple(int(part) for part in match[2].split("."))) if match else None
    return None
