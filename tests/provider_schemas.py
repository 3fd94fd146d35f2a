"""The schemas of the Terraform providers, where they lie beside the checkout: an archive for each major.

A body is `{"a": {attribute: …}, "b": {block: (nesting, least, most, body)}}`, as tfvalidate's README has it.
"""

from __future__ import annotations

import json
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest

SCHEMAS = next(
    (
        found
        for folder in Path(__file__).resolve().parents
        if (found := folder / "shared" / "tools" / "tfvalidate" / "schemas").is_dir()
    ),
    None,
)
#: The providers of which a schema is at hand.
PROVIDERS = frozenset(path.name.partition("@")[0] for path in (SCHEMAS.glob("*@*.zip") if SCHEMAS is not None else ()))

needs_schemas = pytest.mark.skipif(SCHEMAS is None, reason="the providers' schemas are not beside the checkout")


@cache
def bodies(type_name: str) -> tuple[dict[str, Any], ...]:
    """What a type (`data:NAME` for a data source) is made of in each major of its provider, the oldest first."""
    bare = type_name.removeprefix("data:")
    name = f"{'r' if bare == type_name else 'd'}/{bare}"
    found = []
    for path in sorted(SCHEMAS.glob(f"{bare.partition('_')[0]}*@*.zip") if SCHEMAS is not None else ()):
        with zipfile.ZipFile(path) as archive:
            if name in archive.namelist():
                found.append(json.loads(archive.read(name)))
    return tuple(found)


@cache
def attributes(type_name: str) -> frozenset[str]:
    """Every dotted path that a type has in any major of its provider."""
    return frozenset(path for body in bodies(type_name) for path in _paths(body, ""))


def _paths(block: dict[str, Any], prefix: str) -> set[str]:
    found = {prefix + name for name in (*block["a"], *block["b"])}
    for name, (_, _, _, inner) in block["b"].items():
        found |= _paths(inner, f"{prefix}{name}.")
    return found
