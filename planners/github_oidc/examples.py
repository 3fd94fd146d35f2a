"""What this planner does, by examples."""

from __future__ import annotations

from rolecall.planners.github_oidc.examples_held import HELD
from rolecall.planners.github_oidc.examples_minted import MINTED
from rolecall.planners.github_oidc.examples_modules import MODULES
from rolecall.planners.github_oidc.examples_tokens import TOKENS
from rolecall.planners.github_oidc.examples_workflows import WORKFLOWS
from rolecall.planning.example import PlannerExample

EXAMPLES: tuple[PlannerExample, ...] = (*WORKFLOWS, *TOKENS, *HELD, *MINTED, *MODULES)
