"""CloudTrail: log files (`Records`), event history (`aws cloudtrail lookup-events`), and records one on a line.

Format: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html and
…-user-identity.html.  Calls on the data of a store are in it only where a trail was told to log them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from rolecall.evidence.document import Document, Malformed, at, aws_principal, date, said
from rolecall.evidence.facts import KeyUse, Principal, Source, tail
from rolecall.evidence.tally import Tally, agent, run
from rolecall.policy.actions import of_service

FORMAT = "cloudtrail"
#: Names of event sources (before .amazonaws.com) that are not the prefix of their actions.
#: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
_PREFIXES: Mapping[str, str] = {"monitoring": "cloudwatch", "email": "ses", "tagging": "tag"}
#: Calls whose permissions are called otherwise.
#: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html,
#: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
_ACTIONS: Mapping[str, tuple[str, ...]] = {
    "s3:ListBuckets": ("s3:ListAllMyBuckets",),
    "s3:ListObjects": ("s3:ListBucket",),
    "s3:ListObjectsV2": ("s3:ListBucket",),
    "s3:HeadBucket": ("s3:ListBucket",),
    "s3:ListObjectVersions": ("s3:ListBucketVersions",),
    "s3:HeadObject": ("s3:GetObject",),
    "s3:CopyObject": ("s3:PutObject", "s3:GetObject"),
    "s3:UploadPart": ("s3:PutObject",),
    "s3:UploadPartCopy": ("s3:PutObject", "s3:GetObject"),
    "s3:CreateMultipartUpload": ("s3:PutObject",),
    "s3:CompleteMultipartUpload": ("s3:PutObject",),
    "s3:ListParts": ("s3:ListMultipartUploadParts",),
    "s3:ListMultipartUploads": ("s3:ListBucketMultipartUploads",),
    "s3:DeleteObjects": ("s3:DeleteObject",),
    "s3:GetBucketEncryption": ("s3:GetEncryptionConfiguration",),
    "s3:PutBucketEncryption": ("s3:PutEncryptionConfiguration",),
    "s3:GetBucketLifecycle": ("s3:GetLifecycleConfiguration",),
    "s3:PutBucketLifecycle": ("s3:PutLifecycleConfiguration",),
    "s3:GetBucketReplication": ("s3:GetReplicationConfiguration",),
    "s3:PutBucketReplication": ("s3:PutReplicationConfiguration",),
    "s3:DeleteBucketPublicAccessBlock": ("s3:PutBucketPublicAccessBlock",),
    "lambda:Invoke": ("lambda:InvokeFunction",),
}
#: Versions at the end of a call's name: ListFunctions20150331, CreateDistribution2020_05_31.
_VERSION = re.compile(r"(?<=[a-z])20\d\d(?:_?\d\d){2}(?:v\d+)?$")
_DENIED = re.compile(r"accessdenied|unauthorized|notauthorized", re.IGNORECASE)


class CloudTrail:
    """Log files, the event history, and single records."""

    format = FORMAT

    def matches(self, document: Document) -> bool:
        first = document.first
        if isinstance(first.get("Records"), list):
            records = first["Records"]
            return not records or (isinstance(records[0], dict) and "eventSource" in records[0])
        if isinstance(first.get("Events"), list):
            return all(isinstance(event, dict) and "CloudTrailEvent" in event for event in first["Events"])
        return {"eventSource", "eventName", "userIdentity"} <= first.keys() or "CloudTrailEvent" in first

    def read(self, document: Document, tally: Tally) -> Source:
        times: list[datetime] = []
        accounts: set[str] = set()
        unknown = 0
        for record in document.records("Records", "Events"):
            record = _event(record)
            when = date(record.get("eventTime"))
            if when is None:
                raise Malformed("a record without eventTime", said(record, "eventID"))
            times.append(when)
            accounts.update({said(record, "recipientAccountId")} - {""})
            who = _principal(record)
            unknown += who is not None and not _call(record, who, when, tally)
        notes = (f"{unknown} calls have names that no permission has",) if unknown else ()
        return Source(document.path, FORMAT, run(times), len(times), frozenset(accounts), notes=notes)


def _event(record: dict[str, Any]) -> dict[str, Any]:
    """The record itself; in the event history it is a text inside."""
    inner = record.get("CloudTrailEvent")
    if not isinstance(inner, str):
        return record
    try:
        event = json.loads(inner)
    except (ValueError, RecursionError):
        raise Malformed("CloudTrailEvent is not JSON", said(record, "EventId")) from None
    if not isinstance(event, dict):
        raise Malformed("CloudTrailEvent is not an object", said(record, "EventId"))
    return event


def _principal(record: dict[str, Any]) -> Principal | None:
    """The user or role behind a call; None for calls of AWS's own services and of people without either."""
    who = record.get("userIdentity")
    issuer = said(who, "sessionContext", "sessionIssuer", "arn")
    return aws_principal(issuer or said(who, "arn"))


def _call(record: dict[str, Any], who: Principal, when: datetime, tally: Tally) -> bool:
    """Counts one call; False where its name is no permission's."""
    prefix = said(record, "eventSource").removesuffix(".amazonaws.com")
    prefix = _PREFIXES.get(prefix, prefix)
    name = _VERSION.sub("", said(record, "eventName"))
    denied = bool(_DENIED.search(said(record, "errorCode")))
    resources = sorted(set(_resources(record)))
    known = of_service(prefix)
    actions = [
        known[a.lower()].name for a in _ACTIONS.get(f"{prefix}:{name}", (f"{prefix}:{name}",)) if a.lower() in known
    ]
    for action in actions or [f"{prefix}:{name}"]:
        tally.use(who, action, FORMAT, when, resources, denied=denied, mapped=bool(actions))
    key = said(record, "userIdentity", "accessKeyId")
    if key.startswith("AKIA"):
        agents = agent(said(record, "userAgent"))
        tally.key(KeyUse(who, "access-key", tail(key), when, None, FORMAT, prefix, agents))
    return bool(actions)


def _resources(record: dict[str, Any]) -> Iterator[str]:
    listed = at(record, "resources")
    for resource in listed if isinstance(listed, list) else ():
        if arn := said(resource, "ARN|arn"):
            yield arn
