"""Secrets in clear text inside Kubernetes objects: in a Secret, a ConfigMap, a container's environment.

What a value is called decides, and then what it looks like: what stands for something to be filled in, what is sealed,
and what only names a secret is none.  The text of a value never leaves this module.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass

from rolecall.frontends.kubernetes import containers
from rolecall.frontends.resource import Resource
from rolecall.frontends.values import Encoded, Mapping, Scalar, Value, find
from rolecall.model.cluster import ClearText
from rolecall.model.parts import Site
from rolecall.model.secrets import is_example, key_part, normal, says_aws
from rolecall.source.text import Span

#: A longer text is not looked through, nor are more than this many of one object named.
MAX_TEXT = 64 * 1024
MAX_NAMES = 20

#: Names, in lower snake case, of what is a secret whatever it looks like, and of what is one if it looks random.
_PASSWORD = re.compile(r"(?:^|_)(?:password|passwd|pass|passphrase|pswrd|pword|pwd)\d?$")
_SECRET = re.compile(
    r"(?:^|_)(?:secret|token|api_?key|private_key|secret_key|signing_key|encryption_key|master_key|auth_key|credentials?)$"
)
#: Names that say the value names a secret, or what is done with it.
_NAMES_ONE = re.compile(
    r"^(?:existing|external|use|create|tls|image_pull|pull|cert|ca|webhook|generate|enable|disable|require|csrf|next|page|"
    r"max|min|num|default|bucket|object|partition|primary|foreign|public)_"
)
_RANDOM = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[\w+/=.~!@#%^&*-]{12,}\Z")
#: A name as Kubernetes and DNS have them, with little in it that is not a word.
_WORDS = re.compile(r"[a-z]+(?:[-._][a-z]+)*(?:[-._]?\d{1,3})?\Z")
_STANDS_FOR = re.compile(
    r"[$<{%@!\[(]|\A(?:ENC\[|vault:|ref\+|op://|secret:|secrets?/|arn:|projects/|file:|/|\.|env:|age1|AgA|xxx|\*{3})"
    r"|(?:change|replace|insert|fill|update|set).?(?:me|this|it|with|your|in)\b|\byour\b|redacted|placeholder|dummy"
    r"|\bexample\b|\bfake\b|\btodo\b|\btbd\b|\bsecret[-_ ]?(?:name|goes|here)\b|\.\.\.|base64",
    re.IGNORECASE,
)
_NOTHING = frozenset({"", "true", "false", "yes", "no", "null", "none", "nil", "~", "disabled", "enabled", "optional"})
#: What everybody tries first; the list is that of the images' own defaults.
_WEAK = frozenset(
    [
        "password",
        "pass",
        "passwd",
        "admin",
        "administrator",
        "root",
        "postgres",
        "mysql",
        "redis",
        "guest",
        "test",
        "testing",
        "secret",
        "changeme",
        "user",
        "minio",
        "minioadmin",
        "rabbitmq",
        "mongo",
        "mongodb",
        "example",
        "demo",
        "dev",
        "local",
        "localhost",
        "foo",
        "bar",
        "1234",
        "12345",
        "123456",
        "password1",
        "rootpassword",
        "admin123",
        "password123",
        "grafana",
        "prom-operator",
        "elastic",
        "app",
        "wordpress",
        "default",
    ]
)
_LINE = re.compile(
    r"""^[ \t]*(?:export[ \t]+|-[ \t]+)?["']?([A-Za-z][\w.-]{1,60})["']?[ \t]*[:=][ \t]*([^\r\n]{1,400})""",
    re.MULTILINE,
)
_ASSIGNED = re.compile(r"""["']?([^\s"',;]+)["']?[,;]?[ \t]*(?:#.*)?\Z""")
_IN_URL = re.compile(r"[a-z][a-z0-9+.-]{1,20}://([^\s:/@]{1,80}):([^\s/@]{1,120})@", re.IGNORECASE)
_PRIVATE = re.compile(r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_DOCKER_AUTH = re.compile(r'"auth"\s*:\s*"([A-Za-z0-9+/]{8,}={0,2})"')
#: What of an object's bytes says that there may be one: most config maps are left alone at this look.
HINT = re.compile(
    rb"(?i)pass|pwd|pword|pswrd|secret|token|api_?key|(?:private|signing|encryption|master|auth)_?key|credential"
    rb"|PRIVATE KEY|\w://[^\s:/@]+:[^\s/@]+@"
)
#: What a secret's block in Terraform must hold: most only pass on what other resources make.
WRITTEN = re.compile(
    rb"""(?i)(?:pass|pwd|pword|pswrd|secret|token|key|credential)[\w.-]*["')]*\s*[=:]\s*(?:"(?!\$\{)|var\.|local\.|<<)"""
    rb"""|\bdata\w*\s*=\s*(?:[^\s{]|\{\s*for)|PRIVATE KEY|service-account-token|\bfile\w*\(|encode\(|dockerc"""
)


@dataclass(frozen=True, slots=True)
class _Found:
    name: str
    span: Span
    weak: bool


def clear_text(resource: Resource, site: Site, kind: str, body: Mapping, library: bool) -> Iterator[ClearText]:
    """What of one object stands in clear text, if anything."""
    match kind:
        case "Secret":
            found = list(_kept(resource, body, library, ("data", "stringData", "string_data", "binary_data"), True))
        case "ConfigMap":
            found = list(_kept(resource, body, library, ("data",), False))
        case _:
            found = list(_environment(resource, library))
    if found:
        names = tuple(dict.fromkeys(item.name for item in found[:MAX_NAMES]))
        places = tuple(dict.fromkeys(item.span for item in found[:MAX_NAMES]))
        yield ClearText(site, kind, names, places, all(item.weak for item in found))


def _kept(resource: Resource, body: Mapping, library: bool, members: tuple[str, ...], secret: bool) -> Iterator[_Found]:
    for member in members:
        encoded = secret and (
            member == "binary_data" or (member == "data" and not resource.type.startswith("kubernetes_secret"))
        )
        for data in find(body, member):
            if not isinstance(data, Mapping):
                continue
            for entry in data.entries:
                written = _written(entry.value, library)
                if written is None:
                    continue
                if encoded and not isinstance(entry.value, Encoded):
                    written = _decoded(written)
                yield from _in_value(entry.name or "", written, entry.span or resource.span)


def _environment(resource: Resource, library: bool) -> Iterator[_Found]:
    for container in containers(resource):
        for variable in container.env:
            written = _written(variable.value, library) if variable.value is not None else None
            if written is not None:
                yield from _in_value(variable.name, written, variable.span)


def _written(value: Value, library: bool) -> str | None:
    """The text that a value is in the code; what a library's own variable is by default is for its callers."""
    if isinstance(value, Encoded) and value.encoding == "base64":
        return _written(value.inner, library)
    if not isinstance(value, Scalar) or not isinstance(value.value, str | int):
        return None
    if library and any(hop.kind == "variable" for hop in value.via):
        return None
    return str(value.value)[:MAX_TEXT]


def _decoded(written: str) -> str:
    try:
        return base64.b64decode("".join(written.split()), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return ""


def _in_value(name: str, written: str, span: Span) -> Iterator[_Found]:
    """The secrets in one named value: itself, those in its lines, one in a URL."""
    value = written.strip()
    if _PRIVATE.search(value):
        yield _Found(name, span, False)
    elif "\n" in value or name.endswith((".json", ".yaml", ".yml", ".properties", ".env", ".ini", ".conf", ".toml")):
        yield from (_Found(inner, span, weak) for inner, weak in _in_lines(value))
    elif name == ".dockerconfigjson" or name == ".dockercfg":
        if (auth := _DOCKER_AUTH.search(value)) and not _is_stand_in(_decoded(auth[1]).partition(":")[2]):
            yield _Found(name, span, False)
    elif (weak := judged(name, value)) is not None:
        yield _Found(name, span, weak)
    elif (inside := _LINE.match(value)) and (assigned := _ASSIGNED.match(inside[2])):
        if (weak := judged(inside[1], assigned[1])) is not None:
            yield _Found(inside[1], span, weak)
    elif (url := _IN_URL.search(value)) and not _is_stand_in(url[2]):
        yield _Found(name, span, _is_weak(url[2]))


def _in_lines(value: str) -> Iterator[tuple[str, bool]]:
    for line in _LINE.finditer(value):
        assigned = _ASSIGNED.match(line[2].strip())
        weak = judged(line[1], assigned[1]) if assigned else None
        if weak is not None:
            yield line[1], weak


def judged(name: str, value: str) -> bool | None:
    """Whether a value under a name is a secret that everybody tries first (True) or a real one (False); None for none.

    Keys of AWS are found elsewhere.
    """
    flat = normal(name)
    if key_part(name) in ("id", "secret") and says_aws(name):
        return None
    if value.strip().lower() in _NOTHING or _is_stand_in(value) or (is_example(value) and "secret" not in value):
        return None
    if _PASSWORD.search(flat) and not _NAMES_ONE.match(flat):
        return None if " " in value.strip() else _is_weak(value)
    if _SECRET.search(flat) and not _NAMES_ONE.match(flat) and _RANDOM.match(value) and not _WORDS.match(value):
        return False
    return None


def _is_stand_in(value: str) -> bool:
    return not value.strip() or _STANDS_FOR.search(value) is not None or len(set(value.strip())) == 1


def _is_weak(value: str) -> bool:
    return value.strip().strip("\"'").lower() in _WEAK
