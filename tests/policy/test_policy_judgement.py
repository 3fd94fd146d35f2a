"""What is too wide: escalation, breadth, and how bad each is."""

from __future__ import annotations

import pytest

from rolecall.model.finding import SEVERITIES
from rolecall.policy.actions import expand
from rolecall.policy.escalation import escalations
from rolecall.policy.holdings import Holdings, managed
from rolecall.policy.judgement import judge, left_out
from rolecall.policy.paths import PATHS, Path

from .written import allow, deny, held

PASSING = ("StringEquals", "iam:PassedToService", "lambda.amazonaws.com")


def ideas(*statements: object, boundary: bool = False) -> dict[str, str]:
    return {verdict.idea: verdict.severity for verdict in judge(held(*statements, boundary=boundary))}  # type: ignore[arg-type]


def least(path: Path) -> Holdings:
    """The least that opens a path, on everything."""
    actions = [*path.pivots, *(group[0] for group in path.also), *(["iam:PassRole"] if path.kind == "pass" else [])]
    return held(allow(" ".join(actions)))


@pytest.mark.parametrize("path", PATHS, ids=[path.id for path in PATHS])
def test_a_path_is_open_to_whom_it_is_granted(path: Path) -> None:
    assert path.id in {way.path.id for way in escalations(least(path))}
    without = held(*(permit.statement for permit in least(path).allows), deny(" ".join(path.pivots) or "iam:PassRole"))
    assert path.id not in {way.path.id for way in escalations(without)}


@pytest.mark.parametrize("path", PATHS, ids=[path.id for path in PATHS])
def test_a_path_speaks_of_actions_that_exist(path: Path) -> None:
    for action in (*path.pivots, *(action for group in path.also for action in group)):
        assert [known.name for known in expand(action)] == [action]


def test_path_ids_are_unique() -> None:
    assert len({path.id for path in PATHS}) == len(PATHS)


def test_statements_of_several_documents_make_one_path() -> None:
    assert ideas(allow("iam:PassRole"), allow("ec2:RunInstances"))["escalation"] == "critical"


def test_a_role_passed_to_one_service_opens_the_paths_of_that_service() -> None:
    passing = allow("iam:PassRole", "*", PASSING)
    assert "escalation" not in ideas(passing, allow("ec2:RunInstances"))
    assert ideas(passing, allow("lambda:CreateFunction lambda:InvokeFunction"))["escalation"] == "critical"
    assert ideas(passing) == {}


@pytest.mark.parametrize(
    ("statements", "severity"),
    [
        ([allow("iam:PutRolePolicy")], "critical"),
        ([allow("!s3:*")], None),
        ([allow("iam:PutRolePolicy", "arn:aws:iam::111122223333:role/app-*")], None),
        ([allow("iam:CreatePolicyVersion", "arn:aws:iam::aws:policy/*")], None),
        ([allow("iam:PutRolePolicy", "*", ("StringEquals", "aws:ResourceTag/team", "x"))], "high"),
        ([allow("iam:PutRolePolicy", "*", ("StringEquals", "aws:RequestedRegion", "eu-west-2"))], "critical"),
        ([allow("iam:PutRolePolicy"), deny("iam:*", "arn:aws:iam::*:role/*")], None),
        ([allow("iam:PutRolePolicy"), deny("iam:*", "arn:aws:iam::*:role/admin")], "critical"),
        ([allow("iam:PutRolePolicy"), deny("iam:*", "*", ("StringEquals", "aws:PrincipalTag/x", "y"))], "high"),
        ([allow("lambda:UpdateFunctionCode")], "high"),
        ([allow("sts:AssumeRole")], None),
    ],
)
def test_escalation(statements: list[object], severity: str | None) -> None:
    assert ideas(*statements).get("escalation") == severity


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        ([allow("*")], {"everything": "critical"}),
        ([allow("!iam:* organizations:*")], {"all-but": "critical"}),
        ([allow("iam:PassRole")], {"pass-role": "high"}),
        ([allow("iam:PassRole", "arn:aws:iam::*:role/*")], {"pass-role": "high"}),
        ([allow("s3:*")], {"services": "high"}),
        ([allow("s3:*", "arn:aws:s3:::data arn:aws:s3:::data/*")], {"services": "medium"}),
        ([allow("logs:*")], {"services": "medium"}),
        ([allow("!iam:*", "arn:aws:s3:::b/*")], {"all-but": "medium"}),
        ([allow("!iam:*", "arn:aws:s3:::*")], {"all-but": "medium"}),
        ([allow("*", "arn:aws:s3:::b/*")], {"any-action": "medium"}),
        ([allow("*", "arn:aws:logs:*:*:*")], {"any-action": "high"}),
        ([allow("*", "arn:aws:iam::*:role/*")], {"escalation": "critical", "any-action": "high"}),
        ([allow("s3:PutObject", "!arn:aws:s3:::audit/*")], {"not-resource": "high"}),
        ([allow("s3:ListAllMyBuckets", "!arn:aws:s3:::audit/*")], {}),
        ([allow("sts:AssumeRole")], {"assume-any": "high"}),
        ([allow("sts:AssumeRole", "arn:aws:iam::*:role/*")], {"assume-any": "high"}),
        ([allow("sts:AssumeRole", "arn:aws:iam::111122223333:role/deploy")], {}),
        ([allow("s3:PutBucketPolicy")], {"rights": "medium"}),
        ([allow("s3:PutBucketPolicy s3:PutObject")], {"rights": "medium", "changes": "medium"}),
        ([allow("rds-db:connect")], {"sessions": "medium"}),
        ([allow("s3:*"), deny("s3:*")], {}),
        ([allow("s3:PutObject")], {"changes": "medium"}),
        ([allow("s3:PutObject s3:DeleteObject sqs:SendMessage sns:Publish")], {"changes": "high"}),
        ([allow("s3:PutObject", "${aws_s3_bucket.b.arn}/*")], {}),
        ([allow("s3:PutObject", "${var.resources}")], {}),
        ([allow("secretsmanager:GetSecretValue")], {"reads": "high"}),
        ([allow("s3:Get*")], {"reads": "medium"}),
        (
            [allow("kms:Decrypt", "*", ("StringEquals", "kms:ViaService", "s3.eu-west-2.amazonaws.com"))],
            {"reads": "low"},
        ),
        ([allow("iam:CreateAccessKey", "arn:aws:iam::*:user/tenant-*")], {"lasting": "medium"}),
        ([allow("ec2:Describe* ec2:CreateNetworkInterface logs:PutLogEvents xray:Put* ecr:GetAuthorizationToken")], {}),
        ([allow("cloudwatch:PutMetricData ssmmessages:* ec2messages:* sts:GetCallerIdentity")], {}),
    ],
)
def test_breadth(statements: list[object], told: dict[str, str]) -> None:
    assert ideas(*statements) == told


def test_a_boundary_makes_each_idea_one_step_less_bad() -> None:
    statements = (allow("s3:* iam:PutRolePolicy"), allow("secretsmanager:GetSecretValue"))
    free, bounded = ideas(*statements), ideas(*statements, boundary=True)
    assert free.keys() == bounded.keys() == {"escalation", "services", "reads"}
    for idea, severity in free.items():
        assert SEVERITIES.index(bounded[idea]) == SEVERITIES.index(severity) + 1  # type: ignore[call-overload]


def test_the_table_of_managed_policies_holds_its_words() -> None:
    table = managed()
    assert {idea.idea for idea in judge(held(*table["AmazonS3FullAccess"]))} == {"services"}
    assert ideas(*table["AWSLambda_FullAccess"])["escalation"] == "critical"
    assert ideas(*table["PowerUserAccess"]) == {"all-but": "critical"}
    assert "AWSLambdaBasicExecutionRole" not in table
    assert "AmazonSSMManagedInstanceCore" not in table


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (("iam:*", "sts:*"), "iam:*, sts:*"),
        (("${?}", "${?}"), "a few that are not known here"),
        (("iam:*", "${?}"), "iam:* and a few that are not known here"),
    ],
)
def test_what_is_left_out_is_said_in_words(names: tuple[str, ...], says: str) -> None:
    assert left_out(names) == says
