"""Every expression of expressions.txt, against `terraform console` as the oracle."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from rolecall.frontends.terraform.conversion import Refused, to_plain
from terraform_expressions.place import body

HERE = Path(__file__).parent
MODULE = HERE / "module"
EXPRESSIONS = [
    line for line in (HERE / "expressions.txt").read_text(encoding="utf-8").splitlines() if line and line[0] != "#"
]
REFUSED = "refused"


@pytest.fixture(scope="module")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What Terraform says to each expression: all of them asked in one process, as one list."""
    program = shutil.which("terraform")
    if program is None:
        pytest.skip("terraform is not on PATH")
    folder = tmp_path_factory.mktemp("console")
    shutil.copytree(MODULE, folder, dirs_exist_ok=True)
    asked = ", ".join(f'base64encode(try(jsonencode({expression}), "{REFUSED}"))' for expression in EXPRESSIONS)
    run = subprocess.run(
        [program, "console"], cwd=folder, input=f"[{asked}]\n".encode(), capture_output=True, timeout=120, check=False
    )
    assert run.returncode == 0, run.stderr.decode()
    answers = [base64.b64decode(line.strip(' ",')).decode() for line in run.stdout.decode().splitlines()[1:-1]]
    return {
        expression: answer if answer == REFUSED else json.loads(answer)
        for expression, answer in zip(EXPRESSIONS, answers, strict=True)
    }


@pytest.fixture(scope="module")
def found() -> dict[str, object]:
    """What the evaluator says to each, in the same module."""
    files = {path.relative_to(MODULE).as_posix(): path.read_bytes() for path in MODULE.rglob("*") if path.is_file()}
    source = files["locals.tf"].decode()
    inner = source[source.index("{") + 1 : source.rindex("}")]
    results = "".join(f"result_{at} = {expression}\n" for at, expression in enumerate(EXPRESSIONS))
    values = body(f"{inner}\n{results}", files)
    answers: dict[str, object] = {}
    for at, expression in enumerate(EXPRESSIONS):
        value = values.get(f"result_{at}")
        assert value is not None
        try:
            answers[expression] = to_plain(value)
        except Refused:
            answers[expression] = REFUSED
    return answers


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_agrees_with_terraform(expression: str, terraform: dict[str, object], found: dict[str, object]) -> None:
    ours, theirs = (json.dumps(answers[expression], sort_keys=True) for answers in (found, terraform))
    assert ours == theirs


def test_the_table_is_long_enough_to_mean_something() -> None:
    assert len(EXPRESSIONS) == len(set(EXPRESSIONS)) >= 250
