"""Files by which something else than a pipeline or a person runs Terraform: a bundle's, a service broker's, the code
of a program.

Such a file names the variables that its tool fills in.  How the tool could log in without a secret is not in the code,
so that a provider which takes its secret from one of them is not changed (rule R8).
"""

from __future__ import annotations

import re

from rolecall.planning.case import Case, Context, Use
from rolecall.source.tree import Unreadable

_FILES = (".yml", ".yaml", ".json", ".toml")
_PROGRAMS = (".go", ".rb", ".py", ".ts", ".js", ".java", ".kt", ".cs", ".rs")
_TESTS = re.compile(r"_test\.go$|_spec\.rb$|(?:^|/)test_[^/]*\.py$|\.(?:test|spec)\.[jt]s$")
#: Files of pipelines, which are read as such, and Terraform's own.
_KNOWN = re.compile(
    r"(?:^|/)\.(?:github|gitlab|circleci|azuredevops)|pipelines?[^/]*\.ya?ml$|\.tfvars\.json$|\.tf\.json$",
    re.IGNORECASE,
)


def fed_elsewhere(case: Case, use: Use) -> str:
    """The file by which something else than a pipeline or a person fills in a provider's secret; "" for none."""
    for place in use.places:
        for name in re.findall(r"\bvar\.([\w-]+)", case.context.text(place.path).text(place)):
            if path := feeder(case.context, use.workload.site.module, name):
                return path
    return ""


def feeder(context: Context, folder: str, variable: str) -> str:
    """The file that names a variable of a folder of Terraform code as one to fill in; "" for none.

    It lies right above the folder, or further up and has the folder's name in it; code of a program, which has the name
    in quotes and speaks of Terraform, lies in the folder, beside it or right above.
    """
    if not folder or not variable:
        return ""
    return _listed(context, folder, variable) or _programmed(context, folder, variable)


def _programmed(context: Context, folder: str, variable: str) -> str:
    quoted = re.compile(rb"[\"'`]" + re.escape(variable.encode()) + rb"[\"'`]\s*(?:[:=,\])]|=>)")
    home = folder.rpartition("/")[0]
    for path in context.tree.paths():
        where = path.rpartition("/")[0]
        if not path.endswith(_PROGRAMS) or _TESTS.search(path) or where not in (folder, home):
            continue
        try:
            data = context.tree.read(path).data
        except Unreadable:
            continue
        if (b"terraform" in data.lower() or "terraform" in path.lower()) and quoted.search(data):
            return path
    return ""


def _listed(context: Context, folder: str, variable: str) -> str:
    name = re.escape(variable.encode())
    named = re.compile(rb"(?m)(?<![\w.$-])" + name + rb"(?:[\"']?\s*[:=]|[\"']?\s*$)")
    for path in context.tree.paths():
        where = path.rpartition("/")[0]
        if not path.endswith(_FILES) or _KNOWN.search(path) or (where and not f"{folder}/".startswith(f"{where}/")):
            continue
        inside = folder.removeprefix(f"{where}/")
        try:
            data = context.tree.read(path).data
        except Unreadable:
            continue
        if named.search(data) and ("/" not in inside or inside.encode() in data):
            return path
    return ""
