"""Findings in folders of test data are said, but not loudly."""

from __future__ import annotations

from pathlib import Path

import pytest

from rolecall.analysis.run import Analysis, Options, analyse
from rolecall.analysis.testdata import REMARK, softened
from rolecall.model.finding import Finding
from rolecall.source.text import SourceText

from .estate import write

ADMIN = """\
resource "aws_iam_role" "app" {
  name = "app"
  assume_role_policy = jsonencode({
    Statement = [{ Effect = "Allow", Principal = { Service = "ec2.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
  managed_policy_arns = ["arn:aws:iam::aws:policy/AdministratorAccess"]
}
"""


def told(analysis: Analysis) -> list[tuple[str, str]]:
    return [(finding.severity, finding.note) for finding in analysis.findings if finding.rule == "RC301"]


@pytest.mark.parametrize(
    "folder",
    ["tests/basic", "modules/app/testdata", "test-data", "Fixtures/app", "src/__tests__", "a/tests/b/fixtures"],
)
def test_in_test_data_a_finding_is_low_and_says_so(tmp_path: Path, folder: str) -> None:
    write(tmp_path, {f"{folder}/main.tf": ADMIN})
    assert told(analyse([tmp_path], Options(cache=False))) == [("low", REMARK)]


@pytest.mark.parametrize("folder", ["live/test", "test", "integration", "mytests", "latest", "."])
def test_anywhere_else_it_is_as_loud_as_it_was(tmp_path: Path, folder: str) -> None:
    write(tmp_path, {f"{folder}/main.tf": ADMIN})
    assert told(analyse([tmp_path], Options(cache=False))) == [("critical", "")]


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    write(tmp_path, {"tests.tf": ADMIN})
    assert told(analyse([tmp_path], Options(cache=False))) == [("critical", "")]


def test_what_the_user_names_is_what_he_wants_to_know_about(tmp_path: Path) -> None:
    write(tmp_path, {"tests/a/main.tf": ADMIN, "live/main.tf": ADMIN})
    assert told(analyse([tmp_path / "tests"], Options(cache=False))) == [("critical", "")]
    both = analyse([tmp_path / "tests" / "a", tmp_path / "live"], Options(cache=False))
    assert told(both) == [("critical", ""), ("critical", "")]
    assert told(analyse([tmp_path], Options(cache=False))) == [("critical", ""), ("low", REMARK)]


@pytest.mark.parametrize(("rule", "severity"), [("RC102", "critical"), ("RC103", "low")])
def test_a_clouds_own_key_is_out_wherever_it_stands(rule: str, severity: str) -> None:
    place = SourceText("tests/conftest.tf", b"").span(0, 0)
    finding = Finding(rule, "static-credential", "critical", "high", "a key", place, "provider.aws")
    assert [told.severity for told in softened([finding])] == [severity]
