"""What the platform pulls images with is read by no application: nobody is sent to look for that."""

from __future__ import annotations

from pathlib import Path

import pytest
from planner_estates import lay_out, planned

from rolecall.planners.managed_identity.examples_pull import PULLS
from rolecall.planning.example import PlannerExample


@pytest.mark.parametrize("pull", PULLS, ids=lambda pull: pull.title)
def test_nobody_looks_for_the_platforms_own_login(pull: PlannerExample, tmp_path: Path) -> None:
    lay_out(tmp_path, pull)
    steps = [step.what for m in planned(tmp_path).migrations for step in m.handover]
    assert not [step for step in steps if step.startswith("no reader of") and "egistry" in step.lower()]
