"""The facts of usage: who called what, when; which services were never called; when a key was last used.

All are frozen, hold no secret and no whole key id, and say from which file format they come.  A fact that somebody did
something holds for ever.  A fact that nobody did holds for a window only, and only for what its format records at all:
most logs leave out calls on the data of a store (`Use`), so that silence never proves that a data call is not needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TypeVar

#: Characters of a key's id that may be shown.
TAIL = 4
_SYMBOL = re.compile(r"\$\{[^{}]*\}")


@dataclass(frozen=True, slots=True, order=True)
class Principal:
    """Who calls.

    `kind` is user, role, root, service-account, service-principal, managed-identity, instance, resource or other;
    `name` is the user's or role's name (without path), the service account's e-mail address, the application's or
    object's id in Entra, or the OCID.  `account` is the AWS account, the project or the tenant, "" where the file does
    not say it.
    """

    cloud: str
    kind: str
    name: str
    account: str = ""


@dataclass(frozen=True, slots=True)
class Window:
    """The time that was looked at, both ends in UTC.  Nobody was seen does not mean anything outside of it."""

    start: datetime
    end: datetime

    @property
    def days(self) -> int:
        """Whole days, rounded down."""
        return max(0, (self.end - self.start) // timedelta(days=1))

    def joined(self, other: Window) -> Window:
        """The window from the earlier start to the later end."""
        return Window(min(self.start, other.start), max(self.end, other.end))


@dataclass(frozen=True, slots=True)
class Use:
    """One action that one principal used.

    `action` is in the cloud's own words for permissions (`s3:GetObject`, `storage.objects.get`,
    `Microsoft.Storage/storageAccounts/read`); where the log's name of the call is not known to be one, `mapped` is
    False and nothing may be derived from its name but that its service is in use.  `resources` are the ARNs or names
    it was used on, as far as the log has them (empty: not said).  `last` is None where the file gives no date, `count`
    is 0 where it does not count.  `denied` says that every attempt failed for want of permission.
    """

    principal: Principal
    action: str
    resources: tuple[str, ...]
    last: datetime | None
    count: int
    source: str
    denied: bool = False
    mapped: bool = True

    @property
    def service(self) -> str:
        """The part of the action before its first `:`, `/` or `.`, in lower case."""
        return re.split(r"[:/.]", self.action, maxsplit=1)[0].lower()


@dataclass(frozen=True, slots=True)
class Service:
    """What is known of one principal and one service (its IAM prefix, lower case) as a whole.

    `last` is None where it was not used in the window.  Control and data calls both count, attempts that were refused
    too.
    """

    principal: Principal
    service: str
    last: datetime | None
    window: Window
    source: str


@dataclass(frozen=True, slots=True)
class KeyUse:
    """When a key was last used.

    `cls` is the class of credential, as in the model (access-key, service-account-key, client-secret, api-key), or any
    where the file only says that the principal logged in.  `tail` has the last four characters of the key's id, #1 or
    #2 where a report numbers a user's keys, "" where the file does not name it.  `last` is None where no use is known;
    that says something only for `window` (None: since the key was made).  `what` is the service it was last used for
    and `agents` the programs that used it (their first word: aws-cli/2.15), as far as the file says.
    """

    principal: Principal
    cls: str
    tail: str
    last: datetime | None
    window: Window | None
    source: str
    what: str = ""
    agents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """One file that was read: its path in the folder, its format (see docs/evidence.md), the window it is about, and
    how many records it gave.  `accounts` are those (or projects, or tenants) that it is about, empty where it does not
    say; `principal` is whom it is about where that is one alone; `notes` say what of it could not be used.
    """

    path: str
    format: str
    window: Window | None
    records: int
    accounts: frozenset[str] = frozenset()
    principal: Principal | None = None
    notes: tuple[str, ...] = ()


_Fact = TypeVar("_Fact", Use, Service)


@dataclass(frozen=True)
class Evidence:
    """Everything that one folder of usage evidence says.  `aliases` are other names of principals: what people call an
    application or a user of which the logs know an id.
    """

    sources: tuple[Source, ...] = ()
    uses: tuple[Use, ...] = ()
    services: tuple[Service, ...] = ()
    keys: tuple[KeyUse, ...] = ()
    aliases: tuple[tuple[str, Principal], ...] = ()

    @cached_property
    def principals(self) -> tuple[Principal, ...]:
        """Everybody whom some fact is about, sorted."""
        return tuple(
            sorted(
                {f.principal for f in self.uses}
                | {f.principal for f in self.services}
                | {f.principal for f in self.keys}
            )
        )

    @cached_property
    def _uses(self) -> Mapping[Principal, tuple[Use, ...]]:
        return _by_principal(self.uses)

    @cached_property
    def _services(self) -> Mapping[Principal, tuple[Service, ...]]:
        return _by_principal(self.services)

    def named(self, cloud: str, kind: str, label: str) -> tuple[Principal, ...]:
        """The principals that a name in the code may stand for; `label` may hold `${…}` where a part is not known.

        More than one where that leaves it open (or where several accounts have one of that name): then what any of
        them does counts as done, and what only some of them left undone as nothing.
        """
        if not _SYMBOL.sub("", label).strip("-_ ./"):
            return ()
        pattern = re.compile(".+".join(re.escape(part) for part in _SYMBOL.split(label)))
        names = [*self.aliases, *((one.name, one) for one in self.principals)]
        found = {one for name, one in names if one.cloud == cloud and one.kind == kind and pattern.fullmatch(name)}
        return tuple(sorted(found))

    def uses_of(self, principal: Principal) -> tuple[Use, ...]:
        """What a principal used, sorted by action."""
        return self._uses.get(principal, ())

    def services_of(self, principal: Principal) -> tuple[Service, ...]:
        return self._services.get(principal, ())

    def window_of(self, principal: Principal, formats: frozenset[str] | None = None) -> Window | None:
        """The time in which every call of a principal that its cloud's log records at all would have been seen, in logs
        of some formats (None: all that its cloud has).

        None where no log was read that it would be in: a file about other accounts, or about keys alone.  Of logs with
        a gap between them the last stretch counts.
        """
        return stretch(
            source.window
            for source in self.sources
            if source.window is not None
            and source.format in (LOGS.get(principal.cloud, ()) if formats is None else formats)
            and source.principal in (None, principal)
            and not (principal.account and source.accounts and principal.account not in source.accounts)
        )

    def keys_of(self, principal: Principal) -> tuple[KeyUse, ...]:
        return tuple(key for key in self.keys if key.principal == principal)

    def formats(self) -> list[dict[str, object]]:
        """What was read, by format: how many files and records, from when to when, and what could not be used."""
        told: list[dict[str, object]] = []
        for name in sorted({source.format for source in self.sources}):
            own = [source for source in self.sources if source.format == name]
            window = stretch(source.window for source in own if source.window is not None)
            told.append(
                {
                    "format": name,
                    "files": len(own),
                    "records": sum(source.records for source in own),
                    "start": window.start.isoformat() if window is not None else None,
                    "end": window.end.isoformat() if window is not None else None,
                    "notes": sorted({note for source in own for note in source.notes}),
                }
            )
        return told

    def silent_services(self, principal: Principal) -> tuple[Service, ...]:
        """The services that a principal did not use at all in their window, data calls included."""
        facts = self.services_of(principal)
        used = {fact.service for fact in facts if fact.last} | {use.service for use in self.uses_of(principal)}
        return tuple(fact for fact in facts if fact.last is None and fact.service not in used)


#: What is known where the user has no evidence.
NOTHING = Evidence()
#: Formats by cloud that log every call of a kind (rather than tell of keys).
LOGS: Mapping[str, frozenset[str]] = {
    "aws": frozenset({"cloudtrail", "generated-policy"}),
    "azure": frozenset({"azure-activity-log", "entra-sign-ins"}),
    "oci": frozenset({"oci-audit"}),
}
#: Logs further apart than this leave a gap: nobody can tell whether anything happened in between.
MAX_GAP = timedelta(days=2)


def stretch(windows: Iterable[Window]) -> Window | None:
    """The last stretch of time that windows cover without a gap; None of no windows."""
    found: Window | None = None
    for window in sorted(windows, key=lambda one: one.end, reverse=True):
        if found is not None and found.start - window.end > MAX_GAP:
            break
        found = window if found is None else found.joined(window)
    return found


def _by_principal(facts: Iterable[_Fact]) -> Mapping[Principal, tuple[_Fact, ...]]:
    found: dict[Principal, list[_Fact]] = {}
    for fact in facts:
        found.setdefault(fact.principal, []).append(fact)
    return {principal: tuple(own) for principal, own in found.items()}


def tail(key: str) -> str:
    """What of a key's id may be shown: its last characters, nothing of an id that is hardly longer than that."""
    return key[-TAIL:] if len(key) >= 3 * TAIL else ""


def latest(dates: Iterable[datetime | None]) -> datetime | None:
    """The latest of dates, some of which may not be known."""
    return max((date for date in dates if date is not None), default=None)
