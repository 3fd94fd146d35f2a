"""Functions of times: those that do not ask a clock."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from rolecall.frontends.terraform.conversion import Refused
from rolecall.frontends.terraform.functions.call import Call, Function, pure
from rolecall.frontends.values import Value
from rolecall.source.patterns import late

if TYPE_CHECKING:
    from datetime import datetime, timedelta

_STAMP = late(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)\Z", re.ASCII)
_DURATION = late(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_SECONDS = {
    "ns": Decimal("1e-9"),
    "us": Decimal("1e-6"),
    "µs": Decimal("1e-6"),
    "μs": Decimal("1e-6"),
    "ms": Decimal("1e-3"),
    "s": Decimal(1),
    "m": Decimal(60),
    "h": Decimal(3600),
}
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_TOKEN = late(r"'((?:[^']|'')*)'|Y+|M+|D+|E+|h+|H+|A+|a+|m+|s+|Z+|[^A-Za-z']+|.", re.DOTALL)


def _time(stamp: str) -> datetime:
    from datetime import datetime

    if not _STAMP.match(stamp):
        raise Refused("not an RFC 3339 timestamp")
    return datetime.fromisoformat(re.sub(r"\.(\d+)", lambda match: f".{match.group(1)[:6]:0<6}", stamp))


def _stamp(time: datetime) -> str:
    return time.isoformat(timespec="seconds").replace("+00:00", "Z")


def _duration(text: str) -> timedelta:
    from datetime import timedelta

    sign = -1 if text.startswith("-") else 1
    body = text.lstrip("+-") if text[:1] in ("+", "-") else text
    if body == "0":
        return timedelta()
    parts = _DURATION.findall(body)
    if not parts or "".join(amount + unit for amount, unit in parts) != body:
        raise Refused("not a duration")
    return timedelta(seconds=float(sign * sum(Decimal(amount) * _SECONDS[unit] for amount, unit in parts)))


def _timeadd(stamp: str, duration: str) -> str:
    return _stamp(_time(stamp) + _duration(duration))


def _timecmp(left: str, right: str) -> int:
    one, other = _time(left), _time(right)
    return (one > other) - (one < other)


def _formatdate(spec: str, stamp: str) -> str:
    time = _time(stamp)
    return "".join(_formatted(match, time) for match in _TOKEN.finditer(spec))


def _formatted(match: re.Match[str], time: datetime) -> str:
    token = match.group()
    if match.group(1) is not None:
        return match.group(1).replace("''", "'")
    if not (token[0].isascii() and token[0].isalpha()):
        if token[0] == "'":
            raise Refused("literal is not closed")
        return token
    hour = time.hour % 12 or 12
    offset = time.strftime("%z")
    forms = {
        "YYYY": f"{time.year:04}",
        "YY": f"{time.year % 100:02}",
        "MMMM": _MONTHS[time.month - 1],
        "MMM": _MONTHS[time.month - 1][:3],
        "MM": f"{time.month:02}",
        "M": str(time.month),
        "DD": f"{time.day:02}",
        "D": str(time.day),
        "EEEE": _DAYS[time.weekday()],
        "EEE": _DAYS[time.weekday()][:3],
        "hh": f"{time.hour:02}",
        "h": str(time.hour),
        "HH": f"{hour:02}",
        "H": str(hour),
        "AA": "AM" if time.hour < 12 else "PM",
        "aa": "am" if time.hour < 12 else "pm",
        "mm": f"{time.minute:02}",
        "m": str(time.minute),
        "ss": f"{time.second:02}",
        "s": str(time.second),
        "ZZZZZ": f"{offset[:3]}:{offset[3:5]}",
        "ZZZZ": offset,
        "ZZZ": "UTC" if offset == "+0000" else offset,
        "Z": "Z" if offset == "+0000" else f"{offset[:3]}:{offset[3:5]}",
    }
    if token not in forms:
        raise Refused("not a valid date format")
    return forms[token]


def _clock(call: Call) -> Value:
    return call.unknown(f"function {call.name} is not pure")


TABLE: dict[str, Function] = {
    "formatdate": pure(_formatdate, "ss"),
    "plantimestamp": _clock,
    "timeadd": pure(_timeadd, "ss"),
    "timecmp": pure(_timecmp, "ss"),
    "timestamp": _clock,
}
