"""Workloads under the default account: an account of their own that waits for its roles, then runs them."""

from __future__ import annotations

from pathlib import Path

from rolecall.analysis.run import Options, analyse
from rolecall.planners import load
from rolecall.planning.migration import Migration
from rolecall.planning.plan import Plan, make_plan

SERVICE = """\
resource "google_cloud_run_v2_service" "orders" {
  name     = "orders"
  location = "europe-west1"
  project  = "example-project"

  template {
    containers {
      image = "europe-docker.pkg.dev/example/orders/api"
    }
  }
}
"""
ACCOUNT = """\

variable "orders_roles" {
  description = "The roles on the project that orders uses"
  type        = list(string)
  default     = []
}

resource "google_service_account" "orders" {
  account_id   = "orders"
  display_name = "orders"
  project      = "example-project"
}

resource "google_project_iam_member" "orders" {
  for_each = toset(var.orders_roles)
  project  = google_service_account.orders.project
  role     = each.value
  member   = "serviceAccount:${google_service_account.orders.email}"
}
"""
GRANTED = ACCOUNT.replace("= []", '= ["roles/logging.logWriter"]')


def planned(folder: Path, text: str) -> Plan:
    (folder / "main.tf").write_text(text)
    return make_plan(analyse([folder], Options(cache=False)), load())


def account(plan: Plan) -> Migration:
    (found,) = [migration for migration in plan.migrations if migration.about == "account"]
    return found


def after(plan: Plan, phase: str) -> str:
    return (plan.series.step(phase).files["main.tf"] or b"").decode()


def test_the_account_comes_first_and_grants_nothing(tmp_path: Path) -> None:
    plan = planned(tmp_path, SERVICE)
    found = account(plan)
    assert (found.disposition, found.targets) == ("partial", ("gcp:attached-service-account",))
    assert after(plan, "expand") == SERVICE + ACCOUNT
    assert "var.orders_roles" in found.reasons[-1]
    assert found.answers


def test_what_waits_for_its_roles_is_not_made_again(tmp_path: Path) -> None:
    found = account(planned(tmp_path, SERVICE + ACCOUNT))
    assert (found.disposition, found.phases) == ("advice", ())


def test_an_account_with_roles_is_attached(tmp_path: Path) -> None:
    plan = planned(tmp_path, SERVICE + GRANTED)
    assert account(plan).disposition == "patch"
    new = after(plan, "migrate")
    assert "  template {\n    service_account = google_service_account.orders.email\n" in new
    again = planned(tmp_path, new)
    assert not [migration for migration in again.migrations if migration.about == "account"]


def test_names_of_others_are_left_alone(tmp_path: Path) -> None:
    other = '\nresource "google_service_account" "orders" {\n  account_id = "orders"\n}\n'
    new = after(planned(tmp_path, SERVICE + other), "expand")
    assert 'resource "google_service_account" "orders_own"' in new
    assert 'account_id   = "orders-own"' in new
    assert 'variable "orders_own_roles"' in new
    assert not account(planned(tmp_path, new)).phases


def test_a_machine_gets_it_while_it_is_stopped(tmp_path: Path) -> None:
    machine = """\
resource "google_compute_instance" "orders" {
  name         = "orders"
  machine_type = "e2-small"
  zone         = "europe-west1-b"

  service_account {
    scopes = ["cloud-platform"]
  }
}
"""
    plan = planned(tmp_path, machine + GRANTED)
    new = after(plan, "migrate")
    assert "allow_stopping_for_update = true" in new
    assert "email  = google_service_account.orders.email" in new


def test_what_would_be_made_anew_is_told_once(tmp_path: Path) -> None:
    pools = "\n".join(
        f'resource "google_container_node_pool" "{name}" {{\n  cluster = "main"\n  node_config {{}}\n}}\n'
        for name in ("one", "two")
    )
    found = account(planned(tmp_path, pools))
    assert (found.disposition, found.phases) == ("advice", ())
    assert "container.defaultNodeServiceAccount" in found.handover[1].what
    assert found.handover[1].where == "google_container_node_pool.one, google_container_node_pool.two"
    assert len(found.answers) == 2


def test_a_module_that_others_call_is_not_changed(tmp_path: Path) -> None:
    (tmp_path / "service").mkdir()
    (tmp_path / "service" / "main.tf").write_text(SERVICE)
    plan = planned(tmp_path, 'module "service" {\n  source = "./service"\n}\n')
    assert not account(plan).phases


def test_a_label_that_says_nothing_names_no_account(tmp_path: Path) -> None:
    text = after(planned(tmp_path, SERVICE.replace('"orders" {', '"default" {')), "expand")
    assert 'resource "google_service_account" "default"' in text
    assert 'account_id   = "orders"' in text
