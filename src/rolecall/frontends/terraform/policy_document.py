"""What the data source `aws_iam_policy_document` makes of its blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rolecall.frontends.terraform.bodies import DYNAMIC
from rolecall.frontends.terraform.json_text import decode_json
from rolecall.frontends.terraform.kinds import entries_of, items_of
from rolecall.frontends.values import Encoded, Entry, Mapping, Scalar, Sequence, Template, Unknown, Value, text

_VERSION = "2012-10-17"
#: Arguments of a statement that are sets of strings, and the JSON names that they get, in the provider's order.
_SETS = {"actions": "Action", "not_actions": "NotAction", "resources": "Resource", "not_resources": "NotResource"}
_PRINCIPALS = {"principals": "Principal", "not_principals": "NotPrincipal"}
_SOURCES = ("source_json", "source_policy_documents")
_OVERRIDES = ("override_policy_documents", "override_json")


def document(body: Mapping) -> Value:
    """The policy text of an evaluated `aws_iam_policy_document` body, as the provider writes it.

    The result is JSON of `Version`, `Id` and `Statement`; every statement has the span of its block, or of its place in
    the document that it was merged from.  A source or override document that is not known stands among the statements
    as an unknown.  A statement from a `dynamic` block whose members cannot be told has the key "$dynamic".
    """
    merged = _Merged()
    for name in _SOURCES:
        merged.add_all(body.get(name))
    merged.add(_version(body), _set_text(body.get("policy_id")), _own_statements(body))
    for name in _OVERRIDES:
        merged.add_all(body.get(name))
    return Encoded("json", merged.mapping(body), body.span)


class _Merged:
    """Documents put together: the latest version, the last id, statements where a later one replaces its namesake."""

    def __init__(self) -> None:
        self.version: Value = Scalar("")
        self.id: Value | None = None
        self.statements: list[Value] = []

    def add_all(self, documents: Value | None) -> None:
        """The documents of one argument: a JSON text or a list of them."""
        if documents is None or _is_null(documents):
            return
        for one in items_of(documents) if isinstance(documents, Sequence) else (documents,):
            if _is_null(one) or text(one) == "":
                continue
            decoded = decode_json(one)
            if isinstance(decoded, Mapping):
                self.add(decoded.get("Version"), decoded.get("Id"), _statements(decoded))
            else:
                self.statements.append(Unknown("a merged policy document is not known", (one,), one.span, one.via))

    def add(self, version: Value | None, name: Value | None, statements: Iterable[Value]) -> None:
        if name is not None:
            self.id = name
        if version is not None and (text(version) is None or (text(version) or "") > (text(self.version) or "")):
            self.version = version
        for statement in statements:
            at = self._namesake(statement)
            if at is None:
                self.statements.append(statement)
            else:
                self.statements[at] = statement

    def _namesake(self, statement: Value) -> int | None:
        sid = _sid(statement)
        if not sid:
            return None
        return next((at for at, one in enumerate(self.statements) if _sid(one) == sid), None)

    def mapping(self, body: Mapping) -> Mapping:
        entries = [Entry(Scalar("Version"), self.version, self.version.span)]
        if self.id is not None:
            entries.append(Entry(Scalar("Id"), self.id, self.id.span))
        if self.statements:
            entries.append(Entry(Scalar("Statement"), Sequence(tuple(self.statements), body.span), body.span))
        return Mapping(tuple(entries), body.span)


def _sid(statement: Value) -> str | None:
    return text(statement.get("Sid")) if isinstance(statement, Mapping) else None


def _is_null(value: Value | None) -> bool:
    return isinstance(value, Scalar) and value.value is None


def _set_text(value: Value | None) -> Value | None:
    """An optional string argument: None where it is absent, null or empty."""
    return None if value is None or _is_null(value) or text(value) == "" else value


def _version(body: Mapping) -> Value:
    return _set_text(body.get("version")) or Scalar(_VERSION, body.span)


def _statements(decoded: Mapping) -> Iterator[Value]:
    """The statements of a merged document: one object, or a list of them."""
    value = decoded.get("Statement")
    if isinstance(value, Sequence):
        yield from items_of(value)
    elif value is not None:
        yield value


def _blocks(body: Mapping, name: str) -> Iterator[Value]:
    """The bodies of the nested blocks of one type."""
    value = body.get(name)
    if isinstance(value, Sequence):
        yield from items_of(value)
    elif value is not None and not _is_null(value):
        yield value


def _own_statements(body: Mapping) -> Iterator[Value]:
    for block in _blocks(body, "statement"):
        yield _statement(block) if isinstance(block, Mapping) else block


def _statement(block: Mapping) -> Mapping:
    arguments = {entry.name: entry for entry in entries_of(block)}
    entries: list[Entry] = []

    def put(name: str, value: Value | None, source: str) -> None:
        if value is not None:
            written = arguments.get(source)
            entries.append(Entry(Scalar(name), value, written.span if written else value.span))

    def given(name: str) -> Value | None:
        return arguments[name].value if name in arguments else None

    put("Sid", _set_text(given("sid")), "sid")
    put("Effect", _set_text(given("effect")) or Scalar("Allow", block.span), "effect")
    for argument, name in _SETS.items():
        put(name, _strings(given(argument), replacing=argument.endswith("resources")), argument)
    for argument, name in _PRINCIPALS.items():
        put(name, _principals(list(_blocks(block, argument))), argument)
    put("Condition", _conditions(list(_blocks(block, "condition"))), "condition")
    put(DYNAMIC, given(DYNAMIC), DYNAMIC)
    return Mapping(tuple(entries), block.span, block.via)


def _strings(value: Value | None, *, replacing: bool) -> Value | None:
    """A set of strings: the member itself where it is the only one, else sorted downwards as the provider does."""
    if value is None or _is_null(value):
        return None
    if not isinstance(value, Sequence):
        return _replaced(value) if replacing else value
    members = _unique(_replaced(item) if replacing else item for item in items_of(value))
    if not members:
        return None
    if len(members) == 1:
        return members[0]
    if all(text(member) is not None for member in members):
        members.sort(key=lambda member: text(member) or "", reverse=True)
    return Sequence(tuple(members), value.span)


def _unique(values: Iterable[Value]) -> list[Value]:
    seen: set[str] = set()
    found: list[Value] = []
    for value in values:
        known = text(value)
        if known is None or known not in seen:
            found.append(value)
            seen.add(known or "")
    return found


def _replaced(value: Value) -> Value:
    """`&{aws:username}` is how a document writes the `${aws:username}` of IAM."""
    match value:
        case Scalar(value=str(inner)) if "&{" in inner:
            return Scalar(inner.replace("&{", "${"), value.span, value.via)
        case Template(parts=parts):
            return Template(tuple(_replaced(part) for part in parts), value.span, value.via)
        case _:
            return value


def _principals(blocks: list[Value]) -> Value | None:
    """Principals by type; `"*"` alone where everybody is meant."""
    if not blocks:
        return None
    found: dict[str, list[tuple[Value, Entry]]] = {}
    unknown: list[Entry] = []
    for block in blocks:
        if not isinstance(block, Mapping):
            return block
        kind, value = block.get("type"), _strings(block.get("identifiers"), replacing=True)
        if kind is None or value is None:
            continue
        entry = Entry(kind, value, block.span)
        name = text(kind)
        if name is None:
            unknown.append(entry)
        else:
            found.setdefault(name, []).append((value, entry))
    if not unknown and list(found) == ["*"] and len(found["*"]) == 1 and text(found["*"][0][0]) == "*":
        return Scalar("*", found["*"][0][0].span, found["*"][0][0].via)
    entries = [_joined([entry for _, entry in values]) for _, values in sorted(found.items())]
    return Mapping((*entries, *unknown), blocks[0].span)


def _joined(entries: list[Entry]) -> Entry:
    """Entries of one key as one, their values in one list."""
    if len(entries) == 1:
        return entries[0]
    members: list[Value] = []
    for entry in entries:
        members.extend(items_of(entry.value) if isinstance(entry.value, Sequence) else (entry.value,))
    return Entry(entries[0].key, Sequence(tuple(members), entries[0].span), entries[0].span)


def _conditions(blocks: list[Value]) -> Value | None:
    """Conditions by operator, then by context key; values of one key together, in order."""
    if not blocks:
        return None
    tests: dict[object, tuple[Value, dict[object, list[Entry]]]] = {}
    for block in blocks:
        if not isinstance(block, Mapping):
            return block
        test, variable, values = block.get("test"), block.get("variable"), block.get("values")
        if test is None or variable is None or values is None:
            continue
        _, variables = tests.setdefault(text(test) or id(test), (test, {}))
        entry = Entry(variable, _listed(values), block.span)
        variables.setdefault(text(variable) or id(variable), []).append(entry)
    entries = []
    for test, variables in tests.values():
        inner = tuple(_single(_joined(found)) for found in variables.values())
        entries.append(Entry(test, Mapping(inner, inner[0].span), inner[0].span))
    return Mapping(tuple(entries), blocks[0].span)


def _listed(value: Value) -> Value:
    if isinstance(value, Sequence):
        return Sequence(tuple(_replaced(item) for item in items_of(value)), value.span)
    return _replaced(value)


def _single(entry: Entry) -> Entry:
    value = entry.value
    if isinstance(value, Sequence) and len(value.items) == 1:
        return Entry(entry.key, value.items[0], entry.span)
    return entry
