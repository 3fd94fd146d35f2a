"""Encodings: JSON, YAML, CSV, base64, URLs."""

from __future__ import annotations

from rolecall.frontends.terraform.conversion import MAX_ITEMS, NotKnown, Refused
from rolecall.frontends.terraform.functions.call import Call, Function, pure, taking
from rolecall.frontends.terraform.json_text import decode_json
from rolecall.frontends.terraform.kinds import gathered, seen_through, unknown
from rolecall.frontends.terraform.verbatim import Verbatim
from rolecall.frontends.terraform.yaml_text import decode_yaml
from rolecall.frontends.values import Encoded, Mapping, Scalar, Sequence, Template, Value

_CODECS = {
    "utf-8": "utf-8",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
    "iso-8859-1": "latin-1",
    "us-ascii": "ascii",
}


@taking(1)
def _jsonencode(call: Call) -> Value:
    return Encoded("json", call.argument(0), call.span)


@taking(1)
def _yamlencode(call: Call) -> Value:
    return Encoded("yaml", call.argument(0), call.span)


@taking(1)
def _jsondecode(call: Call) -> Value:
    value = call.argument(0)
    decoded = decode_json(value)
    if decoded is not None:
        return decoded
    import json

    return call.result(json.loads(call.string(0)))  # a lone string, number, bool or null; ValueError where it is none


@taking(1)
def _yamldecode(call: Call) -> Value:
    value = call.argument(0)
    if isinstance(value, Encoded) and value.encoding in ("json", "yaml"):
        return seen_through(value.inner, value.via)
    if isinstance(value, Template):
        decoded = decode_json(value)
        return call.unknown() if decoded is None else decoded
    text = call.string(0)
    place = value.value.byte_span if isinstance(value, Scalar) and isinstance(value.value, Verbatim) else None
    return decode_yaml(text, place or (lambda start, end: call.span), gathered(call.arguments))


@taking(1)
def _base64encode(call: Call) -> Value:
    value = call.argument(0)
    if isinstance(value, Scalar):
        import base64

        return call.result(base64.b64encode(call.string(0).encode("utf-8", "surrogatepass")).decode())
    if isinstance(value, (Sequence, Mapping)):
        raise Refused("a string is required")
    return Encoded("base64", value, call.span)


@taking(1)
def _base64decode(call: Call) -> Value:
    value = call.argument(0)
    if isinstance(value, Encoded) and value.encoding == "base64":
        return seen_through(value.inner, value.via)
    import base64
    import binascii

    try:
        return call.result(base64.b64decode(call.string(0), validate=True).decode())
    except (binascii.Error, UnicodeDecodeError):
        raise Refused("not base64 of a text") from None


@taking(1)
def _csvdecode(call: Call) -> Value:
    import csv
    import io

    rows = csv.reader(io.StringIO(call.string(0)), strict=True)
    try:
        header = next(rows, None)
        if header is None or len(set(header)) != len(header):
            raise Refused("a header line with distinct names is required")
        found: list[dict[str, str]] = []
        for row in rows:
            if not row:
                continue
            if len(row) != len(header) or len(found) >= MAX_ITEMS:
                raise Refused("a row has another number of fields")
            found.append(dict(zip(header, row, strict=True)))
    except csv.Error:
        raise Refused("not CSV") from None
    return call.result(found)


def _urlencode(text: str) -> str:
    from urllib.parse import quote_plus

    return quote_plus(text, errors="surrogatepass")


def _codec(name: str) -> str:
    found = _CODECS.get(name.lower())
    if found is None:
        raise NotKnown
    return found


def _textencodebase64(text: str, codec: str) -> str:
    import base64

    return base64.b64encode(text.encode(_codec(codec))).decode()


def _textdecodebase64(text: str, codec: str) -> str:
    import base64

    return base64.b64decode(text, validate=True).decode(_codec(codec))


def _compressed(call: Call) -> Value:
    return unknown(f"function {call.name} compresses", call.arguments, call.span)


TABLE: dict[str, Function] = {
    "base64decode": _base64decode,
    "base64encode": _base64encode,
    "base64gzip": _compressed,
    "csvdecode": _csvdecode,
    "jsondecode": _jsondecode,
    "jsonencode": _jsonencode,
    "textdecodebase64": pure(_textdecodebase64, "ss"),
    "textencodebase64": pure(_textencodebase64, "ss"),
    "urlencode": pure(_urlencode, "s"),
    "yamldecode": _yamldecode,
    "yamlencode": _yamlencode,
}
