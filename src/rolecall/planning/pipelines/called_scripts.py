"""The files of the repository that a job's commands run: scripts by their paths, Makefiles, scripts of package.json."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rolecall.planning.case import Context
from rolecall.source.tree import Unreadable

#: A path in a command; the name alone says which file it is, since the folder depends on where the command runs.
_PATH = re.compile(r"(?<![\w$}])(?:\.{0,2}/)?((?:[\w.-]+/)*[\w.-]+\.(?:sh|bash|zsh|py|js|mjs|cjs|ts|rb|ps1))\b")
_MAKE = re.compile(r"\bmake\b")
_PACKAGE = re.compile(r"\b(?:npm|yarn|pnpm)\s+(?:run\s+)?([\w:.-]+)")
MAX_BYTES = 256 * 1024
#: Calls of scripts by scripts that are followed.
_DEPTH = 3


def called_scripts(context: Context, commands: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    """The path and the text of every file that commands may run, and what these run in turn: rather too many, since a
    file counts where its name ends as the command says.
    """
    wanted = {match[1].removeprefix("./") for match in _PATH.finditer(commands)}
    names = {match[1] for match in _PACKAGE.finditer(commands)}
    for path in context.tree.paths():
        file = path.rpartition("/")[2]
        made = file in ("Makefile", "makefile") and _MAKE.search(commands) is not None
        packed = file == "package.json" and bool(names)
        if not made and not packed and not any(f"/{path}".endswith(f"/{one}") for one in wanted):
            continue
        try:
            data = context.tree.read(path).data
        except Unreadable:
            continue
        if len(data) > MAX_BYTES:
            continue
        written = data.decode("utf-8", "replace")
        if file == "package.json":
            lines = [line for line in written.splitlines() if any(f'"{name}"' in line for name in names)]
            written = "\n".join(lines)
        if written:
            yield path, written
            if depth < _DEPTH:
                yield from called_scripts(context, written, depth + 1)
