"""Who in the scanned code uses the keys of a service: references to its key attributes, resources that make keys of it,
scripts and pipelines that ask the cloud for them.

Whoever is found loses access when the service stops taking its keys; that nobody is found proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from rolecall.model.parts import Site
from rolecall.planning.case import Context
from rolecall.planning.edits.setting_edit import written_as
from rolecall.planning.settings.switch_rows import Switch, patterns, rows
from rolecall.source.hcl import Block
from rolecall.source.text import Span
from rolecall.source.tree import Unreadable

_SCRIPTS = (".yml", ".yaml", ".sh", ".bash", ".ps1", ".cmd", ".bat", "Jenkinsfile", "Makefile")
_DATA = re.compile(rb"\bdata\.(\w+)\.[\w-]+(?:\[[^\]\n]*\])?\.(\w+)")
#: How long a session is asked for, in seconds, in a pipeline, a script or a provider block.
_ASKED = re.compile(
    rb"(?:role[-_]duration[-_]seconds|duration[-_]seconds|DurationSeconds)[\"']?\s*[:=\s]\s*[\"']?(\d+)"
)
#: A value that is written there as it is, after its name or alone.
_LITERAL = re.compile(
    rb"""(?:\A|[=:])\s*(?:"([^"\\\n${}]{6,})"|'([^'\n]{6,})'|([^\s"'{}\[\]$!&*#|>][^\n#{}$]{4,}[^\s#{}$]))\s*,?\s*\Z"""
)
_PROSE = (".md", ".txt", ".rst", ".adoc", ".html", ".svg")
_HOUR = 3600
#: Folders whose scripts are about the whole repository.
_OF_ALL = frozenset({"scripts", "ci", "pipelines", "pipeline", "build", "deploy", "tools", "bin", "hack"})
_MOST = 8


@dataclass(frozen=True, slots=True)
class Use:
    """A place where something is used; `says` fits after it."""

    path: str
    line: int
    says: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.says}"


@dataclass
class Readers:
    """The users of keys in one tree; what is looked for in every file is looked for once."""

    context: Context
    _traced: dict[str, list[Use]] = field(default_factory=dict)

    def of(self, site: Site, switch: Switch, value: Span) -> list[Use]:
        """Where the keys of a resource are used, as far as the row knows how; at most a few.  It is set to `value`."""
        found: list[Use] = []
        if site.format == "terraform" and (switch.readers or switch.makers or switch.pinned):
            found.extend(self._references(site, switch))
            found.extend(use for type_name, name, use in self._data if (type_name, name) in _read(site, switch))
        if switch.words:
            found.extend(use for words, use in self._said if words == switch.words and _is_about(use.path, site.module))
        if switch.trace:
            found.extend(
                self._traces(site, switch.trace, switch.traceless, "asks the metadata service without a token")
            )
        if switch.hosts and not self._hops(site):
            found.extend(self._traces(site, switch.hosts, "", "starts containers, and no hop limit lets them through"))
        if switch.instead:
            found.extend(self._sharers(site, switch))
            found.extend(self._copies(value))
        if switch.asked:
            found.extend(self._durations)
        return list(dict.fromkeys(found))[:_MOST]

    def _references(self, site: Site, switch: Switch) -> Iterator[Use]:
        names = "|".join((*switch.readers, *switch.pinned))
        address = re.escape(f"{site.type}.{site.name}").encode("utf-8", "surrogateescape")
        whole = re.compile(rb"(?<![\w.-])" + address + rb"(?![\w-])")
        part = re.compile(rb"(?<![\w.-])" + address + rb"(?:\[[^\]\n]*\])?\.(" + names.encode() + rb")\b")
        # a rule of a queue makes keys of the queue's namespace
        parts = [
            re.escape(".".join(block.labels)).encode("utf-8", "surrogateescape")
            for block in (self.context.blocks(site.module) if switch.makers else ())
            if block.type == "resource" and len(block.labels) == 2 and whole.search(block.slice)
        ]
        inner = re.compile(rb"(?<![\w.-])(?:" + b"|".join(parts) + rb")\.(?:id|name)\b") if parts else None
        for block in self.context.blocks(site.module):
            direct = whole.search(block.slice) is not None
            makes = block.type in ("resource", "data") and block.labels[:1] and block.labels[0] in switch.makers
            if makes and (direct or (inner is not None and inner.search(block.slice))):
                yield _use(block, 0, f"({'.'.join(block.labels)}) needs or makes keys of it")
            if not direct:
                continue
            for match in part.finditer(block.slice) if names else ():
                yield _use(block, match.start(), f"reads {match[1].decode()}")
            if block.type == "output" and switch.readers:
                for match in re.finditer(rb"=\s*" + address + rb"\s*$", block.slice, re.MULTILINE):
                    yield _use(block, match.start(), "hands all of it on")

    def _sharers(self, site: Site, switch: Switch) -> Iterator[Use]:
        """Who else is given the same value: by what the argument refers to, or by the resource's own attribute."""
        name = next((path for path in switch.paths if path), "")
        shared = written_as(self.context, site, name)
        if site.format != "terraform":
            text = self.context.text(site.span.path)
            pattern = re.compile(rb"(?:Ref\W{1,8}|\$\{)" + re.escape(shared).encode() + rb"\b")
            for match in pattern.finditer(text.data) if shared else ():
                if not site.span.start <= match.start() < site.span.end:
                    yield Use(text.path, text.position(match.start())[0], "is given the same")
            return
        wanted = [
            re.escape(f"{site.type}.{site.name}") + rf"(?:\[[^\]\n]*\])?\.{name}",
            *([re.escape(shared)] if shared else []),
        ]
        same = re.compile(("(?<![\\w.-])(?:" + "|".join(wanted) + ")(?![\\w-])").encode("utf-8", "surrogateescape"))
        for block in self.context.blocks(site.module):
            if (block.text.path, block.start) != site.declaration:
                yield from (_use(block, match.start(), "is given the same") for match in same.finditer(block.slice))

    def _copies(self, value: Span) -> Iterator[Use]:
        """Where else a literal value is written, other than as what a service gets for its own."""
        written = self.context.text(value.path).data[value.start : value.end]
        literal = next(filter(None, found.groups()), b"") if (found := _LITERAL.search(written)) else b""
        if not literal:
            return
        alone = re.compile(rb"(?<![A-Za-z0-9])" + re.escape(literal) + rb"(?![A-Za-z0-9])")
        own = [
            secret.span
            for secret in self.context.model.secret_values
            if any(switch.instead for switch in rows(secret.site.type, secret.path))
        ]
        for path, data in self._texts(("",)):
            for match in alone.finditer(data) if literal in data else ():
                if not any(span.path == path and span.start <= match.start() < span.end for span in own):
                    yield Use(path, _line(data, match.start()), "is given the same")

    def _traces(self, site: Site, pattern: str, unless: str, says: str) -> Iterator[Use]:
        """What would fail after the switch: in the template, in the files below the folder and those that it names."""
        if pattern not in self._traced:
            self._traced[pattern] = list(self._matches(pattern, unless, says))
        below = f"{site.module}/"
        for use in self._traced[pattern]:
            beside = use.path.startswith(below) if site.module else "/" not in use.path and use.path.endswith(".tf")
            if use.path == site.span.path or (site.format == "terraform" and beside):
                yield use
            elif site.format == "terraform":
                name = use.path.rpartition("/")[2].encode("utf-8", "surrogateescape")
                if any(name in block.slice for block in self.context.blocks(site.module)):
                    yield use

    def _matches(self, pattern: str, unless: str, says: str) -> Iterator[Use]:
        wanted = re.compile(pattern.encode())
        for path, data in self._texts(("",)):
            match = wanted.search(data) if not path.endswith(_PROSE) else None
            if match and not (unless and unless.encode() in data):
                yield Use(path, _line(data, match.start()), says)

    def _hops(self, site: Site) -> bool:
        """Whether the declaration says how many hops an answer may travel."""
        data = self.context.text(site.span.path).data[site.span.start : site.span.end]
        return b"hop_limit" in data or b"HopLimit" in data

    @cached_property
    def _data(self) -> list[tuple[str, str, Use]]:
        """Attributes that are read of data sources, with the type; which resource each is nobody can tell."""
        found: list[tuple[str, str, Use]] = []
        for path, data in self._texts((".tf",)):
            if b"data.azurerm_" in data:
                found.extend(
                    (
                        match[1].decode(),
                        match[2].decode(),
                        Use(path, _line(data, match.start()), f"reads {match[2].decode()} of one of its type"),
                    )
                    for match in _DATA.finditer(data)
                )
        return found

    @cached_property
    def _said(self) -> list[tuple[str, Use]]:
        """What scripts and pipelines say, by the row's pattern."""
        each = [(words, re.compile(words.encode())) for words in patterns()]
        union = re.compile("|".join(f"(?:{words})" for words, _ in each).encode())
        found: list[tuple[str, Use]] = []
        for path, data in self._texts(_SCRIPTS):
            if union.search(data) is None:
                continue
            for words, pattern in each:
                if match := pattern.search(data):
                    found.append((words, Use(path, _line(data, match.start()), "asks for keys of this kind")))
        return found

    @cached_property
    def _durations(self) -> list[Use]:
        """Where a session of more than an hour is asked for."""
        return [
            Use(path, _line(data, match.start()), f"asks for a session of {match[1].decode()} seconds")
            for path, data in self._texts((*_SCRIPTS, ".tf"))
            for match in _ASKED.finditer(data)
            if len(match[1]) < 10 and int(match[1]) > _HOUR
        ]

    def _texts(self, endings: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        for path in self.context.tree.paths():
            if path.endswith(tuple(endings)):
                try:
                    yield path, self.context.tree.read(path).data
                except Unreadable:
                    continue


def _is_about(path: str, folder: str) -> bool:
    """Whether a script or pipeline may be about what a folder declares: it lies on its way, below it, or among those
    of the whole repository.
    """
    home = path.rpartition("/")[0]
    if home.startswith(".") or home.partition("/")[0] in _OF_ALL:
        return True
    return f"{folder}/".startswith(f"{home}/") or f"{home}/".startswith(f"{folder}/") or not home or not folder


def _read(site: Site, switch: Switch) -> set[tuple[str, str]]:
    return {(site.type, name) for name in switch.readers}


def _use(block: Block, at: int, says: str) -> Use:
    start = block.start + at
    return Use(block.text.path, block.text.position(start)[0], says)


def _line(data: bytes, at: int) -> int:
    return data.count(b"\n", 0, at) + 1
