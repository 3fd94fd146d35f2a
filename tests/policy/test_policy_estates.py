"""A principal's documents in union, as real code spreads them: groups, attachments, lists, modules."""

from __future__ import annotations

from pathlib import Path

import pytest

from rolecall.analysis.run import Options, analyse

USER = """\
resource "aws_iam_user" "ci" {
  name = "ci"
}

resource "aws_iam_access_key" "ci" {
  user = aws_iam_user.ci.name
}
"""
GROUP = """
resource "aws_iam_group" "deployers" {
  name = "deployers"
}

resource "aws_iam_user_group_membership" "ci" {
  user   = aws_iam_user.ci.name
  groups = [aws_iam_group.deployers.name]
}

resource "aws_iam_group_policy" "pass" {
  group  = aws_iam_group.deployers.name
  policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "iam:PassRole", Resource = "*" }] })
}
"""
ATTACHED = """
resource "aws_iam_user_policy_attachment" "ci" {
  user       = aws_iam_user.ci.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonEC2FullAccess"
}
"""
DENY = """
resource "aws_iam_policy" "never" {
  policy = jsonencode({ Statement = [{ Effect = "Deny", Action = ["iam:*", "ec2:*"], Resource = "*" }] })
}

resource "aws_iam_user_policy_attachment" "never" {
  user       = aws_iam_user.ci.name
  policy_arn = aws_iam_policy.never.arn
}
"""
OWN = """
resource "aws_iam_user_policy" "own" {
  user   = aws_iam_user.ci.name
  policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "ACTION", Resource = RESOURCE }] })
}
"""


def found(folder: Path, text: str) -> dict[str, str]:
    """The rules about privilege that speak, with their severities."""
    (folder / "main.tf").write_text(text, "utf-8")
    findings = analyse([folder], Options(cache=False, select=("RC3",))).findings
    assert len(findings) == len({finding.rule for finding in findings}), "one finding for each idea"
    return {finding.rule: finding.severity for finding in findings}


def own(action: str, resource: str) -> str:
    return OWN.replace("ACTION", action).replace("RESOURCE", resource)


def test_a_group_and_a_managed_policy_come_together(tmp_path: Path) -> None:
    assert found(tmp_path, USER + GROUP) == {"RC303": "high"}
    assert found(tmp_path, USER + GROUP + ATTACHED) == {"RC302": "critical", "RC304": "high"}


def test_a_deny_of_another_policy_counts(tmp_path: Path) -> None:
    assert found(tmp_path, USER + GROUP + ATTACHED + DENY).keys() <= {"RC304"}


@pytest.mark.parametrize(
    ("action", "resource", "rules"),
    [
        ("iam:PutUserPolicy", "aws_iam_user.ci.arn", {"RC302": "critical"}),
        ("iam:CreateAccessKey", "aws_iam_user.ci.arn", {}),
        ("iam:PutUserPolicy", "var.elsewhere", {}),
        ("s3:PutObject", "var.elsewhere", {}),
        ("*", '"*"', {"RC301": "critical"}),
    ],
)
def test_own_policies(action: str, resource: str, rules: dict[str, str], tmp_path: Path) -> None:
    variable = 'variable "elsewhere" {\n  type = string\n}\n\n'
    assert found(tmp_path, variable + USER + own(action, resource)) == rules


def test_of_people_little_is_said(tmp_path: Path) -> None:
    person = 'resource "aws_iam_user" "ci" {\n  name = "jane.doe"\n}\n\n'
    person += 'resource "aws_iam_user_login_profile" "ci" {\n  user = aws_iam_user.ci.name\n}\n'
    assert found(tmp_path, person + GROUP + ATTACHED) == {"RC302": "low"}
    assert found(tmp_path, person + ATTACHED) == {}


@pytest.mark.parametrize(
    ("name", "severity"), [("cluster_autoscaler", "low"), ("aws_lb_controller", "low"), ("web_scaler", "medium")]
)
def test_a_controllers_published_policy_is_told_quietly(tmp_path: Path, name: str, severity: str) -> None:
    (tmp_path / "main.tf").write_text(
        f"""\
resource "aws_iam_policy" "{name}" {{
  name = "{name}"
  policy = jsonencode({{
    Version = "2012-10-17"
    Statement = [{{
      Effect = "Allow"
      Action = [
        "autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup",
        "ec2:TerminateInstances", "elasticloadbalancing:DeleteLoadBalancer",
      ]
      Resource = "*"
    }}]
  }})
}}

output "policy" {{
  value = aws_iam_policy.{name}.arn
}}
""",
        "utf-8",
    )
    findings = analyse([tmp_path], Options(cache=False)).findings
    assert [finding.severity for finding in findings if finding.rule == "RC305"] == [severity]
