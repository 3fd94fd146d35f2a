"""What runs with a role whose grant is cut down, for people: who it is, and what has to be true before."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rolecall.catalog.entries import catalog
from rolecall.planning.migration import Consumer
from rolecall.planning.narrowing.holding import Held
from rolecall.planning.narrowing.needs.containers import PLATFORMS as CONTAINERS

_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)


def consumers(held: Held) -> tuple[Consumer, ...]:
    """The functions and containers that run with a role."""
    return tuple(Consumer(*_kind(one.type), one.address, one.span.path, one.span.line) for one in held.functions)


def _kind(type_name: str) -> tuple[str, str]:
    entry = catalog().get(type_name) if type_name in CONTAINERS else None
    return (entry.kind, entry.platform) if entry is not None else ("function", "lambda")


def conditions(held: Held) -> Iterator[str]:
    """What somebody has to look at before a grant is cut down, since it is not in the code."""
    label = held.role.label if held.role is not None else held.site.name
    role = label if _NAME.fullmatch(label) else held.site.name
    types = {one.type for one in held.functions}
    if types - CONTAINERS.keys():
        command = f"aws lambda list-functions --query \"Functions[?contains(Role, '{role}')].FunctionName\""
        yield f"what is deployed is the code of this repository, and no other function has the role: {command}"
        yield (
            "all that triggers the functions and all that they hand events on to is in this repository: "
            "aws lambda list-event-source-mappings; aws lambda list-function-event-invoke-configs --function-name NAME"
        )
    if any("ECS" in one or "ecs" in one for one in types):
        yield (
            "the images that run were built from this repository, and no other task has the role: for T in $(aws ecs "
            "list-task-definitions --status ACTIVE --query 'taskDefinitionArns[]' --output text); do aws ecs "
            "describe-task-definition --task-definition $T --query 'taskDefinition.[family,taskRoleArn,"
            f"containerDefinitions[].image]'; done | grep -B2 -A6 {role}"
        )
    if any("Runner" in one or "runner" in one for one in types):
        yield (
            "the images that run were built from this repository, and no other service has the role: for S in $(aws "
            "apprunner list-services --query 'ServiceSummaryList[].ServiceArn' --output text); do aws apprunner "
            "describe-service --service-arn $S --query 'Service.[ServiceName,InstanceConfiguration.InstanceRoleArn,"
            f"SourceConfiguration.ImageRepository.ImageIdentifier]'; done | grep -B1 -A2 {role}"
        )
