"""Evidence is read by its content; every format on a small sample made to its published schema."""

from __future__ import annotations

import base64
import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from rolecall.evidence.document import EvidenceError
from rolecall.evidence.facts import Evidence, KeyUse, Principal, Use
from rolecall.evidence.folder import read

ACCOUNT = "123456789012"
KEY = "AKIAIOSFODNN7EXAMPLE"
UPLOADER = Principal("aws", "user", "uploader", ACCOUNT)
WORKER = Principal("aws", "role", "worker", ACCOUNT)


def day(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}T00:00:00+00:00")


def evidence(folder: Path, **files: Any) -> Evidence:
    """The evidence of files, written as JSON unless they are texts; `__` in a name is a folder."""
    for name, content in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content, indent=1), encoding="utf-8")
    return read(folder)


def use(found: Evidence, action: str) -> Use:
    [one] = [use for use in found.uses if use.action == action]
    return one


def key(found: Evidence, name: str) -> KeyUse:
    [one] = [key for key in found.keys if key.principal.name == name]
    return one


# -- AWS


def event(source: str, name: str, time: str, **more: Any) -> dict[str, Any]:
    user = {
        "type": "IAMUser",
        "arn": f"arn:aws:iam::{ACCOUNT}:user/apps/uploader",
        "accountId": ACCOUNT,
        "accessKeyId": KEY,
        "userName": "uploader",
    }
    record = {
        "eventVersion": "1.08",
        "userIdentity": user,
        "eventTime": time,
        "eventSource": f"{source}.amazonaws.com",
        "eventName": name,
        "userAgent": "aws-cli/2.15",
        "recipientAccountId": ACCOUNT,
        "eventID": f"{source}-{name}-{time}",
    }
    return {**record, **more}


ROLE = {
    "type": "AssumedRole",
    "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/i-0abc",
    "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
    "sessionContext": {"sessionIssuer": {"type": "Role", "arn": f"arn:aws:iam::{ACCOUNT}:role/jobs/worker"}},
}
TRAIL = [
    event("s3", "ListBuckets", "2026-01-01T00:00:00Z"),
    event("s3", "HeadObject", "2026-01-02T10:00:00Z", resources=[{"ARN": "arn:aws:s3:::data/a"}, {"accountId": "1"}]),
    event(
        "s3", "GetObject", "2026-01-03T10:00:00Z", resources=[{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::data/b"}]
    ),
    event("lambda", "ListFunctions20150331", "2026-01-03T11:00:00Z", errorCode="AccessDenied"),
    event("apigateway", "CreateRestApi", "2026-01-03T12:00:00Z"),
    event("sqs", "SendMessage", "2026-01-03T13:00:00Z", userIdentity=ROLE),
    event(
        "ec2", "RunInstances", "2026-01-03T14:00:00Z", userIdentity={"type": "AWSService", "invokedBy": "autoscaling"}
    ),
]


def test_cloudtrail(tmp_path: Path) -> None:
    found = evidence(tmp_path, a__log=json.dumps({"Records": TRAIL}))
    read_object = use(found, "s3:GetObject")
    assert read_object.principal == UPLOADER
    assert read_object.resources == ("arn:aws:s3:::data/a", "arn:aws:s3:::data/b")
    assert (read_object.count, read_object.last) == (2, datetime(2026, 1, 3, 10, tzinfo=UTC))
    assert use(found, "s3:ListAllMyBuckets").resources == ()
    assert use(found, "lambda:ListFunctions").denied
    assert not use(found, "apigateway:CreateRestApi").mapped
    assert use(found, "sqs:SendMessage").principal == WORKER
    assert found.principals == (WORKER, UPLOADER)
    assert key(found, "uploader").tail == "MPLE"
    assert (key(found, "uploader").what, key(found, "uploader").agents) == ("apigateway", ("aws-cli/2.15",))
    window = found.window_of(UPLOADER)
    assert window is not None
    assert (window.start, window.end.hour, window.days) == (day("2026-01-01"), 14, 2)
    assert found.window_of(Principal("aws", "user", "uploader", "999999999999")) is None


def test_no_output_holds_a_whole_key(tmp_path: Path) -> None:
    assert KEY not in repr(evidence(tmp_path, log={"Records": TRAIL}))


@pytest.mark.parametrize("form", ["gzip", "lines", "history"])
def test_cloudtrail_in_other_wrappings(tmp_path: Path, form: str) -> None:
    plain = evidence(tmp_path / "plain", log={"Records": TRAIL})
    other = tmp_path / "other"
    other.mkdir()
    if form == "gzip":
        (other / "log.json.gz").write_bytes(gzip.compress(json.dumps({"Records": TRAIL}).encode()))
    elif form == "lines":
        (other / "log").write_text("\n".join(json.dumps(record) for record in TRAIL), "utf-8")
    else:
        events = [{"EventId": "e", "CloudTrailEvent": json.dumps(record)} for record in TRAIL]
        (other / "log").write_text(json.dumps({"Events": events}), "utf-8")
    assert read(other).uses == plain.uses
    assert read(other).keys == plain.keys


def test_logs_with_a_gap_prove_the_last_stretch_alone(tmp_path: Path) -> None:
    january = {"Records": [event("s3", "ListBuckets", f"2026-01-0{n}T00:00:00Z") for n in (1, 2, 3)]}
    march = {"Records": [event("s3", "ListBuckets", f"2026-03-0{n}T00:00:00Z") for n in (1, 3, 5, 9)]}
    window = evidence(tmp_path, january=january, march=march).window_of(UPLOADER)
    assert window is not None
    assert window.start == window.end == day("2026-03-09")


def advisor(**more: Any) -> dict[str, Any]:
    arn = f"arn:aws:iam::{ACCOUNT}:role/jobs/worker"
    actions = [
        {"ActionName": "GetObject", "LastAccessedTime": "2026-02-01T00:00:00+00:00", "LastAccessedEntity": arn},
        {"ActionName": "DeleteBucket"},
    ]
    services = [
        {
            "ServiceNamespace": "s3",
            "LastAuthenticated": "2026-02-02T00:00:00+00:00",
            "LastAuthenticatedEntity": arn,
            "TrackedActionsLastAccessed": actions,
        },
        {"ServiceNamespace": "iam", "TotalAuthenticatedEntities": 0},
    ]
    return {
        "JobStatus": "COMPLETED",
        "JobCompletionDate": "2026-03-01T00:00:00Z",
        "ServicesLastAccessed": services,
    } | more


def test_access_advisor(tmp_path: Path) -> None:
    found = evidence(tmp_path, answer=advisor())
    silent, used = found.services_of(WORKER)
    assert (silent.service, silent.last, silent.window.days) == ("iam", None, 400)
    assert (used.service, used.last) == ("s3", day("2026-02-02"))
    assert use(found, "s3:GetObject").last == day("2026-02-01")
    assert found.silent_services(WORKER) == (silent,)


def test_access_advisor_about_nobody_proves_nothing(tmp_path: Path) -> None:
    silent = advisor(ServicesLastAccessed=[{"ServiceNamespace": "iam"}])
    found = evidence(tmp_path, answer=silent)
    assert found.services == ()
    assert "whom it is about" in found.sources[0].notes[0]
    named = evidence(tmp_path, answer=silent | {"Arn": f"arn:aws:iam::{ACCOUNT}:user/uploader"})
    assert [service.principal for service in named.services] == [UPLOADER]


def test_generated_policy(tmp_path: Path) -> None:
    statements = [
        {"Effect": "Allow", "Action": ["s3:GetObject", "nosuch:Thing"], "Resource": "arn:aws:s3:::${BucketName}/*"},
        {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": ["arn:aws:sqs:eu-west-1:1:jobs"]},
    ]
    result = {
        "properties": {
            "isComplete": True,
            "principalArn": f"arn:aws:iam::{ACCOUNT}:role/jobs/worker",
            "cloudTrailProperties": {"startTime": "2026-01-01T00:00:00Z", "endTime": 1774828800.0},
        },
        "generatedPolicies": [{"policy": json.dumps({"Statement": statements})}],
    }
    found = evidence(tmp_path, answer={"jobDetails": {"status": "SUCCEEDED"}, "generatedPolicyResult": result})
    assert use(found, "s3:GetObject").resources == ()
    assert not use(found, "nosuch:Thing").mapped
    assert use(found, "sqs:SendMessage").resources == ("arn:aws:sqs:eu-west-1:1:jobs",)
    window = found.window_of(WORKER)
    assert window is not None
    assert window.days == 88
    assert found.window_of(UPLOADER) is None


REPORT = f"""\
user,arn,user_creation_time,password_enabled,password_last_used,access_key_1_active,access_key_1_last_rotated,\
access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,\
access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service
<root_account>,arn:aws:iam::{ACCOUNT}:root,2020-01-01T00:00:00+00:00,not_supported,2026-04-01T00:00:00+00:00,false,N/A,\
N/A,N/A,N/A,false,N/A,N/A,N/A,N/A
uploader,arn:aws:iam::{ACCOUNT}:user/apps/uploader,2024-01-01T00:00:00+00:00,false,N/A,true,2024-01-01T00:00:00+00:00,\
2026-03-01T00:00:00+00:00,eu-west-1,s3,false,N/A,N/A,N/A,N/A
idle,arn:aws:iam::{ACCOUNT}:user/idle,2024-01-01T00:00:00+00:00,false,no_information,false,2025-04-01T00:00:00+00:00,\
N/A,N/A,N/A,false,N/A,N/A,N/A,N/A
"""


@pytest.mark.parametrize("wrapped", [False, True])
def test_credential_report(tmp_path: Path, wrapped: bool) -> None:
    content = base64.b64encode(REPORT.encode()).decode()
    answer = {"Content": content, "ReportFormat": "text/csv", "GeneratedTime": "2026-04-01T00:00:00Z"}
    found = evidence(tmp_path, report=answer if wrapped else REPORT)
    used, idle = key(found, "uploader"), key(found, "idle")
    assert (used.last, used.what, used.tail) == (day("2026-03-01"), "s3", "#1")
    assert (idle.last, idle.what) == (None, "")
    assert idle.window is not None
    assert idle.window.days == 365


def test_key_last_used(tmp_path: Path) -> None:
    answers = [
        {
            "UserName": "uploader",
            "AccessKeyLastUsed": {
                "LastUsedDate": "2026-03-01T00:00:00+00:00",
                "ServiceName": "s3",
                "Region": "eu-west-1",
            },
        },
        {"UserName": "idle", "AccessKeyLastUsed": {"ServiceName": "N/A", "Region": "N/A"}},
    ]
    found = evidence(tmp_path, one=answers[0], other=answers[1])
    assert (key(found, "uploader").last, key(found, "uploader").what) == (day("2026-03-01"), "s3")
    assert (key(found, "idle").last, key(found, "idle").what) == (None, "")


# -- Google Cloud


def test_policy_insights(tmp_path: Path) -> None:
    insight = {
        "name": "projects/1/locations/global/insightTypes/google.iam.policy.Insight/insights/a",
        "content": {
            "role": "roles/editor",
            "member": "serviceAccount:app@shop.iam.gserviceaccount.com",
            "exercisedPermissions": [{"permission": "storage.objects.get"}],
            "inferredPermissions": [{"permission": "storage.objects.list"}],
            "currentTotalPermissionsCount": "9000",
        },
        "lastRefreshTime": "2026-04-01T00:00:00Z",
        "observationPeriod": "7776000s",
        "targetResources": ["//cloudresourcemanager.googleapis.com/projects/1"],
    }
    idle = {**insight, "content": {"role": "roles/owner", "member": "serviceAccount:idle@shop.iam.gserviceaccount.com"}}
    found = evidence(tmp_path, insights=[insight, idle])
    assert [one.action for one in found.uses] == ["storage.objects.get", "storage.objects.list"]
    [silent] = found.services
    assert (silent.service, silent.last, silent.window.days) == ("roles/owner", None, 90)


def test_policy_activity(tmp_path: Path) -> None:
    def activity(account: str, name: str, **more: str) -> dict[str, Any]:
        full = f"//iam.googleapis.com/projects/shop/serviceAccounts/{account}@shop.iam.gserviceaccount.com/keys/{name}"
        return {
            "activity": {"serviceAccountKey": {"fullResourceName": full}, **more},
            "activityType": "serviceAccountKeyLastAuthentication",
            "fullResourceName": full,
            "observationPeriod": {"startTime": "2026-01-01T07:00:00Z", "endTime": "2026-04-01T07:00:00Z"},
        }

    records = [
        activity("app", "0123456789abcdef", lastAuthenticatedTime="2026-03-01T00:00:00Z"),
        activity("idle", "fedcba9876543210"),
    ]
    found = evidence(tmp_path, answer={"activities": records})
    used, idle = key(found, "app@shop.iam.gserviceaccount.com"), key(found, "idle@shop.iam.gserviceaccount.com")
    assert (used.cls, used.tail, used.last) == ("service-account-key", "cdef", day("2026-03-01"))
    assert idle.last is None
    assert idle.window is not None
    assert idle.window.days == 90


# -- Azure, Entra ID


APPLICATION = "6f1a3c52-0000-4000-8000-1234567890ab"


@pytest.mark.parametrize("exported", [False, True])
def test_activity_log(tmp_path: Path, exported: bool) -> None:
    resource = "/subscriptions/0000/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/data"
    operation = "Microsoft.Storage/storageAccounts/listKeys/action"
    claims = {"appid": APPLICATION}
    record: dict[str, Any] = {
        "eventTimestamp": "2026-03-01T00:00:00.1234567Z",
        "claims": claims,
        "operationName": {"value": operation},
        "resourceId": resource,
        "status": {"value": "Succeeded"},
    }
    if exported:
        record = {
            "time": "2026-03-01T00:00:00.1234567Z",
            "identity": {"claims": claims},
            "operationName": operation,
            "resourceId": resource,
            "resultType": "Success",
        }
    found = evidence(tmp_path, log=[record])
    one = use(found, operation)
    assert (one.principal.name, one.resources, one.denied) == (APPLICATION, (resource,), False)


def test_sign_ins(tmp_path: Path) -> None:
    def sign_in(time: str, error: int = 0) -> dict[str, Any]:
        return {
            "createdDateTime": time,
            "appId": APPLICATION,
            "servicePrincipalId": "1",
            "servicePrincipalName": "deployer",
            "servicePrincipalCredentialKeyId": "0a1b2c3d-0000-4000-8000-00000000beef",
            "servicePrincipalCredentialThumbprint": "",
            "resourceDisplayName": "Azure Resource Manager",
            "status": {"errorCode": error},
        }

    found = evidence(
        tmp_path, log={"value": [sign_in("2026-03-01T00:00:00Z"), sign_in("2026-03-02T00:00:00Z", 7000215)]}
    )
    used = key(found, APPLICATION)
    assert (used.cls, used.tail, used.last) == ("client-secret", "beef", day("2026-03-01"))
    assert used.what == "Azure Resource Manager"
    assert found.named("azure", "service-principal", "deployer") == (used.principal,)


# -- OCI


@pytest.mark.parametrize("hyphens", [False, True])
def test_oci_audit(tmp_path: Path, hyphens: bool) -> None:
    user = "ocid1.user.oc1..aaaaexample"
    fingerprint = ":".join(["20"] * 15 + ["3b"])
    record: dict[str, Any] = {
        "eventType": "com.oraclecloud.ComputeApi.GetInstance",
        "eventTime": "2026-03-01T00:00:00.000Z",
        "data": {
            "resourceId": "ocid1.instance.oc1..bbbb",
            "identity": {
                "principalId": user,
                "tenantId": "ocid1.tenancy.oc1..cccc",
                "credentials": f"ocid1.tenancy.oc1..cccc/{user}/{fingerprint}",
                "userAgent": "Oracle-PythonSDK 2.1",
                "principalName": "domain/backup",
            },
            "response": {"status": "200"},
        },
    }
    if hyphens:
        record = json.loads(
            json.dumps(record)
            .replace("eventT", "event-t")
            .replace("principalId", "principal-id")
            .replace("resourceId", "resource-id")
            .replace("tenantId", "tenant-id")
            .replace("userAgent", "user-agent")
            .replace("principalName", "principal-name")
        )
    found = evidence(tmp_path, log={"data": [record]})
    assert found.named("oci", "user", "backup") == (key(found, user).principal,)
    assert use(found, "ComputeApi.GetInstance").resources == ("ocid1.instance.oc1..bbbb",)
    assert (key(found, user).tail, key(found, user).agents) == ("203b", ("Oracle-PythonSDK",))


# -- names, and what is wrong


def test_a_name_with_unknown_parts_stands_for_all_that_fit(tmp_path: Path) -> None:
    both = evidence(tmp_path, report=REPORT)
    assert both.named("aws", "user", "uploader") == (UPLOADER,)
    assert both.named("aws", "user", "up${var.x}er") == (UPLOADER,)
    assert both.named("aws", "user", "${var.name}") == ()
    assert both.named("aws", "role", "uploader") == ()


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        ("hello", 0, "no format of evidence"),
        ('{"Records": [\n{"eventSource": ', 2, "not JSON"),
        ('{"a": 1}\n{"a": \n', 2, "not JSON"),
        (json.dumps({"Records": [event("s3", "ListBuckets", "yesterday")]}, indent=1), 12, "'yesterday' is not a date"),
        (json.dumps({"Records": [event("s3", "ListBuckets", "2026-01-01T00:00:00Z"), 7]}), 1, "not an object"),
        ('{"whatever": 1}', 0, "no format of evidence"),
        ("[" * 100_000, 0, "nested too deeply"),
        (REPORT.replace(f"arn:aws:iam::{ACCOUNT}:user/idle", "nonsense"), 4, "'nonsense' is not the ARN"),
        (json.dumps({"UserName": "", "AccessKeyLastUsed": {}}), 1, "without UserName"),
        (json.dumps({"ServicesLastAccessed": [], "JobStatus": "IN_PROGRESS"}), 1, "not complete"),
    ],
)
def test_what_cannot_be_read_is_an_error(tmp_path: Path, content: str, line: int, said: str) -> None:
    with pytest.raises(EvidenceError) as caught:
        evidence(tmp_path, file=content)
    assert said in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path / 'file'}:{line}:" if line else f"{tmp_path / 'file'}: ")


def test_folders_that_hold_nothing(tmp_path: Path) -> None:
    (tmp_path / ".hidden").write_text("hello", "utf-8")
    with pytest.raises(EvidenceError, match="no file of evidence"):
        read(tmp_path)
    with pytest.raises(EvidenceError, match="no such folder"):
        read(tmp_path / "none")


def test_what_is_not_a_text_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"a\n\xff\xfe")
    with pytest.raises(EvidenceError, match=r"file:2: not UTF-8"):
        read(tmp_path)
    (tmp_path / "file").write_bytes(b"\x1f\x8bnonsense")
    with pytest.raises(EvidenceError, match="file: "):
        read(tmp_path)
