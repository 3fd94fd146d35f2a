"""Findings in folders of test data.

What lies there is input for a program's own tests: somebody wrote it to be read, hardly anybody deploys it.  It is
still said, since a password that works does so wherever it lies and some tests do deploy, but never louder than `low`.
Only a cloud's own key in clear text is as loud as anywhere: it is out, whatever it was written for.

A folder called `test` is none of these: it is as often the name of an environment.  And what the user names is what he
wants to know about: only folders below it count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rolecall.model.finding import RANK, Finding
from rolecall.source.records import replace

#: Names of folders, in lower case: pytest's and most projects' own, Go's, Jest's, and those of fixtures anywhere.
FOLDERS = frozenset({"tests", "testdata", "test-data", "test_data", "fixtures", "__tests__", "__fixtures__"})
#: Rules about keys that are out once they are written.
_OUT = frozenset({"RC102"})
#: What the note of such a finding says.
REMARK = "lies in test data"


def softened(findings: Iterable[Finding], named: Sequence[str] = ()) -> Iterator[Finding]:
    """The findings, those in test data at most `low` and with a note that says so.

    `named` are the root-relative paths that the user named, empty where it is the root itself.
    """
    for finding in findings:
        loud = RANK[finding.severity] > RANK["low"] and finding.rule not in _OUT
        if loud and lies_in_tests(finding.span.path, named):
            note = f"{finding.note}; {REMARK}" if finding.note else REMARK
            finding = replace(finding, severity="low", note=note)
        yield finding


def lies_in_tests(path: str, named: Sequence[str]) -> bool:
    """Whether a root-relative path lies in a folder of test data, below what the user named."""
    outer = next((name for name in named if path == name or path.startswith(f"{name}/")), "")
    folders = path.removeprefix(outer).lower().split("/")[:-1]
    return not FOLDERS.isdisjoint(folders)
