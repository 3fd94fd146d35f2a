"""What a check says: one finding, with its place, its flow and how sure it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Literal

from rolecall.source.digests import sha256
from rolecall.source.records import dataclass
from rolecall.source.text import Span

Severity = Literal["critical", "high", "medium", "low", "note"]
Confidence = Literal["high", "medium", "low"]
Family = Literal[
    "static-credential", "identity-choice", "excess-privilege", "trust", "lifecycle", "transport", "analysis"
]

#: Highest first.
SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low", "note")
RANK: Mapping[str, int] = {severity: rank for rank, severity in enumerate(reversed(SEVERITIES))}


def lower(severity: Severity, steps: int = 1) -> Severity:
    """A severity some steps down, `note` at the least."""
    return SEVERITIES[min(SEVERITIES.index(severity) + steps, len(SEVERITIES) - 1)]


@dataclass(frozen=True, slots=True)
class Related:
    """A second place that explains a finding: a hop of the flow, the consumer."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding.  `key` is what makes it the same finding after unrelated edits (no line numbers in it)."""

    rule: str
    family: Family
    severity: Severity
    confidence: Confidence
    message: str
    span: Span
    address: str
    identity: str = ""
    related: tuple[Related, ...] = ()
    key: str = ""
    controls: tuple[str, ...] = ()
    level_now: str = ""
    level_target: str = ""
    help: str = ""
    note: str = ""
    equivalents: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """Rule, file, address and key: stable when lines move."""
        parts = (self.rule, self.span.path, self.address, self.key)
        return sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def to_json(finding: Finding, fix: dict[str, Any] | None = None) -> dict[str, Any]:
    """A finding as the JSON contract has it."""
    span = finding.span
    return {
        "rule": finding.rule,
        "family": finding.family,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "message": finding.message,
        "path": span.path,
        "start_line": span.line,
        "end_line": span.end_line,
        "start_column": span.column,
        "end_column": span.end_column,
        "address": finding.address,
        "identity": finding.identity,
        "related": [
            {
                "path": item.span.path,
                "start_line": item.span.line,
                "end_line": item.span.end_line,
                "message": item.message,
            }
            for item in finding.related
        ],
        "fingerprint": finding.fingerprint,
        "controls": list(finding.controls),
        "level_now": finding.level_now,
        "level_target": finding.level_target,
        "help": finding.help,
        "note": finding.note,
        "equivalents": {tool: list(ids) for tool, ids in finding.equivalents.items()},
        "fix": fix,
    }
