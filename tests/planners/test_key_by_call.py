"""A key that the call of a module asks for: the finding is at the call, its end where the key is declared."""

from __future__ import annotations

from pathlib import Path

from planner_estates import planned

_MODULE = """\
variable "with_user" {
  default = false
}

resource "aws_iam_user" "bucket" {
  count = var.with_user ? 1 : 0
  name  = "pictures"
}

resource "aws_iam_access_key" "bucket" {
  count = var.with_user ? 1 : 0
  user  = aws_iam_user.bucket[0].name
}
"""


def test_where_it_is_told_and_where_it_ends(tmp_path: Path) -> None:
    (tmp_path / "bucket").mkdir()
    (tmp_path / "bucket" / "main.tf").write_text(_MODULE)
    (tmp_path / "main.tf").write_text('module "pictures" {\n  source    = "./bucket"\n  with_user = true\n}\n')
    plan = planned(tmp_path)
    [(finding, fix)] = [(one, one["fix"]) for one in plan.to_json()["findings"] if one["rule"] in ("RC101", "RC105")]
    assert (finding["path"], finding["start_line"]) == ("main.tf", 1)
    [key] = [m for m in plan.migrations if m.about == "key"]
    assert (key.subject.path, key.subject.start_line) == ("bucket/main.tf", 10)
    assert fix["migration"] == key.id
