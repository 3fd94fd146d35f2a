"""Accepted findings, and what is said of suppressions that are not in order."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from rolecall.analysis.run import Analysis, Options, analyse
from rolecall.analysis.suppressions import in_file
from rolecall.source.text import SourceText

TODAY = date(2026, 11, 22)


def check(folder: Path, files: dict[str, str]) -> Analysis:
    for name, text in files.items():
        (folder / name).write_text(text)
    return analyse([folder], Options(cache=False, today=TODAY))


def script(comment: str) -> dict[str, str]:
    return {
        "main.tf": f"""\
terraform {{
  backend "local" {{}}
}}

resource "aws_iam_user" "u" {{
  name = "app"
}}

{comment}
resource "aws_iam_access_key" "u" {{
  user = aws_iam_user.u.name
}}

output "secret" {{
  value = aws_iam_access_key.u.secret
}}
"""
    }


def found(analysis: Analysis) -> set[str]:
    return {finding.rule for finding in analysis.findings}


@pytest.mark.parametrize(
    "comment",
    [
        "# rolecall: ignore[RC101] the vendor takes no role",
        "// rolecall: ignore[RC101] the vendor takes no role",
        "/* rolecall: ignore[RC101] the vendor takes no role */",
        "# rolecall: ignore[RC101, RC106] the vendor takes no role until=2026-11-22",
        "# rolecall:ignore[RC101]: the vendor takes no role\n# and a word on why",
    ],
)
def test_a_comment_above_the_block_is_obeyed(tmp_path: Path, comment: str) -> None:
    analysis = check(tmp_path, script(comment))
    assert "RC101" not in found(analysis)
    assert "RC101" in [finding.rule for finding in analysis.suppressed]
    (written,) = in_file(SourceText("main.tf", script(comment)["main.tf"].encode()))
    assert written.reason.startswith("the vendor takes no role")
    assert not written.reason.endswith("*/")


def test_a_comment_on_the_line_is_obeyed(tmp_path: Path) -> None:
    text = script("")["main.tf"].replace('"u" {\n  user', '"u" { # rolecall: ignore[RC101] it is for a vendor\n  user')
    assert "RC101" not in found(check(tmp_path, {"main.tf": text}))


def test_a_comment_beside_code_says_nothing_of_the_next_line(tmp_path: Path) -> None:
    analysis = check(tmp_path, script("locals {} # rolecall: ignore[RC101] it is for a vendor"))
    assert {"RC101", "RC902"} <= found(analysis)


@pytest.mark.parametrize(
    ("comment", "rule", "says"),
    [
        ("# rolecall: ignore[RC101]", "RC903", "gives no reason"),
        ("# rolecall: ignore[RC101] -- ", "RC903", "gives no reason"),
        ("# rolecall: ignore[RC101] until=2027-01-01", "RC903", "gives no reason"),
        ("# rolecall: ignore because I say so", "RC903", "names no rule"),
        ("# rolecall: ignore[] because I say so", "RC903", "names no rule"),
        ("# rolecall: ignore[RC101] some day until=tomorrow", "RC903", "is not a date"),
        ("# rolecall: ignore[RC101] for now until=2026-11-21", "RC904", "ended on 2026-11-21"),
        ("# rolecall: ignore[RC301] it is an administrator", "RC902", "RC301 finds nothing here"),
        ("# rolecall: ignore[RC999] no such thing", "RC902", "there is no rule RC999"),
    ],
)
def test_a_suppression_that_is_not_in_order_is_said_and_not_obeyed(
    tmp_path: Path, comment: str, rule: str, says: str
) -> None:
    analysis = check(tmp_path, script(comment))
    assert "RC101" in found(analysis)
    (remark,) = [finding for finding in analysis.findings if finding.rule == rule]
    assert says in remark.message
    assert (remark.severity, remark.span.line) == ("note", 9)


@pytest.mark.parametrize("comment", ["# checkov:skip=CKV_AWS_273: why", "#tfsec:ignore:aws-iam-no-user", "# nosec"])
def test_what_other_tools_skip_is_still_found(tmp_path: Path, comment: str) -> None:
    assert "RC101" in found(check(tmp_path, script(comment)))


def test_selecting_other_rules_does_not_make_a_suppression_unused(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(script("# rolecall: ignore[RC101] the vendor takes no role")["main.tf"])
    analysis = analyse([tmp_path], Options(select=("RC9",), cache=False, today=TODAY))
    assert found(analysis) == set()


@pytest.mark.parametrize("ignore", ["[RC101 the vendor takes no role]", '"RC101: the vendor takes no role"'])
def test_cloudformation_metadata_holds_for_its_resource(tmp_path: Path, ignore: str) -> None:
    text = f"""\
Resources:
  User:
    Type: AWS::IAM::User
  Key:
    Type: AWS::IAM::AccessKey
    Metadata:
      rolecall:
        ignore: {ignore}
    Properties:
      UserName: !Ref User
Outputs:
  Secret:
    Value: !GetAtt Key.SecretAccessKey
"""
    analysis = check(tmp_path, {"stack.yaml": text})
    assert found(analysis) == {"RC106"}
    assert [finding.rule for finding in analysis.suppressed] == ["RC101"]


def test_the_span_is_the_comment() -> None:
    source = SourceText("é.tf", 'x = "é" # rolecall: ignore[RC101] a reason\r\n'.encode())
    (item,) = in_file(source)
    assert source.text(item.span) == "# rolecall: ignore[RC101] a reason"
    assert (item.span.line, item.span.column, item.first_line, item.last_line) == (1, 9, 1, 1)


@pytest.mark.parametrize(
    "text", ["# see rolecall: ignoring things", "rolecall: ignore[RC101] x", '"a#rolecall: ignore[RC101] x"']
)
def test_what_is_no_comment_of_ours_is_none(text: str) -> None:
    assert list(in_file(SourceText("a.tf", text.encode()))) == []
