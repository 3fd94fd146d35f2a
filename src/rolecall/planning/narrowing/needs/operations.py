"""Which IAM actions an operation of a client asks for (operations.json, see tools/aws_operations.py)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

from rolecall.policy.actions import Action, of_service

#: What boto3 adds to clients and objects by hand, with the operations behind it; these take arguments by position.
#: https://docs.aws.amazon.com/boto3/latest/guide/s3-uploading-files.html, …/guide/dynamodb.html#batch-writing
ADDED: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("s3", "upload_file"): ("put_object", "create_multipart_upload", "upload_part", "abort_multipart_upload"),
    ("s3", "upload_fileobj"): ("put_object", "create_multipart_upload", "upload_part", "abort_multipart_upload"),
    ("s3", "download_file"): ("head_object", "get_object"),
    ("s3", "download_fileobj"): ("head_object", "get_object"),
    ("s3", "copy"): ("head_object", "get_object", "copy_object", "upload_part_copy", "abort_multipart_upload"),
    ("s3", "generate_presigned_post"): ("put_object",),
    ("dynamodb", "batch_writer"): ("batch_write_item",),
    ("ec2", "create_tags"): ("create_tags",),
    ("ec2", "delete_tags"): ("delete_tags",),
}
#: What a call may be asked for besides, by what it is given or by how the service answers.
#: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html (without ListBucket a missing key is AccessDenied)
#: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html (the headers for ACLs, tags and locks)
#: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
#: https://docs.aws.amazon.com/athena/latest/ug/fine-grained-access-to-glue-resources.html (the query's text decides: it
#: may make and drop databases, tables and partitions, write and delete what lies under them, and call functions)
#: https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html (the code from a bucket, the network's parts)
#: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport_Requesting.html
#: https://docs.aws.amazon.com/ses/latest/dg/control-user-access.html (one call for plain, raw and templated mail)
_ALSO: Mapping[str, str] = {
    "s3:GetObject": "s3:ListBucket",
    "dynamodb:BatchWriteItem": "dynamodb:PutItem dynamodb:DeleteItem",
    "dynamodb:BatchGetItem": "dynamodb:GetItem",
    "secretsmanager:BatchGetSecretValue": "secretsmanager:GetSecretValue secretsmanager:ListSecrets",
    "secretsmanager:CreateSecret": "secretsmanager:TagResource",
    "cloudformation:CreateChangeSet": "cloudformation:TagResource",
    "ec2:RunInstances": "ec2:CreateTags iam:PassRole",
    "ecs:RunTask": "iam:PassRole ecs:TagResource",
    "ecs:StartTask": "iam:PassRole ecs:TagResource",
    "ssm:GetParameters": "ssm:GetParameter",
    "athena:StartQueryExecution": "s3:GetBucketLocation s3:GetObject s3:ListBucket s3:PutObject s3:AbortMultipartUpload"
    " s3:ListMultipartUploadParts s3:ListBucketMultipartUploads glue:GetTable glue:GetTables glue:GetDatabase"
    " glue:GetDatabases glue:GetPartition glue:GetPartitions glue:BatchGetPartition lakeformation:GetDataAccess"
    " s3:DeleteObject lambda:InvokeFunction glue:CreateDatabase glue:UpdateDatabase glue:DeleteDatabase"
    " glue:CreateTable glue:UpdateTable glue:DeleteTable glue:BatchDeleteTable glue:GetTableVersions"
    " glue:CreatePartition glue:BatchCreatePartition glue:UpdatePartition glue:BatchUpdatePartition"
    " glue:DeletePartition glue:BatchDeletePartition glue:CreatePartitionIndex glue:GetPartitionIndexes",
    "lambda:CreateFunction": "s3:GetObject s3:GetObjectVersion ec2:DescribeSecurityGroups ec2:DescribeSubnets"
    " ec2:DescribeVpcs",
    "lambda:UpdateFunctionCode": "s3:GetObject s3:GetObjectVersion",
    "lambda:UpdateFunctionConfiguration": "iam:PassRole ec2:DescribeSecurityGroups ec2:DescribeSubnets"
    " ec2:DescribeVpcs",
    "events:PutTargets": "iam:PassRole",
    "scheduler:CreateSchedule": "iam:PassRole",
    "scheduler:UpdateSchedule": "iam:PassRole",
    "dynamodb:ExportTableToPointInTime": "s3:PutObject s3:PutObjectAcl s3:AbortMultipartUpload",
    "dynamodb:ImportTable": "s3:GetObject s3:ListBucket logs:CreateLogGroup logs:CreateLogStream"
    " logs:DescribeLogGroups logs:DescribeLogStreams logs:PutLogEvents logs:PutRetentionPolicy",
    "ses:SendEmail": "ses:SendRawEmail ses:SendTemplatedEmail",
    "bedrock:InvokeModel": "bedrock:ApplyGuardrail bedrock:GetInferenceProfile",
    "bedrock:InvokeModelWithResponseStream": "bedrock:ApplyGuardrail bedrock:GetInferenceProfile",
    "bedrock:RetrieveAndGenerate": "bedrock:Retrieve bedrock:InvokeModel bedrock:InvokeModelWithResponseStream"
    " bedrock:ApplyGuardrail bedrock:GetInferenceProfile bedrock:Rerank",
}
#: The same for every operation of a service: what it reads and writes for its caller, and what it logs in with.
#: https://docs.aws.amazon.com/rekognition/latest/dg/security_iam_service-with-iam.html, https://docs.aws.amazon.com/
#: transcribe/latest/dg/security_iam_id-based-policy-examples.html, https://docs.aws.amazon.com/redshift/latest/mgmt/
#: data-api-iam.html, https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.access.html
_OF_SERVICE: Mapping[str, str] = {
    "rekognition": "s3:GetObject s3:GetObjectVersion s3:PutObject iam:PassRole",
    "transcribe": "s3:GetObject s3:PutObject iam:PassRole",
    "redshift-data": "redshift:GetClusterCredentials redshift:GetClusterCredentialsWithIAM"
    " redshift-serverless:GetCredentials secretsmanager:GetSecretValue",
    "rds-data": "secretsmanager:GetSecretValue",
}
#: An argument whose presence asks for a further action.
_GIVEN: Mapping[tuple[str, str], str] = {
    ("s3:GetObject", "VersionId"): "s3:GetObjectVersion",
    ("s3:GetObject", "ExtraArgs"): "s3:GetObjectVersion",
    ("s3:DeleteObject", "VersionId"): "s3:DeleteObjectVersion",
    ("s3:PutObject", "ACL"): "s3:PutObjectAcl",
    ("s3:PutObject", "Tagging"): "s3:PutObjectTagging",
    ("s3:PutObject", "ObjectLockMode"): "s3:PutObjectRetention",
    ("s3:PutObject", "ObjectLockLegalHoldStatus"): "s3:PutObjectLegalHold",
    ("s3:PutObject", "ExtraArgs"): "s3:PutObjectAcl s3:PutObjectTagging",
}
#: Arguments that tag what a call makes, which asks for the right to tag as well, what such an action is called, and
#: calls that make nothing: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_tags.html,
#: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html
_TAGGED = frozenset({"tags", "tagspecifications", "taglist", "tagset", "tag"})
_TAGS = re.compile(r"tag[a-z]+|createtags|addtags\w*|createorupdatetags|changetagsforresource")
_READS = re.compile(r"[\w-]+:(?:Get|List|Describe|Search|Query|Scan|BatchGet|Tag|Untag)", re.IGNORECASE)
#: Services whose operations look into, or hand work to, others with the caller's own rights: what they need of those
#: nobody can tell from the call.
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/control-access-with-iam.html
#: https://docs.aws.amazon.com/cloudcontrolapi/latest/userguide/resource-operations-permissions.html
ON_BEHALF = frozenset({"cloudformation", "cloudcontrol", "serverlessrepo", "servicecatalog", "lakeformation", "glue"})


@lru_cache(maxsize=1)
def _services() -> Mapping[str, Any]:
    document = json.loads((files("rolecall.planning.narrowing.needs") / "operations.json").read_text("utf-8"))
    services: Mapping[str, Any] = document["services"]
    return services


def is_service(name: str) -> bool:
    """Whether boto3 has a client of that name."""
    return name in _services()


@lru_cache(maxsize=1)
def _by_letters() -> Mapping[str, str]:
    """boto3's name of each service by what the SDKs of other languages call it, without signs."""
    found: dict[str, str] = {}
    for name, entry in _services().items():
        found.setdefault(entry.get("id") or name.replace("-", ""), name)
    return found


def service_named(name: str) -> str:
    """boto3's name of the service that a package of another language's SDK is for; "" where there is none.

    The packages are called after the service's id in the API models: `client-cognito-identity-provider` in JavaScript,
    `cognitoidentityprovider` in Go and Java.
    """
    return _by_letters().get(name.lower().replace("-", ""), "")


def operation_named(service: str, name: str) -> str:
    """The operation of a service that a name of another language stands for (`getObject`, `GetObject`), as
    `actions_of` takes it; "" where there is none.
    """
    letters = name.lower().replace("_", "")
    found = _operations_by_letters(service).get(letters, "")
    return found or (letters if letters in _of_name(_services()[service]["prefix"]) else "")


@lru_cache(maxsize=64)
def _operations_by_letters(service: str) -> Mapping[str, str]:
    """What has no action of its own name, and what waiters wait for, by their letters."""
    entry = _services()[service]
    waiters = {f"waituntil{name.replace('_', '')}": operation for name, operation in entry.get("waiters", {}).items()}
    return {**waiters, **{operation.replace("_", ""): operation for operation in entry["operations"]}}


def has_objects(service: str) -> bool:
    """Whether `boto3.resource` knows a service."""
    return "objects" in _services().get(service, {})


def actions_of(service: str, operation: str) -> tuple[str, ...] | None:
    """The actions that a client's method asks for; empty for no operation, None where nobody knows."""
    entry = _services()[service]
    if operation in entry["operations"]:
        known = entry["operations"][operation]
        return tuple(known) if known is not None else None
    found = _of_name(entry["prefix"]).get(operation.replace("_", ""))
    return (found.name,) if found is not None else ()


@lru_cache(maxsize=64)
def _of_name(prefix: str) -> Mapping[str, Action]:
    return {name.partition(":")[2]: action for name, action in of_service(prefix).items()} if prefix else {}


def is_operation(service: str, method: str) -> bool:
    return actions_of(service, method) != ()


def waited_for(service: str, waiter: str) -> str:
    """The operation that a waiter repeats; "" where there is none of that name."""
    found: str = _services()[service].get("waiters", {}).get(waiter, "")
    return found


def methods_of(service: str, kind: str) -> Mapping[str, list[str]]:
    """What the methods of one kind of boto3's objects call ("" for the service itself, and for lazy loading)."""
    found: Mapping[str, list[str]] = _services()[service].get("objects", {}).get(kind, {})
    return found


def kinds_of(service: str) -> tuple[str, ...]:
    return tuple(kind for kind in _services()[service].get("objects", {}) if kind)


@lru_cache(maxsize=64)
def _tagging(prefix: str) -> tuple[str, ...]:
    """The actions of a service that tag something."""
    return tuple(
        action.name for name, action in of_service(prefix).items() if _TAGS.fullmatch(name.partition(":")[2].lower())
    )


def further(action: str, arguments: frozenset[str], open: bool) -> Iterator[str]:
    """What a call that asks for an action may be asked for besides.  `arguments` are the names of those it is given,
    `open` says that there may be others.
    """
    yield from _ALSO.get(action, "").split()
    yield from _OF_SERVICE.get(action.partition(":")[0], "").split()
    if not _READS.match(action) and (open or any(name.lower() in _TAGGED for name in arguments)):
        yield from _tagging(action.partition(":")[0])
    for (asked, name), more in _GIVEN.items():
        if asked == action and (open or name in arguments):
            yield from more.split()
