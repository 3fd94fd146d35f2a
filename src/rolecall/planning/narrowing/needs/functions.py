"""What a Lambda function needs: what its code calls, and what the platform asks of its role on its behalf.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rolecall.frontends.resource import Resource, Unit
from rolecall.frontends.values import Entry, Reference, Scalar, Unknown, Value, references, render
from rolecall.frontends.values import Mapping as MappingValue
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.narrowing.needs.calls import Reading
from rolecall.planning.narrowing.needs.foreign import read_foreign
from rolecall.planning.narrowing.needs.images import function_program
from rolecall.planning.narrowing.needs.operations import actions_of, further
from rolecall.planning.narrowing.needs.programs import Program, program_of
from rolecall.planning.narrowing.needs.python import read_python
from rolecall.planning.narrowing.needs.scopes import Places
from rolecall.planning.narrowing.needs.stand_ins import stand_in
from rolecall.planning.narrowing.needs.worded import Pattern, Words

if TYPE_CHECKING:
    from rolecall.planning.case import Context


@dataclass(frozen=True, slots=True)
class Need:
    """One action that is needed, on the ARNs (empty: nobody can tell on which), and what for: a place or a reason.

    `perhaps` says that a call may be asked for it besides its own, by what it is given or what lies behind it.
    """

    action: str
    resources: tuple[Pattern, ...]
    why: str
    perhaps: bool = False


@dataclass(frozen=True, slots=True)
class Needs:
    """What a workload needs.  `gaps` say why it may be more: then nothing may be taken away.  `review` is what somebody
    should look at in what was found.
    """

    needs: tuple[Need, ...] = ()
    gaps: tuple[str, ...] = ()
    review: tuple[str, ...] = ()


#: What every function's role may be asked for; the log group and the segments are the platform's own.
_LOGS = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
_TRACES = ("xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets")
#: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
_NETWORK = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeVpcs",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
    "ec2:GetSecurityGroupsForVpc",
)
#: What reading from an event source asks for, by the source; `names` are those of types and of ARNs.
#: https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html and the page of each source
CONSUMERS: Mapping[str, tuple[str, ...]] = {
    "sqs": ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"),
    "kinesis": (
        "kinesis:DescribeStream",
        "kinesis:DescribeStreamSummary",
        "kinesis:DescribeStreamConsumer",
        "kinesis:GetRecords",
        "kinesis:GetShardIterator",
        "kinesis:ListShards",
        "kinesis:ListStreams",
        "kinesis:SubscribeToShard",
    ),
    "dynamodb": (
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:ListStreams",
        "dynamodb:ListShards",
    ),
    "kafka": (
        "kafka:DescribeCluster",
        "kafka:DescribeClusterV2",
        "kafka:GetBootstrapBrokers",
        "kafka:ListScramSecrets",
        "kafka-cluster:*",
        "secretsmanager:GetSecretValue",
        *_NETWORK,
    ),
    "mq": ("mq:DescribeBroker", "secretsmanager:GetSecretValue", *_NETWORK),
    "docdb": (
        "rds:DescribeDBClusters",
        "rds:DescribeDBClusterParameters",
        "rds:DescribeDBSubnetGroups",
        "secretsmanager:GetSecretValue",
        *_NETWORK,
    ),
}
#: https://docs.aws.amazon.com/lambda/latest/dg/configuration-filesystem.html
_FILES = (
    "elasticfilesystem:ClientMount",
    "elasticfilesystem:ClientWrite",
    "elasticfilesystem:ClientRootAccess",
)
#: What it takes to hand an event on: the function's dead letters, and what became of it.
_HANDED_ON = (
    "sqs:SendMessage",
    "sns:Publish",
    "lambda:InvokeFunction",
    "events:PutEvents",
    "s3:PutObject",
    "s3:ListBucket",
)
_MAPPINGS = frozenset({"aws_lambda_event_source_mapping", "AWS::Lambda::EventSourceMapping"})
_HANDING = frozenset({"aws_lambda_function_event_invoke_config", "AWS::Lambda::EventInvokeConfig"})
_RULES = "the platform"


def function_needs(context: Context, unit: Unit, resource: Resource, beside: bool, partition: Pattern) -> Needs:
    """What a function needs.  `beside` says that the policy is in the file or folder that declares the function, so
    that it can speak of the same things.
    """
    program, entries = program_of(context, unit, resource), {}
    if program.image:
        try:
            program, layout = function_program(context, unit, resource)
            entries = {name: unknown_entry(name) for name in layout.variables}
        except Refused as refused:
            program = Program(gap=refused.reason)
    if gap := program.gap or stand_in(context, resource, program):
        return Needs(tuple(_platform(unit, resource)), (gap,))
    words = Words(unit, resource, context.text(resource.span.path)) if beside else None
    path = "environment.variables" if resource.format == "terraform" else "Environment.Variables"
    variables = [value for value in resource.find(path) if isinstance(value, MappingValue)]
    entries |= {entry.name: entry for value in variables for entry in value.entries if entry.name}
    found, records = code_needs(resource, program, Places(words, partition, entries, program.filled))
    unseen = _unseen(unit, resource) if records else ()
    return replace(found, needs=(*_platform(unit, resource), *unseen, *found.needs))


def code_needs(resource: Resource, program: Program, places: Places) -> tuple[Needs, bool]:
    """What the code of a program needs, and whether it reads events as queues and streams send them."""
    reading = _read(program)
    needs, gaps = _called(reading, places)
    review = (
        (
            f"review: the calls of {resource.address} are those that iam-policy-autopilot finds in its "
            f"{program.language.shown} and all operations whose names stand there; on which resources is not told",
        )
        if program.language is not None
        else ()
    )
    return Needs(tuple(needs), (*reading.gaps, *gaps), review), reading.records


def unknown_entry(name: str) -> Entry:
    """A variable that is set somewhere, to what nobody can tell here."""
    return Entry(Scalar(name), Unknown("the image or a store sets it"))


def _read(program: Program) -> Reading:
    if program.language is None or program.first is None:
        return read_python(program.files, program.root)
    return read_foreign(program.language, program.files, program.root, program.first, program.extractor)


def _called(reading: Reading, places: Places) -> tuple[list[Need], list[str]]:
    needs: list[Need] = []
    gaps: list[str] = []
    for call in reading.calls:
        why = f"{call.span.path}:{call.span.line}"
        actions = actions_of(call.service, call.operation)
        if actions is None:
            gaps.append(f"{why} calls {call.service}:{call.operation}, whose permission is not known")
            continue
        given = frozenset(call.arguments)
        more = [one for action in actions for one in further(action, given, call.open)]
        needs.extend(
            Need(action, places.of(action, call, reading), why, action not in actions)
            for action in dict.fromkeys((*actions, *more))
        )
    return needs, gaps


def _platform(unit: Unit, resource: Resource) -> Iterator[Need]:
    """What the platform does with the function's role."""
    yield from (Need(action, (), _RULES) for action in (*_LOGS, *_TRACES))
    if resource.get("vpc_config|VpcConfig") is not None:
        yield from (Need(action, (), "its network") for action in _NETWORK)
    if resource.get("file_system_config|FileSystemConfigs") is not None:
        yield from (Need(action, (), "its file system") for action in _FILES)
    handing = resource.get("dead_letter_config|DeadLetterConfig|DeadLetterQueue|EventInvokeConfig") is not None
    for other in unit.resources:
        if other.type in _HANDING and _names(other, resource):
            handing = True
        elif other.type in _MAPPINGS and _names(other, resource):
            handing = True
            yield from _consumer(other.get("event_source_arn|EventSourceArn"), unit)
    for event in resource.find("Events.*.Type"):
        kind = render(event).lower()
        for name, actions in CONSUMERS.items():
            if name in {"msk": "kafka", "documentdb": "docdb"}.get(kind, kind):
                handing = True
                yield from (Need(action, (), "its events") for action in actions)
    if handing:
        yield from (Need(action, (), "where its events go") for action in _HANDED_ON)


def _unseen(unit: Unit, resource: Resource) -> Iterator[Need]:
    """What reading from a queue or a stream asks for, where the code reads such events and nothing in sight sends any:
    then it may be set up elsewhere.
    """
    told = (*_MAPPINGS, "aws_lambda_permission", "AWS::Lambda::Permission")
    sends = ("s3.amazonaws.com", "sns.amazonaws.com", "ses.amazonaws.com")
    for other in unit.resources:
        if other.type not in told or not _names(other, resource):
            continue
        if other.type in _MAPPINGS or render(other.get("principal|Principal") or Scalar("")) in sends:
            return
    if resource.get("Events") is not None:
        return
    for name in ("sqs", "kinesis", "dynamodb"):
        yield from (Need(action, (), "its events") for action in CONSUMERS[name])


def _names(other: Resource, function: Resource) -> bool:
    value = other.get("function_name|FunctionName")
    if value is None:
        return False
    return any(one.target == function.id for one in references(value)) or render(value) == function.name


def _consumer(source: Value | None, unit: Unit) -> Iterator[Need]:
    """What reading from a source asks for; of one that cannot be told, everything that it may be."""
    said = render(source).lower() if source is not None else ""
    if isinstance(source, Reference):
        said += "".join(one.type.lower() for one in unit.resources if one.id == source.target)
    chosen = [name for name in CONSUMERS if name in said.replace("msk", "kafka")] or list(CONSUMERS)
    for name in chosen:
        yield from (Need(action, (), "its events") for action in CONSUMERS[name])


def consumer_actions() -> Iterator[str]:
    """Every action that an event source may ask for: a mapping may be declared where nobody sees it."""
    for actions in CONSUMERS.values():
        yield from actions
