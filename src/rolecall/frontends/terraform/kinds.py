"""Finer kinds of value that only evaluation tells apart: each can be read as the kind of `values` that it extends."""

from __future__ import annotations

from collections.abc import Iterable

from rolecall.frontends.values import (
    Encoded,
    Entry,
    Hop,
    Mapping,
    Reference,
    Scalar,
    Sequence,
    Template,
    Unknown,
    Value,
    children,
)
from rolecall.source.records import dataclass, replace
from rolecall.source.text import Span

#: A value made of more parts than this, counted as if none were shared, is not passed on.
MAX_PARTS = 100_000
MAX_DEPTH = 150
#: The reason of a choice of which each way is taken, by one of the instances.
DIFFERS = "it differs between the instances of for_each"


@dataclass(frozen=True, slots=True)
class Invalid(Unknown):
    """Unknown because Terraform itself would refuse the expression: what `try` and `can` react to."""


@dataclass(frozen=True, slots=True)
class OneOf(Unknown):
    """Unknown, but it is one of `about`: an attribute of it is that attribute of one of them."""


@dataclass(frozen=True, slots=True)
class Judged(Unknown):
    """Unknown, and only told from `about`: a truth value, a number of members, a hash.  It hands none of them on."""


@dataclass(frozen=True, slots=True)
class Joined(Unknown):
    """Unknown as a whole, but a list that has the members of the lists in `about`, and of others that are not known."""


@dataclass(frozen=True, slots=True)
class Splat(Reference):
    """The list of one attribute over all instances (`aws_iam_user.ci[*].name`); an element is a plain reference."""


@dataclass(frozen=True, slots=True)
class Set(Sequence):
    """A set: sorted where its members are known strings, and its members are its keys."""


@dataclass(frozen=True, slots=True)
class Instances(Sequence):
    """Something of every instance of a counted resource or module, already the list that a splat makes of it."""


def unknown(reason: str, about: Iterable[Value], span: Span | None = None) -> Unknown:
    """An unknown made from `about`: invalid where one of them is, since then the whole expression is refused."""
    parts = tuple(about)
    for part in parts:
        if isinstance(part, Invalid):
            return Invalid(part.reason, parts, span)
    return Unknown(reason, parts, span)


def judged(value: Value) -> Value:
    """The value, where it is unknown as one that is only told from what it was made of."""
    if isinstance(value, Unknown) and not isinstance(value, Invalid):
        return Judged(value.reason, value.about, value.span, value.via)
    return value


def is_refused(value: Value) -> bool:
    """Whether Terraform would refuse to evaluate this: something in it is invalid (choices are not looked into)."""
    seen: set[int] = set()
    stack = [value]
    while stack:
        node = stack.pop()
        if isinstance(node, Invalid):
            return True
        if isinstance(node, (Scalar, Reference, Unknown)) or id(node) in seen:
            continue
        seen.add(id(node))
        stack.extend(children(node))
    return False


def choices(value: OneOf) -> list[Value]:
    """What the value may be, choices inside choices opened; at most 50."""
    found: list[Value] = []
    seen: set[int] = set()
    stack = list(reversed(value.about))
    while stack and len(found) < 50:
        one = stack.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, OneOf):
            stack.extend(reversed(one.about))
        else:
            found.append(seen_through(one, value.via))
    return found


def is_open(mapping: Mapping) -> bool:
    """Whether the mapping may hold keys that the code does not show."""
    return any(not isinstance(entry.key, Scalar) for entry in mapping.entries)


def seen_through(value: Value, via: tuple[Hop, ...]) -> Value:
    """The value with the hops of what it was taken out of."""
    return replace(value, via=value.via + via) if via else value


def items_of(value: Sequence) -> tuple[Value, ...]:
    """The members, each with the hops of the whole."""
    via = value.via
    return tuple(replace(item, via=item.via + via) for item in value.items) if via else value.items


def entries_of(value: Mapping) -> tuple[Entry, ...]:
    """The entries, each value with the hops of the whole."""
    via = value.via
    if not via:
        return value.entries
    return tuple(replace(entry, value=replace(entry.value, via=entry.value.via + via)) for entry in value.entries)


def element_of(value: Value) -> Value | None:
    """A value that stands for any member of a collection that is only known by name; None where there is no name."""
    match value:
        case Splat():
            return Reference(value.target, value.attribute, value.span, value.via)
        case Reference(attribute=attribute):
            return replace(value, attribute=f"{attribute}.*" if attribute else "")
        case _:
            return None


def gathered(values: Iterable[Value]) -> tuple[Hop, ...]:
    """The hops of several values and of what is inside them, each once: those of a string made from them."""
    hops: dict[Hop, None] = {}
    seen: set[int] = set()
    known: dict[int, tuple[Hop, ...]] = {}  # hashing a hop costs more than all else here, and most share their tuples
    stack = list(values)[::-1]
    while stack:
        node = stack.pop()
        if node.via and id(node.via) not in known:
            known[id(node.via)] = node.via
            hops.update(dict.fromkeys(node.via))
        if isinstance(node, (Sequence, Mapping, Template, Encoded)) and id(node) not in seen:
            seen.add(id(node))
            stack.extend(reversed(children(node)))
    return tuple(hops)


#: Parts and depth of large values that were measured before, with the value itself so that its id stays its own.
_measured: dict[int, tuple[Value, int, int]] = {}
_MAX_MEASURED = 20_000
#: Smaller values are measured again each time.
_LARGE = 24


def bounded(value: Value) -> Value:
    """The value itself, or an unknown where it is so large or so deep that to walk it would not end in time.

    To be called once where a value is kept under a name: parts are shared in memory, so that a few lines can make a
    value whose parts nobody could count (`a = [b, b]`, `b = [c, c]` …).
    """
    if isinstance(value, (Scalar, Reference)):
        return value
    count, depth = _measure(value)
    if count > MAX_PARTS or depth > MAX_DEPTH:
        return Unknown("value is too large", (), value.span, value.via)
    return value


def _measure(value: Value) -> tuple[int, int]:
    """How many parts a value has, as if none were shared, and how deep it is; either may stop above its bound."""
    if len(_measured) > _MAX_MEASURED:
        _measured.clear()
    pending = [(value, iter(children(value)))]
    counts, depths = [1], [1]
    while True:
        node, rest = pending[-1]
        for child in rest:
            if isinstance(child, (Scalar, Reference)):
                counts[-1] += 1
                continue
            known = _measured.get(id(child))
            if known is not None and known[0] is child:
                counts[-1] += known[1]
                depths[-1] = max(depths[-1], known[2] + 1)
                continue
            if counts[-1] > MAX_PARTS or len(pending) > MAX_DEPTH:
                return MAX_PARTS + 1, MAX_DEPTH + 1
            pending.append((child, iter(children(child))))
            counts.append(1)
            depths.append(1)
            break
        else:
            pending.pop()
            count, depth = counts.pop(), depths.pop()
            if count >= _LARGE:
                _measured[id(node)] = (node, count, depth)
            if not pending:
                return count, depth
            counts[-1] += count
            depths[-1] = max(depths[-1], depth + 1)
