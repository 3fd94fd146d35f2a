"""Hashes and identifiers."""

from __future__ import annotations

from collections.abc import Callable

from rolecall.frontends.terraform.functions.call import Call, Function, pure, taking
from rolecall.frontends.terraform.functions.filesystem import contents
from rolecall.frontends.values import Value

_NAMESPACES = {
    "dns": "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    "url": "6ba7b811-9dad-11d1-80b4-00c04fd430c8",
    "oid": "6ba7b812-9dad-11d1-80b4-00c04fd430c8",
    "x500": "6ba7b814-9dad-11d1-80b4-00c04fd430c8",
}


def _hex(algorithm: str) -> Callable[[bytes], str]:
    def digest(data: bytes) -> str:
        import hashlib

        return hashlib.new(algorithm, data, usedforsecurity=False).hexdigest()

    return digest


def _base64(algorithm: str) -> Callable[[bytes], str]:
    def digest(data: bytes) -> str:
        import base64
        import hashlib

        return base64.b64encode(hashlib.new(algorithm, data, usedforsecurity=False).digest()).decode()

    return digest


def _of_text(digest: Callable[[bytes], str]) -> Function:
    return pure(lambda text: digest(text.encode("utf-8", "surrogatepass")), "s")


def _of_file(digest: Callable[[bytes], str]) -> Function:
    @taking(1)
    def called(call: Call) -> Value:
        return call.result(digest(contents(call).data))

    return called


def _uuidv5(namespace: str, name: str) -> str:
    import uuid

    return str(uuid.uuid5(uuid.UUID(_NAMESPACES.get(namespace, namespace)), name))


def _impure(call: Call) -> Value:
    return call.unknown(f"function {call.name} is not pure")


def _needs_key(call: Call) -> Value:
    return call.unknown(f"function {call.name} needs a private key")


TABLE: dict[str, Function] = {
    "md5": _of_text(_hex("md5")),
    "sha1": _of_text(_hex("sha1")),
    "sha256": _of_text(_hex("sha256")),
    "sha512": _of_text(_hex("sha512")),
    "base64sha256": _of_text(_base64("sha256")),
    "base64sha512": _of_text(_base64("sha512")),
    "filemd5": _of_file(_hex("md5")),
    "filesha1": _of_file(_hex("sha1")),
    "filesha256": _of_file(_hex("sha256")),
    "filesha512": _of_file(_hex("sha512")),
    "filebase64sha256": _of_file(_base64("sha256")),
    "filebase64sha512": _of_file(_base64("sha512")),
    "uuidv5": pure(_uuidv5, "ss"),
    "uuid": _impure,
    "bcrypt": _impure,
    "rsadecrypt": _needs_key,
}
