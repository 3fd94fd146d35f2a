"""What commands print: the text of echo, printf and strings in a pipe, as parts and lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from rolecall.frontends.pipelines.shell import Command, ShellPart, Word
from rolecall.source.patterns import late

_WRAPPERS = frozenset({"sudo", "exec", "command", "nohup", "env", "time", "xargs", "builtin", "then", "do", "else"})
PRINTERS = frozenset({"echo", "printf", "write-output", "write-host", "print"})
_ASSIGNED = late(r"[A-Za-z_][\w.-]*=")


def unwrapped(command: Command) -> list[Word]:
    """The words of a command without `sudo`, `env A=b` and the like before it."""
    words = command.words
    at = 0
    while at < len(words) and words[at].text in _WRAPPERS:
        wrapper = words[at].text
        at += 1
        while (
            at < len(words)
            and wrapper in ("sudo", "env", "xargs")
            and (words[at].text.startswith("-") or (wrapper != "xargs" and _ASSIGNED.match(words[at].text)))
        ):
            at += 1
    return words[at:]


def without(parts: tuple[ShellPart, ...], characters: int) -> tuple[ShellPart, ...]:
    """The parts without the first characters of the text that they begin with."""
    for index, part in enumerate(parts):
        if not characters:
            return parts[index:]
        if len(part.text) > characters:
            exact = len(part.text) == part.end - part.start
            return (part_of(part, characters, part.text[characters:], exact), *parts[index + 1 :])
        characters -= len(part.text)
    return ()


def part_of(part: ShellPart, at: int, text: str, exact: bool) -> ShellPart:
    if not exact:
        return replace(part, text=text)
    return ShellPart(part.kind, text, part.start + at, part.start + at + len(text))


def printed(command: Command) -> tuple[ShellPart, ...] | None:
    """The text that echo or printf prints; a lone string at the head of a PowerShell pipe prints itself."""
    words = unwrapped(command)
    if not words:
        return None
    program = words[0].text.lower()
    if program not in PRINTERS:
        alone = len(words) == 1 and words[0].quoted
        return words[0].parts if alone else None
    rest = words[1:]
    escapes = program == "printf"
    while rest and re.fullmatch(r"-[neE]+", rest[0].text) and not rest[0].quoted:
        escapes = escapes or "e" in rest[0].text
        rest = rest[1:]
    if program == "printf" and rest:
        parts = _formatted(rest)
    else:
        parts = []
        for before, word in pairwise([None, *rest]):
            if before is not None and word is not None:
                parts.append(ShellPart("text", " ", before.end, word.start))
            parts.extend(word.parts if word else ())
    if escapes:
        parts = [
            replace(part, text=part.text.replace("\\n", "\n")) if part.kind == "text" and "\\n" in part.text else part
            for part in parts
        ]
    return tuple(parts)


def _formatted(words: list[Word]) -> list[ShellPart]:
    """What printf makes of its format: `%s` stands for the arguments in turn, anything else stays."""
    parts: list[ShellPart] = []
    arguments = iter(words[1:])
    for part in words[0].parts:
        if part.kind != "text":
            parts.append(part)
            continue
        exact = len(part.text) == part.end - part.start
        at = 0
        for found in re.finditer(r"%[sdbq]", part.text):
            if found.start() > at:
                parts.append(part_of(part, at, part.text[at : found.start()], exact))
            argument = next(arguments, None)
            parts.extend(argument.parts if argument else ())
            at = found.end()
        if at < len(part.text):
            parts.append(part_of(part, at, part.text[at:], exact))
    return parts


def lines(parts: tuple[ShellPart, ...]) -> Iterator[tuple[ShellPart, ...]]:
    """The lines of a text, none of them empty."""
    line: list[ShellPart] = []
    for part in parts:
        if part.kind != "text" or "\n" not in part.text:
            line.append(part)
            continue
        exact = len(part.text) == part.end - part.start
        at = 0
        for piece in part.text.split("\n"):
            if at:
                if any(found.kind != "text" or found.text.strip() for found in line):
                    yield tuple(found for found in line if found.text)
                line = []
            line.append(part_of(part, at, piece, exact))
            at += len(piece) + 1
    if any(found.kind != "text" or found.text.strip() for found in line):
        yield tuple(found for found in line if found.text)
