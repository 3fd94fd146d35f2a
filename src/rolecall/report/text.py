"""Findings for people: a frame per finding with the line, carets under the place, and the consumer beside it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from rolecall.model.finding import SEVERITIES, Finding
from rolecall.report.masking import masked, masked_line, named, visible
from rolecall.source.patterns import late
from rolecall.source.records import dataclass
from rolecall.source.text import SourceText, Span

#: Reads a scanned file for a snippet; None where it cannot be read any more.
Reader = Callable[[str], SourceText | None]

_COLOURS: Mapping[str, str] = {
    "critical": "1;35",
    "high": "1;31",
    "medium": "1;33",
    "low": "1;36",
    "note": "1;34",
    "frame": "1;34",
    "strong": "1",
    "faint": "2",
}
_TAB = 4
#: More places than this beside one finding are counted, not shown.
_MAX_PLACES = 8
_MIN_WIDTH = 40
#: The address of an object of a cluster: kind, namespace, name.
_OBJECT = late(r"[A-Z]\w*\.[\w-]+\.[\w.-]+")
#: What `rolecall plan` may have patches for.
_PLANNED = ("static-credential", "identity-choice")


@dataclass(frozen=True, slots=True)
class Style:
    """How wide, with colours or not, and what goes before a path so that it can be opened from where the user is."""

    width: int = 120
    colour: bool = False
    prefix: str = ""

    def paint(self, text: str, role: str) -> str:
        return f"\x1b[{_COLOURS[role]}m{text}\x1b[0m" if self.colour and text else text

    def path(self, path: str) -> str:
        return visible(f"{self.prefix}{path}")


@dataclass(frozen=True, slots=True)
class Summary:
    """What the closing line says beside the counts."""

    files: int
    seconds: float
    suppressed: int = 0


@dataclass(frozen=True, slots=True)
class _Label:
    span: Span
    text: str
    primary: bool


def render(
    findings: Sequence[Finding], read: Reader, names: Mapping[str, str], style: Style, summary: Summary
) -> Iterator[str]:
    """The whole report, line by line, without newlines; `names` are the rules' names by their ids."""
    for identity, group in _groups(findings):
        if identity and len(group) > 1:
            yield from _heading(identity, len(group), style)
        for finding in group:
            yield from frame(finding, read, names.get(finding.rule, ""), style)
            yield ""
    yield from wrapped(closing(findings, summary), "", "", style.width)


def _groups(findings: Sequence[Finding]) -> list[tuple[str, list[Finding]]]:
    """Findings by identity, in the order of each identity's first one."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for at, finding in enumerate(findings):
        groups.setdefault(_identity(finding) or ("", str(at)), []).append(finding)
    return [(key[0], group) for key, group in groups.items()]


def _identity(finding: Finding) -> tuple[str, str] | None:
    """Which identity a finding is about: an address means one thing in a folder of Terraform, or one of objects of a
    cluster, and in one file of anything else (every workflow has a jobs.build, every template a Role).
    """
    path = finding.span.path
    shared = path.endswith((".tf", ".tf.json")) or _OBJECT.match(finding.identity) is not None
    return (finding.identity, path.rpartition("/")[0] if shared else path) if finding.identity else None


def _heading(identity: str, count: int, style: Style) -> Iterator[str]:
    title = f"{named(identity)}: {count} findings"
    line = f"── {title} ".ljust(style.width, "─")[: style.width]
    yield style.paint(line, "faint")
    yield ""


def closing(findings: Sequence[Finding], summary: Summary) -> str:
    """The last line, as in: 12 findings (3 high, 9 medium) in 5 identities; 214 files in 0.3 s."""
    time = f"{counted(summary.files, 'file')} in {summary.seconds:.1f} s"
    hidden = f"; {summary.suppressed} suppressed" if summary.suppressed else ""
    if not findings:
        return f"no findings; {time}{hidden}"
    by_severity = [(name, sum(f.severity == name for f in findings)) for name in SEVERITIES]
    counts = ", ".join(f"{number} {name}" for name, number in by_severity if number)
    identities = len({_identity(f) for f in findings} - {None})
    where = f" in {counted(identities, 'identity', 'identities')}" if identities else ""
    patch = "; for patches run `rolecall plan`" if any(f.family in _PLANNED for f in findings) else ""
    return f"{counted(len(findings), 'finding')} ({counts}){where}; {time}{hidden}{patch}"


def counted(number: int, one: str, many: str = "") -> str:
    """A number with what it counts: 1 file, 2 files, 2 identities."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def frame(finding: Finding, read: Reader, name: str, style: Style) -> Iterator[str]:
    """One finding of the rule called `name`."""
    tag = f"{finding.severity}[{finding.rule}{' ' + name if name else ''}]"
    message = visible(masked(finding.message))
    first, *rest = list(wrapped(f"{tag}: {message}", "", "  ", style.width)) or [f"{tag}:"]
    if first.startswith(tag):
        first = style.paint(tag, finding.severity) + style.paint(first[len(tag) :], "strong")
    yield first
    yield from (style.paint(line, "strong") for line in rest)
    labels = [_Label(finding.span, "", True)]
    labels += [_Label(item.span, visible(masked(item.message)), False) for item in finding.related[:_MAX_PLACES]]
    gutter = max(len(str(label.span.line)) for label in labels)
    for path, here in _by_file(labels):
        yield from _snippet(path, here, read(path), gutter, style)
    edge = " " * gutter + style.paint(" = ", "frame")
    more = len(finding.related) - _MAX_PLACES
    notes = [("help", finding.help), ("note", finding.note), ("note", f"{more} more places" if more > 0 else "")]
    for word, text in notes:
        lines = wrapped(f"{word}: {visible(masked(text))}", "", " " * (len(word) + 2), style.width - gutter - 3)
        for at, line in enumerate(lines if text else ()):
            yield (edge if at == 0 else " " * (gutter + 3)) + line


def _by_file(labels: Iterable[_Label]) -> list[tuple[str, list[_Label]]]:
    files: dict[str, list[_Label]] = {}
    for label in labels:
        files.setdefault(label.span.path, []).append(label)
    return list(files.items())


def _snippet(path: str, labels: list[_Label], text: SourceText | None, gutter: int, style: Style) -> Iterator[str]:
    blank = " " * gutter + style.paint(" |", "frame")
    start = labels[0].span
    yield f"{' ' * gutter}{style.paint('-->', 'frame')} {style.path(path)}:{start.line}:{start.column}"
    if text is None or not text.data:
        for label in labels:
            if label.text:
                yield f"{blank} {label.span.line}: {label.text}"
        return
    yield blank
    shown = 0
    for line in sorted({label.span.line for label in labels}):
        if shown and line > shown + 1:
            yield style.paint("...", "frame")
        shown = line
        here = sorted((label for label in labels if label.span.line == line), key=lambda label: not label.primary)
        raw = masked_line(text.line_text(line), path)
        begin = min(label.span.column for label in here)
        crop = _Crop.around(raw, begin, style.width - gutter - 4)
        number = style.paint(f"{line:>{gutter}} |", "frame")
        yield f"{number} {crop.text}".rstrip()
        for label in here:
            yield from _underline(label, raw, crop, blank, style, style.width - gutter - 4)


@dataclass(frozen=True, slots=True)
class _Crop:
    """The part of a line that fits: `text` as shown, from code point `start` on, `lead` cells of "…" before it."""

    text: str
    start: int
    lead: int

    @staticmethod
    def around(line: str, column: int, width: int) -> _Crop:
        width = max(width, _MIN_WIDTH)
        if cells(line) <= width:
            return _Crop(_expanded(line), 0, 0)
        start = 0
        if cells(line[: column - 1]) > width // 2:
            start = max(0, column - 1 - width // 4)
        lead = "… " if start else ""
        out, used = [], len(lead)
        for char in line[start:]:
            size = cells(char)
            if used + size > width - 2:
                out.append(" …")
                break
            out.append(" " * _TAB if char == "\t" else char)
            used += size
        return _Crop(lead + "".join(out), start, len(lead))


def _underline(label: _Label, line: str, crop: _Crop, blank: str, style: Style, width: int) -> Iterator[str]:
    first = label.span.column - 1
    last = label.span.end_column if label.span.end_line == label.span.line else len(line.rstrip())
    offset = crop.lead + cells(line[crop.start : max(first, crop.start)])
    length = max(1, min(cells(line[first:last]), cells(crop.text) - offset))
    role = "high" if label.primary else "frame"
    mark = f"{blank} {' ' * offset}{style.paint(('^' if label.primary else '-') * length, role)}"
    if not label.text:
        yield mark
    elif offset + length + 1 + cells(label.text) <= width:
        yield f"{mark} {style.paint(label.text, role)}"
    else:
        yield mark
        indent = min(offset, max(0, width - _MIN_WIDTH))
        for part in wrapped(label.text, "", "", width - indent):
            yield f"{blank} {' ' * indent}{style.paint(part, role)}"


def cells(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text) + (_TAB - 1) * text.count("\t")
    return sum(_cell(char) for char in text)


def _cell(char: str) -> int:
    if char == "\t":
        return _TAB
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _expanded(text: str) -> str:
    return text.replace("\t", " " * _TAB)


def wrapped(text: str, first: str, later: str, width: int) -> Iterator[str]:
    """Words laid into lines of at most `width` cells; a word that is wider gets a line of its own."""
    width = max(width, _MIN_WIDTH)
    line, used = first, cells(first)
    fresh = True
    for word in text.split():
        size = cells(word)
        if not fresh and used + 1 + size > width:
            yield line
            line, used, fresh = later, cells(later), True
        line += word if fresh else f" {word}"
        used += size if fresh else size + 1
        fresh = False
    if not fresh:
        yield line
