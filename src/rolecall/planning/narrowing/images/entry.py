"""What of an image's code runs: its command, down to a file of the repository."""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.narrowing.images.dockerfile import Layout
from rolecall.planning.narrowing.needs.languages import GO, JAVASCRIPT, Language


@dataclass(frozen=True, slots=True)
class Started:
    """What a container starts: of Python (`language` None) or another language, the file in the build's context, or
    the folder of Go code.
    """

    language: Language | None
    place: str


#: Programs that only start others.  https://github.com/krallin/tini, https://github.com/Yelp/dumb-init
_WRAPPERS = frozenset({"tini", "dumb-init", "exec", "env"})
_RUNNERS = frozenset({"poetry", "uv", "pipenv", "pdm"})
#: Servers of Python that are given `module:object`, and load nothing else but what their packages are.
_SERVERS = frozenset({"gunicorn", "uvicorn", "hypercorn", "waitress-serve"})
_PYTHON = re.compile(r"python(?:3(?:\.\d+)?)?")
_APPLICATION = re.compile(r"([A-Za-z_][\w.]*):[A-Za-z_]\w*(?:\(\))?")
_SIGNS = re.compile(r"[;&|<>`()*?\n]|\$\(")
_HARMLESS_FLAGS = frozenset({"-u", "-B", "-O", "-OO", "-I", "-E", "-s", "-b"})
_NODE_FLAGS = re.compile(r"--(?:enable-source-maps|max-old-space-size=\d+|no-warnings|trace-warnings)")


def started(
    layout: Layout, files: Mapping[str, str], entry: Sequence[str] | None = None, command: Sequence[str] | None = None
) -> Started:
    """What runs in an image.  `files` are the texts of the context's package.json files by their paths; `entry` and
    `command` are what whoever runs the image puts in the place of its own (None: nothing).

    Refused, with the reason, where it cannot be told.
    """
    first = layout.entry if entry is None else tuple(entry)
    second = (layout.command if entry is None else ()) if command is None else tuple(command)
    if first and isinstance(second, str) and not isinstance(first, str):
        raise Refused("what runs in its image is started by a shell inside another program")
    words = _split(first) if isinstance(first, str) else [*first, *(_split(second) if second else [])]
    if not words:
        raise Refused("what runs in its image is not written there")
    return _program(layout, files, words, 0)


def _split(command: str | Sequence[str]) -> list[str]:
    if not isinstance(command, str):
        return list(command)
    if _SIGNS.search(re.sub(r"\$\{\w+(?::?-[\w.:]*)?\}|\$\w+", "x", command)):
        raise Refused(f"what runs in its image is a script: {command[:60]}")
    try:
        return shlex.split(command)
    except ValueError:
        raise Refused(f"what runs in its image is not understood: {command[:60]}") from None


def _program(layout: Layout, files: Mapping[str, str], words: list[str], depth: int) -> Started:
    name = posixpath.basename(words[0]) if words else ""
    rest = words[1:]
    unseen = Refused(f"what runs in its image is not seen: {' '.join(words)[:60]}")
    if not name or depth > 5:
        raise unseen
    if name in _WRAPPERS:
        while rest and (rest[0].startswith("-") or (name == "env" and "=" in rest[0])):
            rest = rest[1:]
        return _program(layout, files, rest, depth + 1)
    if name in _RUNNERS and rest[:1] == ["run"]:
        return _program(layout, files, rest[1:], depth + 1)
    if name in ("sh", "bash") and len(rest) == 2 and rest[0] == "-c":
        return _program(layout, files, _split(rest[1]), depth + 1)
    if name == "lambda":
        return _handler(layout, rest)
    if _PYTHON.fullmatch(name):
        return _python(layout, files, rest, unseen, depth)
    if name in _SERVERS:
        return _served(layout, rest, unseen)
    if name == "node":
        while rest and _NODE_FLAGS.fullmatch(rest[0]):
            rest = rest[1:]
        return Started(JAVASCRIPT, _there(layout, rest[0])) if rest and not rest[0].startswith("-") else _no(unseen)
    if name in ("npm", "yarn", "pnpm"):
        return _script(layout, files, rest, unseen, depth)
    path = posixpath.normpath(posixpath.join(layout.folder, words[0]))
    folder = layout.binaries.get(path)
    if folder is None and "/" not in words[0]:
        found = {one for place, one in layout.binaries.items() if posixpath.basename(place) == name}
        folder = found.pop() if len(found) == 1 else None
    if folder is None:
        raise unseen
    return Started(GO, folder)


def _no(refused: Refused) -> Started:
    raise refused


def _there(layout: Layout, path: str) -> str:
    """What of the context lies at a path of the image."""
    found = layout.source_of(posixpath.normpath(posixpath.join(layout.folder, path)))
    if found is None:
        raise Refused(f"what runs in its image is not in the repository: {path}")
    return found


def _module(layout: Layout, name: str) -> str:
    path = name.replace(".", "/")
    file = posixpath.normpath(posixpath.join(layout.folder, f"{path}.py"))
    return _there(layout, f"{path}.py" if any(one.target == file for one in layout.copied) else path)


def _handler(layout: Layout, words: list[str]) -> Started:
    module, _, name = words[0].rpartition(".") if len(words) == 1 else ("", "", "")
    if not module or not name:
        raise Refused("which of its functions is called is not known")
    return Started(None, _module(layout, module))


def _python(layout: Layout, files: Mapping[str, str], words: list[str], unseen: Refused, depth: int) -> Started:
    while words and words[0] in _HARMLESS_FLAGS:
        words = words[1:]
    if words[:1] == ["-m"] and len(words) > 1:
        if words[1] in _SERVERS:
            return _program(layout, files, words[1:], depth + 1)
        if words[1] == "flask":
            raise unseen
        return Started(None, _module(layout, words[1]))
    if not words or words[0].startswith("-"):
        raise unseen
    return Started(None, _there(layout, words[0]))


def _served(layout: Layout, words: list[str], unseen: Refused) -> Started:
    named = [match[1] for word in words if (match := _APPLICATION.fullmatch(word))]
    if len(named) != 1 or any(word.startswith(("--chdir", "--app-dir", "--factory", "--paste")) for word in words):
        raise unseen
    return Started(None, _module(layout, named[0]))


def _script(layout: Layout, files: Mapping[str, str], words: list[str], unseen: Refused, depth: int) -> Started:
    """A script of package.json, with nothing before or after it."""
    names = [word for word in words if word != "run" and not word.startswith("-")]
    place = layout.source_of(posixpath.join(layout.folder, "package.json"))
    text = files.get(place) if place is not None else None
    if len(names) != 1 or text is None:
        raise unseen
    try:
        scripts = json.loads(text)["scripts"]
        script = scripts[names[0]]
    except (ValueError, LookupError, TypeError, RecursionError):
        raise unseen from None
    if not isinstance(script, str) or f"pre{names[0]}" in scripts or f"post{names[0]}" in scripts:
        raise unseen
    return _program(layout, files, _split(script), depth + 1)
