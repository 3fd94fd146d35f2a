"""Puts the real output of the commands in README.md below them: `python tools/readme.py`, or `--check` to only compare.

A block that begins with ```console holds lines `$ command`, each followed by what the command printed.  Commands run
one after the other in a folder that holds nothing but a copy of `sample_iac`.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
README = PROJECT / "README.md"
BLOCK = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ (.*)$", re.MULTILINE)
SECONDS = re.compile(r"\b\d+\.\d s\b")
COLUMNS = "90"


def output(command: str, folder: Path) -> str:
    """What a command prints.  Only rolecall itself and `cat` are understood."""
    program, *arguments = shlex.split(command)
    if program == "cat":
        return "".join((folder / name).read_text("utf-8") for name in arguments)
    if program != "rolecall":
        raise ValueError(f"README.md may only show rolecall and cat, not {program}")
    entry = [sys.executable, "-c", "import sys; from rolecall.cli.main import main; sys.exit(main())"]
    environment = {**os.environ, "COLUMNS": COLUMNS, "NO_COLOR": "1", "ROLECALL_CACHE_DIR": str(folder / ".cache")}
    run = subprocess.run([*entry, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if run.returncode not in (0, 1):
        raise ValueError(f"{command}: exit status {run.returncode}\n{run.stderr}")
    return SECONDS.sub("0.2 s", run.stdout)


def rewritten(text: str) -> str:
    """The text with real output in all its console blocks."""
    with tempfile.TemporaryDirectory(prefix="rolecall-readme-") as name:
        folder = Path(name)
        shutil.copytree(PROJECT / "sample_iac", folder / "sample_iac")

        def fill(block: re.Match[str]) -> str:
            parts = (f"$ {command}\n{output(command, folder).strip()}\n" for command in COMMAND.findall(block[0]))
            return "\n".join(parts)

        return BLOCK.sub(fill, text)


def main() -> int:
    old = README.read_text("utf-8")
    new = rewritten(old)
    if "--check" not in sys.argv[1:]:
        README.write_text(new, "utf-8")
        return 0
    if old != new:
        print("README.md shows output that rolecall does not print; run tools/readme.py", file=sys.stderr)
    return int(old != new)


if __name__ == "__main__":
    sys.exit(main())
