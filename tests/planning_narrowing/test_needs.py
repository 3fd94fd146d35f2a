"""What code calls, and that a statement is never cut to more than it was."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.model.parts import Statement
from rolecall.planning.narrowing.needs.cut import VIA, cut
from rolecall.planning.narrowing.needs.functions import Need
from rolecall.planning.narrowing.needs.operations import further
from rolecall.planning.narrowing.needs.python import read_python
from rolecall.planning.narrowing.needs.worded import Expr, Pattern, shown
from rolecall.policy.containment import counterexample
from rolecall.policy.holdings import Permit, gather
from rolecall.source.text import SourceText


def calls(code: str) -> set[str]:
    return {
        f"{call.service}:{call.operation}" for call in read_python([SourceText("src/a.py", code.encode())], "src").calls
    }


def gaps(code: str) -> tuple[str, ...]:
    return read_python([SourceText("src/a.py", code.encode())], "src").gaps


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ('import boto3\nboto3.client("s3").get_object(Bucket="b", Key="k")', {"s3:get_object"}),
        ('import boto3\nf = boto3.client("s3").get_object\nf(Bucket="b")', {"s3:get_object"}),
        ('import boto3\ns = "sqs"\nboto3.Session().client(s).send_message()', {"sqs:send_message"}),
        ('from boto3 import client\nclient("sqs").get_waiter', set()),
        ('import boto3\nboto3.client("ec2").get_waiter("instance_running").wait()', {"ec2:describe_instances"}),
        ('import boto3\nc = boto3.client("s3")\nc.generate_presigned_url("get_object")', {"s3:get_object"}),
        ('import boto3\nc = boto3.client("s3")\ngetattr(c, "list_buckets")()', {"s3:list_buckets"}),
        ('import boto3\nboto3.resource("s3").Bucket("b").objects.all()', {"s3:list_objects"}),
        ('import boto3\nboto3.resource("s3").Object("b", "k").put(Body=b"")', {"s3:put_object", "s3:head_object"}),
        ('import boto3\nboto3.client("s3")\nevent.get("x")\n{}.update(a=1)', set()),
        ("import json\njson.dumps({})", set()),
    ],
)
def test_what_code_calls(code: str, found: set[str]) -> None:
    assert calls(code) == found
    assert not gaps(code)


@pytest.mark.parametrize(
    "code",
    [
        "import boto3\nboto3.client(name)",
        'import boto3\nmake = boto3.client\nmake("s3")',
        "import boto3 as b\nb.client",
        "import boto3\nboto3.client(**options)",
        'import boto3\nc = boto3.client("s3")\nc.get_paginator(name)',
        "import os\nos.system('aws s3 ls')",
        "from os import popen",
        "import importlib",
        "import pandas",
        "eval('1')",
        "import boto3\nboto3.Session().get_credentials()",
        'import urllib.request\nurllib.request.urlopen("https://s3.amazonaws.com/x")',
        "def broken(:",
    ],
)
def test_what_cannot_be_read_is_told(code: str) -> None:
    assert gaps(code)


ACTIONS = [
    "s3:GetObject",
    "s3:ListBucket",
    "s3:PutObject",
    "sqs:SendMessage",
    "kms:Decrypt",
    "dynamodb:Query",
    "ec2:DescribeVpcs",
]
PATTERNS = [*ACTIONS, "*", "s3:*", "s3:Get*", "kms:*", "dynamodb:*", "SQS:send*", "iam:*", "ec2:Describe*"]
PLACES: list[Pattern] = [
    ("arn:aws:s3:::b/*",),
    (Expr("aws_s3_bucket.b.arn"), "/*"),
    (Expr("x.arn"),),
    ("arn:aws:sqs:*:*:q",),
]
RESOURCES = ["*", "arn:aws:s3:::*", "arn:aws:s3:::b/*", "${x.arn}", "arn:aws:sqs:*:*:*"]
STATEMENTS = st.builds(
    lambda actions, resources, condition: Statement(
        "Allow", tuple(actions), (), tuple(resources), (), (), condition, None
    ),
    st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=4),
    st.lists(st.sampled_from(RESOURCES), min_size=1, max_size=3),
    st.sampled_from([(), (("StringEquals", "aws:RequestedRegion", ("eu-west-2",)),)]),
)
NEEDS = st.lists(
    st.builds(
        lambda action, places: Need(action, tuple(places), "a.py:1"),
        st.sampled_from(ACTIONS),
        st.lists(st.sampled_from(PLACES), max_size=2),
    ),
    max_size=8,
)


@settings(max_examples=200, deadline=None)
@given(STATEMENTS, NEEDS)
def test_a_cut_statement_is_within_the_original_and_keeps_what_is_needed(
    statement: Statement, needs: list[Need]
) -> None:
    found = cut(statement, needs)
    assert found is not None
    left = []
    for group in found.groups:
        via = (("StringLike", VIA, group.via),) if group.via else ()
        resources = statement.resources if group.resources is None else tuple(map(shown, group.resources))
        left.append(
            replace(statement, actions=group.actions, resources=resources, conditions=(*statement.conditions, *via))
        )
    assert counterexample(gather(map(Permit, left)), gather([Permit(statement)])) is None
    kept = gather(map(Permit, left))
    for need in needs:
        for place in map(shown, need.resources):
            asked = replace(statement, actions=(need.action,), resources=(place,))
            if counterexample(gather([Permit(asked)]), gather([Permit(statement)])) is None:
                assert counterexample(gather([Permit(asked)]), kept) is None


def test_keys_are_left_to_the_services_that_use_them() -> None:
    statement = Statement("Allow", ("s3:*", "kms:*"), (), ("*",), (), (), (), None)
    found = cut(statement, [Need("s3:PutObject", (("arn:aws:s3:::b/*",),), "a.py:1")])
    assert found is not None
    keys = found.groups[-1]
    assert keys.via == ("lambda.*.amazonaws.com", "s3.*.amazonaws.com")
    assert "kms:Decrypt" in keys.actions
    assert "kms:ScheduleKeyDeletion" not in keys.actions


def test_an_event_source_that_is_set_up_elsewhere_is_not_cut_off() -> None:
    statement = Statement("Allow", ("sqs:ReceiveMessage", "sqs:SendMessage"), (), ("*",), (), (), (), None)
    found = cut(statement, [])
    assert found is not None
    assert [group.actions for group in found.groups] == [("sqs:ReceiveMessage",)]


def test_what_reads_records_may_be_fed_by_a_queue() -> None:
    code = b'def handler(event, context):\n    for one in event["Records"]:\n        print(one)\n'
    assert read_python([SourceText("src/a.py", code)], "src").records


@pytest.mark.parametrize(
    ("action", "more"),
    [
        ("athena:StartQueryExecution", "glue:DeleteTable"),
        ("rekognition:DetectLabels", "s3:GetObject"),
        ("rds-data:ExecuteStatement", "secretsmanager:GetSecretValue"),
        ("ses:SendEmail", "ses:SendRawEmail"),
    ],
)
def test_what_lies_behind_a_call_counts(action: str, more: str) -> None:
    assert more in further(action, frozenset(), False)


def test_what_is_made_with_tags_is_tagged() -> None:
    assert "ec2:CreateTags" in further("ec2:CreateSnapshot", frozenset({"TagSpecifications"}), False)
    assert "sqs:TagQueue" in further("sqs:CreateQueue", frozenset({"tags"}), False)
    assert "ec2:CreateTags" in further("ec2:CreateSnapshot", frozenset(), True)
    assert not list(further("ec2:CreateSnapshot", frozenset({"VolumeId"}), False))
    assert not list(further("ec2:DescribeSnapshots", frozenset({"Tags"}), False))
