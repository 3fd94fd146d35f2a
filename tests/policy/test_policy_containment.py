"""Containment against z3, and the cases that planners ask about."""

from __future__ import annotations

import random
from typing import Any

import pytest

from rolecall.model.parts import Statement
from rolecall.policy.containment import counterexample
from rolecall.policy.decision import may

from .written import allow, deny, held

ROUNDS, CASES = 8, 125


def statement(choose: random.Random, effect: str) -> Statement:
    def patterns() -> str:
        return " ".join(
            "".join(choose.choice("aab*?b*") for _ in range(choose.randint(1, 3))) for _ in range(choose.randint(1, 2))
        )

    signs = ["!" if choose.random() < 0.15 else "" for _ in range(2)]
    return allow(signs[0] + patterns(), signs[1] + patterns(), effect=effect)


def side(choose: random.Random) -> list[Statement]:
    allows = [statement(choose, "Allow") for _ in range(choose.randint(1, 2))]
    return allows + [statement(choose, "Deny") for _ in range(choose.choice((0, 0, 1)))]


def formula(z3: Any, statements: list[Statement], action: Any, resource: Any) -> Any:
    """What a side allows, as z3 understands it."""
    kind = z3.ReSort(z3.StringSort())

    def one(pattern: str) -> Any:
        parts = [z3.Full(kind) if c == "*" else z3.AllChar(kind) if c == "?" else z3.Re(c) for c in pattern]
        return z3.Concat(*parts) if len(parts) > 1 else parts[0]

    def among(patterns: tuple[str, ...], others: tuple[str, ...], text: Any) -> Any:
        held_by = [z3.InRe(text, one(pattern)) for pattern in patterns or others]
        return z3.Or(*held_by) if patterns else z3.Not(z3.Or(*held_by))

    def speaks(s: Statement) -> Any:
        return z3.And(among(s.actions, s.not_actions, action), among(s.resources, s.not_resources, resource))

    allowed = z3.Or(*(speaks(s) for s in statements if s.effect == "Allow"))
    return z3.And(allowed, *(z3.Not(speaks(s)) for s in statements if s.effect == "Deny"))


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_z3_agrees(seed: int) -> None:
    z3 = pytest.importorskip("z3")
    choose = random.Random(seed)
    action, resource = z3.Strings("action resource")
    decided = 0
    for _ in range(CASES):
        smaller, larger = side(choose), side(choose)
        if choose.random() < 0.5:
            larger += smaller[:1]
        solver = z3.Solver()
        solver.set("timeout", 2000)
        solver.add(formula(z3, smaller, action, resource), z3.Not(formula(z3, larger, action, resource)))
        answer = solver.check()
        found = counterexample(held(*smaller), held(*larger))
        if found is not None:
            assert found.sure
            assert may(held(*smaller), found.action, found.resource) == "yes", (smaller, larger, found)
            assert may(held(*larger), found.action, found.resource) == "no", (smaller, larger, found)
        if answer != z3.unknown:
            decided += 1
            assert (found is None) == (answer == z3.unsat), (smaller, larger, found)
    assert decided > CASES * 0.9


@pytest.mark.parametrize(
    ("smaller", "larger", "contained"),
    [
        (allow("s3:GetObject", "arn:aws:s3:::b/in/*"), allow("s3:*", "arn:aws:s3:::b/*"), True),
        (allow("s3:*", "arn:aws:s3:::b/*"), allow("s3:Get*", "arn:aws:s3:::b/*"), False),
        (allow("S3:GETOBJECT", "x"), allow("s3:GetObject", "x"), True),
        (allow("s3:GetObject", "${b.arn}/*"), allow("s3:Get*", "${b.arn}/*"), True),
        (allow("s3:GetObject", "${b.arn}/*"), allow("s3:Get*", "${c.arn}/*"), False),
        (allow("s3:GetObject", "${?}"), allow("s3:GetObject", "${?}"), False),
        (allow("s3:GetObject", "*"), allow("!iam:*", "*"), True),
        (allow("*", "*"), allow("!iam:*", "*"), False),
        (allow("s3:*", "x", ("Bool", "aws:SecureTransport", "true")), allow("s3:*", "x"), True),
        (allow("s3:*", "x"), allow("s3:*", "x", ("Bool", "aws:SecureTransport", "true")), False),
    ],
)
def test_one_statement_in_another(smaller: Statement, larger: Statement, contained: bool) -> None:
    assert (counterexample(held(smaller), held(larger)) is None) is contained


def test_two_statements_may_hold_one_together() -> None:
    parts = (allow("s3:GetObject", "*"), allow("s3:PutObject", "*"))
    assert counterexample(held(allow("s3:GetObject s3:PutObject", "*")), held(*parts)) is None


def test_a_deny_of_the_larger_side_counts_unless_both_have_it() -> None:
    most, never = allow("s3:*"), deny("s3:*", "*", ("Bool", "aws:SecureTransport", "false"))
    assert counterexample(held(most), held(most, never)) is not None
    assert counterexample(held(most, never), held(most, never)) is None
    assert counterexample(held(most), held(most, deny("s3:*", "${b.arn}"))) is not None


def test_what_is_not_seen_proves_nothing() -> None:
    most = allow("*")
    assert counterexample(held(most, gaps=("p",)), held(most)) is not None
    assert counterexample(held(most), held(most, gaps=("p",))) is not None
    assert counterexample(held(most), held(most, boundary=True)) is not None


def test_a_counterexample_is_a_permission() -> None:
    found = counterexample(held(allow("s3:*", "arn:aws:s3:::b/*")), held(allow("s3:Get*", "arn:aws:s3:::b/*")))
    assert found is not None and found.sure
    assert found.resource.startswith("arn:aws:s3:::b/")
    assert not found.action.startswith("s3:get")
