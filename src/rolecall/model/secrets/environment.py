"""Secrets in what a workload is given: its environment, its arguments, the script that it starts with.

A variable's name says that its value is a secret, or the value's own form does.  AWS keys and the keys of other clouds
are the matter of model/secrets/found.py and model/secrets/cloud_keys.py and are left out, but for a machine that is set
up for AWS keys without any being seen: a stand-in, a file that is fetched.  The text of a value never leaves this
module.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Iterable, Iterator

from rolecall.frontends.resource import Resource
from rolecall.frontends.values import Scalar, Sequence, Template, Value, find, render, scalars, truth
from rolecall.model.access.choices import ways
from rolecall.model.flow.fields import Field
from rolecall.model.parts import SecretValue, Site
from rolecall.model.secrets.aws_names import key_part, normal, says_aws
from rolecall.model.secrets.cloud_keys import key_name
from rolecall.model.secrets.secret_names import (
    is_key_of_aws,
    is_plain_word,
    is_secret_name,
    is_shown,
    is_token,
    like_key_of_aws,
    names_a_secret,
    password_in_url,
    stands_for,
)
from rolecall.source.patterns import late
from rolecall.source.records import replace

#: A longer text is not looked through.
MAX_TEXT = 256 * 1024
#: What stands in a text for a part that is not known.
HOLE = "\0"
#: An assignment in a script or a file: a shell's, a service unit's, YAML's, an INI file's.
_ASSIGNED = late(
    r"(?m)(?:^|[\s;&|\"'{(,-])(?P<name>[A-Za-z_][\w.-]{2,60}?)[\"']?(?:\s?=\s?|:[ \t]+)\\?(?P<quote>[\"']?)"
    r"(?P<value>[^\s\"'\\;&|<>(){}$`,]{4,200})\\?(?P=quote)(?=[\s\"'\\;&|,})]|\Z)"
)
#: What ends a line after an argument of a call.
_CODE = late(r",[ \t]*(?:\r?\n|\Z)")
#: Words without which no name in a text can be a secret's: a look that costs little.
_HINTS = late(r"(?i)passw|passphrase|pwd|secret|token|api_?key|private|_key|ghp_|glpat|xox|://|PAT\b")
#: What sets a machine up for AWS keys, and what says that they are a session's.  What a here-document puts into the
#: file of credentials stands there itself.
_KEYS_SET = late(
    r"(?im)\b(?:export\s+|set\s+|env:)?aws_access_key_id\s*=|aws\s+configure\s+set\s+(?:\S+\s+)?(?:\S*\.)?aws_access_key_id"
    r"|^(?!.*<<).*>>?\s*\S*\.aws/credentials"
)
_CREDENTIALS_FILE = late(r"\.aws/credentials\b")
_SESSION = late(
    r"(?i)aws_session_token|assume-?role|get-session-token|security-credentials|credential_process|aws_access_key_id\s*=\s*"
    r"[\"']?(?:\$\(|`)|role_arn|credential_source"
)
#: Inputs that are a machine's script.
_SCRIPTS = frozenset({"script", "any"})


def read_environment(
    resource: Resource, found: Iterable[Field], site: Site, library: bool, keyed: bool, taken: Collection[str] = ()
) -> Iterator[SecretValue]:
    """The secrets among the fields of a workload.

    `keyed` says that an AWS key has been seen to come in, so that the setup for one is told of there; `taken` are the
    attributes that the catalog knows to take a secret, of which read_secret_values tells.
    """
    for item in found:
        if (
            item.store
            or f"{item.path}.{item.name}" in taken
            or item.path in taken
            or (library and any(hop.kind == "variable" for hop in item.value.via))
        ):
            continue
        told = (_told(replace(item, value=value)) for value, _ in ways(item.value))
        cls, hint = next((pair for pair in told if pair[0]), ("", ""))
        if cls:
            yield SecretValue(
                site, item.name or item.path, cls, "environment", hint, item.attribute or item.span, item.value.via
            )
    if not keyed:
        yield from _set_up(resource, found, site)


def _told(item: Field) -> tuple[str, str]:
    """Class and hint of the secret that a field holds, by its name or in its text; empty for none."""
    cls, hint = _named(item) if item.name and item.style != "script" else ("", "")
    if not cls and item.style in _SCRIPTS:
        return _in_text(_text(item.value))
    return cls, hint


def is_exposed(resource: Resource) -> bool:
    """Whether a machine has a public address, or lies in a network that is called public."""
    address = resource.get("associate_public_ip_address")
    subnet = resource.get("subnet_id") or resource.get("SubnetId")
    return truth(address) is True or (subnet is not None and "public" in render(subnet).lower())


def _named(item: Field) -> tuple[str, str]:
    """Class and hint of the secret that a variable holds; empty for none.

    The classes: `token` by the value's form, `url` for a password in a URL, `password` by the name, `word` for one that
    anybody guesses, `key` for what is as long as an AWS secret key, `stand-in` for what is filled in later.
    """
    if not isinstance(item.value, Scalar) or not isinstance(item.value.value, str):
        return "", ""
    said = item.value.value.strip()
    if not 4 <= len(said) <= 4096 or "${" in said:
        return "", ""
    hint = f"{len(said)} characters"
    if is_token(said):
        return ("", "") if stands_for(said) or is_shown(said, item.name) else ("token", hint)
    if (key_part(item.name) and says_aws(item.name)) or key_name(item.name) is not None or is_key_of_aws(said):
        return "", ""
    if password := password_in_url(said):
        return ("", "") if stands_for(password) else ("word" if is_plain_word(password) else "url", "")
    if not is_secret_name(item.name):
        return ("key", hint) if like_key_of_aws(said) else ("", "")
    if names_a_secret(said, item.name):
        return "", ""
    stand = stands_for(said)
    if stand:
        return ("stand-in", "") if stand == "nothing" else ("", "")
    return ("word" if is_plain_word(said) else "password", hint)


def _text(value: Value) -> str:
    """The known text of a script, with a hole where something is not known; what is encoded in base64 decoded."""
    if isinstance(value, Scalar) and isinstance(value.value, str):
        return _decoded(value.value[:MAX_TEXT])
    if isinstance(value, Template):
        parts = (str(part.value) if isinstance(part, Scalar) else HOLE for part in value.parts)
        return "".join(parts)[:MAX_TEXT]
    return ""


def _decoded(said: str) -> str:
    if len(said) < 24 or not re.fullmatch(r"[A-Za-z0-9+/\s]+={0,2}", said):
        return said
    try:
        return base64.b64decode("".join(said.split()) + "==").decode("utf-8")
    except (binascii.Error, ValueError):
        return said


def _in_text(said: str) -> tuple[str, str]:
    """The first secret in a text, as `_named` tells it."""
    if len(said) < 8 or not _HINTS.search(said):
        return ("key", f"{len(said)} characters") if like_key_of_aws(said.strip()) else ("", "")
    if is_token(said):
        return "token", ""
    for match in _ASSIGNED.finditer(said):
        name, value = match["name"].lstrip("-"), match["value"]
        if not is_secret_name(name) or value.isdigit() or stands_for(value) or not value.strip(HOLE):
            continue
        if names_a_secret(value.replace(HOLE, "x"), name):
            continue  # of a name that is put together, what is filled in is a word as well
        if (key_part(name) and says_aws(name)) or key_name(name) is not None or is_key_of_aws(value):
            continue
        if not match["quote"] and _CODE.match(said, match.end()):
            continue  # a variable that a program passes on
        return "word" if is_plain_word(value) else "password", f"{normal(name)}, {len(value)} characters"
    return "", ""


def _set_up(resource: Resource, found: Iterable[Field], site: Site) -> Iterator[SecretValue]:
    """A machine that is set up for AWS keys: by its script, or by a provisioner."""
    for block in find(resource.body, "provisioner"):
        for inner in block.items if isinstance(block, Sequence) else (block,):
            said = "\n".join(str(scalar.value) for scalar in scalars(inner) if isinstance(scalar.value, str))
            if (_CREDENTIALS_FILE.search(said) or _KEYS_SET.search(said)) and not _SESSION.search(said):
                yield SecretValue(site, "provisioner", "access-key", "set-up", "", inner.span or resource.header)
                return
    for item in found:
        if item.style == "script" and not item.name:
            said = "\n".join(str(scalar.value) for scalar in scalars(item.value) if isinstance(scalar.value, str))
            said = _decoded(said[:MAX_TEXT])
            if _KEYS_SET.search(said) and not _SESSION.search(said):
                yield SecretValue(site, item.path, "access-key", "set-up", "", resource.header)
                return
