"""OCI's usual shapes: users and their credentials, statements, S3-compatible keys, and what is left alone."""

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
    """What is said of identities and keys; that the state keeps a private key is another matter (RC502)."""
    return {(finding.rule, finding.severity) for finding in analysis.findings if finding.rule != "RC502"}


def planned(analysis: Analysis) -> list[Migration]:
    return list(make_plan(analysis, load(), settings=False).migrations)


USER = """
variable "tenancy_ocid" {}
resource "oci_identity_user" "app" {
  compartment_id = var.tenancy_ocid
  name           = "app"
  description    = "app"
}
"""
API_KEY = """
resource "tls_private_key" "app" {
  algorithm = "RSA"
}
resource "oci_identity_api_key" "app" {
  user_id   = oci_identity_user.app.id
  key_value = tls_private_key.app.public_key_pem
}
"""
FUNCTION = """
resource "oci_functions_function" "f" {
  application_id = "ocid1.fnapp.oc1..example"
  display_name   = "f"
  memory_in_mbs  = 256
  config = {
    KEY = %s
  }
}
"""


def test_the_private_half_is_the_key(tmp_path: Path) -> None:
    analysis = read(tmp_path, {"main.tf": USER + API_KEY + FUNCTION % "tls_private_key.app.private_key_pem"})
    assert said(analysis) == {("RC101", "high")}
    for migration in planned(analysis):
        assert migration.targets == ("oci:resource-principal",)
        assert migration.disposition == "advice" and not migration.phases


def test_the_public_half_is_no_key(tmp_path: Path) -> None:
    analysis = read(tmp_path, {"main.tf": USER + API_KEY + FUNCTION % "tls_private_key.app.public_key_pem"})
    assert said(analysis) == {("RC105", "medium")}


@pytest.mark.parametrize(
    ("kind", "label", "disposition"),
    [
        ("smtp_credential", "description", "keep"),
        ("auth_token", "description", "keep"),
        ("customer_secret_key", "display_name", "advice"),
    ],
)
def test_credentials_without_another_way_are_kept(tmp_path: Path, kind: str, label: str, disposition: str) -> None:
    block = f'resource "oci_identity_{kind}" "c" {{\n  {label} = "m"\n  user_id = oci_identity_user.app.id\n}}\n'
    (migration,) = planned(read(tmp_path, {"main.tf": USER + block}))
    assert migration.disposition == disposition


@pytest.mark.parametrize(
    ("statement", "severity"),
    [
        ("Allow dynamic-group runners to manage all-resources in tenancy", "critical"),
        ("allow dynamic-group 'Default'/'runners' to manage policies in tenancy", "critical"),
        ("Allow any-user to use secret-family in tenancy", "critical"),
        (
            "Allow any-user to use functions-family in compartment id x where request.principal.type = 'A'",
            None,
        ),
        ("Allow dynamic-group runners to read all-resources in tenancy", None),
        ("Allow group Administrators to manage all-resources in tenancy", None),
        ("Define tenancy other as ocid1.tenancy.oc1..example", None),
    ],
)
def test_statements(tmp_path: Path, statement: str, severity: str | None) -> None:
    text = f'''
resource "oci_identity_policy" "p" {{
  compartment_id = "ocid1.tenancy.oc1..example"
  name           = "p"
  description    = "p"
  statements     = ["{statement}"]
}}
'''
    found = {s for rule, s in said(read(tmp_path, {"main.tf": text})) if rule == "RC301"}
    assert found == ({severity} if severity else set())


@pytest.mark.parametrize(
    ("arguments", "rules"),
    [
        ("private_key = var.key", {"RC104"}),
        ('private_key_path = "~/.oci/key.pem"', {"RC104"}),
        ('auth = "InstancePrincipal"\n  private_key_path = "~/.oci/key.pem"', set()),
        ('auth = "SecurityToken"\n  config_file_profile = "DEFAULT"', set()),
    ],
)
def test_what_the_provider_logs_in_with(tmp_path: Path, arguments: str, rules: set[str]) -> None:
    text = f'variable "key" {{}}\nprovider "oci" {{\n  {arguments}\n}}\n'
    assert {finding.rule for finding in read(tmp_path, {"main.tf": text}).findings} == rules


WORKFLOW = """
on: push
jobs:
  apply:
    runs-on: ubuntu-latest
    env:
      AWS_ACCESS_KEY_ID: ${{ secrets.AWS_ACCESS_KEY_ID }}
      AWS_SECRET_ACCESS_KEY: ${{ secrets.AWS_SECRET_ACCESS_KEY }}
    steps:
      - run: terraform init
"""
BACKEND = """
terraform {
  backend "s3" {
    bucket   = "state"
    key      = "app.tfstate"
    region   = "eu-frankfurt-1"
    endpoint = "https://%s"
  }
}
"""
ORACLE = "example.compat.objectstorage.eu-frankfurt-1.oraclecloud.com"


@pytest.mark.parametrize(
    ("backend", "more", "cloud"),
    [
        (BACKEND % ORACLE, "", "oci"),
        (BACKEND % "nyc3.digitaloceanspaces.com", "", "other"),
        (BACKEND % ORACLE, 'provider "aws" {\n  region = "eu-west-2"\n}\n', "aws"),
        (BACKEND % "s3.eu-west-2.amazonaws.com", "", "aws"),
        ("", "", "aws"),
    ],
)
def test_whose_key_an_aws_name_holds(tmp_path: Path, backend: str, more: str, cloud: str) -> None:
    analysis = read(tmp_path, {".github/workflows/apply.yml": WORKFLOW, "main.tf": backend + more})
    (credential,) = analysis.model.credentials.values()
    assert credential.cloud == cloud
    (finding,) = (f for f in analysis.findings if f.rule == "RC103")
    assert ("AWS with" in finding.message) == (cloud == "aws")
    targets = {target for migration in planned(analysis) for target in migration.targets}
    wanted = {"oci": "oci:token-exchange", "other": "keep-with-controls", "aws": "aws:oidc"}
    assert targets == {wanted[cloud]}
