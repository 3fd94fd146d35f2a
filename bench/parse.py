"""The yardstick: tree-sitter alone parses every `.tf` file of a folder, in one process.

`python -m bench.parse FOLDER` prints how many files and bytes that were.  Nothing of rolecall is imported.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import tree_sitter
import tree_sitter_hcl

SKIPPED = {".git", ".terraform", "node_modules"}


def paths(folder: str) -> Iterator[str]:
    for top, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in SKIPPED]
        yield from (os.path.join(top, name) for name in files if name.endswith(".tf"))


def main() -> None:
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_hcl.language()))
    files = size = 0
    for path in paths(sys.argv[1]):
        with open(path, "rb") as file:
            data = file.read()
        parser.parse(data)
        files, size = files + 1, size + len(data)
    print(files, size)


if __name__ == "__main__":
    main()
