"""Shell scripts as commands and words, without running anything.

It reads what POSIX shells, PowerShell and cmd have in common, and where they differ it prefers bash.  Whatever the
text, it yields something: an unclosed quote reaches to the end, an unknown construct is words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import field
from typing import Literal

from rolecall.source.patterns import late
from rolecall.source.records import dataclass

#: `$( … )` inside each other; deeper ones are read as plain text.
MAX_DEPTH = 20
#: Groups (`{ … } > file`) inside each other whose redirections are followed.
MAX_GROUPS = 50
MAX_ARITHMETIC = 1_000

PartKind = Literal["text", "variable", "command"]


@dataclass(frozen=True, slots=True)
class ShellPart:
    """A stretch of a word: literal text (quotes and escapes resolved), the name of a variable, or a command's text.

    `[start, end)` are characters of the script.
    """

    kind: PartKind
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a command.  `quoted` is True where any of it is in quotes."""

    parts: tuple[ShellPart, ...]
    start: int
    end: int
    quoted: bool = False

    @property
    def text(self) -> str:
        """The word with variables as `$NAME` and commands as `$(…)`."""
        return written(self.parts)


@dataclass(frozen=True, slots=True)
class Redirect:
    """`operator` is > >> < << <<< >|; the target of a `<<` is the text that follows in the lines below."""

    operator: str
    target: Word


@dataclass(slots=True)
class Command:
    """A simple command: assignments, words, redirections.

    `input` is the command whose output is piped into this one.
    """

    assignments: list[tuple[str, Word]] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    redirects: list[Redirect] = field(default_factory=list)
    start: int = 0
    end: int = 0
    input: Command | None = None

    @property
    def empty(self) -> bool:
        return not (self.words or self.assignments or self.redirects)


def written(parts: tuple[ShellPart, ...]) -> str:
    return "".join(
        part.text if part.kind == "text" else f"${part.text}" if part.kind == "variable" else f"$({part.text})"
        for part in parts
    )


def commands(script: str) -> Iterator[Command]:
    """The simple commands of a script in order, those in `$( … )` before the command that holds them."""
    reader = _Reader(script)
    reader.block(0, len(script), "", 0)
    yield from reader.found


_ASSIGNMENT = late(r"([A-Za-z_][A-Za-z0-9_]*)(?:\[[^\]=]*\])?\+?=")
_VARIABLE = late(r"\$(?:env:)?([A-Za-z_][A-Za-z0-9_]*)", re.IGNORECASE)
_BRACED = late(r"\$\{(?:env:)?([!#]?[A-Za-z_][A-Za-z0-9_]*)[^{}]*\}", re.IGNORECASE)
_REDIRECT = late(r"(?:\d{0,2}|&)(<<<|<<-?|>>|>\||>&|<&|>|<)")
_PLAIN = late(r"[^\s;&|()<>\"'\\`$#{}]+")
_STOPS = {'"': re.compile(r'[$`\\"]'), "": re.compile(r"[$`\\]")}
_KEYWORDS = frozenset({"if", "then", "elif", "else", "do", "while", "until", "!", "{", "time"})
_CLOSERS = frozenset({"}", "fi", "done", "esac"})
_OPENERS = frozenset({"{", "if", "while", "until", "for", "case", "select"})


class _Reader:
    def __init__(self, script: str) -> None:
        self._script = script
        self.found: list[Command] = []

    def block(self, at: int, end: int, closing: str, depth: int) -> int:
        """Reads commands until `closing` (")" or nothing) or the end; gives the place after it."""
        script = self._script
        current = Command(start=at)
        heredocs: list[tuple[Command, str, bool, bool]] = []
        groups: list[int] = []
        pipe: Command | None = None
        while at < end:
            char = script[at]
            if char in " \t\r":
                at += 1
            elif char in "\\`" and script[at + 1 : at + 2] in ("\n", "\r"):
                at = script.find("\n", at) + 1
            elif char == "\n":
                at += 1
                pipe, current = self._finish(current, False, pipe), Command(start=at)
                at, heredocs = self._heredocs(at, end, heredocs, depth), []
            elif char == "#":
                newline = script.find("\n", at, end)
                at = end if newline == -1 else newline
            elif char == "(" and current.empty and (close := self._arithmetic(at, end)):
                at = close
            elif char == ")" and closing == ")":
                self._finish(current, False, pipe)
                return at + 1
            elif char in ";&|()" and not _REDIRECT.match(script, at):
                pair = script[at : at + 2]
                piped = char == "|" and pair != "||"
                if char == "(" and len(groups) < MAX_GROUPS:
                    groups.append(len(self.found))
                closed = groups.pop() if char == ")" and groups else None
                finished = self._finish(current, piped, pipe)
                pipe = finished if piped else None
                at += 2 if pair in ("&&", "||", ";;", "|&") else 1
                current = self._group(closed, at) if closed is not None else Command(start=at)
            elif redirect := _REDIRECT.match(script, at):
                at = self._redirect(current, redirect, end, heredocs, depth)
            else:
                if current.empty:
                    current.start = at
                word, at = self._word(at, end, depth)
                current.end = at
                if word.end == word.start:
                    at = word.start + 1  # a character that fits nowhere
                    continue
                current = self._place(current, word, groups)
        self._finish(current, False, pipe)
        return end

    def _arithmetic(self, at: int, end: int) -> int:
        """The place behind a `(( … ))` that begins here; 0 where there is none."""
        if not self._script.startswith("((", at):
            return 0
        close = self._script.find("))", at, min(end, at + MAX_ARITHMETIC))
        return 0 if close == -1 else close + 2

    def _place(self, current: Command, word: Word, groups: list[int]) -> Command:
        text = "" if word.quoted else word.text
        if not current.words:
            assigned = _ASSIGNMENT.match(self._script, word.start, word.end)
            if assigned and not text.startswith("$"):
                current.assignments.append((assigned[1], cut(word, assigned.end() - word.start)))
                return current
            if text in _OPENERS and not current.assignments and len(groups) < MAX_GROUPS:
                groups.append(len(self.found))
            if text in _CLOSERS:
                return self._group(groups.pop() if groups else len(self.found), word.end)
            if text in _KEYWORDS:
                return current
        current.words.append(word)
        return current

    def _group(self, opened: int, at: int) -> Command:
        """What stands after a closing bracket, redirections and pipes, is for every command in the group."""
        return _Group(start=at, members=self.found[opened:])

    def _finish(self, command: Command, piped: bool, source: Command | None) -> Command | None:
        """Records a command.  Gives what the next one reads from: this command, when it is piped on."""
        if isinstance(command, _Group):
            for member in command.members:
                member.redirects.extend(command.redirects)
            if command.words:
                self.found.append(command)
            return command.members[-1] if piped and command.members else None
        if command.empty:
            return None if piped else source
        command.input = source
        self.found.append(command)
        return command if piped else None

    def _redirect(
        self,
        command: Command,
        found: re.Match[str],
        end: int,
        heredocs: list[tuple[Command, str, bool, bool]],
        depth: int,
    ) -> int:
        script, operator, at = self._script, found[1], found.end()
        if script.startswith("(", at) and operator in ("<", ">"):  # process substitution
            return self.block(at + 1, end, ")", depth + 1) if depth < MAX_DEPTH else at + 1
        while at < end and script[at] in " \t":
            at += 1
        word, after = self._word(at, end, depth)
        if operator in ("<<", "<<-"):
            heredocs.append((command, word.text.strip("'\""), word.quoted, operator == "<<-"))
        elif operator in (">", ">>", ">|", "<", "<<<") and word.end > word.start:
            command.redirects.append(Redirect(operator, word))
        command.end = max(after, found.end())
        return command.end

    def _heredocs(self, at: int, end: int, waiting: list[tuple[Command, str, bool, bool]], depth: int) -> int:
        for command, delimiter, literal, tabs in waiting:
            begin, stop = at, end
            while at < end:
                newline = self._script.find("\n", at, end)
                after = end if newline == -1 else newline + 1
                line = self._script[at : end if newline == -1 else newline].rstrip("\r")
                if (line.lstrip("\t") if tabs else line) == delimiter or line.strip() == delimiter:
                    stop, at = at, after
                    break
                at = after
            parts = [ShellPart("text", self._script[begin:stop], begin, stop)]
            if not literal:
                parts = self._expanded(begin, stop, "", depth)[0]
            command.redirects.append(Redirect("<<", Word(tuple(parts), begin, stop, literal)))
        return at

    def _word(self, at: int, end: int, depth: int) -> tuple[Word, int]:
        script, start = self._script, at
        parts: list[ShellPart] = []
        quoted = False
        while at < end:
            char = script[at]
            if plain := _PLAIN.match(script, at, end):
                parts.append(ShellPart("text", plain[0], at, plain.end()))
                at = plain.end()
            elif char in "{}#":
                parts.append(ShellPart("text", char, at, at + 1))
                at += 1
            elif char == "'":
                quoted = True
                close = script.find("'", at + 1, end)
                close = end if close == -1 else close
                parts.append(ShellPart("text", script[at + 1 : close], at + 1, close))
                at = min(close + 1, end)
            elif char == '"':
                quoted = True
                inner, at = self._expanded(at + 1, end, '"', depth)
                parts.extend(inner)
            elif char == "$" and script[at + 1 : at + 2] in ("'", '"'):
                at += 1
            elif char in "$`":
                part, after = self._expansion(at, end, depth)
                if part is None:
                    if char == "`" and script[at + 1 : at + 2] in ("\n", "\r"):
                        break
                    part, after = ShellPart("text", char, at, at + 1), at + 1
                parts.append(part)
                at = after
            elif char == "\\":
                if script[at + 1 : at + 2] in ("\n", "\r"):
                    break
                parts.append(ShellPart("text", script[at + 1 : at + 2] or "\\", at, min(at + 2, end)))
                at = min(at + 2, end)
            else:
                break
        return Word(tuple(parts), start, at, quoted), at

    def _expanded(self, at: int, end: int, quote: str, depth: int) -> tuple[list[ShellPart], int]:
        """The parts of a double-quoted string, or of a heredoc where `quote` is empty, and the place behind it."""
        script = self._script
        parts: list[ShellPart] = []
        begin = at
        stops = _STOPS[quote]
        while at < end:
            found = stops.search(script, at, end)
            if found is None:
                at = end
                break
            at = found.start()
            char = found[0]
            part: ShellPart | None = None
            after = at + 1
            if char == quote:
                break
            if char == "\\":
                escaped = script[at + 1 : at + 2]
                if escaped not in ("$", "`", '"', "\\", "\n"):
                    at += 2 if escaped else 1
                    continue
                part, after = ShellPart("text", "" if escaped == "\n" else escaped, at, at + 2), at + 2
            else:
                part, after = self._expansion(at, end, depth)
            if part is None:
                at += 1
                continue
            if at > begin:
                parts.append(ShellPart("text", script[begin:at], begin, at))
            parts.append(part)
            at = begin = after
        at = min(at, end)
        if at > begin:
            parts.append(ShellPart("text", script[begin:at], begin, at))
        return parts, min(at + 1, end) if quote else at

    def _expansion(self, at: int, end: int, depth: int) -> tuple[ShellPart | None, int]:
        """What a `$` or backtick begins; None where it stands for itself."""
        script = self._script
        if script[at] == "`":
            close = script.find("`", at + 1, end)
            if close == -1 or script[at + 1 : at + 2] in ("\n", "\r"):
                return None, at + 1
            if depth < MAX_DEPTH:
                self.block(at + 1, close, "", depth + 1)
            return ShellPart("command", script[at + 1 : close], at, close + 1), close + 1
        if close := self._arithmetic(at + 1, end):
            return ShellPart("command", script[at + 2 : close - 1], at, close), close
        if script.startswith("$(", at):
            if depth >= MAX_DEPTH:
                return None, at + 1
            after = self.block(at + 2, end, ")", depth + 1)
            inner = script[at + 2 : after].removesuffix(")")
            return ShellPart("command", inner, at, after), after
        if found := _BRACED.match(script, at, end) or _VARIABLE.match(script, at, end):
            return ShellPart("variable", found[1].lstrip("!#"), at, found.end()), found.end()
        return None, at + 1


@dataclass(slots=True)
class _Group(Command):
    members: list[Command] = field(default_factory=list)


def cut(word: Word, characters: int) -> Word:
    """The word without its first characters (of the script, so quotes count); used for what stands behind a `=`."""
    start = word.start + characters
    parts = []
    for part in word.parts:
        if part.start >= start:
            parts.append(part)
        elif part.end > start and part.kind == "text" and len(part.text) == part.end - part.start:
            parts.append(ShellPart("text", part.text[start - part.start :], start, part.end))
        elif part.end > start:
            parts.append(part)
    return Word(tuple(parts), start, word.end, word.quoted)
