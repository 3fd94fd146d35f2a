"""Findings as SARIF 2.1.0, as code scanning on GitHub, editors and other viewers take it.

Of a result GitHub reads the first location, the related ones and `partialFingerprints`; it shows the rule's
`help.markdown`.  Limits:
https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
(25,000 results in a run, 10 tags shown of a rule).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

from rolecall.model.finding import RANK, Finding
from rolecall.report.masking import masked, masked_line, visible
from rolecall.report.rules import Documented
from rolecall.source.text import SourceText, Span
from rolecall.version import VERSION

SCHEMA_URI = "https://json.schemastore.org/sarif-2.1.0.json"
MAX_RESULTS = 25_000
MAX_TAGS = 10
_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "note": "note"}
#: What code scanning sorts by: above 9 critical, above 7 high, from 4 medium.
_SECURITY_SEVERITY = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "3.0", "note": "1.0"}
_PRECISION = {"high": "very-high", "medium": "medium", "low": "low"}


def document(
    findings: Sequence[Finding],
    rules: Sequence[Documented],
    notes: Sequence[str] = (),
    prefix: str = "",
    read: Callable[[str], SourceText | None] = lambda _: None,
) -> dict[str, Any]:
    """One run.  `prefix` goes before each path, so that paths are relative to where the program was started.

    Above `MAX_RESULTS` the least severe results are left out, and a notification says how many.
    """
    used = {finding.rule for finding in findings}
    described = [rule for rule in rules if rule.rule.id in used]
    index = {rule.rule.id: at for at, rule in enumerate(described)}
    kept = list(findings)
    messages = list(notes)
    if len(kept) > MAX_RESULTS:
        kept = sorted(kept, key=lambda finding: -RANK[finding.severity])[:MAX_RESULTS]
        messages.append(f"{len(findings) - MAX_RESULTS} results of lower severity are left out")
    return {
        "$schema": SCHEMA_URI,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "rolecall",
                        "version": VERSION,
                        "semanticVersion": VERSION,
                        "rules": [_rule(rule) for rule in described],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "invocations": [
                    {
                        "executionSuccessful": True,
                        "toolExecutionNotifications": [
                            {"level": "note", "message": {"text": visible(masked(text))}} for text in messages
                        ],
                    }
                ],
                "results": [_result(finding, index, prefix, read) for finding in kept],
            }
        ],
    }


def _rule(documented: Documented) -> dict[str, Any]:
    rule = documented.rule
    tags = ["security", rule.family, *rule.controls][:MAX_TAGS]
    return {
        "id": rule.id,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": documented.title},
        "help": {"text": documented.text, "markdown": masked(documented.markdown)},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {
            "tags": tags,
            "security-severity": _SECURITY_SEVERITY[rule.severity],
            "precision": _PRECISION[rule.confidence],
        },
    }


def _result(
    finding: Finding, index: dict[str, int], prefix: str, read: Callable[[str], SourceText | None]
) -> dict[str, Any]:
    text = visible(masked(finding.message))
    if finding.help:
        text += f"\n\nHelp: {visible(masked(finding.help))}"
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": text},
        "locations": [_location(finding.span, prefix, read(finding.span.path))],
        "partialFingerprints": {"rolecall/v1": finding.fingerprint, "primaryLocationLineHash": finding.fingerprint},
        "properties": {
            "severity": finding.severity,
            "confidence": finding.confidence,
            "family": finding.family,
            "address": visible(masked(finding.address)),
            "identity": visible(masked(finding.identity)),
            **({"note": visible(masked(finding.note))} if finding.note else {}),
        },
    }
    if finding.rule in index:
        result["ruleIndex"] = index[finding.rule]
    if finding.related:
        result["relatedLocations"] = [
            {"id": at, "message": {"text": visible(masked(item.message))}, **_location(item.span, prefix)}
            for at, item in enumerate(finding.related, 1)
        ]
    return result


def _location(span: Span, prefix: str, text: SourceText | None = None) -> dict[str, Any]:
    region: dict[str, Any] = {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column + 1,  # SARIF's end column is the one after the last character
    }
    if text is not None:
        region["snippet"] = {"text": masked_line(text.line_text(span.line), span.path)}
    uri = quote(f"{prefix}{span.path}".encode("utf-8", "surrogateescape"), safe="/")
    return {"physicalLocation": {"artifactLocation": {"uri": uri, "uriBaseId": "%SRCROOT%"}, "region": region}}
