"""Where an application's own source reads environment variables, for the hints that go with a migration.

Only files with one of the wanted names in them are looked at closely: Python by its syntax tree, other languages by the
forms in which they read a variable.  A name in a comment or in prose is not a reading.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from functools import cache

from rolecall.source.patterns import late
from rolecall.source.records import dataclass
from rolecall.source.text import SourceText, Span
from rolecall.source.tree import Tree, Unreadable

MAX_BYTES = 1024 * 1024
#: A line longer than this is generated or minified code.
MAX_LINE = 2_000
#: Places of one file that are looked at; a file with more is data, not source.
MAX_PLACES = 2_000
#: Bytes on either side of a name that say whether it is read there.
WINDOW = 300


@dataclass(frozen=True, slots=True)
class EnvRead:
    """One place where source code reads a variable.

    `kind` is the language or kind of file (python, javascript, ruby, java, go, php, dotnet, rust, c, elixir, shell,
    dockerfile, dotenv, compose, other), or `explicit-client` where Python builds an AWS client with a key: then `name`
    is the keyword (`aws_access_key_id`).  Setting a variable is no reading, but in a Dockerfile, compose or .env file.
    """

    span: Span
    name: str
    kind: str


_EXTENSIONS = {
    "python": "py pyi pyw",
    "javascript": "js cjs mjs jsx ts tsx mts cts vue svelte",
    "ruby": "rb rake erb ru gemspec",
    "java": "java kt kts scala groovy gradle clj properties",
    "go": "go",
    "php": "php",
    "dotnet": "cs fs vb",
    "rust": "rs",
    "c": "c cc cpp h hpp swift m",
    "elixir": "ex exs",
    "shell": "sh bash zsh ksh ps1 psm1 bat cmd mk",
    "dotenv": "env",
    "other": "pl pm lua r dart jl",
}
_FILES = {
    "dockerfile": "dockerfile containerfile",
    "shell": "makefile procfile justfile entrypoint",
    "ruby": "rakefile gemfile",
    "java": "jenkinsfile",
}
_BY_EXTENSION = {extension: kind for kind, extensions in _EXTENSIONS.items() for extension in extensions.split()}
_BY_NAME = {name: kind for kind, names in _FILES.items() for name in names.split()}
_SKIPPED = late(r"(?:^|/)(?:vendor|third_party|dist|\.terraform|site-packages)/|[.-](?:min|bundle)\.\w+\Z|\.lock\Z")
_DOTENV = late(r"(?:^|/)\.env(?:\.[\w.-]+)?\Z|(?:^|/)[\w.-]+\.env(?:\.\w+)?\Z")
_COMPOSE = late(r"(?:^|/)(?:docker-)?compose(?:\.[\w-]+)?\.ya?ml\Z")

#: What stands before a whole name and behind it where it is read: the forms of all programming languages together.
_CALLS = (
    (
        rb"(?:\benviron|\bENV|process\.env|Deno\.env|import\.meta\.env|\$_ENV|\$_SERVER|Environment)"
        rb"(?:\.(?:get|fetch|key\?|pop|setdefault))?\s*[\[(]\s*[\"']",
        rb"[\"'](?!\s*\]\s*\|{0,2}=[^=~>])",
    ),
    (
        rb"\b(?:\w*[gG]et_?[eE]nv|LookupEnv|env::var(?:_os)?|GetEnvironmentVariable|fetch_env!?|env|env\.\w+|config|secret"
        rb"|Env::get|viper\.\w+|require_?[eE]nv|getOrThrow|configService\.get)\s*(?:<[^<>()]*>)?\(\s*[\"'`]",
        rb"[\"'`]",
    ),
    (rb"(?:process\.env|import\.meta\.env|Bun\.env|\benv)\??\.", rb"(?!\s*(?:\?\?|\|\|)?=[^=>])"),
    (rb"\{[^{}]*", rb"[^{}]*\}\s*=\s*process\.env\b"),
    (rb"\b(?:env|option_env)!\(\s*\"", rb"\""),
    (rb"\$\{", rb"[:}\-+=?]"),
    (rb"\b(?:env|envconfig|envconf|envvar|mapstructure|koanf):\"", rb"[\",]"),
)
#: The same where a constant or a flag holds the name, by which other code reads it: names like no other text alone.
_HOLDERS = (
    (rb"\w[ \t]*:?=[ \t]*[\"'`]", rb"[\"'`][ \t]*(?:[;,)\r\n]|//|\Z)"),
    (rb"\bEnvVars?:\s*(?:\[\]string\{[^{}]*)?\"", rb"\""),
)
_HELD = late(rb"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+){2,}")
_FORMS: dict[str, tuple[tuple[bytes, bytes], ...]] = {
    "shell": (
        (rb"\$(?:\(|\{[!#]?)?", rb""),
        (rb"\$env:", rb""),
        (rb"%", rb"%"),
    ),
    "dockerfile": (
        (rb"\n[ \t]*(?:ARG|ENV)[ \t]+(?:[^\n]*[ \t])?", rb"(?:[= \t\r\n]|\Z)"),
        (rb"\$\{?", rb""),
        (rb"\b(?:env|id)=", rb""),
    ),
    "dotenv": ((rb"\n[ \t]*(?:export[ \t]+)?", rb"[ \t]*="),),
    "compose": ((rb"\n[ \t]*-?[ \t]*[\"']?", rb"[\"']?[ \t]*(?:[:=]|\r?\n|\Z)"), (rb"\$\{?", rb"")),
}
_COMMENTS = (b"#", b"//", b"/*", b"* ", b"<!--", b"--")
_EXPLICIT = late(rb"\baws_(?:access_key_id|secret_access_key|session_token)\s*=")


def reads(tree: Tree, paths: Iterable[str], names: Collection[str]) -> Iterator[EnvRead]:
    """Where source files among `paths` read one of the variables, file by file in their order.

    Explicit AWS clients in Python are found whatever the names.  Never raises; a file that cannot be read is left out.
    """
    wanted = frozenset(name for name in names if re.fullmatch(r"[\w.-]+", name))
    word = _word(wanted)
    for path in paths:
        kind = _kind(path)
        if not kind:
            continue
        try:
            text = tree.read(path)
        except Unreadable:
            continue
        if len(text.data) <= MAX_BYTES:
            yield from _file(text, kind, word, wanted)


def mentions(tree: Tree, paths: Iterable[str], names: Collection[str]) -> Iterator[tuple[str, str]]:
    """The name and the path of each source file that has one of the names in it, in whatever form: a module of settings
    may read a variable that others use by its name.  Never raises.
    """
    word = _word(frozenset(name for name in names if re.fullmatch(r"[\w.-]+", name)))
    for path in paths:
        if not _kind(path):
            continue
        try:
            data = tree.read(path).data
        except Unreadable:
            continue
        if len(data) <= MAX_BYTES:
            yield from ((name.decode(), path) for name in sorted(set(word.findall(data))))


def _word(wanted: frozenset[str]) -> re.Pattern[bytes]:
    longest_first = sorted(wanted, key=lambda name: (-len(name), name))
    alternation = "|".join(map(re.escape, longest_first)).encode() or b"(?!)"
    return re.compile(rb"(?<![\w-])(?:%s)(?!\w)" % alternation)


def _kind(path: str) -> str:
    """What a file is by its name; empty for what is no source code."""
    name = path.rpartition("/")[2].lower()
    stem, dot, extension = name.rpartition(".")
    kind = _BY_EXTENSION.get(extension, "") if dot and stem else ""
    if extension == "dockerfile":
        kind = "dockerfile"
    elif _DOTENV.search(path):
        kind = "dotenv"
    elif _COMPOSE.search(path):
        kind = "compose"
    kind = kind or _BY_NAME.get(name.partition(".")[0], "")
    return "" if kind and _SKIPPED.search(path) else kind


def _file(text: SourceText, kind: str, word: re.Pattern[bytes], wanted: frozenset[str]) -> Iterator[EnvRead]:
    found = word.search(text.data)
    if kind == "python" and (found or b"Settings" in text.data or _EXPLICIT.search(text.data)):
        from rolecall.frontends.application_python import python_reads

        known = python_reads(text, wanted)
        if known is not None:
            yield from (EnvRead(span, name, read_kind) for span, name, read_kind in known)
            return
    if found:
        yield from _matched(text, kind, word)


def _matched(text: SourceText, kind: str, word: re.Pattern[bytes]) -> Iterator[EnvRead]:
    data = b"\n" + text.data  # so that the first line begins like the others
    forms = _compiled(kind)
    for place, found in enumerate(word.finditer(data)):
        if place >= MAX_PLACES:
            return
        start, end = found.span()
        line = data[data.rfind(b"\n", 0, start) + 1 : start]
        if len(line) > MAX_LINE or line.lstrip().startswith(_COMMENTS):
            continue
        before = data[max(0, start - WINDOW) : start]
        after = data[end : end + WINDOW]
        held = kind not in _FORMS and _HELD.fullmatch(found[0])
        known = (*forms, *_compiled("holders")) if held else forms
        if any(opening.search(before) and closing.match(after) for opening, closing in known):
            yield EnvRead(text.span(start - 1, end - 1), found[0].decode(), kind)


@cache
def _compiled(kind: str) -> tuple[tuple[re.Pattern[bytes], re.Pattern[bytes]], ...]:
    forms = _HOLDERS if kind == "holders" else _FORMS.get(kind, _CALLS)
    return tuple((re.compile(rb"(?:%s)\Z" % before), re.compile(after)) for before, after in forms)
