"""A permissions boundary as a policy: cut down, decided within, contained in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rolecall.model.parts import Statement
from rolecall.policy.boundary import within
from rolecall.policy.containment import counterexample
from rolecall.policy.decision import may
from rolecall.policy.holdings import Holdings, Permit
from rolecall.policy.judgement import judge

from .written import allow, deny, held


def fenced(holdings: Holdings, *fence: Statement) -> Holdings:
    inside = held(*fence)
    return replace(holdings, fence=inside.allows, denies=(*holdings.denies, *inside.denies))


@pytest.mark.parametrize(
    ("granted", "fence", "left"),
    [
        (allow("*"), allow("s3:GetObject", "arn:aws:s3:::b/*"), [allow("s3:GetObject", "arn:aws:s3:::b/*")]),
        (allow("s3:Get*", "arn:aws:s3:::b/*"), allow("s3:*"), [allow("s3:Get*", "arn:aws:s3:::b/*")]),
        (allow("iam:*"), allow("s3:*"), []),
        (allow("*"), allow("!iam:*"), [allow("!iam:*")]),
        (allow("iam:PutRolePolicy s3:GetObject"), allow("!iam:*"), [allow("s3:GetObject")]),
        (allow("!iam:*"), allow("!sts:*"), [allow("!iam:* sts:*")]),
        (allow("s3:*", "arn:aws:s3:::a/*"), allow("s3:*", "arn:aws:s3:::b/*"), []),
    ],
)
def test_what_is_left_inside(granted: Statement, fence: Statement, left: list[Statement]) -> None:
    assert [permit.statement for permit in within(fenced(held(granted), fence)).allows] == left


def test_a_boundary_answers() -> None:
    bounded = fenced(held(allow("*")), allow("s3:*"), deny("s3:DeleteBucket"))
    assert may(bounded, "s3:GetObject", "arn:aws:s3:::b/x") == "yes"
    assert may(bounded, "s3:DeleteBucket", "arn:aws:s3:::b") == "no"
    assert may(bounded, "iam:CreateUser", "*") == "no"
    asking = fenced(held(allow("*")), allow("s3:*", "*", ("StringEquals", "aws:PrincipalTag/team", "a")))
    assert may(asking, "s3:GetObject", "arn:aws:s3:::b/x") == "conditional"


def test_only_what_is_inside_is_judged() -> None:
    bounded = fenced(held(allow("*")), allow("s3:GetObject", "arn:aws:s3:::b/*"))
    assert list(judge(bounded)) == []
    assert {v.idea: v.severity for v in judge(fenced(held(allow("*")), allow("s3:*")))} == {"services": "high"}


def test_a_known_boundary_is_part_of_a_proof() -> None:
    small = held(allow("s3:GetObject", "arn:aws:s3:::b/*"))
    assert counterexample(small, fenced(held(allow("*")), allow("s3:*"))) is None
    beyond = counterexample(held(allow("iam:CreateUser")), fenced(held(allow("*")), allow("s3:*")))
    assert beyond is not None and beyond.action.lower() == "iam:createuser"
    assert counterexample(fenced(held(allow("*")), allow("s3:GetObject")), held(allow("s3:*"))) is None
    assert counterexample(small, replace(held(allow("*")), boundary=True)) is not None


def test_a_star_that_is_no_star_grants_nothing() -> None:
    never = allow("iam:PutRolePolicy", "*", ("StringEquals", "iam:ResourceAccount", "*"))
    assert list(judge(held(never))) == []
    assert may(held(never), "iam:PutRolePolicy", "arn:aws:iam::111122223333:role/x") == "no"
    assert list(judge(Holdings((Permit(allow("iam:PutRolePolicy", "*", ("StringEquals", "aws:ResourceTag/a", "*"))),))))
