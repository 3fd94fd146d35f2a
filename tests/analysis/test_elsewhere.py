"""Skips of other scanners silence nothing, and are told beside the same finding."""

from __future__ import annotations

from pathlib import Path

import pytest

from rolecall.analysis.elsewhere import Skip, remarked, skips
from rolecall.analysis.run import Options, analyse
from rolecall.model.finding import Finding
from rolecall.source.text import SourceText

PROVIDER = """\
# trivy:ignore:aws-iam-no-policy-wildcards
resource "aws_iam_policy" "all" {
  #checkov:skip=CKV_AWS_62: it is a sandbox
  name = "all"
}

resource "aws_iam_policy" "other" {
  name = "other"
}
"""
TEMPLATE = """\
Resources:
  User:
    Type: AWS::IAM::User
    Metadata:
      cfn_nag:
        rules_to_suppress:
          - id: F2000
            reason: no groups here
          - {id: F10, reason: for now}
      checkov:
        skip:
          - id: CKV_AWS_40
            comment: "one user"
      guard:
        SuppressedRules:
          - IAM_USER_MISSING_GROUP_RULE
  Other:
    Type: AWS::IAM::User
"""


def of(path: str, text: str) -> set[tuple[str, str, str, int, int]]:
    found = skips(SourceText(path, text.encode()))
    return {(skip.tool, skip.rule, skip.reason, skip.first_line, skip.last_line) for skip in found}


def test_comments_hold_for_the_block_that_they_are_in_or_above() -> None:
    assert of("main.tf", PROVIDER) == {
        ("trivy", "AWS-0057", "", 2, 6),
        ("checkov", "CKV_AWS_62", "it is a sandbox", 2, 6),
    }


def test_metadata_hold_for_their_resource() -> None:
    assert of("stack.yaml", TEMPLATE) == {
        ("cfn_nag", "F2000", "no groups here", 2, 16),
        ("cfn_nag", "F10", "for now", 2, 16),
        ("checkov", "CKV_AWS_40", "one user", 2, 16),
        ("guard", "IAM_USER_MISSING_GROUP_RULE", "", 2, 16),
    }


def test_metadata_in_json() -> None:
    text = """\
{
  "Resources": {
    "User": {
      "Type": "AWS::IAM::User",
      "Metadata": {
        "guard": {"SuppressedRules": ["IAM_USER_MISSING_GROUP_RULE"]},
        "cfn_nag": {
          "rules_to_suppress": [
            {"id": "F10", "reason": "for now"}
          ]
        }
      }
    },
    "Other": {}
  }
}
"""
    assert of("stack.json", text) == {
        ("guard", "IAM_USER_MISSING_GROUP_RULE", "", 3, 13),
        ("cfn_nag", "F10", "for now", 3, 13),
    }


@pytest.mark.parametrize(
    ("text", "skip"),
    [
        ("# kics-scan ignore-line\nkey: 1\nother: 2\n", ("kics", "", "kics-scan ignore-line", 2, 2)),
        (
            "# kics-scan disable=a88baa34-e2ad-44ea-ad6f-8cac87bc7c71\nkey: 1\n",
            ("kics", "a88baa34-e2ad-44ea-ad6f-8cac87bc7c71", "for the whole file", 1, 3),
        ),
        (
            "permissions: write-all # zizmor: ignore[excessive-permissions]\n",
            ("zizmor", "excessive-permissions", "", 1, 1),
        ),
        (
            "---\nmetadata:\n  annotations:\n    checkov.io/skip1: CKV_K8S_38=reads pods\n",
            ("checkov", "CKV_K8S_38", "reads pods", 1, 5),
        ),
        ("key: 1 #tfsec:ignore:AVD-AWS-0057 a sandbox\n", ("trivy", "AWS-0057", "a sandbox", 1, 2)),
    ],
)
def test_a_skip_of_its_own_kind(text: str, skip: tuple[str, str, str, int, int]) -> None:
    assert of("file.yaml", text) == {skip}


def test_a_finding_says_so_once() -> None:
    source = SourceText("main.tf", PROVIDER.encode())

    def finding(line: int, equivalents: dict[str, tuple[str, ...]]) -> Finding:
        span = source.span(source.line_starts[line - 1], source.line_starts[line - 1] + 8)
        return Finding(
            "RC301", "excess-privilege", "high", "high", "all", span, "aws_iam_policy.all", equivalents=equivalents
        )

    same = {"checkov": ("CKV_AWS_1", "CKV_AWS_62"), "trivy": ("AWS-0057",)}
    given = [finding(2, same), finding(4, {"checkov": ("CKV_AWS_9",)}), finding(7, same)]
    said = [one.note for one in remarked(given, lambda _: source)]
    assert said == ["skipped elsewhere: AWS-0057, CKV_AWS_62 (it is a sandbox)", "", ""]
    assert [one.note for one in remarked(given, lambda _: None)] == ["", "", ""]


def test_nothing_is_silenced(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(
        'resource "aws_secretsmanager_secret" "orders" {\n  #checkov:skip=CKV2_AWS_57:by hand\n  name = "orders"\n}\n'
    )
    found = analyse([tmp_path], Options(cache=False, select=("RC501",))).findings
    assert [one.note for one in found] == ["skipped elsewhere: CKV2_AWS_57 (by hand)"]


@pytest.mark.parametrize("path", ["main.tf", "file.yaml", "file.json"])
def test_no_text_is_too_odd(path: str) -> None:
    for text in ("cfn_nag:", "Resources:\ncfn_nag: [", "checkov:skip=", "zizmor: ignore[", "SuppressedRules: }" * 50):
        assert all(isinstance(one, Skip) for one in skips(SourceText(path, text.encode())))
