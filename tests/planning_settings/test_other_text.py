"""What is read and stands where no planner's edits would be right: advice, and never a patch."""

from __future__ import annotations

from pathlib import Path

import pytest

from rolecall.analysis.run import Options, analyse
from rolecall.planners import load
from rolecall.planning.plan import make_plan

CLOUD_CONTROL = """\
resource "awscc_kms_key" "orders" {
  description = "orders"
}

resource "awscc_ec2_instance" "web" {
  image_id = "ami-0abcdef1234567890"
}
"""
TEMPLATE = """\
resource "aws_cloudformation_stack" "orders" {
  name          = "orders"
  template_body = <<-EOT
    Resources:
      Key:
        Type: AWS::KMS::Key
        Properties:
          Description: orders
      Sync:
        Type: AWS::IAM::AccessKey
        Properties:
          UserName: sync
  EOT
}
"""


@pytest.mark.parametrize("text", [CLOUD_CONTROL, TEMPLATE])
def test_it_is_told_and_not_patched(text: str, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(text)
    plan = make_plan(analyse([tmp_path], Options(cache=False)), load())
    assert len(plan.migrations) == 2
    assert {(migration.disposition, migration.phases) for migration in plan.migrations} == {("advice", ())}
