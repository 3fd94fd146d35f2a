"""Who is let in: by trust policies and by resources' own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rolecall.model.parts import Document, Misset, ResourcePolicy, Site, Statement
from rolecall.policy.exposure import open_statements
from rolecall.policy.trust import (
    DEPUTIES,
    any_certificate,
    deputies,
    lets_anybody_in,
    never_holds,
    no_principal,
    open_pods,
    strangers,
    vendors,
    ways,
    without_audience,
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


@pytest.mark.parametrize(
    ("kind", "who", "answer"),
    [
        ("AWS", "*", False),
        ("AWS", "arn:aws:iam::root", True),
        ("AWS", "arn:aws:iam:::root", True),
        ("AWS", "arn:aws:iam::111122223333:root", False),
        ("AWS", "arn:aws:iam::${AWS::AccountId}:root", False),
        ("AWS", "arn:aws:iam::${var.accounts.*}:root", False),
        ("AWS", "arn:aws:iam::111122223333:role/deploy-*", True),
        ("AWS", "arn:aws:iam::*:role/deploy", True),
        ("AWS", "arn:aws:iam::*", True),
        ("AWS", "111122223333", False),
        ("Service", "ec2.amazonaws.com", False),
        ("Service", "*", True),
        ("Federated", "*", True),
        ("CanonicalUser", "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be", False),
    ],
)
def test_principals_that_are_none(kind: str, who: str, answer: bool) -> None:
    assert bool(no_principal(trusted((kind, who)))) is answer


@pytest.mark.parametrize(
    ("actions", "way"),
    [
        ("sts:AssumeRole sts:TagSession", ""),
        ("sts:AssumeRole*", "sts:AssumeRole*"),
        ("*", "*"),
        ("s3:GetObject", "s3:GetObject"),
        ("!sts:AssumeRole", "everything but sts:AssumeRole"),
        ("${var.action}", ""),
    ],
)
def test_how_a_role_is_assumed(actions: str, way: str) -> None:
    assert ways(allow(actions, "")) == way


def test_an_account_of_which_a_second_factor_or_an_id_is_asked() -> None:
    other = ("AWS", "arn:aws:iam::444455556666:root")
    for operator, key, value, told in (
        ("Bool", "aws:MultiFactorAuthPresent", "true", True),
        ("Bool", "aws:MultiFactorAuthPresent", "false", False),
        ("BoolIfExists", "aws:MultiFactorAuthPresent", "true", False),
        ("NumericLessThan", "aws:MultiFactorAuthAge", "3600", True),
        ("StringEquals", "sts:ExternalId", "x", True),
        ("StringLike", "sts:ExternalId", "*", False),
        ("StringEquals", "aws:PrincipalOrgID", "o-a1b2c3d4e5", True),
        ("Bool", "aws:SecureTransport", "true", False),
    ):
        found = list(strangers(trusted(other, conditions=((operator, key, value),)), frozenset()))
        assert found == ([] if told else ["444455556666"]), (operator, key, value)


def test_subjects_that_no_token_of_github_has() -> None:
    key = "token.actions.githubusercontent.com:sub"
    assert never_holds(trusted(conditions=(("StringEquals", key, "invalid"),))) == "invalid"
    assert never_holds(trusted(conditions=(("StringEquals", key, "${var.subject}"),))) == ""
    assert never_holds(trusted(conditions=(("StringLike", key, "repo:my-org/site:*"),))) == ""


def test_assertions_and_certificates() -> None:
    saml = replace(allow("sts:AssumeRoleWithSAML", ""), principals=(("Federated", "arn:aws:iam::1:saml-provider/x"),))
    assert without_audience(saml)
    assert not without_audience(replace(saml, conditions=(("StringEquals", "SAML:aud", ("https://x",)),)))
    anywhere = ("Service", "rolesanywhere.amazonaws.com")
    assert any_certificate(trusted(anywhere))
    assert any_certificate(trusted(anywhere, conditions=(("StringLike", "aws:PrincipalTag/x509Subject/CN", "*"),)))
    assert not any_certificate(trusted(anywhere, conditions=(("ArnEquals", "aws:SourceArn", "arn:aws:x"),)))


def test_services_of_a_region_are_the_same_service() -> None:
    logs = ("Service", "logs.eu-west-2.amazonaws.com")
    assert deputies(trusted(logs), DEPUTIES) == ("logs.eu-west-2.amazonaws.com",)
    tied = (("ArnLike", "kms:EncryptionContext:aws:logs:arn", "arn:aws:logs:eu-west-2:111122223333:*"),)
    assert deputies(trusted(logs, conditions=tied), DEPUTIES) == ()
    assert deputies(trusted(logs, conditions=(("StringEqualsIfExists", "aws:SourceAccount", "1"),)), DEPUTIES) == ()
