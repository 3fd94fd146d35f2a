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
    for key in ("message", "help", "address", "identity"):
        data[key] = masked(data[key])
    for related in data["related"]:
        related["message"] = masked(related["message"])
    return data


def dumps(data: Mapping[str, Any]) -> str:
    """The text of a document: pure ASCII, so that no locale and no line separator in a path can break it."""
    return json.dumps(data, indent=1, ensure_ascii=True)
