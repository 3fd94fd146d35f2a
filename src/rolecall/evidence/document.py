"""A file of evidence as it was read: JSON (one document, or one on each line) or text, with its line numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rolecall.evidence.facts import Principal


class EvidenceError(Exception):
    """Evidence that cannot be used: `str()` names the file, the line where it is known, and why."""

    def __init__(self, path: str, message: str, line: int = 0) -> None:
        super().__init__(f"{path}:{line}: {message}" if line else f"{path}: {message}")


class Malformed(Exception):
    """A record that is not as its format has it; `near` is a text in it, by which its line is found."""

    def __init__(self, reason: str, near: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.near = near


@dataclass(frozen=True)
class Document:
    """A file's path in its folder, its text, and the JSON values in it: one, or one for each line.

    `values` is empty where it is not JSON.
    """

    path: str
    text: str
    values: tuple[Any, ...]

    @property
    def first(self) -> dict[str, Any]:
        """The object that decides on the format: the file's own, or the first of its list; {} where there is none."""
        value = self.values[0] if self.values else None
        if isinstance(value, list):
            value = value[0] if value else None
        return value if isinstance(value, dict) else {}

    def records(self, *keys: str) -> Iterator[dict[str, Any]]:
        """The objects of the file: of a list, of the list below one of `keys`, or on each line.  Raises Malformed."""
        for value in self.values:
            inner = next(
                (value[key] for key in keys if isinstance(value, dict) and isinstance(value.get(key), list)), value
            )
            for record in inner if isinstance(inner, list) else [inner]:
                if not isinstance(record, dict):
                    raise Malformed(f"a record is {type(record).__name__} and not an object", json.dumps(record))
                yield record

    def line_of(self, near: str) -> int:
        """The 1-based line of a text in the file; 0 where it is not in it."""
        at = self.text.find(near) if near else -1
        return self.text.count("\n", 0, at) + 1 if at >= 0 else 0


def parse(path: str, text: str) -> Document:
    """A file's text as a document.  Raises EvidenceError where it begins as JSON and is not."""
    stripped = text.lstrip()
    if not stripped.startswith(("{", "[")):
        return Document(path, text, ())
    try:
        return Document(path, text, (json.loads(text),))
    except RecursionError:
        raise EvidenceError(path, "JSON that is nested too deeply") from None
    except ValueError as error:
        lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
        if len(lines) > 1 and _is_json(lines[0][1]):
            return Document(path, text, tuple(_by_line(path, lines)))
        raise EvidenceError(path, f"not JSON: {_reason(error)}", getattr(error, "lineno", 0)) from None


def _by_line(path: str, lines: list[tuple[int, str]]) -> Iterator[Any]:
    for number, line in lines:
        try:
            yield json.loads(line)
        except (ValueError, RecursionError) as error:
            raise EvidenceError(path, f"not JSON: {_reason(error)}", number) from None


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _reason(error: Exception) -> str:
    return error.msg.lower() if isinstance(error, json.JSONDecodeError) else type(error).__name__


def at(record: Any, *keys: str) -> Any:
    """What a path of keys leads to; None where it leads nowhere.  Of spellings (`a|b`) the first that is there."""
    for key in keys:
        if not isinstance(record, dict):
            return None
        record = next((record[name] for name in key.split("|") if name in record), None)
    return record


def said(record: Any, *keys: str) -> str:
    """The text at a path of keys; "" where there is none."""
    value = at(record, *keys)
    return value if isinstance(value, str) else ""


def date(value: object) -> datetime | None:
    """A point in time in UTC: ISO 8601, or seconds since 1970.  None for what says that there is none.

    Raises Malformed for anything else, and for what no cloud was there to see.
    """
    if value is None or (isinstance(value, str) and value.strip() in ("", "N/A", "no_information", "not_supported")):
        return None
    try:
        found = None
        if isinstance(value, int | float) and not isinstance(value, bool):
            found = datetime.fromtimestamp(value, UTC)
        elif isinstance(value, str):
            found = datetime.fromisoformat(value.strip())
            found = found.astimezone(UTC) if found.tzinfo is not None else found.replace(tzinfo=UTC)
        if found is not None and 2000 <= found.year <= 2200:
            return found
    except (ValueError, OverflowError, OSError):
        pass
    raise Malformed(f"{str(value)[:40]!r} is not a date", str(value))


def aws_principal(arn: str) -> Principal | None:
    """Whom an ARN of IAM or STS names: the user, or the role behind a session.  None for anything else."""
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or parts[2] not in ("iam", "sts"):
        return None
    account, (kind, _, path) = parts[4], parts[5].partition("/")
    if kind == "root":
        return Principal("aws", "root", "root", account)
    if kind == "assumed-role":
        return Principal("aws", "role", path.partition("/")[0], account)
    return Principal("aws", kind, path.rpartition("/")[2], account) if kind in ("user", "role") and path else None
