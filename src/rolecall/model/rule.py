"""What a check file says about itself: its rule, and the examples that test it and document it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any, Protocol

from rolecall.model.finding import Confidence, Family, Finding, Related, Severity
from rolecall.model.linking import Model
from rolecall.source.patterns import late
from rolecall.source.records import dataclass
from rolecall.source.text import Span

#: An account of which neither namespace nor name is known.
_NOBODY = late(r"\$\{\?\}/\$\{\?\}(?![\w.$-])")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.  `severity` is what it has unless a finding says otherwise.

    `controls` are ids as "NIST 800-53 IA-5(1)", "CIS AWS 1.14", "OWASP NHI7"; `equivalents` the ids of the same finding
    in checkov, trivy and KICS.  `level_now` and `level_target` are levels of maturity (report/rules.py).
    """

    id: str
    name: str
    family: Family
    severity: Severity
    summary: str
    confidence: Confidence = "high"
    controls: tuple[str, ...] = ()
    level_now: str = ""
    level_target: str = ""
    equivalents: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def finding(self, message: str, span: Span, address: str, **more: Any) -> Finding:
        """A finding of this rule; `more` overrides what the rule says by default (severity, related, key …)."""
        base: dict[str, Any] = {
            "severity": self.severity,
            "confidence": self.confidence,
            "controls": self.controls,
            "level_now": self.level_now,
            "level_target": self.level_target,
            "equivalents": self.equivalents,
        }
        return Finding(
            rule=self.id, family=self.family, message=_said(message), span=span, address=address, **{**base, **more}
        )


def _said(message: str) -> str:
    """A message as people read it, with what is not known of names left open."""
    if "${?}" not in message:
        return message
    return _NOBODY.sub("an account whose name is not known", message).replace("${?}", "…")


@dataclass(frozen=True, slots=True)
class Example:
    """A small estate: file name to text.

    In a BAD example, a line on which a finding of the rule starts ends in a comment `# <- RC101`; every other finding
    of the rule is an error, and so is any in a GOOD example.
    """

    title: str
    files: Mapping[str, str]


class Check(Protocol):
    """A check module: a docstring with the headings What it does, Why it matters and Fix, and these names."""

    RULE: Rule
    BAD: tuple[Example, ...]
    GOOD: tuple[Example, ...]

    def check(self, model: Model) -> Iterator[Finding]: ...


__all__ = ["Check", "Example", "Related", "Rule"]
