"""A password that neither its shape nor the name on its line tells is not shown either, wherever it stands."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from rolecall.cli.program import cli
from rolecall.report.secret_places import SecretPlaces, _stars
from rolecall.source.tree import Tree

SECRET = "correct-horse-Battery9-staple"
FILES = {
    "main.tf": f"""\
variable "db_password" {{
  default = "{SECRET}"
}}

resource "aws_db_instance" "main" {{
  password = var.db_password
}}

resource "aws_ecs_task_definition" "app" {{
  container_definitions = jsonencode([{{ name = "app", environment = [
    {{ name = "DB_PASSWORD", value = "{SECRET}" }},
    {{
      name  = "API_TOKEN"
      value = "{SECRET}"
    }},
  ] }}])
}}

resource "aws_elastic_beanstalk_environment" "site" {{
  setting {{
    name  = "DB_PASSWORD"
    value = "{SECRET}"
  }}
}}

locals {{ first = "{SECRET}" }}

resource "aws_secretsmanager_secret_version" "db" {{
  secret_id     = "db-password"
  secret_string = local.first
}}
""",
    "stack.yaml": f"""\
Parameters:
  DbPassword: {{Type: String, Default: {SECRET}}}
  First:
    Type: String
    Default: {SECRET}
Resources:
  Database:
    Type: AWS::RDS::DBInstance
    Properties:
      MasterUserPassword: !Ref First
""",
    "pod.yaml": f"""\
apiVersion: v1
kind: Pod
metadata: {{name: app}}
spec:
  containers:
    - name: app
      image: app
      env:
        - {{name: DB_PASSWORD, value: {SECRET}}}
""",
}


@pytest.mark.parametrize("form", ["text", "json", "sarif"])
def test_no_report_shows_it(tmp_path: Path, form: str) -> None:
    for name, content in FILES.items():
        (tmp_path / name).write_text(content)
    result = CliRunner().invoke(cli, ["check", str(tmp_path), "--no-cache", "--format", form])
    assert result.exit_code == 1
    found = {rule for rule in ("RC107", "RC109", "RC142") if rule in result.output}
    assert found == {"RC107", "RC109", "RC142"}
    assert SECRET not in result.output


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ('"a b"', '"***"'),
        ('password = "abc"', 'password = "***"'),
        ("value: abc", "value: ***"),
        ("abc", "***"),
        ("<<EOT\nabc\nEOT", "<<EOT\n***\nEOT"),
        ("|\n  abc\n  de", "|\n  ***\n  **"),
        ('{ name = "A", value = "bc" }', '{ name = "A", value = "**" }'),
        ("{name: A, value: bc}", "{name: A, value: **}"),
        ("name: A\n  value: bc d", "name: A\n  value: ****"),
    ],
)
def test_stars(written: str, shown: str) -> None:
    assert _stars(written) == shown


def test_a_file_without_secrets_is_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text("# nothing\n")
    places = SecretPlaces(Tree(tmp_path), ())
    shown = places.read("main.tf")
    assert shown is not None
    assert shown.data == b"# nothing\n"
    assert places.lines("main.tf") == frozenset()
    assert places.read("gone.tf") is None
