"""May a principal do it: the cases of IAM's own evaluation order, and of condition operators."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.model.parts import Document, Statement
from rolecall.policy.conditions import Condition, holds, narrowing
from rolecall.policy.decision import is_everything, may
from rolecall.policy.holdings import Holdings, managed_name, of_document
from rolecall.policy.judgement import judge

from .written import allow, deny, held

OBJECT = "arn:aws:s3:::data/a"


@pytest.mark.parametrize(
    ("holdings", "answer"),
    [
        (held(), "no"),
        (held(allow("s3:GetObject", "arn:aws:s3:::data/*")), "yes"),
        (held(allow("S3:getobject", "arn:aws:s3:::data/*")), "yes"),
        (held(allow("s3:Get*", "arn:aws:s3:::DATA/*")), "no"),
        (held(allow("*", "*"), deny("s3:*", "arn:aws:s3:::data/*")), "no"),
        (held(allow("*", "*"), deny("!s3:GetObject", "*")), "yes"),
        (held(allow("*", "*"), deny("s3:*", "!arn:aws:s3:::data/*")), "yes"),
        (held(allow("!iam:*", "*")), "yes"),
        (held(allow("!s3:*", "*")), "no"),
        (held(allow("s3:*", "!arn:aws:s3:::data/*")), "no"),
        (held(allow("s3:GetObject", "${aws_s3_bucket.b.arn}/*")), "conditional"),
        (held(allow("${var.action}", "*")), "conditional"),
        (held(allow("s3:*", "*", ("StringEquals", "aws:PrincipalOrgID", "o-1"))), "conditional"),
        (held(allow("s3:*"), deny("s3:*", "*", ("Bool", "aws:SecureTransport", "false"))), "conditional"),
        (held(allow("s3:*"), deny("s3:*", "${aws_s3_bucket.b.arn}/*")), "conditional"),
        (held(allow("s3:*"), boundary=True), "conditional"),
        (held(gaps=("arn:aws:iam::111122223333:policy/p",)), "conditional"),
        (held(allow("s3:*"), deny("s3:*"), gaps=("x",)), "no"),
        (held(allow("s3:*", effect="${var.effect}")), "conditional"),
    ],
)
def test_an_object_may_be_read(holdings: Holdings, answer: str) -> None:
    assert may(holdings, "s3:GetObject", OBJECT) == answer


@pytest.mark.parametrize(
    ("condition", "present", "answer"),
    [
        (("StringEquals", "k", ("a*",)), ("a*",), True),
        (("StringEquals", "k", ("a*",)), ("ab",), False),
        (("StringLike", "k", ("a*",)), ("ab",), True),
        (("StringEquals", "k", ("a", "b")), ("b",), True),
        (("StringEquals", "k", ("a",)), (), False),
        (("StringEqualsIfExists", "k", ("a",)), (), True),
        (("StringNotEquals", "k", ("a",)), (), True),
        (("StringNotEquals", "k", ("a", "b")), ("b",), False),
        (("StringEqualsIgnoreCase", "k", ("A",)), ("a",), True),
        (("ForAllValues:StringEquals", "k", ("a", "b")), (), True),
        (("ForAllValues:StringEquals", "k", ("a", "b")), ("a", "c"), False),
        (("ForAnyValue:StringEquals", "k", ("a",)), ("a", "c"), True),
        (("ForAnyValue:StringEquals", "k", ("a",)), (), False),
        (("Null", "k", ("true",)), (), True),
        (("Null", "k", ("true",)), ("a",), False),
        (("Null", "k", ("false",)), ("a",), True),
        (("Bool", "k", ("TRUE",)), ("true",), True),
        (("NumericLessThanEquals", "k", ("5",)), ("5",), True),
        (("NumericLessThan", "k", ("x",)), ("5",), None),
        (("DateGreaterThan", "k", ("2020-01-01T00:00:00Z",)), ("2021-01-01T00:00:00Z",), True),
        (("IpAddress", "k", ("10.0.0.0/8",)), ("10.1.2.3",), True),
        (("NotIpAddress", "k", ("10.0.0.0/8",)), ("10.1.2.3",), False),
        (("ArnLike", "k", ("arn:aws:sns:*:111122223333:*",)), ("arn:aws:sns:eu-west-2:111122223333:t",), True),
        (("ArnLike", "k", ("arn:aws:sns:*",)), ("arn:aws:sns:eu-west-2:111122223333:t",), False),
        (("StringEquals", "k", ("${var.x}",)), ("a",), None),
        (("SomethingNew", "k", ("a",)), ("a",), None),
    ],
)
def test_a_condition_holds(condition: Condition, present: tuple[str, ...], answer: bool | None) -> None:
    assert holds(condition, {"k": present}) is answer
    star = condition[0] == "StringEquals" and "*" in "".join(condition[2])
    assert holds(condition, {}) is (False if star else None)


@pytest.mark.parametrize(
    ("condition", "answer"),
    [
        (("StringEquals", "aws:PrincipalOrgID", ("o-1",)), "hard"),
        (("StringEquals", "aws:RequestedRegion", ("eu-west-2",)), "soft"),
        (("StringLike", "aws:PrincipalArn", ("*",)), "soft"),
        (("StringLike", "aws:ResourceTag/team", ("*",)), "hard"),
        (("Null", "aws:ResourceTag/team", ("false",)), "hard"),
        (("ForAllValues:StringEquals", "aws:TagKeys", ("a",)), "soft"),
        (("StringNotEquals", "aws:SourceVpc", ("vpc-1",)), "soft"),
        (("IpAddress", "aws:SourceIp", ("0.0.0.0/0",)), "soft"),
        (("IpAddress", "aws:SourceIp", ("192.0.2.0/24",)), "hard"),
        (("${?}", "${?}", ("${?}",)), "hard"),
    ],
)
def test_a_condition_narrows(condition: Condition, answer: str) -> None:
    assert narrowing([condition]) == answer


@pytest.mark.parametrize(
    ("resource", "answer"),
    [
        ("*", True),
        ("arn:aws:iam::111122223333:role/*", True),
        ("arn:${AWS::Partition}:iam::${AWS::AccountId}:role/*", True),
        ("arn:aws-us-gov:s3:::*", True),
        ("arn:aws:s3:::*/*", True),
        ("arn:aws:dynamodb:*:*:table/*", True),
        ("arn:aws:secretsmanager:*:*:secret:*", True),
        ("arn:aws:iam::aws:policy/*", False),
        ("arn:aws:iam::111122223333:role/app-*", False),
        ("arn:aws:s3:::data/*", False),
        ("${aws_s3_bucket.b.arn}/*", False),
        ("${var.resource}", False),
        ("", False),
    ],
)
def test_a_resource_is_everything(resource: str, answer: bool) -> None:
    assert is_everything(resource) is answer


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        ("arn:aws:iam::aws:policy/AdministratorAccess", "AdministratorAccess"),
        ("arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/X", "X"),
        ("arn:aws-cn:iam::aws:policy/job-function/DataScientist", "DataScientist"),
        ("arn:aws:iam::111122223333:policy/AdministratorAccess", ""),
        ("", ""),
    ],
)
def test_a_managed_policy_has_a_name(arn: str, name: str) -> None:
    assert managed_name(arn) == name


TEXTS = st.lists(st.text(max_size=20) | st.sampled_from(["*", "iam:*", "s3:Put?bject", "arn:aws:s3:::*"]), max_size=3)
STATEMENTS = st.builds(
    lambda effect, a, na, r, nr, c: Statement(effect, tuple(a), tuple(na), tuple(r), tuple(nr), (), tuple(c), None),
    st.sampled_from(["Allow", "Deny"]) | st.text(max_size=5),
    TEXTS,
    TEXTS,
    TEXTS,
    TEXTS,
    st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20), TEXTS.map(tuple)), max_size=2),
)


@given(st.lists(STATEMENTS, max_size=3))
def test_no_text_is_too_odd(statements: list[Statement]) -> None:
    holdings = of_document(Document(tuple(statements), True, None))
    assert may(holdings, "s3:GetObject", OBJECT) in ("yes", "no", "conditional")
    assert all(verdict.says for verdict in judge(holdings))
