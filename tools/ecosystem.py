"""What a change does to the findings in real repositories: added and removed, repository by repository.

Runs `rolecall check` of two revisions, a base and the current tree, on every folder of a folder of repositories, and
prints the difference.  Both run with the dependencies that are installed now; the base is a temporary `git worktree`.
Exit status: 0 whatever the difference is, 2 when a run fails.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
ENTRY = "import sys; from rolecall.cli.main import main; sys.exit(main())"


@dataclass(frozen=True, slots=True)
class Difference:
    """The findings of one repository that only one of the two revisions has, each as one printed line."""

    repository: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    before: int
    after: int


@contextmanager
def checkout(revision: str) -> Iterator[Path]:
    """A temporary work tree of a revision of this project."""
    with tempfile.TemporaryDirectory(prefix="rolecall-base-") as folder:
        tree = Path(folder, "tree")
        subprocess.run(["git", "worktree", "add", "--quiet", "--detach", tree, revision], cwd=PROJECT, check=True)
        try:
            yield tree
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", tree], cwd=PROJECT, check=True)


def importable(tree: Path, folder: Path) -> Path:
    """A folder for PYTHONPATH that holds the package of a work tree, with its checks and planners in place."""
    package = folder / "rolecall"
    package.mkdir(parents=True)
    for part in [*(tree / "src" / "rolecall").iterdir(), tree / "checks", tree / "planners"]:
        (package / part.name).symlink_to(part)
    return folder


def findings(package: Path, repository: Path) -> list[dict[str, Any]]:
    """The findings of one revision in one repository.  Raises CalledProcessError when the run fails."""
    command = [sys.executable, "-c", ENTRY, "check", os.fspath(repository), "--format", "json", "--no-cache"]
    environment = {**os.environ, "PYTHONPATH": str(package)}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if run.returncode == 3:
        return []
    if run.returncode not in (0, 1):
        raise subprocess.CalledProcessError(run.returncode, command, run.stdout, run.stderr)
    found: list[dict[str, Any]] = json.loads(run.stdout)["findings"]
    return found


def line(finding: dict[str, Any]) -> str:
    place = f"{finding['path']}:{finding['start_line']}"
    return f"{place} {finding['severity']}[{finding['rule']}] {finding['message']}"


def difference(repository: str, before: list[dict[str, Any]], after: list[dict[str, Any]]) -> Difference:
    old, new = Counter(map(line, before)), Counter(map(line, after))
    return Difference(
        repository,
        tuple(sorted((new - old).elements())),
        tuple(sorted((old - new).elements())),
        len(before),
        len(after),
    )


def show(result: Difference) -> None:
    change = f"+{len(result.added)} -{len(result.removed)}" if result.added or result.removed else "no change"
    print(f"{result.repository}: {result.before} -> {result.after} findings ({change})")
    for text in result.removed:
        print(f"  - {text}")
    for text in result.added:
        print(f"  + {text}")


def arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="ecosystem", description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--base", default="HEAD~1", help="the revision to compare with (default: %(default)s)")
    parser.add_argument("--corpora", type=Path, required=True, help="a folder with one repository per folder")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    options = arguments(argv)
    if not options.corpora.is_dir():
        print(f"error: no folder {options.corpora}; give one with CORPORA=", file=sys.stderr)
        return 2
    repositories = sorted(folder for folder in options.corpora.iterdir() if folder.is_dir())
    added = removed = 0
    with checkout(options.base) as base, tempfile.TemporaryDirectory(prefix="rolecall-paths-") as folder:
        old = importable(base, Path(folder, "base"))
        new = importable(PROJECT, Path(folder, "current"))
        for repository in repositories:
            try:
                result = difference(repository.name, findings(old, repository), findings(new, repository))
            except subprocess.CalledProcessError as error:
                print(f"error: {repository.name}: exit status {error.returncode}\n{error.stderr}", file=sys.stderr)
                return 2
            show(result)
            added, removed = added + len(result.added), removed + len(result.removed)
    print(f"\n{len(repositories)} repositories: {added} findings added, {removed} removed since {options.base}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
