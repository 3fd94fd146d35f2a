"""Facts as they are gathered from many files: the same use told a million times is one use."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from rolecall.evidence.facts import MAX_GAP, Evidence, KeyUse, Principal, Service, Source, Use, Window, latest, stretch

#: Resources of one action by one principal above this are as good as not said.
MAX_RESOURCES = 500
#: Programs that are kept for one key.
MAX_AGENTS = 10


@dataclass(slots=True)
class _Use:
    last: datetime | None = None
    count: int = 0
    allowed: bool = False
    whole: bool = True
    resources: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Tally:
    """What has been read so far."""

    sources: list[Source] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)
    aliases: set[tuple[str, Principal]] = field(default_factory=set)
    _keys: dict[tuple[Principal, str, str, str], KeyUse] = field(default_factory=dict)
    _uses: dict[tuple[Principal, str, str, bool], _Use] = field(default_factory=dict)

    def use(
        self,
        principal: Principal,
        action: str,
        source: str,
        when: datetime | None,
        resources: list[str] | tuple[str, ...] = (),
        *,
        count: int = 1,
        denied: bool = False,
        mapped: bool = True,
    ) -> None:
        """One call, or a summary of several; without resources nothing is known of those of the whole action."""
        found = self._uses.setdefault((principal, action, source, mapped), _Use())
        found.last = latest((found.last, when))
        found.count += count
        found.allowed |= not denied
        found.resources.update(resources)
        found.whole &= bool(resources) and len(found.resources) <= MAX_RESOURCES
        if not found.whole:
            found.resources.clear()

    def key(self, use: KeyUse) -> None:
        """A key's use, or that there was none; of several facts from files of one format the latest use counts."""
        name = use.principal, use.cls, use.tail, use.source
        known = self._keys.get(name)
        if known is None:
            self._keys[name] = use
            return
        newer = use if known.last is None or (use.last is not None and use.last > known.last) else known
        windows = [window for window in (known.window, use.window) if window is not None]
        agents = tuple(dict.fromkeys((*known.agents, *use.agents)))[:MAX_AGENTS]
        self._keys[name] = replace(newer, window=stretch(windows), agents=agents)

    def evidence(self) -> Evidence:
        """All of it, sorted."""
        uses = [
            Use(who, action, tuple(sorted(found.resources)), found.last, found.count, source, not found.allowed, mapped)
            for (who, action, source, mapped), found in self._uses.items()
        ]
        return Evidence(
            tuple(sorted(self.sources, key=lambda source: source.path)),
            tuple(sorted(uses, key=lambda use: (use.principal, use.action, use.source))),
            tuple(sorted(self.services, key=lambda service: (service.principal, service.service))),
            tuple(sorted(self._keys.values(), key=lambda key: (key.principal, key.cls, key.tail, key.source))),
            tuple(sorted(self.aliases)),
        )


def agent(written: str) -> tuple[str, ...]:
    """The program that a user agent names: its first word, in brackets or not; nothing where it is none."""
    word = written.strip("[] ").partition(" ")[0][:60]
    return (word,) if word.isprintable() and word else ()


def run(times: list[datetime]) -> Window | None:
    """The last stretch of time in which calls follow each other without a gap; None of no calls."""
    found: Window | None = None
    for time in sorted(times, reverse=True):
        if found is not None and found.start - time > MAX_GAP:
            break
        found = Window(time, time) if found is None else Window(time, found.end)
    return found
