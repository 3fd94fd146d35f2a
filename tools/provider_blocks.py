"""Write src/rolecall/catalog/blocks.txt: what the providers' schemas say of the blocks that patches write or change.

    python tools/provider_blocks.py FOLDER

FOLDER holds zip files NAME@VERSION.zip, one entry r/TYPE or d/TYPE for each resource and data source: JSON of
`{"a": {name: [type, flags]}, "b": {name: [nesting, least, most, block]}, "open": [names]}`, flags being of
r(equired), o(ptional), c(omputed); nesting 1 single, 2 list, 3 set, 4 map.  They are made from the public provider
schemas (as `terraform providers schema -json` prints them); names alone are taken from them.

Which types: every one that stands in a block of a planner, its templates or its examples, and those of the catalog that
are workloads, identities, credentials or stores, or have a setting that a patch switches.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tomllib
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
TABLE = PROJECT / "src" / "rolecall" / "catalog" / "blocks.txt"
_HEADER = re.compile(r'\b(resource|data) \\?"([a-z]\w+)\\?"')
_WORD = re.compile(r"\b[a-z]+_[a-z0-9_]+\b")
#: Data sources that code puts together.
_LOOKED_UP = (
    *("aws_caller_identity", "aws_partition", "aws_region", "azurerm_client_config", "azurerm_subscription"),
    *("google_project", "google_client_config"),
)
_PARTS = {"workload", "identity", "credential", "store", "grant", "policy", "membership", "login"}
#: Schemas under another name: what google-beta has more is left undecided.
_LEFT_OUT = {"google-beta"}


def wanted() -> set[str]:
    """The types, data sources with `data.` before them."""
    found = {f"data.{name}" for name in _LOOKED_UP}
    planning = PROJECT.joinpath("src", "rolecall", "planning")
    for path in sorted((*PROJECT.joinpath("planners").rglob("*"), *planning.rglob("*"))):
        if path.suffix in (".py", ".j2"):
            for mode, name in _HEADER.findall(path.read_text("utf-8")):
                found.add(f"data.{name}" if mode == "data" else name)
    catalog = PROJECT.joinpath("src", "rolecall", "catalog")
    found.update(_WORD.findall(catalog.joinpath("switches.toml").read_text("utf-8")))
    for path in sorted(catalog.glob("*.toml")):
        for name, row in tomllib.loads(path.read_text("utf-8")).items():
            if re.fullmatch(r"[a-z]+_\w+", name) and isinstance(row, dict) and row.get("part") in _PARTS:
                found.add(name)
    return found


def lines(folder: Path) -> Iterator[str]:
    """`TYPE MAJORS GRAMMAR`, sorted."""
    schemas: dict[str, list[tuple[int, zipfile.ZipFile]]] = {}
    for path in folder.glob("*@*.zip"):
        name, _, version = path.stem.partition("@")
        if name not in _LEFT_OUT:
            schemas.setdefault(name, []).append((int(version.split(".")[0]), zipfile.ZipFile(path)))
    for name in sorted(wanted()):
        provider = name.removeprefix("data.").partition("_")[0]
        entry = f"d/{name.removeprefix('data.')}" if name.startswith("data.") else f"r/{name}"
        blocks = {
            major: json.loads(archive.read(entry))
            for major, archive in sorted(schemas.get(provider, ()), key=lambda one: one[0])
            if entry in archive.namelist()
        }
        if blocks:
            yield f"{name} {_listed(blocks)} {grammar(blocks)}".rstrip()


def grammar(blocks: Mapping[int, Mapping[str, Any]]) -> str:
    """The arguments of a block by provider major, in one text.

    After a name come `!` where it is required and `@` where not all majors of the block have it, each with the majors
    unless it is so in all that have the name.  `{…}` holds the arguments of a nested block, `{*}` where they are not
    known; `?{*}` is an attribute of objects, which may be written as a block too.  `^` before the brace says that there
    is one such block at most.
    """
    words = []
    members: dict[tuple[str, str], dict[int, Any]] = {}
    several: set[str] = set()
    for major, block in blocks.items():
        for name, (kind, flags) in block["a"].items():
            # what computes an id takes one as well, in the schemas' words, and nobody writes it
            if flags != "c" and (name != "id" or "c" not in flags):
                members.setdefault((name, "?{*}" if _is_object(kind) else ""), {})[major] = "r" in flags
        for name, (nesting, least, most, inner) in block["b"].items():
            members.setdefault((name, "{}"), {})[major] = (bool(least), inner)
            if nesting != 1 and most != 1:
                several.add(name)
        for name in block.get("open", ()):
            members.setdefault((name, "{*}"), {})[major] = False
    for (name, form), found in sorted(members.items()):
        needed = [major for major, told in found.items() if (told[0] if isinstance(told, tuple) else told)]
        mark = "!" if len(needed) == len(found) else f"!{_listed(needed)}" if needed else ""
        only = "" if len(found) == len(blocks) else f"@{_listed(found)}"
        inner = f"{{{grammar({major: told[1] for major, told in found.items()})}}}" if form == "{}" else form
        once = "^" if form == "{}" and name not in several else ""
        words.append(f"{name}{mark}{only}{once}{inner}")
    return " ".join(words)


def _listed(majors: Iterable[int]) -> str:
    return ",".join(str(major) for major in sorted(majors))


def _is_object(kind: Any) -> bool:
    """Whether an attribute takes objects, which older providers let one write as blocks."""
    return isinstance(kind, dict) or (
        isinstance(kind, list) and (kind[0] == "object" or any(map(_is_object, kind[1:])))
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    found = list(lines(parser.parse_args(arguments).folder))
    if not found:
        print("no schema is in that folder", file=sys.stderr)
        return 1
    TABLE.write_text("\n".join((_PREFACE, *found)) + "\n", "utf-8")
    print(f"{len(found)} rows, {TABLE.stat().st_size} bytes")
    return 0


_PREFACE = """\
# The arguments of Terraform's blocks: type, provider majors, arguments.  Made by tools/provider_blocks.py, which says
# how to read it, from the public provider schemas; do not edit by hand."""

if __name__ == "__main__":
    sys.exit(main())
