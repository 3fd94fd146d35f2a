"""What Python code calls of AWS through boto3, by its syntax tree.

Nothing is followed from variable to variable to find the calls: whatever has the name of an operation of a service of
which the code makes a client counts as a call of it.  So too much may be found, never too little, unless the code does
what cannot be read; that is a gap.  Arguments are followed as far as they are written plainly.
"""

from __future__ import annotations

import ast
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rolecall.frontends.application_python import last
from rolecall.planning.narrowing.needs.calls import NOTHING_KNOWN, Call, Reading, Text
from rolecall.planning.narrowing.needs.operations import (
    ADDED,
    ON_BEHALF,
    has_objects,
    is_operation,
    is_service,
    kinds_of,
    methods_of,
    waited_for,
)
from rolecall.planning.narrowing.needs.texts import Scope, Scopes
from rolecall.source.text import BOM, SourceText, Span

MAX_FILES = 100
MAX_BYTES = 512 * 1024
_MAKERS = frozenset({"client", "resource", "create_client"})
#: Packages that a program may use and that call nothing of AWS by themselves.
_PACKAGES = """
    boto3 botocore s3transfer cfnresponse requests urllib3 certifi idna charset_normalizer chardet dateutil pytz
    tzdata yaml simplejson orjson ujson jwt jose jinja2 markupsafe six typing_extensions mypy_boto3 pydantic
    pydantic_core annotated_types attr attrs jsonschema xmltodict bs4 lxml cryptography cffi pycparser
    aws_lambda_typing openpyxl tabulate markdown html5lib semver packaging psycopg2 pymysql slack_sdk pkg_resources
    flask flask_cors werkzeug itsdangerous click blinker fastapi starlette uvicorn gunicorn hypercorn waitress httpx
    httpcore h11 anyio sniffio aiohttp multidict yarl websockets multipart email_validator sqlalchemy psycopg asyncpg
    aiomysql redis dotenv prometheus_client structlog loguru pythonjsonlogger tenacity numpy rich tqdm PIL marshmallow
    passlib bcrypt argon2 sentry_sdk schedule
"""
_HARMLESS = frozenset(_PACKAGES.split())
#: What may call something that is not written anywhere in the code, or run another program.
_OPAQUE_MODULES = frozenset({"subprocess", "importlib", "ctypes", "runpy", "pty", "code", "pickle"})
_OPAQUE_NAMES = frozenset({"eval", "exec", "__import__", "compile"})
_WORDS = """
    system popen execv execve execl execlp execvp spawnv spawnl posix_spawn methodcaller __getattribute__ __dict__
    _make_api_call get_credentials get_frozen_credentials SigV4Auth S3SigV4Auth add_auth get_available_resources
"""
_OPAQUE_ATTRIBUTES = frozenset(_WORDS.split())
#: What an event of a queue, a stream or a broker has, and most others have not.
_RECORDS = frozenset({"Records", "eventSourceARN", "records", "rmqMessagesByQueue", "messages"})
_OF_AWS = ("amazonaws.com", "AWS4-HMAC")


@dataclass
class _File:
    text: SourceText
    tree: ast.Module
    scopes: Scopes


@dataclass
class _Found:
    calls: list[Call] = field(default_factory=list)
    gaps: dict[str, None] = field(default_factory=dict)
    objects: list[tuple[str, str, tuple[Text, ...]]] = field(default_factory=list)


def read_python(texts: Sequence[SourceText], root: str) -> Reading:
    """The calls of all Python files of one program, which lies in the folder `root`."""
    found = _Found()
    files: list[_File] = []
    if len(texts) > MAX_FILES:
        return Reading(gaps=(f"there are more than {MAX_FILES} files of code",))
    prefix = f"{root}/" if root else ""
    local = {part for text in texts for part in text.path.removeprefix(prefix).removesuffix(".py").split("/")}
    for text in texts:
        tree = _parsed(text)
        if tree is None:
            return Reading(gaps=(f"{text.path} is not read to the end",))
        try:
            files.append(_File(text, tree, Scopes(tree)))
        except RecursionError:
            return Reading(gaps=(f"{text.path} is not read to the end",))
    clients: set[str] = set()
    objects: set[str] = set()
    for file in files:
        _gaps(file, local, found)
        _services(file, clients, objects, found)
    for service in sorted(clients | objects):
        if service in ON_BEHALF:
            found.gaps[f"it works through {service}, which acts with its rights on other services"] = None
    kinds = {service: _kinds(files, service) for service in objects}
    meta = any(
        isinstance(node, ast.Attribute) and node.attr == "meta" for file in files for node in ast.walk(file.tree)
    )
    for file in files:
        _calls(file, clients | (objects if meta else set()), kinds, found)
        found.objects.extend(_named_objects(file, objects))
    for service, present in kinds.items():
        for kind in present:
            for operation in methods_of(service, kind).get("", ()):
                found.calls.append(Call(service, operation, files[0].text.span(0, 0)))
    mixed = frozenset(service for service in objects if service in clients or meta)
    records = any(
        isinstance(node, ast.Constant) and node.value in _RECORDS for file in files for _, node in file.scopes.walk()
    )
    return Reading(tuple(found.calls), tuple(found.gaps), tuple(found.objects), mixed, records)


def _parsed(text: SourceText) -> ast.Module | None:
    data = text.data.removeprefix(BOM)
    if len(data) > MAX_BYTES or b"\r" in data.replace(b"\r\n", b"") or b"\x0c" in data:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(data.decode("utf-8"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _gaps(file: _File, local: set[str], found: _Found) -> None:
    """What of a file may call something that is not written."""
    called = {id(node.func) for _, node in file.scopes.walk() if isinstance(node, ast.Call)}
    for _, node in file.scopes.walk():
        if isinstance(node, ast.Attribute) and node.attr in _MAKERS and id(node) not in called:
            if isinstance(node.value, ast.Name) and node.value.id.startswith("boto"):
                found.gaps[f"{file.text.path}:{node.lineno} hands boto3's {node.attr} on"] = None
        elif isinstance(node, ast.alias) and node.asname and (node.name in _MAKERS or node.name.startswith("boto")):
            found.gaps[f"{file.text.path} gives {node.name} another name"] = None
    for node in ast.walk(file.tree):
        for reason in _opaque(node, local):
            found.gaps[f"{file.text.path}:{getattr(node, 'lineno', 1)} {reason}"] = None


def _opaque(node: ast.AST, local: set[str]) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            for alias in names:
                yield from _imported(alias.name, local)
        case ast.ImportFrom(module=module, level=0, names=names):
            yield from _imported(module or "", local)
            if module == "os":
                yield from (f"uses os.{one.name}" for one in names if one.name in _OPAQUE_ATTRIBUTES)
        case ast.Name(id=name) if name in _OPAQUE_NAMES:
            yield f"uses {name}"
        case ast.Attribute(attr=name) if name in _OPAQUE_ATTRIBUTES:
            yield f"uses {name}"
        case ast.Call(func=ast.Name(id="getattr"), args=[_, ast.Constant(value=str()), *_]):
            return
        case ast.Call(func=ast.Name(id="getattr")):
            yield "calls something by a computed name (getattr)"
        case ast.FunctionDef(name="__getattr__"):
            yield "defines __getattr__"
        case ast.Constant(value=str(value)) if any(word in value for word in _OF_AWS):
            if not value.startswith("https://sqs.") and " " not in value.strip():
                yield "may call AWS by its own requests"


def _imported(name: str, local: set[str]) -> Iterator[str]:
    top = name.partition(".")[0]
    if top in _OPAQUE_MODULES:
        yield f"uses {top}"
    elif top and not (top in sys.stdlib_module_names or top in _HARMLESS or top in local or top.startswith("mypy_")):
        yield f"uses {top}, which is not in the repository"


def _services(file: _File, clients: set[str], objects: set[str], found: _Found) -> None:
    """The services of which a file makes clients or resources."""
    for scope, node in file.scopes.walk():
        if not isinstance(node, ast.Call) or last(node.func) not in _MAKERS:
            continue
        given = next((k.value for k in node.keywords if k.arg == "service_name"), node.args[0] if node.args else None)
        if given is None:
            if any(k.arg is None for k in node.keywords):
                found.gaps[f"{file.text.path}:{node.lineno} makes a client of what is not written there"] = None
            continue
        name = _plain(file.scopes.text(given, scope))
        if name is None:
            found.gaps[f"{file.text.path}:{node.lineno} makes a client of a service that is not written there"] = None
        elif not is_service(name):
            if isinstance(given, ast.Constant):
                continue  # something else that has a method of that name
            found.gaps[f"{file.text.path}:{node.lineno} makes a client of {name}, which is not known"] = None
        elif last(node.func) == "resource" and has_objects(name):
            objects.add(name)
        else:
            clients.add(name)


def _plain(text: Text) -> str | None:
    return "".join(str(part) for part in text) if all(isinstance(part, str) for part in text) else None


def _kinds(files: Iterable[_File], service: str) -> set[str]:
    """The kinds of boto3's objects that code makes: by their name, or out of what it calls."""
    names = {node.attr for file in files for node in ast.walk(file.tree) if isinstance(node, ast.Attribute)}
    names |= {
        node.args[1].value
        for file in files
        for node in ast.walk(file.tree)
        if isinstance(node, ast.Call) and last(node.func) == "getattr" and len(node.args) > 1
        if isinstance(node.args[1], ast.Constant) and isinstance(node.args[1].value, str)
    }
    present = {kind for kind in kinds_of(service) if kind in names}
    waiting = ["", *present]
    while waiting:
        for method, operations in methods_of(service, waiting.pop()).items():
            for one in operations if method in names else ():
                if one.startswith("=") and one[1:] not in present:
                    present.add(one[1:])
                    waiting.append(one[1:])
    return present


def _named_objects(file: _File, services: set[str]) -> Iterator[tuple[str, str, tuple[Text, ...]]]:
    for scope, node in file.scopes.walk():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name = node.func.attr
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            for service in services:
                if name in kinds_of(service):
                    yield service, name, tuple(file.scopes.text(one, scope) for one in given) or (NOTHING_KNOWN,)
                    continue
                made = next((one[1:] for one in methods_of(service, "").get(name, ()) if one.startswith("=")), "")
                if made:
                    yield service, made, (NOTHING_KNOWN,)
        elif isinstance(node, ast.Attribute):
            for service in services:
                made = next((one[1:] for one in methods_of(service, "").get(node.attr, ()) if one.startswith("=")), "")
                if made and node.attr.endswith("s"):
                    yield service, made, (NOTHING_KNOWN,)


def _calls(file: _File, clients: set[str], kinds: Mapping[str, set[str]], found: _Found) -> None:
    called = {id(node.func): node for _, node in file.scopes.walk() if isinstance(node, ast.Call)}
    pages = [node for node in called.values() if last(node.func) in ("paginate", "wait")]
    for scope, node in file.scopes.walk():
        if isinstance(node, ast.Call) and last(node.func) in ("get_paginator", "get_waiter", "generate_presigned_url"):
            _indirect(file, scope, node, clients | set(kinds), pages, found)
        name = _method(node)
        if not name:
            continue
        call = called.get(id(node)) if isinstance(node, ast.Attribute) else None
        span = _span(file, node)
        for service in sorted(clients | set(kinds)):
            if (service, name) in ADDED:
                arguments, open = _arguments(file, scope, call)
                if service not in kinds:
                    arguments = _positions(file, scope, call, name, arguments)
                elif service in clients:  # a client's, or an object's, which takes fewer
                    open = True
                found.calls.extend(Call(service, one, span, arguments, open) for one in ADDED[service, name])
            elif service in clients and is_operation(service, name) and (call is None or not call.args):
                arguments, open = _arguments(file, scope, call)
                found.calls.append(Call(service, name, span, arguments, open))
            if call is None or not call.args:
                for kind in ("", *sorted(kinds.get(service, ()))):
                    for operation in methods_of(service, kind).get(name, ()):
                        if not operation.startswith("="):
                            arguments, open = _arguments(file, scope, call)
                            found.calls.append(Call(service, operation, span, arguments, open))


def _method(node: ast.AST) -> str:
    """The name that something is called by, or may be."""
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
        return node.attr
    if isinstance(node, ast.Call) and last(node.func) == "getattr" and len(node.args) > 1:
        named = node.args[1]
        return str(named.value) if isinstance(named, ast.Constant) else ""
    return ""


def _arguments(file: _File, scope: Scope, call: ast.Call | None) -> tuple[Mapping[str, tuple[Text, ...]], bool]:
    if call is None:
        return {}, True
    found = {k.arg: (file.scopes.text(k.value, scope),) for k in call.keywords if k.arg is not None}
    return found, any(k.arg is None for k in call.keywords)


#: The arguments that boto3's own additions take by position.
_PLACES: Mapping[str, tuple[str, ...]] = {
    "upload_file": ("Filename", "Bucket", "Key", "ExtraArgs"),
    "upload_fileobj": ("Fileobj", "Bucket", "Key", "ExtraArgs"),
    "download_file": ("Bucket", "Key", "Filename", "ExtraArgs"),
    "download_fileobj": ("Bucket", "Key", "Fileobj", "ExtraArgs"),
    "generate_presigned_post": ("Bucket", "Key"),
}


def _positions(
    file: _File, scope: Scope, call: ast.Call | None, name: str, arguments: Mapping[str, tuple[Text, ...]]
) -> Mapping[str, tuple[Text, ...]]:
    """The arguments of a client's addition with those by position."""
    places = _PLACES.get(name, ())
    if call is None or not places or any(isinstance(one, ast.Starred) for one in call.args):
        return {}
    given = {place: (file.scopes.text(one, scope),) for place, one in zip(places, call.args, strict=False)}
    return {**given, **arguments}


def _indirect(
    file: _File, scope: Scope, node: ast.Call, services: set[str], pages: Sequence[ast.Call], found: _Found
) -> None:
    """An operation that is named in a text: a paginator's, a waiter's, a signed URL's."""
    kind = last(node.func)
    given = (
        node.args[0]
        if node.args
        else next((k.value for k in node.keywords if k.arg in ("operation_name", "waiter_name", "ClientMethod")), None)
    )
    name = _plain(file.scopes.text(given, scope)) if given is not None else None
    if name is None:
        found.gaps[f"{file.text.path}:{node.lineno} names an operation that is not written there ({kind})"] = None
        return
    arguments: dict[str, tuple[Text, ...]] = {}
    if kind == "generate_presigned_url":
        params = (
            node.args[1] if len(node.args) > 1 else next((k.value for k in node.keywords if k.arg == "Params"), None)
        )
        if isinstance(params, ast.Dict):
            for key, value in zip(params.keys, params.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    arguments[key.value] = (file.scopes.text(value, scope),)
    else:
        wanted = "paginate" if kind == "get_paginator" else "wait"
        for page in pages:
            if last(page.func) == wanted:
                inside = file.scopes.of(page)
                for keyword in page.keywords:
                    if keyword.arg is not None:
                        said = file.scopes.text(keyword.value, inside)
                        arguments[keyword.arg] = (*arguments.get(keyword.arg, ()), said)
    told = False
    for service in sorted(services):
        operation = waited_for(service, name) if kind == "get_waiter" else name
        if operation and is_operation(service, operation):
            told = True
            found.calls.append(Call(service, operation, _span(file, node), arguments, True))
    if not told:
        found.gaps[f"{file.text.path}:{node.lineno} {kind}({name!r}) belongs to no client that is seen"] = None


def _span(file: _File, node: ast.AST) -> Span:
    line = getattr(node, "lineno", 1)
    start = file.text.line_starts[min(line, len(file.text.line_starts)) - 1]
    return file.text.span(start, start)
