"""String templates: quoted strings, heredocs and template files.

The tree names the interpolations and directives; everything between them is literal text, and is taken from the bytes,
since the grammar drops the space around it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Mapping as Bindings

import tree_sitter
import tree_sitter_hcl
from tree_sitter import Node

from rolecall.frontends.terraform.conversion import MAX_STRING, NotKnown, Refused, scalar_text, to_bool, to_text
from rolecall.frontends.terraform.iteration import UNCOUNTED, turns
from rolecall.frontends.terraform.kinds import Invalid, OneOf, gathered
from rolecall.frontends.terraform.scope import Elsewhere, Scope
from rolecall.frontends.terraform.verbatim import Locate, Verbatim
from rolecall.frontends.values import Mapping, Scalar, Sequence, Template, Unknown, Value
from rolecall.source.hcl import node_text
from rolecall.source.patterns import late
from rolecall.source.records import dataclass
from rolecall.source.text import Span

Evaluate = Callable[[Node, Scope], Value]

_ESCAPE = late(r'\\(?:([nrt"\\])|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))|\$\$\{|%%\{')
_PLAIN_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_DOUBLED = late(r"\$\$\{|%%\{")
_LINE = late(rb"[^\n]*\n|[^\n]+")
_BRANCHES = {"template_directive", "template_if", "template_for"}
_MARKERS = {
    "template_interpolation",
    "template_if_intro",
    "template_else_intro",
    "template_if_end",
    "template_for_start",
    "template_for_end",
}
#: Directives nested deeper than this are not followed.
_MAX_NESTING = 40
_MAX_PIECES = 20_000
#: Templates up to this size are looked up among those that were parsed before.
_ALIKE_BYTES = 8192
_OPENING = b"t = <<ROLECALL_TEMPLATE\n"
_CLOSING = b"\nROLECALL_TEMPLATE\n"


@functools.cache
def _parser() -> tree_sitter.Parser:
    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_hcl.language()))


def parse(data: bytes) -> Node:
    """The root of the syntax tree of some HCL."""
    return _root_of_many(data) if len(data) <= _ALIKE_BYTES else _root(data)


@functools.lru_cache(512)
def _root_of_many(data: bytes) -> Node:
    """The same for a template that many calls of a module, or many root modules, fill in."""
    return _root(data)


def _root(data: bytes) -> Node:
    return _parser().parse(data).root_node


@dataclass(slots=True)
class _Literal:
    """A run of literal text with its offsets in the file: a line of a heredoc, or all between two markers elsewhere."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Hole:
    node: Node


@dataclass(frozen=True, slots=True)
class _If:
    intro: Node
    then: list[_Part]
    otherwise: list[_Part]


@dataclass(frozen=True, slots=True)
class _For:
    intro: Node
    body: list[_Part]


_Part = _Literal | _Hole | _If | _For


def _unescaped(match: re.Match[str]) -> str:
    plain, short, long = match.groups()
    if plain:
        return _PLAIN_ESCAPES[plain]
    if short or long:
        code = int(short or long, 16)
        return chr(code) if code <= 0x10FFFF and not 0xD800 <= code < 0xE000 else "\ufffd"
    return match.group()[1:]


def unquoted(text: str) -> str:
    """The string that the inside of a quoted literal stands for."""
    return _ESCAPE.sub(_unescaped, text) if "\\" in text or "$${" in text or "%%{" in text else text


def string_literal(node: Node, scope: Scope) -> Value:
    """A quoted string without interpolations."""
    raw = node_text(node)
    return Scalar(unquoted(raw[1:-1] if len(raw) > 1 and raw[-1] == '"' else raw[1:]), scope.span(node))


def quoted(node: Node, scope: Scope, evaluate: Evaluate) -> Value:
    """A quoted string with interpolations."""
    children = node.children
    end = children[-1].start_byte if children[-1].type == "quoted_template_end" else node.end_byte
    pieces = _pieces(node, children, children[0].end_byte, end, by_line=False)
    for piece in pieces:
        if isinstance(piece, _Literal):
            piece.text = unquoted(piece.text)
    return _Rendering(scope, evaluate, escaped=True).value(_trimmed(pieces), scope.span(node))


def heredoc(node: Node, scope: Scope, evaluate: Evaluate) -> Value:
    """`<<EOT` and `<<-EOT`."""
    children = node.children
    data, base = node.text or b"", node.start_byte
    marks = [child for child in children if child.type == "heredoc_identifier"]
    newline = data.find(b"\n", marks[0].end_byte - base) if marks else -1
    start = base + (newline + 1 if newline >= 0 else len(data))
    end = node.end_byte
    if len(marks) > 1:
        end = max(start, base + data.rfind(b"\n", 0, marks[-1].start_byte - base) + 1)
    pieces = _pieces(node, children, start, end, by_line=True)
    parts = _trimmed(pieces)
    if children[0].text == b"<<-":
        _unindent(pieces)
    return _Rendering(scope, evaluate, escaped=False).value(parts, scope.span(node))


def render(text: str, scope: Scope, evaluate: Evaluate, locate: Locate, bindings: Bindings[str, Value]) -> Value:
    """The text of a template (a template file, a string of the JSON syntax), with its variables bound.

    `locate` gives the place of a byte range of the text.
    """
    data = text.encode("utf-8", "surrogatepass")
    span = locate(0, len(data))
    if "${" not in text and "%{" not in text:
        return Scalar(text if isinstance(text, Verbatim) else Verbatim.of(text, ((0, 0),), locate), span)
    source = _OPENING + data + _CLOSING
    shift = len(_OPENING)
    node = parse(source)
    while node.type != "heredoc_template":
        found = next((child for child in node.children if child.is_named and child.end_byte > shift), None)
        if found is None or found.is_error:
            return Unknown("template has a syntax error", (), span)
        node = found
    inner = Elsewhere(
        scope, lambda start, end: locate(max(start - shift, 0), min(max(end - shift, 0), len(data))), bindings
    )
    pieces = _pieces(node, node.children, shift, shift + len(data), by_line=True)
    return _Rendering(inner, evaluate, escaped=False).value(_trimmed(pieces), span)


def _markers(nodes: Iterable[Node]) -> Iterator[Node]:
    """The interpolations and the heads and ends of directives, in the order of the text."""
    stack = [iter(nodes)]
    while stack:
        for node in stack[-1]:
            if node.type in _MARKERS:
                yield node
            elif node.type in _BRANCHES:
                stack.append(iter(node.children))
                break
        else:
            stack.pop()


def _pieces(template: Node, nodes: Iterable[Node], start: int, end: int, *, by_line: bool) -> list[_Literal | Node]:
    """The literals and markers between two offsets."""
    data, base = template.text or b"", template.start_byte
    pieces: list[_Literal | Node] = []

    def literal(at: int, until: int) -> None:
        text = data[at - base : until - base]
        for line in _LINE.findall(text) if by_line else [text]:
            pieces.append(_Literal(line.decode("utf-8", "replace"), at, at + len(line)))
            at += len(line)

    at = start
    for marker in _markers(nodes):
        if marker.start_byte > at:
            literal(at, marker.start_byte)
        pieces.append(marker)
        at = max(at, marker.end_byte)
    if end > at:
        literal(at, end)
    return pieces


def _trimmed(pieces: list[_Literal | Node]) -> list[_Literal | Node]:
    """The same pieces; `~` in a marker has taken the space off the literals beside it."""
    for at, piece in enumerate(pieces):
        if isinstance(piece, _Literal):
            continue
        text = piece.text or b""
        before = pieces[at - 1] if at else None
        after = pieces[at + 1] if at + 1 < len(pieces) else None
        if text[2:3] == b"~" and isinstance(before, _Literal):
            before.text = before.text.rstrip()
        if text[-2:-1] == b"~" and isinstance(after, _Literal):
            stripped = after.text.lstrip()
            after.start += len(after.text[: len(after.text) - len(stripped)].encode())
            after.text = stripped
    return pieces


def _unindent(pieces: list[_Literal | Node]) -> None:
    """`<<-`: the indentation that all lines share is taken off, as HCL counts it (blank lines do not count)."""
    lines: list[_Literal] = []
    least: int | None = None
    fresh = True
    for piece in pieces:
        text = piece.text if isinstance(piece, _Literal) else ""
        if fresh:
            fresh = False
            if not isinstance(piece, _Literal):
                least = 0
            elif text.strip() or not text.endswith("\n"):
                indent = len(text) - len(text.lstrip())
                lines.append(piece)
                least = indent if least is None else min(least, indent)
        if isinstance(piece, _Literal) and text.endswith("\n"):
            fresh = True
    for line in lines:
        line.start += len(line.text[: least or 0].encode())
        line.text = line.text[least or 0 :]


def _nested(pieces: list[_Literal | Node]) -> list[_Part]:
    """The pieces with the bodies of directives put inside them.  Raises Refused where they do not match."""
    top: list[_Part] = []
    stack: list[tuple[Node | None, list[_Part], list[_Part] | None]] = [(None, top, None)]
    for piece in pieces:
        opener, first, second = stack[-1]
        current = first if second is None else second
        if isinstance(piece, _Literal):
            current.append(piece)
            continue
        match piece.type:
            case "template_interpolation":
                current.append(_Hole(piece))
            case "template_if_intro" | "template_for_start":
                if len(stack) > _MAX_NESTING:
                    raise Refused("template is nested too deeply")
                stack.append((piece, [], None))
            case "template_else_intro" if opener is not None and opener.type == "template_if_intro" and second is None:
                stack[-1] = (opener, first, [])
            case "template_if_end" | "template_for_end" if opener is not None:
                stack.pop()
                _, outer, other = stack[-1]
                done = _For(opener, first) if opener.type == "template_for_start" else _If(opener, first, second or [])
                (outer if other is None else other).append(done)
            case _:
                raise Refused("template directives do not match")
    if len(stack) > 1:
        raise Refused("template directive is not closed")
    return top


class _Rendering:
    """One template being evaluated; counts what it makes, so that loops in loops end."""

    def __init__(self, scope: Scope, evaluate: Evaluate, *, escaped: bool) -> None:
        self.scope = scope
        self.evaluate = evaluate
        #: Whether the literals were written with escapes, so that their text is not that of the file.
        self.escaped = escaped
        self.made = 0

    def value(self, pieces: list[_Literal | Node], span: Span) -> Value:
        try:
            parts = _nested(pieces)
            if len(parts) == 1 and isinstance(parts[0], _Hole):
                return self._hole(parts[0].node, self.scope)
            return self._string(list(self._values(parts, self.scope)), span)
        except Refused as refused:
            return Invalid(str(refused), (), span)
        except NotKnown:
            return Unknown("string is too long", (), span)

    def _hole(self, node: Node, scope: Scope) -> Value:
        inner = next((child for child in node.children if child.type == "expression"), None)
        return Invalid("interpolation is empty", (), scope.span(node)) if inner is None else self.evaluate(inner, scope)

    def _string(self, values: list[Value], span: Span) -> Value:
        """The parts as one string: known where all of them are."""
        texts: list[str] = []
        pieces: list[tuple[int, int]] = []
        length = 0
        for value in values:
            try:
                text = to_text(value)
            except (NotKnown, Refused):
                return Template(tuple(values), span)
            inner = value.value if isinstance(value, Scalar) else None
            if isinstance(inner, Verbatim):
                pieces.extend((length + start, place) for start, place in inner.pieces)
            texts.append(text)
            length += len(text)
            if length > MAX_STRING:
                raise NotKnown
        joined = "".join(texts)
        return Scalar(
            Verbatim.of(joined, pieces, self.scope.extent) if pieces and not self.escaped else joined,
            span,
            gathered(values),
        )

    def _values(self, parts: list[_Part], scope: Scope) -> Iterator[Value]:
        run: list[_Literal] = []
        for part in parts:
            self.made += 1
            if self.made > _MAX_PIECES:
                raise NotKnown
            if isinstance(part, _Literal):
                run.append(part)
                continue
            if run:
                yield self._literal(run)
                run = []
            if isinstance(part, _Hole):
                yield self._inserted(part.node, scope)
            elif isinstance(part, _If):
                yield from self._if(part, scope)
            else:
                yield from self._for(part, scope)
        if run:
            yield self._literal(run)

    def _literal(self, run: list[_Literal]) -> Scalar:
        span = self.scope.extent(run[0].start, run[-1].end)
        if self.escaped:
            return Scalar("".join(piece.text for piece in run), span)
        texts: list[str] = []
        pieces: list[tuple[int, int]] = []
        length = 0
        for piece in run:
            text, start = piece.text, piece.start
            while (doubled := _DOUBLED.search(text)) is not None:
                at = doubled.start()
                head, text = text[: at + 2], text[at + 2 :]  # "$$" stands for one "$"; the other is skipped over
                texts.append(head[:-1])
                pieces.append((length, start))
                length += at + 1
                start += len(head.encode())
            if text:
                texts.append(text)
                pieces.append((length, start))
                length += len(text)
        return Scalar(Verbatim.of("".join(texts), pieces or ((0, run[0].start),), self.scope.extent), span)

    def _inserted(self, node: Node, scope: Scope) -> Value:
        value = self._hole(node, scope)
        match value:
            case Scalar(value=str()):
                return value
            case Scalar(value=inner):
                if inner is None:
                    return Invalid("null in a string template", (value,), scope.span(node))
                return Scalar(scalar_text(inner), value.span, value.via)
            case Sequence() | Mapping():
                return Invalid("collection in a string template", (value,), scope.span(node))
            case _:
                return value

    def _if(self, part: _If, scope: Scope) -> Iterator[Value]:
        test = next((child for child in part.intro.children if child.type == "expression"), None)
        if test is None:
            raise Refused("template condition is missing")
        condition = self.evaluate(test, scope)
        try:
            chosen = part.then if to_bool(condition) else part.otherwise
        except NotKnown:
            span = scope.span(part.intro)
            ways = (self._string(list(self._values(way, scope)), span) for way in (part.then, part.otherwise))
            yield OneOf("condition is not known", tuple(ways), span)
            return
        yield from self._values(chosen, scope)

    def _for(self, part: _For, scope: Scope) -> Iterator[Value]:
        names = [node_text(child) for child in part.intro.children if child.type == "identifier"]
        source = next((child for child in part.intro.children if child.type == "expression"), None)
        if source is None or not names:
            raise Refused("template loop is incomplete")
        collection = self.evaluate(source, scope)
        for turn in turns(collection):
            values = self._values(part.body, scope.child(turn.bindings(names)))
            if turn.certain:
                yield from values
            else:
                span = scope.span(part.intro)
                yield Unknown(UNCOUNTED, (collection, self._string(list(values), span)), span)
