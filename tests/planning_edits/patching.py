"""What the tests of patches share."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from rolecall.planning.migration import Edit, Migration, Phase, Subject


def migration(name: str, **phases: list[Edit]) -> Migration:
    subject = Subject("credential", "access-key", "aws", f"aws_iam_access_key.{name}", "main.tf", 1, 1)
    return Migration(
        name, subject, "", (), ("retire",), "patch", phases=tuple(Phase(p, tuple(e)) for p, e in phases.items())
    )


def terraform_fmt(data: bytes) -> bytes:
    """What `terraform fmt` makes of a text.  Skips the test where that program is not installed."""
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not installed")
    environment = {**os.environ, "TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"}
    run = subprocess.run(
        ["terraform", "fmt", "-no-color", "-"], input=data, capture_output=True, env=environment, check=False
    )
    assert run.returncode == 0, run.stderr.decode()
    return run.stdout
