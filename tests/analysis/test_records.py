"""Records behave as frozen dataclasses do, but for the refusal of assignments, which is mypy's."""

from __future__ import annotations

from dataclasses import field, fields, is_dataclass, replace

import pytest

from rolecall.source.records import dataclass


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


def test_the_tools_for_dataclasses_know_it() -> None:
    assert is_dataclass(Point)
    assert [item.name for item in fields(Place)] == ["x", "y", "names", "label"]
    assert replace(Place(1, label="a"), y=5) == Place(1, 5, label="a")
    match One("a"):
        case One(only=said):
            assert said == "a"
