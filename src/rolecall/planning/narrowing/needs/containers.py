"""What a container needs: what its code calls, and what the platform asks of its role on its behalf.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html,
https://docs.aws.amazon.com/apprunner/latest/dg/security_iam_service-with-iam.html#security_iam_service-with-iam-roles-service.instance
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rolecall.frontends.resource import Resource, Unit
from rolecall.frontends.values import Encoded, Entry, Scalar, Sequence, Unknown, Value, find, references, text
from rolecall.frontends.values import Mapping as MappingValue
from rolecall.model.flow.fields import structured
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.narrowing.needs.functions import Need, Needs, code_needs, unknown_entry
from rolecall.planning.narrowing.needs.images import image_program, plain_words, refuse_loaders
from rolecall.planning.narrowing.needs.scopes import Places
from rolecall.planning.narrowing.needs.worded import Pattern, Words

if TYPE_CHECKING:
    from rolecall.planning.case import Context


@dataclass(frozen=True, slots=True)
class Platform:
    """How a type declares its containers, and what its platform does with the role.

    `containers` is the path of a list of them, or of one (`one`); the rest are paths inside.  `role` is the path
    of the role that they run with, `execution` that of the one that starts them, which may be the same.
    """

    containers: str
    image: str
    entry: str
    command: str
    variables: str
    secrets: str
    files: str
    role: str
    execution: str
    always: tuple[str, ...]


#: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html (it may be switched on for any one task),
#: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/tutorial-efs-volumes.html
_TASK = (
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
    "logs:CreateLogStream",
    "logs:DescribeLogGroups",
    "logs:DescribeLogStreams",
    "logs:PutLogEvents",
    "elasticfilesystem:ClientMount",
    "elasticfilesystem:ClientWrite",
    "elasticfilesystem:ClientRootAccess",
)
#: What starts a container asks for: always, for secrets, and for files of variables.
#: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
_STARTING = (
    "ecr:GetAuthorizationToken",
    "ecr:BatchCheckLayerAvailability",
    "ecr:GetDownloadUrlForLayer",
    "ecr:BatchGetImage",
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
)
_SECRETS = ("secretsmanager:GetSecretValue", "ssm:GetParameters", "kms:Decrypt")
_FILES = ("s3:GetObject", "s3:GetBucketLocation")
#: https://docs.aws.amazon.com/apprunner/latest/dg/env-variable.html (the instance role reads the secrets),
#: https://docs.aws.amazon.com/apprunner/latest/dg/monitor-xray.html
_SERVICE = (
    "secretsmanager:GetSecretValue",
    "ssm:GetParameters",
    "kms:Decrypt",
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:GetSamplingStatisticSummaries",
)
PLATFORMS: Mapping[str, Platform] = {
    "aws_ecs_task_definition": Platform(
        "container_definitions",
        "image",
        "entryPoint",
        "command",
        "environment",
        "secrets",
        "environmentFiles",
        "task_role_arn",
        "execution_role_arn",
        _TASK,
    ),
    "AWS::ECS::TaskDefinition": Platform(
        "ContainerDefinitions",
        "Image",
        "EntryPoint",
        "Command",
        "Environment",
        "Secrets",
        "EnvironmentFiles",
        "TaskRoleArn",
        "ExecutionRoleArn",
        _TASK,
    ),
    "aws_apprunner_service": Platform(
        "source_configuration.image_repository",
        "image_identifier",
        "",
        "image_configuration.start_command",
        "image_configuration.runtime_environment_variables",
        "image_configuration.runtime_environment_secrets",
        "",
        "instance_configuration.instance_role_arn",
        "",
        _SERVICE,
    ),
    "AWS::AppRunner::Service": Platform(
        "SourceConfiguration.ImageRepository",
        "ImageIdentifier",
        "",
        "ImageConfiguration.StartCommand",
        "ImageConfiguration.RuntimeEnvironmentVariables",
        "ImageConfiguration.RuntimeEnvironmentSecrets",
        "",
        "InstanceConfiguration.InstanceRoleArn",
        "",
        _SERVICE,
    ),
}
_RULES = "the platform"


def container_needs(
    context: Context, unit: Unit, resource: Resource, role: str, beside: bool, partition: Pattern
) -> Needs:
    """What the containers of a task or service need of a role together; `role` is its id, the other arguments are those
    of `function_needs`.
    """
    platform = PLATFORMS[resource.type]
    needs = [Need(action, (), _RULES) for action in platform.always]
    gaps: list[str] = []
    review: list[str] = []
    starts = _named(resource, platform.execution, role)
    if starts:
        needs.extend(Need(action, (), "what starts it") for action in _starting(resource, platform))
    if not _named(resource, platform.role, role):
        how = (
            "is started with the role, and does not run with it" if starts else "names the role, but runs with another"
        )
        return Needs(tuple(needs), (f"{resource.address} {how}",))
    if gap := _elsewhere(unit, resource, platform):
        return Needs(tuple(needs), (gap,))
    words = Words(unit, resource, context.text(resource.span.path)) if beside else None
    try:
        for container in _containers(resource, platform):
            found = _one(context, unit, resource, platform, container, words, partition)
            needs.extend(found.needs)
            gaps.extend(found.gaps)
            review.extend(found.review)
    except Refused as refused:
        gaps.append(refused.reason)
    return Needs(tuple(needs), tuple(gaps), tuple(dict.fromkeys(review)))


def _elsewhere(unit: Unit, resource: Resource, platform: Platform) -> str:
    """Why other containers may run than those that are declared; "" where nothing says so."""
    if {platform.containers, "container_definitions", "source_configuration", "all", "*"} & set(
        resource.ignore_changes
    ):
        return "Terraform leaves its containers to others (ignore_changes)"
    for other in unit.resources:
        if other.type != "aws_ecs_service" or not {"task_definition", "all", "*"} & set(other.ignore_changes):
            continue
        if _named(other, "task_definition", resource.id):
            return f"{other.address} runs task definitions that others register (ignore_changes: task_definition)"
    return ""


def _starting(resource: Resource, platform: Platform) -> Iterator[str]:
    yield from _STARTING
    try:
        containers = list(_containers(resource, platform))
    except Refused:
        return  # what it runs is not read either, so that nothing is cut
    if any(_first(one, f"{platform.secrets}|repositoryCredentials|RepositoryCredentials") for one in containers):
        yield from _SECRETS
    if any(_first(one, platform.files) for one in containers):
        yield from _FILES


def _named(resource: Resource, path: str, role: str) -> bool:
    value = resource.get(path) if path else None
    return value is not None and any(one.target == role for one in references(value))


def _containers(resource: Resource, platform: Platform) -> Iterator[MappingValue]:
    value = resource.get(platform.containers)
    found = structured(value) if value is not None else None
    if isinstance(found, Encoded):
        found = found.inner
    listed = found.items if isinstance(found, Sequence) else (found,)
    if not listed or not all(isinstance(one, MappingValue) for one in listed):
        raise Refused("which containers it runs is not in the code")
    yield from (one for one in listed if isinstance(one, MappingValue))


def _first(container: MappingValue, path: str) -> Value | None:
    found = (value for one in path.split("|") if one for value in find(container, one))
    return next(found, None)


def _one(
    context: Context,
    unit: Unit,
    resource: Resource,
    platform: Platform,
    container: MappingValue,
    words: Words | None,
    partition: Pattern,
) -> Needs:
    image = _first(container, platform.image)
    if image is None:
        raise Refused("which image it runs is not in the code")
    entry = plain_words(_first(container, platform.entry))
    command = plain_words(_first(container, platform.command))
    program, layout = image_program(context, unit, image, entry, command)
    entries: dict[str, Entry] = {name: unknown_entry(name) for name in layout.variables}
    for entry_of in _variables(_first(container, platform.variables)):
        entries[entry_of.name or ""] = entry_of
    for secret in _variables(_first(container, platform.secrets)):
        entries[secret.name or ""] = unknown_entry(secret.name or "")
    refuse_loaders(entries)
    unsure = platform.files and _first(container, platform.files) is not None
    places = Places(None if unsure or "" in entries else words, partition, entries, program.filled)
    return code_needs(resource, program, places)[0]


def _variables(value: Value | None) -> Iterator[Entry]:
    """The variables of a container, from a map or from pairs of name and value.  One whose name is not known is ""."""
    if isinstance(value, MappingValue):
        yield from value.entries
    elif isinstance(value, Sequence):
        for item in value.items:
            pair = (
                {(entry.name or "").lower(): entry for entry in item.entries} if isinstance(item, MappingValue) else {}
            )
            name = text(pair["name"].value) if "name" in pair else None
            given = pair.get("value")
            if name is None:
                yield Entry(Scalar(""), Unknown("its name is not known"))
            elif given is None:
                yield unknown_entry(name)
            else:
                yield Entry(Scalar(name), given.value, given.span)
    elif value is not None:
        yield Entry(Scalar(""), Unknown("its variables are not known"))
