"""A credential whose reader is not seen, and whose names say that a pipeline has it: which CI system that is."""

from __future__ import annotations

from rolecall.model.nature import speaks, words
from rolecall.model.pipelines.systems import SYSTEMS
from rolecall.planning.case import Case

#: Words that name one system, by the format of its files.
_NAMES = {
    "github": frozenset(("github", "gha")),
    "gitlab": frozenset(("gitlab",)),
    "circleci": frozenset(("circleci",)),
    "bitbucket": frozenset(("bitbucket",)),
}


def named_pipeline(case: Case) -> tuple[str, str]:
    """The platform of the pipeline that a credential is for, and the word of its names that says so; "" where none
    says so, or where it may be one of several systems.

    Where the word names no system, it is that of the repository's own pipelines, if they are all of one.
    """
    names = case.declaration.names
    word = speaks("ci", *names)
    if not word:
        return "", ""
    found = [format for format, own in _NAMES.items() if own & words(*names)]
    if not found:
        found = sorted({w.site.format for w in case.model.workloads.values() if w.site.format in SYSTEMS})
    return (SYSTEMS[found[0]].platform, word) if len(found) == 1 else ("", "")
