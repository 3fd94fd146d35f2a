"""Who is judged, and how loud: machines, people, and whoever is not seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from rolecall.analysis.run import Options, analyse

ADMIN = 'jsonencode({ Statement = [{ Effect = "Allow", Action = "*", Resource = "*" }] })'
TRUST = 'jsonencode({ Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = PRINCIPAL CONDITION }] })'


def told(folder: Path, text: str, name: str = "main.tf") -> list[tuple[str, str, str]]:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, "utf-8")
    findings = analyse([folder], Options(cache=False, select=("RC3",))).findings
    return [(finding.rule, finding.severity, finding.address) for finding in findings]


def role(principal: str, condition: str = "") -> str:
    trust = TRUST.replace("PRINCIPAL", principal).replace("CONDITION", condition)
    return (
        f'resource "aws_iam_role" "r" {{\n  name = "r"\n  assume_role_policy = {trust}\n}}\n'
        f'resource "aws_iam_role_policy" "p" {{\n  role   = aws_iam_role.r.id\n  policy = {ADMIN}\n}}\n'
    )


@pytest.mark.parametrize(
    ("principal", "condition", "severity"),
    [
        ('{ Service = "lambda.amazonaws.com" }', "", "critical"),
        ('{ AWS = "arn:aws:iam::111122223333:root" }', "", "high"),
        ("var.principal", "", "high"),
        ('{ Federated = "arn:aws:iam::111122223333:saml-provider/okta" }', "", "low"),
        (
            '{ AWS = "arn:aws:iam::111122223333:root" }',
            ', Condition = { Bool = { "aws:MultiFactorAuthPresent" = "true" } }',
            "low",
        ),
    ],
)
def test_who_takes_a_role(principal: str, condition: str, severity: str, tmp_path: Path) -> None:
    text = 'variable "principal" {}\n' + role(principal, condition)
    assert told(tmp_path, text) == [("RC301", severity, "aws_iam_role_policy.p")]


POLICY = f'resource "aws_iam_policy" "p" {{\n  policy = {ADMIN}\n}}\n'
DOCUMENT = """\
data "aws_iam_policy_document" "d" {
  statement {
    actions   = ["*"]
    resources = ["*"]
  }
}
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (POLICY, [("RC301", "high", "aws_iam_policy.p")]),
        (DOCUMENT, [("RC301", "low", "data.aws_iam_policy_document.d")]),
        (
            DOCUMENT + 'output "d" {\n  value = data.aws_iam_policy_document.d.json\n}\n',
            [("RC301", "high", "data.aws_iam_policy_document.d")],
        ),
        (
            DOCUMENT + 'resource "aws_iam_policy" "p" {\n  policy = data.aws_iam_policy_document.d.json\n}\n',
            [("RC301", "high", "data.aws_iam_policy_document.d")],
        ),
        (
            DOCUMENT
            + 'resource "aws_organizations_policy" "p" {\n  content = data.aws_iam_policy_document.d.json\n}\n',
            [],
        ),
        (POLICY + 'resource "aws_iam_user" "u" {\n  permissions_boundary = aws_iam_policy.p.arn\n}\n', []),
        (
            'resource "aws_ssoadmin_managed_policy_attachment" "a" {\n  permission_set_arn = "x"\n'
            '  managed_policy_arn = "arn:aws:iam::aws:policy/AdministratorAccess"\n}\n',
            [("RC301", "low", "aws_ssoadmin_managed_policy_attachment.a")],
        ),
        (
            'data "aws_iam_policy" "a" {\n  name = "AdministratorAccess"\n}\n',
            [("RC301", "low", "data.aws_iam_policy.a")],
        ),
        (
            'data "aws_iam_policy" "a" {\n  name = "AdministratorAccess"\n}\n'
            'resource "aws_iam_group_policy_attachment" "a" {\n  group = "ops"\n'
            "  policy_arn = data.aws_iam_policy.a.arn\n}\n",
            [("RC301", "high", "aws_iam_group_policy_attachment.a")],
        ),
    ],
)
def test_a_policy_that_nobody_in_sight_holds(text: str, expected: list[tuple[str, str, str]], tmp_path: Path) -> None:
    assert told(tmp_path, text) == expected


def test_a_policy_of_a_machine_speaks_once(tmp_path: Path) -> None:
    lambda_role = role('{ Service = "lambda.amazonaws.com" }').partition('resource "aws_iam_role_policy"')[0]
    attached = 'resource "aws_iam_role_policy_attachment" "a" {\n  role = aws_iam_role.r.name\n'
    attached += "  policy_arn = aws_iam_policy.p.arn\n}\n"
    assert told(tmp_path, lambda_role + attached + POLICY) == [("RC301", "critical", "aws_iam_policy.p")]


def test_a_way_to_more_rights_stands_at_the_principal(tmp_path: Path) -> None:
    text = role("var.x").replace('Action = "*"', 'Action = "iam:PutRolePolicy"')
    assert told(tmp_path, 'variable "x" {}\n' + text) == [("RC302", "high", "aws_iam_role.r")]


def test_the_role_of_a_serverless_function(tmp_path: Path) -> None:
    text = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::Function
    Properties:
      Policies:
        - AmazonS3FullAccess
        - S3ReadPolicy:
            BucketName: uploads
        - Statement:
            - Effect: Allow
              Action: sts:AssumeRole
              Resource: "*"
"""
    assert told(tmp_path, text, "template.yaml") == [("RC304", "high", "Api"), ("RC310", "high", "Api")]


def test_a_boundary_that_is_in_the_code_counts(tmp_path: Path) -> None:
    text = role('{ Service = "lambda.amazonaws.com" }').replace(
        'name = "r"', 'name = "r"\n  permissions_boundary = aws_iam_policy.edge.arn'
    )
    edge = 'resource "aws_iam_policy" "edge" {\n  policy = jsonencode({ Statement = [{ Effect = "Allow", '
    assert told(tmp_path, text + edge + 'Action = "s3:GetObject", Resource = "arn:aws:s3:::b/*" }] })\n}\n') == []
    assert told(tmp_path, text + edge + 'Action = "*", Resource = "*" }] })\n}\n') == [
        ("RC301", "critical", "aws_iam_role_policy.p")
    ]


def test_grants_to_principals_that_cannot_be_told_apart_are_not_put_together(tmp_path: Path) -> None:
    text = 'variable "roles" {\n  type = list(string)\n}\n'
    for name, action in (("a", "iam:PassRole"), ("b", "ec2:RunInstances")):
        policy = ADMIN.replace('Action = "*"', f'Action = "{action}"')
        text += (
            f'resource "aws_iam_role_policy" "{name}" {{\n  for_each = toset(var.roles)\n  role = each.value\n'
            f"  policy = {policy}\n}}\n"
        )
    assert {rule for rule, _, _ in told(tmp_path, text)} == {"RC303", "RC305"}
