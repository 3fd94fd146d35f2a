"""Code that stands in for other code: a function is declared with a few lines that do nothing, and what runs is put in
their place by a script or a pipeline.  What such lines need says nothing of what the function needs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rolecall.frontends.resource import Resource
from rolecall.source.tree import Unreadable

if TYPE_CHECKING:
    from rolecall.planning.case import Context
    from rolecall.planning.narrowing.needs.programs import Program

#: What is said in code that another one takes the place of; AWS's console writes the greeting.
_SAYS = re.compile(
    rb"(?i)place-?holder|will be (?:replaced|overwritten|updated)|replaced (?:by|during|at|on) "
    rb"|hello (?:from lambda|world)|(?:dummy|stub|bootstrap) (?:code|function|handler|lambda|implementation)"
)
#: More code than this says such words of something else.
_SHORT = 2_000
#: Arguments of Terraform that say which code a function has.
_CODE = frozenset(("filename", "source_code_hash", "s3_bucket", "s3_key", "s3_object_version", "image_uri", "all", "*"))
#: Programs that put other code into a function, and the files that run them.
#: https://docs.aws.amazon.com/cli/latest/reference/lambda/update-function-code.html
_PUTS = re.compile(rb"update-function-code|update_function_code|UpdateFunctionCode|Update-LMFunctionCode")
_FILES = (
    ".sh",
    ".bash",
    ".ps1",
    ".py",
    ".js",
    ".ts",
    ".mjs",
    ".yml",
    ".yaml",
    ".cmd",
    ".bat",
    "Makefile",
    "Jenkinsfile",
)


def stand_in(context: Context, resource: Resource, program: Program) -> str:
    """Why the code that is seen may not be what runs; "" where nothing says so."""
    if ignored := _CODE & set(resource.ignore_changes):
        return f"Terraform leaves its code to others (ignore_changes: {', '.join(sorted(ignored))})"
    if sum(len(file.data) for file in program.files) <= _SHORT:
        for file in program.files:
            if said := _SAYS.search(file.data):
                word = said[0].decode("utf-8", "replace").strip()
                return f"its code stands in for what is deployed later: it says “{word}”"
    if program.inline and (put := _put_in(context, resource)):
        return f"{put} puts other code into functions than the template has"
    return ""


def _put_in(context: Context, resource: Resource) -> str:
    """A script or pipeline beside or above the template, or below it, that puts code into functions."""
    home = resource.span.path.rpartition("/")[0]
    top = home.partition("/")[0]
    for path in context.tree.paths():
        if not path.endswith(_FILES) or path == resource.span.path:
            continue
        folder = path.partition("/")[0] if "/" in path else ""
        if folder not in ("", top) and home and not folder.startswith("."):
            continue
        try:
            data = context.tree.read(path).data
        except Unreadable:
            continue
        if _PUTS.search(data):
            return path
    return ""
