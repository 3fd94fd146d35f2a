"""Where Python code reads environment variables and builds AWS clients with keys, by its syntax tree."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator

from rolecall.source.text import BOM, SourceText, Span

#: Names of what variables are read from, as the last part of a dotted expression.
_SOURCES = frozenset({"environ", "environb", "env", "ENV", "config", "settings", "secrets", "getenv"})
#: Methods of those that take the variable's name first.
_METHODS = frozenset(
    {
        "get",
        "pop",
        "setdefault",
        "str",
        "bool",
        "int",
        "float",
        "list",
        "dict",
        "json",
        "url",
        "bytes",
        "path",
        "db",
        "read",
    }
)
#: Functions that take it first wherever they come from.
_FUNCTIONS = frozenset(
    {"getenv", "get_env", "getenvb", "env", "config", "require_env", "get_env_variable", "get_secret"}
)
#: Keywords by which settings libraries and command lines name a variable.
_KEYWORDS = frozenset({"env", "envvar", "env_var", "validation_alias", "alias"})
_KEYS = frozenset({"aws_access_key_id", "aws_secret_access_key", "aws_session_token"})

Found = tuple[Span, str, str]


def python_reads(text: SourceText, names: frozenset[str]) -> list[Found] | None:
    """(span, name, kind) of each reading, in the order of the file; None where the file is no Python that parses."""
    data = text.data
    start = len(BOM) if data.startswith(BOM) else 0
    if b"\r" in data.replace(b"\r\n", b"") or b"\x0c" in data:
        return None  # Python counts lines there that nobody else does
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = ast.parse(data[start:].decode("utf-8"))
        found = [item for node in ast.walk(module) for item in _reads(text, node, names)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return sorted(set(found), key=lambda item: (item[0].start, item[1]))


def _reads(text: SourceText, node: ast.AST, names: frozenset[str]) -> Iterator[Found]:
    match node:
        case ast.Subscript(value=base, slice=ast.Constant(value=str(name)), ctx=ast.Load()) if (
            name in names and last(base) in _SOURCES
        ):
            yield _span(text, node), name, "python"
        case ast.Compare(left=ast.Constant(value=str(sought)), ops=[ast.In() | ast.NotIn()], comparators=[base]):
            if sought in names and last(base) in _SOURCES:
                yield _span(text, node), sought, "python"
        case ast.Call():
            yield from _call(text, node, names)
        case ast.ClassDef(bases=bases, body=body) if any("Settings" in last(base) for base in bases):
            for statement in body:
                if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                    field = statement.target.id.lower()
                    yield from ((_span(text, statement), name, "python") for name in names if name.lower() == field)


def _call(text: SourceText, node: ast.Call, names: frozenset[str]) -> Iterator[Found]:
    function = node.func
    first = node.args[0] if node.args else None
    if isinstance(first, ast.Constant) and isinstance(first.value, str) and first.value in names:
        method = isinstance(function, ast.Attribute) and function.attr in _METHODS
        if last(function) in _FUNCTIONS or (method and last(function.value) in _SOURCES):  # type: ignore[attr-defined]
            yield _span(text, node), first.value, "python"
    for keyword in node.keywords:
        value = keyword.value
        if keyword.arg in _KEYS and not (isinstance(value, ast.Constant) and value.value is None):
            yield _span(text, keyword), keyword.arg, "explicit-client"
        elif keyword.arg in _KEYWORDS and isinstance(value, ast.Constant) and value.value in names:
            yield _span(text, keyword), str(value.value), "python"


def last(node: ast.expr) -> str:
    """The last name of a dotted expression: `environ` of `os.environ`."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _span(text: SourceText, node: ast.expr | ast.stmt | ast.keyword) -> Span:
    start = _offset(text, node.lineno, node.col_offset)
    return text.span(start, _offset(text, node.end_lineno or node.lineno, node.end_col_offset or node.col_offset))


def _offset(text: SourceText, line: int, column: int) -> int:
    bom = len(BOM) if line == 1 and text.data.startswith(BOM) else 0
    return text.line_starts[line - 1] + bom + column
