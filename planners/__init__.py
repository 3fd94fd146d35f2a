"""The planners, one folder each: a planner, the blocks it writes, and what its runbook adds.

The list is explicit; a test says that no folder is missing from it.
"""

from __future__ import annotations

from importlib import import_module
from typing import cast

from rolecall.planning.move import Planner

PLANNERS: tuple[str, ...] = (
    "execution_role",
    "task_role",
    "instance_profile",
    "pod_role",
    "github_oidc",
    "terraform_runner",
)


def load() -> dict[str, Planner]:
    """Every planner by the platform it serves."""
    found: dict[str, Planner] = {}
    for name in PLANNERS:
        planner = cast(Planner, import_module(f"rolecall.planners.{name}.planner"))
        found.update(dict.fromkeys(planner.PLATFORMS, planner))
    return found
