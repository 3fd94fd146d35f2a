"""Wide roles of service accounts: what to look at, and what takes their place."""

from __future__ import annotations

from pathlib import Path

from rolecall.analysis.run import Options, analyse
from rolecall.planners import load
from rolecall.planning.migration import Migration
from rolecall.planning.plan import make_plan

ESTATE = """\
resource "google_service_account" "deploy" {
  account_id = "deploy-it"
}

resource "google_service_account" "orders" {
  account_id = "orders"
}

resource "google_cloud_run_v2_service" "orders" {
  name     = "orders"
  location = "europe-west1"

  template {
    service_account = google_service_account.orders.email

    containers {
      image = "europe-docker.pkg.dev/example/orders/api"
    }
  }
}

resource "google_project_iam_member" "wide" {
  project = "example"
  role    = "ROLE"
  member  = "serviceAccount:${google_service_account.NAME.email}"
}
"""


def grant(folder: Path, role: str, name: str) -> Migration:
    (folder / "main.tf").write_text(ESTATE.replace("ROLE", role).replace("NAME", name))
    plan = make_plan(analyse([folder], Options(cache=False)), load(), settings=False)
    (found,) = [migration for migration in plan.migrations if migration.subject.type == "grant"]
    return found


def test_a_basic_role_is_followed_to_what_runs_as_the_account(tmp_path: Path) -> None:
    found = grant(tmp_path, "roles/editor", "orders")
    assert (found.targets, found.disposition, found.phases) == (("narrow",), "advice", ())
    first, second, last = found.handover
    assert "google_cloud_run_v2_service.orders runs as it" in first.what
    assert "content.role:roles/editor" in first.command
    assert "google_storage_bucket_iam_member" in second.what
    assert last.what == "then delete the block"


def test_a_role_to_become_others_names_those_that_the_code_runs(tmp_path: Path) -> None:
    found = grant(tmp_path, "roles/iam.serviceAccountTokenCreator", "deploy")
    first, second, _ = found.handover
    assert "google_service_account.orders (of google_cloud_run_v2_service.orders)" in first.what
    assert "google_service_account_iam_member" in second.what


def test_no_command_holds_what_the_code_says_in_part(tmp_path: Path) -> None:
    for role, name in (("roles/owner", "orders"), ("roles/iam.serviceAccountUser", "deploy")):
        assert not [step for step in grant(tmp_path, role, name).handover if "${" in step.command]
