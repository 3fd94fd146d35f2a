"""Obeying suppressions, and what is to be said of those that are not, or not any more, worth obeying."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date

from rolecall.analysis.suppressions import Suppression
from rolecall.model.finding import Finding
from rolecall.model.rule import Rule
from rolecall.source.patterns import late

UNUSED = Rule("RC902", "unused-suppression", "analysis", "note", "a suppression that suppresses nothing")
UNEXPLAINED = Rule("RC903", "unexplained-suppression", "analysis", "note", "a suppression without a rule or a reason")
EXPIRED = Rule("RC904", "expired-suppression", "analysis", "note", "a suppression whose time is over")
#: The rules of this module and their documentation, which has the form of a check's.
RULES: tuple[tuple[Rule, str], ...] = (
    (
        UNUSED,
        """A suppression that suppresses nothing.

What it does
    Finds `rolecall: ignore[…]` comments for rules that find nothing there, or that do not exist.

Why it matters
    What it once accepted is gone, and the next finding on that line would be accepted with nobody having looked at it.

Fix
    Delete the comment, or move it to the line where the finding starts.
""",
    ),
    (
        UNEXPLAINED,
        """A suppression without a rule or a reason.

What it does
    Finds `rolecall: ignore` comments that name no rule, give no reason, or whose `until=` is not a date.  They are not
    obeyed.

Why it matters
    An accepted risk that nobody can explain is not accepted, it is forgotten.

Fix
    Write `rolecall: ignore[RC101] why this stays until=2027-01-31`; the date may be left out.
""",
    ),
    (
        EXPIRED,
        """A suppression whose time is over.

What it does
    Finds suppressions whose `until=` date has passed.  They are not obeyed any more.

Why it matters
    Somebody meant the risk to be taken for a time, and that time has passed.

Fix
    Mend what was accepted, or decide anew and write the new date.
""",
    ),
)

#: Two letters or digits, without which something is no reason.
_WORD = late(r"\w\w")


def obey(
    findings: Iterable[Finding], suppressions: Sequence[Suppression], today: date, known: Collection[str]
) -> tuple[list[Finding], list[Finding]]:
    """What is left of the findings, with what is to be said of the suppressions themselves; and those suppressed.

    `known` are the ids of all rules there are.
    """
    by_file: dict[str, list[Suppression]] = {}
    remarks: list[Finding] = []
    for item in suppressions:
        remark = _fault(item, today)
        if remark is not None:
            remarks.append(remark)
        else:
            by_file.setdefault(item.span.path, []).append(item)
    left: list[Finding] = []
    suppressed: list[Finding] = []
    used: set[tuple[Suppression, str]] = set()
    for finding in findings:
        line = finding.span.line
        for item in by_file.get(finding.span.path, ()):
            if item.first_line <= line <= item.last_line and finding.rule in item.rules:
                used.add((item, finding.rule))
                suppressed.append(finding)
                break
        else:
            left.append(finding)
    for items in by_file.values():
        for item in items:
            idle = [rule for rule in item.rules if (item, rule) not in used]
            if idle:
                unknown = [rule for rule in idle if rule not in known]
                why = f"there is no rule {', '.join(unknown)}" if unknown else f"{', '.join(idle)} finds nothing here"
                remarks.append(
                    UNUSED.finding(f"{why}, so this suppression does nothing", item.span, "", key=",".join(idle))
                )
    return left + remarks, suppressed


def _fault(item: Suppression, today: date) -> Finding | None:
    """What keeps a suppression from being obeyed."""
    key = ",".join(item.rules)
    if not item.rules:
        message = "this suppression names no rule (`rolecall: ignore[RC101] why`) and is not obeyed"
        return UNEXPLAINED.finding(message, item.span, "", key=key)
    if not _WORD.search(item.reason):
        message = f"this suppression of {', '.join(item.rules)} gives no reason and is not obeyed"
        return UNEXPLAINED.finding(message, item.span, "", key=key)
    if item.until:
        try:
            end = date.fromisoformat(item.until)
        except ValueError:
            message = f"until={item.until} is not a date (YYYY-MM-DD), so this suppression is not obeyed"
            return UNEXPLAINED.finding(message, item.span, "", key=key)
        if end < today:
            message = f"this suppression of {', '.join(item.rules)} ended on {item.until} and is not obeyed any more"
            return EXPIRED.finding(message, item.span, "", key=key)
    return None
