"""What usage evidence changes in a plan, and what it never does."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner

from rolecall.analysis.run import Options, analyse
from rolecall.cli.program import cli
from rolecall.evidence.facts import Evidence
from rolecall.evidence.folder import read
from rolecall.planners import load
from rolecall.planning.endings.soaking import soaks
from rolecall.planning.migration import Migration, Phase, Subject
from rolecall.planning.narrowing.used import losses
from rolecall.planning.plan import Plan, make_plan

ACCOUNT = "123456789012"
USER = """\
resource "aws_iam_user" "app" {
  name = "uploader"
}

resource "aws_iam_user_policy" "app" {
  user = aws_iam_user.app.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:PutObject", Resource = "arn:aws:s3:::uploads/*" }]
  })
}

resource "aws_iam_access_key" "app" {
  user = aws_iam_user.app.name
}
"""
PARAMETER = """
resource "aws_ssm_parameter" "key" {
  name  = "/app/secret"
  type  = "SecureString"
  value = aws_iam_access_key.app.secret
}
"""
FUNCTION = """
resource "aws_iam_role" "app" {
  name = "app"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}

resource "aws_lambda_function" "app" {
  function_name = "app"
  role          = aws_iam_role.app.arn
  environment {
    variables = {
      AWS_ACCESS_KEY_ID     = aws_iam_access_key.app.id
      AWS_SECRET_ACCESS_KEY = aws_iam_access_key.app.secret
    }
  }
}
"""


def report(last: str, *, name: str = "uploader", made: str = "2024-01-01T00:00:00+00:00") -> str:
    columns = ("active", "last_rotated", "last_used_date", "last_used_region", "last_used_service")
    header = ",".join(f"access_key_{number}_{column}" for number in (1, 2) for column in columns)
    first = f"true,{made},{last},{'N/A,N/A' if last == 'N/A' else 'eu-west-1,s3'}"
    return (
        f"user,arn,user_creation_time,password_last_used,{header}\n"
        f"<root_account>,arn:aws:iam::{ACCOUNT}:root,{made},2026-04-01T00:00:00+00:00,false,N/A,N/A,N/A,N/A,"
        "false,N/A,N/A,N/A,N/A\n"
        f"{name},arn:aws:iam::{ACCOUNT}:user/{name},{made},N/A,{first},false,N/A,N/A,N/A,N/A\n"
    )


def call(time: str) -> dict[str, Any]:
    return {
        "eventSource": "s3.amazonaws.com",
        "eventName": "PutObject",
        "eventTime": time,
        "userAgent": "[aws-sdk-go/1.44 (go1.20; linux)]",
        "recipientAccountId": ACCOUNT,
        "resources": [{"ARN": "arn:aws:s3:::uploads/a.csv"}],
        "userIdentity": {
            "type": "IAMUser",
            "arn": f"arn:aws:iam::{ACCOUNT}:user/uploader",
            "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
        },
    }


def plan(folder: Path, code: str, *evidence: object) -> Plan:
    (folder / "code").mkdir()
    (folder / "code" / "main.tf").write_text(code, "utf-8")
    (folder / "evidence").mkdir()
    for number, content in enumerate(evidence):
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / "evidence" / str(number)).write_text(text, "utf-8")
    return make_plan(analyse([folder / "code"], Options(cache=False)), load(), evidence=read(folder / "evidence"))


def end_of_key(found: Plan) -> Migration:
    [one] = [migration for migration in found.migrations if migration.about == "key"]
    return one


def names(migration: Migration) -> list[str]:
    return [phase.name for phase in migration.phases]


def test_a_key_that_somebody_unseen_uses_is_not_switched_off(tmp_path: Path) -> None:
    found = end_of_key(
        plan(tmp_path, USER, report("2026-03-30T00:00:00+00:00"), {"Records": [call("2026-03-31T08:00:00Z")]})
    )
    assert (found.disposition, names(found)) == ("advice", [])
    assert "last used on 2026-03-31 for s3, by aws-sdk-go/1.44" in found.reasons[0]
    assert "it is not switched off" in found.reasons[0]
    told = found.handover[-1].what
    assert told == (
        f"find the program that calls as uploader in {ACCOUNT}; it says that it is aws-sdk-go/1.44; "
        "it called s3:PutObject on arn:aws:s3:::uploads/a.csv (2026-03-31)"
    )


def test_a_quiet_key_without_consumers_is_switched_off_and_never_deleted(tmp_path: Path) -> None:
    found = end_of_key(plan(tmp_path, USER, report("N/A")))
    assert (found.disposition, names(found)) == ("partial", ["soak"])
    [soak] = found.phases
    assert soak.needs[-1] == ("met: the key was not used in the 821 days up to 2026-04-01 (credential-report)")
    assert not any("last-used" in need for need in soak.needs)


def test_a_quiet_key_in_a_store_is_switched_off_and_never_deleted(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    without = end_of_key(plan(tmp_path / "a", USER + PARAMETER, report("N/A", name="other")))
    assert (without.disposition, names(without)) == ("advice", [])
    (tmp_path / "b").mkdir()
    found = end_of_key(plan(tmp_path / "b", USER + PARAMETER, report("2025-06-01T00:00:00+00:00")))
    assert (found.disposition, names(found)) == ("partial", ["soak"])
    assert "last used on 2025-06-01, not used in the 304 days" in found.reasons[-1]


def test_a_young_key_proves_nothing_by_its_silence(tmp_path: Path) -> None:
    found = end_of_key(plan(tmp_path, USER + PARAMETER, report("N/A", made="2026-03-01T00:00:00+00:00")))
    assert (found.disposition, names(found)) == ("advice", [])
    assert "proves too little" in found.reasons[-1]


def test_the_programs_that_used_a_key_have_to_have_moved(tmp_path: Path) -> None:
    found = end_of_key(plan(tmp_path, USER + FUNCTION, {"Records": [call("2026-03-31T08:00:00Z")]}))
    assert (found.disposition, names(found)) == ("patch", ["soak", "contract"])
    assert all("every program that called with it has moved: aws-sdk-go/1.44" in phase.needs for phase in found.phases)


def test_a_key_that_stays_says_only_when_it_was_used(tmp_path: Path) -> None:
    mail = USER.replace("s3:PutObject", "ses:SendRawEmail") + (
        'output "smtp_password" {\n  value = aws_iam_access_key.app.ses_smtp_password_v4\n}\n'
    )
    found = end_of_key(plan(tmp_path, mail, report("2026-03-30T00:00:00+00:00")))
    assert found.disposition == "keep"
    assert found.reasons[-1] == "the key was last used on 2026-03-30 for s3 (credential-report)"
    assert not any("find the program" in step.what for step in found.handover)


def test_a_key_that_is_written_down_is_known_by_its_last_characters(tmp_path: Path) -> None:
    code = """\
provider "aws" {
  access_key = "AKIAIOSFODNN7EXAMPLE"
  secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
}
"""
    found = plan(tmp_path, code, {"Records": [call("2026-03-31T08:00:00Z")]})
    [one] = found.migrations
    assert one.reasons[-1] == "the key was last used on 2026-03-31 for s3, by aws-sdk-go/1.44 (cloudtrail)"


def test_no_evidence_changes_nothing(tmp_path: Path) -> None:
    other = plan(tmp_path, USER + FUNCTION, report("N/A", name="somebody"))
    same = make_plan(analyse([tmp_path / "code"], Options(cache=False)), load())
    assert other.migrations == same.migrations


def test_the_command_line(tmp_path: Path) -> None:
    plan(tmp_path, USER, report("N/A"))
    command = ["plan", str(tmp_path / "code"), "--format", "json", "--evidence", str(tmp_path / "evidence")]
    run = CliRunner().invoke(cli, command)
    assert run.exit_code == 0, run.output
    [told] = json.loads(run.output)["evidence"]
    assert (told["format"], told["files"], told["records"]) == ("credential-report", 1, 2)
    (tmp_path / "evidence" / "note").write_text("hello", "utf-8")
    run = CliRunner().invoke(cli, command)
    assert run.exit_code == 2
    assert "no format of evidence" in run.output


def test_verify_says_whether_the_soak_is_over(tmp_path: Path) -> None:
    code, usage, folder = (str(tmp_path / name) for name in ("code", "evidence", "plan"))
    plan(tmp_path, USER + FUNCTION, report("2026-03-30T00:00:00+00:00"))
    written = CliRunner().invoke(cli, ["plan", code, "--output", folder])
    assert written.exit_code == 0, written.output

    def verify(*more: str) -> tuple[int, dict[str, Any]]:
        run = CliRunner().invoke(cli, ["verify", folder, code, "--evidence", usage, "--format", "json", *more])
        return run.exit_code, json.loads(run.output)

    status, told = verify()
    schema = json.loads(resources.files("rolecall.report").joinpath("verify.schema.json").read_bytes())
    jsonschema.validate(told, schema)
    [soak] = told["soaks"]
    assert (status, soak["over"], soak["last"]) == (1, False, "2026-03-30T00:00:00+00:00")
    for phase in ("expand", "migrate", "soak"):
        applied = CliRunner().invoke(cli, ["apply", folder, "--root", code, "--phase", phase])
        assert applied.exit_code == 0, applied.output
    status, told = verify("--phase", "soak")
    assert (status, told["reached"]) == (1, True)
    (tmp_path / "evidence" / "0").write_text(report("2026-03-01T00:00:00+00:00"), "utf-8")
    status, told = verify("--phase", "soak")
    assert (status, told["soaks"][0]["over"], told["soaks"][0]["quiet_days"]) == (0, True, 31)
    shown = CliRunner().invoke(cli, ["verify", folder, code, "--evidence", usage])
    assert "the soak is over" in shown.output
    (tmp_path / "evidence" / "0").write_text(report("N/A", name="other"), "utf-8")
    status, told = verify("--phase", "soak")
    assert (status, told["soaks"][0]["over"]) == (1, None)


STACK = """\
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Uploader:
    Type: AWS::IAM::User
  AccessKey:
    Type: AWS::IAM::AccessKey
    Properties:
      UserName: !Ref Uploader
"""


def test_a_stack_names_its_users_itself(tmp_path: Path) -> None:
    (tmp_path / "stack.yaml").write_text(STACK, "utf-8")
    usage = tmp_path / "report"
    usage.write_text(report("2026-03-30T00:00:00+00:00", name="shop-Uploader-1ABC2DEF"), "utf-8")
    found = end_of_key(
        make_plan(analyse([tmp_path / "stack.yaml"], Options(cache=False)), load(), evidence=read(usage))
    )
    assert "who uses it is not in the scanned code" in found.reasons[0]
    [soak] = soaks(
        {
            "identities": [{"address": "U", "cloud": "aws", "kind": "aws:user", "label": "U"}],
            "migrations": [
                {
                    "id": "key-1",
                    "identity": "U",
                    "subject": {"kind": "access-key", "address": "K"},
                    "phases": [{"name": "soak"}],
                }
            ],
        },
        read_text(tmp_path, report("2026-03-01T00:00:00+00:00", name="shop-U-1ABC2DEF")),
    )
    assert soak.over


def read_text(folder: Path, text: str) -> Evidence:
    (folder / "other").write_text(text, "utf-8")
    return read(folder / "other")


def test_the_summary_says_what_was_read(tmp_path: Path) -> None:
    plan(
        tmp_path,
        USER,
        {"Records": [call("2026-03-31T08:00:00Z"), {**call("2026-04-01T08:00:00Z"), "eventName": "Odd"}]},
    )
    command = [
        "plan",
        str(tmp_path / "code"),
        "--output",
        str(tmp_path / "out"),
        "--evidence",
        str(tmp_path / "evidence"),
    ]
    run = CliRunner().invoke(cli, command)
    assert "usage evidence: cloudtrail, 2 records, 2026-03-31 to 2026-04-01\n  1 calls have names" in run.output


def insight(permissions: list[str]) -> dict[str, Any]:
    return {
        "name": "projects/1/locations/global/insightTypes/google.iam.policy.Insight/insights/a",
        "content": {
            "role": "roles/owner",
            "member": "serviceAccount:app@shop.iam.gserviceaccount.com",
            "exercisedPermissions": [{"permission": permission} for permission in permissions],
        },
        "lastRefreshTime": "2026-04-01T00:00:00Z",
        "observationPeriod": "7776000s",
    }


@pytest.mark.parametrize(
    ("permissions", "said"),
    [
        (
            ["storage.objects.get"],
            "app@shop.iam.gserviceaccount.com used storage.objects.get (gcp-policy-insights)",
        ),
        (
            [],
            "app@shop.iam.gserviceaccount.com did not use at all in 90 days: roles/owner (gcp-policy-insights)",
        ),
    ],
)
def test_a_wide_grant_says_what_was_used(tmp_path: Path, permissions: list[str], said: str) -> None:
    code = """\
resource "google_service_account" "app" {
  account_id = "app"
}

resource "google_project_iam_member" "app" {
  project = "shop"
  role    = "roles/owner"
  member  = "serviceAccount:${google_service_account.app.email}"
}
"""
    found = plan(tmp_path, code, [insight(permissions)])
    [narrowed] = [migration for migration in found.migrations if migration.targets == ("narrow",)]
    assert said in narrowed.reasons


def role(statement: str) -> str:
    return f"""\
resource "aws_iam_role" "worker" {{
  name = "worker"
  assume_role_policy = jsonencode({{
    Statement = [{{ Effect = "Allow", Action = "sts:AssumeRole", Principal = {{ Service = "lambda.amazonaws.com" }} }}]
  }})
}}

resource "aws_iam_role_policy" "worker" {{
  role   = aws_iam_role.worker.name
  policy = jsonencode({{ Statement = [{{ Effect = "Allow", {statement} }}] }})
}}
"""


@pytest.mark.parametrize(
    ("left", "lost"),
    [
        ('Action = ["s3:PutObject"], Resource = "arn:aws:s3:::uploads/*"', []),
        (
            'Action = ["s3:PutObject"], Resource = "arn:aws:s3:::other/*"',
            ["s3:PutObject on arn:aws:s3:::uploads/a.csv"],
        ),
        ('Action = ["s3:GetObject"], Resource = "*"', ["s3:PutObject on arn:aws:s3:::uploads/a.csv"]),
    ],
)
def test_what_was_used_is_not_taken_away(tmp_path: Path, left: str, lost: list[str]) -> None:
    record = call("2026-03-31T08:00:00Z")
    session = {"sessionIssuer": {"type": "Role", "arn": f"arn:aws:iam::{ACCOUNT}:role/worker"}}
    record["userIdentity"] = {"type": "AssumedRole", "sessionContext": session}
    record["resources"].append({"ARN": "arn:aws:s3:::uploads"})
    denied = {**record, "eventName": "DeleteBucket", "errorCode": "AccessDenied"}
    (tmp_path / "log").write_text(json.dumps({"Records": [record, denied]}), "utf-8")
    models = []
    for name, statement in (("before", 'Action = "s3:*", Resource = "*"'), ("after", left)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.tf").write_text(role(statement), "utf-8")
        models.append(analyse([tmp_path / name], Options(cache=False)).model)
    address = "aws_iam_role.worker"
    subject = Subject("grant", "role", "aws", address, "main.tf", 1, 2)
    cut = Migration("grant-1", subject, address, (), ("narrow",), "patch", phases=(Phase("migrate"),))
    found = losses(models[0], models[1], read(tmp_path / "log"), [cut])
    assert list(found) == [("grant-1", f"{address} used {one}") for one in lost]
