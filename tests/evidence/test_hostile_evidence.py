"""Whatever a file of evidence holds, it is read or refused by its name; nothing else happens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rolecall.evidence import folder as folders
from rolecall.evidence.document import EvidenceError
from rolecall.evidence.folder import read

ARN = "arn:aws:iam::123456789012:role/worker"
TIME = "2026-03-01T00:00:00Z"
SAMPLES: dict[str, Any] = {
    "cloudtrail": {
        "Records": [
            {
                "eventSource": "s3.amazonaws.com",
                "eventName": "GetObject",
                "eventTime": TIME,
                "errorCode": "AccessDenied",
                "userAgent": "[aws-cli/2]",
                "recipientAccountId": "123456789012",
                "resources": [{"ARN": "arn:aws:s3:::a"}],
                "userIdentity": {"arn": ARN, "accessKeyId": "x", "sessionContext": {"sessionIssuer": {"arn": ARN}}},
            }
        ]
    },
    "history": {"Events": [{"EventId": "e", "CloudTrailEvent": json.dumps({"eventTime": TIME})}]},
    "advisor": {
        "Arn": ARN,
        "JobCompletionDate": TIME,
        "ServicesLastAccessed": [
            {
                "ServiceNamespace": "s3",
                "LastAuthenticated": TIME,
                "TrackedActionsLastAccessed": [{"ActionName": "GetObject", "LastAccessedTime": TIME}],
            }
        ],
    },
    "policy": {
        "generatedPolicyResult": {
            "properties": {"principalArn": ARN, "cloudTrailProperties": {"startTime": TIME, "endTime": TIME}},
            "generatedPolicies": [{"policy": '{"Statement": {"Effect": "Allow", "Action": "s3:GetObject"}}'}],
        }
    },
    "key": {"UserName": "a", "AccessKeyLastUsed": {"LastUsedDate": TIME, "ServiceName": "s3"}},
    "report": {"ReportFormat": "text/csv", "Content": "dXNlcg==", "GeneratedTime": TIME},
    "insights": [
        {
            "name": "projects/1/insightTypes/google.iam.policy.Insight/insights/a",
            "content": {"member": "serviceAccount:a@b", "role": "r", "exercisedPermissions": [{"permission": "p"}]},
            "lastRefreshTime": TIME,
            "observationPeriod": "7776000s",
            "targetResources": ["a"],
        }
    ],
    "activity": {
        "activities": [
            {
                "activityType": "serviceAccountLastAuthentication",
                "fullResourceName": "//iam.googleapis.com/projects/p/serviceAccounts/a@b",
                "observationPeriod": {"startTime": TIME, "endTime": TIME},
                "activity": {"lastAuthenticatedTime": TIME},
            }
        ]
    },
    "azure": [
        {
            "eventTimestamp": TIME,
            "claims": {"appid": "a"},
            "operationName": {"value": "o"},
            "resourceId": "/subscriptions/s",
            "status": {"value": "Failed"},
            "subStatus": {"value": "Forbidden"},
        }
    ],
    "sign-ins": {
        "value": [
            {
                "createdDateTime": TIME,
                "appId": "a",
                "servicePrincipalId": "b",
                "servicePrincipalCredentialKeyId": "k",
                "status": {"errorCode": 0},
            }
        ]
    },
    "oci": {
        "data": [
            {
                "eventType": "com.oraclecloud.A.B",
                "eventTime": TIME,
                "data": {"identity": {"principalId": "ocid1.user.a", "credentials": "a/b/c"}, "resourceId": "r"},
            }
        ]
    },
}
ODD = (
    None,
    True,
    7,
    -1e300,
    1e18,
    "",
    "x",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59-14:00",
    [],
    [[]],
    {},
    {"a": 1},
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value inside a value, and of itself."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from places(one, (*path, key))


def replaced(value: Any, path: tuple[Any, ...], odd: Any) -> Any:
    if not path:
        return odd
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], odd)
    return copy


@pytest.mark.parametrize("name", SAMPLES)
def test_any_value_may_be_anything(tmp_path: Path, name: str) -> None:
    file = tmp_path / "file"
    for path in places(SAMPLES[name]):
        for odd in ODD:
            file.write_text(json.dumps(replaced(SAMPLES[name], path, odd)), "utf-8")
            try:
                read(file)
            except EvidenceError as error:
                assert str(error).startswith(f"{file}:")


@pytest.mark.parametrize("name", SAMPLES)
def test_the_samples_are_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text(json.dumps(SAMPLES[name]), "utf-8")
    assert read(tmp_path).sources


def test_files_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text(json.dumps(SAMPLES["cloudtrail"]), "utf-8")
    monkeypatch.setattr(folders, "MAX_FILE_BYTES", 100)
    with pytest.raises(EvidenceError, match="larger than"):
        read(tmp_path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    import os

    if not hasattr(os, "mkfifo"):
        pytest.skip("no named pipes here")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(EvidenceError, match="no file of evidence"):
        read(tmp_path)
