"""What this planner does, by examples."""

from __future__ import annotations

from rolecall.planners.outside_role.examples_accounts import ACCOUNTS
from rolecall.planners.outside_role.examples_hosts import HOSTS
from rolecall.planning.example import PlannerExample

EXAMPLES: tuple[PlannerExample, ...] = (*ACCOUNTS, *HOSTS)
