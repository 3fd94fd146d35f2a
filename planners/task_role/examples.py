"""What this planner does, by examples."""

from __future__ import annotations

from rolecall.planners.task_role.examples_new import NEW
from rolecall.planners.task_role.examples_own import OWN
from rolecall.planning.example import PlannerExample

EXAMPLES: tuple[PlannerExample, ...] = (*OWN, *NEW)
