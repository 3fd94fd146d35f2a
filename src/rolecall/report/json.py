"""Findings as the JSON contract `rolecall/check/1` has them (the schema is `check.schema.json` beside this file)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rolecall.model.finding import Finding, to_json
from rolecall.report.masking import masked

SCHEMA = "rolecall/check/1"


def document(
    findings: Sequence[Finding],
    notes: Sequence[str],
    stats: Mapping[str, Any],
    fixes: Mapping[str, dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """The document; `fixes` gives what there is of a patch, by the fingerprint of a finding."""
    known = fixes or {}
    return {
        "schema": SCHEMA,
        "findings": [finding_json(finding, known.get(finding.fingerprint)) for finding in findings],
        "notes": [masked(note) for note in notes],
        "stats": dict(stats),
    }


def finding_json(finding: Finding, fix: dict[str, Any] | None = None) -> dict[str, Any]:
    """One finding with its texts masked."""
    data = to_json(finding, fix)
    for key in ("message", "help", "note", "address", "identity"):
        data[key] = masked(data[key])
    for related in data["related"]:
        related["message"] = masked(related["message"])
    return data


def dumps(data: Mapping[str, Any]) -> str:
    """The text of a document, one line for each item of its lists.

    Pure ASCII, so that no locale and no line separator in a path can break it.
    """
    parts = [f"{json.dumps(key)}: {_lines(value)}" for key, value in data.items()]
    return "{\n" + ",\n".join(parts) + "\n}"


def _lines(value: Any) -> str:
    if isinstance(value, list) and value:
        return "[\n " + ",\n ".join(json.dumps(item) for item in value) + "\n]"
    return json.dumps(value)
