"""Plan files of Terraform, each beside the root module that it is a plan of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rolecall.analysis.discovery import RootError, Roots
from rolecall.analysis.frontends import FRONTENDS
from rolecall.frontends.terraform.plan_json import matches
from rolecall.source.text import SourceText

MAX_PLAN_BYTES = 256 * 1024 * 1024


def assign(
    tree: Roots, files: Sequence[Path], variable_files: Sequence[str]
) -> tuple[dict[str, SourceText], list[str]]:
    """The plan file of each unit that has one, and what is to be said of files that fit none.

    A file goes to the unit of which it names the most resources.  Raises RootError where a file cannot be read.
    """
    frontend = FRONTENDS["terraform"]
    units = [frontend.read_unit(tree, plan) for plan in frontend.units(tree, tree.paths(), variable_files)]
    assigned: dict[str, SourceText] = {}
    notes: list[str] = []
    for path in files:
        text = SourceText(path.as_posix(), _read(path))
        best = max(((matches(text, unit), unit.name) for unit in units), default=(0, ""))
        if best[0] == 0:
            notes.append(f"plan file {path} names no resource of any root module here, so it is not used")
        elif best[1] in assigned:
            notes.append(f"plan file {path} is not used: {assigned[best[1]].path} is of the same root module")
        else:
            assigned[best[1]] = text
    return assigned, notes


def _read(path: Path) -> bytes:
    import json

    try:
        if path.stat().st_size > MAX_PLAN_BYTES:
            raise RootError(f"{path}: larger than {MAX_PLAN_BYTES // (1024 * 1024)} MiB")
        data = path.read_bytes()
        json.loads(data)
    except OSError as error:
        raise RootError(f"{path}: {error.strerror or error}") from None
    except json.JSONDecodeError as error:
        raise RootError(f"{path}:{error.lineno}: not the output of `terraform show -json`: {error.msg}") from None
    except (UnicodeDecodeError, RecursionError):
        raise RootError(f"{path}: not the output of `terraform show -json`") from None
    return data
