"""Who is let in: by trust policies and by resources' own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rolecall.model.parts import Document, Misset, ResourcePolicy, Site, Statement
from rolecall.policy.exposure import open_statements
from rolecall.policy.trust import (
    DEPUTIES,
    deputies,
    lets_anybody_in,
    never_holds,
    open_pods,
    strangers,
    vendors,
)
from rolecall.source.text import Span

from .written import allow

ISSUER = "oidc.eks.eu-west-2.amazonaws.com/id/EXAMPLE:sub"
ANYBODY = ("AWS", "*")


def trusted(*principals: tuple[str, str], conditions: tuple[tuple[str, str, str], ...] = ()) -> Statement:
    return replace(allow("sts:AssumeRole", "", *conditions), principals=principals)


@pytest.mark.parametrize(
    ("condition", "answer"),
    [
        ((), True),
        ((("StringEquals", "aws:PrincipalOrgID", "o-1"),), False),
        ((("StringEquals", "aws:SourceVpce", "vpce-1"),), False),
        ((("Bool", "aws:SecureTransport", "true"),), True),
        ((("StringLike", "aws:PrincipalArn", "*"),), True),
        ((("StringNotEquals", "aws:PrincipalAccount", "1"),), True),
        ((("IpAddress", "aws:SourceIp", "0.0.0.0/0"),), True),
    ],
)
def test_anybody(condition: tuple[tuple[str, str, str], ...], answer: bool) -> None:
    assert lets_anybody_in(trusted(ANYBODY, conditions=condition)) is answer


def test_vendors_need_an_external_id() -> None:
    datadog = ("AWS", "arn:aws:iam::464622532012:root")
    assert list(vendors(trusted(datadog))) == ["Datadog"]
    assert list(vendors(trusted(("AWS", "464622532012")))) == ["Datadog"]
    assert list(vendors(trusted(datadog, conditions=(("StringEquals", "sts:ExternalId", "x"),)))) == []
    assert list(vendors(trusted(datadog, conditions=(("StringLike", "sts:ExternalId", "*"),)))) == ["Datadog"]


def test_a_stranger_is_a_whole_account_that_is_not_ones_own() -> None:
    other = ("AWS", "arn:aws:iam::444455556666:root")
    assert list(strangers(trusted(other), frozenset())) == ["444455556666"]
    assert list(strangers(trusted(other), frozenset({"444455556666"}))) == []
    assert list(strangers(trusted(("AWS", "arn:aws:iam::444455556666:role/deploy")), frozenset())) == []
    assert list(strangers(trusted(("AWS", "arn:aws:iam::${AWS::AccountId}:root")), frozenset())) == []


def test_deputies_say_for_whom_they_act() -> None:
    scheduler = ("Service", "scheduler.amazonaws.com")
    assert deputies(trusted(scheduler), DEPUTIES) == ("scheduler.amazonaws.com",)
    assert deputies(trusted(("Service", "ec2.amazonaws.com")), DEPUTIES) == ()
    assert deputies(trusted(scheduler, conditions=(("StringEquals", "aws:SourceAccount", "1"),)), DEPUTIES) == ()


@pytest.mark.parametrize(
    ("subject", "severity"),
    [
        ("system:serviceaccount:*:*", "medium"),
        ("system:serviceaccount:*", "medium"),
        ("system:serviceaccount:*:worker", "medium"),
        ("system:serviceaccount:jobs:*", "low"),
        ("system:serviceaccount:jobs:worker-*", None),
        ("system:serviceaccount:${var.namespace}:worker", None),
        ("repo:my-org/site:*", None),
    ],
)
def test_pods(subject: str, severity: str | None) -> None:
    verdict = open_pods(trusted(conditions=(("StringLike", ISSUER, subject),)))
    assert (verdict[0] if verdict else None) == severity
    assert open_pods(trusted(conditions=(("StringEquals", ISSUER, subject),))) is None


def test_a_wildcard_in_an_exact_comparison_never_holds() -> None:
    assert never_holds(trusted(conditions=(("StringEquals", ISSUER, "a:*"),))) == "a:*"
    assert never_holds(trusted(conditions=(("StringLike", ISSUER, "a:*"),))) == ""
    assert never_holds(trusted(conditions=(("StringEquals", ISSUER, "a:b"),))) == ""


@pytest.mark.parametrize(
    ("actions", "kind", "severity"),
    [
        ("s3:GetObject", "aws_s3_bucket_policy", "low"),
        ("s3:GetObject s3:ListBucket", "aws_s3_bucket_policy", "medium"),
        ("s3:PutObject", "aws_s3_bucket_policy", "high"),
        ("s3:*", "aws_s3_bucket_policy", "critical"),
        ("sqs:SendMessage", "aws_sqs_queue_policy", "high"),
        ("kms:*", "aws_kms_key", "critical"),
        ("!kms:ScheduleKeyDeletion", "aws_kms_key", "critical"),
        ("es:*", "aws_opensearch_domain", "medium"),
        ("elasticfilesystem:ClientMount", "aws_efs_file_system_policy", "medium"),
    ],
)
def test_open_resources(actions: str, kind: str, severity: str) -> None:
    class Estate:
        """What open_statements asks of a model."""

        resource_policies: list[ResourcePolicy]
        missets: dict[str, list[Misset]] = {"open-url": []}

    span = Span("main.tf", 0, 1, 1, 1, 1, 1)
    site = Site("//x", "", f"{kind}.x", "terraform", kind, "x", "", span, span)
    estate = Estate()
    estate.resource_policies = [
        ResourcePolicy(site, Document((replace(allow(actions), principals=(ANYBODY,)),), True, span))
    ]
    assert [found[2] for found in open_statements(estate)] == [severity]  # type: ignore[arg-type]
