"""Functions that read files: only inside the scanned root, through the scope."""

from __future__ import annotations

import posixpath
import re

from rolecall.frontends.terraform import templates
from rolecall.frontends.terraform.conversion import NotKnown, Refused, to_text
from rolecall.frontends.terraform.functions.call import Call, Function, pure, taking
from rolecall.frontends.terraform.kinds import Set
from rolecall.frontends.terraform.verbatim import Verbatim
from rolecall.frontends.values import Hop, Scalar, Value, through
from rolecall.source.text import BOM, SourceText


def contents(call: Call) -> SourceText:
    """The file that the first argument names.  Raises NotKnown where the scope does not have it."""
    path = call.string(0)
    found = call.scope.read_file(path)
    if found is None:
        raise NotKnown(f"file {path[:200]} is not in the scanned folder")
    return found


def _text(file: SourceText) -> str:
    data = file.data.removeprefix(BOM)
    shift = len(file.data) - len(data)
    return Verbatim.of(data.decode("utf-8", "replace"), ((0, shift),), file.span)


def _hop(kind: str, file: SourceText, call: Call) -> Hop:
    return Hop(kind, file.path, call.span)


@taking(1)
def _file(call: Call) -> Value:
    file = contents(call)
    value = Scalar(_text(file), file.span(0, len(file.data)), call.argument(0).via)
    return through(value, _hop("file", file, call))


@taking(1)
def _filebase64(call: Call) -> Value:
    import base64

    file = contents(call)
    value = Scalar(base64.b64encode(file.data).decode(), file.span(0, len(file.data)), call.argument(0).via)
    return through(value, _hop("file", file, call))


@taking(1)
def _fileexists(call: Call) -> Value:
    contents(call)
    return call.result(True)


@taking(2)
def _templatefile(call: Call) -> Value:
    bindings = {to_text(entry.key): entry.value for entry in call.entries(1)}
    file = contents(call)
    text = _text(file)
    whole = file.span(0, len(file.data))
    locate = text.byte_span if isinstance(text, Verbatim) else lambda start, end: whole
    value = templates.render(text, call.scope, call.evaluate, locate, bindings)
    return through(value, _hop("template", file, call))


@taking(2)
def _templatestring(call: Call) -> Value:
    bindings = {to_text(entry.key): entry.value for entry in call.entries(1)}
    source = call.argument(0)
    place = source.span or call.span
    return templates.render(call.string(0), call.scope, call.evaluate, lambda start, end: place, bindings)


@taking(2)
def _fileset(call: Call) -> Value:
    folder = call.string(0)
    listed = call.scope.list_files(folder)
    if listed is None:
        raise NotKnown(f"folder {folder[:200]} is not in the scanned folder")
    pattern = _glob(call.string(1))
    found = sorted(path for path in listed if pattern.fullmatch(path))
    return Set(tuple(Scalar(path, call.span) for path in found), call.span)


def _glob(pattern: str) -> re.Pattern[str]:
    """A pattern of `fileset`: `*`, `**`, `?`, `[…]`, `{a,b}`."""
    if len(pattern) > 200 or pattern.count("*") > 6:
        raise Refused("pattern is too long")
    out: list[str] = []
    at = 0
    depth = 0
    while at < len(pattern):
        char = pattern[at]
        if pattern.startswith("**/", at):
            out.append("(?:[^/]+/)*")
            at += 3
            continue
        if pattern.startswith("**", at):
            out.append(".*")
            at += 2
            continue
        if char == "*":
            out.append("[^/]*")
        elif char == "?":
            out.append("[^/]")
        elif char == "[" and (end := pattern.find("]", at + 2)) > 0:
            inside = pattern[at + 1 : end]
            out.append(
                "[" + ("^" if inside[0] in "^!" else "") + re.escape(inside.lstrip("^!")).replace(r"\-", "-") + "]"
            )
            at = end
        elif char == "{":
            depth += 1
            out.append("(?:")
        elif char == "}" and depth:
            depth -= 1
            out.append(")")
        elif char == "," and depth:
            out.append("|")
        else:
            out.append(re.escape(char))
        at += 1
    try:
        return re.compile("".join(out))
    except re.error:
        raise Refused("pattern is not valid") from None


def _dirname(path: str) -> str:
    return posixpath.normpath(posixpath.dirname(path) or ("/" if path.startswith("/") else "."))


def _basename(path: str) -> str:
    return posixpath.basename(path.rstrip("/")) or ("/" if path else ".")


@taking(1)
def _pathexpand(call: Call) -> Value:
    path = call.string(0)
    return call.unknown("the home folder is not known") if path.startswith("~") else call.result(path)


@taking(1)
def _abspath(call: Call) -> Value:
    return call.unknown("the working folder is not known")


TABLE: dict[str, Function] = {
    "abspath": _abspath,
    "basename": pure(_basename, "s"),
    "dirname": pure(_dirname, "s"),
    "file": _file,
    "filebase64": _filebase64,
    "fileexists": _fileexists,
    "fileset": _fileset,
    "pathexpand": _pathexpand,
    "templatefile": _templatefile,
    "templatestring": _templatestring,
}
