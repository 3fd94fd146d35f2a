"""What this planner does, by examples."""

from __future__ import annotations

from rolecall.planners.execution_role.examples_builds import BUILDS
from rolecall.planners.execution_role.examples_environments import ENVIRONMENTS
from rolecall.planners.execution_role.examples_grants import GRANTS
from rolecall.planners.execution_role.examples_held import HELD
from rolecall.planners.execution_role.examples_plain import PLAIN
from rolecall.planners.execution_role.examples_serverless import SERVERLESS
from rolecall.planners.execution_role.examples_services import SERVICES
from rolecall.planners.execution_role.examples_stacks import STACKS
from rolecall.planning.example import PlannerExample

EXAMPLES: tuple[PlannerExample, ...] = (*PLAIN, *BUILDS, *GRANTS, *HELD, *SERVICES, *ENVIRONMENTS, *STACKS, *SERVERLESS)
