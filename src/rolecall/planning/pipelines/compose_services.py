"""Services of compose files, to which a job hands its variables one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rolecall.planning.case import Context
from rolecall.planning.edits.line_edit import Refused
from rolecall.source.tree import Unreadable
from rolecall.source.yaml import YamlMapping, load

_FILE = re.compile(r"(?:^|/)(?:docker-)?compose[\w.-]*\.ya?ml$")
_KEY = re.compile(r"\bAWS_(?:ACCESS_KEY_ID|SECRET_ACCESS_KEY)\b")
_TOKEN = re.compile(r"\bAWS_SESSION_TOKEN\b")


def refuse_tokenless(context: Context, here: bool = True) -> None:
    """Refused where a service may be given a session's keys without its token, or where no compose file is here
    (unless `here` is False).

    A variable that is named without a value comes from where compose runs, and is not there where it is not set there:
    https://docs.docker.com/reference/compose-file/services/#environment
    """
    files = [path for path in context.tree.paths() if _FILE.search(path)]
    if not files and here:
        raise Refused("a step runs docker compose, and the compose file is not here")
    for path in files:
        for place, name, body in _services(context, path):
            if _KEY.search(body) and not _TOKEN.search(body):
                raise Refused(
                    f"a step runs docker compose, and the service {name} ({place}) is given the key without a "
                    "session's token: add AWS_SESSION_TOKEN, without a value, to its environment first"
                )


def _services(context: Context, path: str) -> Iterator[tuple[str, str, str]]:
    """Every service of a compose file, or what several share: its place, its name and its text."""
    try:
        source = context.tree.read(path)
    except Unreadable as error:
        raise Refused(str(error)) from None
    roots, faults = load(source)
    for root in roots if not faults else ():
        for pair in root.pairs if isinstance(root, YamlMapping) else ():
            inner = pair.value.pairs if pair.name == "services" and isinstance(pair.value, YamlMapping) else [pair]
            for one in inner:
                yield f"{path}:{one.span.line}", one.name or "", source.text(one.span)
    if faults:
        raise Refused(f"{path} cannot be read")
