"""The rules as their check files document them."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from functools import cached_property

from rolecall.model.rule import Example, Rule
from rolecall.source.patterns import late
from rolecall.source.records import dataclass

#: The levels of maturity, from passwords to the goal, and what is said beside one.
_LEVELS = {
    "L1": "passwords",
    "L2": "keys that rarely change",
    "L3": "secrets in a central store",
    "L4": "certificates that renew themselves",
    "L5": "short-lived identities",
    "T": "with a loose trust",
    "W": "too wide",
    "X": "in clear",
}
_HEADING = late(r"^(?=\S)(?P<title>[^\n]+)\n(?=[ \t]+\S)", re.MULTILINE)


@dataclass(frozen=True)
class Documented:
    """A rule and what its check's docstring says: a first line, then headings with indented text."""

    rule: Rule
    docstring: str
    bad: tuple[Example, ...] = ()
    good: tuple[Example, ...] = ()

    @property
    def title(self) -> str:
        return self.docstring.strip().partition("\n")[0].strip()

    @cached_property
    def sections(self) -> tuple[tuple[str, str], ...]:
        """(heading, text) pairs, each text without its indentation."""
        body = self.docstring.strip().partition("\n")[2]
        marks = list(_HEADING.finditer(body))
        ends = [mark.start() for mark in marks[1:]] + [len(body)]
        return tuple(
            (mark["title"].strip(), textwrap.dedent(body[mark.end() : end]).strip())
            for mark, end in zip(marks, ends, strict=True)
        )

    @property
    def text(self) -> str:
        return "\n\n".join([self.title, *(f"{title}:\n{body}" for title, body in self.sections)])

    @cached_property
    def markdown(self) -> str:
        """What, why, fix, controls, the same finding elsewhere, and an example of each kind."""
        return self._written(self.bad[:1], self.good[:1])

    @cached_property
    def page(self) -> str:
        """The same with every example, as `docs/rules` has it."""
        return self._written(self.bad, self.good)

    def _written(self, bad: Sequence[Example], good: Sequence[Example]) -> str:
        rule = self.rule
        lines = [f"# {rule.id} {rule.name}", "", self.title, ""]
        lines += [f"Severity: {rule.severity}. Family: {rule.family}.", ""]
        if rule.level_now:
            now, then = _level(rule.level_now), _level(rule.level_target)
            lines += [f"Maturity: {now} now, {then} after the fix.", ""]
        for title, body in self.sections:
            lines += [f"## {title}", "", body, ""]
        if rule.controls:
            lines += ["## Controls", "", *(f"- {control}" for control in rule.controls), ""]
        if rule.equivalents:
            lines += ["## The same elsewhere", ""]
            lines += [f"- {tool}: {', '.join(ids)}" for tool, ids in rule.equivalents.items()]
            lines.append("")
        for heading, examples in (("Bad", bad), ("Good", good)):
            for example in examples:
                lines += [f"## {heading}: {example.title}", ""]
                for name, source in example.files.items():
                    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", source)), default=0))
                    lines += [f"`{name}`", "", f"{fence}{_language(name)}", source.rstrip("\n"), fence, ""]
        return "\n".join(lines)


def index(rules: Iterable[Documented]) -> str:
    """All rules as Markdown: a table for each family, each rule with a link to its page."""
    families: dict[str, list[Rule]] = {}
    for item in rules:
        families.setdefault(item.rule.family, []).append(item.rule)
    lines = ["# Rules", ""]
    for family, members in families.items():
        lines += [
            f"## {family}",
            "",
            "| rule | name | severity | finds | the same elsewhere |",
            "|---|---|---|---|---|",
        ]
        for rule in members:
            elsewhere = "; ".join(
                f"{tool} {', '.join(one.partition('-')[0] if tool == 'kics' else one for one in ids)}"
                for tool, ids in rule.equivalents.items()
            )
            cells = f"[{rule.id}]({rule.id}.md)", rule.name, rule.severity, rule.summary, elsewhere
            lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
        lines.append("")
    return "\n".join(lines)


def pages() -> dict[str, str]:
    """The files of `docs/rules` by their names."""
    every = catalogue()
    found = {f"{identity}.md": f"{item.page.rstrip()}\n" for identity, item in every.items()}
    return {"README.md": f"{index(every.values()).rstrip()}\n", **found}


def _level(level: str) -> str:
    """A level of maturity with what it means."""
    return f"{level} ({', '.join(_LEVELS[part] for part in level.split('·'))})"


def _language(name: str) -> str:
    suffix = name.rpartition(".")[2]
    return {"tf": "hcl", "tfvars": "hcl", "yml": "yaml"}.get(suffix, suffix)


def catalogue() -> dict[str, Documented]:
    """Every rule by its id: those of the checks, and those of the analysis itself."""
    from rolecall.analysis.acceptance import RULES
    from rolecall.checks import load

    found = [Documented(module.RULE, module.__doc__ or "", module.BAD, module.GOOD) for module in load()]
    found += [Documented(rule, text) for rule, text in RULES]
    return {item.rule.id: item for item in sorted(found, key=lambda item: item.rule.id)}


def chosen(word: str, rules: Iterable[Documented]) -> Documented | None:
    """The rule that a word names: its id in any case, or its name."""
    wanted = word.strip().lower()
    return next((item for item in rules if wanted in (item.rule.id.lower(), item.rule.name)), None)
