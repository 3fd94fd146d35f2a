"""Records behave as frozen dataclasses do, but for the refusal of assignments, which is mypy's."""

from __future__ import annotations

import dataclasses
from dataclasses import field, fields, is_dataclass
from functools import cached_property

import pytest

from rolecall.source.records import dataclass, replace


@dataclass(frozen=True, slots=True)
class Point:
    """A point."""

    x: int
    y: int = 2
    names: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Place(Point):
    label: str = ""


@dataclass(frozen=True, slots=True)
class One:
    only: str


@dataclass(frozen=True, slots=True)
class Nothing:
    pass


@dataclass(slots=True)
class Count:
    of: str
    number: int = 0


@dataclass(slots=True, eq=False)
class Own:
    only: str


@dataclass
class Loose:
    only: str
    more: list[str] = field(default_factory=list)

    @cached_property
    def length(self) -> int:
        return len(self.only)


@dataclass(slots=True)
class Derived(Count):
    """One that the standard library makes of a record."""

    twice: int = 0

    def __post_init__(self) -> None:
        self.twice = 2 * self.number


class Named(Own):
    def __init__(self) -> None:
        super().__init__("named")


def test_it_is_made_as_it_is_declared() -> None:
    assert Point(1) == Point(x=1, y=2, names=[])
    assert Point(1).names is not Point(1).names
    assert Place(1, label="a").label == "a"
    assert repr(Place(1, label="a")) == "Place(x=1, y=2, names=[], label='a')"
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'x'"):
        Point()  # type: ignore[call-arg]
    with pytest.raises(AttributeError):
        Point(1).other = 1  # type: ignore[attr-defined]


def test_it_is_compared_and_hashed_by_class_and_fields() -> None:
    assert One("a") == One("a") != One("b")
    assert hash(One("a")) == hash(One("a"))
    assert Nothing() == Nothing()
    assert {One("a"), One("a"), Nothing(), Nothing()} == {One("a"), Nothing()}
    assert Point(1) != Place(1)


def test_what_can_be_changed_has_no_hash_and_what_is_not_compared_is_itself() -> None:
    count = Count("a")
    count.number += 1
    assert count == Count("a", 1)
    with pytest.raises(TypeError, match="unhashable"):
        hash(count)
    assert Own("a") != Own("a")
    assert len({Own("a"), Own("a")}) == 2


def test_one_without_slots_keeps_what_is_computed() -> None:
    loose = Loose("abc")
    assert (loose.length, loose.__dict__) == (3, {"only": "abc", "more": [], "length": 3})
    assert loose == Loose("abc", [])
    assert not hasattr(Loose, "more")


def test_classes_are_made_of_it() -> None:
    assert Derived("a", 2).twice == 4
    assert [item.name for item in fields(Derived)] == ["of", "number", "twice"]
    assert (Named().only, Own("own").only) == ("named", "own")
    assert [item.name for item in fields(Named)] == ["only"]


def test_the_tools_for_dataclasses_know_it() -> None:
    assert is_dataclass(Point)
    assert [item.name for item in fields(Place)] == ["x", "y", "names", "label"]
    for way in (replace, dataclasses.replace):
        assert way(Place(1, label="a"), y=5) == Place(1, 5, label="a")
        assert way(Derived("a", 2), of="b") == Derived("b", 2)
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        replace(Point(1), z=1)  # type: ignore[call-arg]
    match One("a"):
        case One(only=said):
            assert said == "a"
