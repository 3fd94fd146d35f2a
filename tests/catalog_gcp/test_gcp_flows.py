"""Google Cloud's usual shapes: who holds a service account's key, what the plan says, and what is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from rolecall.analysis.run import Analysis, Options, analyse
from rolecall.planners import load
from rolecall.planning.migration import Migration
from rolecall.planning.plan import make_plan


def read(folder: Path, files: dict[str, str]) -> Analysis:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return analyse([folder], Options(cache=False))


def said(analysis: Analysis) -> set[tuple[str, str]]:
    return {(finding.rule, finding.severity) for finding in analysis.findings}


def planned(analysis: Analysis) -> list[Migration]:
    return list(make_plan(analysis, load(), settings=False).migrations)


ACCOUNT = """
resource "google_service_account" "app" {
  account_id = "app"
}
"""
KEY = (
    ACCOUNT
    + """
resource "google_service_account_key" "app" {
  service_account_id = google_service_account.app.name
}
"""
)
SINKS = {
    "cloud run": (
        """
resource "google_cloud_run_v2_service" "s" {
  name     = "s"
  location = "europe-west2"
  template {
    service_account = google_service_account.app.email
    containers {
      image = "app:1"
      env {
        name  = "GOOGLE_CREDENTIALS"
        value = base64decode(google_service_account_key.app.private_key)
      }
    }
  }
}
""",
        "gcp:attached-service-account",
        {("RC101", "high"), ("RC203", "medium")},
    ),
    "a function without an account, through a secret": (
        """
resource "google_secret_manager_secret" "key" {
  secret_id = "key"
}
resource "google_secret_manager_secret_version" "key" {
  secret      = google_secret_manager_secret.key.id
  secret_data = google_service_account_key.app.private_key
}
resource "google_cloudfunctions2_function" "f" {
  name     = "f"
  location = "europe-west2"
  service_config {
    secret_environment_variables {
      key    = "KEY"
      secret = google_secret_manager_secret.key.secret_id
    }
  }
}
""",
        "gcp:attached-service-account",
        {("RC101", "high"), ("RC202", "medium"), ("RC214", "low")},
    ),
    "a function of AWS": (
        """
resource "aws_lambda_function" "f" {
  function_name = "f"
  role          = "arn:aws:iam::111122223333:role/f"
  environment {
    variables = {
      KEY = google_service_account_key.app.private_key
    }
  }
}
""",
        "gcp:workload-identity-federation",
        {("RC101", "high")},
    ),
    "a CI secret": (
        """
resource "github_actions_secret" "key" {
  repository      = "app"
  secret_name     = "DEPLOYER"
  plaintext_value = google_service_account_key.app.private_key
}
""",
        "gcp:workload-identity-federation",
        {("RC101", "medium")},
    ),
    "a cluster": (
        """
resource "kubernetes_secret" "key" {
  metadata {
    name = "key"
  }
  data = {
    "key.json" = base64decode(google_service_account_key.app.private_key)
  }
}
""",
        "gcp:gke-workload-identity",
        {("RC101", "medium")},
    ),
    "nobody": ("", "retire", {("RC105", "medium")}),
}


@pytest.mark.parametrize("shape", SINKS)
def test_a_key_is_followed_to_its_holder(tmp_path: Path, shape: str) -> None:
    sink, target, findings = SINKS[shape]
    analysis = read(tmp_path, {"main.tf": KEY + sink})
    assert said(analysis) == findings
    migrations = planned(analysis)
    assert target in {name for migration in migrations for name in migration.targets}
    for migration in migrations:
        assert not migration.phases or migration.disposition in ("patch", "partial")
        assert migration.phases or migration.disposition != "patch"
        # the end of a key is partial where a part of a consumer's move is patched
        assert migration.disposition != "partial" or any(other.phases for other in migrations)
        assert migration.phases or migration.handover


def test_rotation_lowers_severity(tmp_path: Path) -> None:
    text = (
        ACCOUNT
        + """
resource "time_rotating" "month" {
  rotation_days = 30
}
resource "google_service_account_key" "app" {
  service_account_id = google_service_account.app.name
  keepers            = { month = time_rotating.month.rotation_rfc3339 }
}
output "key" {
  value = google_service_account_key.app.private_key
}
"""
    )
    assert said(read(tmp_path, {"main.tf": text})) == {("RC101", "low"), ("RC106", "low")}


@pytest.mark.parametrize(
    ("value", "rules"),
    [
        ("var.key", {"RC104"}),
        ('"deployer.json"', {"RC104"}),
        ('file("deployer.json")', {"RC104"}),
        ("null", set()),
        ('jsonencode({ type = "external_account", audience = "//iam.googleapis.com/projects/1" })', set()),
    ],
)
def test_what_the_provider_logs_in_with(tmp_path: Path, value: str, rules: set[str]) -> None:
    text = f'variable "key" {{}}\nprovider "google" {{\n  credentials = {value}\n}}\n'
    analysis = read(tmp_path, {"main.tf": text})
    assert {finding.rule for finding in analysis.findings} - {"RC902", "RC901"} == rules


def test_a_key_file_in_the_code_is_a_literal(tmp_path: Path) -> None:
    key = (
        '{"type": "service_account", "project_id": "PROJECT_ID", "private_key": '
        '"-----BEGIN PRIVATE KEY-----\\nPRIVATE_KEY\\n-----END PRIVATE KEY-----\\n"}'
    )
    analysis = read(
        tmp_path, {"main.tf": 'provider "google" {\n  credentials = file("key.json")\n}\n', "key.json": key}
    )
    assert ("RC102", "medium") in said(analysis)


def test_an_aws_key_in_google_cloud_leads_to_web_identity(tmp_path: Path) -> None:
    text = """
resource "aws_iam_user" "u" {
  name = "u"
}
resource "aws_iam_access_key" "u" {
  user = aws_iam_user.u.name
}
resource "google_cloudfunctions_function" "f" {
  name    = "f"
  runtime = "python312"
  environment_variables = {
    AWS_ACCESS_KEY_ID     = aws_iam_access_key.u.id
    AWS_SECRET_ACCESS_KEY = aws_iam_access_key.u.secret
  }
}
"""
    targets = {name for migration in planned(read(tmp_path, {"main.tf": text})) for name in migration.targets}
    assert targets == {"aws:web-identity"}


POOL = """
resource "google_iam_workload_identity_pool" "p" {{
  workload_identity_pool_id = "p"
}}
resource "google_iam_workload_identity_pool_provider" "p" {{
  workload_identity_pool_id          = google_iam_workload_identity_pool.p.workload_identity_pool_id
  workload_identity_pool_provider_id = "p"
  attribute_condition                = {condition}
  attribute_mapping = {{
    "google.subject"       = "{subject}"
    "attribute.repository" = "assertion.repository"
    "attribute.owner"      = "assertion.repository_owner"
  }}
  oidc {{
    issuer_uri = "{issuer}"
  }}
}}
resource "google_service_account_iam_member" "p" {{
  service_account_id = "projects/p/serviceAccounts/app@p.iam.gserviceaccount.com"
  role               = "roles/iam.workloadIdentityUser"
  member             = "principalSet://iam.googleapis.com/${{google_iam_workload_identity_pool.p.name}}/{member}"
}}
"""
GITHUB = "https://token.actions.githubusercontent.com"


@pytest.mark.parametrize(
    ("condition", "member", "severity"),
    [
        ("null", "*", "critical"),
        ("null", "attribute.owner/example", "critical"),
        ("null", "attribute.repository/example/app", "medium"),
        ("\"assertion.repository_owner == 'example'\"", "*", "medium"),
        ("\"assertion.repository_owner == 'example'\"", "attribute.repository/example/app", None),
        ("\"assertion.repository == 'example/app'\"", "*", None),
        ("var.condition", "*", None),
        ("\"assertion.sub.startsWith('repo:example/')\"", "attribute.owner/example", "medium"),
    ],
)
def test_how_open_a_pool_is(tmp_path: Path, condition: str, member: str, severity: str | None) -> None:
    text = POOL.format(condition=condition, subject="assertion.sub", member=member, issuer=GITHUB)
    found = {s for rule, s in said(read(tmp_path, {"main.tf": text})) if rule == "RC402"}
    assert found == ({severity} if severity else set())


@pytest.mark.parametrize(
    ("member", "role", "severity"),
    [
        ("serviceAccount:ci@p.iam.gserviceaccount.com", "roles/editor", "critical"),
        ("serviceAccount:ci@p.iam.gserviceaccount.com", "roles/iam.serviceAccountUser", "high"),
        ("serviceAccount:ci@p.iam.gserviceaccount.com", "roles/viewer", None),
        ("serviceAccount:1234567890@cloudservices.gserviceaccount.com", "roles/editor", None),
        ("group:platform@example.com", "roles/owner", None),
        ("user:jo@example.com", "roles/owner", None),
    ],
)
def test_who_may_do_everything(tmp_path: Path, member: str, role: str, severity: str | None) -> None:
    text = f'''
data "google_iam_policy" "p" {{
  binding {{
    role    = "{role}"
    members = ["{member}"]
  }}
}}
resource "google_project_iam_policy" "p" {{
  project     = "p"
  policy_data = data.google_iam_policy.p.policy_data
}}
'''
    found = {s for rule, s in said(read(tmp_path, {"main.tf": text})) if rule == "RC301"}
    assert found == ({severity} if severity else set())
