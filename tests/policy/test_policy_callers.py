"""Conditions that say who calls: each judged by what a stranger can make of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rolecall.model.parts import Document
from rolecall.policy.callers import keeps_strangers_out, pins
from rolecall.policy.trust import is_shut, lets_anybody_in

from .written import allow, deny

ANYBODY = (("AWS", "*"),)


@pytest.mark.parametrize(
    ("operator", "key", "value", "answer"),
    [
        ("StringEquals", "aws:PrincipalOrgID", "o-a1b2c3d4e5", True),
        ("StringLike", "aws:PrincipalOrgID", "o-*", False),
        ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-a1b2c3d4e5/*", True),
        ("ForAllValues:StringLike", "aws:PrincipalOrgPaths", "o-a1b2c3d4e5/*", False),
        ("StringEqualsIfExists", "aws:PrincipalOrgID", "o-a1b2c3d4e5", False),
        ("StringEquals", "aws:SourceAccount", "111122223333", True),
        ("StringLike", "aws:SourceAccount", "*", False),
        ("StringNotEquals", "aws:SourceAccount", "111122223333", False),
        ("ArnLike", "aws:SourceArn", "arn:aws:sns:*:111122223333:*", True),
        ("ArnLike", "aws:SourceArn", "arn:aws:sns:*:*:jobs", False),
        ("ArnLike", "aws:SourceArn", "arn:aws:s3:*:*:uploads", True),
        ("ArnLike", "aws:SourceArn", "arn:aws:s3:::uploads", True),
        ("ArnLike", "aws:SourceArn", "arn:aws:s3:::*", False),
        ("ArnEquals", "aws:SourceArn", "${aws_sns_topic.jobs.arn}", True),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/deploy", False),
        ("StringEquals", "aws:PrincipalArn", "arn:aws:iam::*:role/deploy", True),  # met by nobody
        ("StringEquals", "aws:PrincipalTag/team", "billing", False),
        ("StringEquals", "aws:SourceVpce", "vpce-0a1b2c3d4e5f60718", True),
        ("StringLike", "aws:SourceVpce", "vpce-*", False),
        ("StringEquals", "aws:VpcSourceIp", "10.0.0.0/8", False),
        ("IpAddress", "aws:SourceIp", "203.0.113.0/24", True),
        ("IpAddress", "aws:SourceIp", "0.0.0.0/0", False),
        ("IpAddress", "aws:SourceIp", "0.0.0.0/1", False),
        ("IpAddress", "aws:SourceIp", "::/0", False),
        ("IpAddress", "aws:SourceIp", "${var.office}", True),
        ("NotIpAddress", "aws:SourceIp", "203.0.113.0/24", False),
        ("StringEquals", "kms:CallerAccount", "111122223333", True),
        ("StringEquals", "kms:ViaService", "s3.eu-west-2.amazonaws.com", False),
        ("StringEquals", "s3:DataAccessPointAccount", "111122223333", True),
        ("Bool", "elasticfilesystem:AccessedViaMountTarget", "true", True),
        ("Bool", "aws:PrincipalIsAWSService", "false", False),
        ("Null", "aws:PrincipalOrgID", "false", False),
        ("StringLike", "aws:Referer", "https://example.com/*", False),
        ("StringEquals", "lambda:FunctionUrlAuthType", "NONE", False),
        ("StringLike", "sns:Endpoint", "*@example.com", False),
        ("StringEquals", "sts:ExternalId", "x", False),
    ],
)
def test_what_keeps_strangers_out(operator: str, key: str, value: str, answer: bool) -> None:
    assert pins((operator, key, (value,))) is answer


def test_one_open_value_is_enough() -> None:
    assert not pins(("IpAddress", "aws:SourceIp", ("203.0.113.0/24", "0.0.0.0/0")))
    assert pins(("IpAddress", "aws:SourceIp", ("203.0.113.0/24", "198.51.100.0/24")))


def test_one_condition_is_enough() -> None:
    both = allow("", "", ("Bool", "aws:SecureTransport", "true"), ("StringEquals", "aws:SourceAccount", "1"))
    assert not lets_anybody_in(replace(both, principals=ANYBODY))


@pytest.mark.parametrize(
    ("conditions", "answer"),
    [
        ((("StringNotEquals", "aws:PrincipalOrgID", "o-a1b2c3d4e5"),), True),
        ((("StringNotEqualsIfExists", "aws:PrincipalOrgID", "o-a1b2c3d4e5"),), True),
        ((("NotIpAddress", "aws:SourceIp", "203.0.113.0/24"), ("Bool", "aws:ViaAWSService", "false")), True),
        ((("Bool", "aws:SecureTransport", "false"),), False),
        ((("NotIpAddress", "aws:SourceIp", "0.0.0.0/0"),), False),
        ((("StringNotEquals", "s3:x-amz-server-side-encryption", "aws:kms"),), False),
        ((("StringEquals", "aws:SourceAccount", "111122223333"),), False),
        ((), False),
    ],
)
def test_a_deny_for_strangers(conditions: tuple[tuple[str, str, str], ...], answer: bool) -> None:
    assert keeps_strangers_out(replace(deny("s3:*", "*", *conditions), principals=ANYBODY)) is answer


def test_a_deny_shuts_only_what_it_speaks_of() -> None:
    condition = ("StringNotEquals", "aws:SourceVpce", "vpce-0a1b2c3d4e5f60718")
    opened = replace(allow("s3:GetObject"), principals=ANYBODY)
    for actions, answer in (("s3:*", True), ("s3:GetObject", True), ("s3:PutObject", False)):
        shut = replace(deny(actions, "*", condition), principals=ANYBODY)
        assert is_shut(opened, Document((opened, shut), True, None)) is answer
    others = replace(deny("s3:*"), principals=(("AWS", "arn:aws:iam::111122223333:role/reader"),), not_principals=True)
    assert is_shut(opened, Document((opened, others), True, None))
