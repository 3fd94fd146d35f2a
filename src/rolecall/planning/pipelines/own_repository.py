"""Whether the scanned folder is the repository that Terraform's code speaks of.

Terraform often sets the secrets of other repositories, and two of them may call theirs the same: only a sign that the
pipeline here is that repository's makes it safe to change the pipeline.
"""

from __future__ import annotations

import re

from rolecall.planning.case import Case
from rolecall.planning.migration import Handover
from rolecall.planning.move import Move
from rolecall.source.tree import Unreadable

#: Files in which a repository names itself; git's own has the address that it was cloned from.
_FILES = (
    ".git/config",
    "README.md",
    "README.rst",
    "README",
    "package.json",
    "composer.json",
    "go.mod",
    "pyproject.toml",
    "Cargo.toml",
    "catalog-info.yaml",
    "sonar-project.properties",
    "mkdocs.yml",
)
_ORIGIN = re.compile(rb"(?m)^\s*url\s*=\s*\S*github\.com[:/]([\w.-]+/[\w.-]+?)(?:\.git)?/?\s*$")


def hold_unless_here(case: Case, move: Move, path: str, pipeline: str) -> None:
    """Holds a move whose pipeline may be another repository's: `path` is GROUP/NAME of the one whose secrets Terraform
    sets, "" where that is not known; `pipeline` the file to change.
    """
    if path and is_here(case, path):
        return
    shown = path or "the one whose secrets Terraform sets"
    move.hold(
        f"whether this repository is {shown} is not in the code: no file or remote names it, nor does its folder",
        Handover(
            f"plan in a checkout whose folder has the repository's name; if this is not {shown}, its pipeline has a "
            "key of its own under the same name, and stays as it is",
            pipeline,
            "the owner of the pipeline",
            "git remote get-url origin",
            f"it ends in {path or 'the same name'}",
        ),
    )


def origin(case: Case) -> str:
    """OWNER/NAME of the GitHub repository that git cloned the scanned folder from; "" where its files do not say."""
    found = _ORIGIN.search(_data(case, ".git/config"))
    return found[1].decode() if found is not None else ""


def is_here(case: Case, path: str) -> bool:
    """Whether the scanned folder has a repository's name, or one of its own files (or git's) says GROUP/NAME."""
    tree = case.context.tree
    if tree.root.resolve().name.lower() == path.rpartition("/")[2].lower():
        return True
    if "/" not in path:
        return False
    named = re.compile(rb"(?i)(?<![\w.-])" + re.escape(path.encode()) + rb"(?![\w-])")
    return any(named.search(_data(case, name)) for name in _FILES)


def _data(case: Case, name: str) -> bytes:
    tree = case.context.tree
    try:
        return tree.read(name).data if tree.exists(name) else b""
    except Unreadable:
        return b""
