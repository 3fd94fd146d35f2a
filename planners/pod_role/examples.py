"""Worked examples: an estate before, and what is planned for it."""

from __future__ import annotations

from rolecall.planners.pod_role.examples_namespace import NAMESPACE
from rolecall.planners.pod_role.examples_seen import SEEN

EXAMPLES = (*NAMESPACE, *SEEN)
